"""How long a step takes, measured alike by all contenders that time steps and no loops."""

from __future__ import annotations

import time

import numpy as np

# Calls that take less make one measurement together, so that the clock's own cost does not count.
_SECONDS = 0.002


def timed(steps, number, rounds):
    """A measurement of named steps: the median, over rounds of so many, of the time of one."""

    def measure():
        return {name: _median_time(step, number, rounds) for name, step in steps.items()}

    return measure


def _median_time(step, number, rounds):
    step()
    return float(np.median([_time(step, number) for _ in range(rounds)]))


def _time(step, number):
    # The processor's time: nothing here waits, and whoever else computes does not count.
    start = time.process_time()
    for _ in range(number):
        step()
    return (time.process_time() - start) / number


def timed_calls(calls, rounds):
    """A measurement of pairs of calls by name: one goes forward, the other one backward, too.

    It is asked for one quantity at a time, ``forward_relu`` or ``step_relu``. Whatever else runs on
    the machine makes a call slower and never faster, so the fastest round counts.

    Args:
        calls: The pairs by name; the second call is None of what has no gradient.
        rounds: How many rounds.
    """

    def measure(quantity):
        kind, _, name = quantity.partition("_")
        forward, step = calls[name]
        return _least_time(forward if kind == "forward" else step, rounds)

    return measure


def _least_time(call, rounds):
    call()
    number = max(1, int(_SECONDS / max(_time(call, 1), 1e-6)))
    return min(_time(call, number) for _ in range(rounds))
