"""The light record of a define-by-run graph: which function made which variable out of which.

Derivatives are torch's. The record is for what torch's graph cannot tell: creators, ranks, labels,
cutting the graph behind a variable, hooks around each function's backward pass.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.graph import GradientEdge, get_gradient_edge

from chainer_compat.backends import _crossing

if TYPE_CHECKING:
    from chainer_compat._variable import Variable
    from chainer_compat.function_node import FunctionNode

__all__ = ["VariableNode", "any_cut_alive", "is_cut", "label_of"]

# Nodes that were cut from their creator while functions downstream may still know them. Only
# while there are any has a backward pass to look at the record at all.
_cut_alive: weakref.WeakSet[VariableNode] = weakref.WeakSet()


def any_cut_alive() -> bool:
    """Whether some graph that is still alive was cut, so that torch's graph reaches too far."""
    return len(_cut_alive) > 0


def is_cut(node: VariableNode) -> bool:
    """Whether a variable was cut from what torch's graph still has behind it.

    Args:
        node: The variable's node.
    """
    return node in _cut_alive


def label_of(shape: tuple[int, ...], dtype: Any) -> str:
    """Returns how a graph shows an array, ``"(2, 3), float32"``.

    Args:
        shape: The array's shape.
        dtype: Its NumPy dtype.
    """
    if not shape:
        return str(dtype)
    return f"({', '.join(map(str, shape))}), {dtype}"


class VariableNode:
    """A variable's place in the graph; outlives the variable while a function knows it.

    Args:
        variable: The variable, or None for an array that went into a function as it was.
        tensor: The variable's tensor.
        requires_grad: Whether a backward pass should give it a gradient.
        name: The variable's name.
    """

    # Defaults of the class, so that a node made for each result of each function sets only what
    # differs.
    rank: int = 0
    requires_grad: bool = True
    name: str | None = None
    leaf: torch.Tensor | None = None
    # What `creator_node` is made of once it is asked for: the function node's class, the
    # function's options, and the places of its inputs.
    _origin: tuple[Any, ...] | None = None
    _creator_node: FunctionNode | None = None
    _variable: weakref.ref[Variable] | None = None
    _data: Any = None
    # Where torch's graph has it. torch's node knows the shape and the dtype as well.
    _grad_fn: Any = None
    _output_nr: int = 0
    _tensor_shape: torch.Size | None = None
    _tensor_dtype: torch.dtype | None = None

    def __init__(
        self,
        variable: Variable | None,
        tensor: torch.Tensor | None,
        requires_grad: bool,
        name: str | None = None,
    ) -> None:
        self.requires_grad = requires_grad
        if variable is not None:
            self._variable = weakref.ref(variable)
        if name is not None:
            self.name = name
        if tensor is not None:
            self.attach(tensor)

    @classmethod
    def of_constant(cls, shape: tuple[int, ...], dtype: Any) -> VariableNode:
        """Returns the place of an array that went into a function as it was.

        Args:
            shape: Its shape.
            dtype: Its dtype, torch's or NumPy's.
        """
        node = cls(None, None, requires_grad=False)
        if not isinstance(dtype, torch.dtype):
            dtype = _crossing.torch_dtype(dtype.newbyteorder("="))
        node._tensor_shape, node._tensor_dtype = torch.Size(shape), dtype
        return node

    def attach(self, tensor: torch.Tensor) -> None:
        """Notes where torch's graph has the variable.

        Args:
            tensor: The variable's tensor.
        """
        self._tensor_shape = tensor.shape
        self._tensor_dtype = tensor.dtype
        grad_fn = tensor.grad_fn
        if grad_fn is None:
            # A leaf's tensor is its edge. It is the user's own array, so keeping it costs nothing.
            self.leaf = tensor if tensor.requires_grad else None
        else:
            self._grad_fn = grad_fn
            self._output_nr = tensor.output_nr

    @property
    def creator_node(self) -> FunctionNode | None:
        """The function node that made the variable; None for what no function made."""
        return self.recorded_creator

    @creator_node.setter
    def creator_node(self, creator_node: FunctionNode | None) -> None:
        self._origin = None
        self._creator_node = creator_node

    @property
    def recorded_creator(self) -> FunctionNode | None:
        """The function node that made it as far as the record knows, not torch's graph."""
        origin = self._origin
        if origin is not None:
            self._origin = None
            kind, options, *places = origin
            self._creator_node = kind.of_result(options, places, self)
        return self._creator_node

    @property
    def tensor_shape(self) -> torch.Size | None:
        """The shape of the variable's tensor; None without one."""
        if self._tensor_shape is None and self._grad_fn is not None:
            self._tensor_shape = torch.Size(self._grad_fn._input_metadata[self._output_nr].shape)
        return self._tensor_shape

    @tensor_shape.setter
    def tensor_shape(self, shape: torch.Size) -> None:
        self._tensor_shape = shape

    @property
    def tensor_dtype(self) -> torch.dtype | None:
        """The dtype of the variable's tensor; None without one."""
        if self._tensor_dtype is None and self._grad_fn is not None:
            self._tensor_dtype = self._grad_fn._input_metadata[self._output_nr].dtype
        return self._tensor_dtype

    def edge(self) -> GradientEdge | None:
        """Returns where torch's graph has the variable, or None if it has no gradient there."""
        if self._grad_fn is not None:
            return GradientEdge(self._grad_fn, self._output_nr)
        return None if self.leaf is None else get_gradient_edge(self.leaf)

    def opaque(self) -> bool:
        """Whether torch's graph goes on behind it although no function of the record made it."""
        return (
            self._grad_fn is not None and self.recorded_creator is None and self not in _cut_alive
        )

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The array's shape."""
        return None if self.tensor_shape is None else tuple(self.tensor_shape)

    @property
    def dtype(self) -> Any:
        """The array's NumPy dtype."""
        return None if self.tensor_dtype is None else _crossing.numpy_dtype(self.tensor_dtype)

    @property
    def label(self) -> str:
        """How a graph shows the array, ``"(2, 3), float32"``."""
        shape = self.shape
        # By torch's name, which is also there for what NumPy does not have (bfloat16).
        name = str(self.tensor_dtype).removeprefix("torch.")
        return "" if shape is None else label_of(shape, name)

    @property
    def creator(self) -> Any:
        """The function that made the variable: of an old-style function, the user's object."""
        node = self.creator_node
        return None if node is None else node._public_self()

    def set_creator(self, creator: Any) -> None:
        """Sets the function that made the variable.

        Args:
            creator: A function, old-style or new.
        """
        self.set_creator_node(getattr(creator, "node", creator))

    def set_creator_node(self, creator_node: FunctionNode) -> None:
        """Sets the function node that made the variable.

        Args:
            creator_node: The function node.
        """
        self.creator_node = creator_node
        self.rank = creator_node.rank + 1

    def get_variable_or_none(self) -> Variable | None:
        """Returns the variable, or None once it is gone."""
        return None if self._variable is None else self._variable()

    def get_variable(self) -> Variable:
        """Returns the variable, or a new one in its place once it is gone."""
        variable = self.get_variable_or_none()
        if variable is None:
            from chainer_compat._variable import Variable

            variable = Variable(self._data, name=self.name, requires_grad=self.requires_grad)
            variable._node = self
            self.revive(variable)
        return variable

    def revive(self, variable: Variable) -> None:
        """Takes a variable in the place of one that is gone.

        Args:
            variable: The new one, with this node and the same array.
        """
        self._variable = weakref.ref(variable)

    @property
    def data(self) -> Any:
        """The raw array, if the variable is alive or has retained it; else None."""
        variable = self.get_variable_or_none()
        return self._data if variable is None else variable.array

    def retain_data(self) -> None:
        """Keeps the raw array for when the variable is gone."""
        variable = self.get_variable_or_none()
        if variable is None:
            raise RuntimeError("cannot retain the array of a variable that is gone already")
        self._data = variable.array

    @property
    def grad(self) -> Any:
        """The variable's gradient as a raw array; None without one, or once it is gone."""
        variable = self.get_variable_or_none()
        return None if variable is None else variable.grad

    @property
    def grad_var(self) -> Variable | None:
        """The variable's gradient; None without one, or once the variable is gone."""
        variable = self.get_variable_or_none()
        return None if variable is None else variable.grad_var

    def cut(self) -> None:
        """Forgets the creator: backward passes from downstream stop here."""
        if self._grad_fn is not None or self.recorded_creator is not None:
            self.creator_node = None
            self.rank = 0
            _cut_alive.add(self)

    def unchain(self) -> None:
        """Cuts the variable, dead or alive, from the function that made it."""
        variable = self.get_variable_or_none()
        if variable is not None and variable._node is self:
            variable.unchain()
        else:
            self.cut()
