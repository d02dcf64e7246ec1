"""Mutated files: no code runs, nothing is loaded in part, and every error is the package's own.

Each example takes a good file, damages it in one of many ways and loads it. Either the load works
and gives what a reader may expect, or it raises an error of this package and the target is as it
was, bit for bit. 800 examples by default, 24,000 with HYPOTHESIS_PROFILE=slow.
"""

from __future__ import annotations

import io
import os
import pathlib
import pickle
import random
import resource
import struct
import sys
import tempfile
import zipfile
import zlib
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chainer_compat import serializers
from chainer_compat.errors import ChainerCompatError
from chainer_compat.serializers import Limits, _session
from chainer_compat.serializers._session import JOURNAL_BYTES

SLOW = os.environ.get("HYPOTHESIS_PROFILE") == "slow"
EXAMPLES = 24_000 if SLOW else 800
LIMITS = Limits(max_bytes=1 << 26)
# What one load may add to the memory of the process: the cap, and the working space beside it.
MEMORY = 3 * LIMITS.max_bytes

_executed = []


def execute(*args):
    """What a hostile pickle calls."""
    _executed.append(args)


class Hostile:
    def __reduce__(self):
        return execute, ("run",)


class Target:
    """An array, a tensor, a place for an array, counters and text, as in a trainer."""

    def __init__(self, value):
        self.w = np.full((20, 30), value, np.float32)
        self.big = np.arange(40_000, dtype=np.float64) * value
        self.tensor = torch.full((50,), float(value))
        self.late = None
        self.count = value
        self.text = f"log {value}"
        self.nothing = None
        self.trigger = {"fired": value, "past": [value]}

    def serialize(self, serializer):
        self.count = serializer["updater"]("iteration", self.count)
        model = serializer["updater"]["model:main"]
        model("W", self.w)
        model("big", self.big)
        self.tensor = model("tensor", self.tensor)
        self.late = model("late", self.late)
        self.text = serializer("text", self.text)
        self.nothing = serializer("nothing", self.nothing)
        self.trigger["fired"] = serializer["trigger"]("fired", self.trigger["fired"])
        self.trigger["past"].append(serializer["trigger"]("fired", 0))


def state(target):
    late = None if target.late is None else (target.late.dtype.str, target.late.tobytes())
    return (
        target.w.tobytes(), target.big.tobytes(), target.tensor.numpy().tobytes(), late,
        target.count, target.text, target.nothing, str(target.trigger), sorted(vars(target)),
    )  # fmt: skip


def good_file(name):
    file = io.BytesIO()
    target = Target(3)
    target.late = np.ones(7)
    if name == "safetensors":
        serializers.save_safetensors(file, target)
    elif name == "torch":
        serializers.save_torch(file, target)
    elif name == "torch_legacy":
        arrays = serializers.serialize(target).items()
        state = {key: str(array) if array.dtype.kind in "OU" else torch.tensor(array)
                 for key, array in arrays}  # fmt: skip
        torch.save(state, file, _use_new_zipfile_serialization=False)
    elif name == "hdf5":
        with tempfile.NamedTemporaryFile() as written:
            serializers.save_hdf5(written.name, serializers.serialize(target))
            file.write(pathlib.Path(written.name).read_bytes())
    elif name.startswith("ours"):
        serializers.save_npz(file, target, compression=name == "ours")
    else:
        save = np.savez_compressed if name == "numpy" else np.savez
        save(file, **serializers.serialize(target))
    return file.getvalue()


KINDS = (
    *("ours", "ours_plain", "numpy", "numpy_plain"),
    *("safetensors", "torch", "torch_legacy", "hdf5"),
)
GOOD = {name: good_file(name) for name in KINDS}


def flip(data, chance):
    for _ in range(chance.choice((1, 1, 2, 5, 40))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return data


def cut(data, chance):
    start, end = sorted(chance.randrange(len(data)) for _ in range(2))
    return data[:start] if chance.random() < 0.5 else data[:start] + data[end:]


def insert(data, chance):
    at = chance.randrange(len(data))
    return data[:at] + chance.randbytes(chance.choice((1, 4, 300))) + data[at:]


def zero(data, chance):
    at, size = chance.randrange(len(data)), chance.choice((1, 8, 512, 4096))
    data[at : at + size] = bytes(len(data[at : at + size]))
    return data


def swap_parts(data, chance):
    """Exchanges two stretches, as a disk or a download may."""
    size = chance.choice((16, 512))
    a, b = (chance.randrange(max(1, len(data) - size)) for _ in range(2))
    data[a : a + size], data[b : b + size] = data[b : b + size], data[a : a + size]
    return data


def change_number(data, chance):
    """Puts an extreme number where a size, a length or an offset may stand."""
    number = chance.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFF, 1 << 31))
    marks = [i for mark in (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"\x93NUMPY")
             for i in find_all(data, mark)]  # fmt: skip
    at = (chance.choice(marks) if marks else 0) + chance.randrange(48)
    data[at : at + 4] = struct.pack("<L", number)
    return data


def find_all(data, mark):
    at = data.find(mark)
    while at >= 0:
        yield at
        at = data.find(mark, at + 1)


def rebuild(change):
    """A mutation of the members, with directories and checksums that are right again."""

    def mutate(data, chance):
        if not data.startswith(b"PK"):
            return flip(data, chance)
        with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
            members = [
                (info.filename, bytearray(archive.read(info))) for info in archive.infolist()
            ]
        members = change(members, chance)
        file = io.BytesIO()
        method = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
        with zipfile.ZipFile(file, "w", method) as archive:
            for name, content in members:
                archive.writestr(name, bytes(content))
        return bytearray(file.getvalue())

    return mutate


def npy(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return bytearray(file.getvalue())


def replace_one(members, chance, content):
    at = chance.randrange(len(members))
    members[at] = (members[at][0], bytearray(content))
    return members


def spoil_member(members, chance):
    at = chance.randrange(len(members))
    members[at] = (members[at][0], flip(members[at][1], chance))
    return members


def exchange_members(members, chance):
    a, b = (chance.randrange(len(members)) for _ in range(2))
    (name_a, data_a), (name_b, data_b) = members[a], members[b]
    members[a], members[b] = (name_a, data_b), (name_b, data_a)
    return members


def drop_member(members, chance):
    del members[chance.randrange(len(members))]
    return members


def hostile_pickle(members, chance):
    protocol = chance.randrange(6)
    value = np.array(Hostile(), object) if chance.random() < 0.5 else Hostile()
    payload = pickle.dumps(value, protocol)
    pickles = [i for i, (name, _) in enumerate(members) if name.endswith(".pkl")]  # torch's
    for i in pickles:
        members[i] = (members[i][0], bytearray(payload))
    header = npy(np.asarray(None), allow_pickle=True)[:128]
    return members if pickles else replace_one(members, chance, header + payload)


def other_array(members, chance):
    array = chance.choice(
        [np.zeros((3, 3)), np.zeros(0), np.array("text"), np.array(1j), np.array([True]),
         np.arange(600.0).reshape(20, 30), np.full((20, 30), np.nan, np.float32)]
    )  # fmt: skip
    return replace_one(members, chance, npy(array))


def huge_header(members, chance):
    extent = chance.choice((1 << 20, 1 << 40, 1 << 62, 10**30))
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({extent},), }}"
    if chance.random() < 0.3:
        text += " " * chance.choice((5_000, 60_000))
    header = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()
    return replace_one(members, chance, header + bytes(chance.choice((0, 64))))


def code_in_header(members, chance):
    text = chance.choice(("__import__('os').abort()", "(" * 4000, "{'descr': 'O', }", "[]"))
    header = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()
    return replace_one(members, chance, header)


def bomb(members, chance):
    return replace_one(members, chance, npy(np.zeros(chance.choice((1 << 20, 1 << 23)))))


MUTATIONS = [
    flip, flip, cut, insert, zero, swap_parts, change_number, change_number,
    *map(rebuild, (spoil_member, exchange_members, drop_member, hostile_pickle, other_array,
                   huge_header, code_in_header, bomb)),
]  # fmt: skip


def load(data, target, kind="numpy"):
    if kind == "hdf5":
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            serializers.load_hdf5(file.name, target, limits=LIMITS)
        return
    loader = LOADERS.get(kind, serializers.load_npz)
    loader(io.BytesIO(data), target, limits=LIMITS)


LOADERS = {
    "safetensors": serializers.load_safetensors,
    "torch": serializers.load_torch,
    "torch_legacy": serializers.load_torch,
}


@pytest.mark.timeout(0 if SLOW else 300)
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")  # torch tells of it beside its error
@settings(max_examples=EXAMPLES)
@given(st.sampled_from(KINDS), st.integers(0, 2**32), st.sampled_from((JOURNAL_BYTES, 1000)))
def test_a_damaged_file_is_loaded_whole_or_not_at_all(kind, seed, journal):
    chance = random.Random(seed)
    data = bytes(chance.choice(MUTATIONS)(bytearray(GOOD[kind]), chance))
    target = Target(1)
    before = state(target)
    arrays = target.w, target.big, target.tensor
    try:
        # With a small journal most arrays are written at the end, as large ones are.
        with mock.patch.object(_session, "JOURNAL_BYTES", journal):
            load(data, target, kind)
    except ChainerCompatError:
        assert state(target) == before
    # Whatever happened, the arrays are those that the rest of the program holds; a stored None,
    # which an exchange may put anywhere, takes the place of what it is loaded into.
    now = target.w, target.big, target.tensor
    assert all(a is b or a is None for a, b in zip(now, arrays, strict=True))
    assert _executed == []


def test_memory_stays_within_the_cap():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    chance = random.Random(1)
    for change in (huge_header, bomb):
        for _ in range(30):
            data = bytes(rebuild(change)(bytearray(GOOD["numpy"]), chance))
            try:
                load(data, Target(1))
            except ChainerCompatError:
                continue
    unit = 1 if sys.platform == "darwin" else 1024
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit < MEMORY


def test_a_bomb_is_refused_before_it_is_unpacked():
    """A member of ten gigabytes of zeros, in ten megabytes."""
    packer = zlib.compressobj(9, wbits=-15)
    zeros = bytes(1 << 20)
    head = (
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1250000000,), }"
    )
    head = head.ljust(127) + b"\n"
    packed = packer.compress(head) + b"".join(packer.compress(zeros) for _ in range(20))
    packed += packer.flush()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", packed)
    data = bytearray(file.getvalue())
    central = data.find(b"PK\x01\x02")
    struct.pack_into("<H", data, 8, 8)
    struct.pack_into("<H", data, central + 10, 8)
    struct.pack_into("<L", data, central + 24, 0xFFFF0000)
    with pytest.raises(ChainerCompatError):
        serializers.NpzArchive(io.BytesIO(bytes(data)), Limits(max_bytes=1 << 30))["x"]
