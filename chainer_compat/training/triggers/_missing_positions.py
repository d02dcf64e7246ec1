"""What is said of triggers whose positions a file lacks, an old snapshot."""

from __future__ import annotations

import warnings
from contextvars import ContextVar, Token

__all__ = ["SaidOnce", "warn_of_missing_position"]

# The triggers of the trainer that is being loaded; None outside.
_gathered: ContextVar[dict[str, None] | None] = ContextVar("_gathered", default=None)

_CONSEQUENCE = (
    "that of the iteration before the one it is asked about next. If it is not asked in every "
    "iteration, its first answer may be wrong."
)


class SaidOnce:
    """Inside a ``with`` block, such triggers are gathered; behind it, one warning names them."""

    _token: Token[dict[str, None] | None]

    def __enter__(self) -> None:
        self._token = _gathered.set({})

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        triggers = _gathered.get()
        _gathered.reset(self._token)
        if triggers and kind is None:
            warnings.warn(
                f"The previous values of iteration and epoch_detail are not saved for "
                f"{', '.join(triggers)}: each takes {_CONSEQUENCE}",
                stacklevel=2,
            )


def warn_of_missing_position(trigger: str, what: str) -> None:
    """Warns, at once or behind the block.

    Args:
        trigger: The trigger, as text.
        what: ``iteration`` or ``epoch_detail``.
    """
    gathered = _gathered.get()
    if gathered is not None:
        gathered[trigger] = None
        return
    warnings.warn(
        f"The previous value of {what} is not saved: {trigger} takes {_CONSEQUENCE}", stacklevel=5
    )
