"""`Classifier`: a predictor with a loss and an accuracy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainer_compat import functions, reporter
from chainer_compat.link import Chain

__all__ = ["Classifier"]


class Classifier(Chain):
    """Computes the loss of a predictor and reports it, with the accuracy.

    Args:
        predictor: The link that is trained.
        lossfun: The loss of the prediction and the label.
        accfun: The accuracy of the prediction and the label.
        label_key: Which argument of the call is the label: a position (the last one by default)
            or a keyword.

    Attributes:
        y: The last prediction.
        loss: The last loss.
        accuracy: The last accuracy.
        compute_accuracy: Whether the accuracy is computed and reported.

    Raises:
        TypeError: If ``label_key`` is neither an int nor text.

    Source: Chainer's reference, *chainer.links.Classifier*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> model = L.Classifier(L.Linear(2, 3, initialW=0))
        >>> model(np.ones((1, 2), np.float32), np.array([0], np.int32))
        variable(1.0986123)
    """

    compute_accuracy: bool = True

    def __init__(
        self,
        predictor: Any,
        lossfun: Callable[..., Any] = functions.softmax_cross_entropy,
        accfun: Callable[..., Any] = functions.accuracy,
        label_key: int | str = -1,
    ) -> None:
        if not isinstance(label_key, (int, str)):
            raise TypeError(f"label_key is a position or a keyword; got {type(label_key)}")
        super().__init__()
        self.lossfun = lossfun
        self.accfun = accfun
        self.y: Any = None
        self.loss: Any = None
        self.accuracy: Any = None
        self.label_key = label_key
        with self.init_scope():
            self.predictor = predictor

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Computes the loss.

        Args:
            *args: What the predictor takes, and the label.
            **kwargs: Likewise.

        Returns:
            The loss, a scalar variable.

        Raises:
            ValueError: If the label is not among the arguments.
        """
        inputs, kwargs, label = self._split(args, kwargs)
        self.y = None
        self.loss = None
        self.accuracy = None
        self.y = self.predictor(*inputs, **kwargs)
        self.loss = self.lossfun(self.y, label)
        reporter.report({"loss": self.loss}, self)
        if self.compute_accuracy:
            self.accuracy = self.accfun(self.y, label)
            reporter.report({"accuracy": self.accuracy}, self)
        return self.loss

    def _split(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any], Any]:
        key = self.label_key
        if isinstance(key, str):
            if key not in kwargs:
                raise ValueError(f"the label was to be the keyword argument {key!r}, not given")
            return args, {k: v for k, v in kwargs.items() if k != key}, kwargs[key]
        if not -len(args) <= key < len(args):
            raise ValueError(f"the label was to be the argument {key}; {len(args)} were given")
        position = key % len(args)
        return args[:position] + args[position + 1 :], kwargs, args[position]
