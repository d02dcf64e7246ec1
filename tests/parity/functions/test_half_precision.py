"""In half precision, alone and mixed with single, functions give what Chainer's give.

Both round their results in between, each in its own way, so both are compared with the result in
double precision of the same numbers: ours is as near as Chainer's, but for a rounding or two.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainer_compat
from tests.parity import _running
from tests.parity._examples import examples
from tests.parity.bodies import functions
from tests.parity.functions._contract import Row, cast
from tests.parity.functions._table import ROWS

NDArray = np.ndarray[Any, Any]

ROUNDING = float(np.finfo(np.float16).eps)
# Each derivative computes twice as much.
ROUNDINGS = {"y": 1, "gx": 2, "ggx": 4}

# The rounding of a step goes through all that follow; of a place, into what is found there.
IN_STEPS = ("n_step_", "deformable_")
# Sums whose terms are larger than they are, and so are the roundings of the terms.
IN_STEPS += ("gaussian_kl_div", "softmax_cross_entropy", "sparse_matmul", "spatial_transformer_s")

# Chainer lets dtypes pass there that it refuses otherwise: in raw arrays, and in a single step.
STRICTER = {"argmax_crf1d", "average", "crf1d", "mean"}

# Ours is of the dtype of its variable, where Chainer's is not.
GRADIENTS_OF_OTHER_DTYPES = {
    *("einsum", "fixed_batch_normalization", "group_normalization", "scatter_add"),
    *("softmax_cross_entropy", "transpose_sequence", "zoneout"),
}


def _mix(value: Any, draw: Any) -> Any:
    """Arguments or options with some of their arrays in single precision."""
    if isinstance(value, np.ndarray):
        return cast(value, "f") if draw(st.booleans()) else value
    if isinstance(value, (list, tuple)):
        return type(value)(_mix(item, draw) for item in value)
    if isinstance(value, dict):
        return {key: _mix(item, draw) for key, item in value.items()}
    return value


def _farther(ours: Any, theirs: Any, true: Any, steps: int, strict_dtypes: bool) -> list[str]:
    """Where our result is farther from the true one than Chainer's is, by more than roundings.

    Of the largest number of the kind: results, gradients, second ones. What goes into derivatives
    is about 1.
    """
    assert list(ours) == list(theirs)
    found = []
    for key in theirs:
        triples = [*zip(ours[key], theirs[key], true[key], strict=True)]
        scale = max(1.0, *(np.abs(t).max(initial=0) for *_, t in triples if t is not None), 1.0)
        for i, (own, wanted, exact) in enumerate(triples):
            allowed = steps * ROUNDINGS[key] * ROUNDING * scale
            if own is None or wanted is None:
                near = all(y is None or np.abs(y).max() <= allowed for y in (own, wanted))
            else:
                strict = strict_dtypes or key == "y"
                near = own.shape == wanted.shape and (own.dtype == wanted.dtype or not strict)
                near = near and _is_near(own, wanted, exact, allowed)
            if not near:
                found.append(f"{key}[{i}]: {own!r}\nChainer's {wanted!r}\nin double {exact!r}")
    return found


def _is_near(ours: NDArray, theirs: NDArray, true: NDArray, allowed: float) -> bool:
    if ours.dtype.kind != "f":
        return np.array_equal(ours, theirs)
    if true is None:
        true = np.zeros_like(theirs)
    known = np.isfinite(theirs) & np.isfinite(true)
    wrong, off = (np.abs(y[known] - true[known]).max(initial=0) for y in (ours, theirs))
    return bool(wrong <= off + allowed)


@pytest.mark.parametrize("mixed", [False, True], ids=["half", "mixed"])
@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=15, slow=5000)
@given(data=st.data())
def test_results_are_as_near(both: Any, row: Row, mixed: bool, data: st.DataObject) -> None:
    case = cast(row.draw(data.draw), "e")
    exact = cast(case, "d")
    if mixed:
        case = _mix(case, data.draw)
    rest = row.order, row.config, "e"
    ours, theirs = both.outcomes(functions.call, row.name, *case, *rest)
    if isinstance(theirs, _running.Raised):
        # This package takes some types that Chainer refuses.
        assert isinstance(ours, _running.Returned) or theirs.classes[0] in ours.classes, str(ours)
        return
    if isinstance(ours, _running.Raised):
        assert mixed, f"{case}\n{ours}"
        assert row.name in STRICTER, f"{case}\n{ours}"
        return
    true = _running.run(chainer_compat, functions.call, (row.name, *exact, *rest))
    if isinstance(true, _running.Raised):  # for single precision only
        true = _running.run(chainer_compat, functions.call, (row.name, *cast(case, "f"), *rest))
    assert isinstance(true, _running.Returned), str(true)
    strict = not (mixed and row.name in GRADIENTS_OF_OTHER_DTYPES)
    steps = 4 if row.name.startswith(IN_STEPS) else 1
    different = _farther(ours.value, theirs.value, true.value, steps, strict)
    assert not different, "\n".join([f"{case}", *different])
