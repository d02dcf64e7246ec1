from __future__ import annotations

import io
import itertools
import os
import sys
import types

import pytest

from chainer_compat.training import extensions, triggers
from tests.unit.training._doubles import numbers_trainer
from tests.unit.training.extensions._terminal import Terminal, screen


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    ticks = itertools.count(0, 2)
    monkeypatch.setattr(
        "chainer_compat.training.extensions._console.time.time", lambda: next(ticks)
    )


def last_screen(trainer, **kwargs):
    terminal = Terminal()
    pictures = []
    trainer.extend(extensions.ProgressBar(out=terminal, **kwargs))
    trainer.extend(lambda t: pictures.append(screen(terminal.getvalue())), name="look")
    trainer.run()
    assert screen(terminal.getvalue()) == [""]
    return pictures[-1]


def test_bars_counts_speed_and_time_left(tmp_path):
    trainer = numbers_trainer(tmp_path, stop=lambda t: t.updater.iteration == 6)

    picture = last_screen(
        trainer, training_length=(10, "iteration"), update_interval=3, bar_length=10
    )
    assert picture == [
        "     total [######....] 60.00%",
        "this epoch [######....] 60.00%",
        "         6 iter, 0 epoch / 10 iterations",
        "       1.5 iters/sec. Estimated time to finish: 0:00:03.",
        "",
    ]


def test_a_run_that_is_resumed_is_as_fast_as_it_goes_now(tmp_path):
    trainer = numbers_trainer(tmp_path, stop=(8, "iteration"))
    trainer.updater.iteration = 4

    assert last_screen(trainer, update_interval=4, bar_length=10)[2:4] == [
        "         8 iter, 0 epoch / 8 iterations",
        "         2 iters/sec. Estimated time to finish: 0:00:00.",
    ]


def test_a_narrow_terminal_wraps_no_line(tmp_path, monkeypatch):
    monkeypatch.setattr(Terminal, "fileno", lambda self: 7, raising=False)
    monkeypatch.setattr("os.get_terminal_size", {7: os.terminal_size((40, 24))}.__getitem__)
    trainer = numbers_trainer(tmp_path, stop=(2, "iteration"))

    assert last_screen(trainer, update_interval=1) == [
        f"     total [{'#' * 18}] 100.00%",
        f"this epoch [###{'.' * 15}] 20.00%",
        "         2 iter, 0 epoch / 2 iterations",
        "       0.5 iters/sec. Estimated time to"[:39],
        "",
    ]


def test_length_is_that_of_the_stop_trigger(tmp_path):
    stop = triggers.EarlyStoppingTrigger((1, "epoch"), max_trigger=(0.5, "epoch"))
    trainer = numbers_trainer(tmp_path, stop=stop)

    assert last_screen(trainer, update_interval=5, bar_length=2) == [
        "     total [##] 100.00%",
        "this epoch [#.] 50.00%",
        "         5 iter, 0 epoch / 0.5 epochs",
        "       2.5 iters/sec. Estimated time to finish: 0:00:00.",
        "",
    ]


def test_without_a_length_there_is_no_bar_for_the_whole(tmp_path):
    trainer = numbers_trainer(tmp_path, stop=lambda t: t.updater.iteration == 2)

    assert last_screen(trainer, update_interval=1, bar_length=10) == [
        "this epoch [##........] 20.00%",
        "         2 iter, 0 epoch",
        "       0.5 iters/sec.",
        "",
    ]


def test_nothing_done_yet_leaves_the_time_unknown(tmp_path):
    terminal = Terminal()
    trainer = numbers_trainer(tmp_path)
    bar = extensions.ProgressBar(update_interval=1, out=terminal)
    bar(trainer)
    bar(trainer)

    assert screen(terminal.getvalue())[3] == (
        "         0 iters/sec. Estimated time to finish: unknown."
    )


def test_where_nothing_was_measured_the_speed_is_unknown(tmp_path):
    terminal = Terminal()
    extensions.ProgressBar(update_interval=1, out=terminal)(numbers_trainer(tmp_path))

    assert screen(terminal.getvalue())[3] == (
        "         ? iters/sec. Estimated time to finish: unknown."
    )


def test_a_log_file_gets_a_line_at_every_twentieth(tmp_path):
    stream = io.StringIO()
    trainer = numbers_trainer(tmp_path, stop=(100, "iteration"), iterations_per_epoch=40)
    trainer.extend(extensions.ProgressBar(update_interval=1, out=stream))
    trainer.run()
    lines = stream.getvalue().splitlines()

    assert "\033" not in stream.getvalue()
    assert len(lines) == 20
    assert lines[9] == (
        "total 50.00%  this epoch 25.00%  50 iter, 1 epoch / 100 iterations  "
        "2.5 iters/sec. Estimated time to finish: 0:00:20."
    )


def test_tqdm_draws_the_bars_in_a_notebook(tmp_path, monkeypatch):
    drawn = []

    class Bar:
        def __init__(self, **kwargs):
            self.desc, self.events = kwargs["desc"], []
            drawn.append(self)

        def set_postfix_str(self, text):
            self.events.append(text)

        def refresh(self):
            self.events.append(self.n)

        def close(self):
            self.events.append("close")

    module = types.ModuleType("tqdm.auto")
    module.tqdm = Bar
    monkeypatch.setitem(sys.modules, "tqdm.auto", module)
    stream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    trainer = numbers_trainer(tmp_path, stop=(4, "iteration"))
    trainer.extend(extensions.ProgressBar(update_interval=2, out=stream))
    trainer.run()

    left = "Estimated time to finish: 0:00:00."
    assert stream.getvalue() == ""
    assert [(bar.desc, bar.events) for bar in drawn] == [
        (
            "total",
            [
                "2 iter, 0 epoch / 4 iterations  1 iters/sec. Estimated time to finish: 0:00:02.",
                0.5,
                f"4 iter, 0 epoch / 4 iterations  1 iters/sec. {left}",
                1.0,
                "close",
            ],
        ),
        ("this epoch", [0.2, 0.4, "close"]),
    ]


def test_real_tqdm_takes_what_it_is_given(tmp_path, capsys):
    stream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    trainer = numbers_trainer(tmp_path, stop=(4, "iteration"))
    trainer.extend(extensions.ProgressBar(update_interval=2, out=stream))
    trainer.run()

    assert "this epoch  40%" in capsys.readouterr().err


def test_standard_output_is_that_of_the_moment(tmp_path, capsys):
    trainer = numbers_trainer(tmp_path, stop=(1, "iteration"))
    trainer.extend(extensions.ProgressBar(update_interval=1))
    trainer.run()

    assert capsys.readouterr().out.startswith("total 100.00%")
