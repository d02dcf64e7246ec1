"""Datasets that worker processes load; at the top of a module, so that they can be spawned."""

from __future__ import annotations

import os
import random
import signal
import time

import numpy as np
import torch

from chainer_compat.dataset import DatasetMixin


class Pairs(DatasetMixin):
    """Example i is an array full of i, and i; some examples misbehave."""

    def __init__(self, size, **misbehaviour):
        self.size = size
        self.misbehaviour = misbehaviour

    def __len__(self):
        return self.size

    def get_example(self, i):
        for name, index in self.misbehaviour.items():
            if i == index:
                getattr(self, name)()
        return np.full(3, i, np.float32), int(i)

    def fail(self):
        raise KeyError("broken example")

    def fail_unpicklably(self):
        class LocalError(Exception):
            pass

        raise LocalError("lost")

    def fail_unrestorably(self):
        raise NeedsTwoError("a", "b")

    def stop(self):
        raise StopIteration

    def end(self):
        os._exit(3)

    def be_killed(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def dawdle(self):
        time.sleep(0.3)


class NeedsTwoError(Exception):
    """Can be pickled, and not be restored: its arguments are not those of its constructor."""

    def __init__(self, a, b):
        super().__init__(a)


class Examples(DatasetMixin):
    """Examples of all shapes."""

    def __init__(self, *examples):
        self.examples = examples

    def __len__(self):
        return len(self.examples)

    def get_example(self, i):
        return self.examples[i]


class Draws(DatasetMixin):
    """What three global generators give, and in which process."""

    def __len__(self):
        return 12

    def get_example(self, i):
        return np.random.uniform(), random.random(), torch.rand(()).item(), int(i)


class Pids(DatasetMixin):
    """The process that loads each example, and what it knows of threads and signals."""

    def __len__(self):
        return 4

    def get_example(self, i):
        handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
        return os.getpid(), torch.get_num_threads(), [int(h) for h in handlers]
