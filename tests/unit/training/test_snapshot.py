from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from chainer_compat import serializers
from chainer_compat.errors import ChainerCompatWarning, DamagedFileWarning, SnapshotWriteError
from chainer_compat.training import Extension, Trainer, extensions
from chainer_compat.training.extensions import snapshot_writers
from tests.unit.training._doubles import NumbersUpdater


class Target:
    def __init__(self, value=0):
        self.value = np.full(3, value, np.float32)

    def serialize(self, serializer):
        self.value = serializer("value", self.value)


class StubTrainer:
    def __init__(self, out, iteration=1):
        self.out = str(out)
        self.updater = NumbersUpdater()
        self.updater.iteration = iteration

    def serialize(self, serializer):
        self.updater.serialize(serializer["updater"])


def names(folder):
    return sorted(item.name for item in Path(folder).iterdir() if item.name[0] != ".")


def manifest(folder):
    return [json.loads(line) for line in (folder / ".snapshots.jsonl").read_text().splitlines()]


def take(extension, out, iterations):
    trainer = StubTrainer(out)
    extension.initialize(trainer)
    for iteration in iterations:
        trainer.updater.iteration = iteration
        extension(trainer)
    extension.finalize()


class TestArguments:
    def test_the_defaults_are_chainers(self):
        extension = extensions.snapshot()
        assert extension.trigger == (1, "epoch")
        assert extension.priority == -100
        assert extension.default_name == "_Snapshot"
        assert isinstance(extension.writer, snapshot_writers.SimpleWriter)

    def test_savefun_and_writer_exclude_each_other(self):
        with pytest.raises(TypeError, match="not both"):
            extensions.snapshot(savefun=print, writer=print)

    def test_an_unknown_argument_is_a_type_error(self):
        with pytest.raises(TypeError, match="unknown"):
            extensions.snapshot(unknown=1)

    @pytest.mark.parametrize(
        "make", [extensions.snapshot, lambda **kw: extensions.snapshot_object(Target(), "x", **kw)]
    )
    def test_num_retain_is_deprecated(self, make):
        with pytest.warns(DeprecationWarning, match="n_retains"):
            assert make(num_retain=3).n_retains == 3

    def test_a_trigger_of_chainer_1_is_taken(self):
        assert extensions.snapshot(trigger=(2, "iteration")).trigger == (2, "iteration")

    def test_on_error_is_checked(self):
        with pytest.raises(ValueError, match="on_error"):
            extensions.snapshot(on_error="ignore")


class TestTaking:
    def test_the_trainer_is_saved_under_the_formatted_name(self, tmp_path):
        take(extensions.snapshot(), tmp_path, [7])
        assert names(tmp_path) == ["snapshot_iter_7"]
        assert serializers.NpzArchive(tmp_path / "snapshot_iter_7")["updater/iteration"] == 7

    def test_a_name_of_chainer_1_is_formatted_twice(self, tmp_path):
        take(extensions.snapshot(filename="a_{{.updater.iteration}}"), tmp_path, [7])
        assert names(tmp_path) == ["a_7"]

    def test_a_function_makes_the_name(self, tmp_path):
        extension = extensions.snapshot(filename=lambda t: f"at_{t.updater.iteration}")
        take(extension, tmp_path, [7])
        assert names(tmp_path) == ["at_7"]

    def test_an_object_is_saved(self, tmp_path):
        take(extensions.snapshot_object(Target(5), "model"), tmp_path, [1])
        target = Target()
        serializers.load_npz(tmp_path / "model", target)
        assert target.value.tolist() == [5, 5, 5]

    def test_nothing_is_saved_if_the_condition_says_so(self, tmp_path):
        take(extensions.snapshot(condition=lambda: False), tmp_path, [1])
        assert names(tmp_path) == []

    def test_savefun_gets_the_path_and_the_serialized_object(self, tmp_path):
        def savefun(path, target):
            assert Path(path).name == "snapshot_iter_7"
            Path(path).write_bytes(b"%d" % target["updater/iteration"])

        take(extensions.snapshot(savefun), tmp_path, [7])
        assert (tmp_path / "snapshot_iter_7").read_bytes() == b"7"

    def test_a_savefun_that_writes_nothing_is_an_error(self, tmp_path):
        with pytest.raises(SnapshotWriteError, match="wrote no file"):
            take(extensions.snapshot(lambda path, target: None), tmp_path, [7])

    def test_a_file_cut_short_by_savefun_never_gets_its_name(self, tmp_path):
        def savefun(path, target):
            Path(path).write_bytes(b"PK\x03\x04 and no more")

        with pytest.raises(OSError, match="not written whole"):
            take(extensions.snapshot(savefun), tmp_path, [7])
        assert names(tmp_path) == []

    def test_a_failed_write_leaves_the_file_of_that_name(self, tmp_path):
        take(extensions.snapshot_object(Target(5), "model"), tmp_path, [1])
        before = (tmp_path / "model").read_bytes()

        def full(path, target):
            Path(path).write_bytes(b"half")
            raise OSError(28, "No space left on device")

        with pytest.raises(SnapshotWriteError, match="No space left") as caught:
            take(extensions.snapshot_object(Target(6), "model", full), tmp_path, [2])
        assert caught.value.errno == 28
        assert (tmp_path / "model").read_bytes() == before
        assert sorted(item.name for item in tmp_path.iterdir()) == [".snapshots.jsonl", "model"]

    def test_a_folder_that_is_gone_is_an_error_that_names_the_file(self, tmp_path):
        with pytest.raises(SnapshotWriteError, match="snapshot_iter_1"):
            take(extensions.snapshot(), tmp_path / "gone", [1])

    def test_training_goes_on_with_a_warning_when_told_to(self, tmp_path):
        extension = extensions.snapshot(on_error="warn")
        with pytest.warns(ChainerCompatWarning, match="goes on without a snapshot"):
            take(extension, tmp_path / "gone", [1])

    def test_other_errors_are_raised_all_the_same(self, tmp_path):
        def broken(path, target):
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            take(extensions.snapshot(broken, on_error="warn"), tmp_path, [1])

    def test_it_is_called_like_chainers_by_a_writer_of_the_users(self, tmp_path):
        calls = []
        extension = extensions.snapshot(writer=lambda *args: calls.append(args))
        take(extension, tmp_path, [3])
        ((filename, out, target),) = calls
        assert (filename, out, list(target)) == (
            "snapshot_iter_3", str(tmp_path), ["updater/iteration"],
        )  # fmt: skip


class TestOnError:
    @pytest.mark.parametrize(("asked", "expected"), [(True, ["snapshot_iter_4"]), (False, [])])
    def test_a_failed_training_is_saved_if_asked(self, tmp_path, asked, expected):
        extension = extensions.snapshot(snapshot_on_error=asked)
        extension.on_error(StubTrainer(tmp_path, 4), ValueError(), None)
        assert names(tmp_path) == expected


class TestRetention:
    def test_the_last_n_files_of_this_run_are_kept(self, tmp_path):
        take(extensions.snapshot(n_retains=2), tmp_path, [1, 2, 3, 10])
        assert names(tmp_path) == ["snapshot_iter_10", "snapshot_iter_3"]

    def test_without_it_all_are_kept(self, tmp_path):
        take(extensions.snapshot(), tmp_path, [1, 2, 3])
        assert len(names(tmp_path)) == 3

    def test_files_of_others_are_never_deleted(self, tmp_path):
        others = ["snapshot_iter_best", "snapshot_iter_1.bak", "snapshot_iter_0", "model"]
        for name in others:
            (tmp_path / name).write_bytes(b"x")
        take(extensions.snapshot(), tmp_path, [1, 2])
        take(extensions.snapshot(n_retains=1), tmp_path, [3, 4])
        assert names(tmp_path) == sorted(
            [*others, "snapshot_iter_1", "snapshot_iter_2", "snapshot_iter_4"]
        )

    def test_a_file_of_this_run_that_another_extension_wrote_is_not_deleted(self, tmp_path):
        best = extensions.snapshot_object(Target(), "snapshot_iter_best")
        best._run = "same"
        take(best, tmp_path, [1])
        keeping = extensions.snapshot(n_retains=1)
        keeping._run = "same"
        take(keeping, tmp_path, [1, 2])
        assert names(tmp_path) == ["snapshot_iter_2", "snapshot_iter_best"]

    def test_a_resumed_run_goes_on_deleting_its_own(self, tmp_path):
        take(extensions.snapshot(n_retains=2), tmp_path, [1, 2])
        resumed = extensions.snapshot(n_retains=2, autoload=True)
        take(resumed, tmp_path, [3, 4])
        assert names(tmp_path) == ["snapshot_iter_3", "snapshot_iter_4"]

    def test_the_run_is_part_of_the_snapshot(self):
        first, second = extensions.snapshot(), extensions.snapshot()
        state = serializers.serialize(first)
        assert list(state) == ["run"]
        serializers.NpzDeserializer(state).load(second)
        assert second._run == first._run

    def test_a_failed_write_deletes_nothing(self, tmp_path):
        def failing(path, target):
            if int(target["updater/iteration"]) == 3:
                raise OSError(28, "full")
            serializers.save_npz(path, target)

        with pytest.raises(OSError, match="full"):
            take(extensions.snapshot(failing, n_retains=1), tmp_path, [1, 2, 3])
        assert names(tmp_path) == ["snapshot_iter_2"]

    def test_a_cut_line_of_the_manifest_is_passed_over(self, tmp_path):
        take(extensions.snapshot(), tmp_path, [1])
        with (tmp_path / ".snapshots.jsonl").open("a") as file:
            file.write('{"name": "snap\n')
        take(extensions.snapshot(n_retains=1, autoload=True), tmp_path, [2])
        assert names(tmp_path) == ["snapshot_iter_2"]


class TestManifest:
    def test_it_notes_name_iteration_size_and_digest(self, tmp_path):
        import hashlib

        take(extensions.snapshot(), tmp_path, [7])
        (entry,) = manifest(tmp_path)
        content = (tmp_path / "snapshot_iter_7").read_bytes()
        assert entry["name"] == "snapshot_iter_7"
        assert entry["iteration"] == 7
        assert entry["size"] == len(content)
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()


def autoloaded(out, **kwargs):
    trainer = StubTrainer(out, 0)
    extensions.snapshot(autoload=True, **kwargs).restore(trainer)
    return trainer.updater.iteration


class TestAutoload:
    def test_the_newest_by_iteration_is_loaded(self, tmp_path):
        take(extensions.snapshot(), tmp_path, [9, 10, 2])
        assert autoloaded(tmp_path) == 10

    def test_without_a_number_the_time_decides(self, tmp_path):
        name = "snap_{.updater.name}"
        for number, iteration in enumerate([5, 3]):
            serializers.save_npz(tmp_path / f"snap_{number}", {"updater/iteration": iteration})
            os.utime(tmp_path / f"snap_{number}", (number, number))
        assert autoloaded(tmp_path, filename=name) == 3

    def test_nothing_to_load_is_no_error(self, tmp_path):
        assert autoloaded(tmp_path) == 0
        assert autoloaded(tmp_path / "gone") == 0

    def test_it_must_be_asked_for(self, tmp_path):
        take(extensions.snapshot(), tmp_path, [9])
        trainer = StubTrainer(tmp_path, 0)
        extensions.snapshot().restore(trainer)
        assert trainer.updater.iteration == 0

    def test_a_folder_without_a_manifest_will_do(self, tmp_path):
        for iteration in (3, 20):
            np.savez(tmp_path / "x.npz", **{"updater/iteration": iteration})
            (tmp_path / "x.npz").rename(tmp_path / f"snapshot_iter_{iteration}")
        assert autoloaded(tmp_path) == 20

    @pytest.mark.parametrize(
        "damage", [lambda d: d[:-9], lambda d: b"", lambda d: d[:50] + b"X" + d[51:]]
    )
    def test_a_damaged_file_is_passed_over_with_a_warning_that_names_it(self, tmp_path, damage):
        take(extensions.snapshot(), tmp_path, [9, 10])
        path = tmp_path / "snapshot_iter_10"
        path.write_bytes(damage(path.read_bytes()))
        with pytest.warns(DamagedFileWarning, match="snapshot_iter_10"):
            assert autoloaded(tmp_path) == 9

    def test_files_that_only_look_alike_are_not_loaded(self, tmp_path):
        take(extensions.snapshot(), tmp_path, [9])
        for name in ("snapshot_iter_best", "snapshot_iter_10.bak", "snapshot_iter_"):
            serializers.save_npz(tmp_path / name, {"updater/iteration": 99})
        assert autoloaded(tmp_path) == 9

    def test_a_snapshot_of_something_else_is_an_error_not_passed_over(self, tmp_path):
        serializers.save_npz(tmp_path / "snapshot_iter_9", {"other": 1})
        with pytest.raises(KeyError, match="updater/iteration"):
            autoloaded(tmp_path)

    def test_initialize_loads_when_nobody_called_restore(self, tmp_path):
        take(extensions.snapshot(), tmp_path, [9])
        trainer = StubTrainer(tmp_path, 0)
        extensions.snapshot(autoload=True).initialize(trainer)
        assert trainer.updater.iteration == 9

    def test_half_written_files_of_dead_processes_are_swept(self, tmp_path):
        import socket

        dead = tmp_path / f".tmp-{socket.gethostname()}-999999999-aa"
        mine = tmp_path / f".tmp-{socket.gethostname()}-{os.getpid()}-aa"
        other = tmp_path / ".tmp-elsewhere-1-aa"
        for folder in (dead, mine, other):
            folder.mkdir()
        autoloaded(tmp_path)
        assert [folder.exists() for folder in (dead, mine, other)] == [False, True, True]

    def test_debug_mode_tells_what_was_loaded(self, tmp_path, capsys):
        import chainer_compat

        with chainer_compat.configuration.using_config("debug", True):
            autoloaded(tmp_path)
            take(extensions.snapshot(), tmp_path, [9])
            autoloaded(tmp_path)
        assert capsys.readouterr().out == (
            "No snapshot file that matches snapshot_iter_{.updater.iteration} was found\n"
            "Snapshot loaded from snapshot_iter_9\n"
        )


class TestInATrainer:
    def run(self, out, until, **kwargs):
        trainer = Trainer(NumbersUpdater(4), (until, "epoch"), out=str(out))
        trainer.extend(extensions.snapshot(n_retains=1, autoload=True, **kwargs))
        trainer.run()
        return trainer

    def test_a_run_is_taken_up_where_it_was_left(self, tmp_path):
        self.run(tmp_path, 2)
        assert names(tmp_path) == ["snapshot_iter_8"]
        trainer = self.run(tmp_path, 3)
        assert trainer.updater.iteration == 12
        assert names(tmp_path) == ["snapshot_iter_12"]

    def test_the_state_is_there_before_any_extension_initializes(self, tmp_path):
        seen = []

        class Early(Extension):
            priority = 1000

            def initialize(self, trainer):
                seen.append(trainer.updater.iteration)

            def __call__(self, trainer):
                pass

        for epochs in (2, 3):
            trainer = Trainer(NumbersUpdater(4), (epochs, "epoch"), out=str(tmp_path))
            trainer.extend(Early())
            trainer.extend(extensions.snapshot(autoload=True))
            trainer.run()
        assert seen == [0, 8]


class TestAnyFileSystem:
    @pytest.mark.parametrize("scheme", ["memory://run", "file://{}"])
    def test_snapshots_go_to_a_url(self, tmp_path, scheme):
        import fsspec

        url = scheme.format(tmp_path / "deep")
        if url.startswith("file"):
            (tmp_path / "deep").mkdir()
        take(extensions.snapshot(n_retains=2), url, [1, 2, 10])
        assert autoloaded(url) == 10
        files = fsspec.core.url_to_fs(url)[0]
        left = {path.rpartition("/")[2] for path in files.ls(url.partition("://")[2], detail=False)}
        assert left == {".snapshots.jsonl", "snapshot_iter_2", "snapshot_iter_10"}

    def test_a_trainers_out_may_be_a_url(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for epochs, iteration in ((1, 4), (2, 8)):
            trainer = Trainer(NumbersUpdater(4), (epochs, "epoch"), out="memory://trainer")
            trainer.extend(extensions.snapshot(n_retains=1, autoload=True))
            trainer.run()
            assert trainer.updater.iteration == iteration
        assert list(tmp_path.iterdir()) == []


class TestFailures:
    """Whatever goes wrong while a file is written: a clear error, and nothing is lost."""

    def spoil(self, monkeypatch, what, number):
        def failing(*args, **kwargs):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(what, failing)

    @pytest.mark.parametrize(
        ("what", "number"),
        [
            ("os.fsync", 28), ("os.fsync", 5), ("os.replace", 30), ("pathlib.Path.mkdir", 30),
            ("pathlib.Path.mkdir", 13), ("chainer_compat.serializers._npz.write_npz", 28),
            ("chainer_compat.serializers._npz.write_npz", 122),
        ],
    )  # fmt: skip
    def test_the_snapshot_before_is_intact_and_training_can_go_on(
        self, tmp_path, monkeypatch, what, number
    ):
        trainer = StubTrainer(tmp_path)
        extension = extensions.snapshot(n_retains=1, on_error="warn")
        extension.initialize(trainer)
        extension(trainer)
        before = (tmp_path / "snapshot_iter_1").read_bytes()

        with monkeypatch.context() as spoiled:
            self.spoil(spoiled, what, number)
            trainer.updater.iteration = 2
            with pytest.warns(ChainerCompatWarning, match="snapshot_iter_2.*could not be written"):
                extension(trainer)
        assert names(tmp_path) == ["snapshot_iter_1"]
        assert (tmp_path / "snapshot_iter_1").read_bytes() == before
        assert [item for item in tmp_path.iterdir() if item.name.startswith(".tmp")] == []

        trainer.updater.iteration = 3
        extension(trainer)
        assert names(tmp_path) == ["snapshot_iter_3"]

    def test_a_file_is_on_the_disk_before_it_gets_its_name_and_then_the_name_is(
        self, tmp_path, monkeypatch
    ):
        """Or a power cut could leave the name without the content, or neither."""
        trainer = StubTrainer(tmp_path)
        extension = extensions.snapshot()
        extension.initialize(trainer)
        done, (fsync, replace) = [], (os.fsync, os.replace)

        def noted_fsync(descriptor):
            is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
            done.append("folder synced" if is_folder else "file synced")
            fsync(descriptor)

        def noted_replace(source, target, **options):
            if Path(target) == tmp_path / "snapshot_iter_1":
                done.append("named")
            replace(source, target, **options)

        monkeypatch.setattr(os, "fsync", noted_fsync)
        monkeypatch.setattr(os, "replace", noted_replace)
        extension(trainer)
        at = done.index("named")
        assert "file synced" in done[:at]
        assert "folder synced" in done[at:]

    def test_a_folder_that_is_removed_in_between_is_told(self, tmp_path):
        import shutil

        out = tmp_path / "out"
        out.mkdir()
        trainer = StubTrainer(out)
        extension = extensions.snapshot()
        extension.initialize(trainer)
        extension(trainer)
        shutil.rmtree(out)
        with pytest.raises(SnapshotWriteError, match="No such file or directory"):
            extension(trainer)

    def test_permissions_are_what_the_umask_says(self, tmp_path):
        before = os.umask(0o027)
        try:
            take(extensions.snapshot(), tmp_path, [1])
        finally:
            os.umask(before)
        assert (tmp_path / "snapshot_iter_1").stat().st_mode & 0o777 == 0o640

    def test_a_device_that_is_really_full_is_told(self, tmp_path):
        def to_a_full_device(path, target):
            Path(path).symlink_to("/dev/full")
            with Path(path).open("wb") as file:
                serializers.save_npz(file, target)

        take(extensions.snapshot_object(Target(5), "model"), tmp_path, [1])
        before = (tmp_path / "model").read_bytes()
        with pytest.raises(SnapshotWriteError, match="No space left on device"):
            take(extensions.snapshot_object(Target(6), "model", to_a_full_device), tmp_path, [2])
        assert (tmp_path / "model").read_bytes() == before
