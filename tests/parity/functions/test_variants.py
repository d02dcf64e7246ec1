"""What holds for every function alike: layouts, batches of none, and arguments that do not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity import _running
from tests.parity._examples import examples
from tests.parity.bodies import functions
from tests.parity.functions._contract import Row, assert_alike
from tests.parity.functions._table import ROWS

# Where Chainer looks at no shape, by accident: a matrix of costs may have an axis more, say.
STRICTER = {
    *("argmax_crf1d", "average", "black_out", "classification_summary", "crf1d"),
    *("discriminative_margin_based_clustering_loss", "f1_score", "softmax_cross_entropy"),
    *("fixed_decorrelated_batch_normalization",),
    *("mean", "precision", "recall", "repeat", "sum_to", "zeta"),
}
# Chainer mixes integers and floating point as NumPy does, or rounds each term by itself.
MIXES = {"scatter_add", "zoneout"}
# A batch of none is refused, or what is said of it has no meaning: a sum of pixels of no image,
# a mean of no example, filters for no channel.
NEVER_NONE = {
    *("argmax_crf1d", "connectionist_temporal_classification", "cross_covariance", "decov"),
    *("decorrelated_batch_normalization", "negative_sampling", "permutate", "sum_to"),
    *(f"roi_{kind}_2d" for kind in ("average_align", "average_pooling", "max_align")),
    *("roi_max_pooling_2d", "roi_pooling_2d"),
    *(f"n_step_{kind}" for kind in ("bigru", "bilstm", "birnn", "gru", "lstm", "rnn")),
}
# Their first argument alone has the batch; others may be as long by chance.
BATCH_IN_FIRST = ("bilinear", "convolution", "deconvolution", "depthwise", "dilated", "linear")


def _arrays(arguments: Any) -> Iterator[np.ndarray[Any, Any]]:
    for kind, value in arguments:
        if kind == "s":
            yield from _arrays(value)
        elif _is_array(kind, value):
            yield value


def _is_array(kind: str, value: Any) -> bool:
    return kind in {"v", "v'", "a", "a'"} and isinstance(value, np.ndarray)


def _each(arguments: Any, change: Callable[[str, Any], tuple[str, Any]]) -> Any:
    """Arguments with their arrays changed, in lists too."""
    changed = []
    for kind, value in arguments:
        if kind == "s":
            changed.append((kind, _each(value, change)))
        else:
            changed.append(change(kind, value) if _is_array(kind, value) else (kind, value))
    return changed


def _compare(both: Any, row: Row, arguments: Any, options: Any, order: int) -> None:
    """Compares; what Chainer refuses may be taken, or be refused by its type or value.

    Chainer refuses some of it by an IndexError in the type check itself.
    """
    case = row.name, arguments, options, min(order, row.order), row.config
    ours, theirs = both.outcomes(functions.call, *case)
    if isinstance(theirs, _running.Raised):
        if isinstance(ours, _running.Raised):
            known = {theirs.classes[0], "InvalidType", "ValueError", "IndexError"}
            assert known.intersection(ours.classes), f"{case}\n{ours}\n{theirs}"
        return
    if isinstance(ours, _running.Raised) and order == 0 and row.name in STRICTER:
        return
    if isinstance(ours, _running.Returned):
        _leave_out_what_chainer_does_not_know(ours.value, theirs.value)
    assert_alike(row, arguments, options, case[3], ours, theirs)


def _leave_out_what_chainer_does_not_know(ours: Any, theirs: Any) -> None:
    """Its second derivatives are infinite where a window lies in the padding alone."""
    for own, wanted in zip(ours.get("ggx", ()), theirs.get("ggx", ()), strict=True):
        if own is not None and wanted is not None and own.shape == wanted.shape:
            own[~np.isfinite(wanted)] = 0
            wanted[~np.isfinite(wanted)] = 0


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=10, slow=5000)
@given(data=st.data())
def test_layouts_do_not_count(both: Any, row: Row, data: st.DataObject) -> None:
    arguments, options = row.draw(data.draw)

    def stretched(kind: str, value: Any) -> tuple[str, Any]:
        return kind[0] + data.draw(st.sampled_from(["'", ""])), value

    _compare(both, row, _each(arguments, stretched), options, 2)


@pytest.mark.parametrize("row", [row for row in ROWS if row.name not in NEVER_NONE], ids=str)
@examples(ci=5, slow=1000)
@given(data=st.data())
def test_a_batch_may_be_of_none(both: Any, row: Row, data: st.DataObject) -> None:
    """Or that is an error, as it is in Chainer."""
    arguments, options = row.draw(data.draw)
    arrays = [x for x in _arrays(arguments) if x.ndim]
    if not arrays or isinstance(options.get("weights"), np.ndarray):  # which have the batch, too
        return
    size, first = len(arrays[0]), arrays[0]

    def emptied(kind: str, value: Any) -> tuple[str, Any]:
        has_batch = value is first or not row.name.startswith(BATCH_IN_FIRST)
        fits = has_batch and value.ndim and len(value) == size
        return kind, value[:0].copy() if fits else value

    _compare(both, row, _each(arguments, emptied), options, 1)


def _misfits(x: Any) -> list[Any]:
    """Arrays that may not go where `x` does: another dtype, an axis more or less, a length."""
    # No integers in half precision: NumPy makes doubles of the two.
    others = {"e": "fd", "f": "id", "d": "if"}.get(x.dtype.char, "fd")
    changed = [x[None], *(x.astype(char) for char in others if char != x.dtype.char)]
    if x.ndim:
        changed.append(np.concatenate([x, x]))
    if x.ndim and len(x):
        changed.append(np.array(x[0]))
    return changed


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=20, slow=5000)
@given(data=st.data())
def test_arguments_that_do_not_fit_are_refused(both: Any, row: Row, data: st.DataObject) -> None:
    arguments, options = row.draw(data.draw)
    arrays = list(_arrays(arguments))
    if not arrays:
        return
    chosen = arrays[data.draw(st.integers(0, len(arrays) - 1))]
    misfits = [x for x in _misfits(chosen) if x.dtype.kind == "f" or row.name not in MIXES]
    misfit = data.draw(st.sampled_from(misfits))

    def exchanged(kind: str, value: Any) -> tuple[str, Any]:
        return (kind, misfit) if value is chosen else (kind, value)

    _compare(both, row, _each(arguments, exchanged), options, 0)
