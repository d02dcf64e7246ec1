"""Makes the alias reach the worker processes of a script.

A process that is started afresh (multiprocessing's "spawn" and "forkserver") imports the script's
main module again before it does anything else, and would not find ``chainer`` there. What it reads
first is the preparation data of its parent, so that carries an object that switches the alias on
when it is unpickled.
"""

from __future__ import annotations

import functools
import multiprocessing
import multiprocessing.spawn
from collections.abc import Callable
from typing import Any

from chainer_compat import _alias
from chainer_compat.cli._legacy_names import keep_legacy_names
from chainer_compat.cli._numbers_of_arrays import take_arrays

__all__ = ["serve_alias"]


def serve_alias() -> None:
    """Makes every worker process that this process starts serve the alias."""
    original = multiprocessing.spawn.get_preparation_data
    multiprocessing.spawn.get_preparation_data = _carrying_the_alias(original)
    # By default the fork server imports the script's main module ahead, without the alias.
    multiprocessing.set_forkserver_preload([])


def _carrying_the_alias(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    @functools.wraps(original)
    def get_preparation_data(*args: Any, **kwargs: Any) -> dict[str, Any]:
        return {"chainer_compat": _Alias(), **original(*args, **kwargs)}

    return get_preparation_data


class _Alias:
    """Unpickles by switching the alias on."""

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return _prepare_worker, ()


def _prepare_worker() -> None:
    _alias.install()
    serve_alias()
    keep_legacy_names()
    take_arrays()
