"""CUDA: torch runs the kernels, CuPy (an optional extra) gives the raw arrays.

Nothing here touches the GPU or imports CuPy before it is used.
Source: Chainer's reference, *chainer.backends.cuda*.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import torch

from chainer_compat._unsupported import unsupported
from chainer_compat.backends import _crossing
from chainer_compat.backends._cpu import array_to_cpu
from chainer_compat.backends._cuda_device import (
    Device,
    DummyDevice,
    DummyDeviceType,
    GpuDevice,
    array_to_gpu,
    check_cuda_available,
)
from chainer_compat.configuration import config
from chainer_compat.errors import InvalidArgumentTypeError, MissingDependencyError

__all__ = [
    "Device",
    "DummyDevice",
    "DummyDeviceType",
    "Event",
    "GpuDevice",
    "Stream",
    "available",
    "check_cuda_available",
    "clear_memo",
    "copy",
    "cudnn_enabled",
    "cupy",
    "elementwise",
    "fuse",
    "get_array_module",
    "get_device",
    "get_device_from_array",
    "get_device_from_id",
    "get_max_workspace_size",
    "memoize",
    "ndarray",
    "raw",
    "reduce",
    "set_max_workspace_size",
    "should_use_cudnn",
    "should_use_cudnn_tensor_core",
    "to_cpu",
    "to_gpu",
]

available: bool
cudnn_enabled: bool
cupy: Any
ndarray: Any
Stream: Any
Event: Any


class _MissingCupy:
    """Stands where CuPy would be; raises when something of it is used."""

    def __getattr__(self, name: str) -> NoReturn:
        # Probes of inspect, copy and pickle expect AttributeError for what is not there.
        if name.startswith("__"):
            raise AttributeError(name)
        raise MissingDependencyError(
            f"cupy.{name} needs CuPy, which is not installed: pip install 'chainer-compat[cuda]'"
        )

    def __repr__(self) -> str:
        return "<cupy: not installed>"


class _NoArray:
    """The type of CuPy's arrays where CuPy is not installed: nothing is an instance of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise _cupy_needed("cupy.ndarray")

    @property
    def device(self) -> NoReturn:
        """Raises: there is no array."""
        raise _cupy_needed("cupy.ndarray")

    @property
    def shape(self) -> NoReturn:
        """Raises: there is no array."""
        raise _cupy_needed("cupy.ndarray")

    def get(self, stream: Any = None) -> Any:
        """Raises: there is no array to be copied.

        Args:
            stream: A stream.
        """
        raise _cupy_needed("cupy.ndarray")

    def set(self, arr: Any, stream: Any = None) -> None:
        """Raises: there is no array to copy into.

        Args:
            arr: An array of NumPy.
            stream: A stream.
        """
        raise _cupy_needed("cupy.ndarray")


class _NoStream:
    """A stream or an event where CuPy is not installed: there is nothing to wait for."""

    null: _NoStream

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Takes what CuPy's take."""

    def __enter__(self) -> _NoStream:
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Nothing was entered."""

    def synchronize(self) -> None:
        """Does nothing."""


# CuPy has it as an attribute of the class: ``cuda.Stream.null.synchronize()``.
_NoStream.null = _NoStream()


_MISSING_CUPY = _MissingCupy()


def _cupy_needed(name: str) -> MissingDependencyError:
    return MissingDependencyError(
        f"{name} needs CuPy, which is not installed: pip install 'chainer-compat[cuda]'"
    )


def _cupy() -> Any:
    module = _crossing.cupy_or_none()
    return _MISSING_CUPY if module is None else module


def _cupy_ndarray() -> Any:
    module = _crossing.cupy_or_none()
    return _NoArray if module is None else module.ndarray


def _cupy_cuda(name: str) -> Any:
    module = _crossing.cupy_or_none()
    return _NoStream if module is None else getattr(module.cuda, name)


def _cudnn_enabled() -> bool:
    cudnn: Any = torch.backends.cudnn
    return bool(torch.cuda.is_available() and cudnn.is_available())


_DROPOUT = "torch keeps the states of cuDNN's dropout: use `functions.n_step_lstm` and the like."
get_cudnn_dropout_states = unsupported("chainer.backends.cuda.get_cudnn_dropout_states", _DROPOUT)
get_cudnn_dropout_states_core = unsupported(
    "chainer.backends.cuda.get_cudnn_dropout_states_core", _DROPOUT
)


# Looked up at each use: asking at import would load the driver and CuPy.
_LAZY: dict[str, Callable[[], Any]] = {
    "available": torch.cuda.is_available,
    "cudnn_enabled": _cudnn_enabled,
    "cupy": _cupy,
    "ndarray": _cupy_ndarray,
    "Stream": lambda: _cupy_cuda("Stream"),
    "Event": lambda: _cupy_cuda("Event"),
}


def __getattr__(name: str) -> Any:
    lazy = _LAZY.get(name)
    if lazy is not None:
        return lazy()
    from chainer_compat._unsupported import missing_name
    from chainer_compat.backends import _cuda_version1

    if name in _cuda_version1.__all__:
        return getattr(_cuda_version1, name)
    raise missing_name(__name__, name)


def get_device_from_id(device_id: int | None) -> Any:
    """Returns the GPU of an id.

    Args:
        device_id: The GPU's number; None or a negative one gives :data:`DummyDevice`, the CPU.

    Raises:
        RuntimeError: If there is no such GPU.

    Example:
        >>> from chainer_compat.backends import cuda
        >>> cuda.get_device_from_id(-1).id
        -1
    """
    if device_id is None or int(device_id) < 0:
        return DummyDevice
    return Device(int(device_id))


def get_device_from_array(*arrays: Any) -> Any:
    """Returns the GPU that the first array on a GPU lives on, else :data:`DummyDevice`.

    Args:
        *arrays: Arrays of any library.
    """
    for array in arrays:
        found = GpuDevice.from_array(array)
        if found is not None:
            return found.device
    return DummyDevice


def get_device(*args: Any) -> Any:
    """Returns the GPU of the first argument that tells of one (superseded since Chainer 2).

    Args:
        *args: Each a number, a device, or an array; None counts as nothing.

    Raises:
        RuntimeError: If there is no such GPU.
    """
    for arg in args:
        if isinstance(arg, (Device, DummyDeviceType)):
            return arg
        # bool is an int, yet True has never been a device number.
        if isinstance(arg, (int, np.integer)) and not isinstance(arg, (bool, np.bool_)):
            return get_device_from_id(int(arg))
        found = get_device_from_array(arg)
        if found is not DummyDevice:
            return found
    return DummyDevice


def to_gpu(array: Any, device: Any = None, stream: Any = None) -> Any:
    """Copies an array, or a list or tuple of arrays, to a GPU.

    Args:
        array: An array of NumPy, CuPy or torch, or a list or tuple of such; None is passed on.
        device: The GPU (a number or a device); the current one if None.
        stream: A CuPy stream to copy in; the current one if None.

    Returns:
        CuPy arrays, or torch tensors where CuPy is not installed; what is already on the GPU
        is passed on as it is.

    Raises:
        RuntimeError: If there is no GPU.
    """
    check_cuda_available()
    target = torch.cuda.current_device() if device is None else _device_number(device)
    if isinstance(array, (list, tuple)):
        return type(array)(array_to_gpu(one, target, stream) for one in array)
    return array_to_gpu(array, target, stream)


def _device_number(device: Any) -> int:
    number = int(getattr(device, "id", device))
    if number < 0:
        raise InvalidArgumentTypeError(f"{device!r} is no GPU")
    return number


def to_cpu(array: Any, stream: Any = None) -> Any:
    """Copies an array, or a list or tuple of arrays, to the CPU.

    Args:
        array: An array of NumPy, CuPy or torch, or a list or tuple of such; None is passed on.
        stream: A CuPy stream to copy in; the current one if None.

    Returns:
        NumPy arrays; what is already on the CPU is passed on as it is.

    Raises:
        TypeError: If there is something that is no array.

    Example:
        >>> import numpy as np
        >>> from chainer_compat.backends import cuda
        >>> x = np.arange(3)
        >>> cuda.to_cpu(x) is x
        True
    """
    if isinstance(array, (list, tuple)):
        return type(array)(to_cpu(one, stream) for one in array)
    if stream is not None and hasattr(array, "get"):
        return array.get(stream)
    return array_to_cpu(array)


def copy(array: Any, out: Any = None, out_device: Any = None, stream: Any = None) -> Any:
    """Copies an array on a GPU.

    Args:
        array: An array.
        out: The array to copy into, on any GPU; a new one if None.
        out_device: The GPU of a new array.
        stream: A CuPy stream to copy in; the current one if None.

    Raises:
        RuntimeError: If there is no GPU.
        TypeError: If both ``out`` and ``out_device`` are given.
    """
    check_cuda_available()
    if out is not None and out_device is not None:
        raise InvalidArgumentTypeError("give `out` or `out_device`, not both")
    if out is None:
        moved = to_gpu(array, out_device, stream)
        return moved.copy() if moved is array else moved
    _crossing.as_tensor(out).copy_(_crossing.as_tensor(array))
    return out


def get_array_module(*args: Any) -> Any:
    """Returns CuPy if an argument is a CuPy array (or a Variable over one), else NumPy.

    Args:
        *args: Arrays, Variables or anything else.

    Example:
        >>> import numpy as np
        >>> from chainer_compat.backends import cuda
        >>> cuda.get_array_module(np.zeros(3)) is np
        True
    """
    for arg in args:
        if type(arg) is np.ndarray:
            continue
        tensor = arg if isinstance(arg, torch.Tensor) else getattr(arg, "tensor", None)
        on_gpu = isinstance(tensor, torch.Tensor) and tensor.is_cuda
        if on_gpu or hasattr(arg, "__cuda_array_interface__"):
            return _cupy()
    return np


def _kernel(kind: str, *args: Any, **kwargs: Any) -> Any:
    check_cuda_available()
    return _compiled(kind, args, tuple(sorted(kwargs.items())))


@functools.cache
def _compiled(kind: str, args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...]) -> Any:
    return getattr(_cupy(), kind)(*args, **dict(kwargs))


def elementwise(in_params: str, out_params: str, operation: str, name: str, **kwargs: Any) -> Any:
    """Returns CuPy's elementwise kernel of a source, compiled once.

    Args:
        in_params: The inputs, ``"T x, T y"``.
        out_params: The outputs.
        operation: The body, in CUDA C++.
        name: The kernel's name.
        **kwargs: Passed to ``cupy.ElementwiseKernel``.

    Raises:
        RuntimeError: If there is no GPU.
        ImportError: If CuPy is not installed.
    """
    return _kernel("ElementwiseKernel", in_params, out_params, operation, name, **kwargs)


def reduce(
    in_params: str,
    out_params: str,
    map_expr: str,
    reduce_expr: str,
    post_map_expr: str,
    identity: Any,
    name: str,
    **kwargs: Any,
) -> Any:
    """Returns CuPy's reduction kernel of a source, compiled once.

    Args:
        in_params: The inputs, ``"T x"``.
        out_params: The outputs.
        map_expr: What each element is turned into.
        reduce_expr: How two of these, ``a`` and ``b``, are joined.
        post_map_expr: What is done with the last one.
        identity: The value of an empty reduction.
        name: The kernel's name.
        **kwargs: Passed to ``cupy.ReductionKernel``.

    Raises:
        RuntimeError: If there is no GPU.
        ImportError: If CuPy is not installed.
    """
    return _kernel(
        "ReductionKernel",
        in_params,
        out_params,
        map_expr,
        reduce_expr,
        post_map_expr,
        identity,
        name,
        **kwargs,
    )


def raw(code: str, name: str, *args: Any, **kwargs: Any) -> Any:
    """Returns CuPy's raw kernel of a source, compiled once.

    Args:
        code: The source, in CUDA C++.
        name: The kernel's name.
        *args: Passed to ``cupy.RawKernel``.
        **kwargs: Likewise.

    Raises:
        RuntimeError: If there is no GPU.
        ImportError: If CuPy is not installed.
    """
    return _kernel("RawKernel", code, name, *args, **kwargs)


def fuse(*args: Any, **kwargs: Any) -> Any:
    """Decorates a function to be fused by CuPy; without CuPy the function stays as it is.

    Args:
        *args: The function, or nothing when used with keywords.
        **kwargs: Passed to ``cupy.fuse``.
    """
    module = _crossing.cupy_or_none()
    if module is not None:
        return module.fuse(*args, **kwargs)
    if args and callable(args[0]):
        return args[0]
    return lambda function: function


_memos: list[Any] = []


def memoize(for_each_device: bool = False) -> Callable[[Any], Any]:
    """Decorates a function whose results are kept, by its arguments.

    Args:
        for_each_device: Keep them for each GPU apart.
    """

    def decorate(function: Any) -> Any:
        @functools.cache
        def remembered(device: int, args: Any, kwargs: Any) -> Any:
            return function(*args, **dict(kwargs))

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            per_device = for_each_device and torch.cuda.is_available()
            device = torch.cuda.current_device() if per_device else -1
            return remembered(device, args, tuple(sorted(kwargs.items())))

        _memos.append(remembered)
        return wrapper

    return decorate


def clear_memo() -> None:
    """Forgets what functions decorated by :func:`memoize` have kept."""
    for memo in _memos:
        memo.cache_clear()


_workspace_size = 8 * 1024 * 1024


def get_max_workspace_size() -> int:
    """Returns what :func:`set_max_workspace_size` was given, in bytes."""
    return _workspace_size


def set_max_workspace_size(size: int) -> None:
    """Accepted for old scripts: torch chooses cuDNN's workspace by itself.

    Args:
        size: In bytes.
    """
    global _workspace_size  # noqa: PLW0603 -- one number of the whole process, as in Chainer
    _workspace_size = int(size)


_CUDNN_LEVELS = {
    "==always": {"always": True, "auto": False, "never": False},
    ">=auto": {"always": True, "auto": True, "never": False},
}


def should_use_cudnn(level: str, lowest_version: int = 0) -> bool:
    """Whether cuDNN should be used at a level of ``config.use_cudnn``.

    Args:
        level: ``"==always"`` or ``">=auto"``.
        lowest_version: The lowest version of cuDNN that will do.

    Raises:
        ValueError: If the level or ``config.use_cudnn`` is not a known one.
    """
    cudnn: Any = torch.backends.cudnn
    if not _cudnn_enabled() or (cudnn.version() or 0) < lowest_version:
        return False
    if level not in _CUDNN_LEVELS:
        raise ValueError(f"invalid level: {level!r}; one of {', '.join(_CUDNN_LEVELS)}")
    return _flag(_CUDNN_LEVELS[level], config.use_cudnn, "use_cudnn")


def should_use_cudnn_tensor_core(dtype: Any) -> bool:
    """Whether Tensor Cores should be used for a dtype.

    Args:
        dtype: A floating-point dtype.

    Raises:
        ValueError: If ``config.use_cudnn_tensor_core`` is not a known value.
    """
    auto = np.dtype(dtype) == np.float16
    table = {"always": True, "auto": auto, "never": False}
    return _cudnn_enabled() and _flag(table, config.use_cudnn_tensor_core, "use_cudnn_tensor_core")


def _flag(table: dict[str, bool], value: str, name: str) -> bool:
    if value not in table:
        raise ValueError(f"invalid config.{name}: {value!r}; one of {', '.join(table)}")
    return table[value]
