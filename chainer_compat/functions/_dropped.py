"""States and connections that are dropped at random (Chainer: *Noise injections*)."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat import _version1
from chainer_compat._variable import Variable, as_variable
from chainer_compat.configuration import config
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._derivatives import caller
from chainer_compat.utils.argument import assert_kwargs_empty
from chainer_compat.utils.type_check import fail

__all__ = ["simplified_dropconnect", "zoneout"]


def _kept(shape: tuple[int, ...], ratio: float, device: torch.device) -> Tensor:
    """Which elements stay, each with the probability ``1 - ratio``."""
    if device.type != "cpu":
        return torch.rand(shape, device=device) >= ratio
    drawn: Any = np.random.rand(*shape) >= ratio  # noqa: NPY002 -- Chainer's stream
    return torch.from_numpy(np.asarray(drawn))


class _Chosen(torch.autograd.Function):
    """One array where a flag is set, another elsewhere, in a third of the time of torch's `where`.

    That has a branch for each element, which nobody can predict where flags are random.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(flags: Tensor, x: Tensor, h: Tensor) -> Tensor:
        bits = _BITS[x.dtype]
        where = flags.view(torch.uint8).to(bits).neg_()
        of_x, of_h = x.view(bits), h.view(bits)
        return (of_x ^ of_h).bitwise_and_(where).bitwise_xor_(of_h).view(x.dtype)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(inputs[0])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        (gy,) = grads
        (flags,) = ctx.saved_tensors
        numbers = flags.view(torch.uint8).to(gy.dtype)
        return None, gy * numbers, gy * (1 - numbers)


_chosen = caller(_Chosen)

# Integers of the size of a dtype.
_BITS = {
    torch.float16: torch.int16,
    torch.bfloat16: torch.int16,
    torch.float32: torch.int32,
    torch.float64: torch.int64,
}


def _check_zoneout(h: Tensor, x: Tensor, *options: Any) -> None:
    _checks.expect_broadcast(h, x)


@function("Zoneout", check=_check_zoneout)
def _zoneout(h: Tensor, x: Tensor, ratio: float, drawn: list[Tensor]) -> Tensor:
    if not drawn:
        drawn.append(_kept(tuple(x.shape), ratio, x.device))
    if x.shape == h.shape and x.dtype is h.dtype and x.dtype in _BITS:
        y: Tensor = _chosen(drawn[0], x, h)
        return y
    return torch.where(drawn[0], x, h)


def zoneout(h: Any, x: Any, ratio: float = 0.5, *version_1: Any, **kwargs: Any) -> Any:
    """Lets random elements keep their last value, in training; else returns ``x``.

    On the CPU the elements are drawn from NumPy's global generator, as in Chainer.

    Source: Krueger et al., *Zoneout: Regularizing RNNs by Randomly Preserving Hidden Activations*,
    2016.

    Args:
        h: The last values, a variable or array.
        x: The new values, of the same shape and dtype.
        ratio: The probability of an element to keep its last value.
        *version_1: ``train``, as below.
        **kwargs: ``train``, Chainer 1's switch, instead of ``config.train``.

    Returns:
        A variable of the same shape and dtype; in testing ``x`` as it is.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.zoneout(np.zeros(2, np.float32), np.ones(2, np.float32), ratio=0.0)
        variable([1., 1.])
    """
    _version1.switches(kwargs, version_1, "train")
    switch = _version1.take(kwargs, "train")
    assert_kwargs_empty(kwargs)
    with switch or contextlib.nullcontext():
        return _zoneout(h, x, ratio, []) if config.train else x


def _check_dropconnect(
    x: Tensor,
    W: Tensor,
    b: Tensor | None,
    ratio: float,
    drawn: list[Tensor],
    use_batchwise_mask: bool,
) -> None:
    _checks.expect_floating(x, "x")
    _checks.expect_floating(W, "W")
    if x.ndim < 2:
        fail("x.ndim >= 2", f"{x.ndim} < 2")
    _checks.expect_ndim(W, "W", 2)
    size = x.shape[1:].numel()
    if size != W.shape[1]:
        fail("prod(x.shape[1:]) == W.shape[1]", f"{size} != {W.shape[1]}")
    if b is not None:
        _checks.expect_same_dtype(b, x, "b", "x")
        if b.shape != W.shape[:1]:
            fail("b.shape == W.shape[:1]", f"{tuple(b.shape)} != {tuple(W.shape[:1])}")
    for mask in drawn:
        if mask.shape not in {W.shape, (len(x), *W.shape)}:
            fail(f"mask.shape == {(len(x), *W.shape)}", f"{tuple(mask.shape)}")


@function("SimplifiedDropconnect", check=_check_dropconnect)
def _dropconnect(
    x: Tensor,
    W: Tensor,
    b: Tensor | None,
    ratio: float,
    drawn: list[Tensor],
    use_batchwise_mask: bool,
) -> Tensor:
    flat = x.flatten(1)
    if not drawn:
        shape = (len(x), *W.shape) if use_batchwise_mask else tuple(W.shape)
        drawn.append(_kept(shape, ratio, x.device))
    weights = W * (1.0 / (1 - ratio)) * drawn[0]
    wide = torch.promote_types(weights.dtype, x.dtype)
    weights, flat = weights.to(wide), flat.to(wide)
    if weights.ndim == 2:
        y = flat @ weights.T
    else:
        y = torch.matmul(weights, flat.unsqueeze(2)).squeeze(2)
    y = y.to(x.dtype)
    result: Tensor = y if b is None else y + b
    return result


def simplified_dropconnect(
    x: Any,
    W: Any,
    b: Any = None,
    ratio: float = 0.5,
    train: bool = True,
    mask: Any = None,
    use_batchwise_mask: bool = True,
) -> Variable:
    """Returns ``x Wᵀ + b`` with random weights set to 0 and the others scaled up.

    On the CPU the weights are drawn from NumPy's global generator, as in Chainer. It averages
    before an activation, not behind it as the paper does.

    Source: Wan et al., *Regularization of Neural Networks using DropConnect*, 2013.

    Args:
        x: The input, of shape ``(N, ...)``; the axes behind the first are flattened.
        W: The weights, of shape ``(out_size, in_size)``.
        b: The bias, of shape ``(out_size,)``.
        ratio: The probability of a weight to be set to 0, below 1.
        train: False to set none to 0; ``config.train`` does not count.
        mask: Factors of the weights to use instead, of shape ``(N, out_size, in_size)`` or
            ``(out_size, in_size)``.
        use_batchwise_mask: Draw for each element of the batch.

    Returns:
        A variable of shape ``(N, out_size)`` and of ``x``'s dtype.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        ZeroDivisionError: If the ratio is 1.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x, W = np.ones((1, 2), np.float32), np.ones((1, 2), np.float32)
        >>> F.simplified_dropconnect(x, W, mask=np.array([[[True, False]]]))
        variable([[2.]])
    """
    if not train:
        ratio = 0
    # What is drawn stays here, for whoever runs the node again.
    drawn = [] if mask is None else [as_variable(mask).tensor.detach()]
    result: Variable = _dropconnect(x, W, b, ratio, drawn, use_batchwise_mask)
    return result
