from __future__ import annotations

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from chainer_compat.dataset import concat_examples
from chainer_compat.iterators import DataLoaderIterator, SerialIterator
from chainer_compat.lightning._shared_iterator import SharedIterator
from chainer_compat.lightning._streams import Streams


class Named(TensorDataset):
    def __getitem__(self, index):
        x, t = super().__getitem__(index)
        return {"x": x, "t": t, "name": f"number {index}"}


PAIRS = torch.arange(5.0), torch.arange(10, 15)
ITERATORS = {
    "examples": lambda: SerialIterator(list(zip(*PAIRS, strict=True)), 3, shuffle=False),
    "tuples of a loader": lambda: DataLoaderIterator(DataLoader(TensorDataset(*PAIRS), 3)),
    "dictionaries of a loader": lambda: DataLoaderIterator(DataLoader(Named(*PAIRS), 3)),
    "tensors of a loader": lambda: DataLoaderIterator(DataLoader(PAIRS[0], 3)),
}


@pytest.mark.parametrize("name", ITERATORS)
def test_processes_share_the_examples_of_a_batch(name):
    shares = []
    for rank in range(2):
        iterator = SharedIterator(ITERATORS[name](), rank, 2, Streams(rank))
        batch = concat_examples(next(iterator))
        if isinstance(batch, dict):
            assert list(batch["name"]) == [f"number {i:g}" for i in batch["x"].tolist()]
            batch = batch["x"], batch["t"]
        columns = batch if isinstance(batch, tuple) else (batch,)
        shares.append(([column.tolist() for column in columns], iterator.weight))

    expected = [([[0, 1], [10, 11]], 2 / 3), ([[2], [12]], 1 / 3)]
    if name == "tensors of a loader":
        expected = [(columns[:1], weight) for columns, weight in expected]
    assert shares == expected
