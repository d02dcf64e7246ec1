"""Running the tests of a file."""

from __future__ import annotations

__all__ = ["run_module"]


def run_module(name: str, file: str) -> None:
    """Runs the tests of a file, if it is run as a script.

    Args:
        name: The file's ``__name__``.
        file: The file's ``__file__``.

    Example:
        >>> from chainer_compat import testing
        >>> testing.run_module(__name__, 'test_mine.py')
    """
    if name == "__main__":
        import pytest

        pytest.main([file, "-vvs", "-x", "--pdb"])
