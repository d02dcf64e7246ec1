"""When extensions are called, and when a run ends (Chainer: *Triggers*)."""

from chainer_compat.training.triggers._get import always, get_trigger, never
from chainer_compat.training.triggers._interval import IntervalTrigger
from chainer_compat.training.triggers._manual_schedule import ManualScheduleTrigger
from chainer_compat.training.triggers._trigger import Trigger

__all__ = [
    "IntervalTrigger",
    "ManualScheduleTrigger",
    "Trigger",
    "always",
    "get_trigger",
    "never",
]
