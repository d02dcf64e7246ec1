"""The training loop and everything around it (Chainer: *chainer.training*)."""

from chainer_compat.training import extensions, trigger, triggers, updaters, util
from chainer_compat.training._extension import (
    PRIORITY_EDITOR,
    PRIORITY_READER,
    PRIORITY_WRITER,
    Extension,
    make_extension,
)
from chainer_compat.training._trainer import Trainer
from chainer_compat.training._updater import Updater
from chainer_compat.training.triggers import IntervalTrigger, get_trigger
from chainer_compat.training.updaters import ParallelUpdater, StandardUpdater

__all__ = [
    "PRIORITY_EDITOR",
    "PRIORITY_READER",
    "PRIORITY_WRITER",
    "Extension",
    "IntervalTrigger",
    "ParallelUpdater",
    "StandardUpdater",
    "Trainer",
    "Updater",
    "extensions",
    "get_trigger",
    "make_extension",
    "trigger",
    "triggers",
    "updaters",
    "util",
]
