"""The threads and processes of the writers; each tells what became of its work."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import warnings
from typing import TYPE_CHECKING, Any

from chainer_compat.errors import SnapshotWriteError

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import BaseContext

__all__ = ["WriterProcess", "WriterThread", "process_context"]


def process_context() -> Any:
    """Forked processes where there are any: they need no guard in the script, and no pickling."""
    methods = multiprocessing.get_all_start_methods()
    context: BaseContext = multiprocessing.get_context("fork" if "fork" in methods else None)
    return context


class WriterThread:
    """Runs a function in a thread and keeps its exception.

    Args:
        work: The function.
        args: Its arguments.
        kwargs: Its keyword arguments.

    Attributes:
        failure: What the function raised, or None.
    """

    def __init__(
        self, work: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.failure: BaseException | None = None
        self._work = work
        self._args = args
        self._kwargs = kwargs
        self._thread = threading.Thread(target=self._run, name="snapshot writer")

    def _run(self) -> None:
        try:
            self._work(*self._args, **self._kwargs)
        except BaseException as error:  # noqa: BLE001 - raised in the training's thread
            self.failure = error

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def join(self) -> None:
        """Waits for the thread."""
        self._thread.join()

    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()


def _work_and_report(
    work: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], report: Any
) -> None:
    # Ctrl-C goes to the whole group; the training decides what becomes of it, not its writer. And
    # the training's handler of SIGTERM is not the writer's.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        work(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - raised in the training's process
        own = str(error) if isinstance(error, SnapshotWriteError) else repr(error)
        report.send((getattr(error, "errno", None), own))


class WriterProcess:
    """Runs a function in a process and keeps what it raised.

    Args:
        work: The function.
        args: Its arguments.
        kwargs: Its keyword arguments.
        daemon: Whether the interpreter may end without it.

    Attributes:
        failure: What the function raised, or None.
    """

    def __init__(
        self,
        work: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        daemon: bool = False,
    ) -> None:
        context = process_context()
        self.failure: BaseException | None = None
        self._reports, self._report = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_work_and_report, args=(work, args, kwargs, self._report), daemon=daemon
        )

    @property
    def exitcode(self) -> int | None:
        """The process's exit code; a negative one is a signal, None while it runs."""
        code: int | None = self._process.exitcode
        return code

    @property
    def pid(self) -> int | None:
        """The process's number."""
        pid: int | None = self._process.pid
        return pid

    def start(self) -> None:
        """Starts the process."""
        with warnings.catch_warnings():
            # Python 3.12 warns of locks that other threads hold in a fork. The writer's process
            # takes none of theirs: it reads arrays and writes a file.
            warnings.filterwarnings("ignore", message=".*fork", category=DeprecationWarning)
            self._process.start()
        self._report.close()

    def join(self) -> None:
        """Waits for the process, and reads its report."""
        self._process.join()
        if self._reports.poll():
            try:
                number, text = self._reports.recv()
            except EOFError:
                return
            self.failure = SnapshotWriteError(number, text) if number else SnapshotWriteError(text)

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return bool(self._process.is_alive())
