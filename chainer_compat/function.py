"""`Function`: the old style of differentiable function, on raw arrays in both directions."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import torch

from chainer_compat.backends import _crossing
from chainer_compat.configuration import force_backprop_mode, no_backprop_mode
from chainer_compat.function_hook import FunctionHook as FunctionHook  # noqa: PLC0414 -- for scripts
from chainer_compat.function_node import FunctionNode, _on_cpu

__all__ = ["Function", "FunctionAdapter", "force_backprop_mode", "no_backprop_mode"]


class _Once(torch.autograd.Function):
    """Stands behind a gradient that cannot be differentiated again, and says so."""

    @staticmethod
    def forward(ctx: Any, label: str, grad: torch.Tensor, *dependencies: torch.Tensor) -> Any:
        ctx.label = label
        return grad.view_as(grad)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise RuntimeError(
            f"{ctx.label} is an old-style function, whose gradient cannot be differentiated; "
            "write it as a FunctionNode"
        )


class FunctionAdapter(FunctionNode):
    """The node of an old-style function in a graph.

    Args:
        function: The old-style function.
    """

    def __init__(self, function: Function) -> None:
        self._function = function

    def _public_self(self) -> Any:
        return self._function

    @property
    def function(self) -> Function:
        """The old-style function."""
        return self._function

    @property
    def label(self) -> str:
        """The function's label."""
        return self._function.label

    @property
    def _impl_name(self) -> str:
        return type(self._function).__name__

    def check_type_forward(self, in_types: Any) -> None:
        """Calls the function's check.

        Args:
            in_types: The inputs' shapes and dtypes.
        """
        self._function.check_type_forward(in_types)

    def forward(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Calls the function's forward computation; it keeps all inputs unless it says which.

        Args:
            inputs: Raw arrays.
        """
        # By Chainer's rule an old-style function has all its inputs again in backward.
        self.retain_inputs(range(len(inputs)))
        return self._function.forward(inputs)

    def _backward_tensors(
        self, needed: tuple[int, ...], grads: tuple[torch.Tensor | None, ...]
    ) -> tuple[torch.Tensor | None, ...]:
        kept = dict(zip(self._input_indexes_to_retain or (), self._saved or (), strict=False))
        count = len(self.inputs or ())
        arrays = tuple(_crossing.as_raw(kept[i]) if i in kept else None for i in range(count))
        raw_grads = tuple(None if g is None else _crossing.as_raw(g) for g in grads)
        found: Any = self._function.backward(arrays, raw_grads)
        # Chainer takes a list as well; ChainerRL gives one.
        if not isinstance(found, (tuple, list)) or len(found) != count:
            raise TypeError(
                f"the backward computation of {self.label} must return a tuple of {count} "
                f"gradients, one for each input; got {found!r}"
            )
        results = tuple(None if found[i] is None else _crossing.as_tensor(found[i]) for i in needed)
        if not torch.is_grad_enabled():
            return results
        dependencies = [t for t in (*(self._saved or ()), *grads) if t is not None]
        return tuple(
            None if g is None else _Once.apply(self.label, g, *dependencies)  # type: ignore[no-untyped-call]  # torch's
            for g in results
        )


class Function:
    """An old-style differentiable function; a subclass works on raw arrays in both directions.

    It is called on variables or raw arrays; an object may be called again, and is then copied.

    Source: Chainer's reference, *chainer.Function*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> class Square(chainer.Function):
        ...     def forward(self, inputs):
        ...         x, = inputs
        ...         return x * x,
        ...     def backward(self, inputs, grad_outputs):
        ...         x, = inputs
        ...         gy, = grad_outputs
        ...         return 2 * x * gy,
        >>> x = chainer.Variable(np.array([3.0], np.float32))
        >>> Square()(x).backward()
        >>> x.grad
        array([6.], dtype=float32)
    """

    # Its node: owned until it is applied; then the graph owns it, and it owns this function.
    _owned_node: FunctionAdapter | None = None
    _node: weakref.ref[FunctionAdapter] | None = None

    def __call__(self, *inputs: Any) -> Any:
        """Applies the function; each call gets a node of its own.

        Args:
            *inputs: Variables or raw arrays.

        Returns:
            A variable, or a tuple of them if there is not just one.
        """
        node = self._owned_node or FunctionAdapter(self)
        # A strong reference here would tie the function and its graph into a cycle.
        self._node, self._owned_node = weakref.ref(node), None
        outputs = node.apply(inputs)
        return outputs[0] if len(outputs) == 1 else outputs

    @property
    def node(self) -> FunctionAdapter:
        """Its node in the graph."""
        node = None if self._node is None else self._node()
        if node is None:
            node = self._owned_node
            if node is None:
                node = self._owned_node = FunctionAdapter(self)
        return node

    @property
    def inputs(self) -> Any:
        """The nodes of the inputs; None before it was applied."""
        return self.node.inputs

    @property
    def outputs(self) -> Any:
        """Weak references to the nodes of the outputs; None before it was applied."""
        return self.node.outputs

    @property
    def output_data(self) -> tuple[Any, ...]:
        """The raw arrays of the outputs that are alive."""
        return self.node.output_data

    @property
    def rank(self) -> int:
        """The number of functions on the longest way to it."""
        return self.node.rank

    @property
    def stack(self) -> Any:
        """Where it was applied, in debug mode."""
        return self.node.stack

    @property
    def label(self) -> str:
        """How a graph shows the function: the name of its class."""
        return type(self).__name__

    @property
    def local_function_hooks(self) -> dict[str, Any]:
        """The hooks of this function alone, by name."""
        return self.node.local_function_hooks

    def add_hook(self, hook: Any, name: str | None = None) -> None:
        """Adds a hook to this function alone.

        Args:
            hook: A :class:`~chainer_compat.FunctionHook`.
            name: Its name; ``hook.name`` by default.
        """
        self.node.add_hook(hook, name)

    def delete_hook(self, name: str) -> None:
        """Removes a hook of this function.

        Args:
            name: Its name.
        """
        self.node.delete_hook(name)

    def check_type_forward(self, in_types: Any) -> None:
        """Checks the types of the inputs, with :mod:`chainer_compat.utils.type_check`.

        Args:
            in_types: The inputs' shapes and dtypes.
        """

    def forward(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Computes the outputs; by default with ``forward_cpu`` or ``forward_gpu``.

        Args:
            inputs: Raw arrays.

        Returns:
            Raw arrays.
        """
        if any(not _on_cpu(x) for x in inputs):
            return self.forward_gpu(inputs)
        return self.forward_cpu(inputs)

    def forward_cpu(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Computes the outputs on the CPU.

        Args:
            inputs: NumPy arrays.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no forward computation")

    def forward_gpu(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Computes the outputs on a GPU.

        Args:
            inputs: CuPy arrays.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no forward computation on a GPU")

    def backward(self, inputs: tuple[Any, ...], grad_outputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Computes the gradients; by default with ``backward_cpu`` or ``backward_gpu``.

        Args:
            inputs: Raw arrays; None for one that was not retained.
            grad_outputs: Raw arrays; None for an output that nothing depends on.

        Returns:
            One for each input; None for no gradient.
        """
        if any(x is not None and not _on_cpu(x) for x in (*inputs, *grad_outputs)):
            return self.backward_gpu(inputs, grad_outputs)
        return self.backward_cpu(inputs, grad_outputs)

    def backward_cpu(
        self, inputs: tuple[Any, ...], grad_outputs: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        """Computes the gradients on the CPU; there are none by default.

        Args:
            inputs: NumPy arrays.
            grad_outputs: NumPy arrays.
        """
        return (None,) * len(inputs)

    def backward_gpu(
        self, inputs: tuple[Any, ...], grad_outputs: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        """Computes the gradients on a GPU; there are none by default.

        Args:
            inputs: CuPy arrays.
            grad_outputs: CuPy arrays.
        """
        return (None,) * len(inputs)

    def retain_inputs(self, indexes: Sequence[int]) -> None:
        """Says which inputs :meth:`backward` needs; called in :meth:`forward`.

        Args:
            indexes: Which.
        """
        self.node.retain_inputs(indexes)

    def retain_outputs(self, indexes: Sequence[int], retain_after_backward: bool = False) -> None:
        """Says which outputs :meth:`backward` needs; called in :meth:`forward`.

        Args:
            indexes: Which.
            retain_after_backward: Accepted for old scripts; it changes nothing.
        """
        self.node.retain_outputs(indexes)

    def unchain(self) -> None:
        """Cuts the outputs from this function, and this function from its inputs."""
        self.node.unchain()
