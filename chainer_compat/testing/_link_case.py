"""The test cases of a link."""

from __future__ import annotations

import unittest
from typing import Any

import numpy as np

from chainer_compat import initializers
from chainer_compat.backend import CpuDevice
from chainer_compat.backends import cuda
from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError
from chainer_compat.initializer import Initializer
from chainer_compat.link import Link
from chainer_compat.testing._case_base import (
    CaseBase,
    LinkTestError,
    check_equal,
    check_variables,
    random_like,
    raw_or_on_cpu,
    until_differentiable,
)
from chainer_compat.variable import Variable

__all__ = ["InitializerArgument", "LinkInitializersTestCase", "LinkTestCase"]


class InitializerArgument:
    """An argument of a link's constructor, with the initializer that the link makes of it.

    Args:
        argument_value: What the constructor is given.
        expected_initializer: The initializer, or what stands for one.

    Raises:
        ValueError: If the initializer is None.
        TypeError: If it is none.
    """

    def __init__(self, argument_value: Any, expected_initializer: Any) -> None:
        if expected_initializer is None:
            raise InvalidArgumentError("the expected initializer cannot be None")
        initializers._check_is_initializer_like(expected_initializer)
        self.argument_value = argument_value
        self.expected_initializer = expected_initializer


def _argument_of(init: Any) -> Any:
    return init.argument_value if isinstance(init, InitializerArgument) else init


def _initializer_of(init: Any) -> Any:
    expected = init.expected_initializer if isinstance(init, InitializerArgument) else init
    if isinstance(expected, Initializer):
        return expected
    return initializers._get_initializer(expected)


def _check_initializer(init: Any) -> None:
    if init is None:
        raise InvalidArgumentError(
            "None as an initializer must come in an InitializerArgument, with what it stands for"
        )
    if not isinstance(init, InitializerArgument):
        initializers._check_is_initializer_like(init)


class _LinkCase(CaseBase):
    error = LinkTestError
    param_names: Any = ()

    def generate_params(self) -> Any:
        """Returns what is given to ``create_link``, a tuple of initializers; to be defined."""
        raise NotImplementedError("generate_params is not implemented.")

    def create_link(self, initializers: Any) -> Link:
        """Returns the link; to be defined.

        Args:
            initializers: What ``generate_params`` gave.
        """
        raise NotImplementedError("create_link is not implemented.")

    def forward(self, link: Link, inputs: tuple[Variable, ...], device: Any) -> Any:
        """Calls the link.

        Args:
            link: The link.
            inputs: The inputs.
            device: The device that they are on.

        Returns:
            The outputs, a tuple.
        """
        outputs = link(*inputs)
        return outputs if isinstance(outputs, tuple) else (outputs,)

    def _params(self) -> Any:
        inits = self.generate_params()
        if not isinstance(inits, (tuple, list)):
            raise InvalidArgumentTypeError("generate_params() must return a tuple or a list")
        for init in inits:
            _check_initializer(init)
        return inits

    def _link(self, inits: Any) -> Link:
        link = self.create_link([_argument_of(init) for init in inits])
        if not isinstance(link, Link):
            raise InvalidArgumentTypeError(f"create_link() must return a Link; got {type(link)}")
        link.to_device(self.backend_config.device)
        return link

    def _initialized(self, inits: Any) -> tuple[Link, Any, list[Any]]:
        """A link whose parameters have got their shapes, its inputs and outputs."""
        link = self._link(inits)
        inputs = self._sent(self._generated("generate_inputs"))
        outputs = self._forward(link, tuple(Variable(x) for x in inputs))
        link.cleargrads()
        return link, inputs, [cuda.to_cpu(y.tensor) for y in outputs]

    def _forward(self, link: Link, inputs: tuple[Variable, ...]) -> tuple[Variable, ...]:
        with self.backend_config:
            outputs = self.forward(link, inputs, self.backend_config.device)
        check_variables(outputs, self.backend_config.device, "forward", self.error)
        return outputs  # type: ignore[no-any-return]  # checked

    def _parameters(self, link: Link) -> list[Any]:
        for name in self.param_names:
            if getattr(link, name, None) is None:
                self.error.fail(f"Link does not have a parameter named '{name}'.")
        return [getattr(link, name) for name in self.param_names]


class LinkTestCase(_LinkCase, unittest.TestCase):
    """A test case of a link: outputs, and gradients of inputs and parameters.

    A test case defines ``generate_params()`` (initializers, or what stands for them),
    ``create_link(initializers)``, ``generate_inputs()`` (NumPy arrays) and
    ``forward_expected(link, inputs)`` (from and to tuples of NumPy arrays), and names the
    parameters in ``param_names``. It may define ``forward(link, inputs, device)``,
    ``before_test(test_name)``, ``generate_grad_outputs(outputs_template)`` and
    ``check_forward_outputs(outputs, expected_outputs)``, and set ``skip_forward_test``,
    ``skip_backward_test``, ``check_forward_options``, ``check_backward_options``,
    ``dodge_nondifferentiable``, ``numerical_grad_dtype`` and ``contiguous``, as in
    :class:`FunctionTestCase`.

    Example:
        >>> import unittest
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> from chainer_compat import testing
        >>> @testing.inject_backend_tests(None, [{}])
        ... class TestScale(testing.LinkTestCase):
        ...     param_names = ('W',)
        ...     def generate_params(self):
        ...         return np.random.uniform(1, 2, 3).astype(np.float32),
        ...     def create_link(self, initializers):
        ...         W, = initializers
        ...         class Scale(chainer.Link):
        ...             def __init__(self):
        ...                 super().__init__()
        ...                 with self.init_scope():
        ...                     self.W = chainer.Parameter(W, (3,))
        ...             def forward(self, x):
        ...                 return x * self.W
        ...         return Scale()
        ...     def generate_inputs(self):
        ...         return np.random.uniform(-1, 1, 3).astype(np.float32),
        ...     def forward_expected(self, link, inputs):
        ...         return inputs[0] * link.W.array,
        >>> suite = unittest.defaultTestLoader.loadTestsFromTestCase(TestScale.cases[0].klass)
        >>> suite.run(unittest.TestResult())
        <unittest.result.TestResult run=2 errors=0 failures=0>
    """

    check_forward_options: Any = None
    check_backward_options: Any = None
    skip_forward_test = False
    skip_backward_test = False
    dodge_nondifferentiable = False
    numerical_grad_dtype: Any = np.float64

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.check_forward_options = {}
        self.check_backward_options = {}
        super().__init__(*args, **kwargs)

    def forward_expected(self, link: Link, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Returns what the link should give, as NumPy arrays; to be defined.

        Args:
            link: The link, on the CPU.
            inputs: Its inputs, as NumPy arrays.
        """
        raise NotImplementedError("forward_expected() is not implemented.")

    def generate_grad_outputs(self, outputs_template: Any) -> tuple[Any, ...]:
        """Returns gradients of the outputs.

        Args:
            outputs_template: Arrays of their shapes and dtypes.
        """
        return random_like(outputs_template)

    def test_forward(self, backend_config: Any) -> None:
        """Tests the outputs.

        Args:
            backend_config: The device.
        """
        if self.skip_forward_test:
            raise unittest.SkipTest("skip_forward_test is set")
        self._begin("test_forward", backend_config)
        link = self._link(self._params())
        inputs = self._generated("generate_inputs")
        outputs = self._forward(link, tuple(Variable(x) for x in self._sent(inputs)))
        arrays = tuple(map(raw_or_on_cpu, outputs))
        link.to_device(CpuDevice())
        expected = self._generated("forward_expected", link, inputs)
        self.check_forward_outputs(arrays, expected)

    def test_backward(self, backend_config: Any) -> None:
        """Tests the gradients.

        Args:
            backend_config: The device.
        """
        if self.skip_backward_test:
            raise unittest.SkipTest("skip_backward_test is set")
        self._begin("test_backward", backend_config)
        until_differentiable(self._check_backward, self.dodge_nondifferentiable)

    def _check_backward(self) -> None:
        from chainer_compat import gradient_check

        inits = self._params()
        # This link only gives the shapes; the other one gets the parameters that are moved.
        first, inputs, outputs = self._initialized(inits)
        params = [param.array for param in self._parameters(first)]
        link, _, _ = self._initialized(inits)

        def forward(inputs: Any, params: Any) -> tuple[Variable, ...]:
            with link.init_scope():
                for name, param in zip(self.param_names, params, strict=True):
                    setattr(link, name, param)
            return self._forward(link, tuple(inputs))

        with self.error.raise_if_fail("backward is not implemented correctly"):
            gradient_check._check_backward_with_params(
                forward,
                inputs,
                self._sent(self._generated("generate_grad_outputs", outputs)),
                params=self._arranged(params),
                dtype=self.numerical_grad_dtype,
                detect_nondifferentiable=self.dodge_nondifferentiable,
                **self.check_backward_options,
            )


class LinkInitializersTestCase(_LinkCase, unittest.TestCase):
    """A test case of the initializers that a link takes.

    A test case defines ``generate_params()``, ``create_link(initializers)`` and
    ``generate_inputs()`` as for :class:`LinkTestCase`, ``param_names``, and
    ``get_initializers()``: for each argument of ``create_link`` the initializers to test, which
    must not be random; :class:`InitializerArgument` where an argument stands for another.
    """

    check_initializers_options: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.check_initializers_options = {}
        super().__init__(*args, **kwargs)

    def get_initializers(self) -> Any:
        """Returns the initializers to test, a list for each parameter; to be defined."""
        raise NotImplementedError("get_initializers is not implemented.")

    def test_initializers(self, backend_config: Any) -> None:
        """Tests that the parameters get the values of their initializers.

        Args:
            backend_config: The device.
        """
        self._begin("test_initializers", backend_config)
        for i, choices in enumerate(self._choices()):
            for init in choices:
                inits = list(self._params())
                inits[i] = init
                self._check_one(i, inits)

    def _choices(self) -> Any:
        choices = self.get_initializers()
        if not isinstance(choices, (tuple, list)) or not all(
            isinstance(inits, (tuple, list)) for inits in choices
        ):
            raise InvalidArgumentTypeError(
                "get_initializers() must return a tuple or a list of tuples or lists"
            )
        for inits in choices:
            for init in inits:
                _check_initializer(init)
        return choices

    def _check_one(self, i: int, inits: list[Any]) -> None:
        link, _, _ = self._initialized(inits)
        actual = cuda.to_cpu(self._parameters(link)[i].tensor)
        expected = np.empty_like(actual)
        _initializer_of(inits[i])(expected)
        check_equal((actual,), (expected,), self.error, **self.check_initializers_options)
