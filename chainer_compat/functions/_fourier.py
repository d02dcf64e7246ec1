"""Fourier transforms (Chainer: *Mathematical functions*)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from chainer_compat.errors import InvalidArgumentError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = ["fft", "ifft"]


def _check_fft(real: Tensor, imag: Tensor, inverse: bool) -> None:
    _checks.expect_floating(real, "real")
    if real.ndim < 1:
        fail("real.ndim > 0", f"{real.ndim} <= 0")
    if real.shape != imag.shape:
        fail("real.shape == imag.shape", f"{tuple(real.shape)} != {tuple(imag.shape)}")
    _checks.expect_same_dtype(real, imag, "real", "imag")


@function("FFT", check=_check_fft)
def _fft(real: Tensor, imag: Tensor, inverse: bool) -> tuple[Tensor, Tensor]:
    if real.shape[-1] == 0:
        raise InvalidArgumentError(
            f"the last axis has no elements to transform; the shape is {tuple(real.shape)}"
        )
    if real.numel() == 0:  # not every library behind torch takes that
        return real.clone(), imag.clone()
    dtype = real.dtype
    if dtype in (torch.float16, torch.bfloat16):
        real, imag = real.float(), imag.float()
    x = torch.complex(real, imag)
    y = torch.fft.ifft(x) if inverse else torch.fft.fft(x)
    return y.real.to(dtype), y.imag.to(dtype)


def fft(x: Any) -> Any:
    """Returns the discrete Fourier transform along the last axis.

    Args:
        x: A pair of variables or arrays of floating point, of one shape: real and imaginary parts.

    Returns:
        A pair of variables of that shape: real and imaginary parts.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        ValueError: If it is no pair, or the last axis has no elements.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([1.0, 0.0], np.float32)
        >>> F.fft((x, np.zeros_like(x)))
        (variable([1., 1.]), variable([0., 0.]))
    """
    real, imag = x
    return _fft(real, imag, False)


def ifft(x: Any) -> Any:
    """Returns the inverse discrete Fourier transform along the last axis.

    Args:
        x: A pair of variables or arrays of floating point, of one shape: real and imaginary parts.

    Returns:
        A pair of variables of that shape: real and imaginary parts.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        ValueError: If it is no pair, or the last axis has no elements.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([1.0, 1.0], np.float32)
        >>> F.ifft((x, np.zeros_like(x)))
        (variable([1., 0.]), variable([0., 0.]))
    """
    real, imag = x
    return _fft(real, imag, True)
