"""Loads a model that Chainer saved into a plain torch module, with no Chainer installed.

    python examples/snapshots/load_into_torch.py [FILE]

FILE is what `chainer.serializers.save_npz` wrote of the model in examples/legacy/train_digits.py,
or a snapshot of its trainer. Without it, a file is taken that Chainer 7.8.1 wrote for the tests of
this project; beside it is what the model made of twenty inputs, and the outputs here are the same.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import nn

from chainer_compat import serializers

WRITTEN_BY_CHAINER = Path(__file__).parents[2] / "tests" / "parity" / "golden" / "digits"
TOLERANCE = 1e-6


def make_model(units: int) -> nn.Module:
    """The same layers as in the Chainer script; nothing here knows Chainer's names."""
    return nn.Sequential(
        nn.Linear(64, units), nn.ReLU(), nn.Linear(units, units), nn.ReLU(), nn.Linear(units, 10)
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", nargs="?", type=Path, default=WRITTEN_BY_CHAINER / "model.npz")
    parser.add_argument("--units", type=int, default=16, help="units of the hidden layers")
    arguments = parser.parse_args()

    model = make_model(arguments.units)
    report = serializers.load_npz(arguments.file, model)
    print(report)

    if arguments.file.parent == WRITTEN_BY_CHAINER:
        outputs = np.load(WRITTEN_BY_CHAINER / "outputs.npz")
        with torch.no_grad():
            ours = model(torch.from_numpy(outputs["x"])).numpy()
        difference = float(np.abs(ours - outputs["y"]).max())
        print(f"largest difference from Chainer's outputs: {difference:.1e}")
        if difference > TOLERANCE:
            raise SystemExit(f"the outputs differ by more than {TOLERANCE}")


if __name__ == "__main__":
    main()
