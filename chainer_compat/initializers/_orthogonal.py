"""The orthogonal initializer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainer_compat.backends._cpu import array_to_cpu
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.initializer import Initializer
from chainer_compat.initializers._filling import assign, prepared

__all__ = ["Orthogonal"]

# Mode -> (may have more inputs than outputs, may have more outputs than inputs).
_ALLOWED = {
    "auto": (True, True),
    "projection": (True, False),
    "embedding": (False, True),
    "basis": (False, False),
}


class Orthogonal(Initializer):
    """An orthogonal system: rows, or columns where these are fewer, at right angles.

    A matrix of normal elements is decomposed (QR), with the signs chosen so that the diagonal of
    R is not negative. Axes after the first count as one.

    Source: Saxe et al., *Exact solutions to the nonlinear dynamics of learning in deep linear
    neural networks* (https://arxiv.org/abs/1312.6120).

    Args:
        scale: The length of each vector.
        dtype: The dtype of the arrays that it fills; None for any.
        mode: Which shapes are taken: ``'auto'`` any, ``'projection'`` no more outputs than inputs
            (Chainer before version 7), ``'embedding'`` no more inputs than outputs, ``'basis'``
            square ones.
        rng: A generator with the method ``normal``, such as ``numpy.random.RandomState(0)``;
            None for NumPy's global stream, also for arrays on a GPU.

    Raises:
        ValueError: If there is no such mode.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import initializers
        >>> W = initializers.generate_array(initializers.Orthogonal(1), (3, 5), np, 'd')
        >>> np.allclose(W @ W.T, np.eye(3))
        True
    """

    def __init__(
        self, scale: Any = 1.1, dtype: Any = None, mode: str = "auto", *, rng: Any = None
    ) -> None:
        if mode not in _ALLOWED:
            raise InvalidArgumentError(f"mode is one of {', '.join(_ALLOWED)}; got {mode!r}")
        self.scale = scale
        self.mode = mode
        self.rng = rng
        super().__init__(dtype)

    def __call__(self, array: Any) -> None:
        """Fills an array in place.

        Args:
            array: An array of NumPy or CuPy, or a torch tensor. One without axes gets the scale
                with a random sign.

        Raises:
            ValueError: If it is empty, or its shape does not fit the mode.
            AssertionError: If its dtype is not the initializer's.
        """
        array = prepared(self, array)
        shape = tuple(array.shape)
        random = np.random if self.rng is None else self.rng
        if not shape:
            assign(array, self.scale * (2 * int(random.randint(2)) - 1))
            return
        out_dim, in_dim = self._checked(shape)
        matrix = array_to_cpu(random.normal(size=(out_dim, in_dim)))
        wide = in_dim > out_dim
        q, r = np.linalg.qr(matrix.T if wide else matrix)
        q = q * np.copysign(self.scale, np.diag(r))
        assign(array, (q.T if wide else q).reshape(shape))

    def _checked(self, shape: tuple[int, ...]) -> tuple[int, int]:
        out_dim, in_dim = shape[0], math.prod(shape[1:])
        if not out_dim * in_dim:
            raise InvalidArgumentError(f"an orthogonal system cannot be empty; got shape {shape}")
        wide_allowed, tall_allowed = _ALLOWED[self.mode]
        if (in_dim > out_dim and not wide_allowed) or (in_dim < out_dim and not tall_allowed):
            raise InvalidArgumentError(
                f"shape {shape}, {in_dim} inputs and {out_dim} outputs, makes no orthogonal "
                f"{self.mode}; choose another mode"
            )
        return out_dim, in_dim
