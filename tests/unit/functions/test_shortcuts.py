"""What a function does in nearly every call is what it does when somebody looks on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import chainer_compat as chainer
import chainer_compat.functions as F
import chainer_compat.links as L
from chainer_compat import Variable
from chainer_compat.function_hook import FunctionHook
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import InvalidType, fail


def _check(x: Tensor, mode: str) -> None:
    if x.ndim == 2:
        fail("x.ndim != 2", "2 == 2")


def _shortcut(x: Tensor, mode: str) -> Tensor | None:
    if mode == "refuse":
        raise RuntimeError("torch refuses it")
    return x + 100 if mode == "short" else None


@function("Doubled", label="doubled", check=_check, shortcut=_shortcut)
def doubled(x: Tensor, mode: str = "short") -> Tensor:
    """Doubles, or shows that the shortcut was taken."""
    return x * 2


class Onlooker(FunctionHook):
    """A hook that does nothing, but is there."""

    name = "Onlooker"


ONE = np.ones(1, np.float32)


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("x", [ONE, Variable(ONE), torch.from_numpy(ONE)])
def test_a_shortcut_is_taken_where_it_knows_the_answer(x: Any, keeps: bool) -> None:
    with chainer.using_config("enable_backprop", keeps):
        y = doubled(x)
        assert y.array.tolist() == [101]
        assert (y.creator is not None) == keeps
        assert doubled(x, "long").array.tolist() == [2]


def test_what_torch_refuses_the_body_answers() -> None:
    assert doubled(ONE, "refuse").array.tolist() == [2]


def test_a_shortcut_that_does_not_know_leaves_it_to_the_check() -> None:
    for mode in ("long", "refuse"):
        with pytest.raises(InvalidType, match="doubled"):
            doubled(np.ones((1, 1), np.float32), mode)
        with chainer.using_config("type_check", False):
            assert doubled(np.ones((1, 1), np.float32), mode).array.tolist() == [[2]]


def test_an_error_of_the_body_does_not_tell_of_the_shortcut() -> None:
    with pytest.raises(InvalidType) as raised:
        doubled(np.ones((1, 1), np.float32), "refuse")
    assert raised.value.__context__ is None


def test_somebody_who_looks_on_sees_the_body() -> None:
    with Onlooker():
        assert doubled(ONE).array.tolist() == [2]
    with chainer.using_config("debug", True):
        assert doubled(ONE).array.tolist() == [2]


def arrays(*shapes: tuple[int, ...], dtype: Any = np.float32, low: float = -1) -> list[Any]:
    random = np.random.RandomState(0)
    return [random.uniform(low, 1, shape).astype(dtype) for shape in shapes]


def ints(*values: Any, dtype: Any = np.int32) -> Any:
    return np.array(values, dtype)


IMAGES, FILTERS = (2, 4, 5, 6), (6, 4, 3, 2)
LABELS = ints(0, 2, -1)

TIES = [np.array([[1, 2, 2], [3, -1, 3], [-1, -1, 0]], np.float32)]


def normalized_with_statistics(x: Any, gamma: Any, beta: Any) -> Variable:
    mean, var = np.ones(4, np.float32), np.ones(4, np.float32)
    y = F.batch_normalization(x, gamma, beta, running_mean=mean, running_var=var)
    return y + (mean + var)[:, None, None]


CALLS: dict[str, Any] = {
    "linear": (F.linear, arrays((3, 4), (2, 4), (2,))),
    "linear, no bias": (F.linear, arrays((3, 4), (2, 4))),
    "linear, double": (F.linear, arrays((3, 4), (2, 4), (2,), dtype=np.float64)),
    "linear, no rows": (F.linear, arrays((0, 4), (2, 4), (2,))),
    "convolution": (F.convolution_2d, arrays(IMAGES, FILTERS, (6,))),
    "convolution, options": (
        lambda x, W: F.convolution_2d(x, W, None, (2, 1), [1, 0], dilate=(1, 2), groups=2),
        arrays(IMAGES, (6, 2, 3, 2)),
    ),
    "convolution, cover all": (
        lambda *a: F.convolution_2d(*a, stride=2, cover_all=True),
        arrays(IMAGES, FILTERS, (6,)),
    ),
    "convolution, mixed": (
        F.convolution_2d,
        [*arrays(IMAGES), *arrays(FILTERS, dtype=np.float64)],
    ),
    "convolution, half": (F.convolution_2d, arrays(IMAGES, FILTERS, dtype=np.float16)),
    "deconvolution": (
        lambda *a: F.deconvolution_2d(*a, 2, 1),
        arrays(IMAGES, (4, 3, 4, 4), (3,)),
    ),
    "deconvolution, outsize": (
        lambda *a: F.deconvolution_2d(*a, 2, 1, (11, 12)),
        arrays(IMAGES, (4, 3, 4, 4), (3,)),
    ),
    "deconvolution, groups": (
        lambda *a: F.deconvolution_2d(*a, 2, 1, groups=2),
        arrays(IMAGES, (4, 3, 4, 4), (6,)),
    ),
    "cross entropy": (lambda x: F.softmax_cross_entropy(x, LABELS), arrays((3, 4))),
    "cross entropy, int64": (
        lambda x: F.softmax_cross_entropy(x, LABELS.astype(np.int64)),
        arrays((3, 4)),
    ),
    "cross entropy, ignored": (
        lambda x: F.softmax_cross_entropy(x, ints(0, 2, 2), ignore_label=2),
        arrays((3, 4)),
    ),
    "cross entropy, none counts": (
        lambda x: F.softmax_cross_entropy(x, ints(-1, -1, -1)),
        arrays((3, 4)),
    ),
    "cross entropy, of each": (
        lambda x: F.softmax_cross_entropy(x, LABELS, reduce="no"),
        arrays((3, 4)),
    ),
    "cross entropy, by rows": (
        lambda x: F.softmax_cross_entropy(x, LABELS, normalize=False),
        arrays((3, 4)),
    ),
    "sigmoid cross entropy": (
        lambda x: F.sigmoid_cross_entropy(x, ints([0, 1], [1, 0])),
        arrays((2, 2)),
    ),
    "sigmoid cross entropy, ignored": (
        lambda x: F.sigmoid_cross_entropy(x, ints([0, 1], [-1, 0])),
        arrays((2, 2)),
    ),
    "sigmoid cross entropy, none": (
        lambda x: F.sigmoid_cross_entropy(x, np.zeros((0, 2), np.int32)),
        arrays((0, 2)),
    ),
    "batch normalization": (F.batch_normalization, arrays((3, 4), (4,), (4,))),
    "batch normalization, images": (F.batch_normalization, arrays(IMAGES, (4,), (4,))),
    "batch normalization, running": (normalized_with_statistics, arrays(IMAGES, (4,), (4,))),
    "batch normalization, one row": (F.batch_normalization, arrays((1, 4), (4,), (4,))),
    "batch normalization, axes": (
        lambda *a: F.batch_normalization(*a, axis=(0, 1)),
        arrays((2, 3, 4), (4,), (4,)),
    ),
    "batch normalization, mixed": (
        F.batch_normalization,
        [*arrays((3, 4), dtype=np.float16), *arrays((4,), (4,))],
    ),
    "embedding, several ignored": (
        lambda W: F.embed_id(ints([0, 3], [2, 0]), W, 3),
        arrays((3, 4)),
    ),
    "vstack": (lambda *xs: F.vstack(xs), arrays((2, 3), (1, 3))),
    "vstack, vectors": (lambda *xs: F.vstack(xs), arrays((3,), (3,))),
    "hstack": (lambda *xs: F.hstack(xs), arrays((2, 3), (2, 1))),
    "hstack, vectors": (lambda *xs: F.hstack(xs), arrays((3,), (0,))),
    "transpose": (F.transpose, arrays((2, 3, 4))),
    "transpose, axes": (lambda x: F.transpose(x, [1, -1, 0]), arrays((2, 3, 4))),
    "plus an array": (lambda x: chainer.as_variable(x) + arrays((3,))[0], arrays((2, 3))),
    "an array minus": (lambda x: arrays((3,))[0] - chainer.as_variable(x), arrays((2, 3))),
    "times a double array": (
        lambda x: chainer.as_variable(x) * arrays((3,), dtype=np.float64)[0],
        arrays((2, 3)),
    ),
    "fixed batch normalization, statistics": (
        lambda *a: F.fixed_batch_normalization(*a, *arrays((4,), (4,), low=0.5)),
        arrays((3, 4), (4,), (4,)),
    ),
    "fixed batch normalization, apart": (
        lambda x, gamma: F.fixed_batch_normalization(
            x, gamma[::2], gamma[1::2], *(array[::2] for array in arrays((8,), (8,), low=0.5))
        ),
        arrays(IMAGES, (8,)),
    ),
    "fixed batch normalization, no rows": (
        lambda *a: F.fixed_batch_normalization(*a, *arrays((4,), (4,), low=0.5)),
        arrays((0, 4), (4,), (4,)),
    ),
    "fixed batch normalization": (
        lambda *a: F.fixed_batch_normalization(*a, np.full(4, 2, np.float32)),
        arrays((3, 4), (4,), (4,), (4,)),
    ),
    "fixed batch normalization, images": (
        lambda *a: F.fixed_batch_normalization(*a, np.full(4, 2, np.float32)),
        arrays(IMAGES, (4,), (4,), (4,)),
    ),
    "fixed batch normalization, axes": (
        lambda *a: F.fixed_batch_normalization(*a, np.full(4, 2, np.float32), axis=(0, 1)),
        arrays((2, 3, 4), (4,), (4,), (4,)),
    ),
    "fixed batch normalization, half": (
        lambda *a: F.fixed_batch_normalization(*a, np.full(4, 2, np.float32)),
        [*arrays((3, 4), dtype=np.float16), *arrays((4,), (4,), (4,))],
    ),
    "reshape": (lambda x: F.reshape(x, [-1, 2]), arrays((2, 3))),
    "broadcast_to": (lambda x: F.broadcast_to(x, (2, 3)), arrays((3,))),
    "broadcast": (F.broadcast, arrays((2, 1, 3), (4, 1))),
    "broadcast, of one shape": (F.broadcast, arrays((2, 3), (2, 3), (2, 3))),
    "broadcast, no elements": (F.broadcast, arrays((0, 3), (1,))),
    "matmul": (F.matmul, arrays((2, 3), (3, 4))),
    "matmul, vectors": (F.matmul, arrays((3,), (3,))),
    "matmul, transposed": (lambda a, b: F.matmul(a, b, True, True), arrays((3, 2), (4, 3))),
    "concat": (lambda *xs: F.concat(xs, 1), arrays((2, 3), (2, 1), (2, 0))),
    "concat, from the end": (lambda *xs: F.concat(xs, np.int64(-2)), arrays((2, 3), (1, 3))),
    "concat, vectors": (lambda *xs: F.concat(xs, 0), arrays((2,), (0,))),
    "stack": (lambda *xs: F.stack(xs, 1), arrays((2, 3), (2, 3))),
    "stack, from the end": (lambda *xs: F.stack(xs, -1), arrays((2, 3), (2, 3))),
    "average pooling": (lambda x: F.average_pooling_2d(x, 2), arrays(IMAGES)),
    "average pooling, options": (
        lambda x: F.average_pooling_2d(x, (2, 3), [1, 2], (1, 0)),
        arrays(IMAGES),
    ),
    "average pooling, wide": (lambda x: F.average_pooling_2d(x, 2, 1, 2), arrays(IMAGES)),
    "unpooling": (lambda x: F.unpooling_2d(x, 2), arrays(IMAGES)),
    "unpooling, whole": (lambda x: F.unpooling_2d(x, 11, cover_all=False), arrays(IMAGES)),
    "unpooling, options": (
        lambda x: F.unpooling_2d(x, (2, 3), outsize=(12, 17)),
        arrays(IMAGES),
    ),
    "unpooling, overlapping": (lambda x: F.unpooling_2d(x, 3, 2, 1), arrays(IMAGES)),
    "unpooling, double": (lambda x: F.unpooling_2d(x, 2), arrays(IMAGES, dtype=np.float64)),
    "embedding": (lambda W: F.embed_id(ints(0, 2, 0), W), arrays((3, 4))),
    "embedding, from the end": (lambda W: F.embed_id(ints(0, -1), W), arrays((3, 4))),
    "embedding, ignored": (lambda W: F.embed_id(ints(0, -1), W, -1), arrays((3, 4))),
    "batch_matmul": (F.batch_matmul, arrays((2, 3, 4), (2, 4, 5))),
    "batch_matmul, columns": (F.batch_matmul, arrays((2, 3, 4), (2, 4))),
    "batch_matmul, transposed": (
        lambda a, b: F.batch_matmul(a, b, transb=True),
        arrays((2, 3, 4), (2, 5, 4)),
    ),
    "batch_matmul, one": (F.batch_matmul, arrays((1, 3, 4), (2, 4, 5))),
    "squeeze": (lambda x: F.squeeze(x, 1), arrays((2, 1, 3))),
    "squeeze, from the end": (lambda x: F.squeeze(x, (-2,)), arrays((2, 1, 3))),
    "squeeze, two": (lambda x: F.squeeze(x, (0, 2)), arrays((1, 2, 1))),
    "squeeze, all": (F.squeeze, arrays((1, 2, 1))),
    "where": (lambda x, y: F.where(ints(1, 0, 1) > 0, x, y), arrays((3,), (3,))),
    "where, broadcast": (lambda x, y: F.where(ints([1], [0]) > 0, x, y), arrays((2, 3), (3,))),
    "select_item": (lambda x: F.select_item(x, ints(1, 0)), arrays((2, 3))),
    "select_item, int64": (lambda x: F.select_item(x, ints(2, 0, dtype=np.int64)), arrays((2, 3))),
    "select_item, a variable": (lambda x: F.select_item(x, Variable(ints(2, 0))), arrays((2, 3))),
    "select_item, not finite": (
        lambda x: F.select_item(x, ints(0, 1, 0, 1)),
        [np.array([[np.nan, 1], [2, -np.inf], [-0.0, 3], [4, 0.0]], np.float32)],
    ),
    "select_item, no rows": (lambda x: F.select_item(x, ints()), arrays((0, 3))),
    "select_item, half": (
        lambda x: F.select_item(x, ints(1, 0)),
        arrays((2, 3), dtype=np.float16),
    ),
    "select_item, integers": (lambda x: F.select_item(x, ints(1, 0)), [ints([1, 2], [3, 4])]),
    "select_item, from far behind": (
        lambda x: F.select_item(x, ints(-100, 0)),
        arrays((2, 101)),
    ),
    "select_item, from the end": (lambda x: F.select_item(x, ints(-1, 0)), arrays((2, 3))),
    "max": (lambda x: F.max(x, 1), TIES),
    "max, from the end": (lambda x: F.max(x, -2), TIES),
    "max, all": (F.max, TIES),
    "max, kept": (lambda x: F.max(x, 1, keepdims=True), TIES),
    "max, two": (lambda x: F.max(x, (0, 2)), arrays((2, 3, 4))),
    "min": (lambda x: F.min(x, 0), TIES),
    "maximum": (F.maximum, [*TIES, *TIES]),
    "maximum, broadcast": (F.maximum, [*TIES, *arrays((3,))]),
    "minimum": (F.minimum, [*TIES, *TIES]),
    "minimum, double": (F.minimum, arrays((2, 3), (3,), dtype=np.float64)),
    "clip": (lambda x: F.clip(x, -1.0, 1.0), TIES),
    "max, all kept": (lambda x: F.max(x, keepdims=True), TIES),
    "max, from the end, kept": (lambda x: F.max(x, -2, keepdims=True), TIES),
    "sum": (F.sum, arrays((2, 3, 4))),
    "sum, axis": (lambda x: F.sum(x, -2), arrays((2, 3, 4))),
    "sum, axes": (lambda x: F.sum(x, (2, 0)), arrays((2, 3, 4))),
    "sum, kept": (lambda x: F.sum(x, (0, -1), keepdims=True), arrays((2, 3, 4))),
    "sum, all kept": (lambda x: F.sum(x, keepdims=True), arrays((2, 3))),
    "sum, over none": (lambda x: F.sum(x, ()), arrays((2, 3))),
    "sum, no elements": (lambda x: F.sum(x, 1), arrays((2, 0))),
    "sum, double": (lambda x: F.sum(x, 1), arrays((2, 3), dtype=np.float64)),
    "mean, axis": (lambda x: F.mean(x, -1), arrays((2, 3, 4))),
    "mean, axes": (lambda x: F.mean(x, (0, 1), keepdims=True), arrays((2, 3, 4))),
    "logsumexp": (lambda x: F.logsumexp(x, -1), arrays((2, 3, 4))),
    "logsumexp, all": (F.logsumexp, arrays((2, 3, 4))),
    "layer normalization": (F.layer_normalization, arrays((3, 4), (4,), (4,))),
    "layer normalization, no rows": (F.layer_normalization, arrays((0, 4), (4,), (4,))),
    "layer normalization, mixed": (
        F.layer_normalization,
        [*arrays((3, 4), dtype=np.float64), *arrays((4,), (4,), dtype=np.float64)],
    ),
    "normalize": (F.normalize, arrays((3, 4))),
    "convolution, one axis": (
        lambda *a: F.convolution_nd(*a, stride=2, pad=1),
        arrays((2, 4, 6), (3, 4, 2), (3,)),
    ),
    "convolution, three axes": (
        lambda *a: F.convolution_nd(*a, pad=(1, 0, 1), dilate=(1, 2, 1), groups=2),
        arrays((2, 4, 3, 4, 3), (2, 2, 2, 2, 2), (2,)),
    ),
    "convolution, axes, mixed": (
        F.convolution_nd,
        [*arrays((2, 4, 6)), *arrays((3, 4, 2), dtype=np.float64)],
    ),
    "cross entropy, of each with NaN": (
        lambda x: F.softmax_cross_entropy(x, ints(0, 2, 2), reduce="no", ignore_label=2),
        [np.array([[np.nan, 1, 2], [1, 2, np.nan], [1, 2, 3]], np.float32)],
    ),
    "cross entropy, by no rows": (
        lambda x: F.softmax_cross_entropy(x, ints(), normalize=False),
        arrays((0, 4)),
    ),
    "separate": (lambda x: F.separate(x, 1), arrays((2, 3))),
    "split_axis": (lambda x: F.split_axis(x, [1, 2], 1), arrays((2, 3))),
    "lstm": (F.lstm, arrays((3, 2), (2, 8))),
}

# Without a gradient.
INDICES: dict[str, Any] = {
    "argmax": (lambda x: F.argmax(x, 1), TIES),
    "argmin": (lambda x: F.argmin(x, -2), TIES),
    "argmax, all": (F.argmax, TIES),
    "argmax, no rows": (lambda x: F.argmax(x, 1), arrays((0, 3))),
    "argmax, NaN": (lambda x: F.argmax(x, 0), [np.array([1, np.nan, 2], np.float32)]),
    "binary accuracy": (lambda x: F.binary_accuracy(x, ints([0, 1, 1, -1])), arrays((1, 4))),
    "binary accuracy, a third": (lambda x: F.binary_accuracy(x, ints(1, 1, 1)), [TIES[0][2] + 0.5]),
    "binary accuracy, other labels": (lambda x: F.binary_accuracy(x, ints(2, -2)), arrays((2,))),
    "binary accuracy, none counts": (lambda x: F.binary_accuracy(x, ints(-1, -1)), arrays((2,))),
    "binary accuracy, of none": (lambda x: F.binary_accuracy(x, ints()), arrays((0,))),
    "binary accuracy, NaN": (
        lambda x: F.binary_accuracy(x, ints(0, 1, 1)),
        [np.array([np.nan, 0, -0.0], np.float32)],
    ),
    "accuracy": (lambda x: F.accuracy(x, LABELS), arrays((3, 4))),
    "accuracy, a third": (lambda x: F.accuracy(x, x.array.argmax(1) * ints(0, 1, 0)), TIES),
    "accuracy, ignored": (lambda x: F.accuracy(x, LABELS, -1), arrays((3, 4))),
}


def outcome(call: Any, given: list[Any]) -> list[Any]:
    """The results and gradients of a call, and how the graph shows it."""
    variables = [Variable(array.copy()) for array in given]
    results = call(*variables)
    results = results if isinstance(results, tuple) else (results,)
    shown: list[Any] = []
    for y in results:
        creator = y.creator
        shown += [y.array, y.requires_grad, creator.label, creator.rank, len(creator.inputs)]
    for y in results:
        if y.dtype.kind == "f":
            F.sum(y * y).backward()
    return shown + [x.grad for x in variables]


@pytest.mark.parametrize("name", CALLS)
def test_both_ways_give_the_same_digits_and_gradients(name: str) -> None:
    call, given = CALLS[name]
    straight = outcome(call, given)
    with Onlooker():
        around = outcome(call, given)
    for a, b in zip(straight, around, strict=True):
        assert getattr(a, "dtype", None) == getattr(b, "dtype", None)
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", CALLS)
def test_both_ways_give_the_same_digits_without_backprop(name: str) -> None:
    call, given = CALLS[name]
    with chainer.no_backprop_mode():
        straight = call(*given)
        with Onlooker():
            around = call(*given)
    for a, b in zip(
        *(y if isinstance(y, tuple) else (y,) for y in (straight, around)), strict=True
    ):
        assert a.creator is None
        assert a.requires_grad == b.requires_grad
        np.testing.assert_array_equal(a.array, b.array)


@pytest.mark.parametrize("name", INDICES)
@pytest.mark.parametrize("keeps", [True, False])
def test_both_ways_find_the_same(name: str, keeps: bool) -> None:
    call, given = INDICES[name]
    x = Variable(given[0])
    with chainer.using_config("enable_backprop", keeps):
        straight = call(x)
        with Onlooker():
            around = call(x)
    assert (straight.creator is not None) == (around.creator is not None) == keeps
    assert straight.dtype == around.dtype
    assert straight.requires_grad == around.requires_grad
    np.testing.assert_array_equal(straight.array, around.array)


WRONG: dict[str, Any] = {
    "linear, sizes": (F.linear, arrays((3, 4), (2, 5), (2,))),
    "linear, bias": (F.linear, arrays((3, 4), (2, 4), (1,))),
    "linear, bias of rows": (F.linear, arrays((3, 4), (2, 4), (3, 2))),
    "linear, weights": (F.linear, arrays((3, 4), (4,))),
    "linear, vector": (F.linear, arrays((4,), (2, 4))),
    "linear, integers": (F.linear, [ints([1, 2]), *arrays((2, 2))]),
    "linear, bias's dtype": (
        F.linear,
        [*arrays((3, 4), (2, 4)), *arrays((2,), dtype=np.float64)],
    ),
    "convolution, channels": (F.convolution_2d, arrays(IMAGES, (6, 3, 3, 2))),
    "convolution, bias": (F.convolution_2d, arrays(IMAGES, FILTERS, (5,))),
    "convolution, bias's dtype": (
        F.convolution_2d,
        [*arrays(IMAGES, FILTERS), *arrays((6,), dtype=np.float64)],
    ),
    "convolution, too large": (F.convolution_2d, arrays((1, 1, 2, 2), (1, 1, 3, 3))),
    "convolution, axes": (F.convolution_2d, arrays((4, 5, 6), FILTERS)),
    "convolution, filters": (F.convolution_2d, arrays(IMAGES, (6, 4, 3))),
    "convolution, integers": (F.convolution_2d, arrays(IMAGES, FILTERS, dtype=np.int32)),
    "convolution, stride": (
        lambda x, W: F.convolution_2d(x, W, stride=(1, 1, 1)),
        arrays(IMAGES, FILTERS),
    ),
    "convolution, pad": (
        lambda x, W: F.convolution_2d(x, W, pad=-1),
        arrays(IMAGES, FILTERS),
    ),
    "convolution, groups": (
        lambda x, W: F.convolution_2d(x, W, groups=3),
        arrays(IMAGES, FILTERS),
    ),
    "deconvolution, channels": (F.deconvolution_2d, arrays(IMAGES, (3, 4, 4, 4))),
    "deconvolution, bias": (F.deconvolution_2d, arrays(IMAGES, (4, 3, 4, 4), (2,))),
    "deconvolution, empty": (
        lambda *a: F.deconvolution_2d(*a, pad=4),
        arrays((1, 1, 4, 4), (1, 1, 3, 3)),
    ),
    "cross entropy, label": (
        lambda x: F.softmax_cross_entropy(x, ints(0, 2, 4)),
        arrays((3, 4)),
    ),
    "cross entropy, rows": (lambda x: F.softmax_cross_entropy(x, LABELS), arrays((2, 4))),
    "cross entropy, axes": (lambda x: F.softmax_cross_entropy(x, LABELS), arrays((3,))),
    "cross entropy, integers": (
        lambda x: F.softmax_cross_entropy(x, LABELS),
        arrays((3, 4), dtype=np.int32),
    ),
    "cross entropy, bytes": (
        lambda x: F.softmax_cross_entropy(x, LABELS.astype(np.uint8)),
        arrays((3, 4)),
    ),
    "sigmoid cross entropy, shapes": (
        lambda x: F.sigmoid_cross_entropy(x, ints(0, 1)),
        arrays((2, 2)),
    ),
    "sigmoid cross entropy, bytes": (
        lambda x: F.sigmoid_cross_entropy(x, ints(0, 1, dtype=np.uint8)),
        arrays((2,)),
    ),
    "batch normalization, channels": (F.batch_normalization, arrays((3, 4), (3,), (3,))),
    "batch normalization, beta": (F.batch_normalization, arrays((3, 4), (4,), (1, 4))),
    "batch normalization, vector": (F.batch_normalization, arrays((4,), (4,), (4,))),
    "batch normalization, running": (
        lambda *a: F.batch_normalization(*a, running_mean=ints(0), running_var=ints(0)),
        arrays((3, 4), (4,), (4,)),
    ),
    "fixed batch normalization, no channels": (
        lambda *a: F.fixed_batch_normalization(*a, *arrays((3,), (3,))),
        arrays((4, 0), (3,), (3,)),
    ),
    "fixed batch normalization, mean": (
        F.fixed_batch_normalization,
        arrays((3, 4), (4,), (4,), (3,), (4,)),
    ),
    "sum, no axis": (lambda x: F.sum(x, 2), arrays((2, 3))),
    "sum, no axis of a number": (lambda x: F.sum(x, 0), [np.array(1, np.float32)]),
    "sum, an axis twice": (lambda x: F.sum(x, (0, -2)), arrays((2, 3))),
    "sum, half an axis": (lambda x: F.sum(x, 0.5), arrays((2, 3))),
    "mean, half an axis": (lambda x: F.mean(x, (0, 1.0)), arrays((2, 3))),
    "logsumexp, no elements": (lambda x: F.logsumexp(x, 1), arrays((2, 0))),
    "logsumexp, no axis": (lambda x: F.logsumexp(x, 2), arrays((2, 3))),
    "max, no elements, kept": (lambda x: F.max(x, 1, keepdims=True), arrays((2, 0))),
    "max, no axis, kept": (lambda x: F.max(x, 2, keepdims=True), arrays((2, 3))),
    "layer normalization, axes": (F.layer_normalization, arrays((2, 3, 4), (4,), (4,))),
    "layer normalization, sizes": (F.layer_normalization, arrays((3, 4), (3,), (4,))),
    "layer normalization, a matrix": (F.layer_normalization, arrays((3, 4), (1, 4), (4,))),
    "convolution, no such stride": (
        lambda *a: F.convolution_nd(*a, stride=(1, 1)),
        arrays((2, 4, 6), (3, 4, 2)),
    ),
    "convolution, too long": (F.convolution_nd, arrays((2, 4, 1), (3, 4, 2))),
    "convolution, other channels": (F.convolution_nd, arrays((2, 4, 6), (3, 2, 2))),
    "convolution, four axes": (F.convolution_nd, arrays((1, 1, 2, 2, 2, 2), (1, 1, 1, 1, 1, 1))),
    "cross entropy, reduced otherwise": (
        lambda x: F.softmax_cross_entropy(x, LABELS, reduce="sum"),
        arrays((3, 4)),
    ),
    "cross entropy, label of each": (
        lambda x: F.softmax_cross_entropy(x, ints(0, 2, 4), reduce="no"),
        arrays((3, 4)),
    ),
    "reshape, elements": (lambda x: F.reshape(x, (4, 2)), arrays((2, 3))),
    "reshape, two unknown": (lambda x: F.reshape(x, (-1, -1)), arrays((2, 3))),
    "reshape, no elements": (lambda x: F.reshape(x, (0, -1)), arrays((0, 3))),
    "broadcast, lengths": (F.broadcast, arrays((3,), (2,))),
    "broadcast, nothing": (F.broadcast, []),
    "broadcast_to, lengths": (lambda x: F.broadcast_to(x, (3, 2)), arrays((3,))),
    "broadcast_to, axes": (lambda x: F.broadcast_to(x, (3,)), arrays((2, 3))),
    "broadcast_to, unknown": (lambda x: F.broadcast_to(x, (2, -1)), arrays((3,))),
    "matmul, sizes": (F.matmul, arrays((2, 3), (4, 3))),
    "matmul, dtypes": (F.matmul, arrays((2, 3), (3, 2), dtype=np.int32)),
    "concat, nothing": (lambda: F.concat([]), []),
    "concat, lengths": (lambda *xs: F.concat(xs, 1), arrays((2, 3), (3, 3))),
    "concat, no elements": (lambda *xs: F.concat(xs, 1), arrays((2, 3), (0,))),
    "concat, axis": (lambda *xs: F.concat(xs, 2), arrays((2, 3), (2, 3))),
    "concat, dtypes": (
        lambda *xs: F.concat(xs),
        [*arrays((2, 3)), *arrays((2, 3), dtype=np.float64)],
    ),
    "vstack, lengths": (lambda *xs: F.vstack(xs), arrays((2, 3), (2, 4))),
    "vstack, dtypes": (
        lambda *xs: F.vstack(xs),
        [*arrays((2, 3)), *arrays((2, 3), dtype=np.float64)],
    ),
    "hstack, no elements": (lambda *xs: F.hstack(xs), arrays((2, 3), (0,))),
    "transpose, twice": (lambda x: F.transpose(x, (0, 0)), arrays((2, 3))),
    "transpose, too few": (lambda x: F.transpose(x, (0,)), arrays((2, 3))),
    "transpose, beyond": (lambda x: F.transpose(x, (0, 2)), arrays((2, 3))),
    "max, nothing": (F.max, arrays((0, 2))),
    "stack, nothing": (lambda: F.stack([]), []),
    "stack, shapes": (lambda *xs: F.stack(xs), arrays((2, 3), (3, 3))),
    "stack, axis": (lambda *xs: F.stack(xs, 3), arrays((2, 3), (2, 3))),
    "stack, dtypes": (
        lambda *xs: F.stack(xs),
        [*arrays((2, 3)), *arrays((2, 3), dtype=np.float64)],
    ),
    "average pooling, empty": (lambda x: F.average_pooling_2d(x, 7), arrays(IMAGES)),
    "average pooling, axes": (lambda x: F.average_pooling_2d(x, 2), arrays((2, 3, 4))),
    "average pooling, integers": (
        lambda x: F.average_pooling_2d(x, 2),
        arrays(IMAGES, dtype=np.int32),
    ),
    "unpooling, axes": (lambda x: F.unpooling_2d(x, 2), arrays((2, 3, 4))),
    "unpooling, integers": (lambda x: F.unpooling_2d(x, 2), arrays(IMAGES, dtype=np.int32)),
    "embedding, beyond": (lambda W: F.embed_id(ints(3), W), arrays((3, 4))),
    "embedding, scalar": (lambda W: F.embed_id(np.array(1, np.int32), W), arrays((3, 4))),
    "embedding, axes": (lambda W: F.embed_id(ints(1), W), arrays((3, 4, 1))),
    "embedding, floats": (F.embed_id, arrays((3,), (3, 4))),
    "batch_matmul, sizes": (F.batch_matmul, arrays((2, 3, 4), (2, 3, 4))),
    "batch_matmul, batches": (F.batch_matmul, arrays((2, 3, 4), (3, 4, 5))),
    "batch_matmul, axes": (F.batch_matmul, arrays((2, 2, 3, 4), (2, 4, 5))),
    "squeeze, length": (lambda x: F.squeeze(x, 0), arrays((2, 1, 3))),
    "squeeze, axis": (lambda x: F.squeeze(x, 3), arrays((2, 1, 3))),
    "where, dtypes": (
        lambda x, y: F.where(ints(1, 0) > 0, x, y),
        [*arrays((2,)), *arrays((2,), dtype=np.float64)],
    ),
    "where, shapes": (lambda x, y: F.where(ints(1, 0) > 0, x, y), arrays((2,), (3,))),
    "where, numbers": (lambda x, y: F.where(ints(1, 0), x, y), arrays((2,), (2,))),
    "where, no array": (lambda x, y: F.where(True, x, y), arrays((2,), (2,))),
    "select_item, beyond": (lambda x: F.select_item(x, ints(1, 3)), arrays((2, 3))),
    "select_item, far beyond": (
        lambda x: F.select_item(x, ints(-(2**63), 1, dtype=np.int64)),
        arrays((2, 3)),
    ),
    "select_item, bytes": (
        lambda x: F.select_item(x, ints(1, 0, dtype=np.uint8)),
        arrays((2, 3)),
    ),
    "select_item, a number": (lambda x: F.select_item(x, np.array(1)), arrays((2, 3))),
    "select_item, vector": (lambda x: F.select_item(x, np.array(1)), arrays((3,))),
    "select_item, no rows of pairs": (
        lambda x: F.select_item(x, np.zeros((0, 2), np.int32)),
        arrays((0, 3)),
    ),
    "select_item, rows": (lambda x: F.select_item(x, ints(1)), arrays((2, 3))),
    "select_item, axes": (lambda x: F.select_item(x, ints(1, 1)), arrays((2, 3, 1))),
    "maximum, shapes": (F.maximum, arrays((2, 3), (2,))),
    "maximum, dtypes": (F.maximum, [*arrays((3,)), *arrays((3,), dtype=np.float64)]),
    "maximum, integers": (F.maximum, arrays((3,), (3,), dtype=np.int32)),
    "max, axis": (lambda x: F.max(x, 2), arrays((2, 3))),
    "max, no elements": (lambda x: F.max(x, 1), arrays((2, 0))),
    "max, scalar": (lambda x: F.max(x, 0), arrays(())),
    "max, integers": (lambda x: F.max(x, 0), arrays((2, 3), dtype=np.int32)),
    "max, twice": (lambda x: F.max(x, (0, 0)), arrays((2, 3))),
    "argmax, axis": (lambda x: F.argmax(x, -3), arrays((2, 3))),
    "argmax, no elements": (lambda x: F.argmax(x, 1), arrays((2, 0))),
    "accuracy, rows": (lambda x: F.accuracy(x, LABELS), arrays((2, 4))),
    "accuracy, axes": (lambda x: F.accuracy(x, LABELS), arrays((3, 4, 2))),
    "cross entropy, reduce": (
        lambda x: F.softmax_cross_entropy(x, LABELS, reduce="sum"),
        arrays((3, 4)),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_both_ways_give_the_same_error(name: str) -> None:
    call, given = WRONG[name]
    with pytest.raises(Exception, match=r".") as straight:
        call(*given)
    with Onlooker(), pytest.raises(Exception, match=r".") as around:
        call(*given)
    assert straight.type is around.type
    assert str(straight.value) == str(around.value)


def test_links_of_images_give_what_their_functions_give() -> None:
    (x,) = arrays(IMAGES)
    layer = L.Convolution2D(4, 6, (3, 2), (2, 1), 1, dilate=2, groups=2)
    expected = F.convolution_2d(x, layer.W, layer.b, (2, 1), 1, dilate=2, groups=2)
    np.testing.assert_array_equal(layer(x).array, expected.array)
    transposed = L.Deconvolution2D(4, 6, 4, 2, 1, outsize=(11, 12), groups=2)
    expected = F.deconvolution_2d(x, transposed.W, transposed.b, 2, 1, outsize=(11, 12), groups=2)
    np.testing.assert_array_equal(transposed(x).array, expected.array)
