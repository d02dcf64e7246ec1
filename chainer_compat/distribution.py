"""What distributions have in common, and divergences (Chainer: *chainer.distribution*)."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

from chainer_compat import backend
from chainer_compat.errors import UnregisteredDivergenceError

__all__ = ["Distribution", "cross_entropy", "kl_divergence", "register_kl"]

_Divergence = Callable[[Any, Any], Any]


class Distribution:
    """A batch of probability distributions of one kind.

    A sample has the shape ``sample_shape + batch_shape + event_shape``: the events of a batch are
    drawn independently, each from a distribution of its own, while the values within an event may
    depend on each other. Functions of an observed ``x`` take that shape, too, and return
    ``sample_shape + batch_shape``.

    What a subclass does not define raises :class:`NotImplementedError`. It defines at least
    :attr:`batch_shape`, :attr:`event_shape`, :attr:`params` and :meth:`sample_n`.

    Source: Chainer's reference, *chainer.Distribution*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> normal = D.Normal(np.zeros((4, 3), np.float32), np.ones((4, 3), np.float32))
        >>> normal.batch_shape, normal.event_shape
        ((4, 3), ())
        >>> normal.sample((6, 5)).shape
        (6, 5, 4, 3)
    """

    def _copy_to(self, target: Any) -> Any:
        """Gives another object the attributes of this one.

        Args:
            target: The other object, which is returned.
        """
        target.__dict__ = copy.copy(self.__dict__)
        return target

    # -- shapes and parameters ----------------------------------------------------------------

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The shape of the batch: how many distributions there are."""
        raise NotImplementedError

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of what one distribution draws at a time: ``()`` for a number."""
        raise NotImplementedError

    @property
    def params(self) -> dict[str, Any]:
        """The parameters by their names, as variables."""
        raise NotImplementedError

    @property
    def support(self) -> str:
        """A word for the values that have a probability: ``"real"``, ``"[0, 1]"``."""
        raise NotImplementedError

    @property
    def xp(self) -> Any:
        """The module of the parameters' arrays: NumPy or CuPy."""
        return backend.get_array_module(*self.params.values())

    # -- what is known of the distribution ----------------------------------------------------

    @property
    def covariance(self) -> Any:
        """The covariance matrices, of shape ``batch_shape + (d, d)``."""
        raise NotImplementedError

    @property
    def entropy(self) -> Any:
        """The entropies, ``-E[log p(x)]``."""
        raise NotImplementedError

    @property
    def mean(self) -> Any:
        """The means."""
        raise NotImplementedError

    @property
    def mode(self) -> Any:
        """The most probable values."""
        raise NotImplementedError

    @property
    def stddev(self) -> Any:
        """The standard deviations."""
        raise NotImplementedError

    @property
    def variance(self) -> Any:
        """The variances."""
        raise NotImplementedError

    # -- functions of what was observed -------------------------------------------------------

    def cdf(self, x: Any) -> Any:
        """Returns the probability of a value of at most ``x``.

        Args:
            x: What was observed, a variable or array.
        """
        raise NotImplementedError

    def icdf(self, x: Any) -> Any:
        """Returns the value whose :meth:`cdf` is ``x``.

        Args:
            x: Probabilities, a variable or array.
        """
        raise NotImplementedError

    def log_cdf(self, x: Any) -> Any:
        """Returns the logarithm of :meth:`cdf`.

        Args:
            x: What was observed, a variable or array.
        """
        raise NotImplementedError

    def log_prob(self, x: Any) -> Any:
        """Returns the logarithm of the probability, or of its density.

        Args:
            x: What was observed, a variable or array.
        """
        raise NotImplementedError

    def log_survival_function(self, x: Any) -> Any:
        """Returns the logarithm of :meth:`survival_function`.

        Args:
            x: What was observed, a variable or array.
        """
        raise NotImplementedError

    def perplexity(self, x: Any) -> Any:
        """Returns how surprising the values are, on the scale of a number of equal choices.

        Args:
            x: What was observed, a variable or array.
        """
        raise NotImplementedError

    def prob(self, x: Any) -> Any:
        """Returns the probability, or its density.

        Args:
            x: What was observed, a variable or array.
        """
        raise NotImplementedError

    def survival_function(self, x: Any) -> Any:
        """Returns the probability of a value of more than ``x``.

        Args:
            x: What was observed, a variable or array.
        """
        raise NotImplementedError

    # -- drawing ------------------------------------------------------------------------------

    def sample(self, sample_shape: tuple[int, ...] | int = ()) -> Any:
        """Draws at random.

        On the CPU the numbers are drawn from NumPy's global generator, as in Chainer.

        Args:
            sample_shape: How many samples of the whole batch, as a tuple or a number.

        Returns:
            A variable of shape ``sample_shape + batch_shape + event_shape``. Where the distribution
            allows it, it can be differentiated by the parameters.
        """
        samples = (sample_shape,) if isinstance(sample_shape, int) else sample_shape
        shape = samples + self.batch_shape + self.event_shape
        return self.sample_n(math.prod(samples)).reshape(shape)

    def sample_n(self, n: int) -> Any:
        """Draws ``n`` samples of the whole batch; subclasses define it.

        Args:
            n: How many.

        Returns:
            A variable of shape ``(n,) + batch_shape + event_shape``.
        """
        raise NotImplementedError


_KLDIVERGENCE: dict[tuple[type, type], _Divergence] = {}


def register_kl(Dist1: type, Dist2: type) -> Callable[[_Divergence], _Divergence]:
    """Makes a function the Kullback-Leibler divergence of two classes of distributions.

    Args:
        Dist1: The class of the first distribution, exactly: subclasses are registered for
            themselves.
        Dist2: The class of the second one, likewise.

    Returns:
        A decorator of a function of two distributions.

    Example:
        >>> import chainer_compat as chainer
        >>> class Constant(chainer.Distribution):
        ...     pass
        >>> @chainer.register_kl(Constant, Constant)
        ... def zero(dist1, dist2):
        ...     return 0.0
        >>> chainer.kl_divergence(Constant(), Constant())
        0.0
    """

    def register(divergence: _Divergence) -> _Divergence:
        _KLDIVERGENCE[Dist1, Dist2] = divergence
        return divergence

    return register


def kl_divergence(dist1: Any, dist2: Any) -> Any:
    """Returns the Kullback-Leibler divergence, ``E[log p(x) - log q(x)]`` over ``x`` of ``p``.

    Args:
        dist1: The distribution ``p``.
        dist2: The distribution ``q``.

    Returns:
        What was registered for the two classes, a variable of shape ``batch_shape``.

    Raises:
        KeyError: If nothing is registered for them; also a :class:`NotImplementedError`.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> import chainer_compat.distributions as D
        >>> zero, one = np.zeros(1, np.float32), np.ones(1, np.float32)
        >>> chainer.kl_divergence(D.Normal(one, one), D.Normal(zero, one))
        variable([0.5])
    """
    kinds = type(dist1), type(dist2)
    try:
        divergence = _KLDIVERGENCE[kinds]
    except KeyError:
        names = " and ".join(kind.__name__ for kind in kinds)
        raise UnregisteredDivergenceError(
            f"no divergence of {names} is known; define one with chainer.register_kl, which takes "
            "exactly these classes (a subclass is another one)"
        ) from None
    return divergence(dist1, dist2)


def cross_entropy(dist1: Any, dist2: Any) -> Any:
    """Returns the cross entropy, ``-E[log q(x)]`` over ``x`` of ``p``.

    Args:
        dist1: The distribution ``p``, which has an entropy (a property, or a method as Chainer
            asks for it).
        dist2: The distribution ``q``.

    Returns:
        A variable of shape ``batch_shape``.

    Raises:
        KeyError: If no divergence is registered for the two classes.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> import chainer_compat.distributions as D
        >>> coin = D.Bernoulli(np.array([0.5], np.float32))
        >>> chainer.cross_entropy(coin, coin)
        variable([0.6931472])
    """
    entropy = dist1.entropy
    return (entropy() if callable(entropy) else entropy) + kl_divergence(dist1, dist2)
