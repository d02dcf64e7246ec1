"""Wrong calls raise what Chainer raises, with a message that tells what was expected.

Each row is a right call; each of its arguments is then made wrong in every way that there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.parity import _running
from tests.parity.bodies import bad_calls

_R = np.random.RandomState(0)


def _f(*shape: int) -> Any:
    return _R.uniform(0.1, 0.9, shape).astype(np.float32)


ROWS, IMAGE, LINE = _f(4, 3), _f(2, 3, 5, 5), _f(2, 3, 6)
LABELS = np.array([0, 2, 1, 1], np.int32)
ONES, ZEROS = np.ones(3, np.float32), np.zeros(3, np.float32)

# What is called, and its arguments where it is called rightly.
CALLS: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("F.relu", [ROWS], {}),
    ("F.sigmoid", [ROWS], {}),
    ("F.tanh", [ROWS], {}),
    ("F.leaky_relu", [ROWS], {"slope": 0.1}),
    ("F.elu", [ROWS], {"alpha": 1.0}),
    ("F.softplus", [ROWS], {"beta": 1.0}),
    ("F.softmax", [ROWS], {"axis": 1}),
    ("F.log_softmax", [ROWS], {}),
    ("F.exp", [ROWS], {}),
    ("F.log", [ROWS], {}),
    ("F.sqrt", [ROWS], {}),
    ("F.sum", [ROWS], {"axis": 1}),
    ("F.mean", [ROWS], {"axis": 1}),
    ("F.max", [ROWS], {"axis": 1}),
    ("F.argmax", [ROWS], {"axis": 1}),
    ("F.logsumexp", [ROWS], {"axis": 1}),
    ("F.clip", [ROWS, 0.2, 0.8], {}),
    ("F.maximum", [ROWS, ROWS], {}),
    ("F.matmul", [ROWS, _f(3, 2)], {}),
    ("F.linear", [ROWS, _f(2, 3), _f(2)], {}),
    ("F.embed_id", [LABELS, _f(5, 2)], {}),
    ("F.bilinear", [ROWS, ROWS, _f(3, 3, 2)], {}),
    ("F.convolution_2d", [IMAGE, _f(4, 3, 2, 2), _f(4)], {"stride": 1}),
    ("F.deconvolution_2d", [IMAGE, _f(3, 4, 2, 2), _f(4)], {"pad": 0}),
    ("F.convolution_nd", [LINE, _f(4, 3, 2), _f(4)], {}),
    ("F.dilated_convolution_2d", [IMAGE, _f(4, 3, 2, 2)], {"dilate": 2}),
    ("F.max_pooling_2d", [IMAGE, 2], {"stride": 2}),
    ("F.average_pooling_2d", [IMAGE, 2], {}),
    ("F.unpooling_2d", [IMAGE, 2], {}),
    ("F.batch_normalization", [ROWS, ONES, ZEROS], {}),
    ("F.fixed_batch_normalization", [ROWS, ONES, ZEROS, ZEROS, ONES], {}),
    ("F.layer_normalization", [ROWS, ONES, ZEROS], {}),
    ("F.local_response_normalization", [IMAGE], {"n": 3}),
    ("F.normalize", [ROWS], {}),
    ("F.dropout", [ROWS], {"ratio": 0.5}),
    ("F.gaussian", [ROWS, ROWS], {}),
    ("F.lstm", [_f(2, 3), _f(2, 12)], {}),
    ("F.reshape", [ROWS, (3, 4)], {}),
    ("F.transpose", [ROWS, (1, 0)], {}),
    ("F.concat", [[ROWS, ROWS]], {"axis": 1}),
    ("F.stack", [[ROWS, ROWS]], {"axis": 0}),
    ("F.split_axis", [ROWS, 2, 0], {}),
    ("F.broadcast_to", [ONES, (4, 3)], {}),
    ("F.expand_dims", [ROWS, 1], {}),
    ("F.squeeze", [ROWS[:, :1]], {"axis": 1}),
    ("F.swapaxes", [ROWS, 0, 1], {}),
    ("F.tile", [ROWS, (2, 1)], {}),
    ("F.where", [ROWS > 0.5, ROWS, ROWS], {}),
    ("F.select_item", [ROWS, LABELS], {}),
    ("F.get_item", [ROWS, 1], {}),
    ("F.pad", [ROWS, 1, "constant"], {}),
    ("F.cast", [ROWS, "float64"], {}),
    ("F.softmax_cross_entropy", [ROWS, LABELS], {"reduce": "mean"}),
    ("F.sigmoid_cross_entropy", [ROWS, (ROWS > 0.5).astype("i")], {"normalize": True}),
    ("F.mean_squared_error", [ROWS, ROWS], {}),
    ("F.mean_absolute_error", [ROWS, ROWS], {}),
    ("F.huber_loss", [ROWS, ROWS, 1.0], {}),
    ("F.hinge", [ROWS, LABELS], {"norm": "L1"}),
    ("F.accuracy", [ROWS, LABELS], {}),
    ("F.gaussian_kl_divergence", [ROWS, ROWS], {}),
    ("F.bernoulli_nll", [ROWS, ROWS], {}),
    ("L.Linear", [3, 2], {}),
    ("L.Linear()", [(3, 2), ROWS], {}),
    ("L.Convolution2D()", [(3, 4, 2), IMAGE], {}),
    ("L.Deconvolution2D()", [(3, 4, 2), IMAGE], {}),
    ("L.EmbedID()", [(5, 2), LABELS], {}),
    ("L.BatchNormalization()", [(3,), ROWS], {}),
    ("L.LayerNormalization()", [(3,), ROWS], {}),
    ("L.LSTM()", [(3, 2), ROWS], {}),
    ("L.PReLU()", [((3,),), ROWS], {}),
    ("L.Scale()", [(1, (3,)), ROWS], {}),
    ("L.Maxout()", [(3, 2, 2), ROWS], {}),
    ("L.Highway()", [(3,), ROWS], {}),
    ("L.Classifier()", [(), ROWS, LABELS], {}),
    ("V.__add__", [ROWS, ROWS], {}),
    ("V.__sub__", [ROWS, ROWS], {}),
    ("V.__mul__", [ROWS, ROWS], {}),
    ("V.__truediv__", [ROWS, ROWS], {}),
    ("V.__pow__", [ROWS, ROWS], {}),
    ("V.__matmul__", [ROWS, _f(3, 2)], {}),
    ("V.__getitem__", [ROWS, 0], {}),
    ("V.reshape", [ROWS, 12], {}),
    ("V.transpose", [ROWS, 1, 0], {}),
    ("V.backward", [ROWS[0, :1]], {}),
    ("V.to_device", [ROWS, "@numpy"], {}),
    ("O.SGD", [], {"lr": 0.1}),
    ("O.MomentumSGD", [], {"lr": 0.1}),
    ("O.Adam", [], {"alpha": 0.1}),
    ("O.RMSprop", [], {"lr": 0.1}),
    ("O.AdaGrad", [], {"lr": 0.1}),
]


def _wrong_arrays(x: Any) -> Iterator[tuple[str, Any]]:
    yield "text", "text"
    yield "none", None
    yield "list", x.tolist()
    yield "object", bad_calls.OBJECT
    yield "kind", x.astype(np.int32 if x.dtype.kind == "f" else np.float32)
    yield "complex", x.astype(np.complex64)
    yield "double", x.astype(np.float64)
    yield "axis less", x[0]
    yield "axis more", x[None]
    yield "longer", np.concatenate([x, x], -1) if x.ndim else x
    yield "more rows", np.concatenate([x, x], 0) if x.ndim else x
    yield "empty", x[..., :0] if x.ndim else x


def _wrong_options(value: Any) -> Iterator[tuple[str, Any]]:
    yield "no such", "no such"
    yield "none", None
    yield "large", 97
    yield "pair", (1, 97)
    yield "array", np.ones(3, np.float32)
    if isinstance(value, (int, float)):
        yield "negative", -97


def _wrong(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, np.ndarray):
        yield from _wrong_arrays(value)
    elif isinstance(value, list):
        for how, item in _wrong_arrays(value[0]):
            yield how, [item, *value[1:]]
        yield "no list", value[0]
        yield "nothing", []
    else:
        yield from _wrong_options(value)


def _wrong_calls() -> Iterator[Any]:
    for target, arguments, options in CALLS:
        first = 1 if target.endswith("()") else 0  # there come the constructor's
        for index in range(first, len(arguments)):
            for how, value in _wrong(arguments[index]):
                changed = [*arguments[:index], value, *arguments[index + 1 :]]
                yield pytest.param(target, changed, options, id=f"{target} {index} {how}")
        for key, right in options.items():
            for how, value in _wrong(right):
                yield pytest.param(
                    target, arguments, {**options, key: value}, id=f"{target} {key} {how}"
                )
        yield pytest.param(target, arguments, {**options, "colour": 1}, id=f"{target} colour")
        yield pytest.param(target, arguments[: first or None][:first], {}, id=f"{target} nothing")
        yield pytest.param(target, [*arguments, *([1] * 12)], options, id=f"{target} too many")


WRONG_CALLS = list(_wrong_calls())

# Where Chainer fails by accident, deep in NumPy or in Python: what the error says there. Ours tells
# which argument is wrong, by the class that such a mistake has elsewhere.
ACCIDENTS = (
    "%d format",
    "An Expr instance cannot be evaluated as bool",
    "Cannot cast",
    "The truth value of an array",
    "argument must be",
    "axes don't match array",
    "bad operand",
    "can't multiply sequence",
    "cannot be interpreted as an integer",
    "could not broadcast input",
    "could not convert string",
    "division by zero",
    "empty sequence",
    "has no len",
    "index can't contain negative values",
    "invalid literal",
    "negative dimensions",
    "not all arguments converted",
    "not subscriptable",
    "not supported between",
    "object has no attribute",
    "object is not",
    "only integer scalar",
    "operands could not be broadcast",
    "out of bounds for a",
    "tuple index out of range",
    "ufunc",
    "unsupported operand",
    "zero-size array",
)

_EMPTY = "torch's kernels take no empty axis of an image"
_MIXED = "on raw arrays Chainer computes outside its functions, with NumPy's casts"
_PAIR = "Chainer asserts without a word"

# Calls that end otherwise, each with the reason.
OTHERWISE = {
    "F.convolution_2d 1 empty": _EMPTY,
    "F.convolution_nd 1 empty": _EMPTY,
    "F.deconvolution_2d 0 empty": _EMPTY,
    "F.deconvolution_2d 1 empty": _EMPTY,
    "F.dilated_convolution_2d 1 empty": _EMPTY,
    "F.max_pooling_2d 0 empty": "an AssertionError, as for other outputs that would be empty",
    "F.unpooling_2d 0 empty": _EMPTY,
    "L.Deconvolution2D() 1 empty": _EMPTY,
    "F.deconvolution_2d pad large": "an AssertionError, as in deconvolution_nd",
    "F.deconvolution_2d pad negative": "torch's kernels take no negative padding",
    "F.deconvolution_2d pad pair": "an AssertionError, as in deconvolution_nd",
    "F.dilated_convolution_2d dilate negative": "torch's RuntimeError says the same",
    "F.max_pooling_2d 1 array": _PAIR,
    "F.max_pooling_2d 1 no such": _PAIR,
    "F.max_pooling_2d stride array": _PAIR,
    "F.max_pooling_2d stride no such": _PAIR,
    "F.split_axis 1 array": "whole numbers that are written as floats are taken",
    "F.split_axis 1 negative": "a number of parts that is no number is a ValueError",
    "F.pad 0 kind": "integers are padded, too",
    "F.pad 0 complex": "so are complex numbers",
    "F.pad 1 array": "a ValueError: three numbers are no pairs",
    "F.hinge norm array": "NumPy's ValueError on the way to the message",
    "F.huber_loss 2 none": "delta is a positive number",
    "F.huber_loss 2 array": "delta is a positive number",
    "F.huber_loss 2 negative": "delta is a positive number",
    "F.gaussian_kl_divergence 0 kind": _MIXED,
    "F.gaussian_kl_divergence 0 complex": _MIXED,
    "F.gaussian_kl_divergence 0 double": _MIXED,
    "F.gaussian_kl_divergence 1 double": _MIXED,
    "F.bernoulli_nll 0 list": _MIXED,
    "F.bernoulli_nll 0 kind": _MIXED,
    "F.bernoulli_nll 0 complex": _MIXED,
    "F.bernoulli_nll 0 double": _MIXED,
    "F.bernoulli_nll 1 double": _MIXED,
    "L.Scale() 1 kind": _MIXED,
    "L.Scale() 1 complex": _MIXED,
    "L.Scale() 1 double": _MIXED,
    "V.__matmul__ 1 kind": _MIXED,
    "V.__matmul__ 1 complex": _MIXED,
    "V.__matmul__ 1 double": _MIXED,
    "V.reshape 1 negative": "-1 alone stands for a length to be worked out",
    "V.to_device 1 no such": "a ValueError lists the specifiers; ChainerX is not missed",
    "V.to_device 1 array": "NumPy's ValueError on the way to the message",
}


def _is_accident(theirs: _running.Raised) -> bool:
    return any(words in theirs.message for words in ACCIDENTS)


def _complaint(ours: Any, theirs: Any) -> str | None:
    """What is wrong with our outcome, or None."""
    if isinstance(theirs, _running.Returned):
        if isinstance(ours, _running.Raised):
            return "refused, where Chainer takes it"
        return None if ours.value == theirs.value else "another result"
    if isinstance(ours, _running.Returned):
        return None if _is_accident(theirs) else "taken, where Chainer refuses it"
    if not ours.message.strip():
        return "no message"
    told = ("Expect:", "Actual:")
    if all(word in theirs.message and word not in ours.message for word in told):
        return "a message without what was expected, and what was found"
    if theirs.classes[0] in ours.classes or _is_accident(theirs):
        return None
    return "another class"


@pytest.mark.parametrize("family", "FLVO")
def test_wrong_calls_raise_what_chainer_raises(both: Any, family: str) -> None:
    refused, complaints = 0, {}
    for call in WRONG_CALLS:
        if not call.id.startswith(family):
            continue
        ours, theirs = both.outcomes(bad_calls.called, *call.values)
        refused += isinstance(theirs, _running.Raised)
        complaint = _complaint(ours, theirs)
        if complaint is not None:
            complaints[call.id] = f"{complaint}\nours: {ours}\n\nChainer's: {theirs}"

    assert refused >= {"F": 1000, "L": 150, "V": 90, "O": 30}[family]
    unknown = {name: text for name, text in complaints.items() if name not in OTHERWISE}
    assert not unknown, "\n\n".join(f"{name}: {text}" for name, text in unknown.items())
    listed = {name for name in OTHERWISE if name.startswith(family)}
    assert listed == set(complaints), "listed in vain"
