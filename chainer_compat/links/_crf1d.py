"""`CRF1d`: the transitions of a linear-chain conditional random field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainer_compat import functions
from chainer_compat._variable import Variable
from chainer_compat.initializers import Zero
from chainer_compat.link import Link
from chainer_compat.links._n_step_rnn import argsort_list_descent, permutate_list
from chainer_compat.variable import Parameter

__all__ = ["CRF1d"]


class CRF1d(Link):
    """A linear-chain conditional random field: a loss of labels, and the best labels.

    Sequences come step by step, the longest first, as :func:`transpose_sequence
    <chainer_compat.functions.transpose_sequence>` gives them; or one by one in any order, with
    ``transpose=True``.

    Args:
        n_label: The number of labels.
        initial_cost: The initializer of the scores of steps; zeros if None.

    Attributes:
        cost: The score of each step from one label to another, of shape ``(n_label, n_label)``.

    Source: Chainer's reference, *chainer.links.CRF1d*; Lafferty et al., *Conditional Random
    Fields: Probabilistic Models for Segmenting and Labeling Sequence Data*, 2001.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> field = L.CRF1d(2)
        >>> xs = [np.array([[0, 1]], np.float32), np.array([[1, 0], [1, 0]], np.float32)]
        >>> field.argmax(xs, transpose=True)[1]
        [array([1], dtype=int32), array([0, 0], dtype=int32)]
    """

    def __init__(self, n_label: int, initial_cost: Any = None) -> None:
        super().__init__()
        with self.init_scope():
            self.cost = Parameter(
                Zero() if initial_cost is None else initial_cost, (n_label, n_label)
            )

    def forward(
        self, xs: Sequence[Any], ys: Sequence[Any], reduce: str = "mean", transpose: bool = False
    ) -> Variable:
        """Computes the negative log-likelihood; see :func:`~chainer_compat.functions.crf1d`.

        Args:
            xs: The scores of the labels: of each step, or with ``transpose`` of each sequence.
            ys: The labels, likewise.
            reduce: ``"mean"``, or ``"no"`` for the loss of each sequence.
            transpose: Whether sequences come one by one. They are sorted by length, and with
                ``reduce="no"`` the losses are in that order, the longest sequence's first.

        Returns:
            A variable.
        """
        if transpose:
            order = argsort_list_descent(xs)
            xs = functions.transpose_sequence(permutate_list(xs, order, inv=False))
            ys = functions.transpose_sequence(permutate_list(ys, order, inv=False))
        return functions.crf1d(self.cost, xs, ys, reduce)

    def argmax(self, xs: Sequence[Any], transpose: bool = False) -> tuple[Variable, list[Any]]:
        """Finds the best labels; see :func:`~chainer_compat.functions.argmax_crf1d`.

        Args:
            xs: The scores of the labels: of each step, or with ``transpose`` of each sequence.
            transpose: Whether sequences come one by one. They are sorted by length, and the
                scores are in that order, the longest sequence's first.

        Returns:
            A variable with the score of each sequence, and a list of arrays of int32: the labels
            of each step, or with ``transpose`` of each sequence, in the order of ``xs``.
        """
        if not transpose:
            return functions.argmax_crf1d(self.cost, xs)
        order = argsort_list_descent(xs)
        steps = functions.transpose_sequence(permutate_list(xs, order, inv=False))
        scores, labels = functions.argmax_crf1d(self.cost, steps)
        paths = [path.array for path in functions.transpose_sequence(labels)]
        return scores, permutate_list(paths, order, inv=True)
