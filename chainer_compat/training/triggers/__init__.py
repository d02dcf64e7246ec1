"""When extensions are called, and when a run ends (Chainer: *Triggers*)."""

from chainer_compat.training.triggers._best_value import (
    BestValueTrigger,
    MaxValueTrigger,
    MinValueTrigger,
)
from chainer_compat.training.triggers._combined import AllTrigger, AnyTrigger, NotTrigger
from chainer_compat.training.triggers._early_stopping import EarlyStoppingTrigger
from chainer_compat.training.triggers._function import FunctionTrigger
from chainer_compat.training.triggers._get import always, get_trigger, never
from chainer_compat.training.triggers._interval import IntervalTrigger
from chainer_compat.training.triggers._manual_schedule import ManualScheduleTrigger
from chainer_compat.training.triggers._once import OnceTrigger
from chainer_compat.training.triggers._signal import SignalTrigger
from chainer_compat.training.triggers._time import TimeTrigger
from chainer_compat.training.triggers._trigger import Trigger

__all__ = [
    "AllTrigger",
    "AnyTrigger",
    "BestValueTrigger",
    "EarlyStoppingTrigger",
    "FunctionTrigger",
    "IntervalTrigger",
    "ManualScheduleTrigger",
    "MaxValueTrigger",
    "MinValueTrigger",
    "NotTrigger",
    "OnceTrigger",
    "SignalTrigger",
    "TimeTrigger",
    "Trigger",
    "always",
    "get_trigger",
    "never",
]
