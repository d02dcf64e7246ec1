from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import stat
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

    def test_what_is_driven_by_hand_writes_no_small_array_of_a_damaged_file(self):
        data = bytearray(saved({"x": np.ones(9000)}, compression=False).getvalue())
        data[70_000] ^= 1
        value = np.zeros(9000)
        with pytest.raises(FileFormatError, match="checksum"):
            serializers.NpzDeserializer(serializers.NpzArchive(io.BytesIO(data)))("x", value)
        assert not value.any()


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
