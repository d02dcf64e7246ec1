"""The one boundary between Chainer's world and the pure tensor bodies of functions.

A body knows tensors only. :func:`function` puts around it all the rest, once for all functions:
variables and raw arrays to tensors, the type check, function hooks, the graph's record, and tensors
back to variables. Its signature is read when the decorator runs, not when the function does.
"""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import torch

from chainer_compat import _backprop
from chainer_compat._graph import VariableNode
from chainer_compat._variable import Variable, is_raw_array
from chainer_compat.backends import _crossing
from chainer_compat.configuration import _this_thread
from chainer_compat.errors import InvalidArgumentTypeError
from chainer_compat.function_node import FunctionNode, _check_nan
from chainer_compat.functions._body_node import BodyNode, Option, kinds
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
    tensors: list[Any] = []
    for x in inputs:
        if isinstance(x, Variable):
            tensor = x._tensor
            tensors.append(x.tensor if tensor is None else tensor)
        elif x is None:
            tensors.append(x)
        else:
            tensors.append(_constant(kind, x))
    mode = _this_thread.mode
    check = kind.check  # type: ignore[attr-defined]  # every kind that `function` makes has one
    if check is not None and mode.type_check:
        try:
            check(*tensors, *options)
        except type_check.InvalidType as error:
            error.add_label(_label(kind, options))
            raise
    if mode.function_hooks or mode.debug or _backprop._volatile_in_use:
        return _apply_observed(kind, inputs, tensors, options)
    if not mode.enable_backprop:
        return _apply_without_graph(kind, inputs, tensors, options)
    result = _run(kind, tensors, options)
    node = kind.__new__(kind)
    node._options = options  # type: ignore[attr-defined]  # every kind is a BodyNode
    return _record(node, inputs, tensors, result)


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


def _run(kind: type[FunctionNode], tensors: Sequence[Any], options: tuple[Any, ...]) -> Any:
    try:
        return kind.body(*tensors, *options)  # type: ignore[attr-defined]  # as `check` above
    except RuntimeError as error:
        devices = {t.device for t in tensors if t is not None}
        if len(devices) > 1:
            raise InvalidArgumentTypeError(
                f"the inputs of {kind.__name__} are on different devices: "
                f"{', '.join(sorted(map(str, devices)))}; send them to one with `to_device`"
            ) from error
        raise


def _apply_without_graph(
    kind: type[FunctionNode], inputs: Sequence[Any], tensors: Sequence[Any], options: Any
) -> Any:
    before = torch.is_grad_enabled()
    _set_grad_enabled(False)
    try:
        result = _run(kind, tensors, options)
    finally:
        _set_grad_enabled(before)
    requires_grad = any(isinstance(x, Variable) and x._requires_grad for x in inputs)
    if isinstance(result, tuple):
        return tuple(_loose(tensor, inputs, tensors, requires_grad) for tensor in result)
    return _loose(result, inputs, tensors, requires_grad)


def _loose(
    tensor: torch.Tensor, inputs: Sequence[Any], tensors: Sequence[Any], requires_grad: bool
) -> Variable:
    """A result outside any graph, which may become a leaf of one later."""
    same = _same_input(tensor, inputs, tensors)
    if same is not None:
        return same
    variable = _new_variable(Variable)
    variable._plain = tensor
    variable._requires_grad = requires_grad
    return variable


def _same_input(
    tensor: torch.Tensor, inputs: Sequence[Any], tensors: Sequence[Any]
) -> Variable | None:
    """The input that a body has passed on as it was, as dropout does in testing."""
    for x, own in zip(inputs, tensors, strict=True):
        if own is tensor:
            return x if isinstance(x, Variable) else Variable(x, requires_grad=False)
    return None


def _record(node: FunctionNode, inputs: Sequence[Any], tensors: Sequence[Any], result: Any) -> Any:
    in_nodes = []
    rank = 0
    requires_grad = False
    for x, tensor in zip(inputs, tensors):  # noqa: B905 -- same length, and strict= costs time here
        if tensor is None:
            continue
        if tensor is result:
            return x if isinstance(x, Variable) else Variable(x, requires_grad=False)
        if isinstance(x, Variable):
            in_node = x._node
            if in_node is None:
                in_node = x.node
            rank = max(rank, in_node.rank)
            if in_node.requires_grad:
                requires_grad = True
        else:
            in_node = _new_node(VariableNode)
            in_node.requires_grad = False
            in_node.tensor_shape = tensor.shape
            in_node.tensor_dtype = tensor.dtype
            if tensor.requires_grad:
                in_node.attach(tensor)
        in_nodes.append(in_node)
    node.inputs = tuple(in_nodes)
    if rank:
        node.rank = rank
    if isinstance(result, _Tensor):
        variable = _result(node, rank, requires_grad, result)
        node.outputs = (_weak(variable._node),)  # type: ignore[arg-type]  # set by `_result`
        return variable
    variables = tuple(_result(node, rank, requires_grad, tensor) for tensor in result)
    node.outputs = tuple(_weak(v._node) for v in variables)  # type: ignore[arg-type]  # likewise
    return variables


def _result(node: FunctionNode, rank: int, requires_grad: bool, tensor: torch.Tensor) -> Variable:
    variable = _new_variable(Variable)
    variable._tensor = tensor
    out = _new_node(VariableNode)
    out._variable = _weak(variable)
    out.creator_node = node
    out.rank = rank + 1
    out.tensor_shape = tensor.shape
    out.tensor_dtype = tensor.dtype
    grad_fn = tensor.grad_fn
    if grad_fn is not None:
        out._grad_fn = grad_fn
        out._output_nr = tensor.output_nr
    if not requires_grad:
        variable._requires_grad = out.requires_grad = False
    variable._node = out
    return variable


def _apply_observed(
    kind: type[FunctionNode],
    inputs: Sequence[Any],
    tensors: Sequence[Any],
    options: tuple[Any, ...],
) -> Any:
    """The way with hooks, debug mode or Chainer 1's volatile variables."""
    mode = _this_thread.mode
    node = kind.__new__(kind)
    node._options = options  # type: ignore[attr-defined]  # read by nodes that show them
    hooks = list(mode.function_hooks.values())
    data: tuple[Any, ...] = ()
    if hooks:
        data = tuple(x.array if isinstance(x, Variable) else x for x in inputs if x is not None)
    for hook in hooks:
        hook.forward_preprocess(node, data)
    volatile = any(isinstance(x, Variable) and x._volatile for x in inputs)
    if mode.enable_backprop and not volatile:
        result = _record(node, inputs, tensors, _run(kind, tensors, options))
    else:
        result = _apply_without_graph(kind, inputs, tensors, options)
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
    ignores: tuple[str, ...] = (),
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
        ignores: Keyword arguments of Chainer 1 that are taken and change nothing.
    """

    def decorate(body: Callable[..., Any]) -> Any:
        arrays, sequence, parameters = _read_signature(body)
        kind = type(
            node,
            (kinds.get(node, BodyNode),),  # so that isinstance holds for each one of a name
            {
                **_options(parameters),
                "label": _label_property(label or node, parameters),
                "body": staticmethod(_unpacked(body, sequence, parameters)),
                "check": None
                if check is None
                else staticmethod(_unpacked(check, sequence, parameters)),
                "__module__": body.__module__,
                "__doc__": f"The node of `{body.__name__}` in a graph.",
            },
        )
        kinds.setdefault(node, kind)
        public = _compile(body, kind, arrays, sequence, parameters, ignores)
        public.body = body
        public.node = kind
        return public

    return decorate


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


def _unpacked(body: Any, sequence: str | None, parameters: list[inspect.Parameter]) -> Any:
    """The body as `apply` calls it: tensors one by one, then the options."""
    named = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    if named:
        count = len(named)
        return lambda *args: body(*args[:-count], **dict(zip(named, args[-count:], strict=True)))
    if sequence is None:
        return body
    options = len(parameters) - 1
    if options == 0:
        return lambda *tensors: body(tensors)
    return lambda *args: body(args[:-options], *args[-options:])


def _compile(
    body: Any,
    kind: type[FunctionNode],
    arrays: list[str],
    sequence: str | None,
    parameters: list[inspect.Parameter],
    ignores: tuple[str, ...],
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
    if ignores:
        # Python fills them in for nothing, which a test for leftover arguments would not be.
        declared += [*(() if starred or keyword_only else "*"), *(f"{n}=None" for n in ignores)]
    options = "".join(f", {p.name}" for p in parameters if p.name not in (*arrays, sequence))
    if sequence is not None:
        packed = f"tuple({sequence})"
    elif starred:
        packed = arrays[0]
    else:
        packed = f"({', '.join(arrays)},)"
    head = f"def {body.__name__}({', '.join(declared)}):"
    source = f"{head}\n    return _apply(_kind, {packed}{options})\n"
    exec(compile(source, f"<boundary of {body.__name__}>", "exec"), namespace)  # noqa: S102 -- the text is ours: a signature
    public: Any = functools.update_wrapper(namespace[body.__name__], body)
    public.__signature__ = inspect.Signature(
        [p.replace(annotation=inspect.Parameter.empty) for p in parameters]
    )
    return public


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
        node = _TorchCall()
        node.name = getattr(func, "__name__", type(func).__name__)
        inputs += also()
        variables = _record(node, inputs, [x.tensor for x in inputs], results)
    else:
        tensors = [x.tensor for x in inputs]
        requires_grad = any(x._requires_grad for x in inputs)
        variables = tuple(_loose(y, inputs, tensors, requires_grad) for y in results)
    for place, variable in zip(places, variables, strict=True):
        outputs[place] = variable
    return _pytree.tree_unflatten(outputs, out_spec)
