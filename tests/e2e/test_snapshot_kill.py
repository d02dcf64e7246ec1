"""A training that is killed at any moment is taken up again, and never from a torn file."""

from __future__ import annotations

import mmap
import os
import random
import signal
import time
import warnings

import numpy as np
import pytest

from chainer_compat.training import extensions
from chainer_compat.training.extensions import snapshot_writers

WRITERS = [
    "SimpleWriter",
    "ThreadWriter",
    "ProcessWriter",
    "ThreadQueueWriter",
    "ProcessQueueWriter",
]


class Trainer:
    """Every value is the iteration, so that a mixture of two moments would show."""

    def __init__(self, out):
        self.out = str(out)
        self.updater = self
        self.arrays = [np.zeros(30_000, np.float32) for _ in range(4)]
        self.iteration = 0

    def step(self):
        self.iteration += 1
        for array in self.arrays:
            array[:] = self.iteration

    def serialize(self, serializer):
        self.iteration = serializer["updater"]("iteration", self.iteration)
        for i, array in enumerate(self.arrays):
            serializer["model"](f"{i}", array)


def train(out, writer, counter):
    trainer = Trainer(out)
    extension = extensions.snapshot(
        writer=getattr(snapshot_writers, writer)(), n_retains=2, autoload=True
    )
    extension.restore(trainer)
    extension.initialize(trainer)
    while True:
        trainer.step()
        extension(trainer)
        counter[0:8] = trainer.iteration.to_bytes(8, "little")


def killed_after(seconds, out, writer):
    """How many snapshots a training returned from before it was killed with all its processes."""
    counter = mmap.mmap(-1, 8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside pytest's threads
        pid = os.fork()
    if pid == 0:
        os.setsid()
        try:
            train(out, writer, counter)
        finally:
            os._exit(1)
    try:
        deadline = time.monotonic() + 20
        while not any(counter[:]) and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(seconds)
    finally:
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return int.from_bytes(counter[:], "little")


def check(out, writer, returned):
    trainer = Trainer(out)
    extensions.snapshot(autoload=True).restore(trainer)  # a torn file would be a warning, an error
    # A writer beside the training may be two snapshots behind.
    assert trainer.iteration >= returned - (0 if writer == "SimpleWriter" else 3)
    assert all(set(array.tolist()) == {trainer.iteration} for array in trainer.arrays)


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("seed", range(4))
def test_a_killed_training_is_resumed(tmp_path, writer, seed):
    check(tmp_path, writer, killed_after(random.Random(seed).uniform(0, 0.2), tmp_path, writer))


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("writer", WRITERS)
def test_a_training_killed_sixty_times_is_resumed_each_time(tmp_path, writer):
    chance = random.Random(7)
    for _ in range(60):
        check(tmp_path, writer, killed_after(chance.uniform(0, 0.3), tmp_path, writer))
    time.sleep(1.5)  # writers that outlived their training end by themselves
    check(tmp_path, writer, 0)
    left = [item.name for item in tmp_path.iterdir() if item.name.startswith(".tmp")]
    assert left == []
