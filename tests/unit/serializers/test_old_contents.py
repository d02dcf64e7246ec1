from __future__ import annotations

import tempfile

import numpy as np
import pytest
import torch

from chainer_compat.serializers import _old_contents
from chainer_compat.serializers._old_contents import OldContents

MAKERS = [
    lambda: np.arange(12.0).reshape(3, 4),
    lambda: np.arange(24, dtype=np.int8).reshape(4, 6)[::-1, ::2],
    lambda: np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    lambda: np.array(["a", "bc"]),
    lambda: np.array(3.0),
    lambda: np.zeros((0, 3)),
    lambda: np.arange(4.0).view(np.recarray),
    lambda: torch.arange(12.0).reshape(3, 4).T,
    lambda: torch.arange(12.0, requires_grad=True),
    lambda: torch.arange(6, dtype=torch.bfloat16),
    lambda: torch.tensor([True, False]),
    lambda: torch.tensor(2),
]


@pytest.fixture(params=[True, False], ids=["in memory", "on the disk"])
def where(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(_old_contents, "IN_MEMORY", -1)


def keep(old):
    for step in old.keeping():
        step.run()


def overwrite(value):
    if isinstance(value, torch.Tensor):
        value.detach().zero_()
    else:
        value[...] = np.zeros((), value.dtype)


def listed(value):
    return value.tolist()


@pytest.mark.usefixtures("where")
@pytest.mark.parametrize("make", MAKERS)
def test_what_an_array_held_is_put_back(make):
    first, second = make(), make()
    before = listed(first)
    with OldContents([first, second]) as old:
        keep(old)
        assert old.is_complete
        overwrite(first)
        overwrite(second)
        old.restore()
    assert listed(first) == listed(second) == before


@pytest.mark.usefixtures("where")
def test_arrays_that_share_memory_are_put_back():
    array = np.arange(6.0)
    with OldContents([array[:4], array[2:]]) as old:
        keep(old)
        array[:] = 0
        old.restore()
    assert array.tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "other",
    [
        torch.eye(3).to_sparse(),
        torch.zeros(2, dtype=torch.complex64).conj(),
        torch.zeros(2, dtype=torch.complex128),
        torch.zeros(2, device="meta"),
        np.array([None]),
    ],
)
def test_where_one_array_cannot_be_kept_none_is(other):
    array = np.ones(3)
    with OldContents([array, other]) as old:
        keep(old)
        assert not old.is_complete
        array[:] = 2
        old.restore()
    assert array.tolist() == [2, 2, 2]


def test_nothing_is_kept_of_nothing():
    with OldContents(None) as old:
        keep(old)
        assert not old.is_complete
        old.restore()


def test_a_disk_that_has_hardly_room_is_left_alone(monkeypatch):
    monkeypatch.setattr(_old_contents, "IN_MEMORY", 0)
    monkeypatch.setattr(_old_contents, "_SHARE_OF_FREE_SPACE", 0)
    with OldContents([np.ones(3)]) as old:
        assert not old.is_complete
        assert old.keeping() == []


def test_a_folder_that_is_not_there_is_no_failure(monkeypatch, tmp_path):
    monkeypatch.setattr(_old_contents, "IN_MEMORY", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with OldContents([np.ones(3)]) as old:
        assert not old.is_complete


class Disk:
    """A file on a disk that gets full, or that loses what is on it."""

    def __init__(self, room, lost=0):
        self.data, self.room, self.lost = b"", room, lost
        self.at = 0

    def seek(self, at, whence=0):
        self.at = len(self.data) if whence else at
        return self.at

    def write(self, view):
        part = bytes(view[: self.room - len(self.data)])
        if not part:
            raise OSError(28, "No space left on device")
        self.data += part
        return len(part)

    def readinto(self, view):
        part = self.data[self.at : max(len(self.data) - self.lost, self.at)][: min(len(view), 7)]
        view[: len(part)] = part
        self.at += len(part)
        return len(part)

    def close(self):
        self.room = 0


@pytest.fixture
def disk(monkeypatch):
    def install(disk):
        monkeypatch.setattr(_old_contents, "IN_MEMORY", 0)
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda buffering: disk)
        return disk

    return install


def test_a_disk_that_gets_full_is_no_failure(disk):
    disk(Disk(room=100))
    first, second, third = np.ones(10), np.ones(10), np.ones(1)
    with OldContents([first, second, third]) as old:
        keep(old)
        assert not old.is_complete
        first[:] = 2
        old.restore()
    assert (first == 2).all()


def test_a_file_is_read_in_as_many_pieces_as_it_comes_in(disk):
    opened = disk(Disk(room=100))
    array = np.arange(10.0)
    with OldContents([array]) as old:
        keep(old)
        array[:] = 0
        old.restore()
    assert array.tolist() == list(range(10))
    assert opened.room == 0


def test_a_disk_that_gives_nothing_back_is_told(disk):
    disk(Disk(room=100, lost=1))
    array = np.arange(10.0)
    with OldContents([array]) as old:
        keep(old)
        with pytest.raises(OSError, match="cut short"):
            old.restore()
