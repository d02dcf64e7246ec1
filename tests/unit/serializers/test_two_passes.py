from __future__ import annotations

import io
import os
import signal
import threading

import numpy as np
import pytest
import torch

from chainer_compat import serializers
from chainer_compat.errors import FileFormatError, SnapshotMismatchError
from chainer_compat.serializers import _steps
from chainer_compat.serializers._two_passes import share_memory


def saved(obj, compression=True):
    file = io.BytesIO()
    serializers.save_npz(file, obj, compression)
    file.seek(0)
    return file


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


@pytest.mark.parametrize("compression", [True, False])
def test_large_arrays_are_written_only_when_all_is_known_to_be_good(
    compression, tmp_path, monkeypatch
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


def test_arrays_that_share_memory_are_written_in_order(monkeypatch):
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
def test_it_is_known_which_arrays_share_memory(first, second, share):
    array = np.arange(1.0, 11.0)
    assert share_memory([first(array), second(array)]) == share


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed, None])
def test_no_flipped_bit_leaves_a_large_array_half_loaded(save, monkeypatch):
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


class TestAFileWithADamagedEnd:
    """Compressed bytes that nothing but inflating shows to be wrong."""

    size = 1_500_000

    @pytest.fixture
    def path(self, tmp_path):
        path = tmp_path / "x.npz"
        chance = np.random.default_rng(0)
        serializers.save_npz(path, {"a": chance.normal(size=self.size), "b": np.ones(self.size)})
        with serializers.NpzArchive(path) as archive:
            entry = archive._entries["a"]
        data = bytearray(path.read_bytes())
        data[entry.data_offset + entry.stored // 3 * 2] ^= 0x10
        path.write_bytes(data)
        return path

    @pytest.mark.parametrize("threads", [1, 2])
    def test_it_leaves_everything_as_it_was(self, path, threads, monkeypatch):
        monkeypatch.setattr("chainer_compat.serializers._two_passes.THREADS", threads)
        for first, second in [("a", "b"), ("b", "a")]:
            arrays = {first: np.full(self.size, 2.0), second: torch.full((self.size,), 3.0)}
            with pytest.raises(FileFormatError, match=r"'a.npy'.*damaged"):
                serializers.load_npz(path, Pair(arrays["a"], arrays["b"]))
            assert (arrays[first] == 2).all()
            assert (arrays[second] == 3).all()

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

    def load(self, path, monkeypatch, change, when):
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
        monkeypatch.setattr("chainer_compat.serializers._session.JOURNAL_BYTES", 0)
        try:
            serializers.load_npz(path, target)
        finally:
            assert calls[0] == 2
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
