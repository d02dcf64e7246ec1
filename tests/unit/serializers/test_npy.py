from __future__ import annotations

import io

import numpy as np
import pytest

from chainer_compat.errors import FileFormatError, UnsafeFileError
from chainer_compat.serializers._npy import NONE_NPY, format_header, parse_header


def npy(array):
    file = io.BytesIO()
    np.lib.format.write_array(file, array)
    return file.getvalue()


def with_header(text, version=(1, 0), data=b""):
    width = 2 if version[0] == 1 else 4
    body = text.encode()
    return b"\x93NUMPY" + bytes(version) + len(body).to_bytes(width, "little") + body + data


def plain_header(shape, descr="'<f4'"):
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': ({shape}), }}"


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (1, 2, 3, 4)])
@pytest.mark.parametrize("dtype", ["f4", ">f8", "i1", "?", "c16", "U5", "S3"])
def test_what_numpy_writes_is_read(shape, dtype):
    plain = npy(np.zeros(shape, dtype))
    header = parse_header(plain, len(plain), "x")
    assert (header.dtype, header.shape) == (np.dtype(dtype), shape)
    assert header.data_offset + header.nbytes == len(plain)


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (1, 2, 3, 4)])
@pytest.mark.parametrize("fortran", [False, True])
def test_numpy_reads_what_is_written(shape, fortran):
    array = np.arange(np.prod(shape, dtype=int), dtype="f4").reshape(shape)
    order = "F" if fortran else "C"
    plain = format_header(array.dtype, shape, fortran=fortran) + array.tobytes(order)
    np.testing.assert_array_equal(np.load(io.BytesIO(plain)), array)


def test_headers_are_numpys_bytes():
    array = np.zeros((2, 3), "f4")
    assert npy(array).startswith(format_header(array.dtype, (2, 3), fortran=False))


def test_none_is_numpys_bytes_but_for_the_protocol():
    assert NONE_NPY.startswith(npy(np.asarray(None))[:128])
    assert np.load(io.BytesIO(NONE_NPY), allow_pickle=True)[()] is None


def test_pythons_2_long_integers_are_read():
    plain = with_header(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }", data=bytes(24)
    )
    assert parse_header(plain, len(plain), "x").shape == (2, 3)


@pytest.mark.parametrize("version", [(2, 0), (3, 0)])
def test_later_versions_are_read(version):
    plain = with_header(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", version, bytes(4)
    )
    assert parse_header(plain, len(plain), "x").shape == (1,)


@pytest.mark.parametrize(
    "plain",
    [
        b"", b"\x93NUMPY", b"NOTNUMPYATALL", with_header("x", (9, 0)), with_header("x", (1, 1)),
        with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", data=bytes(7)),
        with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", data=bytes(9)),
        with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (,), }", data=bytes(4)),
        with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2 2), }"),
        with_header("{'descr': '<f3', 'fortran_order': False, 'shape': (1,), }", data=bytes(3)),
        with_header(plain_header("1," * 33), data=bytes(4)),
        with_header(plain_header("9" * 23)),
        with_header("{'descr': '<f4'")[:20], b"\x93NUMPY\x03\x00\x02\x00\x00\x00\xff\xfe",
    ],
)  # fmt: skip
def test_damaged_headers_are_told(plain):
    with pytest.raises(FileFormatError, match="file: "):
        parse_header(plain, len(plain), "file")


@pytest.mark.parametrize(
    "plain",
    [
        with_header("__import__('os').system('id')"),
        with_header(plain_header("1,", "[('a', '<f4')]"), data=bytes(4)),
        with_header(plain_header("1,")[:-1] + "'x': 1}", data=bytes(4)),
        with_header("{'descr': '<M8', 'fortran_order': False, 'shape': (1,), }", data=bytes(8)),
        with_header("[" * 3000), with_header(" " * 5000),
    ],
)  # fmt: skip
def test_what_no_plain_array_has_is_refused(plain):
    with pytest.raises(UnsafeFileError, match="file: "):
        parse_header(plain, len(plain), "file")


def test_a_header_of_a_few_bytes_cannot_claim_terabytes():
    plain = with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }")
    with pytest.raises(FileFormatError, match="takes 8,000,000,000,000 bytes, but 0 are stored"):
        parse_header(plain, len(plain), "x")
