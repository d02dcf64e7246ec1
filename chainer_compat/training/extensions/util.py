"""A bar on a terminal, for extensions of users (Chainer: *chainer.training.extensions.util*)."""

from __future__ import annotations

from chainer_compat.training.extensions._console import ProgressDisplay

__all__ = ["ProgressBar"]


class ProgressBar(ProgressDisplay):
    r"""Base class of bars: a subclass defines :meth:`get_lines`, and calls :meth:`update`.

    Args:
        bar_length: Length of a bar in characters; 50 if None.
        out: Stream to draw on; the standard output of the moment if None.

    Source: Chainer's module *chainer.training.extensions.util*.

    Example:
        >>> import io
        >>> from chainer_compat.training.extensions import util
        >>> class Bar(util.ProgressBar):
        ...     def get_lines(self):
        ...         return ['half\n']
        >>> out = io.StringIO()
        >>> Bar(out=out).update()
        >>> out.getvalue()
        '\x1b[Jhalf\n\x1b[1A'
    """

    def get_lines(self) -> list[str]:
        """Returns the lines to draw, each with its line feed; defined by a subclass.

        Raises:
            NotImplementedError: Unless a subclass defines it.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define get_lines")

    def update(self) -> None:
        """Draws the lines anew, and leaves the cursor above them."""
        self.erase_console()
        lines = self.get_lines()
        self._out.writelines(lines)
        self.move_cursor_up(len(lines))
        self.flush()

    def close(self) -> None:
        """Wipes the lines off."""
        self.erase_console()
        self.flush()

    def erase_console(self) -> None:
        """Wipes off what is below the cursor."""
        self._out.write("\033[J")

    def move_cursor_up(self, n: int) -> None:
        """Moves the cursor up.

        Args:
            n: How many lines.
        """
        self._out.write(f"\033[{n}A")

    def flush(self) -> None:
        """Flushes the stream, if it can be."""
        if hasattr(self._out, "flush"):
            self._out.flush()
