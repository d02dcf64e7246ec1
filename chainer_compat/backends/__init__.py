"""The places where arrays live: NumPy on the CPU, CuPy and torch on a GPU."""

from chainer_compat.backends import cuda, intel64

__all__ = ["cuda", "intel64"]
