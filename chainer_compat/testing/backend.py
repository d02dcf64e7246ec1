"""Test methods for each of several devices (Chainer: *chainer.testing.inject_backend_tests*)."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from chainer_compat.backend import get_device, using_device
from chainer_compat.configuration import using_config
from chainer_compat.errors import (
    InvalidArgumentError,
    InvalidArgumentTypeError,
    UnexpectedArrayError,
)
from chainer_compat.testing import _bundle, attr

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["BackendConfig", "inject_backend_tests"]

_DEFAULTS = {
    "use_chainerx": False,
    "chainerx_device": None,
    "use_cuda": False,
    "cuda_device": None,
    "use_cudnn": "never",
    "cudnn_deterministic": False,
    "autotune": False,
    "cudnn_fast_batch_normalization": False,
    "use_ideep": "never",
}


class BackendConfig:
    """A device to test on, and the switches that go with it; a context manager that sets them.

    Args:
        params: Which of them differ from the CPU: ``use_cuda``, ``cuda_device`` (0 by default),
            ``use_cudnn``, ``cudnn_deterministic``, ``autotune``,
            ``cudnn_fast_batch_normalization``, ``use_ideep``, ``use_chainerx``,
            ``chainerx_device`` (which stands for a device of torch).

    Raises:
        TypeError: If ``params`` is no dict.
        ValueError: If it has an unknown name.

    Example:
        >>> from chainer_compat import testing
        >>> testing.BackendConfig({}).device
        <CpuDevice (numpy)>
    """

    use_chainerx: bool
    chainerx_device: str | None
    use_cuda: bool
    cuda_device: int | None
    use_cudnn: str
    cudnn_deterministic: bool
    autotune: bool
    cudnn_fast_batch_normalization: bool
    use_ideep: str

    def __init__(self, params: dict[str, Any]) -> None:
        if not isinstance(params, dict):
            raise InvalidArgumentTypeError(f"params is a dict; got {params!r}")
        unknown = sorted(set(params) - set(_DEFAULTS))
        if unknown:
            raise InvalidArgumentError(
                f"unknown parameters {', '.join(unknown)}; there are {', '.join(_DEFAULTS)}"
            )
        vars(self).update(_DEFAULTS, **params)
        if self.use_chainerx and not isinstance(self.chainerx_device, str):
            raise UnexpectedArrayError(
                f"chainerx_device is a text such as 'native:0'; got {self.chainerx_device!r}"
            )
        if self.use_cuda and self.cuda_device is None:
            self.cuda_device = 0
        self._entered: list[ExitStack] = []

    @property
    def xp(self) -> Any:
        """The array module of the device."""
        return self.device.xp

    @functools.cached_property
    def device(self) -> Any:
        """The device."""
        if self.use_cuda:
            return get_device(f"@cupy:{self.cuda_device}")
        if self.use_chainerx:
            return get_device(self.chainerx_device)
        return get_device("@numpy" if self.use_ideep == "never" else "@intel64")

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for name in ("use_cudnn", "cudnn_deterministic", "autotune", "use_ideep"):
                stack.enter_context(using_config(name, getattr(self, name)))
            stack.enter_context(using_device(self.device))
            self._entered.append(stack.pop_all())
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._entered.pop().close()

    def __repr__(self) -> str:
        shown = " ".join(f"{name}={getattr(self, name)!r}" for name in _DEFAULTS)
        return f"<BackendConfig {shown}>"

    def get_func_str(self) -> str:
        """Returns a text that can be part of the name of a class or a function."""
        values = {name: getattr(self, name) for name in _DEFAULTS}
        return "__".join(
            f"{name}_{str(value).lower() if isinstance(value, bool) else value}"
            for name, value in values.items()
        )

    def get_pytest_marks(self) -> list[Any]:
        """Returns the marks of a test that runs with it."""
        marks: list[Any] = []
        needed = 0
        if self.use_chainerx:
            marks.append(attr.chainerx)
            name, _, index = str(self.chainerx_device).partition(":")
            needed = int(index or 0) + 1 if name == "cuda" else 0
        elif self.use_cuda:
            needed = (self.cuda_device or 0) + 1
        elif self.use_ideep != "never":
            marks.append(attr.ideep)
        if needed:
            marks.append(attr.gpu)
        if self.use_cuda and self.use_cudnn != "never":
            marks.append(attr.cudnn)
        if needed > 1:
            marks.append(attr.multi_gpu(needed))
        return marks

    def get_array(self, np_array: Any) -> Any:
        """Sends arrays to the device.

        Args:
            np_array: An array, or a list or tuple of arrays.
        """
        return self.device.send(np_array)


def inject_backend_tests(method_names: Any, params: Any) -> Any:
    """Makes a test class for each device; its test methods get a :class:`BackendConfig`.

    Args:
        method_names: Which test methods take a device, as their first argument; None for all.
        params: The parameters of the devices.

    Returns:
        A decorator of test classes.

    Raises:
        TypeError: If an argument is of another type.

    Example:
        >>> import unittest
        >>> from chainer_compat import testing
        >>> @testing.inject_backend_tests(None, [{}, {'use_cuda': True}])
        ... class TestDevice(unittest.TestCase):
        ...     def test_device(self, backend_config):
        ...         self.assertIs(backend_config.xp, backend_config.device.xp)
        >>> len(TestDevice.cases)
        2
    """
    if not (method_names is None or isinstance(method_names, list)):
        raise InvalidArgumentTypeError(f"method_names is None or a list; got {method_names!r}")
    if not (isinstance(params, list) and all(isinstance(param, dict) for param in params)):
        raise InvalidArgumentTypeError(f"params is a list of dicts; got {params!r}")

    def generate(base: type) -> Iterator[tuple[str, dict[str, Any], _bundle.MethodWrapper]]:
        if method_names is not None:
            yield base.__name__, {}, _others(method_names)
        for param in params:
            config = BackendConfig(param)
            yield f"{base.__name__}_{config.get_func_str()}", {}, _injected(method_names, config)

    return _bundle.decorator(generate)


def _others(names: list[str]) -> _bundle.MethodWrapper:
    return lambda method: None if method.__name__ in names else method


def _injected(names: list[str] | None, config: BackendConfig) -> _bundle.MethodWrapper:
    def wrap(method: Any) -> Any:
        if names is not None and method.__name__ not in names:
            return None

        @functools.wraps(method)
        def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
            return method(self, config, *args, **kwargs)

        for mark in config.get_pytest_marks():
            wrapped = mark(wrapped)
        return wrapped

    return wrap
