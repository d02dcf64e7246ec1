"""Checks of backward passes by finite differences (Chainer: *chainer.gradient_check*)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from chainer_compat.errors import ChainerCompatError
from chainer_compat.testing import array as _array
from chainer_compat.testing._backward_check import (
    BackwardCheck,
    ParamsInPlace,
    ParamsPassed,
    as_tuple,
    check_grad_outputs,
    run_backward,
)
from chainer_compat.testing._numerical_grad import (
    NondifferentiableError,
    dtype_of,
    numerical_grad,
)

if TYPE_CHECKING:
    from chainer_compat.variable import Variable

__all__ = [
    "NondifferentiableError",
    "assert_allclose",
    "check_backward",
    "check_double_backward",
    "numerical_grad",
]


def assert_allclose(
    x: Any, y: Any, atol: float = 1e-5, rtol: float = 1e-4, verbose: bool = True
) -> None:
    """Asserts that two arrays agree (deprecated: ``chainer.testing.assert_allclose``).

    Args:
        x: An array.
        y: What it is compared with.
        atol: The absolute tolerance.
        rtol: The tolerance relative to ``y``.
        verbose: Whether the message shows the arrays.
    """
    warnings.warn(
        "chainer.gradient_check.assert_allclose is deprecated; use chainer.testing.assert_allclose",
        DeprecationWarning,
        stacklevel=2,
    )
    _array.assert_allclose(x, y, atol, rtol, verbose)


def check_backward(
    func: Callable[..., Any],
    x_data: Any,
    y_grad: Any,
    params: Any = (),
    eps: float = 1e-3,
    atol: float = 1e-5,
    rtol: float = 1e-4,
    no_grads: Sequence[Any] | None = None,
    dtype: Any = None,
    detect_nondifferentiable: bool = False,
) -> None:
    """Asserts that the backward pass of a function agrees with finite differences.

    Both are taken along one random direction, drawn from NumPy's global stream, which needs but a
    few calls and misses an error with probability 0.

    Args:
        func: A function of Variables: a function, a Link, a FunctionNode wrapped so.
        x_data: The inputs, an array or a tuple of arrays.
        y_grad: The gradients of the outputs, an array or a tuple of arrays; None for a loss.
        params: Parameters that ``func`` reads, to be checked too; a Variable or several. Their
            arrays are replaced meanwhile, and put back.
        eps: The step of the finite differences.
        atol: The absolute tolerance.
        rtol: The relative tolerance.
        no_grads: For each input, whether it must get no gradient; None for those that are not
            floats.
        dtype: A float dtype to which all is cast for the finite differences; None for no cast.
        detect_nondifferentiable: Whether to raise where the function has a corner.

    Raises:
        AssertionError: If they disagree.
        NondifferentiableError: If the function has a corner there, and this was asked for.
        ValueError: If arguments do not fit together.
        RuntimeError: If something got a gradient that must not.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import gradient_check
        >>> x = np.array([1.0, 2.0])
        >>> gradient_check.check_backward(lambda x: x * x, x, np.ones(2))
    """
    BackwardCheck(
        ParamsInPlace(func, as_tuple(params)),
        x_data,
        y_grad,
        eps=eps,
        atol=atol,
        rtol=rtol,
        no_gxs=no_grads,
        dtype=dtype,
        detect_nondifferentiable=detect_nondifferentiable,
    ).run()


def _check_backward_with_params(
    func: Callable[..., Any],
    x_data: Any,
    y_grad: Any,
    params: Sequence[Any] = (),
    *,
    eps: float = 1e-3,
    atol: float = 1e-5,
    rtol: float = 1e-4,
    no_grads: Sequence[Any] | None = None,
    dtype: Any = None,
    detect_nondifferentiable: bool = False,
) -> None:
    """:func:`check_backward` of ``func(inputs, params)``, with the parameters as arrays."""
    BackwardCheck(
        ParamsPassed(func, tuple(params)),
        x_data,
        y_grad,
        eps=eps,
        atol=atol,
        rtol=rtol,
        no_gxs=no_grads,
        dtype=dtype,
        detect_nondifferentiable=detect_nondifferentiable,
    ).run()


class _UnexpectedGradientError(ChainerCompatError, RuntimeError):
    """Something got a gradient that must not have one."""


def check_double_backward(
    func: Callable[..., Any],
    x_data: Any,
    y_grad: Any,
    x_grad_grad: Any,
    params: Any = (),
    params_grad_grad: Any = (),
    eps: float = 1e-3,
    atol: float = 1e-4,
    rtol: float = 1e-3,
    no_grads: Sequence[Any] | None = None,
    dtype: Any = None,
    detect_nondifferentiable: bool = False,
) -> None:
    """Asserts that the second derivatives of a function agree with finite differences of the first.

    The first derivatives are taken for granted: :func:`check_backward` is for them.

    Args:
        func: A function of Variables.
        x_data: The inputs, an array or a tuple of arrays.
        y_grad: The gradients of the outputs, an array or a tuple of arrays.
        x_grad_grad: The gradients of the inputs' gradients, for those inputs that are floats.
        params: Parameters that ``func`` reads; a Variable or several.
        params_grad_grad: The gradients of the parameters' gradients.
        eps: The step of the finite differences.
        atol: The absolute tolerance.
        rtol: The relative tolerance.
        no_grads: For each input and then for each output's gradient, whether it must get no
            gradient; None for those that are not floats.
        dtype: A float dtype to which all is cast for the finite differences; None for no cast.
        detect_nondifferentiable: Whether to raise where the first derivative has a corner.

    Raises:
        AssertionError: If they disagree.
        NondifferentiableError: If a corner was met, and this was asked for.
        ValueError: If arguments do not fit together.
        RuntimeError: If something got a gradient that must not.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import gradient_check
        >>> x = np.array([1.0, 2.0])
        >>> gradient_check.check_double_backward(
        ...     lambda x: x * x * x, x, np.ones(2), np.ones(2))
    """
    xs, gys, params = as_tuple(x_data), as_tuple(y_grad), as_tuple(params)
    ggs = as_tuple(x_grad_grad) + as_tuple(params_grad_grad)
    try:
        check_backward(
            _FirstOrderGrad(func, xs, params),
            xs + gys,
            ggs,
            params=params,
            eps=eps,
            atol=atol,
            rtol=rtol,
            no_grads=no_grads,
            dtype=dtype,
            detect_nondifferentiable=detect_nondifferentiable,
        )
    except AssertionError as error:
        groups = {"input": xs, "grad_output": gys, "grad_grad": ggs}
        arrays = "".join(
            f"{name}[{i}]:\n{value}\n"
            for name, group in groups.items()
            for i, value in enumerate(group)
        )
        raise AssertionError(
            f"check_double_backward failed (eps={eps} atol={atol} rtol={rtol})\n{arrays}\n{error}"
        ) from None


class _FirstOrderGrad:
    """From inputs and the outputs' gradients to the gradients of inputs and parameters."""

    def __init__(
        self, func: Callable[..., Any], xs: tuple[Any, ...], params: tuple[Variable, ...]
    ) -> None:
        self.func = func
        self.params = params
        self.differentiable = [dtype_of(x).kind == "f" for x in xs]

    def __call__(self, *inputs: Any) -> tuple[Any, ...]:
        n = len(self.differentiable)
        xs, gys = inputs[:n], inputs[n:]
        ys = as_tuple(self.func(*xs))
        # What the finite differences have cast to float64 must fit the outputs again.
        gys = tuple(_cast(gy, y) for gy, y in zip(gys, ys, strict=len(gys) == len(ys)))
        check_grad_outputs(ys, gys)
        run_backward(ys, gys, double=True)
        for i, (x, wanted) in enumerate(zip(xs, self.differentiable, strict=True)):
            if not wanted and x.grad_var is not None:
                raise _UnexpectedGradientError(
                    f"input {i} of dtype {x.dtype} got a gradient, which it must not"
                )
        found = [x.grad_var for x, wanted in zip(xs, self.differentiable, strict=True) if wanted]
        return (*found, *(param.grad_var for param in self.params))


def _cast(gy: Any, y: Any) -> Any:
    if gy is None or y is None or gy.dtype == y.dtype:
        return gy
    from chainer_compat.functions import cast

    return cast(gy, y.dtype)
