"""Chainer's place of `get_trigger`, which extensions written for it import from here."""

from chainer_compat.training.triggers._get import get_trigger
from chainer_compat.training.triggers._get import never as _never_fire_trigger

__all__ = ["_never_fire_trigger", "get_trigger"]
