"""Batch normalization that stays near the running statistics."""

from __future__ import annotations

from typing import Any

from chainer_compat import functions
from chainer_compat._variable import Variable
from chainer_compat.configuration import config
from chainer_compat.links._normalization import BatchNormalization, begin_batch

__all__ = ["BatchRenormalization"]


class BatchRenormalization(BatchNormalization):
    """Normalizes with the statistics of the batch, moved towards those seen so far.

    Args:
        size: The shape of the statistics, an int or a tuple.
        rmax: The largest correction of the scale; 1 for none.
        dmax: The largest correction of the mean; 0 for none.
        decay: How much of the running statistics is kept at each call.
        eps: Added to the variances.
        dtype: The dtype of the parameters; ``chainer.config.dtype`` if None.
        use_gamma: Have factors behind.
        use_beta: Add something behind.
        initial_gamma: The initializer of the factors; ones if None.
        initial_beta: The initializer of what is added; zeros if None.
        initial_avg_mean: The initializer of the running mean; zeros if None.
        initial_avg_var: The initializer of the running variance; ones if None.

    Attributes:
        gamma: The factors; None without.
        beta: What is added; None without.
        avg_mean: The running mean.
        avg_var: The running variance, unbiased.
        N: How many batches fine-tuning has seen.
        rmax: The largest correction of the scale, which may grow in training.
        dmax: The largest correction of the mean, likewise.

    Raises:
        RuntimeError: If ``size`` is None.

    Source: Chainer's reference, *chainer.links.BatchRenormalization*; Ioffe, *Batch
    Renormalization*, 2017.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.BatchRenormalization(1, rmax=2, dmax=1, eps=0.0)
        >>> layer(np.array([[0.5], [2.5]], np.float32))
        variable([[0.],
                  [2.]])
    """

    def __init__(
        self,
        size: Any,
        rmax: float = 1,
        dmax: float = 0,
        decay: float = 0.9,
        eps: float = 2e-5,
        dtype: Any = None,
        use_gamma: bool = True,
        use_beta: bool = True,
        initial_gamma: Any = None,
        initial_beta: Any = None,
        initial_avg_mean: Any = None,
        initial_avg_var: Any = None,
    ) -> None:
        super().__init__(
            size,
            decay,
            eps,
            dtype,
            use_gamma,
            use_beta,
            initial_gamma,
            initial_beta,
            initial_avg_mean=initial_avg_mean,
            initial_avg_var=initial_avg_var,
        )
        self.rmax = rmax
        self.dmax = dmax
        self.r: Any = None
        self.d: Any = None
        # The statistics before the batch that `F.forget` will normalize again.
        self._before: tuple[Any, Any] = self.avg_mean, self.avg_var

    def forward(self, x: Any, finetune: bool = False) -> Variable:
        """Normalizes.

        Args:
            x: The input, of shape ``(N, *size, ...)``.
            finetune: Whether the running statistics become the plain mean over the batches since
                :meth:`start_finetuning`.

        Returns:
            A variable of the same shape and dtype.
        """
        gamma, beta = self._weights()
        if not config.train:
            fixed: Variable = functions.fixed_batch_normalization(
                x, gamma, beta, self.avg_mean, self.avg_var, self.eps
            )
            return fixed
        decay, again = begin_batch(self, finetune)
        statistics = self.avg_mean, self.avg_var
        if again:
            statistics = self._before
        elif config._will_recompute:
            self._before = self.avg_mean.copy(), self.avg_var.copy()
        return functions.batch_renormalization(
            x,
            gamma,
            beta,
            self.rmax,
            self.dmax,
            self.eps,
            *statistics,
            decay,
            update_statistics=not again,
        )
