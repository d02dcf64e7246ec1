from __future__ import annotations

import io
import pickle
import struct
import zipfile

import numpy as np
import pytest
import torch

from chainer_compat import serializers
from chainer_compat.errors import FileFormatError, UnsafeFileError
from chainer_compat.serializers import Limits, NpzArchive
from chainer_compat.serializers._source import open_source
from chainer_compat.serializers._zip_reader import read_directory


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def zipped(members, method=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return bytearray(file.getvalue())


def read_all(data, **kwargs):
    with NpzArchive(io.BytesIO(bytes(data)), **kwargs) as archive:
        return {key: archive[key] for key in archive}


GOOD = zipped([("a.npy", npy(np.arange(6))), ("b/c.npy", npy(np.ones((2, 3))))])


def test_an_archive_is_a_mapping():
    archive = NpzArchive(io.BytesIO(GOOD))
    assert (archive.files, len(archive), "a" in archive, "z" in archive) == (
        ["a", "b/c"],
        2,
        True,
        False,
    )
    assert archive["a"].tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(KeyError):
        archive["z"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_every_cut_is_noticed(method):
    data = zipped([("a.npy", npy(np.arange(60)))], method)
    for length in range(len(data)):
        with pytest.raises(FileFormatError):
            read_all(data[:length])


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_every_flipped_bit_is_noticed_or_harmless(method):
    data = zipped([("a.npy", npy(np.arange(60)))], method)
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << (at % 8)
        try:
            found = read_all(changed)
        except FileFormatError:
            continue
        # Times, versions and attributes may differ, and the name: then the key is another one.
        assert [array.tolist() for array in found.values()] == [list(range(60))]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no npz file"),
        (b"\x89HDF\r\n\x1a\n....", "an HDF5 file: use load_hdf5"),
        (npy(np.ones(3)), "one array in npy format"),
        (pickle.dumps({}), "a pickle, which is never loaded"),
        (GOOD + b"more", "bytes after the end"),
        (b"#!/bin/sh\n" + bytes(GOOD), "no npz file"),
    ],
)
def test_other_files_are_told(data, message):
    with pytest.raises(FileFormatError, match=message):
        NpzArchive(io.BytesIO(bytes(data)))


def test_a_file_of_torchs_is_told():
    file = io.BytesIO()
    torch.save({"w": torch.ones(2)}, file)
    with pytest.raises(FileFormatError, match=r"but one of torch\.save: use torch\.load"):
        NpzArchive(file)


def test_a_name_that_is_there_twice_is_refused():
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped([("a.npy", npy(np.ones(1))), ("a.npy", npy(np.zeros(1)))])
    with pytest.raises(UnsafeFileError, match="there twice"):
        read_all(data)


def test_members_that_share_bytes_are_refused():
    data = bytearray(zipped([("a.npy", npy(np.ones(9))), ("b.npy", npy(np.ones(9)))]))
    second = data.rfind(b"PK\x01\x02")
    local_b = struct.unpack_from("<L", data, second + 42)[0]
    # The first member claims the bytes of the second one too.
    first = data.find(b"PK\x01\x02")
    end = first - 0
    size = end - (30 + len("a.npy"))
    struct.pack_into("<2L", data, first + 20, size, size)
    assert local_b < end
    with pytest.raises(UnsafeFileError, match="overlaps"):
        read_all(data)


def change_central(data, offset, layout, *values):
    changed = bytearray(data)
    struct.pack_into(layout, changed, changed.find(b"PK\x01\x02") + offset, *values)
    return changed


@pytest.mark.parametrize(
    ("offset", "layout", "value"),
    [(8, "<H", 1), (8, "<H", 0x40), (10, "<H", 12), (10, "<H", 14), (10, "<H", 99), (34, "<H", 1)],
)
def test_encrypted_members_and_other_methods_are_refused(offset, layout, value):
    with pytest.raises(UnsafeFileError, match="encrypted, or packed by unknown method"):
        read_all(change_central(GOOD, offset, layout, value))


@pytest.mark.parametrize(
    ("offset", "layout", "value"),
    [
        (16, "<L", 1), (20, "<L", 10), (24, "<L", 10), (24, "<L", 0xFFFFFFFF), (28, "<H", 3),
        (28, "<H", 60000), (42, "<L", 0xFFFFFF), (42, "<L", 7), (8, "<H", 0x800),
    ],
)  # fmt: skip
def test_directories_that_lie_are_refused(offset, layout, value):
    changed = change_central(GOOD, offset, layout, value)
    if (offset, value) == (8, 0x800):  # the flag of UTF-8 names changes nothing for these
        read_all(changed)
    else:
        with pytest.raises(FileFormatError):
            read_all(changed)


def test_headers_that_do_not_agree_are_refused():
    changed = bytearray(GOOD)
    changed[30] = ord("z")
    with pytest.raises(UnsafeFileError, match="do not agree"):
        read_all(changed)


def test_a_name_that_is_no_text_is_refused():
    data = bytearray(zipped([("é.npy", npy(np.ones(1)))]))
    changed = data.replace("é".encode(), b"\xff\xfe")
    with pytest.raises(FileFormatError, match="not valid text"):
        read_all(changed)


def test_names_are_never_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["../../etc/passwd", "/root", "a/../b", "C:\\x"]
    found = read_all(zipped([(f"{name}.npy", npy(np.ones(1))) for name in names]))
    assert len(found) == 4
    assert list(tmp_path.iterdir()) == []


def test_pickles_are_refused_by_name():
    data = zipped([("ok.npy", npy(np.ones(1))), ("bad.npy", npy(np.array([{}, None])))])
    archive = NpzArchive(io.BytesIO(data))
    assert archive["ok"] == 1
    with pytest.raises(UnsafeFileError, match=r"'bad.npy': holds pickled Python objects"):
        archive["bad"]


def test_a_large_pickle_is_refused_unread():
    data = zipped([("bad.npy", npy(np.array(["x" * 2_000_000], object)))])
    with pytest.raises(UnsafeFileError, match="pickled"):
        read_all(data)


def test_a_member_that_is_no_array_is_told():
    with pytest.raises(FileFormatError, match="is not in NumPy's npy format"):
        read_all(zipped([("readme.txt", b"hello, this is text")]))


def test_the_sum_of_sizes_has_a_cap():
    with pytest.raises(UnsafeFileError, match="more than the cap"):
        read_all(GOOD, limits=Limits(max_bytes=100))


def test_the_ratio_has_a_cap():
    file = io.BytesIO()
    serializers.save_npz(file, {"x": np.zeros(1_000_000)})
    assert NpzArchive(file)["x"].sum() == 0
    with pytest.raises(UnsafeFileError, match="more than 5 times"):
        NpzArchive(file, Limits(max_ratio=5, free_bytes=1000))


def test_a_size_that_deflate_cannot_reach_is_refused():
    data = zipped([("a.npy", npy(np.zeros(1000)))], zipfile.ZIP_DEFLATED)
    with pytest.raises(UnsafeFileError, match="deflate cannot do"):
        read_all(change_central(data, 24, "<L", 0x7FFFFFFF))


@pytest.mark.parametrize("size", [8127, 8129])
def test_a_deflated_member_of_another_size_than_it_claims_is_refused(size):
    data = zipped([("a.npy", npy(np.arange(1000.0)))], zipfile.ZIP_DEFLATED)
    with pytest.raises(FileFormatError):
        read_all(change_central(data, 24, "<L", size))


def test_bytes_after_the_compressed_data_are_refused():
    import zlib

    deflater = zlib.compressobj(wbits=-15)
    body = deflater.compress(npy(np.ones(3))) + deflater.flush() + b"xx"
    data = bytearray(zipped([("a.npy", body)]))
    data[8:10] = struct.pack("<H", 8)
    data = change_central(data, 10, "<H", 8)
    data = change_central(
        data, 16, "<LLL", zlib.crc32(npy(np.ones(3))), len(body), len(npy(np.ones(3)))
    )
    with pytest.raises(FileFormatError, match="wrong end"):
        read_all(data)


def test_a_zip64_archive_is_read():
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w") as archive,
        archive.open("a.npy", "w", force_zip64=True) as member,
    ):
        member.write(npy(np.arange(3)))
    assert read_all(file.getvalue())["a"].tolist() == [0, 1, 2]


def zip64(data, count=1):
    """The archive with all of its numbers moved into zip64 records."""
    end = data.rfind(b"PK\x05\x06")
    size, offset = struct.unpack_from("<2L", data, end + 12)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return bytearray(data[:end] + record + locator + last)


def test_a_zip64_directory_is_read():
    data = zip64(zipped([("a.npy", npy(np.arange(3)))]))
    assert read_all(data)["a"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("at", [b"PK\x06\x06", b"PK\x06\x07"])
def test_a_damaged_zip64_directory_is_told(at):
    data = zip64(zipped([("a.npy", npy(np.arange(3)))]))
    with pytest.raises(FileFormatError, match="zip64 directory is damaged"):
        read_all(data.replace(at, b"XXXX"))


def test_a_missing_zip64_directory_is_told():
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    with pytest.raises(FileFormatError, match="zip64 directory is missing"):
        read_all(last)


def test_an_archive_in_volumes_is_refused():
    changed = bytearray(GOOD)
    struct.pack_into("<H", changed, changed.rfind(b"PK\x05\x06") + 4, 1)
    with pytest.raises(UnsafeFileError, match="several volumes"):
        read_all(changed)


def test_more_than_65535_members_are_written_as_zip64(tmp_path):
    path = tmp_path / "many.npz"
    serializers.save_npz(path, {f"{i}": 0 for i in range(65536)}, compression=False)
    source = open_source(path)
    assert len(read_directory(source)) == 65536
    source.close()
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == 65536


def test_large_members_have_zip64_sizes(monkeypatch):
    monkeypatch.setattr("chainer_compat.serializers._zip_writer._LIMIT", 5000)
    file = io.BytesIO()
    serializers.save_npz(file, {"a": np.arange(1000), "b": np.arange(300)})
    monkeypatch.undo()
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
    assert read_all(file.getvalue())["a"].tolist() == list(range(1000))


def test_a_file_that_ends_while_it_is_read_is_told(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(zipped([("a.npy", npy(np.zeros(1_000_000)))]))
    for opened in (path, path.open("rb")):
        with NpzArchive(opened) as archive:
            member = archive.member("a")
            with path.open("rb+") as file:
                file.truncate(1000)
            with pytest.raises(FileFormatError, match="ends early"):
                member.read()
        path.write_bytes(zipped([("a.npy", npy(np.zeros(1_000_000)))]))
    opened.close()


def test_something_that_is_no_file_is_a_type_error():
    with pytest.raises(TypeError, match="path or a binary file object"):
        NpzArchive(3)
