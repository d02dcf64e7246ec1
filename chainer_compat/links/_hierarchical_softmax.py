"""`BinaryHierarchicalSoftmax`: a loss over a tree of words."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat._dtypes import get_dtype
from chainer_compat._variable import Variable
from chainer_compat.backends import _crossing
from chainer_compat.device_resident import DeviceResident
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.function import Function
from chainer_compat.functions._boundary import function
from chainer_compat.functions._sampled_losses import check_labelled_rows
from chainer_compat.initializers import Uniform
from chainer_compat.link import Link
from chainer_compat.utils.type_check import fail
from chainer_compat.variable import Parameter

if TYPE_CHECKING:
    from chainer_compat.device_resident import DeviceResidentsVisitor

__all__ = ["BinaryHierarchicalSoftmax", "BinaryHierarchicalSoftmaxFunction", "TreeParser"]

_SIDES = 2
_IGNORED = -1


class TreeParser:
    """Finds the way from the root of a binary tree to each of its leaves.

    Args:
        dtype: The dtype of the codes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat.links import TreeParser
        >>> parser = TreeParser(np.float32)
        >>> parser.parse(((0, 1), 2))
        >>> parser.size(), parser.get_paths()[1], parser.get_codes()[1]
        (2, array([0, 1], dtype=int32), array([ 1., -1.], dtype=float32))
    """

    def __init__(self, dtype: Any) -> None:
        self.next_id = 0
        self.dtype = dtype
        self.paths: dict[int, np.ndarray[Any, Any]] = {}
        self.codes: dict[int, np.ndarray[Any, Any]] = {}

    def size(self) -> int:
        """Returns the number of inner nodes."""
        return self.next_id

    def get_paths(self) -> dict[int, np.ndarray[Any, Any]]:
        """Returns, for each leaf, the numbers of the inner nodes above it, the root's first."""
        return self.paths

    def get_codes(self) -> dict[int, np.ndarray[Any, Any]]:
        """Returns, for each leaf, where its way goes at these nodes: 1 to the first, -1 else."""
        return self.codes

    def parse(self, tree: Any) -> None:
        """Walks through a tree; inner nodes are numbered as they are met, the first side first.

        Args:
            tree: Pairs of trees, and at the leaves numbers: ``((0, 1), 2)``.

        Raises:
            ValueError: If a tuple is no pair.
        """
        self.next_id = 0
        self.paths = {}
        self.codes = {}
        # A stack, and not recursion: a tree may be as deep as it has leaves.
        waiting: list[tuple[Any, tuple[int, ...], tuple[float, ...]]] = [(tree, (), ())]
        while waiting:
            node, path, code = waiting.pop()
            if not isinstance(node, tuple):
                self.paths[node] = np.array(path, np.int32)
                self.codes[node] = np.array(code, self.dtype)
                continue
            if len(node) != _SIDES:
                raise InvalidArgumentError(f"an inner node is a pair of nodes; got {node!r}")
            path = (*path, self.next_id)
            self.next_id += 1
            waiting += [(node[1], path, (*code, -1.0)), (node[0], path, (*code, 1.0))]


def _check(x: Tensor, t: Tensor, W: Tensor, tree: BinaryHierarchicalSoftmaxFunction) -> None:
    check_labelled_rows(x, t, W)
    expected = (tree.parser_size, x.shape[1])
    if W.shape != expected:
        fail("W.shape == (number of inner nodes, x.shape[1])", f"{tuple(W.shape)} != {expected}")


@function("BinaryHierarchicalSoftmaxFunction", check=_check)
def _loss(x: Tensor, t: Tensor, W: Tensor, tree: BinaryHierarchicalSoftmaxFunction) -> Tensor:
    paths, codes, begins = map(_crossing.as_tensor, (tree.paths, tree.codes, tree.begins))
    words = t.long()
    counts = words != _IGNORED
    if not t.is_cuda and ((words < _IGNORED) | (words >= len(begins) - 1)).any():
        raise IndexError(f"t has a word beyond the {len(begins) - 1} of the tree: {t.tolist()}")
    words = torch.where(counts, words, 0)
    begin = begins[words]
    length = torch.where(counts, begins[words + 1] - begin, 0)
    # Looking costs nothing on the CPU; a GPU takes the deepest leaf's.
    longest = tree._depth if t.is_cuda else int(length.max()) if len(t) else 0
    steps = torch.arange(longest, device=t.device)
    on_path = steps < length.unsqueeze(1)
    places = torch.where(on_path, begin.unsqueeze(1) + steps, 0)
    rows = torch.nn.functional.embedding(paths[places], W)
    scores = torch.bmm(rows, x.unsqueeze(2)).squeeze(2) * codes[places]
    return torch.where(on_path, -torch.nn.functional.logsigmoid(scores), 0.0).sum()


class BinaryHierarchicalSoftmaxFunction(DeviceResident, Function):
    """A tree as tables, and the loss over it.

    Args:
        tree: Pairs of trees, and at the leaves numbers: ``((0, 1), 2)``.
        dtype: The dtype of the codes.

    Attributes:
        paths: The inner nodes above each leaf, one leaf after the other.
        codes: Where the way goes there: 1 to the first side, -1 to the second.
        begins: Where the leaves begin in ``paths`` and ``codes``; the last one's end behind them.
        parser_size: The number of inner nodes.
    """

    def __init__(self, tree: Any, dtype: Any) -> None:
        super().__init__()
        parser = TreeParser(dtype)
        parser.parse(tree)
        paths, codes = parser.get_paths(), parser.get_codes()
        words = sorted(paths)
        lengths = np.zeros(words[-1] + 1, np.int32)
        lengths[words] = [len(paths[word]) for word in words]
        self.paths = np.concatenate([paths[word] for word in words])
        self.codes = np.concatenate([codes[word] for word in words])
        self.begins = np.append(np.int32(0), np.cumsum(lengths, dtype=np.int32))
        self.parser_size = parser.size()
        self._depth = int(lengths.max())

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        """Shows a visitor the tables.

        Args:
            visitor: The visitor.
        """
        super().device_resident_accept(visitor)
        self.paths = visitor.visit_array(self.paths)
        self.codes = visitor.visit_array(self.codes)
        self.begins = visitor.visit_array(self.begins)

    def __call__(self, x: Any, t: Any, W: Any) -> Variable:
        """Computes the loss; see :class:`BinaryHierarchicalSoftmax`.

        Args:
            x: The vectors, of shape ``(N, D)``.
            t: The words, int32 of shape ``(N,)``.
            W: A row for each inner node, of shape ``(parser_size, D)`` and ``x``'s dtype.
        """
        result: Variable = _loss(x, t, W, self)
        return result

    def forward(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Computes the loss on raw arrays, for a subclass that overrides ``__call__``.

        Args:
            inputs: The vectors, the words and the rows.
        """
        x, t, W = map(_crossing.as_tensor, inputs)
        with torch.no_grad():
            return (_crossing.as_raw(_loss.body(x, t, W, self)),)

    def backward(self, inputs: tuple[Any, ...], grad_outputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Computes the gradients on raw arrays, likewise.

        Args:
            inputs: The vectors, the words and the rows.
            grad_outputs: The loss's gradient.
        """
        x, t, W = map(_crossing.as_tensor, inputs)
        with torch.enable_grad():
            x, W = (tensor.detach().requires_grad_() for tensor in (x, W))
            loss = _loss.body(x, t, W, self)
        gx, gW = torch.autograd.grad(loss, (x, W), _crossing.as_tensor(grad_outputs[0]))
        return _crossing.as_raw(gx), None, _crossing.as_raw(gW)


class BinaryHierarchicalSoftmax(Link):
    r"""The loss of finding a word's leaf in a binary tree, from its root.

    At each inner node :math:`e` a logistic regression tells which side to go. With :math:`b_e` 1
    for the first side and -1 for the second, the loss of a word is :math:`-\sum_e \log
    \sigma(b_e w_e^\top x)` over the nodes above its leaf: some :math:`\log V` of them instead of
    :math:`V` classes.

    Source: Chainer's reference, *chainer.links.BinaryHierarchicalSoftmax*; Morin & Bengio,
    *Hierarchical Probabilistic Neural Network Language Model*, 2005.

    Args:
        in_size: The size of the vectors.
        tree: Pairs of trees, and at the leaves the words' numbers: ``((0, 1), 2)``.
        dtype: The dtype of the tree's codes; ``config.dtype`` if None.

    Attributes:
        W: A row for each inner node, of shape ``(number of inner nodes, in_size)``.

    Raises:
        ValueError: If a tuple of the tree is no pair.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> tree = L.BinaryHierarchicalSoftmax.create_huffman_tree({0: 8, 1: 5, 2: 6, 3: 4})
        >>> tree
        ((3, 1), (2, 0))
        >>> link = L.BinaryHierarchicalSoftmax(2, tree)
        >>> link(np.zeros((1, 2), np.float32), np.array([2], np.int32))
        variable(1.3862944)
    """

    def __init__(self, in_size: int, tree: Any, dtype: Any = None) -> None:
        super().__init__()
        self._func = BinaryHierarchicalSoftmaxFunction(tree, get_dtype(dtype, np.float16))
        with self.init_scope():
            self.W = Parameter(Uniform(1), (self._func.parser_size, in_size))

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        """Shows a visitor the link with all that belongs to it, and the tree's tables.

        Args:
            visitor: The visitor.
        """
        super().device_resident_accept(visitor)
        self._func.device_resident_accept(visitor)

    @staticmethod
    def create_huffman_tree(word_counts: Mapping[Any, float]) -> Any:
        """Returns the tree in which frequent words have the shortest ways.

        Args:
            word_counts: For each word how often it is met.

        Raises:
            ValueError: If there is no word.
        """
        if not word_counts:
            raise InvalidArgumentError("there is no word to make a tree of")
        # The second entries tell equal counts apart: no two trees are ever compared.
        heap = [(count, i, word) for i, (word, count) in enumerate(word_counts.items())]
        heapq.heapify(heap)
        while len(heap) > 1:
            first, second = heapq.heappop(heap), heapq.heappop(heap)
            merged = (first[0] + second[0], min(first[1], second[1]), (first[2], second[2]))
            heapq.heappush(heap, merged)
        return heap[0][2]

    def forward(self, x: Any, t: Any) -> Variable:
        """Computes the sum of the losses.

        Args:
            x: The vectors, of shape ``(N, in_size)``.
            t: The words, int32 of shape ``(N,)``; -1 for an example that does not count, and a
                word that is not in the tree costs nothing either.

        Returns:
            A scalar variable.

        Raises:
            InvalidType: If dtypes or shapes do not fit.
            IndexError: If a word is beyond those of the tree.
        """
        return self._func(x, t, self.W)
