"""All parameters of a model in one array, for those who send them to other processes.

Helpers of Chainer's module *chainer.training.updaters.multiprocess_parallel_updater*. There they
work on a GPU only; here where the model is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from chainer_compat.backends._crossing import as_tensor
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.training._protocols import data_of, grad_of, named_parameters_of, raw

__all__ = ["gather_grads", "gather_params", "scatter_grads", "scatter_params", "size_num_grads"]


def size_num_grads(link: Any) -> tuple[int, int]:
    """Counts the elements and the parameters of a model, empty parameters left out.

    Args:
        link: A Link whose parameters are initialized, or a torch module.

    Example:
        >>> import torch
        >>> from chainer_compat.training.updaters import _flat_parameters
        >>> _flat_parameters.size_num_grads(torch.nn.Linear(2, 3))
        (9, 2)
    """
    sizes = [data.numel() for _, data in _parameters_in_order(link)]
    return sum(sizes), len(sizes)


def gather_params(link: Any) -> Any:
    """Returns all parameters of a model in one array of float32, in the order of their names.

    Args:
        link: As for :func:`size_num_grads`.
    """
    return _gathered(link, data_of)


def gather_grads(link: Any) -> Any:
    """Returns all gradients of a model in one array of float32; zeros for those not there.

    Args:
        link: As for :func:`size_num_grads`.
    """
    return _gathered(link, grad_of)


def scatter_params(link: Any, array: Any) -> None:
    """Writes the parameters of a model from an array that :func:`gather_params` gave.

    Args:
        link: As for :func:`size_num_grads`.
        array: The array.

    Raises:
        ValueError: If it does not have as many elements as the model.
    """
    for _, data, part in _parts(link, array):
        data.copy_(part)


def scatter_grads(link: Any, array: Any) -> None:
    """Writes the gradients of a model from an array that :func:`gather_grads` gave.

    Args:
        link: As for :func:`size_num_grads`.
        array: The array.

    Raises:
        ValueError: If it does not have as many elements as the model.
    """
    for parameter, data, part in _parts(link, array):
        grad = grad_of(parameter)
        if grad is None:
            parameter.grad = part.to(data.device, data.dtype, copy=True)
        else:
            grad.copy_(part)


def _parameters_in_order(link: Any) -> Iterator[tuple[Any, torch.Tensor]]:
    for _, parameter in sorted(named_parameters_of(link), key=lambda pair: pair[0]):
        data = data_of(parameter)
        if data is not None and data.numel():
            yield parameter, data


def _gathered(link: Any, choose: Callable[[Any], torch.Tensor | None]) -> Any:
    parts = []
    for parameter, data in _parameters_in_order(link):
        chosen = choose(parameter)
        part = torch.zeros_like(data) if chosen is None else chosen.detach()
        parts.append(part.flatten().float())
    return raw(torch.cat(parts) if parts else torch.empty(0))


def _parts(link: Any, array: Any) -> Iterator[tuple[Any, torch.Tensor, torch.Tensor]]:
    flat, size = as_tensor(array).flatten(), size_num_grads(link)[0]
    if flat.numel() != size:
        raise InvalidArgumentError(
            f"the array has {flat.numel()} elements, and the model has {size}; give what was "
            "gathered from a model like it"
        )
    start = 0
    for parameter, data in _parameters_in_order(link):
        stop = start + data.numel()
        yield parameter, data, flat[start:stop].reshape(data.shape)
        start = stop
