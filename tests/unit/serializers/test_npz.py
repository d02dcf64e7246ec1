from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import signal
import stat
import threading
import zipfile

import numpy as np
import pytest
import torch

from chainer_compat import serializers
from chainer_compat.errors import (
    DtypeMismatchError,
    FileFormatError,
    ShapeMismatchError,
    SnapshotMismatchError,
)
from chainer_compat.serializer import Serializer
from chainer_compat.serializers import _steps
from chainer_compat.serializers._two_passes import share_memory
from tests.unit.serializers._forging import forged
from tests.unit.serializers._targets import Part, Whole, state

PLAIN_SHA256 = "991617ad58332d2610304b4c1c5620b242adb2ede762f4e16158bc7a8d72ca7f"


def saved(obj, compression=True):
    file = io.BytesIO()
    serializers.save_npz(file, obj, compression)
    file.seek(0)
    return file


@pytest.mark.parametrize("compression", [True, False])
def test_what_was_saved_is_loaded(compression):
    whole = Whole()
    serializers.load_npz(saved(Whole(3), compression), whole)
    assert state(whole) == {**state(Whole(3)), "log": [0]}


@pytest.mark.parametrize("compression", [True, False])
def test_numpy_reads_what_was_saved(compression):
    archive = np.load(saved(Whole(3), compression), allow_pickle=True)
    assert archive.files == list(serializers.serialize(Whole()))
    assert archive["part/array"].tolist() == [[3, 3, 3], [3, 3, 3]]
    assert archive["text"][()] == "text 3"
    assert archive["nothing"][()] is None


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_saved_is_loaded(save):
    file = io.BytesIO()
    save(file, **serializers.serialize(Whole(3)))
    whole = Whole()
    serializers.load_npz(file, whole)
    assert whole.part.array.tolist() == [[3, 3, 3], [3, 3, 3]]
    assert whole.text == "text 3"


@pytest.mark.parametrize("shape", [(0,), (0, 3), (), (1,), (3, 4), (700, 900)])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i8", "u2", "?", "c8", ">f4"])
def test_arrays_of_any_shape_and_dtype_survive(shape, dtype):
    array = np.random.default_rng(0).integers(0, 9, shape).astype(dtype)
    found = serializers.NpzArchive(saved({"x": array}))["x"]
    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("make", [np.asfortranarray, lambda a: a[::2, ::-1], np.transpose])
def test_arrays_of_any_layout_survive(make):
    array = make(np.arange(600 * 800, dtype=np.float64).reshape(600, 800))
    archive = serializers.NpzArchive(saved({"x": array}))
    np.testing.assert_array_equal(archive["x"], array)
    target = np.zeros_like(array)
    serializers.NpzDeserializer(archive)("x", target)
    np.testing.assert_array_equal(target, array)


def test_the_target_is_filled_in_place():
    whole = Whole()
    array, tensor = whole.part.array, whole.part.tensor
    serializers.load_npz(saved(Whole(3)), whole)
    assert whole.part.array is array
    assert whole.part.tensor is tensor


def test_a_path_gets_no_suffix_and_the_umask(tmp_path):
    path = tmp_path / "weights"
    before = os.umask(0o027)
    try:
        serializers.save_npz(path, Whole())
    finally:
        os.umask(before)
    assert [item.name for item in tmp_path.iterdir()] == ["weights"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_failed_save_leaves_the_file_that_was_there(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(b"precious")

    class Failing:
        def __array__(self, *args, **kwargs):
            raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        serializers.save_npz(str(path), {"x": Failing()})
    assert path.read_bytes() == b"precious"
    assert [item.name for item in tmp_path.iterdir()] == ["weights"]


def test_a_path_that_does_not_exist_is_a_file_not_found_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        serializers.load_npz(tmp_path / "none.npz", Whole())
    with pytest.raises(FileNotFoundError):
        serializers.save_npz(tmp_path / "none" / "x.npz", Whole())


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder"):
        serializers.load_npz(tmp_path, Whole())


def test_equal_states_give_equal_files():
    assert saved(Whole(3)).getvalue() == saved(Whole(3)).getvalue()


def test_a_file_that_cannot_seek_is_written_and_read():
    class Pipe(io.RawIOBase):
        def __init__(self, data=b""):
            self.data = io.BytesIO(data)

        def readable(self):
            return True

        def writable(self):
            return True

        def seekable(self):
            return False

        def write(self, data):
            return self.data.write(data)

        def read(self, size=-1):
            return self.data.read(size)

    pipe = Pipe()
    serializers.save_npz(pipe, Whole(3))
    whole = Whole()
    serializers.load_npz(Pipe(pipe.data.getvalue()), whole)
    assert whole.count == 3


def test_a_key_that_is_no_name_is_refused():
    with pytest.raises(TypeError, match="cannot be the name"):
        serializers.save_npz(io.BytesIO(), {1: np.zeros(2)})


class Steered:
    """An object in which a text says which values come next, as in a summary."""

    def __init__(self, names, size=2):
        self.w = np.zeros(size)
        self.values = dict.fromkeys(names, 1.0)

    def serialize(self, serializer):
        self.w = serializer("w", self.w)
        if isinstance(serializer, Serializer):
            serializer("names", json.dumps(list(self.values)))
        else:
            self.values = dict.fromkeys(json.loads(serializer("names", "")), 0.0)
        for name in self.values:
            self.values[name] = serializer(name, self.values[name])


class TestStrictness:
    def test_a_missing_value_is_a_key_error(self):
        with pytest.raises(KeyError) as caught:
            serializers.load_npz(saved({"count": 1}), Whole())
        assert isinstance(caught.value, SnapshotMismatchError)

    def test_the_error_lists_all_that_is_missing_extra_and_wrong(self):
        arrays = serializers.serialize(Whole())
        del arrays["count"], arrays["text"]
        arrays["part/array"] = np.zeros((3, 2))
        arrays["other"] = np.zeros(1)
        with pytest.raises(SnapshotMismatchError) as caught:
            serializers.load_npz(saved(arrays), Whole())
        assert caught.value.missing == ("count", "text")
        assert caught.value.extra == ("other",)
        assert caught.value.mismatched == (
            "part/array: expected shape (2, 3), found (3, 2) in the file",
        )
        for part in ("count", "text", "other", "nothing was loaded"):
            assert part in str(caught.value)

    def test_values_that_steer_the_visit_are_those_of_the_file(self):
        """What a text of the file names is asked for too, so it is not in the file only."""
        steered = Steered(["a", "b"])
        with pytest.raises(ShapeMismatchError) as caught:
            serializers.load_npz(saved(steered), Steered([], size=3))
        assert caught.value.mismatched == ("w: expected shape (3,), found (2,) in the file",)
        assert (caught.value.extra, caught.value.missing) == ((), ())
        assert "in the file only" not in str(caught.value)

    def test_a_visit_that_ends_early_lists_nothing_as_being_in_the_file_only(self):
        arrays = {**serializers.serialize(Steered(["a"])), "more": np.zeros(1)}
        del arrays["names"]
        target = Steered([], size=3)
        with pytest.raises(ShapeMismatchError) as caught:
            serializers.load_npz(saved(arrays), target)
        assert caught.value.missing == ("names",)
        assert caught.value.extra == ()
        assert "the list may go on" in str(caught.value)
        assert target.values == {}

    def test_long_lists_are_cut_in_the_message_only(self):
        arrays = {**serializers.serialize(Whole()), **{f"more{i}": 0 for i in range(50)}}
        del arrays["count"]
        with pytest.raises(SnapshotMismatchError) as caught:
            serializers.load_npz(saved(arrays), Whole())
        assert len(caught.value.extra) == 50
        assert str(caught.value).count("more") == 19 + 1
        assert "\n    ... and 31 more" in str(caught.value)

    def test_not_strict_leaves_what_is_missing(self):
        whole = Whole(3)
        serializers.load_npz(saved({"count": 7}), whole, strict=False)
        assert state(whole) == {**state(Whole(3)), "count": 7}

    def test_more_in_the_file_does_no_harm(self):
        arrays = {**serializers.serialize(Whole(3)), "extra": np.zeros(2)}
        whole = Whole()
        serializers.load_npz(saved(arrays), whole)
        assert whole.count == 3

    def test_exact_refuses_more_in_the_file(self):
        arrays = {**serializers.serialize(Whole(3)), "extra": np.zeros(2)}
        whole = Whole()
        with pytest.raises(SnapshotMismatchError) as caught:
            serializers.load_npz(saved(arrays), whole, strict="exact")
        assert caught.value.extra == ("extra",)
        assert state(whole) == state(Whole())

    def test_exact_looks_only_under_the_path(self):
        arrays = {f"m/{key}": value for key, value in serializers.serialize(Whole(3)).items()}
        whole = Whole()
        serializers.load_npz(saved({**arrays, "x": 1}), whole, path="m/", strict="exact")
        assert whole.count == 3

    def test_a_missing_key_that_the_target_forgives_is_no_error(self):
        class Forgiving:
            value = 3

            def serialize(self, serializer):
                try:
                    self.value = serializer("value", self.value)
                except KeyError:
                    self.value = 0

        target = Forgiving()
        serializers.load_npz(saved({"x": 1}), target)
        assert target.value == 0

    def test_a_wrong_value_cannot_be_forgiven_as_if_it_were_missing(self):
        class Forgiving:
            def serialize(self, serializer):
                with contextlib.suppress(KeyError):
                    serializer("value", np.zeros(3))

        with pytest.raises(ShapeMismatchError):
            serializers.load_npz(saved({"value": np.zeros(4)}), Forgiving())


class TestIgnoreNames:
    @pytest.mark.parametrize(
        "ignore_names",
        ["count", ["count"], ("count",), lambda key: key == "count", [lambda key: "cou" in key]],
    )
    def test_what_is_ignored_stays(self, ignore_names):
        whole = Whole()
        serializers.load_npz(saved(Whole(3)), whole, ignore_names=ignore_names)
        assert (whole.count, whole.rate) == (0, 3.0)

    def test_an_ignored_value_may_be_missing(self):
        arrays = serializers.serialize(Whole(3))
        del arrays["part/array"]
        serializers.load_npz(saved(arrays), Whole(), ignore_names="part/array")

    @pytest.mark.parametrize("ignore_names", [1, [1]])
    def test_anything_else_is_a_value_error(self, ignore_names):
        with pytest.raises(ValueError, match="ignore_names"):
            serializers.load_npz(saved(Whole()), Whole(), ignore_names=ignore_names)


class TestPath:
    def test_a_part_is_loaded_from_its_path(self):
        part = Part()
        serializers.load_npz(saved(Whole(3)), part, path="part/")
        assert part.array.tolist() == [[3, 3, 3], [3, 3, 3]]

    def test_a_path_without_its_slash_is_told(self):
        with pytest.raises(KeyError, match="path='part/'"):
            serializers.load_npz(saved(Whole(3)), Part(), path="part")

    def test_the_path_that_would_fit_is_told(self):
        with pytest.raises(KeyError, match="load with path='part/'"):
            serializers.load_npz(saved(Whole(3)), Part())

    def test_the_path_into_a_trainers_snapshot_is_told(self):
        arrays = {f"updater/model:main/{key}": value
                  for key, value in serializers.serialize(Part()).items()}  # fmt: skip
        with pytest.raises(KeyError, match=r"whole trainer: load with path='updater/model:main/'"):
            serializers.load_npz(saved({**arrays, "updater/iteration": 3}), Part())

    def test_a_trainers_snapshot_without_the_object_is_told(self):
        with pytest.raises(KeyError, match="snapshot of a whole trainer"):
            serializers.load_npz(saved({"updater/iteration": 3}), Part())

    def test_a_model_given_to_a_trainer_is_told(self):
        class Trainer:
            def serialize(self, serializer):
                Part().serialize(serializer["updater"]["model:main"])

        with pytest.raises(KeyError, match="holds no trainer"):
            serializers.load_npz(saved(Part()), Trainer())

    def test_the_part_to_load_into_is_told(self):
        with pytest.raises(KeyError, match="has under 'part'"):
            serializers.load_npz(saved(Part()), Whole())

    def test_keys_with_a_leading_slash_are_found(self):
        arrays = {f"/{key}": value for key, value in serializers.serialize(Whole(3)).items()}
        whole = Whole()
        serializers.load_npz(saved(arrays), whole)
        assert whole.count == 3


class TestCasting:
    @pytest.mark.parametrize(
        ("stored", "value"),
        [(np.zeros(3, "f8"), np.ones(3, "f4")), (np.zeros(3, "i8"), np.ones(3, "f2")),
         (np.zeros(3, "i8"), np.ones(3, "i1")), (np.zeros(3, "?"), np.ones(3, "f4")),
         (np.zeros((), "f4"), np.ones(1, "f4")), (np.zeros((1, 1), "f4"), np.ones((), "f4")),
         (np.zeros(3, "f4"), torch.ones(3, dtype=torch.bfloat16)),
         (np.zeros(3, "f8"), torch.ones(3)), (np.zeros(3, ">f4"), torch.ones(3)),
         (np.zeros(3, "i4"), torch.ones(3, dtype=torch.int64))],
    )  # fmt: skip
    def test_arrays_are_cast_within_their_kind(self, stored, value):
        loaded = serializers.NpzDeserializer({"x": stored})("x", value)
        assert loaded is value
        assert np.all(np.asarray(value.tolist()) == 0)

    @pytest.mark.parametrize(
        ("stored", "value"),
        [(np.zeros(3, "f4"), np.ones(3, "i4")), (np.zeros(3, "c8"), np.ones(3, "f4")),
         (np.array(["a"]), np.ones(1)), (np.zeros(3, "i8"), torch.ones(3, dtype=torch.bool)),
         (np.zeros(3, "f4"), torch.ones(3, dtype=torch.int64))],
    )  # fmt: skip
    def test_other_casts_of_arrays_are_type_errors(self, stored, value):
        with pytest.raises(TypeError, match="x: expected dtype") as caught:
            serializers.NpzDeserializer({"x": stored})("x", value)
        assert isinstance(caught.value, DtypeMismatchError)

    def test_an_array_is_not_spread_over_a_larger_one(self):
        with pytest.raises(ValueError, match=r"x: expected shape \(2, 3\), found \(3,\)"):
            serializers.NpzDeserializer({"x": np.zeros(3)})("x", np.ones((2, 3)))

    def test_a_read_only_target_is_told(self):
        value = np.ones(3)
        value.flags.writeable = False
        with pytest.raises(TypeError, match="may not be written"):
            serializers.NpzDeserializer({"x": np.zeros(3)})("x", value)

    @pytest.mark.parametrize(
        ("stored", "value", "expected"),
        [(5, 1, 5), (True, 1, 1), (5, 1.0, 5.0), (2.5, 1.0, 2.5), (np.array([5]), 1, 5),
         ("abc", "x", "abc"), (5, "x", "5"), ("5", 2, 5), (np.float32(2.5), 1.0, 2.5),
         (np.array([1, 2]), [0], [1, 2]), (3.0, np.float64(1), 3.0), (True, False, True)],
    )  # fmt: skip
    def test_scalars_take_the_type_of_the_target(self, stored, value, expected):
        loaded = serializers.NpzDeserializer({"x": np.asarray(stored)})("x", value)
        assert (loaded, type(loaded)) == (expected, type(value))

    @pytest.mark.parametrize(
        ("stored", "value"),
        [
            (2.5, 1),
            (1, True),
            (1 + 2j, 1.0),
            ("abc", 1),
            ("abc", 1.0),
            (3, (1,)),
            (2.5, np.float32(1)),
        ],
    )
    def test_scalars_that_would_lose_something_are_type_errors(self, stored, value):
        with pytest.raises(TypeError, match="x: expected"):
            serializers.NpzDeserializer({"x": np.asarray(stored)})("x", value)

    def test_many_numbers_are_no_scalar(self):
        with pytest.raises(ShapeMismatchError, match=r"found shape \(2,\)"):
            serializers.NpzDeserializer({"x": np.zeros(2)})("x", 1.0)

    @pytest.mark.parametrize("value", [1, "x", np.ones(3), None])
    def test_none_stays_none_whatever_the_target_has(self, value):
        assert serializers.NpzDeserializer({"x": np.asarray(None)})("x", value) is None

    def test_a_target_of_none_gets_the_array(self):
        loaded = serializers.NpzDeserializer({"x": np.ones(3, "f4")})("x", None)
        assert (loaded.tolist(), loaded.dtype) == ([1, 1, 1], np.float32)

    def test_a_gpu_array_is_set(self):
        class OnGpu:
            __cuda_array_interface__: dict[str, int] = {}
            shape, dtype = (3,), np.dtype("f4")

            def set(self, array):
                self.array = array

        value = OnGpu()
        serializers.NpzDeserializer({"x": np.ones(3)})("x", value)
        assert value.array.dtype == np.float32

    def test_a_tensor_of_bfloat16_comes_back_as_it_was(self):
        class Model:
            def __init__(self, value):
                self.w = torch.full((3,), value, dtype=torch.bfloat16)

            def serialize(self, serializer):
                serializer("w", self.w)

        model = Model(0)
        serializers.load_npz(saved(Model(1.5)), model)
        assert model.w.tolist() == [1.5, 1.5, 1.5]


class TestAllOrNothing:
    def test_a_missing_value_in_the_middle_changes_nothing(self):
        arrays = serializers.serialize(Whole(3))
        del arrays["flag"]
        whole = Whole(1)
        with pytest.raises(KeyError):
            serializers.load_npz(saved(arrays), whole)
        assert state(whole) == state(Whole(1))

    def test_an_error_of_the_targets_own_code_changes_nothing(self):
        class Failing(Whole):
            def serialize(self, serializer):
                super().serialize(serializer)
                self.part.late = np.zeros(2)
                self.log.append(1)
                self.added = True
                raise ZeroDivisionError

        whole = Failing(1)
        with pytest.raises(ZeroDivisionError):
            serializers.load_npz(saved(Whole(3)), whole)
        assert state(whole) == state(Whole(1))

    def test_arrays_beyond_the_journal_are_filled_at_the_end(self):
        class Looking:
            def __init__(self):
                self.arrays = [np.zeros(900_000) for _ in range(2)]

            def serialize(self, serializer):
                for i, array in enumerate(self.arrays):
                    serializer(f"{i}", array)
                self.seen = [array[-1] for array in self.arrays]

        target = Looking()
        serializers.load_npz(saved({"0": np.ones(900_000), "1": np.ones(900_000)}), target)
        assert target.seen == [1, 0]
        assert all(array.all() for array in target.arrays)

    @pytest.mark.parametrize("compression", [True, False])
    def test_old_content_of_all_layouts_comes_back(self, compression):
        def arrays():
            values = np.arange(40_000.0).reshape(200, 200)
            return [
                values.copy(), np.asfortranarray(values), values[::2, ::-2], values.T,
                torch.arange(30_000), values.astype(">f4"), np.arange(30_001, dtype="i1"),
                values.astype("c16"), values[:0], values.copy().view(np.recarray),
                np.array(3.0), np.ones(20_000, "S5"),
            ]  # fmt: skip

        class Failing:
            def __init__(self):
                self.arrays = arrays()

            def serialize(self, serializer):
                for i, array in enumerate(self.arrays):
                    serializer(f"{i}", array)
                if not isinstance(serializer, Serializer):
                    assert all((a[..., :1] == 0).all() for a in self.arrays[:9])
                    raise ZeroDivisionError

        other = Failing()
        stored = {f"{i}": np.zeros_like(array) for i, array in enumerate(other.arrays)}
        with pytest.raises(ZeroDivisionError):
            serializers.load_npz(saved(stored, compression), other)
        for value, before in zip(other.arrays, arrays(), strict=True):
            assert np.asarray(value).tolist() == np.asarray(before).tolist()

    def test_an_interruption_changes_nothing(self):
        class Interrupted(Whole):
            def serialize(self, serializer):
                super().serialize(serializer)
                raise KeyboardInterrupt

        whole = Interrupted(1)
        with pytest.raises(KeyboardInterrupt):
            serializers.load_npz(saved(Whole(3)), whole)
        assert state(whole) == state(Whole(1))

    @pytest.mark.parametrize(
        ("raised", "expected"),
        [(KeyError("x"), SnapshotMismatchError), (TypeError("x"), DtypeMismatchError),
         (ValueError("x"), FileFormatError), (json.JSONDecodeError("x", "", 0), FileFormatError)],
    )  # fmt: skip
    def test_a_value_that_the_target_cannot_take_names_the_file(self, raised, expected):
        class Picky:
            def serialize(self, serializer):
                raise raised

        with pytest.raises(expected, match="could not take a value") as caught:
            serializers.load_npz(saved({"x": 1}), Picky())
        assert caught.value.__cause__ is raised

    @pytest.mark.parametrize("compression", [True, False])
    def test_large_arrays_are_written_only_when_all_is_known_to_be_good(
        self, compression, tmp_path, monkeypatch
    ):
        monkeypatch.setattr("chainer_compat.serializers._session.JOURNAL_BYTES", 1000)

        class Large:
            def __init__(self, value):
                self.arrays = [np.full(300_000, value, np.float32) for _ in range(3)]
                self.count = value

            def serialize(self, serializer):
                for i, array in enumerate(self.arrays):
                    serializer(f"{i}", array)
                self.count = serializer("count", self.count)

        path = tmp_path / "large.npz"
        serializers.save_npz(path, Large(3), compression)
        large = Large(1)
        serializers.load_npz(path, large)
        assert [set(array.tolist()) for array in large.arrays] == [{3.0}] * 3

        data = bytearray(path.read_bytes())
        start = serializers.NpzArchive(path)._entries["2"].data_offset
        data[start + 200] ^= 1
        path.write_bytes(data)
        large = Large(1)
        with pytest.raises(FileFormatError):
            serializers.load_npz(path, large)
        assert large.count == 1
        assert [set(array.tolist()) for array in large.arrays] == [{1.0}] * 3

    def test_arrays_that_share_memory_are_written_in_order(self, monkeypatch):
        monkeypatch.setattr("chainer_compat.serializers._session.JOURNAL_BYTES", 0)

        class Twice:
            def __init__(self):
                self.array = torch.zeros(3)

            def serialize(self, serializer):
                serializer("a", self.array)
                serializer("b", self.array.numpy())

        target = Twice()
        serializers.load_npz(saved({"a": np.ones(3), "b": np.full(3, 2)}), target)
        assert target.array.tolist() == [2, 2, 2]

    @pytest.mark.parametrize(
        ("first", "second", "share"),
        [
            (lambda a: a[:6], lambda a: a[5:], True),
            (lambda a: a[:5], lambda a: a[5:], False),
            (lambda a: a[5::-1], lambda a: a[6:], False),
            (lambda a: a[6::-1], lambda a: a[6:], True),
            (lambda a: a[:0], lambda a: a, False),
            (torch.from_numpy, lambda a: a[9:], True),
            (lambda a: torch.from_numpy(a)[:9], lambda a: torch.from_numpy(a)[9:], False),
            (lambda a: torch.from_numpy(a).to_sparse(), lambda a: a, False),
        ],
    )
    def test_it_is_known_which_arrays_share_memory(self, first, second, share):
        array = np.arange(1.0, 11.0)
        assert share_memory([first(array), second(array)]) == share

    @pytest.mark.parametrize("save", [np.savez, np.savez_compressed, None])
    def test_no_flipped_bit_leaves_a_large_array_half_loaded(self, save, monkeypatch):
        """Each field of the two headers, and the data."""
        monkeypatch.setattr("chainer_compat.serializers._session.JOURNAL_BYTES", 0)
        file = io.BytesIO()
        arrays = {"a": np.arange(3000.0), "b": np.arange(2000.0) + 0.1}
        if save is None:
            serializers.save_npz(file, arrays)
        else:
            save(file, **arrays)
        data = file.getvalue()
        headers = [at + i for mark in (b"PK\x03\x04", b"PK\x01\x02")
                   for at in all_places(data, mark) for i in range(80)]  # fmt: skip
        for at in [*headers, *range(0, len(data), len(data) // 40)]:
            changed = bytearray(data)
            changed[at % len(data)] ^= 1 << (at % 8)
            target = Pair(np.zeros(3000), np.zeros(2000))
            try:
                serializers.load_npz(io.BytesIO(changed), target)
            except (FileFormatError, SnapshotMismatchError):
                assert not target.a.any()
                assert not target.b.any()
            else:
                assert target.a.tolist() == arrays["a"].tolist()
                assert target.b.tolist() == arrays["b"].tolist()

    def test_what_is_driven_by_hand_writes_no_small_array_of_a_damaged_file(self):
        data = bytearray(saved({"x": np.ones(9000)}, compression=False).getvalue())
        data[70_000] ^= 1
        value = np.zeros(9000)
        with pytest.raises(FileFormatError, match="checksum"):
            serializers.NpzDeserializer(serializers.NpzArchive(io.BytesIO(data)))("x", value)
        assert not value.any()


def all_places(data, mark):
    at = data.find(mark)
    while at >= 0:
        yield at
        at = data.find(mark, at + 1)


class Pair:
    def __init__(self, a, b):
        self.a, self.b = a, b

    def serialize(self, serializer):
        serializer("a", self.a)
        serializer("b", self.b)


class TestLargeArrays:
    """Arrays that several threads read in several spans, whatever the target is."""

    shape = (1100, 1301)

    @pytest.fixture(autouse=True)
    def spans(self, monkeypatch):
        monkeypatch.setattr("chainer_compat.serializers._members._SPAN", 1 << 20)
        monkeypatch.setattr("chainer_compat.serializers._session.JOURNAL_BYTES", 0)

    @pytest.mark.parametrize("compression", [True, False])
    @pytest.mark.parametrize("opened", [True, False])
    @pytest.mark.parametrize("order", ["C", "F"])
    @pytest.mark.parametrize("dtype", ["f4", "f8", ">f8"])
    @pytest.mark.parametrize(
        "make",
        [
            lambda shape: np.zeros(shape, "f4"),
            lambda shape: np.zeros(shape, "f4", order="F"),
            lambda shape: np.zeros((shape[0], 2 * shape[1]))[:, ::2],
            lambda shape: np.zeros(shape).view(np.recarray),
            torch.zeros,
            lambda shape: torch.zeros(shape[::-1], dtype=torch.float64).T,
            lambda shape: torch.zeros(shape, dtype=torch.bfloat16),
        ],
    )
    def test_targets_of_all_kinds_are_filled(
        self, tmp_path, compression, opened, order, dtype, make
    ):
        array = np.random.default_rng(0).integers(-120, 120, self.shape).astype(dtype, order=order)
        path = tmp_path / "x.npz"
        serializers.save_npz(path, {"a": array, "b": -array}, compression)
        target = Pair(make(self.shape), make(self.shape))
        with path.open("rb") as file:
            serializers.load_npz(file if opened else path, target)
        for value, expected in [(target.a, array), (target.b, -array)]:
            found = value.double().numpy() if isinstance(value, torch.Tensor) else value
            np.testing.assert_array_equal(found, expected)

    def test_dtypes_of_odd_sizes_are_cast_too(self):
        array = np.array([f"{i:05}"[:3] for i in range(50_000)], "S3")
        target = Pair(np.zeros(50_000, "S3"), np.zeros(50_000, "S5"))
        serializers.load_npz(saved({"a": array, "b": array}, compression=False), target)
        assert (target.a == array).all()
        assert (target.b == array).all()

    def test_one_core_does_it_alone(self, monkeypatch):
        monkeypatch.setattr("chainer_compat.serializers._two_passes.THREADS", 1)
        target = Pair(np.zeros(400_000), np.zeros(400_000))
        serializers.load_npz(saved({"a": np.ones(400_000), "b": np.ones(400_000)}), target)
        assert target.a.all()
        assert target.b.all()


class TestAForgedFile:
    """Its checksums of packed bytes are right, and still it cannot be read to its end."""

    size = 1_500_000

    @pytest.fixture
    def path(self, tmp_path):
        path = tmp_path / "x.npz"
        chance = np.random.default_rng(0)
        serializers.save_npz(path, {"a": chance.normal(size=self.size), "b": np.ones(self.size)})
        path.write_bytes(forged(path.read_bytes(), "a", self.flip))
        return path

    def flip(self, packed):
        packed[len(packed) // 3 * 2] ^= 0x10
        return packed

    @pytest.fixture(params=["disk", "memory", "no room"])
    def room(self, request, monkeypatch):
        if request.param == "memory":
            monkeypatch.setattr("chainer_compat.serializers._two_passes.IN_MEMORY", 1 << 30)
            monkeypatch.setattr("chainer_compat.serializers._old_contents.IN_MEMORY", 1 << 30)
        if request.param == "no room":
            monkeypatch.setattr(
                "chainer_compat.serializers._old_contents._SHARE_OF_FREE_SPACE", 0.0
            )

    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.usefixtures("room")
    def test_it_leaves_everything_as_it_was(self, path, threads, monkeypatch):
        monkeypatch.setattr("chainer_compat.serializers._two_passes.THREADS", threads)
        for first, second in [("a", "b"), ("b", "a")]:
            arrays = {first: np.full(self.size, 2.0), second: torch.full((self.size,), 3.0)}
            with pytest.raises(FileFormatError, match=r"'a.npy'.*damaged"):
                serializers.load_npz(path, Pair(arrays["a"], arrays["b"]))
            assert (arrays[first] == 2).all()
            assert (arrays[second] == 3).all()

    @pytest.mark.usefixtures("room")
    def test_it_leaves_a_torch_module_as_it_was(self, path):
        module = torch.nn.Module()
        module.a = torch.nn.Parameter(torch.full((self.size,), 2.0))
        module.b = torch.nn.Parameter(torch.full((self.size,), 3.0, dtype=torch.bfloat16))
        with pytest.raises(FileFormatError, match=r"'a.npy'.*damaged"):
            serializers.load_npz(path, module)
        assert (module.a == 2).all()
        assert (module.b == 3).all()


@pytest.mark.parametrize("compression", [True, False])
def test_an_interruption_while_arrays_are_written_comes_when_all_are(
    compression, tmp_path, monkeypatch
):
    path = tmp_path / "x.npz"
    size = 2_000_000
    serializers.save_npz(path, {"a": np.full(size, 3.0), "b": np.full(size, 3.0)}, compression)
    with serializers.NpzArchive(path) as archive:
        member = type(archive.member("a"))
    fill = member._inflate_into if compression else member._put

    def interrupted(*args):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        return fill(*args)

    monkeypatch.setattr(member, "_inflate_into" if compression else "_put", interrupted)
    monkeypatch.setattr("chainer_compat.serializers._session.JOURNAL_BYTES", 0)
    target = Pair(np.ones(size), np.ones(size))
    with pytest.raises(KeyboardInterrupt):
        serializers.load_npz(path, target)
    assert (target.a == 3).all()
    assert (target.b == 3).all()


class TestAFileThatChangesMeanwhile:
    """Someone writes to the file after its checksums were verified."""

    @pytest.fixture
    def path(self, tmp_path):
        path = tmp_path / "x.npz"
        serializers.save_npz(path, {"a": np.full(400_000, 3.0), "b": np.full(400_000, 3.0)}, False)
        return path

    def load(self, path, monkeypatch, change, when, in_memory=0):
        """Loads while `change` happens: between the passes, or within the second one."""
        target = Pair(np.ones(400_000), np.ones(400_000))
        calls = []

        def do_all(steps, *args):
            steps = list(steps)
            calls.append(len(steps))
            if len(calls) == when:
                change()
            _steps.do_all(steps, *args)
            if len(calls) == 1 and when == "between":
                change()

        monkeypatch.setattr("chainer_compat.serializers._two_passes.do_all", do_all)
        monkeypatch.setattr("chainer_compat.serializers._two_passes.IN_MEMORY", in_memory)
        monkeypatch.setattr("chainer_compat.serializers._session.JOURNAL_BYTES", 0)
        try:
            serializers.load_npz(path, target)
        finally:
            assert calls[0] == (4 if in_memory else 2)
        return target

    def damage(self, path):
        os.utime(path, (1, 1))
        with path.open("rb+") as file:
            file.seek(path.stat().st_size // 3)
            file.write(b"12345678")

    def test_nothing_is_written_if_it_was_damaged_before_the_writing(self, path, monkeypatch):
        before = Pair.serialize
        targets = []
        monkeypatch.setattr(Pair, "serialize", lambda s, x: targets.append(s) or before(s, x))
        with pytest.raises(FileFormatError, match="checksum is wrong"):
            self.load(path, monkeypatch, lambda: self.damage(path), "between")
        assert (targets[0].a == 1).all()
        assert (targets[0].b == 1).all()

    def test_wrong_bytes_are_never_taken_for_right_ones(self, path, monkeypatch):
        with pytest.raises(FileFormatError, match="written to meanwhile"):
            self.load(path, monkeypatch, lambda: self.damage(path), 2)

    def test_arrays_that_are_no_larger_than_what_memory_has_room_for_are_put_back(
        self, path, monkeypatch
    ):
        before, targets = Pair.serialize, []
        monkeypatch.setattr(Pair, "serialize", lambda s, x: targets.append(s) or before(s, x))
        with pytest.raises(FileFormatError, match=r"checksum is wrong; the file is damaged$"):
            self.load(path, monkeypatch, lambda: self.damage(path), 2, in_memory=1 << 23)
        assert (targets[0].a == 1).all()
        assert (targets[0].b == 1).all()

    def test_a_file_that_gets_shorter_is_told(self, path, monkeypatch):
        with pytest.raises(FileFormatError, match=r"ends early.*written to meanwhile"):
            self.load(path, monkeypatch, lambda: os.truncate(path, 100), 2)

    def test_a_file_that_was_only_touched_is_loaded(self, path, monkeypatch):
        target = self.load(path, monkeypatch, lambda: os.utime(path, (1, 1)), "between")
        assert (target.a == 3).all()
        assert (target.b == 3).all()

    def test_a_file_that_was_replaced_is_read_as_it_was(self, path, monkeypatch, tmp_path):
        def replace():
            serializers.save_npz(tmp_path / "other", {"a": np.zeros(400_000)}, compression=False)
            (tmp_path / "other").replace(path)

        target = self.load(path, monkeypatch, replace, "between")
        assert (target.a == 3).all()
        assert (target.b == 3).all()


def test_a_mapping_of_objects_is_refused():
    with pytest.raises(ValueError, match="Python objects"):
        serializers.NpzDeserializer({"x": np.array([{}])})("x", None)


def test_numpys_own_npz_object_will_do():
    deserializer = serializers.NpzDeserializer(np.load(saved({"m/x": 3})), path="m/")
    assert deserializer("x", 1) == 3


class TestBytes:
    """What is written stays what it is, byte for byte, from version to version."""

    arrays = {
        "predictor/l1/W": np.arange(6, dtype=np.float32).reshape(2, 3),
        "t": np.asarray(3),
        "none": None,
        "text": "abc",
    }

    def test_a_plain_file(self):
        data = saved(self.arrays, compression=False).getvalue()
        assert hashlib.sha256(data).hexdigest() == PLAIN_SHA256

    def test_the_members_of_a_compressed_file(self):
        plain, packed = (saved(self.arrays, compression) for compression in (False, True))
        with zipfile.ZipFile(plain) as expected, zipfile.ZipFile(packed) as found:
            assert found.namelist() == expected.namelist()
            for name in expected.namelist():
                assert found.read(name) == expected.read(name)
            for info in found.infolist():
                assert (info.compress_type, info.date_time) == (8, (1980, 1, 1, 0, 0, 0))

    def test_a_member_is_what_numpy_writes(self):
        expected = io.BytesIO()
        np.save(expected, self.arrays["predictor/l1/W"])
        with zipfile.ZipFile(saved(self.arrays)) as found:
            assert found.read("predictor/l1/W.npy") == expected.getvalue()
