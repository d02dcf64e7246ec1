"""Bodies that try the comparing machinery itself."""

from __future__ import annotations

import os
import subprocess
import time
import warnings


def name(chainer, np):
    """The one thing in which the two libraries must not agree."""
    return chainer.__name__


def echo(chainer, np, value):
    """Gives back what it got."""
    return value


def draw(chainer, np, n):
    """Draws from NumPy's global stream."""
    return np.random.uniform(size=n)


def fail(chainer, np, message):
    """Raises."""
    warnings.warn("warnings are no errors here", UserWarning, stacklevel=1)
    raise KeyError(message)


def say(chainer, np, text):
    """Prints, which must not get into the pipe."""
    print(text)
    subprocess.run(["/bin/echo", "from a child process"], check=True)
    return len(text)


def die(chainer, np):
    """Ends the process without a word."""
    os._exit(3)


def sleep(chainer, np, seconds):
    """Takes its time."""
    time.sleep(seconds)


def return_an_object(chainer, np):
    """Returns what is not plain data."""
    return chainer
