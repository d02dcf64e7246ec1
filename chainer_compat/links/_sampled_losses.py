"""Links of losses that look at a few classes only, for large vocabularies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainer_compat import functions
from chainer_compat._dtypes import get_dtype
from chainer_compat._variable import Variable
from chainer_compat.link import Link
from chainer_compat.utils import WalkerAlias
from chainer_compat.variable import Parameter

if TYPE_CHECKING:
    from chainer_compat.device_resident import DeviceResidentsVisitor

__all__ = ["BlackOut", "NegativeSampling"]


class _SamplingLoss(Link):
    """A link with a row for each class and a sampler of classes."""

    sampler: WalkerAlias

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        """Shows a visitor the link with all that belongs to it, and its sampler.

        Args:
            visitor: The visitor.
        """
        super().device_resident_accept(visitor)
        self.sampler.device_resident_accept(visitor)


class NegativeSampling(_SamplingLoss):
    """The loss of telling each class from a few that are drawn at random.

    Samples are drawn by the classes' counts to a power; on the CPU from NumPy's global stream.

    Args:
        in_size: The size of the vectors.
        counts: How often each class is met.
        sample_size: How many classes to draw for each example.
        power: To which power the counts are raised.
        dtype: The dtype in which they are; ``config.dtype`` if None.

    Attributes:
        W: A row for each class, zeros at first, of shape ``(len(counts), in_size)``.
        sampler: The :class:`~chainer_compat.utils.WalkerAlias` that draws.

    Source: Chainer's reference, *chainer.links.NegativeSampling*; Mikolov et al., *Distributed
    Representations of Words and Phrases and their Compositionality*, 2013.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> link = L.NegativeSampling(2, [5, 1, 3], 4)
        >>> link(np.ones((1, 2), np.float32), np.array([2], np.int32))
        variable(3.465736)
    """

    def __init__(
        self,
        in_size: int,
        counts: Sequence[float],
        sample_size: int,
        power: float = 0.75,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.sample_size = sample_size
        self.sampler = WalkerAlias(_raised(counts, power, get_dtype(dtype, np.float16)))
        with self.init_scope():
            self.W = Parameter(0, (len(counts), in_size))

    def forward(self, x: Any, t: Any, reduce: str = "sum", **kwargs: Any) -> Any:
        """Computes the loss; see :func:`~chainer_compat.functions.negative_sampling`.

        Args:
            x: The vectors, of shape ``(N, in_size)``.
            t: The classes, int32 of shape ``(N,)``; -1 for an example that does not count.
            reduce: ``"sum"``, or ``"no"`` for the loss of each example.
            **kwargs: ``return_samples``, whether to return the samples too.

        Returns:
            A variable; with ``return_samples`` also the array of ``t`` and the samples.

        Raises:
            ValueError: If ``reduce`` is another one.
        """
        return functions.negative_sampling(
            x, t, self.W, self.sampler.sample, self.sample_size, reduce, **kwargs
        )


def _raised(counts: Sequence[float], power: float, dtype: Any) -> np.ndarray[Any, Any]:
    wide = np.asarray(counts, np.float64)
    # Half precision ends at 65504, which words of a text pass.
    kind = dtype.type if wide.max(initial=0) <= np.finfo(dtype).max else np.float32
    return np.asarray(np.power(wide.astype(kind), kind(power)))


class BlackOut(_SamplingLoss):
    """The loss of telling each class from samples, by a softmax among these only.

    Samples are drawn by the classes' counts; on the CPU from NumPy's global stream.

    Args:
        in_size: The size of the vectors.
        counts: How often each class is met.
        sample_size: How many classes to draw for each example.

    Attributes:
        W: A row for each class, zeros at first, of shape ``(len(counts), in_size)``.
        sampler: The :class:`~chainer_compat.utils.WalkerAlias` that draws.
        sample_data: Samples of shape ``(N, sample_size)`` to use instead of random ones; None to
            draw.

    Source: Chainer's reference, *chainer.links.BlackOut*; Ji et al., *BlackOut: Speeding up
    Recurrent Neural Network Language Models With Very Large Vocabularies*, 2015.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> link = L.BlackOut(2, [5, 1, 3], 4)
        >>> link(np.ones((1, 2), np.float32), np.array([2], np.int32)).shape
        ()
    """

    sample_data: Any = None

    def __init__(self, in_size: int, counts: Sequence[float], sample_size: int) -> None:
        super().__init__()
        self.sampler = WalkerAlias(np.array(counts, np.float32))
        self.sample_size = sample_size
        with self.init_scope():
            # Chainer leaves NaN there, for scripts to fill.
            self.W = Parameter(0, (len(counts), in_size))

    def forward(self, x: Any, t: Any) -> Variable:
        """Computes the mean loss; see :func:`~chainer_compat.functions.black_out`.

        Args:
            x: The vectors, of shape ``(N, in_size)``.
            t: The classes, integers of shape ``(N,)``.

        Returns:
            A scalar variable.
        """
        samples = self.sample_data
        if samples is None:
            samples = self.sampler.sample((x.shape[0], self.sample_size))
        result: Variable = functions.black_out(x, t, self.W, samples)
        return result
