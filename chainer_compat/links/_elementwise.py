"""Links with one parameter that meets the input element by element, and one that only holds it."""

from __future__ import annotations

from typing import Any

from chainer_compat import functions
from chainer_compat import variable as _variable
from chainer_compat._variable import Variable
from chainer_compat.configuration import no_backprop_mode
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.initializers import Constant
from chainer_compat.link import Chain, Link

__all__ = ["Bias", "PReLU", "Parameter", "Scale", "Swish"]


def _expect(xs: tuple[Any, ...], count: int, link: str) -> None:
    if len(xs) != count:
        what = "the input" if count == 1 else "the input and what the link has no parameter for"
        raise InvalidArgumentError(f"this {link} takes {what}; got {len(xs)} arguments")


class Bias(Link):
    """Adds a parameter along some axes.

    Args:
        axis: The first axis of the input that the parameter has.
        shape: The shape of the parameter; None to be given what is added at each call.

    Attributes:
        b: The parameter, zeros at first; missing if there is none.

    Source: Chainer's reference, *chainer.links.Bias*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.Bias(1, (2,))(np.ones((1, 2), np.float32))
        variable([[1., 1.]])
    """

    def __init__(self, axis: int = 1, shape: Any = None) -> None:
        super().__init__()
        self.axis = axis
        if shape is not None:
            with self.init_scope():
                self.b = _variable.Parameter(0, shape)

    def forward(self, *xs: Any) -> Variable:
        """Adds.

        Args:
            *xs: The input; without a parameter, also what is added.

        Raises:
            ValueError: If the number of arguments is another one.
        """
        if hasattr(self, "b"):
            _expect(xs, 1, "Bias")
            xs = (*xs, self.b)
        _expect(xs, 2, "Bias")
        x, y = xs
        result: Variable = functions.bias(x, y, self.axis)
        return result


class Scale(Chain):
    """Multiplies by a parameter along some axes, and may add another one.

    Args:
        axis: The first axis of the input that the parameters have.
        W_shape: The shape of the factors; None to be given them at each call.
        bias_term: Whether to add a :class:`Bias`.
        bias_shape: The shape of what is added, where ``W_shape`` is None.

    Attributes:
        W: The factors, ones at first; missing if there are none.
        bias: The :class:`Bias`; missing if there is none.

    Raises:
        ValueError: If nothing tells the shape of the bias.

    Source: Chainer's reference, *chainer.links.Scale*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.Scale()(np.ones((1, 2), np.float32), np.array([2, 3], np.float32))
        variable([[2., 3.]])
    """

    def __init__(
        self,
        axis: int = 1,
        W_shape: Any = None,
        bias_term: bool = False,
        bias_shape: Any = None,
    ) -> None:
        super().__init__()
        self.axis = axis
        shape = bias_shape if W_shape is None else W_shape
        if bias_term and shape is None:
            raise InvalidArgumentError("bias_term needs W_shape or bias_shape: how long is it?")
        with self.init_scope():
            if W_shape is not None:
                self.W = _variable.Parameter(1, W_shape)
            if bias_term:
                self.bias = Bias(axis, shape)

    def forward(self, *xs: Any) -> Variable:
        """Multiplies, and adds the bias.

        Args:
            *xs: The input; without factors of its own, also the factors.

        Raises:
            ValueError: If the number of arguments is another one.
        """
        if hasattr(self, "W"):
            _expect(xs, 1, "Scale")
            xs = (*xs, self.W)
        _expect(xs, 2, "Scale")
        x, y = xs
        result: Variable = functions.scale(x, y, self.axis)
        return self.bias(result) if hasattr(self, "bias") else result


class PReLU(Link):
    """A rectifier that learns its slope for negative inputs.

    Args:
        shape: The shape of the slopes; one for all if empty.
        init: What they are at first.

    Attributes:
        W: The slopes.

    Source: He et al., *Delving Deep into Rectifiers*, 2015.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.PReLU()(np.array([[-4.0, 4.0]], np.float32))
        variable([[-1.,  4.]])
    """

    def __init__(self, shape: Any = (), init: Any = 0.25) -> None:
        super().__init__()
        with self.init_scope():
            self.W = _variable.Parameter(init, shape)

    def forward(self, x: Any) -> Variable:
        """Rectifies.

        Args:
            x: The input, of shape ``(N, *shape, ...)``.
        """
        result: Variable = functions.prelu(x, self.W)
        return result


class Swish(Link):
    """The activation ``x * sigmoid(beta * x)``, which learns ``beta``.

    Args:
        beta_shape: The shape of ``beta``; None for that of an example of the first input.
        beta_init: What it is at first.

    Attributes:
        beta: The factors in the sigmoid.

    Source: Ramachandran et al., *Searching for Activation Functions*, 2017.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.Swish(None, 0.0)(np.array([[-4.0, 4.0]], np.float32))
        variable([[-2.,  2.]])
    """

    def __init__(self, beta_shape: Any, beta_init: Any = 1.0) -> None:
        super().__init__()
        initializer = Constant(beta_init) if beta_shape is None else beta_init
        with self.init_scope():
            self.beta = _variable.Parameter(initializer, beta_shape)

    def forward(self, x: Any) -> Variable:
        """Activates.

        Args:
            x: The input, of shape ``(N, *beta_shape, ...)``.
        """
        if not self.beta.is_initialized:
            self.beta.initialize(x.shape[1:])
        result: Variable = functions.swish(x, self.beta)
        return result


class Parameter(Link):
    """Holds a parameter and returns it; superseded by :class:`chainer_compat.Parameter`.

    Args:
        array: What it is at first; it is not copied.

    Attributes:
        W: The parameter.

    Source: Chainer's reference, *chainer.links.Parameter*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.Parameter(np.ones(2, np.float32))()
        variable([1., 1.])
    """

    W: Any

    def __init__(self, array: Any) -> None:
        super().__init__()
        self.add_param("W", array.shape, dtype=array.dtype)
        self.W.array = array
        self.to_device(self.W.device)

    def forward(self, volatile: Any = "off") -> Variable:
        """Returns the parameter.

        Args:
            volatile: Chainer 1's switch: ``"on"`` for a variable out of which no graph is built.
        """
        if volatile in ("on", True):
            with no_backprop_mode():
                cut: Variable = functions.identity(self.W)
            return cut
        result: Variable = functions.identity(self.W)
        return result
