"""Writes the straight way through the boundary: a function's own call, for variables only.

``_boundary.apply`` takes any number of inputs of any kind, in loops. Most calls are of a few
variables, with no hooks about; what is written here does just that for one function's parameters,
in a third of the time, and leaves all the rest to ``apply``. The code is plain and repetitive, so
that nothing is packed, looped over or called that a call can do without.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence

__all__ = ["write_call"]

_HEAD = """\
def {name}({parameters}):
    _mode = _this_thread.mode
    if (
        _mode.function_hooks
        or _mode.debug
        or _mode.volatile_in_use
        {refusals}
    ):
        return _apply(_kind, ({inputs},){options})
"""
_REFUSAL = "or not isinstance({x}, _Variable)"
_REFUSAL_BUT_NONE = "or not ({x} is None or isinstance({x}, _Variable))"

_UNPACK = """\
    tensor_{x} = {x}._tensor
    if tensor_{x} is None:
        tensor_{x} = {x}._materialize()
"""
_UNPACK_OPTIONAL = """\
    if {x} is None:
        tensor_{x} = None
    else:
        tensor_{x} = {x}._tensor
        if tensor_{x} is None:
            tensor_{x} = {x}._materialize()
"""

_CHECK = """\
    if _mode.type_check:
        try:
            _check({arguments})
        except _InvalidType as error:
            error.add_label(_label(_kind, {packed}))
            raise
"""

# One call of the body for both modes: torch's graph is switched off around it without backprop.
_RUN = """\
    _keeps = _mode.enable_backprop
    if not _keeps:
        _before = _is_grad_enabled()
        _set_grad_enabled(False)
    try:
        _result = _body({arguments})
    except RuntimeError as error:
        _check_devices(_kind, ({tensors},), error)
        raise
    finally:
        if not _keeps:
            _set_grad_enabled(_before)
    if type(_result) is not _Tensor {same}:
        return _finish(_kind, {packed}, ({inputs},), ({tensors},), _result, _keeps)
    if not _keeps:
        return _loose(_result, {requires_grad})
"""

_FIRST_NODE = """\
    node_{x} = {x}._node
    if node_{x} is None:
        node_{x} = {x}.node
    _rank = node_{x}.rank
    _requires_grad = node_{x}.requires_grad
"""
_NODE = """\
    node_{x} = {x}._node
    if node_{x} is None:
        node_{x} = {x}.node
    if node_{x}.rank > _rank:
        _rank = node_{x}.rank
    if node_{x}.requires_grad:
        _requires_grad = True
"""
_NO_NODE = """\
    _rank = 0
    _requires_grad = False
"""
_NODE_OPTIONAL = """\
    node_{x} = None
    if {x} is not None:
"""

_RESULT = """\
    return _placed(_result, _rank, _requires_grad, (_kind, {packed}, {nodes},))
"""


def write_call(name: str, parameters: Sequence[inspect.Parameter], has_check: bool) -> str:
    """Returns the source of a function that takes all its arguments by place.

    Args:
        name: What it is called.
        parameters: The parameters of the body: tensors first, one or more, each annotated
            ``Tensor`` or ``Tensor | None``, then options.
        has_check: Whether there is a check of the types.

    Returns:
        Source in which ``_boundary`` provides the names with an underscore.
    """
    arrays = [p for p in parameters if p.annotation in ("Tensor", "Tensor | None")]
    optional = {p.name for p in arrays if p.annotation == "Tensor | None"}
    names = [p.name for p in arrays]
    options = [p.name for p in parameters if p not in arrays]
    arguments = [f"tensor_{x}" for x in names] + [
        f"{p.name}={p.name}" if p.kind is p.KEYWORD_ONLY else p.name
        for p in parameters
        if p not in arrays
    ]
    refusals = [(_REFUSAL_BUT_NONE if x in optional else _REFUSAL).format(x=x) for x in names]
    grads = [
        f"({x} is not None and {x}._requires_grad)" if x in optional else f"{x}._requires_grad"
        for x in names
    ]
    words = {
        "name": name,
        "parameters": ", ".join(p.name for p in parameters),
        "refusals": "\n        ".join(refusals),
        "inputs": ", ".join(names),
        "options": "".join(f", {option}" for option in options),
        "packed": f"({', '.join(options)},)" if options else "()",
        "arguments": ", ".join(arguments),
        "tensors": ", ".join(f"tensor_{x}" for x in names),
        "same": " ".join(f"or _result is tensor_{x}" for x in names),
        "requires_grad": " or ".join(grads),
        "nodes": ", ".join(f"node_{x}" for x in names),
    }
    parts = [_HEAD.format(**words)]
    parts += [(_UNPACK_OPTIONAL if x in optional else _UNPACK).format(x=x) for x in names]
    if has_check:
        parts.append(_CHECK.format(**words))
    parts += [_RUN.format(**words), *_write_nodes(names, optional), _RESULT.format(**words)]
    return "".join(parts)


def _write_nodes(names: list[str], optional: set[str]) -> list[str]:
    """The nodes of the inputs, the highest rank among them, and whether any requires grad."""
    if names[0] in optional:
        parts = [_NO_NODE]
    else:
        parts = [_FIRST_NODE.format(x=names[0])]
        names = names[1:]
    for x in names:
        node = _NODE.format(x=x)
        if x in optional:
            indented = "".join(f"    {line}\n" for line in node.splitlines())
            node = _NODE_OPTIONAL.format(x=x) + indented
        parts.append(node)
    return parts
