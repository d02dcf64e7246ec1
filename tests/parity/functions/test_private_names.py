"""Private helpers of Chainer's modules that published libraries and scripts import."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainer_compat.functions import _gates
from tests.parity._examples import examples
from tests.parity.bodies import nodes

ROI = "pooling.roi_average_align_2d"
places = st.floats(-3, 12).map(lambda p: round(p, 2))
values = hnp.arrays(np.float32, (2, 3), elements=st.floats(-200, 200, width=32))


@examples(ci=50, slow=5000)
@given(
    st.integers(1, 3), st.integers(1, 4), st.sampled_from([(), (1,), (2, 3)]), st.integers(0, 999)
)
def test_gates_are_taken_apart(both: Any, n: int, units: int, rest: Any, seed: int) -> None:
    x = np.random.RandomState(seed).uniform(-1, 1, (n, 4 * units, *rest))
    both(nodes.private, "rnn.lstm", "_extract_gates", [x])


def test_gates_are_written_through() -> None:
    """A link sets the biases of its forget gates to 1 so."""
    biases = np.zeros(8, np.float32)
    _, _, forget, _ = _gates._extract_gates(biases.reshape(1, 8, 1))
    forget[...] = 1
    assert biases.tolist() == [0, 0, 1, 0, 0, 0, 1, 0]


@pytest.mark.parametrize("name", ["_sigmoid", "_grad_sigmoid", "_grad_tanh"])
@examples(ci=50, slow=5000)
@given(x=values)
def test_functions_of_gates(both: Any, name: str, x: Any) -> None:
    both(nodes.private, "rnn.lstm", name, [x], rtol=1e-5, atol=1e-6)


@examples(ci=100, slow=5000)
@given(st.integers(0, 6), st.floats(0.1, 4), st.integers(1, 12), st.integers(-3, 12))
def test_cells_of_regions(both: Any, size: int, stride: float, limit: int, start: int) -> None:
    case = [size, stride, limit, start]
    both(nodes.private, "pooling.roi_pooling_2d", "_roi_pooling_slice", case)


@examples(ci=100, slow=5000)
@given(places, st.integers(1, 10))
def test_bounds_of_places(both: Any, p: float, limit: int) -> None:
    both(nodes.private, ROI, "_get_bounds", [p, limit])


@examples(ci=50, slow=5000)
@given(st.integers(0, 5), st.integers(0, 5), st.floats(0, 1), st.floats(0, 1))
def test_weights_of_pixels(both: Any, row: int, column: int, dy: float, dx: float) -> None:
    case = [row + dy, column + dx, row, column, row + 1, column + 1]
    both(nodes.private, ROI, "_get_bilinear_interp_params", case, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("value", [2, (1, 2), [3, 4]])
def test_pairs(both: Any, value: Any) -> None:
    both(nodes.private, ROI, "_pair", [value])
    both(nodes.private, "connection.convolution_2d", "_pair", [value])
