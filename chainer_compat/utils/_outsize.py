"""How many elements a convolution gives along an axis."""

from __future__ import annotations

__all__ = ["get_conv_outsize", "get_deconv_outsize"]


def get_conv_outsize(size: int, k: int, s: int, p: int, cover_all: bool = False, d: int = 1) -> int:
    """Returns the size of a convolution's result along an axis.

    Args:
        size: The size of the input.
        k: The size of the kernel.
        s: The stride.
        p: The padding on both ends.
        cover_all: Whether the kernel may stick out at the end, so that all elements are seen.
        d: The dilation.

    Example:
        >>> from chainer_compat import utils
        >>> utils.get_conv_outsize(10, 3, 2, 0), utils.get_conv_outsize(10, 3, 2, 0, True)
        (4, 5)
    """
    room = size + 2 * p - ((k - 1) * d + 1)
    return (room + (s - 1 if cover_all else 0)) // s + 1


def get_deconv_outsize(
    size: int, k: int, s: int, p: int, cover_all: bool = False, d: int = 1
) -> int:
    """Returns the size of a deconvolution's result along an axis.

    Args:
        size: The size of the input.
        k: The size of the kernel.
        s: The stride.
        p: The padding on both ends.
        cover_all: Whether the convolution that it inverts has ``cover_all``.
        d: The dilation.

    Example:
        >>> from chainer_compat import utils
        >>> utils.get_deconv_outsize(4, 3, 2, 0), utils.get_deconv_outsize(5, 3, 2, 0, True)
        (9, 10)
    """
    full = s * (size - 1) + (k - 1) * d + 1 - 2 * p
    return full - (s - 1) if cover_all else full
