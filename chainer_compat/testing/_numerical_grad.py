"""Gradients by finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from chainer_compat._dtypes import is_arrays_compatible
from chainer_compat.backends import _crossing, cuda
from chainer_compat.configuration import using_config
from chainer_compat.errors import ChainerCompatError, UnexpectedArrayError

__all__ = ["NondifferentiableError", "dtype_of", "numerical_grad", "on_cpu"]

_Floats = np.ndarray[Any, np.dtype[np.float64]]


class NondifferentiableError(ChainerCompatError):
    """A numerical gradient was asked for where a function has a corner or a step."""


class _NotNumericalError(ChainerCompatError, RuntimeError):
    """Arrays that finite differences cannot be taken of."""


def dtype_of(array: Any) -> np.dtype[Any]:
    """The NumPy dtype of an array or a tensor.

    Args:
        array: An array of NumPy or CuPy, or a torch tensor.
    """
    if isinstance(array, torch.Tensor):
        return _crossing.numpy_dtype(array.dtype)
    dtype: np.dtype[Any] = array.dtype
    return dtype


def on_cpu(array: Any) -> Any:
    """A copy of an array as a NumPy array of float64; None for None.

    Args:
        array: An array of any library, a scalar, or None.
    """
    return None if array is None else np.array(cuda.to_cpu(array), np.float64)


def numerical_grad(
    f: Callable[[], Sequence[Any]],
    inputs: Sequence[Any],
    grad_outputs: Sequence[Any],
    eps: float = 1e-3,
    detect_nondifferentiable: bool = False,
    diff_atol: float = 0,
    diff_rtol: float = 1e-2,
    center_outputs: Any = None,  # noqa: ARG001 (Chainer does not use it either)
) -> list[Any]:
    """Returns the gradients of a function by finite differences.

    Args:
        f: Called without arguments; returns a tuple of arrays that it computes from the inputs.
        inputs: The arrays; each element is changed a little, in place, and put back.
        grad_outputs: The gradients of what ``f`` returns: arrays, scalars, or None for 0.
        eps: How much an element is changed, up and down.
        detect_nondifferentiable: Whether to look at five points instead of two, which gives
            better gradients and tells whether the function has a corner there.
        diff_atol: How far the five points may be off a parabola.
        diff_rtol: The same, relative to their range.
        center_outputs: Not used.

    Returns:
        For each input an array of its shape and dtype.

    Raises:
        RuntimeError: If an input is not of a float dtype, or arrays of GPU and CPU are mixed.
        NondifferentiableError: If the function has a corner or a step, and this was asked for.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import gradient_check
        >>> x = np.array([1.0, 2.0])
        >>> gx, = gradient_check.numerical_grad(lambda: (x ** 2,), (x,), (np.ones(2),))
        >>> gx.round(6)
        array([2., 4.])
    """
    if eps <= 0 or not isinstance(inputs, (tuple, list)):
        raise UnexpectedArrayError(
            "eps is positive, and the inputs are a tuple or a list of arrays"
        )
    arrays = [x for x in (*inputs, *grad_outputs) if x is not None and not np.isscalar(x)]
    if any(dtype_of(x).kind != "f" for x in inputs):
        raise _NotNumericalError("the inputs must be arrays of a float dtype")
    if not is_arrays_compatible(arrays):
        raise _NotNumericalError("the arrays must all be on the CPU or all on a GPU")
    offsets = (-1.0, -0.5, 0.0, 0.5, 1.0) if detect_nondifferentiable else (-1.0, 1.0)
    differences = _Differences(f, [on_cpu(gy) for gy in grad_outputs], eps, offsets)
    tolerances = (diff_atol, diff_rtol)
    with using_config("type_check", False):
        return [differences.gradient(i, x, tolerances) for i, x in enumerate(inputs)]


class _Differences:
    def __init__(
        self, f: Callable[[], Sequence[Any]], gys: list[Any], eps: float, offsets: Sequence[float]
    ) -> None:
        self.f = f
        self.gys = gys
        self.eps = eps
        self.offsets = offsets

    def gradient(self, position: int, x: Any, tolerances: tuple[float, float]) -> Any:
        """The gradient by one input, as an array like it."""
        values = x.detach() if isinstance(x, torch.Tensor) else x
        grad = np.zeros(tuple(x.shape), np.float64)
        for index in np.ndindex(grad.shape):
            samples = self._samples(values, index)
            if len(samples) == 5:
                place = f"i_in: {position}\nx: {x}\nindex on x: {index}\neps: {self.eps}"
                _check_smooth(samples, tolerances, place)
            grad[index] = self._slope(samples)
        return _like(grad, x)

    def _samples(self, x: Any, index: tuple[int, ...]) -> list[list[Any]]:
        """The outputs, with one element moved to each of the points."""
        before = x[index].clone() if isinstance(x, torch.Tensor) else x[index]
        samples = []
        for offset in self.offsets:
            x[index] = before + offset * self.eps
            samples.append(self._outputs())
        x[index] = before
        return samples

    def _outputs(self) -> list[Any]:
        ys = [on_cpu(y) for y in self.f()]
        if len(ys) != len(self.gys):
            raise UnexpectedArrayError(
                f"the function returns {len(ys)} arrays; {len(self.gys)} gradients were given"
            )
        for y, gy in zip(ys, self.gys, strict=True):
            if gy is not None and (y is None or (gy.ndim and y.shape != gy.shape)):
                shape = None if y is None else y.shape
                raise UnexpectedArrayError(f"an output of {shape} has a gradient of {gy.shape}")
        return ys

    def _slope(self, samples: list[list[Any]]) -> float:
        """The directional derivative, to first order from two points, to third from five."""
        total = 0.0
        for i, gy in enumerate(self.gys):
            if gy is None:
                continue
            ys = [sample[i] for sample in samples]
            if len(ys) == 2:
                total += ((ys[1] - ys[0]) * gy).sum() / (2 * self.eps)
            else:
                far = ys[0] - ys[4] + 8 * (ys[3] - ys[1])
                total += (far * gy).sum() / (6 * self.eps)
        return total


def _like(grad: _Floats, x: Any) -> Any:
    if isinstance(x, torch.Tensor):
        return torch.from_numpy(grad).to(x)
    return cuda.get_array_module(x).asarray(grad.astype(x.dtype))


def _check_smooth(samples: list[list[Any]], tolerances: tuple[float, float], place: str) -> None:
    """Raises unless each output is near a parabola through the five points."""
    outputs = [np.stack(ys) for ys in zip(*samples, strict=True) if ys[0] is not None]
    finite = [np.isfinite(ys) for ys in outputs]
    for i, (ys, flags) in enumerate(zip(outputs, finite, strict=True)):
        if (flags != flags[0]).any():
            raise _nondifferentiable(f"{place}\ni_out: {i}", ys)
    if not all(flags.all() for flags in finite):
        return  # not finite all around, as the logarithm left of 0: no corner
    atol, rtol = tolerances
    for i, ys in enumerate(outputs):
        spread = np.ptp(ys, axis=0)
        misfit = _misfit(ys)
        if ((misfit > atol + rtol * spread) & (spread > 0)).any():
            raise _nondifferentiable(
                f"{place}\ni_out: {i}\ndiff_rtol: {rtol}\ndiff_atol: {atol}\n"
                f"max - min: {spread}\nfitting errors: {misfit}",
                ys,
            )


_BASIS = np.linalg.qr(np.vander(np.arange(-2.0, 3.0), 3))[0]


def _misfit(ys: _Floats) -> Any:
    """The root mean square distance of five points from the nearest parabola."""
    rest = ys - np.tensordot(_BASIS @ _BASIS.T, ys, axes=1)
    return np.sqrt(np.mean(rest * rest, axis=0))


def _nondifferentiable(where: str, ys: _Floats) -> NondifferentiableError:
    names = ("x-eps  ", "x-eps/2", "x      ", "x+eps/2", "x+eps  ")
    points = "\n".join(f"y[{name}]: {y}" for name, y in zip(names, ys, strict=True))
    return NondifferentiableError(
        f"Tried to compute the numeric gradient on a non-differentiable point.\n\n{where}\n{points}"
    )
