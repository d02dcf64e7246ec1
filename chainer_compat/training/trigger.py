"""Chainer 1's place of the interval trigger; scripts still import it from here."""

from chainer_compat.training.triggers._get import get_trigger
from chainer_compat.training.triggers._interval import IntervalTrigger

__all__ = ["IntervalTrigger", "get_trigger"]
