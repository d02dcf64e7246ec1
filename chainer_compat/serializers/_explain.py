"""Loads all or nothing, and explains what does not fit: every key, both shapes, and a hint."""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any, Protocol

from chainer_compat.backends._crossing import is_array
from chainer_compat.errors import (
    ChainerCompatError,
    DtypeMismatchError,
    FileFormatError,
    SnapshotMismatchError,
)
from chainer_compat.serializers._assign import check_array, to_scalar
from chainer_compat.serializers._memento import remember
from chainer_compat.serializers._session import LoadSession, Session, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["load_all_or_nothing"]

# After so long, a key that the object might have forgiven counts as missing too.
_SURVEY_SECONDS = 2.0
# Of each list in a message; the error's attributes hold all.
_MOST_LINES = 20
_MODEL_OF_A_TRAINER = "updater/model:main/"
_CUT_SHORT = "the list may go on: the object needs what is missing to ask for the rest"


class _Loader(Protocol):
    def load(self, obj: Any) -> None: ...


class _MissingError(SnapshotMismatchError):
    """What a survey raises for a missing key, which the object may forgive."""


class _Survey:
    """Asks an object for all of its values, fills no array, and notes what does not fit.

    Numbers and text are those of the file, for they may say what the object asks for next.

    Attributes:
        seen: The full names that the object asked for.
        missing: Those that the file lacks.
        mismatched: Which ones do not fit, in sentences.
        patient: Whether a missing key ends the visit, so that the object may forgive it.
        ended_by: What ended the visit before its end, or None.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.seen: list[str] = []
        self.missing: list[str] = []
        self.mismatched: list[str] = []
        self.patient = True
        self.ended_by: Exception | None = None

    def assign(self, key: str, value: Any) -> Any:
        self.seen.append(key)
        if key not in self._store:
            if self.patient and key not in self.missing:
                raise _MissingError(key)
            self.missing.append(key)
            return value
        member = self._store.member(key)
        if member.header.is_object:
            return None
        if value is None:
            return member.read()
        try:
            if is_array(value):
                check_array(key, value, member.header.dtype, member.header.shape)
            else:
                return to_scalar(key, value, member.read())
        except SnapshotMismatchError as error:
            self.mismatched.append(str(error))
        return value


def _survey(store: Store, obj: Any, within: Callable[[Session], _Loader]) -> _Survey:
    """Visits the object again and again: a missing key that it does not forgive ends a visit."""
    survey = _Survey(store)
    deadline = time.monotonic() + _SURVEY_SECONDS
    while True:
        missing = list(dict.fromkeys(survey.missing))
        survey.seen, survey.missing, survey.mismatched = [], missing, []
        survey.patient = time.monotonic() < deadline
        restore = remember(obj)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the load itself has given them
                within(survey).load(obj)
        except _MissingError as error:
            survey.missing.append(str(error))
            continue
        except Exception as error:  # noqa: BLE001 - an object that needs what is missing ends it
            survey.ended_by = error
        finally:
            restore()
        survey.missing = list(dict.fromkeys(survey.missing))
        return survey


def _common_prefix(wanted: Iterable[str], found: Iterable[str]) -> str | None:
    """What to put before each wanted name to find it, if one prefix does for all."""
    common: set[str] | None = None
    names = list(found)
    for name in wanted:
        ends = {other[: -len(name)] for other in names if other.endswith("/" + name)}
        common = ends if common is None else common & ends
        if not common:
            return None
    return min(common) if common else None


def hint(store: Store, path: str, seen: list[str], missing: list[str]) -> str:
    """Guesses what went wrong from the names alone.

    Args:
        store: The file.
        path: Where in the file the object was looked for.
        seen: The full names that the object asked for.
        missing: Those that the file lacks.
    """
    names = list(store)
    if not missing:
        return ""
    if path and not path.endswith("/") and any(name.startswith(path + "/") for name in names):
        return f"The path lacks its slash: path={path + '/'!r}."
    from_trainer = any(name.startswith("updater/") for name in names)
    for_trainer = any(name.startswith(path + "updater/") for name in seen)
    if for_trainer and not from_trainer:
        return (
            "The file holds no trainer, only something like a model: load it into the model "
            "instead, as in load_npz(file, model)."
        )
    prefix = _common_prefix([name.removeprefix(path) for name in missing], names)
    if prefix is not None:
        what = "a snapshot of a whole trainer" if from_trainer else "the object under a longer name"
        return f"The file holds {what}: load with path={prefix!r}."
    inner = _common_prefix(names, missing)
    if inner is not None:
        return (
            f"The file holds what this object has under {inner.rstrip('/')!r}: load it into that "
            "part of the object."
        )
    if from_trainer and not for_trainer:
        has_model = any(name.startswith(_MODEL_OF_A_TRAINER) for name in names)
        part = _MODEL_OF_A_TRAINER if has_model else "updater/..."
        return f"The file is a snapshot of a whole trainer: choose a part with path={part!r}."
    return ""


def _section(title: str, lines: list[str]) -> str:
    if not lines:
        return ""
    shown = lines if len(lines) <= _MOST_LINES else lines[: _MOST_LINES - 1]
    rest = len(lines) - len(shown)
    more = f"\n    ... and {rest} more" if rest else ""
    return f"\n  {len(lines)} {title}:" + "".join(f"\n    {line}" for line in shown) + more


def _report(
    cause: SnapshotMismatchError, store: Store, path: str, survey: _Survey, extra: list[str]
) -> SnapshotMismatchError:
    kind = type(cause)
    if survey.ended_by is not None:
        extra = []  # it may only seem so, for not all that the object has was asked for
    advice = hint(store, path, survey.seen, survey.missing)
    if not survey.missing and not survey.mismatched:
        return kind(f"{cause}; nothing was loaded")
    error = kind(
        f"{store.name} does not fit the object; nothing was loaded."
        + _section("missing in the file", survey.missing)
        + _section("of another shape or type", survey.mismatched)
        + _section("in the file only", extra)
        + (f"\n  {_CUT_SHORT} ({survey.ended_by!r})" if survey.ended_by is not None else "")
        + (f"\n{advice}" if advice else "")
    )
    error.missing = tuple(survey.missing)
    error.mismatched = tuple(survey.mismatched)
    error.extra = tuple(extra)
    return error


def _as_own(error: Exception, name: str) -> Exception:
    """An exception of the object's own code, as this package's of the same builtin kind."""
    text = f"{name}: the object could not take a value of the file; nothing was loaded ({error!r})"
    if type(error) is KeyError:
        return SnapshotMismatchError(text)
    if type(error) is TypeError:
        return DtypeMismatchError(text)
    if isinstance(error, ValueError) and type(error).__module__ in {"builtins", "json.decoder"}:
        return FileFormatError(text)
    return error


def load_all_or_nothing(
    store: Store,
    obj: Any,
    within: Callable[[Session], _Loader],
    *,
    path: str = "",
    exact: bool = False,
    ignored: Callable[[str], bool] = lambda _: False,
) -> None:
    """Loads an object; if that fails, the object is as it was before.

    Args:
        store: The file.
        obj: The object.
        within: Makes the deserializer that hands its values to a session.
        path: Where in the file the object is.
        exact: Whether values that the object has no place for are an error.
        ignored: Whether a name is left out on purpose.

    Raises:
        SnapshotMismatchError: If the file does not fit, with the whole list.
        FileFormatError: If the file is damaged.
    """
    session = LoadSession(store, obj)

    def extra(used: Iterable[str]) -> list[str]:
        left = set(store) - set(used)
        return [name for name in store
                if name in left and name.startswith(path) and not ignored(name)]  # fmt: skip

    try:
        within(session).load(obj)
        unused = extra(session.used) if exact else []
        if unused:
            error = SnapshotMismatchError(
                f"{store.name} has values that the object has no place for; nothing was loaded."
                + _section("in the file only", unused)
            )
            error.extra = tuple(unused)
            raise error
        session.finish()
    except SnapshotMismatchError as error:
        session.rollback()
        if error.extra:
            raise
        survey = _survey(store, obj, within)
        # The report has the first mismatch among the others; its traceback adds nothing.
        raise _report(error, store, path, survey, extra(survey.seen)) from None
    except ChainerCompatError:
        session.rollback()
        raise
    except Exception as error:
        session.rollback()
        own = _as_own(error, store.name)
        if own is error:
            raise
        raise own from error
    except BaseException:
        session.rollback()
        raise
