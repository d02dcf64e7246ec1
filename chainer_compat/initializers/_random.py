"""Initializers that draw every element by itself, from a normal or a uniform law.

On the CPU they draw from NumPy's global stream, so that a seed gives the weights that it gave
with Chainer. A CuPy array draws from CuPy's stream, a torch tensor on a GPU from torch's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from chainer_compat.backends import _crossing
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.initializer import Initializer, get_fans
from chainer_compat.initializers._filling import assign, is_on_cpu, prepared

__all__ = [
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LeCunNormal",
    "LeCunUniform",
    "Normal",
    "Uniform",
]


class _Drawn(Initializer):
    """Draws elements whose spread depends on the scale and, in most, on the shape."""

    def __init__(self, scale: Any, dtype: Any = None, *, rng: Any = None) -> None:
        self.scale = scale
        self.rng = rng
        super().__init__(dtype)

    def __call__(self, array: Any) -> None:
        """Fills an array in place.

        Args:
            array: An array of NumPy or CuPy, or a torch tensor.

        Raises:
            AssertionError: If its dtype is not the initializer's.
            ValueError: If its shape has no fan (see ``initializer.get_fans``), where one is needed.
        """
        array = prepared(self, array)
        shape = tuple(array.shape)
        spread = self._spread(shape)
        if self.rng is not None:
            assign(array, self._draw(self.rng, spread, shape))
        elif is_on_cpu(array):
            array[...] = self._draw(np.random, spread, shape)
        elif isinstance(array, torch.Tensor):
            self._draw_into(array.detach(), spread)
        else:
            array[...] = self._draw(_crossing.cupy_or_none().random, spread, shape)

    def _spread(self, shape: tuple[int, ...]) -> Any:
        return self.scale

    def _draw(self, random: Any, spread: Any, shape: tuple[int, ...]) -> Any:
        raise NotImplementedError

    def _draw_into(self, tensor: torch.Tensor, spread: Any) -> None:
        raise NotImplementedError


class Normal(_Drawn):
    """Elements from a normal law around 0.

    Args:
        scale: The standard deviation.
        dtype: The dtype of the arrays that it fills; None for any.
        rng: A generator with the method ``normal``, such as ``numpy.random.RandomState(0)``;
            None for the global stream.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import initializers
        >>> fixed = initializers.Normal(0.1, rng=np.random.RandomState(0))
        >>> initializers.generate_array(fixed, (2,), np)
        array([0.1764, 0.0400], dtype=float32)
    """

    def __init__(self, scale: Any = 0.05, dtype: Any = None, *, rng: Any = None) -> None:
        super().__init__(scale, dtype, rng=rng)

    def _draw(self, random: Any, spread: Any, shape: tuple[int, ...]) -> Any:
        return random.normal(loc=0.0, scale=spread, size=shape)

    def _draw_into(self, tensor: torch.Tensor, spread: Any) -> None:
        tensor.normal_(0.0, float(spread))


class Uniform(_Drawn):
    """Elements from a uniform law between ``-scale`` and ``scale``.

    Args:
        scale: The bound.
        dtype: The dtype of the arrays that it fills; None for any.
        rng: A generator with the method ``uniform``; None for the global stream.
    """

    def __init__(self, scale: Any = 0.05, dtype: Any = None, *, rng: Any = None) -> None:
        super().__init__(scale, dtype, rng=rng)

    def _draw(self, random: Any, spread: Any, shape: tuple[int, ...]) -> Any:
        return random.uniform(low=-spread, high=spread, size=shape)

    def _draw_into(self, tensor: torch.Tensor, spread: Any) -> None:
        tensor.uniform_(-float(spread), float(spread))


def _by_fan_in(numerator: float, shape: tuple[int, ...]) -> float:
    return math.sqrt(numerator / get_fans(shape)[0])


def _by_both_fans(numerator: float, shape: tuple[int, ...]) -> float:
    return math.sqrt(numerator / sum(get_fans(shape)))


class LeCunNormal(Normal):
    """Normal with a standard deviation of ``scale * sqrt(1 / fan_in)``; Chainer's default.

    Source: LeCun et al., *Efficient BackProp* (1998).

    Args:
        scale: A factor of the standard deviation.
        dtype: The dtype of the arrays that it fills; None for any.
        rng: A generator with the method ``normal``; None for the global stream.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import initializers
        >>> fixed = initializers.LeCunNormal(rng=np.random.RandomState(0))
        >>> initializers.generate_array(fixed, (1, 2), np)
        array([[1.2473, 0.2829]], dtype=float32)
    """

    def __init__(self, scale: Any = 1.0, dtype: Any = None, *, rng: Any = None) -> None:
        super().__init__(scale, dtype, rng=rng)

    def _spread(self, shape: tuple[int, ...]) -> Any:
        return self.scale * _by_fan_in(1.0, shape)


class GlorotNormal(Normal):
    """Normal with a standard deviation of ``scale * sqrt(2 / (fan_in + fan_out))``.

    Source: Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural
    networks* (AISTATS 2010).

    Args:
        scale: A factor of the standard deviation.
        dtype: The dtype of the arrays that it fills; None for any.
        rng: A generator with the method ``normal``; None for the global stream.
    """

    def __init__(self, scale: Any = 1.0, dtype: Any = None, *, rng: Any = None) -> None:
        super().__init__(scale, dtype, rng=rng)

    def _spread(self, shape: tuple[int, ...]) -> Any:
        return self.scale * _by_both_fans(2.0, shape)


class HeNormal(Normal):
    """Normal with a standard deviation of ``scale * sqrt(2 / fan)``.

    Source: He et al., *Delving deep into rectifiers* (https://arxiv.org/abs/1502.01852).

    Args:
        scale: A factor of the standard deviation.
        dtype: The dtype of the arrays that it fills; None for any.
        fan_option: Which fan: ``'fan_in'`` or ``'fan_out'``.
        rng: A generator with the method ``normal``; None for the global stream.

    Raises:
        ValueError: When called, if ``fan_option`` is something else.
    """

    def __init__(
        self,
        scale: Any = 1.0,
        dtype: Any = None,
        fan_option: str = "fan_in",
        *,
        rng: Any = None,
    ) -> None:
        self.fan_option = fan_option
        super().__init__(scale, dtype, rng=rng)

    def _spread(self, shape: tuple[int, ...]) -> Any:
        fan_in, fan_out = get_fans(shape)
        fans = {"fan_in": fan_in, "fan_out": fan_out}
        if self.fan_option not in fans:
            raise InvalidArgumentError(
                f"fan_option is 'fan_in' or 'fan_out'; got {self.fan_option!r}"
            )
        return self.scale * math.sqrt(2.0 / fans[self.fan_option])


class LeCunUniform(Uniform):
    """Uniform within ``scale * sqrt(3 / fan_in)``.

    Source: LeCun et al., *Efficient BackProp* (1998).

    Args:
        scale: A factor of the bound.
        dtype: The dtype of the arrays that it fills; None for any.
        rng: A generator with the method ``uniform``; None for the global stream.
    """

    def __init__(self, scale: Any = 1.0, dtype: Any = None, *, rng: Any = None) -> None:
        super().__init__(scale, dtype, rng=rng)

    def _spread(self, shape: tuple[int, ...]) -> Any:
        return self.scale * _by_fan_in(3.0, shape)


class GlorotUniform(Uniform):
    """Uniform within ``scale * sqrt(6 / (fan_in + fan_out))``.

    Source: Glorot and Bengio (AISTATS 2010).

    Args:
        scale: A factor of the bound.
        dtype: The dtype of the arrays that it fills; None for any.
        rng: A generator with the method ``uniform``; None for the global stream.
    """

    def __init__(self, scale: Any = 1.0, dtype: Any = None, *, rng: Any = None) -> None:
        super().__init__(scale, dtype, rng=rng)

    def _spread(self, shape: tuple[int, ...]) -> Any:
        return self.scale * _by_both_fans(6.0, shape)


class HeUniform(Uniform):
    """Uniform within ``scale * sqrt(6 / fan_in)``.

    Source: He et al. (https://arxiv.org/abs/1502.01852).

    Args:
        scale: A factor of the bound.
        dtype: The dtype of the arrays that it fills; None for any.
        rng: A generator with the method ``uniform``; None for the global stream.
    """

    def __init__(self, scale: Any = 1.0, dtype: Any = None, *, rng: Any = None) -> None:
        super().__init__(scale, dtype, rng=rng)

    def _spread(self, shape: tuple[int, ...]) -> Any:
        return self.scale * _by_fan_in(6.0, shape)
