"""The base of the nodes of this package's functions, which scripts also make and apply themselves.

A function records a node of its class without calling the constructor. What a constructor takes,
and what it applies, is in the table of :mod:`chainer_compat.functions._nodes`.
"""

from __future__ import annotations

import contextlib
import copy
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch

from chainer_compat import _backprop
from chainer_compat._graph import VariableNode
from chainer_compat._variable import Variable, is_raw_array, make_result
from chainer_compat.configuration import _this_thread, config, force_backprop_mode, no_backprop_mode
from chainer_compat.function_node import FunctionNode

__all__ = ["BodyNode", "Found", "Option", "inputs_of", "kinds"]

# The classes of nodes by name, filled by `functions._boundary.function`; the first of a name stays.
kinds: dict[str, type[BodyNode]] = {}


class Found(NamedTuple):
    """What a function found beside its output.

    Attributes:
        output: The output.
        attributes: What its node keeps: ``indexes`` of max pooling, ``mask`` of dropout.
    """

    output: Any
    attributes: dict[str, Any]


def inputs_of(places: Sequence[Any]) -> tuple[VariableNode, ...]:
    """Returns the nodes of a function's inputs.

    Args:
        places: For each input its node; of a raw array, its shape and dtype; None for an input
            that was not given.
    """
    nodes = []
    for place in places:
        if type(place) is tuple:
            nodes.append(VariableNode.of_constant(*place))
        elif place is not None:
            nodes.append(place)
    return tuple(nodes)


class Option:
    """An option that a function was called with, as an attribute of its node.

    Args:
        index: Its place among the options.
    """

    def __init__(self, index: int) -> None:
        self._index = index

    def __get__(self, node: Any, owner: type) -> Any:
        return self if node is None else node._options[self._index]


class BodyNode(FunctionNode):
    """The node of a function of this package.

    A subclass may override ``forward_cpu``, ``forward_gpu``, ``forward`` or ``backward``, and call
    what it overrides.
    """

    # What a constructor sets: the function of variables that is applied.
    _function: Callable[..., Any] | None = None
    # What the body takes besides tensors, of a node that a function recorded.
    _options: tuple[Any, ...] = ()
    # Of the classes that `functions._boundary.function` makes: the body with all around it, the
    # number of tensors it takes (None for any number), and the names of the options.
    _apply: Callable[..., Any] | None = None
    _arity: int | None = None
    _option_names: tuple[str, ...] = ()
    # The shapes and dtypes of the inputs while no graph has them: hooks are called before that.
    _input_types: tuple[tuple[Any, Any], ...] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Takes what Chainer's constructor of the class takes."""
        from chainer_compat.functions import _nodes

        for kind in type(self).__mro__:
            # Equips the class, which has been met in a graph only so far.
            if kinds.get(kind.__name__) is kind and _nodes.find(kind.__name__) is kind:
                kind.__init__(self, *args, **kwargs)
                return
        if args or kwargs:
            raise TypeError(f"{type(self).__name__}() takes no arguments")

    @classmethod
    def of_result(
        cls,
        options: tuple[Any, ...],
        places: Sequence[Any],
        output: VariableNode,
    ) -> BodyNode:
        """Returns the node of a function that was run, made when it is first asked for.

        Args:
            options: What the body took besides tensors.
            places: Of the inputs, as :func:`inputs_of` takes them.
            output: The node of its one result.
        """
        node = cls.__new__(cls)
        node._options = options
        node.inputs = inputs_of(places)
        node.outputs = (weakref.ref(output),)
        node.rank = output.rank - 1
        return node

    def _has_option(self, name: str) -> bool:
        called = bool(self._options) and name in self._option_names
        return called or name in vars(self)

    def _option(self, name: str) -> Any:
        """What the function was called with, or what the constructor was."""
        if not self._has_option(name):
            raise AttributeError(f"{type(self).__name__} was not called with {name} yet")
        own = vars(self)
        return own[name] if name in own else self._options[self._option_names.index(name)]

    def _type_of_input(self, index: int) -> tuple[Any, Any]:
        if self._input_types is not None:
            return self._input_types[index]
        if self.inputs is None:
            raise AttributeError(f"{type(self).__name__} was not applied, and has no inputs yet")
        node = self.inputs[index]
        return node.tensor_shape, node.tensor_dtype

    def _input_count(self) -> int:
        return len(self.inputs or () if self._input_types is None else self._input_types)

    def _input_shape(self, index: int) -> tuple[int, ...]:
        return tuple(self._type_of_input(index)[0])

    def _input_dtype(self, index: int) -> torch.dtype:
        dtype: torch.dtype = self._type_of_input(index)[1]
        return dtype

    @property
    def node(self) -> BodyNode:
        """Itself: in Chainer some of these classes are old-style functions, which have a node."""
        return self

    def __call__(self, *inputs: Any) -> Any:
        """Applies the function, as Chainer 1's functions are applied.

        Args:
            *inputs: Variables or raw arrays.

        Returns:
            A variable, or a tuple of them if there is not just one.
        """
        outputs = self.apply(inputs)
        return outputs[0] if len(outputs) == 1 else outputs

    def apply(self, inputs: Sequence[Any]) -> tuple[Variable, ...]:
        """Applies the function and puts it into the graph.

        Args:
            inputs: Variables or raw arrays.

        Returns:
            The outputs.
        """
        if self._is_overridden() or self.local_function_hooks:
            return super().apply(inputs)
        outputs = self._outputs(inputs)
        if self._take_place_of(outputs[0].creator_node, inputs):
            return outputs
        # Put together from several functions: its own node stands for all of them.
        return super().apply(inputs)

    @classmethod
    def _is_overridden(cls) -> bool:
        return any(
            getattr(cls, name) is not getattr(BodyNode, name)
            for name in ("forward", "forward_cpu", "forward_gpu", "backward", "backward_accumulate")
        )

    def _outputs(self, inputs: Sequence[Any], moves: bool = True) -> tuple[Variable, ...]:
        """Computes the outputs.

        Args:
            inputs: Variables or raw arrays.
            moves: Whether running statistics are moved, where the function moves any.
        """
        if self._function is not None:
            result = self._function(*inputs)
        elif self._apply is not None:
            options = self._options if moves else self._options_to_spare()
            result = self._apply([*inputs, *self._missing(inputs)], *options)
        else:
            raise NotImplementedError(f"{type(self).__name__} defines no forward computation")
        if isinstance(result, Found):
            vars(self).update(result.attributes)
            result = result.output
        return tuple(result) if isinstance(result, tuple | list) else (result,)

    def _options_to_spare(self) -> tuple[Any, ...]:
        """The options, with copies of the statistics that the body moves in place."""
        return tuple(
            copy.deepcopy(option) if name.startswith("running") else option
            for name, option in zip(self._option_names, self._options, strict=True)
        )

    def _missing(self, inputs: Sequence[Any]) -> tuple[None, ...]:
        """For the inputs that were not given, which are the last ones: no bias, for example."""
        return () if self._arity is None else (None,) * (self._arity - len(inputs))

    def _take_place_of(self, made: FunctionNode | None, inputs: Sequence[Any]) -> bool:
        """Becomes the creator of what the function has put into the graph; says if it is."""
        if made is None:
            return True
        is_of_the_kind = isinstance(self, type(made)) or isinstance(made, type(self))
        if not (is_of_the_kind and _are_inputs_of(made, inputs)):
            return False
        self.inputs, self.outputs, self.rank = made.inputs, made.outputs, made.rank
        if isinstance(made, BodyNode):
            self._options = made._options
        for ref in self.outputs or ():
            node = ref()
            if node is not None:
                node.creator_node = self
        return True

    def forward_cpu(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Computes the outputs, for a subclass.

        Args:
            inputs: Raw arrays.
        """
        self.retain_inputs(range(len(inputs)))
        with no_backprop_mode(), _without_hooks():
            return tuple(y.array for y in self._outputs(inputs))

    forward_gpu = forward_cpu

    def backward(
        self, target_input_indexes: tuple[int, ...], grad_outputs: tuple[Variable | None, ...]
    ) -> tuple[Variable | None, ...]:
        """Computes the gradients of the inputs, for a subclass.

        Args:
            target_input_indexes: Which inputs need one; or, as in Chainer 1, the raw inputs, where
                ``grad_outputs`` are raw arrays too, and raw arrays are returned.
            grad_outputs: The outputs' gradients.
        """
        if any(is_raw_array(x) for x in target_input_indexes):
            return self._backward_arrays(target_input_indexes, grad_outputs)
        double = config.enable_backprop
        # torch has switched its graph off in here, unless the gradient is to be differentiated.
        with force_backprop_mode(), torch.enable_grad():
            inputs = [_distinct(x) for x in self._inputs_again()]
            with _without_hooks():
                outputs = self._outputs(inputs, moves=False)
            pairs = [(y, g) for y, g in zip(outputs, grad_outputs, strict=True) if g is not None]
            return tuple(
                _backprop.grad(
                    [y for y, _ in pairs],
                    [inputs[i] for i in target_input_indexes],
                    [g for _, g in pairs],
                    enable_double_backprop=double,
                )
            )

    def _backward_arrays(self, inputs: Sequence[Any], grads: Sequence[Any]) -> tuple[Any, ...]:
        """The gradients of the inputs, by Chainer 1's rules for functions."""
        with force_backprop_mode(), torch.enable_grad(), _without_hooks():
            variables = [Variable(x) for x in inputs]
            pairs = zip(self._outputs(variables, moves=False), grads, strict=True)
            outputs, given = zip(
                *((y, Variable(g)) for y, g in pairs if g is not None), strict=True
            )
            found = _backprop.grad(outputs, variables, given)
        return tuple(None if g is None else g.array for g in found)

    def _inputs_again(self) -> Sequence[Variable]:
        """The inputs, to compute the outputs once more: retained ones, or those still alive."""
        if self._saved is not None:
            return self.get_retained_inputs()
        found = []
        for i, node in enumerate(self.inputs or ()):
            variable = node.get_variable_or_none()
            if variable is None:
                raise RuntimeError(
                    f"input {i} of {self.label} is gone: keep the variable for as long as "
                    "backward() of its function may be called by hand"
                )
            found.append(variable)
        return found


def _are_inputs_of(node: FunctionNode, inputs: Sequence[Any]) -> bool:
    given = [x for x in inputs if x is not None]
    nodes = node.inputs or ()
    return len(given) == len(nodes) and all(
        not isinstance(x, Variable) or x.node is own for x, own in zip(given, nodes, strict=True)
    )


@contextlib.contextmanager
def _without_hooks() -> Iterator[None]:
    """Inside, hooks do not see functions: they see the node that calls them."""
    mode = _this_thread.mode
    hooks, mode.function_hooks = mode.function_hooks, {}
    try:
        yield
    finally:
        mode.function_hooks = hooks


def _distinct(x: Variable) -> Variable:
    """The same input, told from another one that is the same variable."""
    tensor = x.tensor
    return make_result(tensor.view_as(tensor)) if tensor.requires_grad else x
