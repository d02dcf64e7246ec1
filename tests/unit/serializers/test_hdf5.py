from __future__ import annotations

import math
import zlib

import h5py
import numpy as np
import pytest
import torch

from chainer_compat import serializers
from chainer_compat.errors import FileFormatError, SnapshotMismatchError, UnsafeFileError
from chainer_compat.serializers._hdf5_chunks import _chunk_shape
from tests.unit.serializers._targets import Part, Whole, state


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.h5"


@pytest.mark.parametrize("compression", [4, None, 0, 9])
def test_what_was_saved_is_loaded(path, compression):
    serializers.save_hdf5(path, Whole(3), compression)
    whole = Whole()
    serializers.load_hdf5(path, whole)
    assert state(whole) == {**state(Whole(3)), "log": [0]}


def test_the_layout_is_chainers(path):
    serializers.save_hdf5(path, Whole(3))
    with h5py.File(path) as file:
        assert file["part/array"].compression == "gzip"
        assert file["part/array"].compression_opts == 4
        assert file["count"].compression is None
        assert file["nothing"].shape is None
        assert file["part/array"][:].tolist() == [[3, 3, 3], [3, 3, 3]]


def test_compression_is_not_lost_after_a_scalar(path):
    serializers.save_hdf5(path, {"a": np.ones(1), "b": np.ones(9)})
    with h5py.File(path) as file:
        assert (file["a"].compression, file["b"].compression) == (None, "gzip")


@pytest.mark.parametrize(
    "shape", [(5,), (0,), (3, 4), (300, 1000), (1_000_001,), (3, 2, 600, 500), (2, 1, 1)]
)
@pytest.mark.parametrize("dtype", ["f4", "f2", "i8", "u1", "?", "c8", ">f8"])
def test_arrays_of_any_shape_survive(path, shape, dtype):
    array = np.random.default_rng(0).integers(0, 9, shape).astype(dtype)
    serializers.save_hdf5(path, {"x": array})
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["x"][()], array)
        target = np.zeros_like(array)
        serializers.HDF5Deserializer(file)("x", target)
    np.testing.assert_array_equal(target, array)


@pytest.mark.parametrize(
    "options", [{"shuffle": True}, {"fletcher32": True}, {}, {"chunks": (7, 11)}]
)
def test_the_librarys_own_filters_are_read(path, options):
    array = np.arange(1000.0).reshape(20, 50)
    compression = None if not options else "gzip"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=array, compression=compression, **options)
    target = np.zeros((20, 50))

    class Target:
        def serialize(self, serializer):
            serializer("x", target)

    serializers.load_hdf5(path, Target())
    np.testing.assert_array_equal(target, array)


@pytest.mark.parametrize(
    ("shape", "size"), [((10**6,), 4), ((3, 10**6), 8), ((4, 5), 4), ((1, 1, 10**7), 4)]
)
def test_chunks_are_about_a_megabyte(shape, size):
    chunk = _chunk_shape(shape, size)
    assert all(0 < step <= extent for step, extent in zip(chunk, shape, strict=True))
    assert math.prod(chunk) * size <= 1 << 20
    assert math.prod(chunk) == math.prod(shape) or math.prod(chunk) * size > 1 << 18


def test_text_survives(path):
    serializers.save_hdf5(path, {"text": "grüße", "many": np.array(["a", "bc"])})
    with h5py.File(path) as file:
        deserializer = serializers.HDF5Deserializer(file)
        assert deserializer("text", "") == "grüße"
        assert deserializer("many", None).tolist() == ["a", "bc"]


def test_a_value_that_cannot_be_saved_is_named(path):
    with pytest.raises(TypeError, match="bad: a value of dict"):
        serializers.save_hdf5(path, {"good": 1, "bad": {}})
    assert not path.exists()


def test_leading_slashes_of_a_dictionary_do_not_matter(path):
    serializers.save_hdf5(path, {"/a/b": 1})
    with h5py.File(path) as file:
        assert file["a/b"][()] == 1


def test_a_torch_module_is_saved_and_loaded(path):
    first, second = torch.nn.Linear(2, 3), torch.nn.Linear(2, 3)
    serializers.save_hdf5(path, first)
    serializers.load_hdf5(path, second)
    assert torch.equal(first.weight, second.weight)


class TestByHand:
    def test_groups_are_made_and_entered(self, path):
        with h5py.File(path, "w") as file:
            serializers.HDF5Serializer(file)["a"]["b"]("x", 3)
        with h5py.File(path) as file:
            assert serializers.HDF5Deserializer(file)["a"]["b"]("x", 0) == 3

    def test_a_missing_value_is_a_key_error(self, path):
        serializers.save_hdf5(path, {"a": 1})
        with h5py.File(path) as file, pytest.raises(KeyError):
            serializers.HDF5Deserializer(file)("x", 0)

    def test_a_missing_group_is_a_value_error_as_in_chainer_and_a_key_error(self, path):
        serializers.save_hdf5(path, {"a": 1})
        with h5py.File(path) as file:
            deserializer = serializers.HDF5Deserializer(file)["x"]["y"]
            for kind in (ValueError, KeyError, SnapshotMismatchError):
                with pytest.raises(kind, match="no group"):
                    deserializer("z", 0)

    def test_what_is_missing_stays_if_not_strict(self, path):
        serializers.save_hdf5(path, {"a": 1})
        with h5py.File(path) as file:
            deserializer = serializers.HDF5Deserializer(file, strict=False)
            assert deserializer("x", 5) == 5
            assert deserializer["y"]("x", 6) == 6
            assert deserializer["a"]("x", 7) == 7

    def test_none_is_loaded_as_none(self, path):
        serializers.save_hdf5(path, Part())
        with h5py.File(path) as file:
            assert serializers.HDF5Deserializer(file)("late", np.ones(3)) is None


class TestAllOrNothing:
    def test_what_does_not_fit_changes_nothing(self, path):
        arrays = serializers.serialize(Whole(3))
        del arrays["text"]
        serializers.save_hdf5(path, arrays)
        whole = Whole(1)
        with pytest.raises(KeyError) as caught:
            serializers.load_hdf5(path, whole)
        assert caught.value.missing == ("text",)
        assert state(whole) == state(Whole(1))

    @pytest.mark.parametrize("size", [100, 500_000])
    def test_a_damaged_chunk_changes_nothing(self, path, size, monkeypatch):
        monkeypatch.setattr("chainer_compat.serializers._session.JOURNAL_BYTES", 10_000)
        array = np.random.default_rng(0).normal(size=size)
        serializers.save_hdf5(path, {"a": array, "b": array})
        with h5py.File(path, "r+") as file:
            offset = file["b"].id.get_chunk_info(0).byte_offset
        data = bytearray(path.read_bytes())
        data[offset + 300] ^= 0xFF
        path.write_bytes(data)

        class Target:
            def __init__(self):
                self.a, self.b = np.zeros(size), np.zeros(size)

            def serialize(self, serializer):
                serializer("a", self.a)
                serializer("b", self.b)

        target = Target()
        with pytest.raises(FileFormatError, match="damaged"):
            serializers.load_hdf5(path, target)
        assert not target.a.any()
        assert not target.b.any()

    @pytest.mark.parametrize("lost", [1, 4, 5])
    def test_a_chunk_that_lacks_its_end_is_damaged(self, path, lost):
        """Its last four bytes are the checksum of the rest."""
        with h5py.File(path, "w") as file:
            whole = file.create_dataset("array", (3,), "f8", chunks=(3,), compression="gzip")
            packed = zlib.compress(np.arange(3.0).tobytes())
            whole.id.write_direct_chunk((0,), packed[:-lost])
        array = np.ones(3)
        with pytest.raises(FileFormatError, match="'array': its data is damaged"):
            serializers.load_hdf5(path, Holder(array))
        assert array.tolist() == [1, 1, 1]


class Holder:
    def __init__(self, array):
        self.array = array

    def serialize(self, serializer):
        serializer("array", self.array)


class TestRefused:
    def load(self, path):
        serializers.load_hdf5(path, Whole(), strict=False)

    def test_a_link_out_of_the_file(self, path, tmp_path):
        with h5py.File(tmp_path / "other.h5", "w") as other:
            other["secret"] = np.ones(3)
        with h5py.File(path, "w") as file:
            file["count"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "secret")
        with pytest.raises(UnsafeFileError, match="'count': is a link to elsewhere"):
            self.load(path)

    def test_a_link_within_the_file(self, path):
        with h5py.File(path, "w") as file:
            file["a"] = 1
            file["count"] = h5py.SoftLink("/a")
        with pytest.raises(UnsafeFileError, match="link to elsewhere"):
            self.load(path)

    def test_a_second_name_which_could_be_a_cycle(self, path):
        with h5py.File(path, "w") as file:
            group = file.create_group("a")
            group["self"] = group
        with pytest.raises(UnsafeFileError, match="under another name already"):
            self.load(path)

    def test_virtual_data(self, path, tmp_path):
        layout = h5py.VirtualLayout((3,), "f8")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (3,))
        with h5py.File(path, "w") as file:
            file.create_virtual_dataset("count", layout)
        with pytest.raises(UnsafeFileError, match="in other files"):
            self.load(path)

    def test_external_data(self, path, tmp_path):
        (tmp_path / "raw").write_bytes(bytes(24))
        with h5py.File(path, "w") as file:
            file.create_dataset("count", (3,), "f8", external=[(str(tmp_path / "raw"), 0, 24)])
        with pytest.raises(UnsafeFileError, match="in other files"):
            self.load(path)

    def test_an_unknown_filter(self, path):
        with h5py.File(path, "w") as file:
            file.create_dataset("count", data=np.ones(100), compression="lzf")
        with pytest.raises(UnsafeFileError, match="filter 32000"):
            self.load(path)

    def test_a_type_that_is_no_number_or_text(self, path):
        with h5py.File(path, "w") as file:
            file.create_dataset("count", data=np.zeros(3, [("a", "f4")]))
        with pytest.raises(UnsafeFileError, match="are refused"):
            self.load(path)

    def test_a_named_type(self, path):
        with h5py.File(path, "w") as file:
            file["count"] = np.dtype("f4")
        with pytest.raises(UnsafeFileError, match="neither a group nor a dataset"):
            self.load(path)

    def test_a_claim_without_data(self, path):
        with h5py.File(path, "w") as file:
            file.create_dataset("count", (10**12,), "f8", chunks=(1000,), compression="gzip")
        with pytest.raises(FileFormatError, match="has no data"):
            self.load(path)

    def test_a_claim_that_deflate_cannot_reach(self, path):
        with h5py.File(path, "w") as file:
            dataset = file.create_dataset(
                "count", (10**9,), "f8", chunks=(1000,), compression="gzip"
            )
            dataset[:10] = 1
        with pytest.raises(UnsafeFileError, match="deflate cannot do"):
            self.load(path)

    def test_more_than_the_cap(self, path):
        serializers.save_hdf5(path, {"count": np.ones(1000)})
        with pytest.raises(UnsafeFileError, match="more than the cap"):
            serializers.load_hdf5(path, Whole(), limits=serializers.Limits(max_bytes=100))

    @pytest.mark.parametrize("content", [b"", b"no hdf5", b"\x89HDF\r\n\x1a\n" + bytes(100)])
    def test_other_files(self, path, content):
        path.write_bytes(content)
        with pytest.raises(FileFormatError, match="no whole hdf5 file"):
            self.load(path)

    def test_a_file_that_is_cut_short(self, path):
        serializers.save_hdf5(path, {"count": np.random.default_rng(0).normal(size=10_000)})
        path.write_bytes(path.read_bytes()[:-5000])
        with pytest.raises(FileFormatError):
            self.load(path)

    def test_no_file(self, path):
        with pytest.raises(FileNotFoundError):
            self.load(path)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"PK\x03\x04....", "is no hdf5 file but a zip archive, as npz files are: use load_npz"),
        (b"\x80\x04....", "is no hdf5 file but a pickle"),
        (b"hello, you", "is no whole hdf5 file"),
        (b"\x89HDF\r\n\x1a\n", "is no whole hdf5 file"),
    ],
)
def test_other_files_are_told(path, head, message):
    path.write_bytes(head)
    with pytest.raises(FileFormatError, match=message):
        serializers.load_hdf5(path, Part())
