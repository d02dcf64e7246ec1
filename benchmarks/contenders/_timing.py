"""How long a step takes, measured alike by all contenders that time steps and no loops."""

from __future__ import annotations

import time

import numpy as np


def timed(steps, number, rounds):
    """A measurement of named steps: the median, over rounds of so many, of the time of one."""

    def measure():
        return {name: _median_time(step, number, rounds) for name, step in steps.items()}

    return measure


def _median_time(step, number, rounds):
    step()
    times = []
    for _ in range(rounds):
        # The processor's time: nothing here waits, and whoever else computes does not count.
        start = time.process_time()
        for _ in range(number):
            step()
        times.append((time.process_time() - start) / number)
    return float(np.median(times))
