from __future__ import annotations

import io

import pytest

import chainer_compat as chainer
from chainer_compat.training import extensions
from tests.unit.training._doubles import load, numbers_trainer, saved
from tests.unit.training.extensions._terminal import Terminal, screen


def _report(iteration):
    chainer.report({"main/loss": 1 / iteration, "a_rather_long_name": iteration})


def make(out, entries=("epoch", "iteration", "main/loss", "absent"), stop=(4, "iteration")):
    stream = io.StringIO()
    trainer = numbers_trainer(out, stop=stop, report=_report)
    trainer.extend(extensions.LogReport(trigger=(2, "iteration"), filename=None))
    trainer.extend(extensions.PrintReport(list(entries), out=stream))
    return trainer, stream


def test_table_in_a_file(tmp_path):
    trainer, stream = make(tmp_path)
    trainer.run()

    assert stream.getvalue().splitlines() == [
        "epoch       iteration   main/loss   absent    ",
        "0           2           0.75                    ",
        "0           4           0.291667                ",
    ]


def test_columns_are_as_wide_as_their_names(tmp_path):
    trainer, stream = make(tmp_path, ["a_rather_long_name", "epoch"])
    trainer.run()

    assert stream.getvalue().splitlines()[:2] == [
        "a_rather_long_name  epoch     ",
        "1.5                 0           ",
    ]


def test_text_in_an_entry_is_printed(tmp_path):
    trainer, stream = make(tmp_path, ["note"])
    trainer.get_extension("LogReport")._postprocess = lambda entry: entry.update(note="best")
    trainer.run()

    assert stream.getvalue().splitlines()[1] == "best        "


def test_progress_bar_stays_below_the_table_on_a_terminal(tmp_path):
    terminal = Terminal()
    trainer = numbers_trainer(tmp_path, stop=(4, "iteration"), report=_report)
    trainer.extend(extensions.LogReport(trigger=(2, "iteration"), filename=None))
    trainer.extend(extensions.PrintReport(["iteration"], out=terminal))
    trainer.extend(extensions.ProgressBar(update_interval=1, bar_length=4, out=terminal))
    pictures = []
    trainer.extend(lambda t: pictures.append(screen(terminal.getvalue())), name="look")
    trainer.run()

    assert [line[:20].rstrip() for line in pictures[2]] == [
        "iteration",
        "2",
        "     total [###.] 75",
        "this epoch [#...] 30",
        "         3 iter, 0 e",
        *[pictures[2][-2][:20].rstrip()],
        "",
    ]
    assert screen(terminal.getvalue()) == ["iteration ", "2           ", "4           ", ""]


def test_a_notebook_that_calls_itself_a_terminal_gets_nothing_but_text(tmp_path):
    out_stream = type("OutStream", (Terminal,), {"__module__": "ipykernel.iostream"})()
    trainer = numbers_trainer(tmp_path)
    trainer.extend(extensions.LogReport(trigger=(1, "iteration")))
    trainer.extend(extensions.PrintReport(["iteration"], out=out_stream))
    trainer.run()

    assert "\033" not in out_stream.getvalue()


def test_standard_output_is_that_of_the_moment(tmp_path, capsys):
    trainer = numbers_trainer(tmp_path, stop=(1, "iteration"))
    trainer.extend(extensions.LogReport(trigger=(1, "iteration"), filename=None))
    trainer.extend(extensions.PrintReport(["epoch"]))
    trainer.run()

    assert capsys.readouterr().out == "epoch     \n0           \n"


def test_can_drive_a_log_report_of_its_own(tmp_path):
    stream = io.StringIO()
    trainer = numbers_trainer(tmp_path, report=_report)
    own = extensions.LogReport(trigger=(2, "iteration"), filename=None)
    report = extensions.PrintReport(["iteration"], own, stream)
    trainer.extend(report)
    trainer.run()

    assert stream.getvalue().split() == ["iteration", "2"]
    again = extensions.PrintReport(["iteration"], extensions.LogReport())
    load(again, saved(report))
    assert again._log_report.log == own.log


def test_prints_the_whole_log_after_a_resume(tmp_path):
    trainer, _ = make(tmp_path)
    trainer.run()
    again, stream = make(tmp_path, stop=(6, "iteration"))
    load(again, saved(trainer)).run()

    assert [line.split()[1] for line in stream.getvalue().splitlines()] == [
        "iteration",
        "2",
        "4",
        "6",
    ]


def test_anything_else_as_a_log_report_is_an_error(tmp_path):
    trainer = numbers_trainer(tmp_path)
    trainer.extend(extensions.PrintReport(["epoch"], log_report=42))
    with pytest.raises(TypeError, match="LogReport or the name of one"):
        trainer.run(show_loop_exception_msg=False)


def test_stream_without_flush_will_do(tmp_path):
    class Stream:
        def __init__(self):
            self.text = ""

        def write(self, text):
            self.text += text

    trainer, _ = make(tmp_path, ["epoch"])
    stream = trainer.get_extension("PrintReport")._out = Stream()
    trainer.run()

    assert stream.text.split() == ["epoch", "0", "0"]
