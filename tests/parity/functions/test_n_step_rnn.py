"""Recurrent networks over whole sequences give what Chainer's give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity._examples import examples
from tests.parity.bodies import functions
from tests.parity.functions._contract import Arguments, Row, check, exact_dtypes

MATRICES = {"lstm": 8, "gru": 6, "rnn": 2}


def sizes(draw: Any, grows: bool = False) -> list[int]:
    """How many sequences there are at each time."""
    found = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    return found if grows else sorted(found, reverse=True)


def stacked(kind: str, both_ways: bool, mode: str = "") -> Any:
    """Arguments of a stacked network; `mode` says in what way they are odd."""

    def draw_arguments(draw: Any) -> Arguments:
        batches = sizes(draw, grows=mode == "grows")
        layers, width, units = (draw(st.integers(1, 3)) for _ in range(3))
        random = np.random.RandomState(draw(st.integers(0, 2**16)))
        dtype = "float16" if mode == "half" else draw(exact_dtypes)
        weight_dtype = dtype
        if mode == "wider":
            dtype, weight_dtype = draw(
                st.sampled_from([("float16", "float32"), ("float32", "float64")])
            )
        count, directions = MATRICES[kind], 2 if both_ways else 1
        batch = max(batches) + (draw(st.integers(0, 2)) if mode else 0)

        def uniform(*shape: int, dtype: str = dtype) -> tuple[str, Any]:
            return "v", random.uniform(-1, 1, shape).astype(dtype)

        shape = (layers * directions, batch, units)
        states = [uniform(*shape) for _ in range(2 if kind == "lstm" else 1)]
        ws, bs = [], []
        for place in range(layers * directions):
            behind = units * directions if place >= directions else width
            columns = [behind] * (count // 2) + [units] * (count // 2)
            ws.append(("s", [uniform(units, n, dtype=weight_dtype) for n in columns]))
            bs.append(("s", [uniform(units) for _ in columns]))
        xs = [uniform(n, width) for n in batches]
        ratio = draw(st.sampled_from([0.0, 0.25, 0.5]))
        # In half precision rounding decides at the kink of relu, and another gradient is no error.
        activations = ["tanh"] if mode == "half" else ["tanh", "relu"]
        options = {"activation": draw(st.sampled_from(activations))} if kind == "rnn" else {}
        arguments = [("o", layers), ("o", ratio), *states, ("s", ws), ("s", bs), ("s", xs)]
        return arguments, options

    return draw_arguments


NETWORKS = [(kind, both_ways) for kind in MATRICES for both_ways in (False, True)]

# The rounding of a step goes through all that follow, times, layers and derivatives.
ROWS = [
    Row(
        f"n_step_{'bi' if both_ways else ''}{kind}",
        stacked(kind, both_ways, mode),
        order=1 if mode in {"half", "wider"} else 2,
        config={"train": train},
        label=f" {mode}" if mode else f" {train=}",
    )
    for kind, both_ways in NETWORKS
    for mode, train in [*((m, True) for m in ("", "half", "grows", "rest", "wider")), ("", False)]
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_values_and_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)


def plain(kind: str, layers: int = 1, **changed: Any) -> Arguments:
    """Arguments that fit, but for those that are changed."""
    ones = np.ones
    count = MATRICES[kind]
    columns = [3] * (count // 2) + [2] * (count // 2)
    made = {
        "layers": ("o", layers),
        "ratio": ("o", 0.5),
        "hx": ("v", ones((layers, 2, 2), "f")),
        "cx": ("v", ones((layers, 2, 2), "f")),
        "ws": ("s", [("s", [("v", ones((2, n), "f")) for n in columns])] * layers),
        "bs": ("s", [("s", [("v", ones(2, "f")) for _ in columns])] * layers),
        "xs": ("s", [("v", ones((2, 3), "f")), ("v", ones((1, 3), "f"))]),
    }
    made.update(changed)
    if kind != "lstm":
        del made["cx"]
    return list(made.values()), {}


@pytest.mark.parametrize("kind", MATRICES)
@pytest.mark.parametrize(
    "changed",
    [
        {"hx": ("o", None)},
        {"hx": ("v", np.ones((2, 2, 2), "f"))},
        {"hx": ("v", np.ones((1, 1, 2), "f"))},
        {"hx": ("v", np.ones((1, 3, 2), "f"))},
        {"hx": ("v", np.ones((1, 2, 3), "f"))},
        {"hx": ("v", np.ones((1, 2, 2), "d"))},
        {"cx": ("v", np.ones((1, 1, 2), "f"))},
        {"cx": ("v", np.ones((1, 2, 3), "f"))},
        {"xs": ("s", [])},
        {"xs": ("s", [("v", np.ones((2, 4), "f"))])},
        {"xs": ("s", [("v", np.ones((2, 3), "i"))])},
        {"xs": ("s", [("v", np.ones((2, 3), "f")), ("v", np.ones((1, 3), "d"))])},
        {"xs": ("s", [("v", np.ones((2, 3), "f")), ("v", np.ones((3, 3), "f"))])},
        {"xs": ("s", [("v", np.ones((2, 3), "f")), ("v", np.ones((1, 2), "f"))])},
        {"ws": ("s", [])},
        {"ws": ("s", [("s", [("v", np.ones((2, 3), "f"))])])},
        {"ws": ("s", [("s", [("v", np.ones((2, 3), "f"))] * 8)])},
        {"bs": ("s", [("s", [("v", np.ones(3, "f"))] * 8)])},
        {"bs": ("s", [("s", [("v", np.ones(2, "i"))] * 8)])},
        {"layers": 0, "hx": ("v", np.ones((1, 2, 2), "f"))},
        {"layers": 2},
        {"ratio": ("o", 1.0)},
    ],
    ids=str,
)
def test_odd_arguments_do_what_they_do_in_chainer(both: Any, kind: str, changed: Any) -> None:
    arguments, options = plain(kind, **changed)
    both(functions.call, f"n_step_{kind}", arguments, options, 1, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("ratio", [1.0, -0.5])
@pytest.mark.parametrize("kind", MATRICES)
def test_a_ratio_counts_in_training_and_between_layers(both: Any, kind: str, ratio: float) -> None:
    for layers, train in ((2, True), (2, False), (1, True)):
        arguments, options = plain(kind, layers, ratio=("o", ratio))
        if layers == 2:
            second = ("s", [("v", np.ones((2, 2), "f"))] * MATRICES[kind])
            arguments[-3] = ("s", [arguments[-3][1][0], second])
        config = {"train": train}
        both(functions.call, f"n_step_{kind}", arguments, options, 1, config, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("options", [{"activation": "sin"}, {"activation": "relu", "other": 1}])
def test_options_of_plain_networks(both: Any, options: Any) -> None:
    both(functions.call, "n_step_rnn", plain("rnn")[0], options)


@pytest.mark.parametrize("kind", MATRICES)
def test_unknown_options_are_refused(both: Any, kind: str) -> None:
    both(functions.call, f"n_step_{kind}", plain(kind)[0], {"other": 1})
