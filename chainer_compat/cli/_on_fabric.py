"""Runs a program whose updaters train through Lightning's Fabric."""

from __future__ import annotations

import logging
import os
import random
import sys
from datetime import timedelta
from typing import Any

import numpy as np
import torch

from chainer_compat.cli import _launcher, _program
from chainer_compat.errors import InvalidArgumentError, ProcessLostError

__all__ = ["execute", "make_fabric"]


def make_fabric(options: dict[str, str]) -> Any:
    """Makes the Fabric that the command's options ask for.

    Args:
        options: ``accelerator``, ``devices``, ``precision`` and ``strategy``, or some of them.

    Raises:
        ValueError: If one of them has no meaning.
    """
    from lightning.fabric import Fabric
    from lightning.fabric.plugins.environments.lightning import LightningEnvironment
    from lightning.fabric.strategies.ddp import DDPStrategy

    # What it says of its own doings would stand between the lines of the script.
    for name in ("lightning.fabric", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.WARNING)
    strategy = options.get("strategy", "auto")
    if strategy not in ("auto", "ddp"):
        raise InvalidArgumentError(
            f"--strategy {strategy}: a Chainer model trains with 'ddp', for each process has to "
            "hold the whole of it"
        )
    nodes, devices = 1, _devices(options.get("devices", "1"))
    started_here = _launcher.SIZE in os.environ
    if started_here:
        nodes, devices = int(os.environ[_launcher.SIZE]), 1
    # Where this machine is part of a cluster, it is no matter of the cluster's.
    own = started_here or not _launcher.is_launched()
    several = nodes > 1 or strategy == "ddp" or devices not in (1, "1")
    return Fabric(
        accelerator=options.get("accelerator", "auto"),
        devices=devices,
        num_nodes=nodes,
        precision=options.get("precision", "32-true"),  # type: ignore[arg-type]  # Fabric checks it
        # Rank zero evaluates while the others wait, as long as it takes.
        plugins=[LightningEnvironment()] if own else None,
        strategy=DDPStrategy(timeout=timedelta(days=7)) if several else "auto",
    )


def _devices(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdigit() else text


def execute(program: _program.Program, options: dict[str, str]) -> int:
    """Runs a program; its updaters take part in the training of all processes.

    Args:
        program: The program.
        options: As for :func:`make_fabric`.

    Returns:
        The exit status.
    """
    from chainer_compat.lightning._fabric_processes import FabricProcesses
    from chainer_compat.training import _processes

    fabric = make_fabric(options)
    fabric.launch()
    _seed_alike()
    processes = FabricProcesses(fabric)
    try:
        with _processes.using(processes):
            _program.execute(program)
    except ProcessLostError:
        if processes.ranks.is_zero:
            raise
        return _launcher.LOST
    if processes.ranks.is_zero and not processes.is_used:
        print(
            "chainer-compat run: the script has made no StandardUpdater, so nothing of it was "
            f"shared out: it ran as a whole in each of {processes.ranks.size} processes",
            file=sys.stderr,
        )
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
    return 0


def _seed_alike() -> None:
    """Starts the random numbers alike in all processes, for a script that does not."""
    seed = os.environ.get(_launcher.SEED)
    if seed is not None:
        random.seed(int(seed))
        np.random.seed(int(seed))  # noqa: NPY002 - Chainer's stream
        torch.manual_seed(int(seed))
