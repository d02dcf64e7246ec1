"""Real Chainer in a process of its own, asked over a pipe."""

from __future__ import annotations

import contextlib
import os
import pathlib
import select
import subprocess
import tempfile
from typing import IO, TYPE_CHECKING, Any

from tests.parity import _running, _wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.parity._running import Body, Raised, Returned

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = "7.8.1"
VARIABLE = "CHAINER_COMPAT_ORACLE"

_OUTCOMES = {cls.__name__: cls for cls in (_running.Returned, _running.Raised)}

_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "PYTHONHASHSEED": "0",
    # The compiled parser of today's protobuf refuses the module that Chainer generated long ago.
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python",
}


class OracleMissingError(Exception):
    """There is no environment with Chainer 7.8.1."""


class OracleDiedError(Exception):
    """The oracle's process ended, or gave no answer in time, while it ran a body."""


def python() -> pathlib.Path:
    """The oracle's Python: `.oracle/bin/python`, or what the variable names."""
    path = pathlib.Path(os.environ.get(VARIABLE) or ROOT / ".oracle" / "bin" / "python")
    if not path.exists():
        raise OracleMissingError(
            f"no Chainer {VERSION} to compare with: {path} does not exist. Make its environment "
            f"with `tools/make_oracle_env.sh`, or set {VARIABLE} to a Python that has it."
        )
    return path


def environment() -> dict[str, str]:
    """The environment in which the oracle gives the same answer every time."""
    return {**os.environ, **_ENVIRONMENT, "PYTHONPATH": str(ROOT)}


class Oracle:
    """Runs bodies on real Chainer; starts its process when first asked, and again after a crash.

    Args:
        timeout: Seconds that one question may take.
    """

    def __init__(self, timeout: float = 120.0) -> None:
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None

    def ask(self, body: Body, *args: Any) -> Returned | Raised:
        """What Chainer makes of one case."""
        return self.ask_many(body, [args])[0]

    def ask_many(self, body: Body, cases: Sequence[Sequence[Any]]) -> list[Returned | Raised]:
        """What Chainer makes of each case; one message either way, however many there are."""
        with self.asking(body, cases) as answers:
            pass
        return answers

    @contextlib.contextmanager
    def asking(
        self, body: Body, cases: Sequence[Sequence[Any]]
    ) -> Iterator[list[Returned | Raised]]:
        """Ask on entry and fill the list on exit, so that the block runs at the same time."""
        answers: list[Returned | Raised] = []
        question = _wire.dumps((*_running.reference(body), [tuple(case) for case in cases]))
        process = self._running_process()
        try:
            self._send(process, question)
            yield answers
            answers.extend(_OUTCOMES[name](**fields) for name, fields in self._receive(process))
        except BaseException:
            self.close()  # an answer may be under way that nobody will read
            raise

    def close(self) -> None:
        """End the process; the next question starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout, self._errors):
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        process.wait()

    def _running_process(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        self._process = subprocess.Popen(
            [python(), "-W", "ignore", "-m", "tests.parity._worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment(),
            cwd=ROOT,
            start_new_session=True,  # Ctrl-C is for the tests; they close this process
        )
        version = self._receive(self._process)["chainer"]
        if version != VERSION:
            self.close()
            raise OracleMissingError(f"{python()} has Chainer {version}, not {VERSION}")
        return self._process

    def _send(self, process: subprocess.Popen[bytes], raw: bytes) -> None:
        try:
            _wire.write_message(process.stdin, raw)
        except BrokenPipeError:
            raise self._died("went away") from None

    def _receive(self, process: subprocess.Popen[bytes]) -> Any:
        if not select.select([process.stdout], [], [], self._timeout)[0]:
            raise self._died(f"gave no answer within {self._timeout} s")
        try:
            return _wire.loads(_wire.read_message(process.stdout))
        except EOFError:
            process.wait()
            raise self._died("went away") from None

    def _died(self, how: str) -> OracleDiedError:
        code = self._process.poll()
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace")[-4000:]
        self.close()
        return OracleDiedError(f"the oracle {how} (exit status {code}); it said:\n{said}")
