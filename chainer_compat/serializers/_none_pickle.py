"""Recognises a pickled ``None``, the only object that Chainer ever stored, without unpickling.

``numpy.save`` pickles object arrays, and Chainer stored ``None`` as one of no dimension. The
opcodes are read into a symbolic tree; nothing is imported or called, whatever the bytes ask for.
"""

from __future__ import annotations

import pickletools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NONE_PAYLOAD", "is_none_pickle"]

# As NumPy 1 under Python 3 writes it, so that every version of Chainer and NumPy can read it.
NONE_PAYLOAD = (
    b"\x80\x03cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85q\x02"
    b"C\x01bq\x03\x87q\x04Rq\x05(K\x01)cnumpy\ndtype\nq\x06X\x02\x00\x00\x00O8q\x07\x89\x88\x87"
    b"q\x08Rq\t(K\x03X\x01\x00\x00\x00|q\nNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tq\x0bb\x89]"
    b"q\x0cNatq\rb."
)
_MAX_BYTES = 1024

_Stack = list[Any]


class _Mark:
    """Where a tuple or list begins on the stack."""


def _tuple(count: int) -> Callable[[_Stack, Any], None]:
    def build(stack: _Stack, _: Any) -> None:
        items = tuple(stack[len(stack) - count :])
        del stack[len(stack) - count :]
        stack.append(items)

    return build


def _since_mark(stack: _Stack) -> list[Any]:
    at = max(i for i, item in enumerate(stack) if isinstance(item, _Mark))
    items = stack[at + 1 :]
    del stack[at:]
    return items


def _call(stack: _Stack, _: Any) -> None:
    arguments, function = stack.pop(), stack.pop()
    # Protocols 0 to 2 write bytes as the encoding of text.
    if function == ("global", "_codecs encode") and arguments[1:] == ("latin1",):
        stack.append(arguments[0])
    else:
        stack.append(("call", function, arguments))


def _build(stack: _Stack, _: Any) -> None:
    state, made = stack.pop(), stack.pop()
    stack.append(("build", made, state))


def _stack_global(stack: _Stack, _: Any) -> None:
    name, module = stack.pop(), stack.pop()
    stack.append(("global", f"{module} {name}"))


def _append(stack: _Stack, _: Any) -> None:
    item = stack.pop()
    stack[-1] = [*stack[-1], item]


def _text(argument: Any) -> str:
    return argument.decode("latin1") if isinstance(argument, bytes) else argument


_OPCODES: dict[str, Callable[[_Stack, Any], None]] = {
    "MARK": lambda stack, _: stack.append(_Mark()),
    "TUPLE": lambda stack, _: stack.append(tuple(_since_mark(stack))),
    "EMPTY_TUPLE": lambda stack, _: stack.append(()),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "EMPTY_LIST": lambda stack, _: stack.append([]),
    "LIST": lambda stack, _: stack.append(_since_mark(stack)),
    "APPEND": _append,
    "NONE": lambda stack, _: stack.append(None),
    "NEWTRUE": lambda stack, _: stack.append(True),
    "NEWFALSE": lambda stack, _: stack.append(False),
    "GLOBAL": lambda stack, name: stack.append(("global", name)),
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _call,
    "BUILD": _build,
}
for _name in ("INT", "BININT", "BININT1", "BININT2"):
    _OPCODES[_name] = lambda stack, number: stack.append(number)
for _name in ("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "SHORT_BINSTRING", "STRING"):
    _OPCODES[_name] = lambda stack, text: stack.append(_text(text))
for _name in ("BINBYTES", "SHORT_BINBYTES"):
    _OPCODES[_name] = lambda stack, text: stack.append(_text(text))
_IGNORED = frozenset({"PROTO", "FRAME"})
_PUT = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_GET = frozenset({"GET", "BINGET", "LONG_BINGET"})


def _symbolic(payload: bytes) -> Any:
    stack: _Stack = []
    memo: dict[Any, Any] = {}
    for opcode, argument, position in pickletools.genops(payload):
        name = opcode.name
        if name == "STOP":
            if position != len(payload) - 1 or len(stack) != 1:
                raise ValueError(position)
            return stack[0]
        if name in _PUT:
            memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif name in _GET:
            stack.append(memo[argument])
        elif name not in _IGNORED:
            _OPCODES[name](stack, argument)
    raise ValueError(payload)


def _expected(module: str, width: str) -> Any:
    empty = ("call", ("global", f"{module} _reconstruct"), (("global", "numpy ndarray"), (0,), "b"))
    object_type = ("call", ("global", "numpy dtype"), (width, False, True))
    state = (3, "|", None, None, None, -1, -1, 63)
    return ("build", empty, (1, (), ("build", object_type, state), False, [None]))


_NONES = [
    _expected(module, width)
    for module in ("numpy.core.multiarray", "numpy._core.multiarray")
    for width in ("O8", "O4")
]


def is_none_pickle(payload: bytes) -> bool:
    """Whether the bytes are those of ``None`` in an array of no dimension, and nothing else.

    Args:
        payload: What follows the npy header.

    Example:
        >>> import pickle
        >>> import numpy as np
        >>> is_none_pickle(pickle.dumps(np.asarray(None)))
        True
        >>> is_none_pickle(pickle.dumps(np.asarray({})))
        False
    """
    if len(payload) > _MAX_BYTES:
        return False
    try:
        return _symbolic(payload) in _NONES
    # Hostile bytes break the reading of opcodes in many ways; each of them means "not None".
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return False
