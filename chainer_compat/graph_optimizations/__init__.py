"""Decorators of static graphs (Chainer: *chainer.graph_optimizations*).

Chainer recorded the calls of a static graph and ran the record. Here a graph is run as it is
written: the decorators leave a function as it is, so that its results are the same, and code with
side effects runs in every iteration. For speed, ``torch.compile`` the module that ``interop``
makes of a link.
"""

from __future__ import annotations

from typing import Any

from chainer_compat.graph_optimizations._static import static_code, static_graph

__all__ = ["static_code", "static_graph"]

# What Chainer has in its deep modules only; by the module that has it.
_DEEP_NAMES = dict.fromkeys(
    (
        "ArrayInfo",
        "ScheduleInfo",
        "ScheduleManager",
        "StaticScheduleFunction",
        "static_forward_optimizations",
    ),
    "._static",
)


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)
