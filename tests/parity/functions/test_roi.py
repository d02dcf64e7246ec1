"""Pooling inside boxes gives what Chainer's gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity._examples import examples
from tests.parity.bodies import functions
from tests.parity.functions._contract import Arguments, Row, array, check, exact_dtypes

NDArray = np.ndarray[Any, Any]


def _images(draw: Any, dtype: str) -> NDArray:
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 3)), *(draw(sides) for _ in range(2)))
    return array(draw, shape, dtype)


sides = st.integers(1, 6)
scales = st.sampled_from([1.0, 0.5, 0.3, 2])
sizes = st.integers(1, 4)


def _boxes(draw: Any, count: int, dtype: str, overhang: float) -> NDArray:
    """Corners, the least first, that may reach over the edge of the images."""
    random = np.random.RandomState(draw(st.integers(0, 2**16)))
    low = random.uniform(-overhang, 5, (count, 2))
    high = low + random.uniform(0, 8, (count, 2))
    return np.concatenate([low, high], axis=1).astype(dtype)


def indexed_first(inside: bool) -> Any:
    def draw_arguments(draw: Any) -> Arguments:
        dtype = draw(exact_dtypes)
        x, count, scale = _images(draw, dtype), draw(st.integers(0, 3)), draw(scales)
        # The x axis is first here.
        boxes = _boxes(draw, count, dtype, 3.0)
        if inside:
            limits = (np.array([x.shape[3], x.shape[2]] * 2) - 1) / scale
            boxes = boxes.clip(0, limits.astype(dtype))
        images = np.random.RandomState(0).randint(0, len(x), (count, 1)).astype(dtype)
        rois = np.concatenate([images, boxes], axis=1)
        options = {"outh": draw(sizes), "outw": draw(sizes), "spatial_scale": scale}
        return [(draw(st.sampled_from(["v", "v'"])), x), ("a", rois)], options

    return draw_arguments


def boxed(aligned: bool, overhang: Any, malformed: bool = False) -> Any:
    def draw_arguments(draw: Any) -> Arguments:
        dtype = "float32" if aligned else draw(exact_dtypes)
        x, count = _images(draw, dtype), draw(st.integers(0, 3))
        rois = _boxes(draw, count, dtype, draw(st.sampled_from(overhang)))
        if malformed and draw(st.booleans()):
            rois = rois[:, [2, 3, 0, 1]]
        images = np.random.RandomState(1).randint(0, len(x), count).astype(np.int32)
        outsize = draw(sizes | st.tuples(sizes, sizes))
        arguments = [(draw(st.sampled_from(["v", "v'"])), x), ("a", rois), ("a", images)]
        options = {"outsize": outsize, "spatial_scale": draw(scales)}
        if aligned:
            ratio = st.sampled_from([None, 1, 2, 3])
            options["sampling_ratio"] = draw(ratio | st.tuples(ratio, ratio))
        return arguments, options

    return draw_arguments


ROWS = [
    Row("roi_pooling_2d", indexed_first(True), order=1),
    # There Chainer's gradient on the CPU fails, or goes to another pixel.
    Row("roi_pooling_2d", indexed_first(False), order=0, label=" over the edge"),
    Row("roi_max_pooling_2d", boxed(False, [0.0, 3.0]), order=1),
    Row("roi_average_pooling_2d", boxed(False, [0.0, 3.0]), order=1),
    Row("roi_max_align_2d", boxed(True, [0.0, 3.0], True), order=1),
    Row("roi_average_align_2d", boxed(True, [0.0, 3.0], True), order=1),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=60, slow=5000)
@given(data=st.data())
def test_values_and_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)


X = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
ROIS = np.array([[0, 1, 3, 4], [1, 0, 4, 2]], np.float32)
FIRST = np.concatenate([[[0], [1]], ROIS], axis=1).astype(np.float32)
IMAGES = np.array([0, 1], np.int32)

FIVE = ("v", X), ("a", FIRST)
SEVERAL = ("v", X), ("a", ROIS), ("a", IMAGES)
POOLINGS = ["roi_max_pooling_2d", "roi_average_pooling_2d"]
ALIGNMENTS = ["roi_max_align_2d", "roi_average_align_2d"]


def refused(names: list[str], arguments: Any, **options: Any) -> Any:
    return [(name, list(arguments), options) for name in names]


def swapped(i: int, value: Any) -> Any:
    return [("a", value) if j == i else argument for j, argument in enumerate(SEVERAL)]


GRID = {"outsize": 2, "spatial_scale": 1.0}
WRONG = [
    *refused(["roi_pooling_2d"], FIVE, outh=2.5, outw=2, spatial_scale=1),
    *refused(["roi_pooling_2d"], FIVE, outh=0, outw=2, spatial_scale=1),
    *refused(["roi_pooling_2d"], FIVE, outh=2, outw=-1, spatial_scale=1),
    *refused(["roi_pooling_2d"], (("v", X[0]), FIVE[1]), outh=2, outw=2, spatial_scale=1),
    *refused(["roi_pooling_2d"], (FIVE[0], ("a", ROIS)), outh=2, outw=2, spatial_scale=1),
    *refused(
        ["roi_pooling_2d"], (FIVE[0], ("a", FIRST + np.float32(1))),
        outh=2, outw=2, spatial_scale=1,
    ),
    *refused(
        ["roi_pooling_2d"], (FIVE[0], ("a", FIRST.astype("d"))), outh=2, outw=2, spatial_scale=1
    ),
    *refused(
        ["roi_pooling_2d"], (FIVE[0], ("a", np.full_like(FIRST, np.nan))),
        outh=2, outw=2, spatial_scale=1,
    ),
    *refused(POOLINGS + ALIGNMENTS, SEVERAL, outsize=0, spatial_scale=1),
    *refused(POOLINGS + ALIGNMENTS, SEVERAL, outsize=(2, 1.5), spatial_scale=1),
    *refused(POOLINGS + ALIGNMENTS, SEVERAL, outsize=(2, 1, 2), spatial_scale=1),
    *refused(POOLINGS + ALIGNMENTS, SEVERAL, outsize=2, spatial_scale=0),
    *refused(POOLINGS + ALIGNMENTS, SEVERAL, outsize=2, spatial_scale="1"),
    *refused(POOLINGS + ALIGNMENTS, swapped(0, X.astype("i")), **GRID),
    *refused(POOLINGS + ALIGNMENTS, swapped(0, X[0]), **GRID),
    *refused(POOLINGS + ALIGNMENTS, swapped(1, ROIS.astype("d")), **GRID),
    *refused(POOLINGS + ALIGNMENTS, swapped(1, FIRST), **GRID),
    *refused(POOLINGS, swapped(1, np.full_like(ROIS, np.inf)), **GRID),
    *refused(ALIGNMENTS, swapped(1, np.full_like(ROIS, np.nan)), **GRID),
    *refused(POOLINGS + ALIGNMENTS, swapped(2, IMAGES.astype("l")), **GRID),
    *refused(POOLINGS + ALIGNMENTS, swapped(2, IMAGES[:1]), **GRID),
    *refused(POOLINGS + ALIGNMENTS, swapped(2, IMAGES[None]), **GRID),
    *refused(POOLINGS + ALIGNMENTS, swapped(2, IMAGES + 1), **GRID),
    *refused(ALIGNMENTS, SEVERAL, sampling_ratio=0, **GRID),
    *refused(ALIGNMENTS, SEVERAL, sampling_ratio=(None, 1.5), **GRID),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "options"), WRONG)
def test_bad_arguments_give_the_same_class_of_error(
    both: Any, name: str, arguments: Any, options: Any
) -> None:
    assert both(functions.call, name, arguments, options) is None


@pytest.mark.parametrize("name", POOLINGS + ALIGNMENTS)
def test_negative_indices_count_from_the_last_image(both: Any, name: str) -> None:
    arguments = swapped(2, np.array([-1, -2], np.int32))
    both(functions.call, name, arguments, GRID, 1, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", POOLINGS)
def test_half_precision(both: Any, name: str) -> None:
    arguments = [("v", X.astype("e")), ("a", ROIS.astype("e")), ("a", IMAGES)]
    both(functions.call, name, arguments, GRID, 1, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", POOLINGS + ALIGNMENTS)
def test_the_first_of_equal_pixels_gets_the_gradient(both: Any, name: str) -> None:
    arguments = swapped(0, np.zeros_like(X))
    arguments[0] = ("v", np.zeros_like(X))
    both(functions.call, name, arguments, GRID, 1, rtol=1e-5, atol=1e-5)
