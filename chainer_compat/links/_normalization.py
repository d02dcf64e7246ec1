"""Normalization layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from chainer_compat import _version1, functions
from chainer_compat._dtypes import get_dtype
from chainer_compat._variable import Variable
from chainer_compat.backend import copyto
from chainer_compat.backends import _crossing
from chainer_compat.configuration import _this_thread
from chainer_compat.functions._normalization import batch_normalization_by_place
from chainer_compat.initializers import _get_initializer, generate_array
from chainer_compat.link import Link
from chainer_compat.variable import Parameter

if TYPE_CHECKING:
    from chainer_compat.serializer import AbstractSerializer

__all__ = ["BatchNormalization", "GroupNormalization", "LayerNormalization", "begin_batch"]


def _scalar(value: Any, default: float, dtype: Any) -> Any:
    initializer = _get_initializer(default if value is None else value)
    if getattr(initializer, "dtype", None) is None:
        initializer.dtype = dtype
    return initializer


def begin_batch(link: Any, finetune: bool) -> tuple[float, bool]:
    """Counts a batch whose statistics a link is to add to its running ones.

    Args:
        link: The link, with its ``decay`` and its count ``N``.
        finetune: Whether the running statistics become the plain mean over the batches.

    Returns:
        The decay of the running statistics, and whether they have this batch already, because
        ``F.forget`` computes it again: then it is not counted.
    """
    again = _this_thread.mode.in_recomputing
    if not finetune or again:
        return link.decay, again
    link.N += 1
    return 1.0 - 1.0 / link.N, again


class _Views:
    """Tensors over a link's running statistics, which are made anew for other arrays only.

    They stay behind when the link is copied or pickled: the copy's arrays are others.
    """

    __slots__ = ("_arrays", "_tensors")

    def __init__(self) -> None:
        self._arrays: tuple[Any, Any] = (None, None)
        self._tensors: tuple[Any, Any] = (None, None)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ()

    def of(self, mean: Any, var: Any) -> tuple[Any, Any]:
        """Returns the tensors, or what is given where torch cannot view the memory."""
        known = self._arrays
        if mean is not known[0] or var is not known[1]:
            self._arrays = mean, var
            self._tensors = _view(mean), _view(var)
        return self._tensors


def _view(array: Any) -> Any:
    if isinstance(array, np.ndarray) and not _crossing.shares_memory(array):
        return array
    # Past the version counter: a graph that is held may have been made with it.
    return _crossing.as_tensor(array).data


class BatchNormalization(Link):
    """Normalizes with the statistics of the batch, and in testing with those seen so far.

    Args:
        size: The shape of the statistics, an int or a tuple; None to take it from the first input
            by ``axis``.
        decay: How much of the running statistics is kept at each call.
        eps: Added to the variance.
        dtype: The dtype of the parameters; ``chainer.config.dtype`` if None.
        use_gamma: Have factors behind.
        use_beta: Add something behind.
        initial_gamma: The initializer of the factors; ones if None.
        initial_beta: The initializer of what is added; zeros if None.
        axis: The axes to average over; all but those of ``size`` if None.
        initial_avg_mean: The initializer of the running mean; zeros if None.
        initial_avg_var: The initializer of the running variance; ones if None.

    Attributes:
        gamma: The factors; None without.
        beta: What is added; None without.
        avg_mean: The running mean.
        avg_var: The running variance, unbiased.
        N: How many batches fine-tuning has seen.

    Raises:
        RuntimeError: If neither ``size`` nor ``axis`` is given.

    Source: Chainer's reference, *chainer.links.BatchNormalization*; Ioffe & Szegedy, 2015.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.BatchNormalization(1, eps=0.0)
        >>> layer(np.array([[1.0], [3.0]], np.float32))
        variable([[-1.],
                  [ 1.]])
    """

    gamma: Any = None
    beta: Any = None
    avg_mean: Any = None
    avg_var: Any = None

    @_version1.takes(use_cudnn="")
    def __init__(
        self,
        size: Any = None,
        decay: float = 0.9,
        eps: float = 2e-5,
        dtype: Any = None,
        use_gamma: bool = True,
        use_beta: bool = True,
        initial_gamma: Any = None,
        initial_beta: Any = None,
        axis: Any = None,
        initial_avg_mean: Any = None,
        initial_avg_var: Any = None,
    ) -> None:
        super().__init__()
        if _version1.is_switch(axis):
            axis = None  # Chainer 1's `use_cudnn`
        if size is None and axis is None:
            raise RuntimeError("size or axis is required")
        self._views = _Views()
        self._initial_avg_mean = initial_avg_mean
        self._initial_avg_var = initial_avg_var
        self.avg_mean = self.avg_var = None
        self.N = 0
        self.register_persistent("N")
        self.decay = decay
        self.eps = eps
        self.axis = (axis,) if isinstance(axis, int) else axis
        self._highprec_dtype = get_dtype(dtype, map_mixed16=np.float32)
        with self.init_scope():
            if use_gamma:
                self.gamma = Parameter(_scalar(initial_gamma, 1, self._highprec_dtype))
            if use_beta:
                self.beta = Parameter(_scalar(initial_beta, 0, self._highprec_dtype))
        if size is not None:
            self._initialize_params((size,) if isinstance(size, int) else tuple(size))
        self.register_persistent("avg_mean")
        self.register_persistent("avg_var")

    def _initialize_params(self, shape: tuple[int, ...]) -> None:
        self.avg_mean = self._statistic(self._initial_avg_mean, 0, shape)
        self.avg_var = self._statistic(self._initial_avg_var, 1, shape)
        for parameter in (self.gamma, self.beta):
            if parameter is not None and not parameter.is_initialized:
                parameter.initialize(shape)

    def _statistic(self, initializer: Any, default: float, shape: tuple[int, ...]) -> Any:
        filler = _scalar(initializer, default, self._highprec_dtype)
        return generate_array(
            filler, shape, self.xp, dtype=self._highprec_dtype, device=self.device
        )

    @property
    def printable_specs(self) -> Iterator[tuple[str, Any]]:
        """Pairs of name and value that the text of the link shows."""
        shape = None if self.avg_mean is None else self.avg_mean.shape
        yield "size", shape[0] if shape is not None and len(shape) == 1 else shape
        yield "decay", self.decay
        yield "eps", self.eps
        yield "dtype", self._highprec_dtype
        yield "use_gamma", self.gamma is not None
        yield "use_beta", self.beta is not None

    def forward(self, x: Any, *version_1: Any, **kwargs: Any) -> Variable:
        """Normalizes.

        Args:
            x: The input, of shape ``(N, *size, ...)``.
            *version_1: ``test`` and ``finetune``, as Chainer 1 had them in this order.
            **kwargs: ``finetune``, whether the running statistics become the plain mean over the
                batches since :meth:`start_finetuning`; ``test``, Chainer 1's switch, instead of
                ``config.train``.

        Returns:
            A variable of the same shape and dtype.
        """
        if version_1:
            _version1.name(kwargs, version_1, "test", "finetune")
        finetune = False
        if kwargs:
            switch = _version1.take(kwargs, "test")
            if switch is not None:
                with switch:
                    return self.forward(x, **kwargs)
            finetune = kwargs.pop("finetune", False)
            if kwargs:
                raise TypeError(
                    "BatchNormalization() got an unexpected keyword argument "
                    f"{next(iter(kwargs))!r}"
                )
        mean, var = self.avg_mean, self.avg_var
        if mean is None:
            axes = self.axis or (0,)
            self._initialize_params(tuple(n for a, n in enumerate(x.shape) if a not in axes))
            mean, var = self.avg_mean, self.avg_var
        gamma, beta = self.gamma, self.beta
        if gamma is None or beta is None:
            gamma, beta = self._weights()
        result: Variable
        mode = _this_thread.mode
        if not mode.train:
            result = functions.fixed_batch_normalization(
                x, gamma, beta, mean, var, self.eps, self.axis
            )
            return result
        if finetune:
            decay, again = begin_batch(self, finetune)
        else:
            decay, again = self.decay, mode.in_recomputing
        mean, var = (None, None) if again else self._views.of(mean, var)
        result = batch_normalization_by_place(x, gamma, beta, mean, var, self.eps, decay, self.axis)
        return result

    def _weights(self) -> tuple[Any, Any]:
        gamma, beta = self.gamma, self.beta
        if gamma is None:
            gamma = self.xp.ones(self.avg_mean.shape, dtype=self._highprec_dtype)
        if beta is None:
            beta = self.xp.zeros(self.avg_mean.shape, dtype=self._highprec_dtype)
        return gamma, beta

    def start_finetuning(self) -> None:
        """Begins to count batches anew, for calls with ``finetune=True``."""
        self.N = 0

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the parameters and the running statistics.

        Args:
            serializer: What saves or loads.
        """
        if self.avg_mean is not None:
            super().serialize(serializer)
            return
        # Before the first call there are no statistics; a file that has some tells the shape.
        loaded = serializer("avg_mean", None)
        if loaded is not None:
            self._initialize_params(np.shape(loaded))
            copyto(self.avg_mean, loaded)
        self._persistent.discard("avg_mean")
        try:
            super().serialize(serializer)
        finally:
            self._persistent.add("avg_mean")


class LayerNormalization(Link):
    """Normalizes each row with its own statistics.

    Args:
        size: The size of a row; None to take it from the first input.
        eps: Added to the variance.
        initial_gamma: The initializer of the factors; ones if None.
        initial_beta: The initializer of what is added; zeros if None.

    Attributes:
        gamma: The factors, of shape ``(size,)``.
        beta: What is added, of shape ``(size,)``.

    Source: Chainer's reference, *chainer.links.LayerNormalization*; Ba et al., 2016.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.LayerNormalization(2, eps=0.0)(np.array([[1.0, 3.0]], np.float32))
        variable([[-1.,  1.]])
    """

    def __init__(
        self,
        size: int | None = None,
        eps: float = 1e-6,
        initial_gamma: Any = None,
        initial_beta: Any = None,
    ) -> None:
        super().__init__()
        with self.init_scope():
            self.gamma = Parameter(_get_initializer(1 if initial_gamma is None else initial_gamma))
            self.beta = Parameter(_get_initializer(0 if initial_beta is None else initial_beta))
            self.eps = eps
        if size is not None:
            self._initialize_params(size)

    def _initialize_params(self, size: int) -> None:
        self.gamma.initialize(size)
        self.beta.initialize(size)

    def forward(self, x: Any) -> Variable:
        """Normalizes.

        Args:
            x: The input, of shape ``(N, size)``.
        """
        gamma = self.gamma
        if gamma._tensor is None and not gamma.is_initialized:  # the first question is cheaper
            self._initialize_params(int(np.prod(x.shape[1:])))
        result: Variable = functions.layer_normalization(x, gamma, self.beta, self.eps)
        return result


class GroupNormalization(Link):
    """Normalizes each group of channels of each example with its own statistics.

    Args:
        groups: The number of groups.
        size: The number of channels; None to take it from the first input.
        eps: Added to the variance.
        initial_gamma: The initializer of the factors; ones if None.
        initial_beta: The initializer of what is added; zeros if None.

    Attributes:
        gamma: The factors, of shape ``(size,)``.
        beta: What is added, of shape ``(size,)``.

    Source: Chainer's reference, *chainer.links.GroupNormalization*; Wu & He, 2018.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.GroupNormalization(1, eps=0.0)(np.array([[1.0, 3.0]], np.float32))
        variable([[-1.,  1.]])
    """

    def __init__(
        self,
        groups: int,
        size: int | None = None,
        eps: float = 1e-5,
        initial_gamma: Any = None,
        initial_beta: Any = None,
    ) -> None:
        super().__init__()
        dtype = get_dtype(map_mixed16=np.float32)
        with self.init_scope():
            self.gamma = Parameter(_scalar(initial_gamma, 1, dtype))
            self.beta = Parameter(_scalar(initial_beta, 0, dtype))
        self.groups = groups
        self.eps = eps
        if size is not None:
            self._initialize_params(size)

    def _initialize_params(self, size: int) -> None:
        self.gamma.initialize(size)
        self.beta.initialize(size)

    def forward(self, x: Any) -> Variable:
        """Normalizes.

        Args:
            x: The input, of shape ``(N, channels, ...)``.
        """
        if not self.gamma.is_initialized:
            self._initialize_params(x.shape[1])
        return functions.group_normalization(x, self.groups, self.gamma, self.beta, self.eps)
