"""Writes the straight way through the boundary: a function's own call, without a loop.

``_boundary.apply`` takes any number of inputs, in loops. Nearly every call is of one function with
one, two or three of them, and with no hooks about; what is written here does just that for one
function's parameters, in a third of the time, and leaves the rest to ``apply``. The code is plain
and repetitive, so that nothing is packed, looped over or called that a call can do without.

A function may have a *shortcut*: its body for the inputs and options of nearly every call, which
asks only what torch's kernel does not ask by itself. Where it answers None or fails, the check and
the body are called, which say what is wrong.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Collection, Sequence

__all__ = ["write_call"]

_STEP = "    "

_HEAD = """\
def {name}({signature}):
{prepare}\
    _mode = _this_thread.mode
    if _mode.function_hooks or _mode.debug or _mode.volatile_in_use:
        return _apply(_kind, {inputs}{options})
    _keeps = _mode.enable_backprop
    _rank = 0
    _requires_grad = False
"""

# An input's tensor, and its place in the graph if that is kept.
_INPUT = """\
    if isinstance({x}, _Variable):
        tensor_{x} = {x}._tensor
        if tensor_{x} is None:
            tensor_{x} = {x}._materialize()
        if _keeps:
            node_{x} = {x}._node
            if node_{x} is None:
                node_{x} = {x}.node
            if node_{x}.rank > _rank:
                _rank = node_{x}.rank
            if node_{x}.requires_grad:
                _requires_grad = True
        elif {x}._requires_grad:
            _requires_grad = True
    elif type({x}) is _ndarray:
        tensor_{x} = {enter}({x})
        if _keeps:
            node_{x} = {x}.shape, {x}.dtype
    elif {x} is None:
        tensor_{x} = node_{x} = None
    else:
        tensor_{x} = _constant(_kind, {x})
        if _keeps:
            node_{x} = _place_of(tensor_{x})
"""

_TUPLE = """\
    {x} = tuple({x})
"""

# The inputs of a function of a sequence, likewise.
_SEQUENCE = """\
    _tensors = []
    _nodes = []
    for _x in {x}:
        if isinstance(_x, _Variable):
            _tensor = _x._tensor
            _tensors.append(_x._materialize() if _tensor is None else _tensor)
            if _keeps:
                _node = _x._node
                if _node is None:
                    _node = _x.node
                if _node.rank > _rank:
                    _rank = _node.rank
                if _node.requires_grad:
                    _requires_grad = True
                _nodes.append(_node)
            elif _x._requires_grad:
                _requires_grad = True
        elif _x is None:
            _tensors.append(None)
        else:
            _tensors.append(_constant(_kind, _x))
            if _keeps:
                _nodes.append(_place_of(_tensors[-1]))
    tensor_{x} = tuple(_tensors)
"""

_CHECK = """\
    if _mode.type_check:
        try:
            _check({arguments})
        except _InvalidType as error:
            error.add_label(_label(_kind, {packed}))
            raise
"""

_BODY = """\
    _result = _body({arguments})
"""

_SHORTCUT = """\
    try:
        _result = _shortcut({arguments})
    except (IndexError, RuntimeError, TypeError, ValueError):
        _result = None
    if _result is None:
"""

# One call of the body for both modes: torch's graph is switched off around it without backprop.
_RUN = """\
    if not _keeps:
        _before = _is_grad_enabled()
        _set_grad_enabled(False)
    try:
{run}\
    except RuntimeError as error:
        _check_devices(_kind, {tensors}, error)
        raise
    finally:
        if not _keeps:
            _set_grad_enabled(_before)
    if type(_result) is not _Tensor {same}:
        if _keeps and type(_result) is tuple:
            return _several(_kind, {packed}, {nodes}, _rank, _requires_grad, _result)
        _entered = _Inputs({inputs}, {tensors}, {nodes} if _keeps else (), _rank, _requires_grad)
        return _finish(_kind, {packed}, _entered, _result, _keeps)
    if not _keeps:
        return _loose(_result, _requires_grad)
    return _placed(_result, _rank, _requires_grad, (_kind, {packed}, {origin}))
"""


def write_call(
    name: str,
    signature: str,
    prepare: str,
    parameters: Sequence[inspect.Parameter],
    has_check: bool,
    has_shortcut: bool = False,
    enters: Collection[str] = (),
) -> str:
    """Returns the source of a public function.

    Args:
        name: What it is called.
        signature: How it declares its parameters.
        prepare: Lines that come first.
        parameters: The parameters of the body: tensors first, one or more, each annotated
            ``Tensor`` or ``Tensor | None``, or one ``Sequence[Tensor]``; then options.
        has_check: Whether there is a check of the types.
        has_shortcut: Whether there is a shortcut past check and body.
        enters: The parameters whose raw arrays become tensors in a way of their own.

    Returns:
        Source in which ``_boundary`` provides the names with an underscore.
    """
    sequence = parameters[0].name if parameters[0].annotation == "Sequence[Tensor]" else None
    names = [p.name for p in parameters if p.annotation in ("Tensor", "Tensor | None")]
    rest = [p for p in parameters if p.name not in (*names, sequence)]
    options = [p.name for p in rest]
    if sequence is None:
        words = {
            "inputs": f"({', '.join(names)},)",
            "tensors": f"({', '.join(f'tensor_{x}' for x in names)},)",
            "nodes": f"({', '.join(f'node_{x}' for x in names)},)",
            "origin": ", ".join(f"node_{x}" for x in names),
            "same": " ".join(f"or _result is tensor_{x}" for x in names),
        }
        ways = {x: f"_enter_{x}" if x in enters else "_from_numpy" for x in names}
        inputs = "".join(_INPUT.format(x=x, enter=ways[x]) for x in names)
    else:
        names = [sequence]
        words = {
            "inputs": sequence,
            "tensors": f"tensor_{sequence}",
            "nodes": "_nodes",
            "origin": "*_nodes",
            "same": f"or _is_among(_result, tensor_{sequence})",
        }
        prepare, inputs = prepare + _TUPLE.format(x=sequence), _SEQUENCE.format(x=sequence)
    arguments = [f"tensor_{x}" for x in names] + [
        f"{p.name}={p.name}" if p.kind is p.KEYWORD_ONLY else p.name for p in rest
    ]
    words |= {
        "name": name,
        "prepare": prepare,
        "signature": signature,
        "options": "".join(f", {option}" for option in options),
        "packed": f"({', '.join(options)},)" if options else "()",
        "arguments": ", ".join(arguments),
    }
    check = _CHECK.format(**words) if has_check else ""
    body = _BODY.format(**words)
    if has_shortcut:
        shortcut = _SHORTCUT.format(**words)
        words["run"] = textwrap.indent(shortcut + textwrap.indent(check + body, _STEP), _STEP)
        check = ""
    else:
        words["run"] = textwrap.indent(body, _STEP)
    return _HEAD.format(**words) + inputs + check + _RUN.format(**words)
