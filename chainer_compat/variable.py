"""`Variable`, `Parameter` and the functions around them (Chainer: *chainer.variable*)."""

from chainer_compat._graph import VariableNode
from chainer_compat._parameter import Parameter
from chainer_compat._variable import Variable, as_array, as_variable
from chainer_compat.functions import _arithmetic as _arithmetic  # noqa: PLC0414 -- puts the operators on

__all__ = [
    "Parameter",
    "Variable",
    "VariableNode",
    "as_array",
    "as_variable",
    "variable_repr",
    "variable_str",
]


def variable_repr(var: Variable) -> str:
    """Returns the text of a variable, as ``repr`` does.

    Args:
        var: The variable.
    """
    return repr(var)


def variable_str(var: Variable) -> str:
    """Returns the text of a variable, as ``str`` does.

    Args:
        var: The variable.
    """
    return str(var)


# Where users find them: what `repr` and `pickle` say.
for _public in (Parameter, Variable, VariableNode):
    _public.__module__ = __name__
