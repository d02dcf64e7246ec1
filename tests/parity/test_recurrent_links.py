"""Links of recurrent networks over whole sequences do what Chainer's do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity._examples import examples
from tests.parity.bodies import recurrent

NAMES = [
    "NStepLSTM", "NStepBiLSTM", "NStepGRU", "NStepBiGRU",
    "NStepRNNTanh", "NStepBiRNNTanh", "NStepRNNReLU", "NStepBiRNNReLU",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_sequences_in_any_order(both: Any, name: str, data: st.DataObject) -> None:
    small = st.integers(1, 3)
    sizes = data.draw(st.tuples(small, small, small))
    arguments = (*sizes, data.draw(st.sampled_from([0, 0.5])))
    lengths = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    given_states = data.draw(st.sampled_from([(), (0,), (1,), (0, 1)]))
    train, raw = data.draw(st.booleans()), data.draw(st.booleans())
    options = data.draw(st.sampled_from([{}, {"initialW": 0.3}, {"initial_bias": 1}]))
    both(
        recurrent.run, name, arguments, options, lengths, given_states, train, raw,
        rtol=1e-5, atol=1e-5,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["NStepLSTM", "NStepBiGRU", "NStepRNNTanh"])
def test_many_sequences_of_few_lengths_meet_the_masks_in_chainers_order(
    both: Any, name: str
) -> None:
    lengths = [1 + (7 * i) % 4 for i in range(40)]
    both(recurrent.run, name, (2, 2, 3, 0.5), {}, lengths, rtol=1e-5, atol=1e-5)


@examples(ci=100, slow=5000)
@given(lengths=st.lists(st.integers(0, 6) | st.just(40_000), min_size=1, max_size=100))
def test_the_order_of_sequences_is_chainers_among_equals_too(both: Any, lengths: Any) -> None:
    both(recurrent.order, lengths)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_can_be_differentiated(both: Any, name: str) -> None:
    both(recurrent.differentiated_twice, name, [2, 3, 1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("how", ["share", "copy", "init", "repeat", "pickle", "to_device"])
@pytest.mark.parametrize("name", ["NStepLSTM", "NStepBiRNNReLU"])
def test_copies(both: Any, name: str, how: str) -> None:
    both(recurrent.copied, name, how, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("where", ["class", "instance"])
def test_a_cell_of_ones_own_is_called(both: Any, where: str) -> None:
    both(recurrent.subclassed, where)


X = [((2, 3), "f"), ((1, 3), "f")]


@pytest.mark.parametrize(
    ("name", "arguments", "options", "call"),
    [
        ("NStepGRU", (1, 3, 2, 0), {}, [None, []]),
        ("NStepGRU", (1, 3, 2, 0), {}, [None, ((2, 3), "f")]),
        ("NStepLSTM", (1, 3, 2, 0), {}, [None, None, [((2, 4), "f")]]),
        ("NStepGRU", (1, 3, 2, 0), {}, [None, [((2, 4), "f")]]),
        ("NStepGRU", (1, 3, 2, 0), {}, [None, [((2, 3), "f"), ((1, 3), "d")]]),
        ("NStepGRU", (1, 3, 2, 0), {}, [None, [((2, 3), "d")]]),
        ("NStepGRU", (1, 3, 2, 0), {}, [((1, 1, 2), "f"), X]),
        ("NStepGRU", (1, 3, 2, 0), {}, [((1, 3, 2), "f"), X]),
        ("NStepGRU", (1, 3, 2, 0), {}, [((2, 2, 2), "f"), X]),
        ("NStepGRU", (1, 3, 2, 0), {}, [((1, 2, 3), "f"), X]),
        ("NStepGRU", (1, 3, 2, 0), {}, [((1, 2, 2), "d"), X]),
        ("NStepLSTM", (1, 3, 2, 0), {}, [None, ((1, 3, 2), "f"), X]),
        ("NStepLSTM", (1, 3, 2, 0), {}, [None, X]),
        ("NStepLSTM", (2, 3, 2, 1.0), {}, [None, None, X]),
        ("NStepLSTM", (0, 3, 2, 0), {}, [None, None, X]),
        ("NStepLSTM", (1, None, 2, 0), {}, [None, None, X]),
        ("NStepLSTM", (1, 3, 2, 0), {"use_bi_direction": True}, [None, None, X]),
        ("NStepRNNTanh", (1, 3, 2, 0), {"activation": "relu"}, [None, X]),
        ("NStepRNNTanh", (1, 3, 2, 0), {"other": 1}, [None, X]),
        ("NStepRNNTanh", (1, 3, 2), {}, [None, X]),
        ("NStepRNNTanh", (1, 3, 2, 0, None), {}, [None, X]),
    ],
    ids=str,
)
def test_odd_arguments_do_what_they_do_in_chainer(
    both: Any, name: str, arguments: Any, options: Any, call: Any
) -> None:
    both(recurrent.refused, name, arguments, options, call, rtol=1e-5, atol=1e-6)


@examples(ci=50, slow=5000)
@given(data=st.data())
def test_nodes_of_any_number_of_children(both: Any, data: st.DataObject) -> None:
    children = data.draw(st.integers(0, 3))
    size = 2 * children
    present = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
    x = data.draw(st.booleans())
    both(
        recurrent.tree, "ChildSumTreeLSTM", (4, 3), children, present, x, children > 0,
        rtol=1e-5, atol=1e-5,
    )  # fmt: skip


@examples(ci=50, slow=5000)
@given(data=st.data())
def test_nodes_of_a_fixed_number_of_children(both: Any, data: st.DataObject) -> None:
    children = data.draw(st.integers(1, 3))
    size = 2 * children
    present = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
    x = data.draw(st.booleans())
    both(
        recurrent.tree, "NaryTreeLSTM", (4, 3, children), children, present, x,
        rtol=1e-5, atol=1e-5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "count"),
    [
        ("ChildSumTreeLSTM", (4, 3), 1),
        ("ChildSumTreeLSTM", (4, 3), 3),
        ("NaryTreeLSTM", (4, 3), 2),
        ("NaryTreeLSTM", (4, 3, 3), 4),
        ("NaryTreeLSTM", (4, 3, 0), 0),
    ],
)
def test_a_wrong_number_of_states_is_the_same_error(
    both: Any, name: str, arguments: Any, count: int
) -> None:
    both(recurrent.tree, name, arguments, 2, [True] * count, True)


MASK = [[True, False, True, True], [False, True, True, False], [True, True, False, False]]


@pytest.mark.parametrize(
    ("arguments", "options", "call"),
    [
        ((4, 3), {}, [{}, {"train": False}]),
        ((None, 3, 0.25), {}, [{}, {"use_batchwise_mask": False}]),
        ((4, 3), {"nobias": True}, [{}]),
        ((4, 3), {"initialW": 0.5, "initial_bias": 2}, [{}]),
        ((4, 3), {}, [{"mask": [MASK, MASK]}, {"mask": [MASK, MASK], "train": False}]),
        ((4, 3), {}, [{"mask": MASK, "use_batchwise_mask": False}, {}]),
        ((4, 3), {}, [{"mask": [MASK]}]),
    ],
    ids=str,
)
def test_dropped_weights(both: Any, arguments: Any, options: Any, call: Any) -> None:
    both(recurrent.dropconnected, arguments, options, call, rtol=1e-5, atol=1e-5)
