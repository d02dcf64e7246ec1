from __future__ import annotations

import numpy as np
import pytest

from chainer_compat.training import extensions
from tests.unit.training._doubles import load, numbers_trainer, saved


class Optimizer:
    def __init__(self, lr=1.0):
        self.lr = lr


@pytest.fixture
def trainer(tmp_path):
    trainer = numbers_trainer(tmp_path)
    trainer.optimizer = Optimizer()
    trainer.updater.get_optimizer = {"main": trainer.optimizer}.__getitem__
    return trainer


def rates(shift, trainer, calls):
    shift.initialize(trainer)
    values = [trainer.optimizer.lr]
    for _ in range(calls):
        shift(trainer)
        values.append(trainer.optimizer.lr)
    return values


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        (extensions.ExponentialShift("lr", 0.5), [1, 0.5, 0.25, 0.125]),
        (extensions.ExponentialShift("lr", 0.5, init=8, target=3), [8, 4, 3, 3]),
        (extensions.ExponentialShift("lr", 2, init=-1, target=-3), [-1, -2, -3, -3]),
        (extensions.InverseShift("lr", 1, 1), [1, 0.5, 1 / 3, 0.25]),
        (extensions.InverseShift("lr", 1, 1, init=2, target=0.9), [2, 1, 0.9, 0.9]),
        (extensions.InverseShift("lr", 1, -1, target=2.5), [1, 2, 2.5, 2.5]),
        (extensions.LinearShift("lr", (2.0, 1.0), (1, 3)), [2, 2, 1.5, 1, 1]),
        (extensions.PolynomialShift("lr", 2, 4), [1, 0.5625, 0.25, 0.0625, 0, 0]),
        (extensions.PolynomialShift("lr", 2, 4, target=0.2), [1, 0.5625, 0.25, 0.2, 0.2]),
        (extensions.PolynomialShift("lr", -1, 4, target=1.5), [1, 4 / 3, 1.5, 1.5]),
        (extensions.StepShift("lr", 0.5, 2), [1, 1, 0.5, 0.5, 0.25]),
        (extensions.StepShift("lr", 2, 1, init=1, target=3), [1, 2, 3, 3]),
        (extensions.MultistepShift("lr", 0.5, [1, 3], 4), [4, 2, 2, 1, 1]),
        (extensions.MultistepShift("lr", 0.5, [1, 1], None), [1, 0.5, 0.25, 0.25]),
        (extensions.WarmupShift("lr", 0, 2, 3), [0, 1.5, 3, 3]),
        (extensions.WarmupShift("lr", None, 2, 3), [1, 2, 3, 3]),
    ],
)
def test_values(shift, expected, trainer):
    assert rates(shift, trainer, len(expected) - 1) == pytest.approx(expected, rel=1e-15)


def test_optimizer_may_be_given(trainer):
    other = Optimizer(4)
    shift = extensions.ExponentialShift("lr", 0.5, optimizer=other)
    rates(shift, trainer, 1)

    assert (other.lr, trainer.optimizer.lr) == (2, 1)


def test_warmup_leaves_the_attribute_alone_in_the_end(trainer):
    shift = extensions.WarmupShift("lr", 0, 1, 3)
    rates(shift, trainer, 1)
    trainer.optimizer.lr = 42
    shift(trainer)

    assert trainer.optimizer.lr == 42


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: extensions.ExponentialShift("lr", -1), "rate"),
        (lambda: extensions.InverseShift("lr", -1, 1), "gamma"),
    ],
)
def test_negative_speed_is_refused(make, word):
    with pytest.raises(ValueError, match=word):
        make()


MAKERS = {
    "exponential": lambda: extensions.ExponentialShift("lr", 0.5),
    "inverse": lambda: extensions.InverseShift("lr", 1, 1),
    "linear": lambda: extensions.LinearShift("lr", (2.0, 1.0), (1, 5)),
    "polynomial": lambda: extensions.PolynomialShift("lr", 2, 10),
    "step": lambda: extensions.StepShift("lr", 0.5, 2),
    "multistep": lambda: extensions.MultistepShift("lr", 0.5, [1, 3], 4.0),
    "warmup": lambda: extensions.WarmupShift("lr", None, 4, 3.0),
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("lr_is_saved", [False, True])
def test_resumed_run_goes_on_with_the_same_rate(name, trainer, lr_is_saved):
    first = MAKERS[name]()
    expected = rates(first, trainer, 3)[-1:]
    content = saved(first)
    again = load(MAKERS[name](), content)
    for _ in range(3):
        first(trainer)
        expected.append(trainer.optimizer.lr)
    # The optimizer of the new process has its first rate, unless its own snapshot holds the last.
    trainer.optimizer.lr = expected[0] if lr_is_saved else 1.0

    assert rates(again, trainer, 3) == expected


@pytest.mark.parametrize("order", [1, -1])
def test_two_shifts_of_one_attribute_go_on_in_any_order(trainer, order):
    def make():
        return [
            extensions.WarmupShift("lr", 0.0, 2, 8.0),
            extensions.ExponentialShift("lr", 0.5, init=8.0),
        ][::order]

    first = make()
    for shift in first:
        shift.initialize(trainer)
    for shift in (*first, *first, first[(1, 0)[order < 0]], *first):
        shift(trainer)
    expected = trainer.optimizer.lr
    again = [load(shift, saved(old)) for shift, old in zip(make(), first, strict=True)]
    trainer.optimizer.lr = 1.0
    for shift in again:
        shift.initialize(trainer)

    assert trainer.optimizer.lr == expected


def test_finished_warmup_of_chainers_leaves_its_last_value(trainer):
    shift = load(extensions.WarmupShift("lr", 0.0, 2, 8.0), {"_t": np.array(7)})

    assert rates(shift, trainer, 1) == [8.0, 8.0]


CHAINERS_KEYS = {
    **{name: {"_t", "_last_value"} for name in MAKERS},
    "multistep": {"_t", "_current_step"},
    "warmup": {"_t"},
}


@pytest.mark.parametrize("name", MAKERS)
def test_resumes_from_what_chainer_saves(name, trainer):
    first = MAKERS[name]()
    expected = rates(first, trainer, 3)[-1]
    content = {key: saved(first)[key] for key in CHAINERS_KEYS[name]}
    trainer.optimizer.lr = 1.0

    assert rates(load(MAKERS[name](), content), trainer, 0) == [expected]


@pytest.mark.parametrize("name", ["exponential", "linear"])
def test_resumes_from_a_count_of_chainer_1_which_starts_from_one(name, trainer):
    first = MAKERS[name]()
    expected = rates(first, trainer, 3)[-1]
    trainer.optimizer.lr = 1.0

    assert rates(load(MAKERS[name](), {"_t": np.array(4)}), trainer, 0) == [expected]


def test_first_value_that_was_given_wins_over_the_saved_one(trainer):
    content = saved(extensions.ExponentialShift("lr", 0.5, init=8.0))
    again = load(extensions.ExponentialShift("lr", 0.5, init=2.0), content)

    assert again._init == 2.0


def test_saved_before_the_start_it_has_no_value():
    again = load(extensions.ExponentialShift("lr", 0.5), saved(MAKERS["exponential"]()))

    assert (again._last_value, again._init, again._t) == (None, None, 0)


def test_numpy_values_are_saved_as_numbers(trainer):
    trainer.optimizer.lr = np.float32(0.1)
    shift = extensions.ExponentialShift("lr", 0.5)
    rates(shift, trainer, 1)

    assert load(extensions.ExponentialShift("lr", 0.5), saved(shift))._init == float(
        np.float32(0.1)
    )


def test_says_what_it_is():
    assert str(MAKERS["step"]()) == "StepShift('lr')"
    assert repr(MAKERS["step"]()) == "<StepShift 'StepShift'>"
