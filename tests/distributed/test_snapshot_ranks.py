"""Snapshots of a training on two gloo processes: one file or one folder, and one opinion."""

from __future__ import annotations

import enum
import multiprocessing
import os
import pickle
import socket
import traceback
import warnings

import numpy as np
import pytest
import torch
import torch.distributed as dist

from chainer_compat.errors import DamagedFileWarning, SnapshotWriteError
from chainer_compat.training import extensions

# Of torch 2.5's, on the CPU, which draws no random numbers here.
pytestmark = pytest.mark.filterwarnings("ignore:DTensor random operators:UserWarning")


class Trainer:
    def __init__(self, out, value=0.0, shard=None):
        self.out = str(out)
        self.updater = self
        self.iteration = 0
        self.array = np.full(5, value, np.float32)
        self.tensor = torch.full((2, 3), float(value))
        self.shard = shard
        self.text = f"text {value}"
        self.number = value
        self.nothing = None

    def serialize(self, serializer):
        self.iteration = serializer["updater"]("iteration", self.iteration)
        self.array = serializer("array", self.array)
        self.tensor = serializer["m"]("tensor", self.tensor)
        if self.shard is not None:
            serializer["m"]("shard", self.shard)
        self.text = serializer("text", self.text)
        self.number = serializer("number", self.number)
        self.nothing = serializer("nothing", self.nothing)


def sharded(value):
    """A tensor of which each rank holds half of the rows."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor import Shard, distribute_tensor

    mesh = init_device_mesh("cpu", (2,))
    return distribute_tensor(torch.arange(8.0).reshape(4, 2) + value, mesh, [Shard(0)])


def in_two_processes(body, *args):
    """Runs ``body(rank, *args)`` in two processes that know each other."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()

    def run(rank):
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
        try:
            dist.init_process_group("gloo", rank=rank, world_size=2)
            body(rank, *args)
            queue.put(None)
        except BaseException:  # noqa: BLE001 - shown by the test
            queue.put(traceback.format_exc())
        finally:
            os._exit(0)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside pytest's threads
        processes = [context.Process(target=run, args=(rank,)) for rank in range(2)]
        for process in processes:
            process.start()
    failures = [queue.get() for _ in processes]
    for process in processes:
        process.join()
    assert failures == [None, None], "\n".join(filter(None, failures))


def snapshot(trainer, extension, iterations):
    extension.restore(trainer)
    extension.initialize(trainer)
    for iteration in iterations:
        trainer.iteration = iteration
        extension(trainer)
        dist.barrier()
    extension.finalize()


def save_and_load(rank, out, saver, mode):
    trainer = Trainer(out, value=10 + rank)
    extension = extensions.snapshot(saver_rank=saver, snapshot_mode=mode, n_retains=2)
    snapshot(trainer, extension, [1, 2, 3])
    other = Trainer(out)
    extensions.snapshot(saver_rank=saver, snapshot_mode=mode, autoload=True).restore(other)
    assert other.iteration == 3
    assert set(other.array.tolist()) == {10.0 + saver}
    assert (other.text, other.nothing) == (f"text {10 + saver}", None)


@pytest.mark.parametrize("saver", [0, 1])
@pytest.mark.parametrize("mode", ["default", "distributed"])
def test_one_rank_writes_and_all_load(tmp_path, saver, mode):
    in_two_processes(save_and_load, tmp_path, saver, mode)
    found = sorted(item.name for item in tmp_path.iterdir())
    assert found == [".snapshots.jsonl", "snapshot_iter_2", "snapshot_iter_3"]


def save_and_load_shards(rank, out):
    trainer = Trainer(out, 5.0, sharded(100.0))
    extension = extensions.snapshot(saver_rank=0, snapshot_mode="sharded", n_retains=1)
    snapshot(trainer, extension, [1, 2])
    other = Trainer(out, 0.0, sharded(0.0))
    tensor = other.tensor
    extensions.snapshot(saver_rank=0, snapshot_mode="sharded", autoload=True).restore(other)
    assert other.iteration == 2
    assert other.shard.to_local().tolist() == trainer.shard.to_local().tolist()
    assert (other.array.tolist(), other.text, other.number) == ([5.0] * 5, "text 5.0", 5.0)
    assert other.tensor is tensor
    assert tensor.unique().item() == 5


def test_each_rank_writes_its_shards(tmp_path):
    in_two_processes(save_and_load_shards, tmp_path)
    found = sorted(item.name for item in tmp_path.iterdir())
    assert found == [".snapshots.jsonl", "snapshot_iter_2"]


def fail_on_the_saver(rank, out):
    def full(path, target):
        raise OSError(28, "No space left on device")

    extension = extensions.snapshot(full, saver_rank=0)
    with pytest.raises(SnapshotWriteError, match="No space left"):
        extension(Trainer(out))


def fail_on_the_other(rank, out):
    trainer = Trainer(out)
    if rank == 1:
        trainer.array = {}
    with pytest.raises(
        (SnapshotWriteError, TypeError), match=r"rank 1: .*cannot be saved|a value of dict"
    ):
        extensions.snapshot(saver_rank=0, snapshot_mode="sharded")(trainer)


@pytest.mark.parametrize("body", [fail_on_the_saver, fail_on_the_other])
def test_a_failure_is_raised_on_every_rank_and_none_hangs(tmp_path, body):
    in_two_processes(body, tmp_path)
    assert list(tmp_path.iterdir()) == []


def load_what_is_damaged(rank, out):
    trainer = Trainer(out, 5.0, sharded(100.0))
    extension = extensions.snapshot(saver_rank=0, snapshot_mode="sharded")
    snapshot(trainer, extension, [1, 2])
    if rank == 0:
        (out / "snapshot_iter_2" / "values.json").write_text("{")
    dist.barrier()
    other = Trainer(out, 0.0, sharded(0.0))
    with pytest.warns(DamagedFileWarning, match="snapshot_iter_2"):
        extensions.snapshot(saver_rank=0, snapshot_mode="sharded", autoload=True).restore(other)
    assert other.iteration == 1


def test_a_damaged_folder_is_passed_over(tmp_path):
    in_two_processes(load_what_is_damaged, tmp_path)


class TestAlone:
    """A training that is not distributed may use the same script."""

    def take(self, out):
        extension = extensions.snapshot(saver_rank=0, snapshot_mode="sharded")
        trainer = Trainer(out, 3.0)
        extension.initialize(trainer)
        trainer.iteration = 7
        extension(trainer)

    def load(self, out):
        other = Trainer(out)
        extensions.snapshot(saver_rank=0, snapshot_mode="sharded", autoload=True).restore(other)
        return other

    def test_a_folder_is_written_and_loaded(self, tmp_path):
        self.take(tmp_path)
        other = self.load(tmp_path)
        assert (other.iteration, other.tensor.unique().item()) == (7, 3)

    def test_hostile_metadata_is_refused(self, tmp_path):
        class Hostile:
            def __reduce__(self):
                return os.system, ("exit 3",)

        self.take(tmp_path)
        (tmp_path / "snapshot_iter_7" / ".metadata").write_bytes(pickle.dumps(Hostile()))
        with pytest.warns(DamagedFileWarning, match="is not allowed"):
            assert self.load(tmp_path).iteration == 0

    def test_getattr_reaches_members_of_enumerations_only(self, tmp_path):
        self.take(tmp_path)
        hostile = b"cbuiltins\ngetattr\n(ctorch\nSize\nS'__subclasses__'\ntR."
        (tmp_path / "snapshot_iter_7" / ".metadata").write_bytes(hostile)
        with pytest.warns(DamagedFileWarning, match="is not allowed"):
            assert self.load(tmp_path).iteration == 0

    @pytest.mark.parametrize("content", [b"", b"N.", b"\x80"])
    def test_damaged_metadata_is_told(self, tmp_path, content):
        self.take(tmp_path)
        (tmp_path / "snapshot_iter_7" / ".metadata").write_bytes(content)
        with pytest.warns(DamagedFileWarning, match="snapshot_iter_7"):
            assert self.load(tmp_path).iteration == 0

    def test_places_outside_of_the_folder_are_refused(self, tmp_path):
        self.take(tmp_path)
        path = tmp_path / "snapshot_iter_7" / ".metadata"
        path.write_bytes(path.read_bytes().replace(b"__0_0.distcp", b"../../passwd"))
        with pytest.warns(DamagedFileWarning, match="outside of the snapshot"):
            assert self.load(tmp_path).iteration == 0

    def test_a_url_is_refused(self):
        with pytest.raises(NotImplementedError, match="let out be a folder"):
            self.take("memory://sharded")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [({"snapshot_mode": "sharded"}, "needs saver_rank"), ({"snapshot_mode": "x"}, "one of")],
    )
    def test_the_arguments_are_checked(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            extensions.snapshot(**arguments)

    def test_the_enumeration_of_pytorch_pfn_extras_will_do(self):
        mode = enum.Enum("SnapshotMode", "DEFAULT DISTRIBUTED SHARDED").SHARDED
        made = extensions.snapshot(saver_rank=0, snapshot_mode=mode)
        assert type(made).__name__ == "_ShardedSnapshot"
