"""Whether backward passes agree with finite differences, along a random direction."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import numpy as np

from chainer_compat import _backprop
from chainer_compat._dtypes import get_array_types
from chainer_compat.backend import get_device_from_array, using_device
from chainer_compat.errors import ChainerCompatError, InvalidArgumentError
from chainer_compat.testing._numerical_grad import dtype_of, numerical_grad, on_cpu
from chainer_compat.testing.array import assert_allclose
from chainer_compat.variable import Parameter, Variable

__all__ = ["BackwardCheck", "ParamsInPlace", "ParamsPassed", "as_tuple", "check_grad_outputs"]


class _UnexpectedGradientError(ChainerCompatError, RuntimeError):
    """Something got a gradient that must not have one."""


def as_tuple(xs: Any) -> tuple[Any, ...]:
    """Returns a list or tuple as a tuple, anything else in a tuple.

    Args:
        xs: Anything.
    """
    return tuple(xs) if isinstance(xs, (tuple, list)) else (xs,)


def _shown(arrays: Sequence[Any]) -> str:
    return ", ".join(
        "None" if a is None else f"{tuple(a.shape)}:{dtype_of(a).name}" for a in arrays
    )


def check_grad_outputs(ys: Sequence[Any], gys: Sequence[Any]) -> None:
    """Raises unless gradients fit outputs.

    Args:
        ys: The outputs, as Variables; None among them.
        gys: Their gradients, as Variables or arrays; None among them.

    Raises:
        ValueError: If their numbers, shapes or dtypes differ.
    """
    if len(ys) != len(gys):
        problem = "There must be as many output gradients as outputs."
    elif all(
        y is None or gy is None or (y.shape == tuple(gy.shape) and y.dtype == dtype_of(gy))
        for y, gy in zip(ys, gys, strict=True)
    ):
        return
    else:
        problem = "Shapes and/or dtypes of outputs and output gradients do not match."
    raise InvalidArgumentError(
        f"{problem}\nOutput shapes and dtypes         : {_shown(ys)}\n"
        f"Output gradient shapes and dtypes: {_shown(gys)}"
    )


def run_backward(ys: Sequence[Any], gys: Sequence[Any], double: bool = False) -> None:
    """Runs a backward pass from those outputs that have a gradient.

    Args:
        ys: The outputs, as Variables; None among them.
        gys: Their gradients, as Variables; None among them.
        double: Whether to build a graph of the gradients.
    """
    pairs = [(y, gy) for y, gy in zip(ys, gys, strict=True) if y is not None and gy is not None]
    _backprop.backward(
        [y for y, _ in pairs], [gy for _, gy in pairs], enable_double_backprop=double
    )


class ParamsInPlace(AbstractContextManager["ParamsInPlace"]):
    """A function of inputs that reads its parameters from where they are.

    Args:
        func: The function.
        params: The parameters; while they are moved, their arrays are replaced.
    """

    def __init__(self, func: Callable[..., Any], params: tuple[Variable, ...]) -> None:
        self.func = func
        self.params = params
        self._before: list[Any] = []

    def arrays(self) -> list[Any]:
        """The parameters' arrays."""
        return [param.tensor.detach() for param in self.params]

    def call(self, xs: list[Any], arrays: list[Any] | None = None) -> tuple[Any, tuple[Any, ...]]:
        """Calls the function, with the parameters moved or not."""
        if arrays is not None:
            if not self._before:
                self._before = [(param, param.array) for param in self.params]
            for param, array in zip(self.params, arrays, strict=True):
                param.array = array
            # The function may run a backward pass of its own.
            _clear(xs, self.params)
        return self.func(*xs), self.params

    def __exit__(self, *exc_info: object) -> None:
        for param, array in self._before:
            param.array = array


class ParamsPassed(AbstractContextManager["ParamsPassed"]):
    """A function of inputs and parameters.

    Args:
        func: The function.
        params: The parameters, as arrays.
    """

    def __init__(self, func: Callable[..., Any], params: tuple[Any, ...]) -> None:
        if not all(isinstance(param, get_array_types()) for param in params):
            raise InvalidArgumentError(
                f"the parameters are arrays; got {', '.join(str(type(p)) for p in params)}"
            )
        self.func = func
        self.params = params

    def arrays(self) -> list[Any]:
        """The parameters' arrays."""
        return list(self.params)

    def call(self, xs: list[Any], arrays: list[Any] | None = None) -> tuple[Any, tuple[Any, ...]]:
        """Calls the function, with the parameters moved or not."""
        params = tuple(Parameter(array) for array in (arrays or self.params))
        return self.func(xs, params), params

    def __exit__(self, *exc_info: object) -> None:
        """Nothing was moved."""


def _clear(*groups: Sequence[Any]) -> None:
    for group in groups:
        for variable in group:
            if variable is not None:
                variable.grad_var = None


class BackwardCheck:
    """One check.

    Args:
        target: The function, with its parameters.
        xs: Its inputs, as arrays; None among them.
        gys: The gradients of its outputs, as arrays; None for a loss.
        eps: How far to go along the direction.
        atol: The absolute tolerance.
        rtol: The relative tolerance.
        no_gxs: Which inputs must not get a gradient; None for those that are not floats.
        dtype: To which dtype all is cast for the finite differences; None for no cast.
        detect_nondifferentiable: Whether to raise where the function has a corner.
    """

    def __init__(
        self,
        target: ParamsInPlace | ParamsPassed,
        xs: Any,
        gys: Any,
        *,
        eps: float,
        atol: float,
        rtol: float,
        no_gxs: Sequence[Any] | None,
        dtype: Any,
        detect_nondifferentiable: bool,
    ) -> None:
        if dtype is not None and np.dtype(dtype).kind != "f":
            raise InvalidArgumentError(f"`dtype` is a float type; got {dtype}")
        self.target = target
        self.xs = as_tuple(xs)
        self.gys = None if gys is None else as_tuple(gys)
        if no_gxs is None:
            no_gxs = [x is not None and dtype_of(x).kind != "f" for x in self.xs]
        elif len(no_gxs) != len(self.xs):
            raise InvalidArgumentError(
                f"Length of no_grads param and xs should be same.\n"
                f"Actual: {len(no_gxs)} != {len(self.xs)}"
            )
        self.no_gxs = no_gxs
        self.eps, self.atol, self.rtol = eps, atol, rtol
        self.dtype = dtype
        self.detect_nondifferentiable = detect_nondifferentiable
        self.device = get_device_from_array(*self.xs)

    def run(self) -> None:
        """Compares the two.

        Raises:
            AssertionError: If they disagree.
        """
        with ExitStack() as stack:
            stack.enter_context(using_device(self.device))
            stack.enter_context(self.target)
            # The forward pass comes first: it may give parameters their shapes.
            xs, ys, params = self._forward()
            gys = self._grad_outputs(ys)
            directions = self._directions(xs, params)
            backward = self._along(directions, xs, ys, params, gys)
            numeric = self._numeric(directions, gys)
            self._compare(numeric, backward, directions, gys)

    def _forward(self) -> tuple[list[Any], tuple[Any, ...], tuple[Any, ...]]:
        xs = [
            None if x is None else Variable(x, requires_grad=dtype_of(x).kind == "f")
            for x in self.xs
        ]
        ys, params = self.target.call(xs)
        _clear(xs, params)
        return xs, as_tuple(ys), params

    def _grad_outputs(self, ys: tuple[Any, ...]) -> list[Any]:
        """The outputs' gradients as NumPy arrays in the outputs' dtypes."""
        if self.gys is not None:
            check_grad_outputs(ys, self.gys)
            return [
                None if gy is None or y is None else on_cpu(gy).astype(y.dtype)
                for y, gy in zip(ys, self.gys, strict=True)
            ]
        if len(ys) != 1 or ys[0].shape != ():
            raise InvalidArgumentError(
                "y_grad can be left out only for a loss, which has one output of shape (); "
                f"the output shapes are {', '.join(str(y.shape) for y in ys)}"
            )
        return [np.ones((), ys[0].dtype)]

    def _wanted(self, xs: Sequence[Any]) -> list[Any]:
        return [x for x, no_gx in zip(xs, self.no_gxs, strict=True) if not no_gx]

    def _directions(self, xs: list[Any], params: Sequence[Any]) -> list[Any]:
        """A random direction in the space of inputs and parameters, an array for each."""
        shapes = [None if v is None else v.shape for v in (*self._wanted(xs), *params)]
        sizes = [0 if shape is None else math.prod(shape) for shape in shapes]
        parts = np.split(_unit_vector(sum(sizes)), np.cumsum(sizes)[:-1])
        return [
            None if shape is None else part.reshape(shape)
            for part, shape in zip(parts, shapes, strict=bool(shapes))
        ]

    def _along(
        self,
        directions: list[Any],
        xs: list[Any],
        ys: tuple[Any, ...],
        params: Sequence[Any],
        gys: list[Any],
    ) -> Any:
        """The derivative along the direction, by a backward pass."""
        run_backward(
            ys,
            [
                None if gy is None else Variable(self.device.send(gy), requires_grad=False)
                for gy in gys
            ],
        )
        for x, no_gx in zip(xs, self.no_gxs, strict=True):
            if no_gx and x.grad_var is not None:
                raise _UnexpectedGradientError("gradient of int variable must be None")
        total = 0
        for variable, direction in zip((*self._wanted(xs), *params), directions, strict=True):
            grad = None if variable is None else variable.grad_var
            if grad is not None:
                total += (on_cpu(grad.tensor) * direction).sum()
        return total

    def _numeric(self, directions: list[Any], gys: list[Any]) -> Any:
        """The derivative along the direction, by finite differences."""
        starts = [self._cast(array) for array in (*self._wanted(self.xs), *self.target.arrays())]
        delta = np.zeros((), np.float64)

        def moved() -> tuple[Any, ...]:
            arrays = [
                self._moved(start, direction, delta)
                for start, direction in zip(starts, directions, strict=True)
            ]
            rest = iter(arrays)
            xs = [
                self._kept(x) if no_gx else _variable_or_none(next(rest))
                for x, no_gx in zip(self.xs, self.no_gxs, strict=True)
            ]
            ys, _ = self.target.call(xs, list(rest))
            return tuple(None if y is None else y.tensor.detach().cpu() for y in as_tuple(ys))

        return numerical_grad(
            moved,
            (delta,),
            gys,
            eps=self.eps,
            detect_nondifferentiable=self.detect_nondifferentiable,
            diff_atol=0,
            diff_rtol=self.rtol,
        )[0]

    def _cast(self, array: Any) -> Any:
        """An array on the CPU in the dtype of the finite differences."""
        if array is None:
            return None
        return on_cpu(array).astype(dtype_of(array) if self.dtype is None else self.dtype)

    def _moved(self, start: Any, direction: Any, delta: Any) -> Any:
        if start is None:
            return None
        return self.device.send(np.asarray(start + delta * direction).astype(start.dtype))

    def _kept(self, x: Any) -> Any:
        """An input that is not moved, but has the others' dtype."""
        if x is None or dtype_of(x).kind != "f":
            return Variable(x, requires_grad=False)
        return Variable(self.device.send(self._cast(x)), requires_grad=False)

    def _compare(self, numeric: Any, backward: Any, directions: list[Any], gys: list[Any]) -> None:
        try:
            assert_allclose(numeric, backward, atol=self.atol, rtol=self.rtol)
        except AssertionError as error:
            groups = {"inputs": self.xs, "grad_outputs": gys, "directions": directions}
            arrays = "".join(
                f"{name}[{i}]:\n{array}\n"
                for name, group in groups.items()
                for i, array in enumerate(group)
            )
            raise AssertionError(
                f"check_backward failed (eps={self.eps} atol={self.atol} rtol={self.rtol})\n"
                f"{arrays}gradients (numeric):  {numeric}\ngradients (backward): {backward}\n\n"
                f"x: numeric gradient, y: backward gradient\n{error}"
            ) from None


def _variable_or_none(array: Any) -> Any:
    return None if array is None else Variable(array)


def _unit_vector(size: int) -> Any:
    """A random direction of length 1, whose elements keep away from 0.

    Where an element of the direction is small, an error in the gradient would not show.
    """
    drawn = np.random.normal(size=(size,))
    if size == 0:
        return drawn
    squares = drawn * drawn
    return np.copysign(np.sqrt(0.99 / squares.sum() * squares + 0.01 / size), drawn)
