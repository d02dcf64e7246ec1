"""Expressions that remember how they were written, for the messages of type checks.

``x.shape[1] == y.shape[0]`` is a tree: it is evaluated to see whether it holds, and shown as text
if it does not.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NoReturn

from chainer_compat.utils._invalid_type import InvalidType

__all__ = [
    "Atom",
    "BinaryOperator",
    "BoolBinaryOperator",
    "Call",
    "Constant",
    "Expr",
    "GetAttr",
    "GetItem",
    "Testable",
    "UnaryOperator",
    "Variable",
]

# How tightly each binds, as in Python: text is put in brackets by comparing these.
_COMPARISON, _UNARY, _ATOM = -1, 6, 8
_BINARY = {
    "or": ("|", 0),
    "xor": ("^", 1),
    "and": ("&", 2),
    "lshift": ("<<", 3),
    "rshift": (">>", 3),
    "add": ("+", 4),
    "sub": ("-", 4),
    "mul": ("*", 5),
    "truediv": ("/", 5),
    "floordiv": ("//", 5),
    "mod": ("%", 5),
    "pow": ("**", 7),
}
_UNARY_SYMBOLS = {"neg": "-", "pos": "+", "invert": "~"}
# Symbol, and the symbol of the opposite.
_COMPARISONS = {
    "eq": ("==", "!="),
    "ne": ("!=", "=="),
    "lt": ("<", ">="),
    "le": ("<=", ">"),
    "gt": (">", "<="),
    "ge": (">=", "<"),
}


def evaluated(value: Any) -> Any:
    """The value of an expression, or of each one in a list or tuple; anything else as it is.

    Args:
        value: Anything.
    """
    if isinstance(value, Expr):
        return value.eval()
    if isinstance(value, list):
        return [evaluated(item) for item in value]
    if isinstance(value, tuple):
        return tuple(evaluated(item) for item in value)
    return value


def shown(value: Any) -> str:
    """The text of a value in which expressions stand as they were written.

    Args:
        value: Anything.
    """
    if isinstance(value, Expr):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(shown, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def _shown_key(key: Any) -> str:
    if key is Ellipsis:
        return "..."
    if isinstance(key, tuple):
        return ", ".join(map(_shown_key, key))
    if isinstance(key, slice):
        parts = [key.start, key.stop] if key.step is None else [key.start, key.stop, key.step]
        return ":".join("" if part is None else shown(part) for part in parts)
    return shown(key)


class Expr:
    """An expression: a value that can also be shown as it was written.

    Operators, attributes, indices and calls of it are expressions again; comparisons can be
    given to :func:`~chainer_compat.utils.type_check.expect`.

    Args:
        priority: How tightly it binds; higher is tighter.

    Example:
        >>> from chainer_compat.utils import type_check
        >>> x = type_check.Variable(2, 'x')
        >>> same = x + 1 == 3
        >>> str(same), same.eval()
        ('x + 1 == 3', True)
    """

    # The operators are added below, from the tables.
    def __init__(self, priority: int) -> None:
        self.priority = priority

    def eval(self) -> Any:
        """Returns the value of the expression."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        # Probes of copy, pickle and inspect are no part of a check.
        if name.startswith("__"):
            raise AttributeError(name)
        return GetAttr(self, name)

    def __getitem__(self, key: Any) -> GetItem:
        return GetItem(self, key)

    def __call__(self, *args: Any) -> Call:
        return Call(self, args)

    def __bool__(self) -> NoReturn:
        raise RuntimeError(
            f"the expression {self} is no bool; get its value by type_check.eval(), and give "
            "several conditions to type_check.expect() one by one instead of joining them by 'and'"
        )

    def __nonzero__(self) -> NoReturn:
        self.__bool__()


class Atom(Expr):
    """An expression that never needs brackets."""

    def __init__(self) -> None:
        super().__init__(_ATOM)


class Constant(Atom):
    """A value, shown as it is.

    Args:
        value: Any value.
    """

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value

    def eval(self) -> Any:
        """Returns the value."""
        return self.value

    def __str__(self) -> str:
        return shown(self.value)


class Variable(Atom):
    """A value with a name.

    Args:
        value: Any value.
        name: How it is shown.
    """

    def __init__(self, value: Any, name: str) -> None:
        super().__init__()
        self.value = value
        self.name = name

    def eval(self) -> Any:
        """Returns the value."""
        return self.value

    def __str__(self) -> str:
        return self.name


class GetAttr(Atom):
    """An attribute of an expression.

    Args:
        obj: The expression.
        name: The attribute's name; an expression is evaluated.
    """

    def __init__(self, obj: Any, name: Any) -> None:
        super().__init__()
        self.obj = obj
        self.name = name

    def eval(self) -> Any:
        """Returns the attribute's value."""
        return getattr(evaluated(self.obj), evaluated(self.name))

    def __str__(self) -> str:
        name = self.name.value if isinstance(self.name, Constant) else self.name
        if isinstance(name, str):
            return f"{shown(self.obj)}.{name}"
        return f"getattr({shown(self.obj)}, {shown(name)})"


class GetItem(Atom):
    """An element of an expression.

    Args:
        obj: The expression.
        key: The index; expressions in it are evaluated.
    """

    def __init__(self, obj: Any, key: Any) -> None:
        super().__init__()
        self.obj = obj
        self.key = key

    def eval(self) -> Any:
        """Returns the element."""
        return evaluated(self.obj)[evaluated(self.key)]

    def __str__(self) -> str:
        return f"{shown(self.obj)}[{_shown_key(self.key)}]"


class Call(Atom):
    """The result of calling an expression.

    Args:
        obj: The expression.
        args: The arguments; expressions among them are evaluated.
    """

    def __init__(self, obj: Any, args: tuple[Any, ...]) -> None:
        super().__init__()
        self.obj = obj
        self.args = args

    def eval(self) -> Any:
        """Returns the result."""
        return evaluated(self.obj)(*evaluated(self.args))

    def __str__(self) -> str:
        return f"{shown(self.obj)}({', '.join(map(shown, self.args))})"


class UnaryOperator(Expr):
    """An operator before an expression.

    Args:
        priority: How tightly it binds.
        term: The expression.
        exp: The operator's symbol.
        func: What it does.
    """

    def __init__(self, priority: int, term: Any, exp: str, func: Callable[[Any], Any]) -> None:
        super().__init__(priority)
        self.term = term
        self.exp = exp
        self.func = func

    def eval(self) -> Any:
        """Returns the operator's result."""
        return self.func(evaluated(self.term))

    def __str__(self) -> str:
        return self.exp + _bracketed(self.term, self.priority)


def _bracketed(term: Any, priority: int) -> str:
    text = shown(term)
    return f"({text})" if isinstance(term, Expr) and term.priority < priority else text


class BinaryOperator(Expr):
    """An operator between two expressions.

    Args:
        priority: How tightly it binds.
        lhs: What stands on its left.
        rhs: What stands on its right.
        exp: The operator's symbol.
        func: What it does.
        right_associative: Whether ``a op b op c`` means ``a op (b op c)``.
    """

    def __init__(
        self,
        priority: int,
        lhs: Any,
        rhs: Any,
        exp: str,
        func: Callable[[Any, Any], Any],
        right_associative: bool = False,
    ) -> None:
        super().__init__(priority)
        self.lhs = lhs
        self.rhs = rhs
        self.exp = exp
        self.func = func
        self.right_associative = right_associative

    def eval(self) -> Any:
        """Returns the operator's result."""
        return self.func(evaluated(self.lhs), evaluated(self.rhs))

    def __str__(self) -> str:
        # On the side that it does not associate with, an equal priority needs brackets too.
        left = _bracketed(self.lhs, self.priority + self.right_associative)
        right = _bracketed(self.rhs, self.priority + (not self.right_associative))
        return f"{left} {self.exp} {right}"


class Testable:
    """What :func:`~chainer_compat.utils.type_check.expect` takes."""

    def expect(self) -> None:
        """Raises :class:`InvalidType` unless the condition holds."""
        raise NotImplementedError


class BoolBinaryOperator(BinaryOperator, Testable):
    """A comparison.

    Args:
        lhs: What stands on its left.
        rhs: What stands on its right.
        exp: The operator's symbol.
        inv: The symbol of its opposite.
        func: What it does.
    """

    def __init__(
        self, lhs: Any, rhs: Any, exp: str, inv: str, func: Callable[[Any, Any], Any]
    ) -> None:
        super().__init__(_COMPARISON, lhs, rhs, exp, func)
        self.inv = inv

    def expect(self) -> None:
        """Raises :class:`InvalidType` unless the comparison holds."""
        left, right = evaluated(self.lhs), evaluated(self.rhs)
        if not self.func(left, right):
            raise InvalidType(f"{self.lhs} {self.exp} {self.rhs}", f"{left} {self.inv} {right}")


def _make_binary(symbol: str, priority: int, func: Any, reflected: bool) -> Any:
    right_associative = symbol == "**"

    def method(self: Expr, y: Any) -> BinaryOperator:
        left, right = (y, self) if reflected else (self, y)
        return BinaryOperator(priority, left, right, symbol, func, right_associative)

    return method


def _make_unary(symbol: str, func: Any) -> Any:
    def method(self: Expr) -> UnaryOperator:
        return UnaryOperator(_UNARY, self, symbol, func)

    return method


def _make_comparison(symbol: str, opposite: str, func: Any) -> Any:
    def method(self: Expr, y: Any) -> BoolBinaryOperator:
        return BoolBinaryOperator(self, y, symbol, opposite, func)

    return method


def _add_operators() -> None:
    methods: dict[str, Any] = {"__hash__": None}  # equality builds an expression
    for name, (symbol, priority) in _BINARY.items():
        func = getattr(operator, f"__{name}__")
        methods[f"__{name}__"] = _make_binary(symbol, priority, func, reflected=False)
        methods[f"__r{name}__"] = _make_binary(symbol, priority, func, reflected=True)
    for name, symbol in _UNARY_SYMBOLS.items():
        methods[f"__{name}__"] = _make_unary(symbol, getattr(operator, f"__{name}__"))
    for name, (symbol, opposite) in _COMPARISONS.items():
        methods[f"__{name}__"] = _make_comparison(
            symbol, opposite, getattr(operator, f"__{name}__")
        )
    for name, method in methods.items():
        setattr(Expr, name, method)


_add_operators()
