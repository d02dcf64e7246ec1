"""The same batches from torch's DataLoader, in the main process."""

from __future__ import annotations

import torch
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.contenders import chainers_data


def batches(options):
    """Shuffled batches of 128, put together by the default collate function."""

    def measure():
        dataset = TensorDataset(*map(torch.from_numpy, chainers_data.arrays()))
        loader = DataLoader(dataset, batch_size=128, shuffle=True)
        stream = (batch for _ in iter(int, 1) for batch in loader)
        number = options["iterations"] * 5
        return {"step_batch": chainers_data.seconds_each(lambda: next(stream), number)}

    return measure
