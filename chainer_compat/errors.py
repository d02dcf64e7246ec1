"""Every exception and warning class of the package.

Each class is also the builtin that it stands for, so that ``except KeyError`` in an old script
still catches what Chainer would have raised there.
"""

from __future__ import annotations

__all__ = [
    "ChainerCompatError",
    "ChainerCompatWarning",
    "DamagedFileWarning",
    "DeviceUnavailableError",
    "FileFormatError",
    "InvalidArgumentError",
    "InvalidArgumentTypeError",
    "IteratorError",
    "MissingDependencyError",
    "MissingNameError",
    "NotSupportedError",
    "SnapshotMismatchError",
    "SnapshotWriteError",
    "UnsafeFileError",
    "WorkerError",
]


class ChainerCompatError(Exception):
    """The base of every exception that the package raises by itself."""


class NotSupportedError(ChainerCompatError, NotImplementedError):
    """A feature of Chainer that this package does not have, with what to use instead."""


class MissingNameError(ChainerCompatError, AttributeError):
    """A name was asked for that this package does not define (yet)."""


class InvalidArgumentError(ChainerCompatError, ValueError):
    """An argument has a value that has no meaning here."""


class InvalidArgumentTypeError(ChainerCompatError, TypeError):
    """An argument has a type that has no meaning here."""


class DeviceUnavailableError(ChainerCompatError, RuntimeError):
    """A device was asked for that this machine does not have."""


class MissingDependencyError(ChainerCompatError, ImportError):
    """An optional package is needed and not installed."""


class FileFormatError(ChainerCompatError, ValueError):
    """A file is damaged, or is not of the kind it should be."""


class UnsafeFileError(FileFormatError):
    """A file asks for something that is refused: running code, or too much memory."""


class SnapshotMismatchError(ChainerCompatError, KeyError):
    """The keys, shapes or dtypes of a file do not fit the object it is loaded into."""

    # KeyError shows the repr of its argument, which would turn a table into one escaped line.
    __str__ = Exception.__str__


class SnapshotWriteError(ChainerCompatError, OSError):
    """A file could not be written; whatever was there before is intact."""


class IteratorError(ChainerCompatError, RuntimeError):
    """An iterator cannot serve what it was asked for."""


class WorkerError(ChainerCompatError, RuntimeError):
    """A worker process or thread failed or died."""


class ChainerCompatWarning(UserWarning):
    """The base of every warning that the package gives by itself."""


class DamagedFileWarning(ChainerCompatWarning):
    """A damaged file was passed over."""
