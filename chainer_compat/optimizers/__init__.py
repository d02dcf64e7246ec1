"""Optimizers (Chainer: *Optimizers*)."""

from __future__ import annotations

import importlib
from typing import Any

from chainer_compat.optimizers._ada_delta import AdaDelta
from chainer_compat.optimizers._ada_grad import AdaGrad
from chainer_compat.optimizers._adam import AdaBound, Adam, AdamW, AMSBound, AMSGrad
from chainer_compat.optimizers._corrected_momentum_sgd import CorrectedMomentumSGD
from chainer_compat.optimizers._momentum_sgd import MomentumSGD
from chainer_compat.optimizers._msvag import MSVAG
from chainer_compat.optimizers._nesterov_ag import NesterovAG
from chainer_compat.optimizers._rmsprop import RMSprop
from chainer_compat.optimizers._rmsprop_graves import RMSpropGraves
from chainer_compat.optimizers._sgd import SGD
from chainer_compat.optimizers._smorms3 import SMORMS3

__all__ = [
    "MSVAG",
    "SGD",
    "SMORMS3",
    "AMSBound",
    "AMSGrad",
    "AdaBound",
    "AdaDelta",
    "AdaGrad",
    "Adam",
    "AdamW",
    "CorrectedMomentumSGD",
    "MomentumSGD",
    "NesterovAG",
    "RMSprop",
    "RMSpropGraves",
]

# Chainer has the rules in its deep modules (chainer.optimizers.adam.AdamRule), which look here.
_RULES = {
    "AdaDeltaRule": "_ada_delta",
    "AdaGradRule": "_ada_grad",
    "AdamRule": "_adam",
    "CorrectedMomentumSGDRule": "_corrected_momentum_sgd",
    "MSVAGRule": "_msvag",
    "MomentumSGDRule": "_momentum_sgd",
    "NesterovAGRule": "_nesterov_ag",
    "RMSpropGravesRule": "_rmsprop_graves",
    "RMSpropRule": "_rmsprop",
    "SGDRule": "_sgd",
    "SMORMS3Rule": "_smorms3",
}


def __getattr__(name: str) -> Any:
    if name in _RULES:
        return getattr(importlib.import_module(f"{__name__}.{_RULES[name]}"), name)
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)
