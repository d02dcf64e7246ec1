"""What all training loops are fed: the same ready-made batches, and a clock at each epoch."""

from __future__ import annotations

import time

import numpy as np

BATCH = 32
INPUTS = 16
HIDDEN = 16
CLASSES = 4


class Epochs:
    """Counts the batches that a loop takes and notes when each epoch begins.

    The first epoch warms up. The time of one iteration is the median over the others, each from its
    first batch to the first batch of the next, so that the log at its end is included.
    """

    def __init__(self, options):
        self.per_epoch = options["iterations"]
        self.epochs = options["epochs"]
        self.taken = 0
        self._starts = []

    def tick(self):
        """Call before each batch."""
        if self.taken % self.per_epoch == 0:
            self._starts.append(time.perf_counter())
        self.taken += 1

    def end(self):
        """Call after the last batch; gives the seconds of one iteration."""
        self._starts.append(time.perf_counter())
        return float(np.median(np.diff(self._starts)[1:])) / self.per_epoch


def arrays():
    """Inputs and labels of one batch."""
    random = np.random.RandomState(0)
    x = random.uniform(-1, 1, (BATCH, INPUTS)).astype(np.float32)
    return x, random.randint(0, CLASSES, BATCH).astype(np.int32)
