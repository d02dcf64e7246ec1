from __future__ import annotations

import io
import itertools

import pytest

from chainer_compat.training import extensions
from tests.unit.training._doubles import numbers_trainer
from tests.unit.training.extensions._terminal import Terminal


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    ticks = itertools.count()
    monkeypatch.setattr(
        "chainer_compat.training.extensions._profile_report._now", lambda: float(next(ticks))
    )


class Iterator:
    def next(self):
        return 1


def make(out, profile):
    trainer = numbers_trainer(out, stop=(2, "iteration"))
    iterator = Iterator()
    trainer.updater._iterators = {"main": iterator, "bare": object()}
    trainer.updater._report = lambda iteration: iterator.next()
    trainer.extend(extensions.LogReport(filename=None))
    trainer.extend(extensions.PrintReport([], out=io.StringIO()))
    trainer.extend(profile, trigger=(2, "iteration"))
    return trainer


def test_tells_update_data_and_each_extension(tmp_path):
    stream = io.StringIO()
    profile = extensions.ProfileReport(out=stream)
    trainer = make(tmp_path, profile)
    trainer.run()

    # A tick of the clock for each look at it.
    assert profile.calls == {
        "update": 2,
        "data": 2,
        "extension LogReport": 2,
        "extension PrintReport": 2,
        "extension ProfileReport": 1,
    }
    assert profile.seconds["update"] == 6.0
    assert profile.seconds["data"] == 2.0
    assert stream.getvalue().splitlines() == [
        "where                                      seconds   share     calls   ms/call",
        "update                                       6.000   33.3%         2  3000.000",
        "data                                         2.000   11.1%         2  1000.000",
        "extension LogReport                          2.000   11.1%         2  1000.000",
        "extension PrintReport                        2.000   11.1%         2  1000.000",
        "all                                         18.000  100.0%",
    ]


def test_leaves_everything_as_it_was(tmp_path):
    trainer = make(tmp_path, extensions.ProfileReport(filename="profile.txt"))
    before = {name: entry.call for name, entry in trainer._extensions.items()}
    trainer.run()

    assert {name: entry.call for name, entry in trainer._extensions.items()} == before
    assert "update" not in vars(trainer.updater)
    assert vars(trainer.updater._iterators["main"]) == {}
    assert (tmp_path / "profile.txt").read_text().startswith("where")


def test_method_that_was_replaced_is_replaced_again(tmp_path):
    trainer = make(tmp_path, extensions.ProfileReport(out=Terminal()))
    own = trainer.updater.update
    trainer.updater.update = own
    trainer.run()

    assert vars(trainer.updater)["update"] == own


def test_counts_what_raises_too(tmp_path):
    profile = extensions.ProfileReport()
    trainer = make(tmp_path, profile)

    def fail(trainer):
        raise ValueError

    trainer.extend(fail)
    with pytest.raises(ValueError, match=r"^$"):
        trainer.run(show_loop_exception_msg=False)

    assert profile.calls["extension fail"] == 1
