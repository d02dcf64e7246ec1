"""What training asks of models, optimizers, updaters and iterators, which live on other floors.

Nothing here is checked while training runs: whatever has these names will do, a mock too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import torch

from chainer_compat.backends._crossing import as_raw, as_tensor, cupy_or_none
from chainer_compat.errors import InvalidArgumentTypeError, MissingNameError
from chainer_compat.iterators import DataLoaderIterator

__all__ = [
    "Observer",
    "OptimizerLike",
    "TrainerLike",
    "UpdaterLike",
    "call_with",
    "data_of",
    "grad_of",
    "is_torch_module",
    "iterators_of",
    "named",
    "named_parameters_of",
    "namedlinks_of",
    "next_batch",
    "raw",
    "send_target",
    "serialize_target",
]

Observer = Any


class UpdaterLike(Protocol):
    """The numbers of an updater: all that triggers and most extensions read."""

    @property
    def iteration(self) -> int:
        """Updates done so far."""
        ...

    @property
    def epoch(self) -> int:
        """Sweeps over the training data that are complete."""
        ...

    @property
    def epoch_detail(self) -> float:
        """Sweeps over the training data, with the fraction of the present one."""
        ...

    @property
    def previous_epoch_detail(self) -> float:
        """``epoch_detail`` before the last update; read after an old snapshot only."""
        ...


class TrainerLike(Protocol):
    """What triggers and extensions read of a trainer."""

    observation: dict[str, Any]
    out: Any

    @property
    def updater(self) -> Any:
        """Whatever has the numbers of :class:`UpdaterLike` and the getters of an updater."""
        ...

    @property
    def elapsed_time(self) -> float:
        """Seconds of training, those before a resume included."""
        ...


class OptimizerLike(Protocol):
    """What an updater asks of an optimizer: Chainer's, or a torch optimizer behind its face."""

    target: Any

    def update(self, lossfun: Any = None, *args: Any, **kwds: Any) -> None:
        """One update, of the loss that ``lossfun`` computes from the other arguments."""
        ...

    def new_epoch(self, auto: bool = False) -> None:
        """Is told that a sweep over the data is complete."""
        ...

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the optimizer's state."""
        ...


def is_torch_module(target: Any) -> bool:
    """Whether a target is a plain torch module and not a Link.

    Args:
        target: The target of an optimizer or of an Evaluator.
    """
    # The class is asked, for a module looks long for an attribute that it has not got.
    return isinstance(target, torch.nn.Module) and not hasattr(type(target), "namedlinks")


def namedlinks_of(target: Any) -> Iterator[tuple[str, Observer]]:
    """Yields the path and object of every part of a model that can report, itself left out.

    Args:
        target: A Link, or a torch module, whose submodules get Chainer's kind of path:
            ``layers.0`` is ``/layers/0``.

    Raises:
        AttributeError: If there is no target, because the optimizer was not set up.
        TypeError: If it is neither.
    """
    if is_torch_module(target):
        for path, module in target.named_modules():
            if path:
                yield "/" + path.replace(".", "/"), module
    elif hasattr(target, "namedlinks"):
        for path, link in target.namedlinks():
            if link is not target:
                yield path, link
            # The parts of a torch module that is wrapped as a link report too, as themselves.
            if is_torch_module(getattr(link, "module", None)):
                yield "" if link is target else path, link.module
    elif target is None:
        raise MissingNameError("the optimizer has no target; call optimizer.setup(model) first")
    else:
        raise InvalidArgumentTypeError(
            f"the target of an optimizer must be a Link or a torch module, not {type(target)}"
        )


def serialize_target(serializer: Any, target: Any) -> None:
    """Saves or loads a model.

    Args:
        serializer: A serializer or deserializer.
        target: Anything with ``serialize``, or a torch module, whose state dictionary goes under
            its own names, ``layers/0/weight`` for ``layers.0.weight``.
    """
    if is_torch_module(target):
        for name, tensor in target.state_dict().items():
            serializer(name.replace(".", "/"), tensor)
    else:
        target.serialize(serializer)


def named(value: Any) -> Any:
    """Returns the dictionary of iterators, optimizers or targets that an argument stands for.

    Args:
        value: A dictionary, taken as it is, or one object, which gets the name ``main``.
    """
    return value if isinstance(value, Mapping) else {"main": value}


def iterators_of(value: Any, *, repeat: bool) -> Any:
    """Returns the dictionary of iterators that an argument stands for.

    Args:
        value: As for :func:`named`. A ``torch.utils.data.DataLoader`` becomes a
            :class:`~chainer_compat.iterators.DataLoaderIterator`.
        repeat: Whether that starts over at the end.
    """
    iterators = named(value)
    if not any(isinstance(each, torch.utils.data.DataLoader) for each in iterators.values()):
        return iterators
    return {
        name: DataLoaderIterator(each, repeat)
        if isinstance(each, torch.utils.data.DataLoader)
        else each
        for name, each in iterators.items()
    }


def next_batch(iterator: Any) -> Any:
    """Returns the next batch of an iterator.

    Args:
        iterator: Chainer's iterators have ``next``, which subclasses may override; any other
            need only have ``__next__``.
    """
    method = getattr(iterator, "next", None)
    return next(iterator) if method is None else method()


def call_with(function: Any, in_arrays: Any) -> Any:
    """Calls a model or loss function with what a converter gave.

    Args:
        function: The callable; a torch module gets the arrays as tensors on its own device.
        in_arrays: A tuple of positional arguments, a dictionary of keyword arguments, or one
            argument.
    """
    if is_torch_module(function):
        parameter = next(function.parameters(), None)
        in_arrays = _as_tensors(in_arrays, None if parameter is None else parameter.device)
    if isinstance(in_arrays, tuple):
        return function(*in_arrays)
    if isinstance(in_arrays, dict):
        return function(**in_arrays)
    return function(in_arrays)


def _as_tensors(in_arrays: Any, device: torch.device | None) -> Any:
    if isinstance(in_arrays, tuple):
        return tuple([_as_tensors(array, device) for array in in_arrays])
    if isinstance(in_arrays, dict):
        return {name: _as_tensors(array, device) for name, array in in_arrays.items()}
    if not hasattr(in_arrays, "dtype"):
        return in_arrays
    tensor = as_tensor(in_arrays)
    return tensor if device is None else tensor.to(device)


def send_target(target: Any, device: Any) -> None:
    """Moves the parameters of a model to a device.

    Args:
        target: A Link or a torch module.
        device: A :class:`~chainer_compat.backend.Device`.
    """
    if is_torch_module(target):
        target.to(device.torch_device)
    else:
        target.to_device(device)


def named_parameters_of(target: Any) -> Iterator[tuple[str, Any]]:
    """Yields the path and the parameter for every parameter of a model.

    Args:
        target: A Link, or a torch module; ``layers.0.weight`` becomes ``/layers/0/weight``.
    """
    if is_torch_module(target):
        for path, parameter in target.named_parameters():
            yield "/" + path.replace(".", "/"), parameter
    else:
        yield from target.namedparams()


def data_of(parameter: Any) -> torch.Tensor | None:
    """Returns the values of a parameter, without its graph; None if it is not initialized.

    Args:
        parameter: A Variable, a torch parameter, or anything else with an ``array``.
    """
    tensor = parameter if isinstance(parameter, torch.Tensor) else _held(parameter, "array")
    return None if tensor is None else tensor.detach()


def grad_of(parameter: Any) -> torch.Tensor | None:
    """Returns the gradient of a parameter, or None if it has none.

    Args:
        parameter: As for :func:`data_of`.
    """
    if isinstance(parameter, torch.Tensor):
        return parameter.grad
    # A parameter without a shape yet has no gradient, and Chainer's raises when asked for it.
    return None if data_of(parameter) is None else _held(parameter, "grad")


# What holds a tensor of its own is not asked for the raw array, which on a GPU needs CuPy.
_TENSORS = {"array": "tensor", "grad": "_grad_tensor"}


def _held(parameter: Any, attribute: str) -> torch.Tensor | None:
    held = getattr(parameter, _TENSORS[attribute], parameter)
    if held is parameter:
        held = getattr(parameter, attribute)
    elif callable(held):
        held = held()
    return None if held is None else as_tensor(held)


_WITHOUT_ARRAYS = frozenset(
    dtype
    for dtype in vars(torch).values()
    if isinstance(dtype, torch.dtype)
    and dtype.is_floating_point
    and dtype not in (torch.float16, torch.float32, torch.float64)
)


def raw(tensor: torch.Tensor) -> Any:
    """Returns a raw array of a tensor, for functions that were written for NumPy and CuPy.

    Args:
        tensor: A tensor. On a GPU it becomes a CuPy array; without CuPy, a NumPy copy. Numbers
            that arrays cannot hold, those of bfloat16 for one, are of float32 there.
    """
    if tensor.dtype in _WITHOUT_ARRAYS:
        tensor = tensor.float()
    if tensor.is_cuda and cupy_or_none() is None:
        tensor = tensor.cpu()
    return as_raw(tensor)
