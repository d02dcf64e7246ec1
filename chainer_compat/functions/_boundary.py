"""The one boundary between Chainer's world and the pure tensor bodies of functions.

A body knows tensors only. :func:`function` puts around it all the rest, once for all functions:
variables and raw arrays to tensors, the type check, function hooks, the graph's record, and tensors
back to variables. Its signature is read when the decorator runs, not when the function does.
"""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch

from chainer_compat import _version1
from chainer_compat._graph import VariableNode
from chainer_compat._variable import Variable, is_raw_array
from chainer_compat.backends import _crossing
from chainer_compat.configuration import _this_thread
from chainer_compat.errors import InvalidArgumentTypeError
from chainer_compat.function_node import FunctionNode, _check_nan
from chainer_compat.functions import _refused
from chainer_compat.functions._body_node import BodyNode, Option, inputs_of, kinds
from chainer_compat.functions._calls import write_call
from chainer_compat.functions._node_attributes import attributes_of
from chainer_compat.utils import type_check

__all__ = ["apply", "call_torch", "function"]

_Tensor = torch.Tensor
_weak = weakref.ref
_new_variable = Variable.__new__
_new_node = VariableNode.__new__

# torch.set_grad_enabled costs a microsecond as an object; this is the switch under it.
_set_grad_enabled = torch._C._set_grad_enabled


def apply(kind: type[FunctionNode], inputs: Sequence[Any], *options: Any) -> Any:
    """Runs a body on variables and raw arrays, and records it in the graph.

    Args:
        kind: The class of the function's node; its ``body`` is run.
        inputs: Variables, raw arrays, or None where the body takes None.
        *options: What the body takes besides tensors.

    Returns:
        A variable, or a tuple of variables, as the body returns a tensor or a tuple of tensors.
    """
    mode = _this_thread.mode
    tensors, nodes, rank, requires_grad = _enter(kind, inputs, mode.enable_backprop)
    check = kind.check  # type: ignore[attr-defined]  # every kind that `function` makes has one
    if check is not None and mode.type_check:
        try:
            if kind.takes_sequence:  # type: ignore[attr-defined]  # as `check`
                check(tensors, *options)
            else:
                check(*tensors, *options)
        except type_check.InvalidType as error:
            error.add_label(_label(kind, options))
            raise
    if mode.function_hooks or mode.debug or mode.volatile_in_use:
        entered = _Inputs(inputs, tensors, nodes, rank, requires_grad)
        return _apply_observed(kind, options, entered)
    result = _run(kind, tensors, options, mode.enable_backprop)
    if not isinstance(result, _Tensor) or _is_among(result, tensors):
        entered = _Inputs(inputs, tensors, nodes, rank, requires_grad)
        return _finish(kind, options, entered, result, mode.enable_backprop)
    if mode.enable_backprop:
        return _placed(result, rank, requires_grad, (kind, options, *nodes))
    return _loose(result, requires_grad)


class _Inputs(NamedTuple):
    """What has entered a function: as it was given, as tensors, and as places in the graph."""

    given: Sequence[Any]
    tensors: tuple[Any, ...]
    nodes: Sequence[Any]
    rank: int
    requires_grad: bool


def _enter(
    kind: type[FunctionNode], inputs: Sequence[Any], keeps: bool
) -> tuple[tuple[Any, ...], list[Any], int, bool]:
    """The inputs' tensors and places in the graph; their rank, and whether any requires grad."""
    tensors: list[Any] = []
    nodes: list[Any] = []
    rank = 0
    requires_grad = False
    for x in inputs:
        if isinstance(x, Variable):
            tensor = x._tensor
            tensors.append(x._materialize() if tensor is None else tensor)
            if not keeps:
                requires_grad = requires_grad or x._requires_grad
                continue
            node = x._node
            if node is None:
                node = x.node
            if node.rank > rank:  # noqa: PLR1730 -- a call of `max` costs more
                rank = node.rank
            if node.requires_grad:
                requires_grad = True
            nodes.append(node)
        elif x is None:
            tensors.append(None)
        else:
            constant = _constant(kind, x)
            tensors.append(constant)
            nodes.append(_place_of(constant))
    return tuple(tensors), nodes, rank, requires_grad


def _is_among(result: torch.Tensor, tensors: tuple[Any, ...]) -> bool:
    for tensor in tensors:  # noqa: SIM110 -- a generator in `any` costs more than the questions
        if tensor is result:
            return True
    return False


def _label(kind: type[FunctionNode], options: tuple[Any, ...]) -> str:
    node = kind.__new__(kind)
    node._options = options  # type: ignore[attr-defined]  # read by nodes that show them
    return node.label


def _constant(kind: type[FunctionNode], x: Any) -> torch.Tensor:
    if not is_raw_array(x):
        raise InvalidArgumentTypeError(
            f"the inputs of {kind.__name__} must be Variables or arrays of NumPy, CuPy or torch; "
            f"got {type(x)}"
        )
    return _crossing.as_tensor(x)


def _run(
    kind: type[FunctionNode], tensors: Sequence[Any], options: tuple[Any, ...], keeps: bool
) -> Any:
    """Runs the body, with torch's graph as the configuration wants it."""
    if not keeps:
        before = torch.is_grad_enabled()
        _set_grad_enabled(False)
    try:
        if kind.takes_sequence:  # type: ignore[attr-defined]  # as `check` above
            return kind.body(tensors, *options)  # type: ignore[attr-defined]
        return kind.body(*tensors, *options)  # type: ignore[attr-defined]
    except RuntimeError as error:
        _check_devices(kind, tensors, error)
        raise
    finally:
        if not keeps:
            _set_grad_enabled(before)


def _check_devices(kind: type[FunctionNode], tensors: Sequence[Any], error: RuntimeError) -> None:
    """Says so if a body has failed for tensors on different devices."""
    devices = {t.device for t in tensors if t is not None}
    if len(devices) > 1:
        raise InvalidArgumentTypeError(
            f"the inputs of {kind.__name__} are on different devices: "
            f"{', '.join(sorted(map(str, devices)))}; send them to one with `to_device`"
        ) from error


def _finish(
    kind: type[FunctionNode],
    options: tuple[Any, ...],
    inputs: _Inputs,
    result: Any,
    keeps: bool,
) -> Any:
    """Makes variables of several results, or finds the input that a body has passed on."""
    if not keeps:
        return _without_graph(inputs, result)
    node = kind.__new__(kind)
    node._options = options  # type: ignore[attr-defined]  # every kind is a BodyNode
    return _record(node, inputs, result)


def _without_graph(inputs: _Inputs, result: Any) -> Any:
    results = []
    for tensor in result if isinstance(result, tuple) else (result,):
        same = _same_input(tensor, inputs)
        results.append(_loose(tensor, inputs.requires_grad) if same is None else same)
    return tuple(results) if isinstance(result, tuple) else results[0]


def _loose(tensor: torch.Tensor, requires_grad: bool) -> Variable:
    """A result outside any graph, which may become a leaf of one later."""
    variable = _new_variable(Variable)
    variable._plain = tensor
    if not requires_grad:
        variable._requires_grad = False
    return variable


def _same_input(tensor: torch.Tensor, inputs: _Inputs) -> Variable | None:
    """The input that a body has passed on as it was, as dropout does in testing."""
    for x, own in zip(inputs.given, inputs.tensors, strict=True):
        if own is tensor:
            return x if isinstance(x, Variable) else Variable(x, requires_grad=False)
    return None


def _place_of(tensor: torch.Tensor) -> Any:
    """What stands for a raw array among the inputs of a function: a node, or what it is made of."""
    if tensor.requires_grad:
        return VariableNode(None, tensor, requires_grad=False)
    return tensor.shape, tensor.dtype


def _record(node: FunctionNode, inputs: _Inputs, result: Any) -> Any:
    """Puts a function's node into the graph, between its inputs and its results."""
    if isinstance(result, _Tensor):
        same = _same_input(result, inputs)
        if same is not None:
            return same
    tensors = result if isinstance(result, tuple) else (result,)
    variables = _placed_by(node, inputs.nodes, inputs.rank, inputs.requires_grad, tensors)
    return variables if isinstance(result, tuple) else variables[0]


def _several(
    kind: type[FunctionNode],
    options: tuple[Any, ...],
    places: Sequence[Any],
    rank: int,
    requires_grad: bool,
    tensors: tuple[torch.Tensor, ...],
) -> tuple[Variable, ...]:
    """Several results with their place in the graph, behind one node."""
    node = kind.__new__(kind)
    node._options = options  # type: ignore[attr-defined]  # every kind is a BodyNode
    return _placed_by(node, places, rank, requires_grad, tensors)


def _placed_by(
    node: FunctionNode,
    places: Sequence[Any],
    rank: int,
    requires_grad: bool,
    tensors: tuple[torch.Tensor, ...],
) -> tuple[Variable, ...]:
    """A function's results with their place in the graph, behind its node."""
    node.inputs = inputs_of(places)
    if rank:
        node.rank = rank
    variables = []
    outputs = []
    for tensor in tensors:
        variable = _placed(tensor, rank, requires_grad, None)
        output: Any = variable._node
        output._creator_node = node
        variables.append(variable)
        outputs.append(_weak(output))
    node.outputs = tuple(outputs)
    return tuple(variables)


def _placed(
    tensor: torch.Tensor, rank: int, requires_grad: bool, origin: tuple[Any, ...] | None
) -> Variable:
    """A result with its place in the graph; `origin` says of what its creator is to be made."""
    variable = _new_variable(Variable)
    variable._tensor = tensor
    variable._node = node = _new_node(VariableNode)
    node._variable = _weak(variable)
    node._origin = origin
    node.rank = rank + 1
    grad_fn = tensor.grad_fn
    if grad_fn is None:
        node._tensor_shape = tensor.shape
        node._tensor_dtype = tensor.dtype
    else:
        node._grad_fn = grad_fn
        output_nr = tensor.output_nr
        if output_nr:
            node._output_nr = output_nr
    if not requires_grad:
        variable._requires_grad = node.requires_grad = False
    return variable


def _apply_observed(kind: type[FunctionNode], options: tuple[Any, ...], inputs: _Inputs) -> Any:
    """The way with hooks, debug mode or Chainer 1's volatile variables."""
    mode = _this_thread.mode
    node = kind.__new__(kind)
    node._options = options  # type: ignore[attr-defined]  # read by nodes that show them
    node._input_types = tuple((t.shape, t.dtype) for t in inputs.tensors if t is not None)  # type: ignore[attr-defined]  # as above
    hooks = list(mode.function_hooks.values())
    data: tuple[Any, ...] = ()
    if hooks:
        given = inputs.given
        data = tuple(x.array if isinstance(x, Variable) else x for x in given if x is not None)
    for hook in hooks:
        hook.forward_preprocess(node, data)
    volatile = any(isinstance(x, Variable) and x._volatile for x in inputs.given)
    keeps = mode.enable_backprop and not volatile
    result = _run(kind, inputs.tensors, options, keeps)
    result = _record(node, inputs, result) if keeps else _without_graph(inputs, result)
    results = result if isinstance(result, tuple) else (result,)
    if volatile:
        for variable in results:
            variable._volatile = True
            variable._requires_grad = False
    for hook in hooks:
        hook.forward_postprocess(node, data)
    if mode.debug:
        _check_nan(node.label, tuple(v.tensor for v in results))
    return result


def function(
    node: str,
    *,
    label: str | None = None,
    check: Callable[..., None] | None = None,
    shortcut: Callable[..., Any] | None = None,
    enters: Mapping[str, Callable[[Any], torch.Tensor]] = MappingProxyType({}),
    use_cudnn: tuple[str, str] | bool = False,
) -> Callable[[Callable[..., Any]], Any]:
    """Turns a pure tensor body into a function of variables and raw arrays.

    The body's parameters annotated ``Tensor`` or ``Tensor | None`` come first and take variables or
    raw arrays; alternatively one first parameter annotated ``Sequence[Tensor]`` takes a sequence
    of them, or one ``*args: Tensor``. All others are options, passed as they are. The body returns
    a tensor or a tuple of tensors. The body itself stays reachable as ``function.body``, the class
    of its nodes as ``function.node``.

    Args:
        node: The name of the node's class, Chainer's: ``"ReLU"``.
        label: How a graph and error messages show it; the class's name by default. Options in
            braces are filled in: ``"_ + {value}"``.
        check: Called like the body, before it; raises
            :class:`~chainer_compat.utils.type_check.InvalidType` for inputs of a wrong type.
        shortcut: Called like the body, ahead of the check, unless somebody looks on: for the inputs
            of nearly every call. Returns what the body would return where the check would pass,
            and None where it does not know; if torch refuses the inputs, check and body say why.
        enters: For a parameter, what makes a tensor for the body of a NumPy array, if it is not to
            be a view; unless somebody looks on.
        use_cudnn: Take this argument of Chainer 1, which changes nothing, behind all others. Where
            Chainer 1 had it before some of them: before which, and which one is then a bool.
    """

    def decorate(body: Callable[..., Any]) -> Any:
        arrays, sequence, parameters = _read_signature(body)
        kind = type(
            node,
            (kinds.get(node, BodyNode),),  # so that isinstance holds for each one of a name
            {
                **_refused.members(node),
                **_options(parameters),
                **attributes_of(node),
                "_apply": classmethod(apply),
                "_arity": None if sequence or _is_starred(parameters) else len(arrays),
                "_option_names": tuple(p.name for p in parameters if p.annotation not in _ARRAYS),
                "label": _label_property(label or node, parameters),
                "body": staticmethod(_by_place(body, parameters)),
                "check": None if check is None else staticmethod(_by_place(check, parameters)),
                "takes_sequence": sequence is not None,
                "__module__": body.__module__,
                "__doc__": f"The node of `{body.__name__}` in a graph.",
            },
        )
        kinds.setdefault(node, kind)
        public = _compile(
            body, kind, check, shortcut, enters, arrays, sequence, parameters, use_cudnn
        )
        public.body = body
        public.node = kind
        return public

    return decorate


def _is_starred(parameters: list[inspect.Parameter]) -> bool:
    return any(p.kind is p.VAR_POSITIONAL for p in parameters)


def _options(parameters: list[inspect.Parameter]) -> dict[str, Option]:
    """The options as attributes of nodes, but for those that a node has anyway."""
    names = [p.name for p in parameters if p.annotation not in _ARRAYS]
    return {name: Option(i) for i, name in enumerate(names) if not hasattr(BodyNode, name)}


def _label_property(label: str, parameters: list[inspect.Parameter]) -> Any:
    if "{" not in label:
        return label
    option = label[label.index("{") + 1 : label.index("}")]
    options = [p.name for p in parameters if p.annotation not in _ARRAYS]
    position = options.index(option)
    return property(lambda self: label.replace(f"{{{option}}}", _shown(self._options[position])))


def _shown(value: Any) -> str:
    """An option as Chainer's labels show it: ``_ + (-1)``."""
    if isinstance(value, _Tensor) or is_raw_array(value):
        return "constant array"
    return f"({value})" if isinstance(value, (int, float)) and value < 0 else str(value)


_ARRAYS = ("Tensor", "Tensor | None", "Sequence[Tensor]")


def _read_signature(
    body: Callable[..., Any],
) -> tuple[list[str], str | None, list[inspect.Parameter]]:
    """Which parameters are arrays, which one is a sequence of arrays, and all of them."""
    parameters = list(inspect.signature(body).parameters.values())
    arrays = [p.name for p in parameters if p.annotation in _ARRAYS[:2]]
    sequences = [p.name for p in parameters if p.annotation == _ARRAYS[2]]
    if [p.name for p in parameters[: len(arrays)]] != arrays or (
        sequences and (arrays or sequences != [parameters[0].name])
    ):
        raise TypeError(f"the array parameters of {body.__name__} must come first")
    return arrays, sequences[0] if sequences else None, parameters


def _by_place(body: Any, parameters: list[inspect.Parameter]) -> Any:
    """The body as `apply` calls it: with options by their place, too."""
    named = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    if not named:
        return body
    count = len(named)
    return lambda *args: body(*args[:-count], **dict(zip(named, args[-count:], strict=True)))


def _compile(
    body: Any,
    kind: type[FunctionNode],
    check: Callable[..., None] | None,
    shortcut: Callable[..., Any] | None,
    enters: Mapping[str, Callable[[Any], torch.Tensor]],
    arrays: list[str],
    sequence: str | None,
    parameters: list[inspect.Parameter],
    use_cudnn: tuple[str, str] | bool,
) -> Any:
    """Writes the public function, which shows the body's own signature."""
    namespace: dict[str, Any] = {"_apply": apply, "_kind": kind}
    declared = []
    starred = keyword_only = False
    for parameter in parameters:
        text = parameter.name
        if parameter.kind is parameter.VAR_POSITIONAL:
            text, starred = f"*{text}", True
        elif parameter.kind is parameter.KEYWORD_ONLY and not (starred or keyword_only):
            declared.append("*")
            keyword_only = True
        if parameter.default is not parameter.empty:
            namespace[f"_default_{parameter.name}"] = parameter.default
            text += f"=_default_{parameter.name}"
        declared.append(text)
    prepare = ""
    if use_cudnn:
        # Python fills it in for nothing, which a test for leftover arguments would not be.
        declared.append("use_cudnn=None")
        prepare = _read_version_1(parameters, use_cudnn, namespace)
    signature = ", ".join(declared)
    if starred:
        options = "".join(f", {p.name}" for p in parameters if p.name not in arrays)
        call = f"_apply(_kind, {arrays[0]}{options})"
    else:
        call = f"_first_call({', '.join(f'{p.name}={p.name}' for p in parameters)})"
    source = f"def {body.__name__}({signature}):\n{prepare}    return {call}\n"
    _execute(source, body, namespace)
    public: Any = functools.update_wrapper(namespace[body.__name__], body)
    namespace["_first_call"] = _writing(
        public, signature, prepare, body, check, shortcut, enters, parameters
    )
    public.__signature__ = inspect.Signature(
        [p.replace(annotation=inspect.Parameter.empty) for p in parameters]
    )
    return public


def _read_version_1(
    parameters: list[inspect.Parameter],
    use_cudnn: tuple[str, str] | bool,
    namespace: dict[str, Any],
) -> str:
    """Writes how options in Chainer 1's order are told and read, for next to nothing."""
    options = [p for p in parameters if p.annotation not in _ARRAYS]
    names = [p.name for p in options]
    if isinstance(use_cudnn, bool):
        namespace["_expect_switch"] = _version1.expect_switch
        return "    if use_cudnn is not None:\n        _expect_switch(use_cudnn)\n"
    first, telling = use_cudnn
    namespace["_read"] = _version1.reader(
        [p.default for p in options], names.index(first), names.index(telling)
    )
    listed = "".join(f"{name}, " for name in names)
    return (
        f"    if use_cudnn is not None or {telling}.__class__ is bool:\n"
        f"        {listed}= _read({listed}use_cudnn)\n"
    )


def _execute(source: str, body: Any, namespace: dict[str, Any]) -> None:
    code = compile(source, f"<boundary of {body.__name__}>", "exec")
    exec(code, namespace)  # noqa: S102 -- the text is ours: names of parameters in a template


def _writing(
    public: Any,
    signature: str,
    prepare: str,
    body: Any,
    check: Callable[..., None] | None,
    shortcut: Callable[..., Any] | None,
    enters: Mapping[str, Callable[[Any], torch.Tensor]],
    parameters: list[inspect.Parameter],
) -> Callable[..., Any]:
    """What gives a function the code of its straight way when it is first called.

    Hundreds of functions are defined for the few that a script calls.
    """

    def first_call(**arguments: Any) -> Any:
        namespace = public.__globals__
        namespace.update(_WORDS, _body=body, _check=check, _shortcut=shortcut)
        namespace.update({f"_enter_{x}": enter for x, enter in enters.items()})
        source = write_call(
            *(body.__name__, signature, prepare, parameters),
            *(check is not None, shortcut is not None, enters),
        )
        _execute(source, body, namespace)
        public.__code__ = namespace[body.__name__].__code__
        return public(**arguments)

    return first_call


# What `_calls` calls by these names.
_WORDS: dict[str, Any] = {
    "_Inputs": _Inputs,
    "_InvalidType": type_check.InvalidType,
    "_Tensor": _Tensor,
    "_Variable": Variable,
    "_check_devices": _check_devices,
    "_constant": _constant,
    "_finish": _finish,
    "_from_numpy": _crossing.from_numpy,
    "_is_among": _is_among,
    "_is_grad_enabled": torch.is_grad_enabled,
    "_label": _label,
    "_loose": _loose,
    "_ndarray": np.ndarray,
    "_place_of": _place_of,
    "_placed": _placed,
    "_set_grad_enabled": _set_grad_enabled,
    "_several": _several,
    "_this_thread": _this_thread,
}


class _TorchCall(FunctionNode):
    """A function of torch that was called with variables."""

    name = ""

    @property
    def label(self) -> str:
        """The function's name."""
        return self.name


def call_torch(
    func: Any,
    args: Any,
    kwargs: dict[str, Any],
    also: Callable[[], Sequence[Variable]] = tuple,
) -> Any:
    """Calls a function of torch with variables among its arguments.

    Args:
        func: The function.
        args: Its arguments.
        kwargs: Its keyword arguments.
        also: Called after it; gives what else it depends on, the parameters of a module.

    Returns:
        What it returns, with tensors as variables whose creator is the call.
    """
    from torch.utils import _pytree

    flat, spec = _pytree.tree_flatten((args, kwargs))
    inputs = [x for x in flat if isinstance(x, Variable)]
    plain = [x.tensor if isinstance(x, Variable) else x for x in flat]
    plain_args, plain_kwargs = _pytree.tree_unflatten(plain, spec)
    builds_graph = torch.is_grad_enabled() and _this_thread.mode.enable_backprop
    with torch.set_grad_enabled(builds_graph):
        result = func(*plain_args, **plain_kwargs)
    outputs, out_spec = _pytree.tree_flatten(result)
    places = [i for i, out in enumerate(outputs) if isinstance(out, torch.Tensor)]
    if not places:
        return result
    results = tuple(outputs[i] for i in places)
    if builds_graph:
        inputs += also()
    entered = _Inputs(inputs, *_enter(_TorchCall, inputs, builds_graph))
    if builds_graph:
        node = _TorchCall()
        node.name = getattr(func, "__name__", type(func).__name__)
        variables = _record(node, entered, results)
    else:
        variables = _without_graph(entered, results)
    for place, variable in zip(places, variables, strict=True):
        outputs[place] = variable
    return _pytree.tree_unflatten(outputs, out_spec)
