"""The test case of a function."""

from __future__ import annotations

import unittest
from typing import Any

import numpy as np

from chainer_compat.testing._case_base import (
    CaseBase,
    FunctionTestError,
    check_variables,
    random_like,
    raw_or_on_cpu,
    until_differentiable,
)
from chainer_compat.testing._numerical_grad import dtype_of
from chainer_compat.testing.array import assert_allclose
from chainer_compat.variable import Variable

__all__ = ["FunctionTestBase", "FunctionTestCase"]


class FunctionTestBase(CaseBase):
    """What :class:`FunctionTestCase` does, for other frameworks of tests than unittest."""

    error = FunctionTestError
    check_forward_options: Any = None
    check_backward_options: Any = None
    check_double_backward_options: Any = None
    skip_forward_test = False
    skip_backward_test = False
    skip_double_backward_test = False
    dodge_nondifferentiable = False
    numerical_grad_dtype: Any = np.float64

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.check_forward_options = {}
        self.check_backward_options = {}
        self.check_double_backward_options = {}

    def forward(self, inputs: tuple[Variable, ...], device: Any) -> tuple[Variable, ...]:
        """Calls the function; to be defined.

        Args:
            inputs: Its inputs.
            device: The device that they are on.
        """
        raise NotImplementedError("forward() is not implemented.")

    def forward_expected(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Returns what the function should give, as NumPy arrays; to be defined.

        Args:
            inputs: Its inputs, as NumPy arrays.
        """
        raise NotImplementedError("forward_expected() is not implemented.")

    def generate_grad_outputs(self, outputs_template: tuple[Any, ...]) -> tuple[Any, ...]:
        """Returns gradients of the outputs.

        Args:
            outputs_template: Arrays of their shapes and dtypes.
        """
        return random_like(outputs_template)

    def generate_grad_grad_inputs(self, inputs_template: tuple[Any, ...]) -> tuple[Any, ...]:
        """Returns gradients of the inputs' gradients.

        Args:
            inputs_template: Arrays of their shapes and dtypes.
        """
        return random_like(inputs_template)

    def _forward(self, *inputs: Any) -> tuple[Variable, ...]:
        with self.backend_config:
            outputs = self.forward(inputs, self.backend_config.device)
        check_variables(outputs, self.backend_config.device, "forward", self.error)
        return outputs

    def run_test_forward(self, backend_config: Any) -> None:
        """Compares the outputs with those that are expected.

        Args:
            backend_config: The device.
        """
        if self.skip_forward_test:
            raise unittest.SkipTest("skip_forward_test is set")
        self._begin("test_forward", backend_config)
        on_cpu = self._arranged(self._generated("generate_inputs"))
        before = [array.copy() for array in on_cpu]
        expected = self._generated("forward_expected", on_cpu)
        inputs = self._sent(on_cpu)
        outputs = self._forward(
            *(Variable(x, requires_grad=dtype_of(x).kind == "f") for x in inputs)
        )
        self._check_unchanged(before, inputs)
        self.check_forward_outputs(tuple(map(raw_or_on_cpu, outputs)), expected)

    def _check_unchanged(self, before: list[Any], after: Any) -> None:
        changed = []
        for i, (old, new) in enumerate(zip(before, after, strict=True)):
            try:
                assert_allclose(old, new, atol=0, rtol=0)
            except AssertionError:
                changed.append(f"Input[{i}]:\nOriginal:\n{old}\nAfter forward:\n{new}\n")
        if changed:
            self.error.fail(
                "\n".join(["Input arrays have been modified during forward.", *changed])
            )

    def run_test_backward(self, backend_config: Any) -> None:
        """Compares the gradients with finite differences.

        Args:
            backend_config: The device.
        """
        if self.skip_backward_test:
            raise unittest.SkipTest("skip_backward_test is set")
        self._begin("test_backward", backend_config)
        until_differentiable(self._check_backward, self.dodge_nondifferentiable)

    def _check_backward(self) -> None:
        from chainer_compat import gradient_check

        inputs = self._generated("generate_inputs")
        outputs = self._generated("forward_expected", inputs)
        grads = self._generated("generate_grad_outputs", outputs)
        with self.error.raise_if_fail("backward is not implemented correctly"):
            gradient_check.check_backward(
                self._forward,
                self._sent(inputs),
                self._sent(grads),
                dtype=self.numerical_grad_dtype,
                detect_nondifferentiable=self.dodge_nondifferentiable,
                **self.check_backward_options,
            )

    def run_test_double_backward(self, backend_config: Any) -> None:
        """Compares the second gradients with finite differences of the first.

        Args:
            backend_config: The device.
        """
        if self.skip_double_backward_test:
            raise unittest.SkipTest("skip_double_backward_test is set")
        self._begin("test_double_backward", backend_config)
        until_differentiable(self._check_double_backward, self.dodge_nondifferentiable)

    def _check_double_backward(self) -> None:
        from chainer_compat import gradient_check

        inputs = self._generated("generate_inputs")
        outputs = self._generated("forward_expected", inputs)
        grads = self._generated("generate_grad_outputs", outputs)
        # Integers have no gradient to be differentiated.
        grad_grads = [
            gg
            for gg in self._generated("generate_grad_grad_inputs", inputs)
            if gg is None or gg.dtype.kind == "f"
        ]
        with (
            self.backend_config,
            self.error.raise_if_fail("double backward is not implemented correctly"),
        ):
            gradient_check.check_double_backward(
                self._forward,
                self._sent(inputs),
                self._sent(grads),
                self._sent(grad_grads),
                dtype=self.numerical_grad_dtype,
                detect_nondifferentiable=self.dodge_nondifferentiable,
                **self.check_double_backward_options,
            )


class FunctionTestCase(FunctionTestBase, unittest.TestCase):
    """A test case of a function: outputs, gradients and second gradients.

    A test case defines ``generate_inputs()`` (NumPy arrays), ``forward(inputs, device)`` (from and
    to tuples of Variables) and ``forward_expected(inputs)`` (from and to tuples of NumPy arrays).
    It may define ``before_test(test_name)``, ``generate_grad_outputs(outputs_template)``,
    ``generate_grad_grad_inputs(inputs_template)`` and ``check_forward_outputs(outputs,
    expected_outputs)``, and set:

    * ``skip_forward_test``, ``skip_backward_test``, ``skip_double_backward_test``;
    * ``check_forward_options``, ``check_backward_options``, ``check_double_backward_options``, the
      tolerances;
    * ``dodge_nondifferentiable``: draw inputs again where the function has a corner;
    * ``numerical_grad_dtype``: the dtype of the finite differences, float64 by default;
    * ``contiguous``: ``"C"`` for contiguous arrays, None for others.

    Example:
        >>> import unittest
        >>> import numpy as np
        >>> from chainer_compat import testing
        >>> @testing.inject_backend_tests(None, [{}])
        ... class TestSquare(testing.FunctionTestCase):
        ...     def generate_inputs(self):
        ...         return np.random.uniform(-1, 1, (2, 3)).astype(np.float32),
        ...     def forward(self, inputs, device):
        ...         x, = inputs
        ...         return x * x,
        ...     def forward_expected(self, inputs):
        ...         x, = inputs
        ...         return x ** 2,
        >>> suite = unittest.defaultTestLoader.loadTestsFromTestCase(TestSquare.cases[0].klass)
        >>> suite.run(unittest.TestResult())
        <unittest.result.TestResult run=3 errors=0 failures=0>
    """

    def test_forward(self, backend_config: Any) -> None:
        """Tests the outputs.

        Args:
            backend_config: The device.
        """
        self.run_test_forward(backend_config)

    def test_backward(self, backend_config: Any) -> None:
        """Tests the gradients.

        Args:
            backend_config: The device.
        """
        self.run_test_backward(backend_config)

    def test_double_backward(self, backend_config: Any) -> None:
        """Tests the second gradients.

        Args:
            backend_config: The device.
        """
        self.run_test_double_backward(backend_config)
