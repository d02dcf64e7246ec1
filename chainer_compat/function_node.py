"""`FunctionNode`: a differentiable function, by the library or by the user."""

from __future__ import annotations

import traceback
import weakref
from typing import TYPE_CHECKING, Any

import torch

from chainer_compat import _backprop
from chainer_compat._backprop import grad as grad  # noqa: PLC0414 -- for scripts
from chainer_compat._graph import VariableNode
from chainer_compat._variable import Variable, as_variable, is_raw_array, make_result
from chainer_compat.backends import _crossing
from chainer_compat.configuration import _this_thread, using_config
from chainer_compat.errors import UnexpectedArrayError
from chainer_compat.graph_optimizations import _static

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FunctionNode"]


static_forward_optimizations = _static.static_forward_optimizations


class _FallbackType:
    """What ``forward_chainerx`` returns where the function is to be computed otherwise."""

    def __repr__(self) -> str:
        return "Fallback"


Fallback = _FallbackType()


class FunctionNode:
    """A differentiable function, and its place in a graph once it was applied.

    A subclass defines :meth:`forward` on raw arrays and :meth:`backward` on variables, and is
    applied once: ``y, = MyFunction().apply((x,))``. Gradients are themselves differentiable as
    far as :meth:`backward` is written with functions of variables.

    Source: Chainer's reference, *chainer.FunctionNode*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> class Square(chainer.FunctionNode):
        ...     def forward(self, inputs):
        ...         self.retain_inputs((0,))
        ...         x, = inputs
        ...         return x * x,
        ...     def backward(self, indexes, grad_outputs):
        ...         x, = self.get_retained_inputs()
        ...         gy, = grad_outputs
        ...         return 2.0 * x * gy,
        >>> x = chainer.Variable(np.array([3.0], np.float32))
        >>> y, = Square().apply((x,))
        >>> y.backward()
        >>> x.grad
        array([6.], dtype=float32)
    """

    inputs: tuple[VariableNode, ...] | None = None
    outputs: tuple[weakref.ref[VariableNode], ...] | None = None
    rank: int = 0
    stack: Any = None
    lazy_grad_sum: bool = False
    is_elementwise: bool = False

    _input_indexes_to_retain: tuple[int, ...] | None = None
    _output_indexes_to_retain: tuple[int, ...] | None = None
    _output_count: int | None = None
    _local_function_hooks: dict[str, Any] | None = None
    # The tensors that torch keeps for the backward pass, while it runs.
    _saved: tuple[torch.Tensor, ...] | None = None
    _retained_output_nodes: tuple[VariableNode, ...] | None = None
    _output_tensors: Any = None

    def _public_self(self) -> Any:
        return self

    @property
    def label(self) -> str:
        """How a graph shows the function: the name of its class."""
        return type(self).__name__

    @property
    def _impl_name(self) -> str:
        return type(self).__name__

    # -- what belongs to ChainerX and to memory layouts, of which there is one ----------------

    chainerx_device: Any = None

    def forward_chainerx(self, inputs: tuple[Any, ...]) -> Any:
        """Says that the function is not computed by ChainerX.

        Args:
            inputs: Arrays.

        Returns:
            ``chainer.Fallback``.
        """
        return Fallback

    def check_layout_forward(self, inputs: tuple[Any, ...]) -> None:
        """Checks the memory layouts of the inputs: there is one only, None.

        Args:
            inputs: Variables.
        """

    @property
    def input_layouts(self) -> tuple[None, ...]:
        """The memory layouts of the inputs: None for each.

        Raises:
            AssertionError: If the function was not applied.
        """
        return self._layouts(self.inputs)

    @property
    def output_layouts(self) -> tuple[None, ...]:
        """The memory layouts of the outputs: None for each.

        Raises:
            AssertionError: If the function was not applied.
        """
        return self._layouts(self.outputs)

    def _layouts(self, nodes: Any) -> tuple[None, ...]:
        if nodes is None:
            raise UnexpectedArrayError(f"{self.label} was not applied, and has no layouts yet")
        return (None,) * len(nodes)

    # -- hooks --------------------------------------------------------------------------------

    @property
    def local_function_hooks(self) -> dict[str, Any]:
        """The hooks of this function alone, by name."""
        if self._local_function_hooks is None:
            return {}
        return self._local_function_hooks

    @property
    def _n_local_function_hooks(self) -> int:
        return len(self.local_function_hooks)

    def add_hook(self, hook: Any, name: str | None = None) -> None:
        """Adds a hook to this function alone.

        Args:
            hook: A :class:`~chainer_compat.FunctionHook`.
            name: Its name; ``hook.name`` by default.

        Raises:
            TypeError: If it is no hook.
            KeyError: If there is one of that name.
        """
        from chainer_compat.function_hook import FunctionHook

        if not isinstance(hook, FunctionHook):
            raise TypeError(f"a function's hook must be a FunctionHook; got {type(hook)}")
        key = hook.name if name is None else name
        if self._local_function_hooks is None:
            self._local_function_hooks = {}
        if key in self._local_function_hooks:
            raise KeyError(f"the function {self.label} has a hook named {key!r} already")
        self._local_function_hooks[key] = hook
        _backprop.local_hook_seen()
        hook.added(self)

    def delete_hook(self, name: str) -> None:
        """Removes a hook of this function.

        Args:
            name: Its name.

        Raises:
            KeyError: If there is none of that name.
        """
        if name not in self.local_function_hooks:
            raise KeyError(f"the function {self.label} has no hook named {name!r}")
        self.local_function_hooks.pop(name).deleted(self)

    # -- what a subclass defines --------------------------------------------------------------

    def check_type_forward(self, in_types: Any) -> None:
        """Checks the types of the inputs, with :mod:`chainer_compat.utils.type_check`.

        Args:
            in_types: The inputs' shapes and dtypes.
        """

    def forward(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Computes the outputs.

        Args:
            inputs: Raw arrays.

        Returns:
            Raw arrays.
        """
        if any(not _on_cpu(x) for x in inputs if x is not None):
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

    def backward(
        self, target_input_indexes: tuple[int, ...], grad_outputs: tuple[Variable | None, ...]
    ) -> tuple[Variable | None, ...]:
        """Computes the gradients of the inputs.

        Args:
            target_input_indexes: Which inputs need one.
            grad_outputs: The outputs' gradients; None for an output that nothing depends on.

        Returns:
            One for each of these inputs; None for no gradient.
        """
        return (None,) * len(target_input_indexes)

    def backward_accumulate(
        self,
        target_input_indexes: tuple[int, ...],
        grad_outputs: tuple[Variable | None, ...],
        grad_inputs: tuple[Variable | None, ...],
    ) -> tuple[Variable | None, ...]:
        """Computes the gradients of the inputs, added to what is there.

        Args:
            target_input_indexes: Which inputs need one.
            grad_outputs: The outputs' gradients.
            grad_inputs: What has come from elsewhere; None for nothing yet.
        """
        # A single gradient need not be in a tuple.
        found: Any = self.backward(target_input_indexes, grad_outputs)
        if not isinstance(found, tuple):
            found = (found,)
        if len(found) == len(self.inputs or ()) != len(target_input_indexes):
            found = tuple(found[i] for i in target_input_indexes)
        return tuple(
            g if other is None else other if g is None else g + other
            for g, other in zip(found, grad_inputs, strict=True)
        )

    # -- retaining ----------------------------------------------------------------------------

    def retain_inputs(self, indexes: Sequence[int]) -> None:
        """Keeps inputs for :meth:`backward`; called in :meth:`forward`.

        Args:
            indexes: Which.
        """
        self._input_indexes_to_retain = tuple(indexes)

    def retain_outputs(self, indexes: Sequence[int]) -> None:
        """Keeps outputs for :meth:`backward`; called in :meth:`forward`.

        Args:
            indexes: Which.
        """
        self._output_indexes_to_retain = tuple(indexes)

    def get_retained_inputs(self) -> tuple[Variable, ...]:
        """Returns the inputs that were kept; called in :meth:`backward`."""
        indexes = self._input_indexes_to_retain or ()
        return tuple(
            self._retained(self._saved_tensor(position), (self.inputs or ())[index])
            for position, index in enumerate(indexes)
        )

    def get_retained_outputs(self) -> tuple[Variable, ...]:
        """Returns the outputs that were kept; called in :meth:`backward`."""
        start = len(self._input_indexes_to_retain or ())
        indexes = self._output_indexes_to_retain or ()
        refs = self.outputs or ()
        return tuple(
            self._retained(self._saved_tensor(start + position), refs[index]())
            for position, index in enumerate(indexes)
        )

    def _saved_tensor(self, position: int) -> torch.Tensor:
        if self._saved is None:
            raise RuntimeError(f"what {self.label} retained is there during its backward pass only")
        return self._saved[position]

    @staticmethod
    def _retained(tensor: torch.Tensor, node: VariableNode | None) -> Variable:
        variable = None if node is None else node.get_variable_or_none()
        if variable is not None and variable._tensor is tensor:
            return variable
        if tensor.requires_grad:
            fresh = make_result(tensor)
        else:
            fresh = Variable(tensor, requires_grad=node is not None and node.requires_grad)
        if node is not None and node.creator_node is not None and tensor.requires_grad:
            fresh._node = node
            if variable is None:
                node.revive(fresh)
        return fresh

    @property
    def output_data(self) -> tuple[Any, ...]:
        """The raw arrays of the outputs that were kept or are alive.

        Raises:
            RuntimeError: If all are gone.
        """
        nodes = [ref() for ref in self.outputs or ()]
        arrays = [None if node is None else node.data for node in nodes]
        if self._saved is not None:
            start = len(self._input_indexes_to_retain or ())
            for position, index in enumerate(self._output_indexes_to_retain or ()):
                arrays[index] = _crossing.as_raw(self._saved[start + position])
        if all(array is None for array in arrays):
            raise RuntimeError(f"the outputs of {self.label} were not retained and are gone")
        return tuple(arrays)

    # -- applying -----------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Raises: a function node is applied by :meth:`apply`.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError(
            f"a FunctionNode is applied by `apply`: {type(self).__name__}().apply((x,))"
        )

    def apply(self, inputs: Sequence[Any]) -> tuple[Variable, ...]:
        """Applies the function, once, and puts it into the graph.

        Args:
            inputs: Variables or raw arrays.

        Returns:
            The outputs.

        Raises:
            TypeError: If an input is neither, or the function returns no tuple of arrays.
        """
        variables = [self._as_input(x) for x in inputs]
        data = tuple(v.array for v in variables)
        mode = _this_thread.mode
        if mode.type_check:
            self._check_data_type_forward(data)
        hooks = list({**mode.function_hooks, **self.local_function_hooks}.values())
        for hook in hooks:
            hook.forward_preprocess(self, data)
        requires_grad = any(v._requires_grad for v in variables)
        nodes = tuple(v.node for v in variables)
        if mode.enable_backprop:
            self.inputs = nodes
            self.rank = max((node.rank for node in nodes), default=0)
        tensors = self._run(variables, data, mode.enable_backprop and requires_grad)
        for hook in hooks:
            hook.forward_postprocess(self, data)
        return self._make_outputs(tensors, requires_grad, mode.enable_backprop)

    def _as_input(self, x: Any) -> Variable:
        if not isinstance(x, Variable) and not is_raw_array(x):
            raise TypeError(
                f"the inputs of {self.label} must be Variables or arrays; got {type(x)}"
            )
        return as_variable(x)

    def _check_data_type_forward(self, data: tuple[Any, ...]) -> None:
        from chainer_compat.utils import type_check

        type_check.check_forward(self, data)

    def _run(
        self, variables: list[Variable], data: tuple[Any, ...], differentiable: bool
    ) -> tuple[torch.Tensor, ...]:
        if not differentiable:
            return self._forward_checked(data)
        result: Any = _Bridge.apply(self, data, *(v.tensor for v in variables))  # type: ignore[no-untyped-call]  # torch's
        return result if isinstance(result, tuple) else (result,)

    def _forward_checked(self, data: tuple[Any, ...]) -> tuple[torch.Tensor, ...]:
        outputs = self.forward(data)
        if not isinstance(outputs, tuple):
            raise TypeError(
                f"the forward computation of {self.label} must return a tuple; got {type(outputs)}"
            )
        self._output_count = len(outputs)
        for array in outputs:
            if not is_raw_array(array) and not hasattr(array, "dtype"):
                raise TypeError(f"{self.label} must return arrays; got {type(array)}")
        self._output_tensors = outputs
        tensors = tuple(_crossing.as_tensor(array) for array in outputs)
        if _this_thread.mode.debug:
            _check_nan(self.label, tensors)
        return tensors

    def _make_outputs(
        self, tensors: tuple[torch.Tensor, ...], requires_grad: bool, keep: bool
    ) -> tuple[Variable, ...]:
        raw, self._output_tensors = self._output_tensors, None
        variables = []
        for tensor, array in zip(tensors, raw, strict=True):
            variable = Variable.__new__(Variable)
            if tensor.requires_grad:
                variable._tensor = tensor
            else:
                variable._plain = tensor
            if is_raw_array(array) and not isinstance(array, torch.Tensor):
                variable._take(array)
            variable._requires_grad = requires_grad
            if keep:
                node = VariableNode(variable, tensor, requires_grad)
                node.creator_node = self
                node.rank = self.rank + 1
                variable._node = node
            variables.append(variable)
        if keep:
            self._keep_data(variables)
            self.outputs = tuple(weakref.ref(v.node) for v in variables)
            if _this_thread.mode.debug:
                self.stack = traceback.extract_stack()
        return tuple(variables)

    def _keep_data(self, outputs: list[Variable]) -> None:
        """What is retained is seen by hooks and `node.data`, too, when its variable is gone."""
        for index in self._input_indexes_to_retain or ():
            (self.inputs or ())[index].retain_data()
        for index in self._output_indexes_to_retain or ():
            outputs[index].node.retain_data()

    def unchain(self) -> None:
        """Cuts the outputs from this function, and this function from its inputs."""
        for ref in self.outputs or ():
            node = ref()
            if node is not None:
                node.unchain()
        self.inputs = None

    def _backward_tensors(
        self, needed: tuple[int, ...], grads: tuple[torch.Tensor | None, ...]
    ) -> tuple[torch.Tensor | None, ...]:
        outputs = tuple(None if g is None else _grad_variable(g) for g in grads)
        found = self.backward_accumulate(needed, outputs, (None,) * len(needed))
        return tuple(None if g is None else as_variable(g).tensor for g in found)


def _on_cpu(array: Any) -> bool:
    return not hasattr(array, "__cuda_array_interface__") or getattr(array, "is_cpu", False)


def _grad_variable(grad: torch.Tensor) -> Variable:
    return make_result(grad) if grad.requires_grad else Variable(grad, requires_grad=False)


def _check_nan(label: str, tensors: tuple[torch.Tensor, ...]) -> None:
    for tensor in tensors:
        if tensor.is_floating_point() and bool(torch.isnan(tensor).any()):
            raise RuntimeError(f"NaN is detected on forward computation of {label}")


def _check_grad(node: FunctionNode, index: int, grad: torch.Tensor | None) -> None:
    if grad is None or node.inputs is None:
        return
    shape, dtype = node.inputs[index].tensor_shape, node.inputs[index].tensor_dtype
    if grad.shape != shape:
        raise ValueError(
            f"{node.label} gave input {index} a gradient of shape {tuple(grad.shape)}; the input "
            f"has shape {tuple(shape or ())}"
        )
    if grad.dtype != dtype:
        raise TypeError(
            f"{node.label} gave input {index} a gradient of {grad.dtype}; the input is {dtype}"
        )


class _Bridge(torch.autograd.Function):
    """Puts a user's function into torch's graph."""

    @staticmethod
    def forward(ctx: Any, node: FunctionNode, data: tuple[Any, ...], *tensors: torch.Tensor) -> Any:
        outputs = node._forward_checked(data)
        ctx.node = node
        ctx.set_materialize_grads(False)
        kept_in = [tensors[i] for i in node._input_indexes_to_retain or ()]
        kept_out = [outputs[i] for i in node._output_indexes_to_retain or ()]
        ctx.save_for_backward(*kept_in, *kept_out)
        ctx.mark_non_differentiable(*(t for t in outputs if not t.is_floating_point()))
        return outputs

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor | None) -> Any:
        if all(grad is None for grad in grads):
            # torch comes here also where nothing behind has passed anything on; Chainer does not.
            return (None,) * len(ctx.needs_input_grad)
        node: FunctionNode = ctx.node
        # The first two arguments of forward are no tensors.
        needed = tuple(i for i, need in enumerate(ctx.needs_input_grad[2:]) if need)
        node._saved = ctx.saved_tensors
        try:
            with using_config("enable_backprop", torch.is_grad_enabled()):
                found = node._backward_tensors(needed, grads)
        finally:
            node._saved = None
        for index, gradient in zip(needed, found, strict=True):
            _check_grad(node, index, gradient)
        by_index = dict(zip(needed, found, strict=True))
        return None, None, *(by_index.get(i) for i in range(len(ctx.needs_input_grad) - 2))
