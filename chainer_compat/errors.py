"""Every exception and warning class of the package.

Each class is also the builtin that it stands for, so that ``except KeyError`` in an old script
still catches what Chainer would have raised there.
"""

from __future__ import annotations

import pickle

__all__ = [
    "AliasError",
    "ChainerCompatError",
    "ChainerCompatWarning",
    "DamagedFileWarning",
    "DatasetFileError",
    "DeviceKeyError",
    "DeviceUnavailableError",
    "DivergedError",
    "DownloadError",
    "DtypeMismatchError",
    "FileFormatError",
    "InvalidArgumentError",
    "InvalidArgumentTypeError",
    "IteratorError",
    "MissingDependencyError",
    "MissingNameError",
    "MissingObservationError",
    "NoReporterError",
    "NotSupportedError",
    "ObserverError",
    "OutputDirectoryError",
    "ProbabilitiesError",
    "ProcessLostError",
    "ShapeMismatchError",
    "SnapshotMismatchError",
    "SnapshotWriteError",
    "TextMismatchError",
    "UnexpectedArrayError",
    "UnpicklableError",
    "UnregisteredDivergenceError",
    "UnsafeFileError",
    "WorkerError",
]


class ChainerCompatError(Exception):
    """The base of every exception that the package raises by itself."""


class AliasError(ChainerCompatError, ImportError):
    """The import name ``chainer`` cannot be served, because Chainer itself is there already."""


class MissingObservationError(ChainerCompatError, KeyError):
    """A value was to be read that nothing has reported."""

    __str__ = Exception.__str__


class NotSupportedError(ChainerCompatError, NotImplementedError):
    """A feature of Chainer that this package does not have, with what to use instead."""


class MissingNameError(ChainerCompatError, AttributeError):
    """A name was asked for that this package does not define (yet)."""


class InvalidArgumentError(ChainerCompatError, ValueError):
    """An argument has a value that has no meaning here."""


class InvalidArgumentTypeError(ChainerCompatError, TypeError):
    """An argument has a type that has no meaning here."""


class ProbabilitiesError(InvalidArgumentError, AssertionError):
    """Probabilities are negative or do not sum to 1, for which Chainer has two classes."""


class UnregisteredDivergenceError(ChainerCompatError, KeyError, NotImplementedError):
    """No Kullback-Leibler divergence is registered for two classes of distributions."""

    __str__ = Exception.__str__  # KeyError shows the repr of its argument


class UnpicklableError(ChainerCompatError, pickle.PicklingError, ValueError):
    """An object cannot be pickled, where Chainer raises a ValueError."""


class UnexpectedArrayError(ChainerCompatError, AssertionError):
    """An array has another shape or dtype than was agreed, where Chainer asserts."""


class DeviceUnavailableError(ChainerCompatError, RuntimeError):
    """A device was asked for that this machine does not have."""


class MissingDependencyError(ChainerCompatError, ImportError):
    """An optional package is needed and not installed."""


class FileFormatError(ChainerCompatError, ValueError):
    """A file is damaged, or is not of the kind it should be."""


class UnsafeFileError(FileFormatError):
    """A file asks for something that is refused: running code, or too much memory."""


class SnapshotMismatchError(ChainerCompatError, KeyError):
    """The keys, shapes or dtypes of a file do not fit the object it is loaded into.

    Attributes:
        missing: The keys that the object has and the file has not.
        mismatched: A sentence for each value of another shape or type.
        extra: The keys that the file has and the object has not.
    """

    missing: tuple[str, ...] = ()
    mismatched: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    # KeyError shows the repr of its argument, which would turn a table into one escaped line.
    __str__ = Exception.__str__


class ShapeMismatchError(SnapshotMismatchError, ValueError):
    """An array of a file has another shape than the one it is loaded into."""


class DtypeMismatchError(SnapshotMismatchError, TypeError):
    """A value of a file cannot be cast safely to what it is loaded into."""


class TextMismatchError(DtypeMismatchError, ValueError):
    """A text of a file is not the number that the object holds."""


class SnapshotWriteError(ChainerCompatError, OSError):
    """A file could not be written; whatever was there before is intact."""


class ObserverError(ChainerCompatError, KeyError):
    """A value was reported by an observer that the reporter does not know."""

    __str__ = Exception.__str__  # as above


class NoReporterError(ChainerCompatError, IndexError):
    """The current reporter was asked for where there is none."""


class DatasetFileError(FileFormatError, RuntimeError):
    """A file of a dataset is damaged, or cannot be made."""


class DownloadError(ChainerCompatError, OSError):
    """A file could not be downloaded."""


class IteratorError(ChainerCompatError, RuntimeError):
    """An iterator cannot serve what it was asked for."""


class WorkerError(ChainerCompatError, RuntimeError):
    """A worker process or thread failed or died."""


class ChainerCompatWarning(UserWarning):
    """The base of every warning that the package gives by itself."""


class DamagedFileWarning(ChainerCompatWarning):
    """A damaged file was passed over."""


class OutputDirectoryError(ChainerCompatError, OSError):
    """The directory that a trainer writes to cannot be made."""


class ProcessLostError(ChainerCompatError, RuntimeError):
    """Another process of the same training has ended, so that this one cannot go on."""


class DivergedError(ChainerCompatError, RuntimeError):
    """The parameters of a model are no longer finite numbers."""


class DeviceKeyError(ChainerCompatError, KeyError):
    """A dictionary of devices lacks a name."""

    __str__ = Exception.__str__
