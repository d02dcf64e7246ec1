"""Stops a run that has diverged."""

from __future__ import annotations

from typing import Any

import torch

from chainer_compat.errors import DivergedError
from chainer_compat.training._extension import Extension
from chainer_compat.training._protocols import data_of, named_parameters_of

__all__ = ["FailOnNonNumber"]


class FailOnNonNumber(Extension):
    """Raises an error as soon as a parameter holds NaN or an infinity.

    Raises:
        RuntimeError: When it is called and a parameter is not finite, with the names of all such.

    Source: Chainer's page *chainer.training.extensions.FailOnNonNumber*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> extensions.FailOnNonNumber().priority
        100
    """

    def __call__(self, trainer: Any) -> None:
        """Looks at every parameter of every optimizer.

        Args:
            trainer: The trainer that calls it.
        """
        for name, optimizer in trainer.updater.get_all_optimizers().items():
            if not _all_finite(optimizer.target):
                raise DivergedError(
                    f"parameters in optimizer {name!r} diverge: NaN or infinity in "
                    + ", ".join(_not_finite(optimizer.target))
                )


def _finite(target: Any) -> list[tuple[str, torch.Tensor]]:
    parameters = ((path, data_of(parameter)) for path, parameter in named_parameters_of(target))
    return [(path, torch.isfinite(data).all()) for path, data in parameters if data is not None]


def _all_finite(target: Any) -> bool:
    flags = [flag for _, flag in _finite(target)]
    if not flags:
        return True
    # One answer, and so one wait for the GPU, whatever the number of parameters.
    return bool(torch.stack([flag.to(flags[0].device) for flag in flags]).all())


def _not_finite(target: Any) -> list[str]:
    return [path for path, flag in _finite(target) if not flag]
