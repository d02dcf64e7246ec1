"""The oracle's side of the pipe: runs bodies on real Chainer until its standard input ends.

Started by `_oracle.Oracle`, never by hand. It asks for `(module, name, cases)`, and answers with
one outcome for each case.
"""

from __future__ import annotations

import dataclasses
import os
import sys

# Standard output is the pipe: whatever a body prints goes to standard error instead.
_answers = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)

import chainer  # noqa: E402 (after the pipe is safe, see above)

from tests.parity import _running, _wire  # noqa: E402 (after the pipe is safe, see above)


def main() -> None:
    """Say who is here, then answer until the other side goes."""
    _wire.write_message(_answers, _wire.dumps({"chainer": chainer.__version__}))
    while True:
        try:
            question = _wire.read_message(sys.stdin.buffer)
        except EOFError:
            return
        module, name, cases = _wire.loads(question)
        body = _running.find(module, name)
        outcomes = [_running.run(chainer, body, case) for case in cases]
        plain = [(type(outcome).__name__, dataclasses.asdict(outcome)) for outcome in outcomes]
        _wire.write_message(_answers, _wire.dumps(plain))


if __name__ == "__main__":
    main()
