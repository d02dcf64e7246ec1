"""Normalization (Chainer: *Normalization functions*)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat import _version1
from chainer_compat._variable import Variable
from chainer_compat.backends import _crossing
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._derivatives import caller
from chainer_compat.utils.argument import assert_kwargs_empty, check_unexpected_kwargs
from chainer_compat.utils.type_check import fail

__all__ = [
    "batch_normalization",
    "batch_normalization_by_place",
    "fixed_batch_normalization",
    "group_normalization",
    "layer_normalization",
    "local_response_normalization",
    "normalize",
]

# `torch.backends.cudnn.enabled` asks it by way of half a microsecond of Python.
_is_cudnn_enabled = torch._C._get_cudnn_enabled


def _key_axes(ndim: int, key_ndim: int, axis: Any) -> tuple[int, ...]:
    """The axes that are not averaged over: behind the first one, unless told otherwise."""
    if axis is None:
        return tuple(range(1, 1 + key_ndim))
    axes = (axis,) if isinstance(axis, (int, np.integer)) else tuple(axis)
    if not all(isinstance(a, (int, np.integer)) for a in axes):
        raise TypeError(f"axis must be None, an int or a tuple of ints; got {axis!r}")
    if list(axes) != sorted(set(axes)):
        raise RuntimeError(f"the numbers in axis must be sorted and differ; got {axes}")
    return tuple(a for a in range(ndim) if a not in axes)


def _check_keys(x: Tensor, weights: tuple[Tensor, ...], axis: Any) -> None:
    _checks.expect_floating(x, "in_types[0]")
    gamma = weights[0]
    for i, weight in enumerate(weights, 1):
        _checks.expect_floating(weight, f"in_types[{i}]")
        if weight.shape != gamma.shape:
            fail(
                f"in_types[1].shape == in_types[{i}].shape",
                f"{tuple(gamma.shape)} != {tuple(weight.shape)}",
            )
    if x.ndim < gamma.ndim + 1:
        fail("in_types[0].ndim >= in_types[1].ndim + 1", f"{x.ndim} < {gamma.ndim + 1}")
    keys = _key_axes(x.ndim, gamma.ndim, axis)
    if len(keys) != gamma.ndim:
        fail("in_types[1].ndim == number of axes kept", f"{gamma.ndim} != {len(keys)}")
    for i, a in enumerate(keys):
        if x.shape[a] != gamma.shape[i]:
            fail(
                f"in_types[0].shape[{a}] == in_types[1].shape[{i}]",
                f"{x.shape[a]} != {gamma.shape[i]}",
            )


def _check_dtypes(weights: tuple[Tensor, ...]) -> None:
    for i, weight in enumerate(weights[1:], 2):
        if weight.dtype is not weights[0].dtype:
            _checks.expect_same_dtype(weights[0], weight, "in_types[1]", f"in_types[{i}]")


def _is_by_channel(x: Tensor, gamma: Tensor, *others: Tensor) -> bool:
    """Whether there is a weight of `x`'s own dtype for each channel, as nearly always."""
    dtype, shape, size = x.dtype, x.shape, gamma.shape
    if not (
        dtype.is_floating_point
        and gamma.dtype is dtype
        and len(size) == 1
        and len(shape) > 1
        and shape[1] == size[0]
    ):
        return False
    for other in others:  # noqa: SIM110 -- a generator in `all` costs as much as the questions
        if other.dtype is not dtype or other.shape != size:
            return False
    return True


def _check_batch(
    x: Tensor, gamma: Tensor, beta: Tensor, mean: Any, var: Any, eps: float, decay: float, axis: Any
) -> None:
    if axis is None and _is_by_channel(x, gamma, beta):
        return
    _check_dtypes((gamma, beta))
    _check_keys(x, (gamma, beta), axis)


class _Columns:
    """An array seen as a matrix, with a column for each weight, and the way back."""

    def __init__(self, x: Tensor, key_ndim: int, axis: Any) -> None:
        keys = _key_axes(x.ndim, key_ndim, axis)
        # torch's own layout: batch, channels, and the rest.
        self.plain = keys == (1,)
        rest = tuple(a for a in range(x.ndim) if a not in keys)
        self.order = (*rest, *keys)
        self.shape = tuple(x.shape[a] for a in self.order)
        self.size = int(np.prod([x.shape[a] for a in keys]))
        self.count = x.numel() // max(self.size, 1)
        self.keys = keys
        self.ndim = x.ndim

    def flatten(self, x: Tensor) -> Tensor:
        if self.plain:
            return x
        return x.permute(self.order).reshape(self.count, self.size)

    def restore(self, y: Tensor) -> Tensor:
        if self.plain:
            return y
        back = [self.order.index(a) for a in range(self.ndim)]
        return y.reshape(self.shape).permute(back)

    def spread(self, weight: Tensor) -> Tensor:
        """A weight in a shape that broadcasts against the array itself."""
        sizes = [1] * self.ndim
        for a, n in zip(self.keys, weight.shape, strict=True):
            sizes[a] = n
        return weight.reshape(sizes)


def _widest(*tensors: Tensor | None) -> torch.dtype:
    dtypes = [t.dtype for t in tensors if t is not None]
    wide = dtypes[0]
    for dtype in dtypes[1:]:
        wide = torch.promote_types(wide, dtype)
    # torch's derivatives in half precision overflow on a CPU, and its kernels are slow there.
    return torch.float32 if _is_slow(wide, tensors[0]) else wide


def _is_slow(dtype: torch.dtype, x: Tensor | None) -> bool:
    return dtype is torch.float16 and x is not None and x.is_cpu


_float32 = torch.float32


def _shortcut_batch(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    running_mean: Any,
    running_var: Any,
    eps: float,
    decay: float,
    axis: Any,
) -> Tensor | None:
    # torch compares the number of channels.
    if axis is not None or not (
        x.dtype is gamma.dtype is beta.dtype is _float32
        and gamma.ndim == beta.ndim == 1
        and gamma.is_contiguous()
        and x.numel() > gamma.numel()
    ):
        return None
    mean = var = None
    if running_mean is not None or running_var is not None:
        if running_mean is None or running_var is None:
            return None
        mean, var = _statistic(running_mean), _statistic(running_var)
        if not (mean.dtype is var.dtype is _float32 and mean.ndim == var.ndim == 1):
            return None
    cudnn = _is_cudnn_enabled()
    return torch.batch_norm(x, gamma, beta, mean, var, True, 1.0 - decay, eps, cudnn)


@function("BatchNormalization", check=_check_batch, shortcut=_shortcut_batch)
def batch_normalization_by_place(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    running_mean: Any,
    running_var: Any,
    eps: float,
    decay: float,
    axis: Any,
) -> Tensor:
    is_plain = axis is None and _is_by_channel(x, gamma, beta) and x.numel() > gamma.numel()
    if is_plain and not _is_slow(x.dtype, x):
        running = _in_place(gamma, running_mean, running_var)
        if running is not None:
            return _by_channel(x, gamma, beta, running[0], running[1], eps, 1.0 - decay)
    columns = _Columns(x, gamma.ndim, axis)
    wide = _widest(x, gamma, beta)
    flat = columns.flatten(x).to(wide)
    if columns.count == 0:
        return x * columns.spread(gamma).to(x.dtype) + columns.spread(beta).to(x.dtype)
    channels = flat.shape[1]
    mean, var = _kept(running_mean, channels), _kept(running_var, channels)
    new_mean = new_var = None
    if columns.count == 1:
        _move_by_one(mean, var, flat, decay)
    elif mean is not None or var is not None:
        # torch's kernel moves both, and in place where it is of their dtype.
        new_mean, new_var = (
            flat.new_zeros(channels) if own is None else own.to(wide) for own in (mean, var)
        )
    factors, shifts = gamma.reshape(-1).to(wide), beta.reshape(-1).to(wide)
    y = _by_channel(flat, factors, shifts, new_mean, new_var, eps, 1.0 - decay)
    for own, new in ((mean, new_mean), (var, new_var)):
        if own is not None and new is not None and new is not own:
            own.copy_(new)
    return columns.restore(y).to(x.dtype)


def _by_channel(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    eps: float,
    momentum: float,
) -> Tensor:
    cudnn = _is_cudnn_enabled()
    # For the rows of a matrix torch's gradient takes the next weight in memory for the next one.
    gamma = gamma.contiguous()
    return torch.batch_norm(x, gamma, beta, running_mean, running_var, True, momentum, eps, cudnn)


def _in_place(gamma: Tensor, mean: Any, var: Any) -> tuple[Tensor | None, Tensor | None] | None:
    """The running statistics as torch moves them itself, in one go; None if it cannot."""
    if mean is None or var is None:
        return (None, None) if mean is var else None
    mean, var = _statistic(mean), _statistic(var)
    fit = mean.shape == var.shape == gamma.shape and mean.dtype is var.dtype is gamma.dtype
    return (mean, var) if fit else None


def _statistic(running: Any) -> Tensor:
    """A running statistic past the version counter: a graph that is held may be made with it."""
    if type(running) is Tensor:
        return running.data
    if type(running) is np.ndarray:
        return _crossing.from_numpy(running)  # with a version counter of its own
    return _crossing.as_tensor(running).data


def _kept(running: Any, channels: int) -> Tensor | None:
    """A running statistic as a flat view of its memory, past the version counter."""
    if running is None:
        return None
    kept = _statistic(running)
    if kept.numel() != channels:
        raise ValueError(
            f"the running statistics have {kept.numel()} elements; the batch has "
            f"{channels} channels"
        )
    return kept.view(-1)


def _move_by_one(mean: Tensor | None, var: Tensor | None, flat: Tensor, decay: float) -> None:
    """The running statistics after a batch of one, which has no unbiased variance: 0 is taken."""
    if mean is not None:
        mean.mul_(decay).add_(flat.detach().reshape(-1).to(mean.dtype), alpha=1 - decay)
    if var is not None:
        var.mul_(decay)


_VERSION_1 = ("eps", "running_mean", "running_var", "decay", "use_cudnn")


def batch_normalization(x: Any, gamma: Any, beta: Any, *version_1: Any, **kwargs: Any) -> Variable:
    """Normalizes with the mean and the variance of the batch.

    Source: Ioffe & Szegedy, *Batch Normalization*, 2015.

    Args:
        x: The input, of shape ``(N, *gamma.shape, ...)`` and floating point.
        gamma: The factors behind.
        beta: What is added behind, of ``gamma``'s shape.
        *version_1: ``eps``, ``running_mean``, ``running_var``, ``decay`` and ``use_cudnn``, as
            Chainer 1 had them in this order.
        **kwargs: ``eps``, added to the variance (2e-5); ``running_mean`` and ``running_var``,
            arrays that are moved in place towards the batch's; ``decay``, how much of them is kept
            (0.9); ``axis``, the axes to average over (all but those of ``gamma``).

    Returns:
        A variable of ``x``'s shape and dtype.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([[1.0], [3.0]], np.float32)
        >>> one, zero = np.ones(1, np.float32), np.zeros(1, np.float32)
        >>> F.batch_normalization(x, one, zero, eps=0.0)
        variable([[-1.],
                  [ 1.]])
    """
    eps, decay, axis = 2e-5, 0.9, None
    running_mean = running_var = None
    if version_1:
        _version1.name(kwargs, version_1, *_VERSION_1)
    if kwargs:
        take = kwargs.pop
        eps, decay, axis = take("eps", eps), take("decay", decay), take("axis", axis)
        running_mean, running_var = take("running_mean", None), take("running_var", None)
        _version1.take(kwargs, "use_cudnn")
        check_unexpected_kwargs(
            kwargs, train="train argument is not supported anymore. Use chainer.using_config"
        )
        assert_kwargs_empty(kwargs)
    result: Variable = batch_normalization_by_place(
        x, gamma, beta, running_mean, running_var, eps, decay, axis
    )
    return result


def _check_fixed(
    x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, var: Tensor, eps: float, axis: Any
) -> None:
    if axis is None and _is_by_channel(x, gamma, beta, mean, var):
        return
    _check_dtypes((gamma, beta, mean, var))
    _check_keys(x, (gamma, beta, mean, var), axis)


def _shortcut_fixed(
    x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, var: Tensor, eps: float, axis: Any
) -> Tensor | None:
    if axis is not None or not (
        x.dtype is gamma.dtype is beta.dtype is mean.dtype is var.dtype is _float32
        and gamma.ndim == beta.ndim == mean.ndim == var.ndim == 1
        and x.numel()
    ):
        return None
    if not (mean.requires_grad or var.requires_grad) or not torch.is_grad_enabled():
        # torch compares the number of channels, of what has elements.
        if not gamma.is_contiguous():
            gamma = gamma.contiguous()
        return torch.batch_norm(x, gamma, beta, mean, var, False, 0.0, eps, _is_cudnn_enabled())
    if not _is_by_channel(x, gamma, beta, mean, var):
        return None
    scale = gamma * torch.rsqrt(var + eps)
    shift = beta - mean * scale
    if x.ndim > 2:
        sizes = (-1,) + (1,) * (x.ndim - 2)
        scale, shift = scale.view(sizes), shift.view(sizes)
    return x * scale + shift


def _derives(mean: Tensor, var: Tensor) -> bool:
    """Whether statistics get a gradient: torch's kernel takes them for constants."""
    return (mean.requires_grad or var.requires_grad) and torch.is_grad_enabled()


@function(
    "FixedBatchNormalization",
    check=_check_fixed,
    shortcut=_shortcut_fixed,
    use_cudnn=("axis", "axis"),
)
def fixed_batch_normalization(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    mean: Tensor,
    var: Tensor,
    eps: float = 2e-5,
    axis: Any = None,
) -> Tensor:
    """Normalizes with a given mean and variance.

    Args:
        x: The input, of shape ``(N, *gamma.shape, ...)`` and floating point.
        gamma: The factors behind.
        beta: What is added behind, of ``gamma``'s shape.
        mean: The mean, of ``gamma``'s shape.
        var: The variance, of ``gamma``'s shape.
        eps: Added to the variance.
        axis: The axes over which the statistics were taken; all but those of ``gamma`` if None.

    Returns:
        A variable of ``x``'s shape and dtype.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([[1.0], [3.0]], np.float32)
        >>> one, zero = np.ones(1, np.float32), np.zeros(1, np.float32)
        >>> F.fixed_batch_normalization(x, one, zero, one, one, eps=0.0)
        variable([[0.],
                  [2.]])
    """
    is_plain = axis is None and _is_by_channel(x, gamma, beta, mean, var)
    if is_plain and not _derives(mean, var) and not _is_slow(x.dtype, x):
        factors, cudnn = gamma.contiguous(), _is_cudnn_enabled()
        return torch.batch_norm(x, factors, beta, mean, var, False, 0.0, eps, cudnn)
    columns = _Columns(x, gamma.ndim, axis)
    wide = _widest(x, gamma)
    scale = gamma.to(wide) * torch.rsqrt(var.to(wide) + eps)
    shift = beta.to(wide) - mean.to(wide) * scale
    return (x.to(wide) * columns.spread(scale) + columns.spread(shift)).to(x.dtype)


def _check_layer(x: Tensor, gamma: Tensor, beta: Tensor, eps: float) -> None:
    if x.ndim == 2 and _is_by_channel(x, gamma, beta):
        return
    _checks.expect_floating(x, "in_types[0]")
    _checks.expect_ndim(x, "in_types[0]", 2)
    for i, weight in enumerate((gamma, beta), 1):
        _checks.expect_floating(weight, f"in_types[{i}]")
        if weight.dtype is not x.dtype:
            _checks.expect_same_dtype(weight, x, f"in_types[{i}]", "in_types[0]")
        _checks.expect_ndim(weight, f"in_types[{i}]", 1)
    if gamma.shape != beta.shape:
        fail("in_types[1].shape == in_types[2].shape", f"{gamma.shape} != {beta.shape}")
    if gamma.shape[0] != x.shape[1]:
        fail("in_types[1].shape[0] == in_types[0].shape[1]", f"{len(gamma)} != {x.shape[1]}")


def _shortcut_layer(x: Tensor, gamma: Tensor, beta: Tensor, eps: float) -> Tensor | None:
    # torch compares the sizes.
    if x.ndim != 2 or not x.dtype is gamma.dtype is beta.dtype is _float32:
        return None
    return torch.layer_norm(x, x.shape[1:], gamma, beta, eps)


@function("LayerNormalization", check=_check_layer, shortcut=_shortcut_layer)
def layer_normalization(x: Tensor, gamma: Tensor, beta: Tensor, eps: float = 1e-5) -> Tensor:
    """Normalizes each row with its own mean and variance.

    Source: Ba et al., *Layer Normalization*, 2016.

    Args:
        x: The input, of shape ``(N, size)`` and floating point.
        gamma: The factors behind, of shape ``(size,)``.
        beta: What is added behind, of shape ``(size,)``.
        eps: Added to the variance.

    Returns:
        A variable of ``x``'s shape and dtype.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> one, zero = np.ones(2, np.float32), np.zeros(2, np.float32)
        >>> F.layer_normalization(np.array([[1.0, 3.0]], np.float32), one, zero, eps=0.0)
        variable([[-1.,  1.]])
    """
    if x.dtype is gamma.dtype is beta.dtype and not _is_slow(x.dtype, x):
        return torch.nn.functional.layer_norm(x, x.shape[1:], gamma, beta, eps)
    wide = _widest(x, gamma, beta)
    weights = (gamma.to(wide), beta.to(wide))
    return torch.nn.functional.layer_norm(x.to(wide), x.shape[1:], *weights, eps).to(x.dtype)


def _check_group(x: Tensor, gamma: Tensor, beta: Tensor, groups: int, eps: float) -> None:
    _checks.expect_floating(x, "in_types[0]")
    if x.ndim < 2:
        fail("in_types[0].ndim >= 2", f"{x.ndim} < 2")
    for i, weight in enumerate((gamma, beta), 1):
        _checks.expect_floating(weight, f"in_types[{i}]")
        _checks.expect_ndim(weight, f"in_types[{i}]", 1)
        if weight.shape[0] != x.shape[1]:
            fail(
                f"in_types[0].shape[1] == in_types[{i}].shape[0]", f"{x.shape[1]} != {len(weight)}"
            )


@function("GroupNormalization", check=_check_group)
def _group_normalization(x: Tensor, gamma: Tensor, beta: Tensor, groups: int, eps: float) -> Tensor:
    wide = _widest(x, gamma, beta)
    weights = (gamma.to(wide), beta.to(wide))
    return torch.nn.functional.group_norm(x.to(wide), groups, *weights, eps).to(x.dtype)


def group_normalization(x: Any, groups: int, gamma: Any, beta: Any, eps: float = 1e-5) -> Variable:
    """Normalizes each group of channels of each example with its own mean and variance.

    Source: Wu & He, *Group Normalization*, 2018.

    Args:
        x: The input, of shape ``(N, C, ...)`` and floating point.
        groups: The number of groups.
        gamma: The factors behind, of shape ``(C,)``.
        beta: What is added behind, of shape ``(C,)``.
        eps: Added to the variance.

    Returns:
        A variable of ``x``'s shape and dtype.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        TypeError: If ``groups`` is no int.
        ValueError: If ``C`` is no multiple of ``groups``.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> one, zero = np.ones(2, np.float32), np.zeros(2, np.float32)
        >>> F.group_normalization(np.array([[1.0, 3.0]], np.float32), 1, one, zero, eps=0.0)
        variable([[-1.,  1.]])
    """
    if not isinstance(groups, int):
        raise TypeError(f"groups must be an int; got {groups!r}")
    _checks.expect_array(x, "GroupNormalization")
    if len(x.shape) > 1 and x.shape[1] % groups:
        raise ValueError(f"{x.shape[1]} channels cannot be parted into {groups} equal groups")
    result: Variable = _group_normalization(x, gamma, beta, groups, eps)
    return result


def _check_response(x: Tensor, *options: Any) -> None:
    _checks.expect_floating(x, "in_types[0]")
    if x.ndim < 2:
        fail("in_types[0].ndim >= 2", f"{x.ndim} < 2")


@function("LocalResponseNormalization", check=_check_response)
def local_response_normalization(
    x: Tensor, n: int = 5, k: float = 2, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    """Divides by a power of the squares of neighbouring channels.

    Source: Krizhevsky et al., *ImageNet Classification with Deep Convolutional Neural Networks*,
    2012.

    Args:
        x: The input, of shape ``(N, C, ...)`` and floating point.
        n: How many channels are neighbours.
        k: Added to the sum.
        alpha: The factor of the sum.
        beta: The exponent.

    Returns:
        A variable of ``x``'s shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point or has less than two axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.ones((1, 1), np.float32)
        >>> F.local_response_normalization(x, k=3, alpha=1, beta=0.5)
        variable([[0.5]])
    """
    y: Tensor = _respond(x, n // 2, k, alpha, beta)
    return y


def _scale_and_power(
    x: Tensor, half: int, k: float, alpha: float, beta: float
) -> tuple[Tensor, Tensor]:
    squares = x * x
    if torch.is_grad_enabled():
        scale = (alpha * _window_sum(squares, half)).add_(k)
    else:
        scale = _sum_windows(squares, half).mul_(alpha).add_(k)
    # A power by way of the logarithm, in two thirds of the time of torch's own on a CPU.
    return scale, torch.log(scale).mul_(-beta).exp_()


class _Response(torch.autograd.Function):
    """The normalization, with a derivative that passes over memory ten times instead of fifteen."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, half: int, k: float, alpha: float, beta: float) -> Tensor:
        scale, power = _scale_and_power(x, half, k, alpha, beta)
        ctx.save_for_backward(x, scale, power)
        ctx.options = half, k, alpha, beta
        return x * power

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (x, scale, power), (gy,) = ctx.saved_tensors, grads
        half, _, alpha, beta = ctx.options
        if torch.is_grad_enabled():
            scale, power = _scale_and_power(x, *ctx.options)
        by_scale: Tensor = _window_sum((gy * power).mul_(x).div_(scale), half)
        gx = torch.addcmul(gy * power, by_scale, x, value=-2 * alpha * beta)
        return gx, None, None, None, None


_respond = caller(_Response)


def _sum_windows(x: Tensor, half: int) -> Tensor:
    total = x.clone()
    channels = x.shape[1]
    for i in range(1, min(half, channels - 1) + 1):
        rest = channels - i
        total.narrow(1, i, rest).add_(x.narrow(1, 0, rest))
        total.narrow(1, 0, rest).add_(x.narrow(1, i, rest))
    return total


class _WindowSum(torch.autograd.Function):
    """Sums of neighbouring channels. A window is symmetric, so this is its own derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, half: int) -> Tensor:
        ctx.half = half
        return _sum_windows(x, half)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        summed: Tensor = _window_sum(grad, ctx.half)
        return summed, None


_window_sum = caller(_WindowSum)


@function("NormalizeL2", check=_checks.floating)
def _normalize(x: Tensor, eps: float, axis: tuple[int, ...]) -> Tensor:
    wide = x if x.dtype is _float32 else x.to(_widest(x))
    norm: Tensor = torch.linalg.vector_norm(wide, 2, axis, True)
    y: Tensor = wide / (norm + eps)
    return y if wide is x else y.to(x.dtype)


def normalize(x: Any, eps: float = 1e-5, axis: Any = 1) -> Variable:
    """Divides by the Euclidean norm along axes.

    Args:
        x: A variable or array of floating point.
        eps: Added to the norm.
        axis: An axis or a tuple of axes.

    Returns:
        A variable of ``x``'s shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point.
        ValueError: If there is no such axis, or one stands twice.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.normalize(np.array([[3.0, 4.0]], np.float32), eps=0.0)
        variable([[0.6, 0.8]])
    """
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    _checks.expect_array(x, "NormalizeL2")
    ndim = len(x.shape)
    for a in axes:
        if not -ndim <= a < ndim:
            raise np.exceptions.AxisError(a, ndim)
    if len({a % ndim for a in axes}) < len(axes):
        raise ValueError(f"an axis stands twice: {axes}")
    result: Variable = _normalize(x, eps, axes)
    return result
