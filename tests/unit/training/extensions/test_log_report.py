from __future__ import annotations

import json
import math

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat.training import extensions
from tests.unit.training._doubles import load, numbers_trainer, saved


def run(out, report=None, stop=(4, "iteration"), resume=None, **kwargs):
    trainer = numbers_trainer(out, stop=stop, report=report or _report)
    log_report = extensions.LogReport(**{"trigger": (2, "iteration"), **kwargs})
    trainer.extend(log_report)
    if resume is not None:
        load(trainer, resume)
    trainer.run()
    return trainer, log_report


def _report(iteration):
    chainer.report({"loss": np.float32(iteration), "x": 1})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def without_time(entries):
    return [{k: v for k, v in entry.items() if k != "elapsed_time"} for entry in entries]


def test_entries_are_means_over_intervals_with_the_position(tmp_path):
    _, log_report = run(tmp_path)

    assert without_time(log_report.log) == [
        {"loss": 1.5, "x": 1.0, "epoch": 0, "iteration": 2},
        {"loss": 3.5, "x": 1.0, "epoch": 0, "iteration": 4},
    ]
    assert 0 < log_report.log[0]["elapsed_time"] < log_report.log[1]["elapsed_time"]


def test_file_is_chainers_json(tmp_path):
    _, log_report = run(tmp_path)

    text = (tmp_path / "log").read_text()
    assert text == json.dumps(log_report.log, indent=4)
    assert names(tmp_path) == ["log"]


def test_keys_choose_what_is_summed_up(tmp_path):
    _, log_report = run(tmp_path, keys=["x", "absent"])

    assert "loss" not in log_report.log[0]
    assert log_report.log[0]["x"] == 1.0


def test_postprocess_changes_entries(tmp_path):
    _, log_report = run(tmp_path, postprocess=lambda entry: entry.update(more="text"))

    assert [entry["more"] for entry in log_report.log] == ["text", "text"]


def test_file_names(tmp_path):
    run(tmp_path / "a", log_name="history")
    run(tmp_path / "b", filename="log_{iteration}")
    run(tmp_path / "c", filename=None, log_name=None)

    assert names(tmp_path / "a") == ["history"]
    assert names(tmp_path / "b") == ["log_2", "log_4"]
    assert names(tmp_path / "c") == []


def test_writes_before_training_if_it_is_called_then(tmp_path):
    trainer = numbers_trainer(tmp_path, stop=(1, "iteration"))
    trainer.extend(extensions.LogReport(trigger=(1, "iteration")), call_before_training=True)
    trainer.run()

    assert [e["iteration"] for e in trainer.get_extension("LogReport").log] == [0, 1]


class TestNaN:
    def report(self, iteration):
        chainer.report({"a": math.nan, "b": math.inf, "c": 1.0})

    def parse(self, text):
        def refuse(token):
            raise AssertionError(f"{token} is no JSON")

        return json.loads(text, parse_constant=refuse)

    def test_is_null_in_the_file_and_itself_in_the_log(self, tmp_path):
        _, log_report = run(
            tmp_path, self.report, postprocess=lambda entry: entry.update(parts=[math.nan, (2,)])
        )
        first = self.parse((tmp_path / "log").read_text())[0]

        assert (first["a"], first["b"], first["c"]) == (None, None, 1.0)
        assert first["parts"] == [None, [2]]
        assert math.isnan(log_report.log[0]["a"])

    def test_can_be_written_as_chainer_did(self, tmp_path):
        run(tmp_path, self.report, allow_nan=True)

        assert "NaN" in (tmp_path / "log").read_text()

    def test_survives_a_resume(self, tmp_path):
        trainer, _ = run(tmp_path, self.report)
        _, again = run(tmp_path, self.report, stop=(6, "iteration"), resume=saved(trainer))

        assert math.isnan(again.log[0]["a"])


class TestLines:
    def entries(self, path):
        return [json.loads(line) for line in path.read_text().splitlines()]

    @pytest.mark.parametrize("how", [{"filename": "log.jsonl"}, {"format": "jsonl"}])
    def test_an_entry_is_a_line(self, tmp_path, how):
        _, log_report = run(tmp_path, **how)

        assert self.entries(tmp_path / how.get("filename", "log")) == log_report.log

    def test_lines_are_appended_not_written_anew(self, tmp_path):
        trainer = numbers_trainer(tmp_path, stop=(3, "iteration"))
        trainer.extend(extensions.LogReport(trigger=(1, "iteration"), filename="log.jsonl"))
        inodes = []
        trainer.extend(
            lambda t: inodes.append((tmp_path / "log.jsonl").stat().st_ino), name="look", priority=0
        )
        trainer.run()

        assert len(set(inodes)) == 1

    def test_a_resumed_run_drops_what_was_written_behind_the_snapshot(self, tmp_path):
        first, _ = run(tmp_path, filename="log.jsonl")
        content = saved(first)
        run(tmp_path, stop=(8, "iteration"), resume=content, filename="log.jsonl")
        _, again = run(tmp_path, stop=(6, "iteration"), resume=content, filename="log.jsonl")

        assert [entry["iteration"] for entry in again.log] == [2, 4, 6]
        assert self.entries(tmp_path / "log.jsonl") == again.log

    def test_a_log_that_is_put_back_while_it_is_written_loses_the_later_lines(self, tmp_path):
        trainer, log_report = run(tmp_path, stop=(2, "iteration"), filename="log.jsonl")
        content = saved(log_report)
        log_report._complete_entry(trainer)
        load(log_report, content)
        log_report._complete_entry(trainer)

        assert len(log_report.log) == 2
        assert self.entries(tmp_path / "log.jsonl") == log_report.log

    def test_a_file_per_entry_holds_the_whole_log(self, tmp_path):
        _, log_report = run(tmp_path, filename="log_{iteration}.jsonl")

        assert self.entries(tmp_path / "log_2.jsonl") == log_report.log[:1]
        assert self.entries(tmp_path / "log_4.jsonl") == log_report.log

    def test_other_formats_are_refused(self):
        with pytest.raises(ValueError, match="'json' or 'jsonl', not 'csv'"):
            extensions.LogReport(format="csv")


def test_unknown_keyword_is_refused():
    with pytest.raises(TypeError, match="'name'"):
        extensions.LogReport(name="x")


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    trainer, log_report = run(tmp_path)
    before = (tmp_path / "log").read_text()
    monkeypatch.setattr("os.replace", _raise_oserror)
    with pytest.raises(OSError, match="disk"):
        log_report._complete_entry(trainer)

    assert (tmp_path / "log").read_text() == before
    assert names(tmp_path) == ["log"]


def _raise_oserror(*args):
    raise OSError("disk")


def test_state_is_saved_under_chainers_keys(tmp_path):
    _, log_report = run(tmp_path, stop=(3, "iteration"))
    content = saved(log_report)

    assert set(content) == {
        "_trigger/previous_iteration",
        "_trigger/previous_epoch_detail",
        "_trigger/before_iteration",
        "_summary/_names",
        "_log",
        *(f"_summary/_summaries/{i}/{key}" for i in range(2) for key in ("_x", "_x2", "_n")),
    }
    assert json.loads(str(content["_log"])) == log_report.log


def test_a_file_without_a_log_leaves_it_empty():
    log_report = extensions.LogReport()
    content = saved(log_report)
    content["_log"] = np.array("")

    assert load(log_report, content).log == []


def test_a_trigger_of_its_own_and_one_of_the_trainer_both_apply(tmp_path):
    trainer = numbers_trainer(tmp_path, stop=(6, "iteration"), report=_report)
    log_report = extensions.LogReport(trigger=(3, "iteration"))
    trainer.extend(log_report, trigger=(2, "iteration"))
    trainer.run()

    # Called at 2, 4, 6; asked there whether a multiple of 3 has gone by.
    assert without_time(log_report.log) == [
        {"loss": 3.0, "x": 1.0, "epoch": 0, "iteration": 4},
        {"loss": 6.0, "x": 1.0, "epoch": 0, "iteration": 6},
    ]


def test_a_trigger_without_state_will_do(tmp_path):
    _, log_report = run(tmp_path, trigger=lambda trainer: trainer.updater.iteration == 3)

    assert [entry["iteration"] for entry in load(log_report, saved(log_report)).log] == [3]
