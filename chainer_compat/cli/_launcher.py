"""Starts a script in one process for each device, and watches over them.

To Lightning each of them is a machine of its own with one device: so a script that asks for GPU 0
gets the one that its process is to use, and nothing in it has to be changed.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from types import FrameType
from typing import Any

from chainer_compat.errors import ChainerCompatError

__all__ = ["LOST", "SEED", "SIZE", "is_launched", "launch"]

# In a process's environment: how many there are, and what all start their random numbers from.
SIZE = "CHAINER_COMPAT_PROCESSES"
SEED = "CHAINER_COMPAT_SEED"

# The exit status of a process that only ends because another one has.
LOST = 75

# Seconds for the others to end in, once one has failed: rank zero may have a snapshot to write.
_GRACE_OF_ZERO = 60.0
_GRACE = 5.0


def is_launched() -> bool:
    """Whether this is one of several processes already, started here or by torchrun."""
    return "LOCAL_RANK" in os.environ


def launch(options: dict[str, str]) -> int | None:
    """Runs this command again in one process for each device.

    Args:
        options: As the command got them.

    Returns:
        The exit status; None if there is one device, for which this process will do.
    """
    from chainer_compat.cli._on_fabric import make_fabric

    try:
        fabric = make_fabric(options)
    except (ChainerCompatError, ImportError, ValueError, RuntimeError, TypeError) as error:
        # Bad usage, as Lightning tells it.
        print(f"chainer-compat run: {error}", file=sys.stderr)
        return 2
    if fabric.world_size == 1:
        return None
    return _Watch(_start(fabric.strategy.parallel_devices)).until_all_have_ended()


def _start(devices: list[Any]) -> list[subprocess.Popen[bytes]]:
    command = [
        sys.executable,
        *subprocess._args_from_interpreter_flags(),  # type: ignore[attr-defined]  # as multiprocessing
        "-m",
        "chainer_compat",
        *sys.argv[1:],
    ]
    common = {
        **os.environ,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(_free_port()),
        SIZE: str(len(devices)),
        SEED: str(secrets.randbits(32)),
        "LOCAL_RANK": "0",
    }
    if "OMP_NUM_THREADS" not in common:
        common["OMP_NUM_THREADS"] = str(max((os.cpu_count() or 1) // len(devices), 1))
    return [
        subprocess.Popen(  # noqa: S603 - this command again
            command,
            env={**common, "NODE_RANK": str(rank), **_only(device)},
            # One process talks to the user; all may complain.
            stdin=None if rank == 0 else subprocess.DEVNULL,
            stdout=None if rank == 0 else subprocess.DEVNULL,
            # Ctrl-C comes here first, for rank zero to end the training in good order.
            start_new_session=True,
        )
        for rank, device in enumerate(devices)
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _only(device: Any) -> dict[str, str]:
    if device.type != "cuda":
        return {}
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = visible.split(",") if visible else [str(i) for i in range(device.index + 1)]
    return {"CUDA_VISIBLE_DEVICES": names[device.index]}


class _Watch:
    """Watches processes until all have ended.

    Args:
        processes: The processes, rank zero first.
    """

    def __init__(self, processes: list[subprocess.Popen[bytes]]) -> None:
        self._processes = processes
        self._signals = 0
        # The status of the first one that failed by itself.
        self._status = 0
        self._deadline: float | None = None

    def until_all_have_ended(self) -> int:
        """Waits, and returns the exit status; a signal that ended rank zero ends this process."""
        before = {
            number: signal.signal(number, self._pass_on)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            while self._running():
                self._look()
                time.sleep(0.02)
            self._look()
        finally:
            for process in self._running():
                process.kill()
            for number, handler in before.items():
                signal.signal(number, handler)
        if self._status < 0:
            signal.signal(-self._status, signal.SIG_DFL)
            os.kill(os.getpid(), -self._status)
        return self._status

    def _running(self) -> list[subprocess.Popen[bytes]]:
        return [process for process in self._processes if process.poll() is None]

    def _look(self) -> None:
        failed = [p.returncode for p in self._processes if p.returncode]
        if not failed:
            return
        self._status = next((status for status in failed if status != LOST), LOST)
        zero_runs = self._processes[0].returncode is None
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + (_GRACE_OF_ZERO if zero_runs else _GRACE)
        elif not zero_runs:
            self._deadline = min(self._deadline, now + _GRACE)
        if now > self._deadline:
            for process in self._running():
                process.kill()

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        """Tells rank zero, with which the others end; the second time, all."""
        self._signals += 1
        told = self._processes[:1] if self._signals == 1 else self._processes
        for process in told:
            if process.poll() is None:
                process.send_signal(number)
