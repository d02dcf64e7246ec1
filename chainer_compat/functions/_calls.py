"""Writes the straight way through the boundary: a function's own call, without a loop.

``_boundary.apply`` takes any number of inputs, in loops. Nearly every call is of one function with
one, two or three of them, and with no hooks about; what is written here does just that for one
function's parameters, in a third of the time, and leaves the rest to ``apply``. The code is plain
and repetitive, so that nothing is packed, looped over or called that a call can do without.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence

__all__ = ["write_call"]

_HEAD = """\
def {name}({parameters}):
    _mode = _this_thread.mode
    if _mode.function_hooks or _mode.debug or _mode.volatile_in_use:
        return _apply(_kind, ({inputs},){options})
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
    elif {x} is None:
        tensor_{x} = node_{x} = None
    else:
        tensor_{x} = _constant(_kind, {x})
        if _keeps:
            node_{x} = _place_of(tensor_{x})
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
        _nodes = ({nodes},) if _keeps else ()
        _entered = _Inputs(({inputs},), ({tensors},), _nodes, _rank, _requires_grad)
        return _finish(_kind, {packed}, _entered, _result, _keeps)
    if not _keeps:
        return _loose(_result, _requires_grad)
    return _placed(_result, _rank, _requires_grad, (_kind, {packed}, {nodes}))
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
    names = [p.name for p in parameters if p.annotation in ("Tensor", "Tensor | None")]
    rest = [p for p in parameters if p.name not in names]
    options = [p.name for p in rest]
    arguments = [f"tensor_{x}" for x in names] + [
        f"{p.name}={p.name}" if p.kind is p.KEYWORD_ONLY else p.name for p in rest
    ]
    words = {
        "name": name,
        "parameters": ", ".join([*names, *options]),
        "inputs": ", ".join(names),
        "options": "".join(f", {option}" for option in options),
        "packed": f"({', '.join(options)},)" if options else "()",
        "arguments": ", ".join(arguments),
        "tensors": ", ".join(f"tensor_{x}" for x in names),
        "same": " ".join(f"or _result is tensor_{x}" for x in names),
        "nodes": ", ".join(f"node_{x}" for x in names),
    }
    inputs = "".join(_INPUT.format(x=x) for x in names)
    check = _CHECK.format(**words) if has_check else ""
    return _HEAD.format(**words) + inputs + check + _RUN.format(**words)
