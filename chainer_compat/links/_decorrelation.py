"""Batch normalization that whitens."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from chainer_compat import functions
from chainer_compat._variable import Variable
from chainer_compat.backend import copyto
from chainer_compat.configuration import config
from chainer_compat.errors import ChainerCompatWarning, InvalidArgumentError
from chainer_compat.link import Link
from chainer_compat.links._normalization import begin_batch
from chainer_compat.serializer import AbstractSerializer, Deserializer
from chainer_compat.utils.argument import parse_kwargs

__all__ = ["DecorrelatedBatchNormalization", "fix_avg_mean", "fix_avg_projection"]


class DecorrelatedBatchNormalization(Link):
    """Makes channels uncorrelated by the statistics of the batch, and in testing by those so far.

    Args:
        size: The number of channels.
        groups: In how many groups they are parted, each of which is whitened by itself.
        decay: How much of the running statistics is kept at each call.
        eps: Added to the variances.
        dtype: The dtype of the running statistics.

    Attributes:
        avg_mean: The running mean, of shape ``(groups, size / groups)``.
        avg_projection: The running projection, of shape
            ``(groups, size / groups, size / groups)``.
        N: How many batches fine-tuning has seen.

    Source: Chainer's reference, *chainer.links.DecorrelatedBatchNormalization*; Huang et al.,
    *Decorrelated Batch Normalization*, 2018.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.DecorrelatedBatchNormalization(2, groups=1, eps=0.0)
        >>> layer(np.array([[1, 0], [-1, 0], [0, 2], [0, -2]], np.float32))[0]
        variable([1.4142135, 0.       ])
    """

    def __init__(
        self,
        size: int,
        groups: int = 16,
        decay: float = 0.9,
        eps: float = 2e-5,
        dtype: Any = np.float32,
    ) -> None:
        super().__init__()
        channels = size // groups
        self.avg_mean: Any = np.zeros((groups, channels), dtype)
        self.register_persistent("avg_mean")
        self.avg_projection: Any = np.tile(np.eye(channels, dtype=dtype), (groups, 1, 1))
        self.register_persistent("avg_projection")
        self.N = 0
        self.register_persistent("N")
        self.decay = decay
        self.eps = eps
        self.groups = groups

    def forward(self, x: Any, **kwargs: Any) -> Variable:
        """Whitens.

        Args:
            x: The input, of shape ``(N, size, ...)``.
            **kwargs: ``finetune``, whether the running statistics become the plain mean over the
                batches since :meth:`start_finetuning`.

        Returns:
            A variable of the same shape and dtype.

        Raises:
            TypeError: If there are other arguments.
        """
        (finetune,) = parse_kwargs(kwargs, ("finetune", False))
        if not config.train:
            fixed: Variable = functions.fixed_decorrelated_batch_normalization(
                x, self.avg_mean, self.avg_projection, self.groups
            )
            return fixed
        decay, again = begin_batch(self, finetune)
        return functions.decorrelated_batch_normalization(
            x,
            groups=self.groups,
            eps=self.eps,
            running_mean=None if again else self.avg_mean,
            running_projection=None if again else self.avg_projection,
            decay=decay,
        )

    def start_finetuning(self) -> None:
        """Begins to count batches anew, for calls with ``finetune=True``."""
        self.N = 0

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the running statistics.

        Files of Chainer 6 and before, which had one statistic for all groups, load with a warning.

        Args:
            serializer: What saves or loads.

        Raises:
            ValueError: If a statistic of the file has another number of axes.
        """
        if not isinstance(serializer, Deserializer):
            super().serialize(serializer)
            return
        for name, fix in (("avg_mean", fix_avg_mean), ("avg_projection", fix_avg_projection)):
            loaded = serializer(name, None)
            if loaded is not None:
                copyto(getattr(self, name), fix(np.asarray(loaded), self.groups))
        self.N = serializer("N", self.N)


def fix_avg_mean(avg_mean: Any, groups: int) -> Any:
    """Returns a running mean as it is today: one row for each group.

    Args:
        avg_mean: The running mean of a file; one of one axis stands for all groups.
        groups: The number of groups.

    Raises:
        ValueError: If it has three axes or more, or none.

    Example:
        >>> import numpy as np
        >>> from chainer_compat.links import fix_avg_mean
        >>> fix_avg_mean(np.ones(3), 1).shape
        (1, 3)
    """
    return _for_each_group("avg_mean", avg_mean, groups, 2)


def fix_avg_projection(avg_projection: Any, groups: int) -> Any:
    """Returns a running projection as it is today: one matrix for each group.

    Args:
        avg_projection: The running projection of a file; one of two axes stands for all groups.
        groups: The number of groups.

    Raises:
        ValueError: If it has more than three axes, or less than two.

    Example:
        >>> import numpy as np
        >>> from chainer_compat.links import fix_avg_projection
        >>> fix_avg_projection(np.eye(3), 1).shape
        (1, 3, 3)
    """
    return _for_each_group("avg_projection", avg_projection, groups, 3)


def _for_each_group(name: str, array: Any, groups: int, ndim: int) -> Any:
    if array.ndim == ndim:
        return array
    if array.ndim != ndim - 1:
        raise InvalidArgumentError(
            f"{name} of DecorrelatedBatchNormalization has {ndim} axes, or {ndim - 1} in files of "
            f"Chainer 6; got shape {array.shape}"
        )
    if groups != 1:
        warnings.warn(
            f"{name} comes from a DecorrelatedBatchNormalization of Chainer 6 or before, which did "
            "not whiten by groups: the results will differ; finetune the statistics again",
            ChainerCompatWarning,
            stacklevel=2,
        )
    return np.broadcast_to(array, (groups, *array.shape))
