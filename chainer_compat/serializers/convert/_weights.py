"""Old weights into any torch module."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from chainer_compat.errors import SnapshotMismatchError
from chainer_compat.serializers._assign import check_dtype, copy_into, writing
from chainer_compat.serializers._loading import IgnoreNames, as_predicate
from chainer_compat.serializers._session import JOURNAL_BYTES, Store
from chainer_compat.serializers._steps import Step
from chainer_compat.serializers._stores import open_store
from chainer_compat.serializers._two_passes import Write, check_and_write
from chainer_compat.serializers.convert._layouts import Piece, Shape, layouts_of, refusal
from chainer_compat.serializers.convert._matching import (
    Match,
    PathMapping,
    Unit,
    find_matches,
    link_names,
    map_path,
)
from chainer_compat.serializers.convert._report import Loaded, Mismatch, Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainer_compat.serializers._limits import Limits

__all__ = ["Placed", "load_from_store", "load_weights", "place_weights"]

_MODEL_OF_A_TRAINER = "updater/model:main/"


@dataclass(frozen=True)
class Placed:
    """A tensor of the module, and what it is made of.

    Attributes:
        name: The tensor's name in the module.
        tensor: The tensor.
        keys: The full keys of the file.
        piece: How it is made.
        matched: How the place was found.
    """

    name: str
    tensor: torch.Tensor
    keys: tuple[str, ...]
    piece: Piece
    matched: str

    def make(self, read: Callable[[str], np.ndarray]) -> np.ndarray:
        """Makes the array for the tensor.

        Args:
            read: Gives the array of a key.
        """
        return self.piece.make(*(read(key) for key in self.keys))


def _tensors(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {
        name: tensor
        for name, tensor in module.state_dict(keep_vars=True).items()
        if isinstance(tensor, torch.Tensor)
    }


def model_path(store: Store, path: str) -> str:
    """Where in a file the model is, if nothing else was asked for.

    Args:
        store: The file.
        path: What was asked for.
    """
    if not path and any(key.startswith(_MODEL_OF_A_TRAINER) for key in store):
        return _MODEL_OF_A_TRAINER
    return path


def _by_name(tensors: dict[str, torch.Tensor], shapes: dict[str, Shape]) -> list[Placed]:
    """All tensors under their own names, if the file was saved from such a module."""
    names = {name: name.replace(".", "/") for name in tensors}
    if not tensors or not all(key in shapes for key in names.values()):
        return []
    return [
        Placed(name, tensor, (names[name],), Piece(name, {"": tuple(tensor.shape)}), "name")
        for name, tensor in tensors.items()
    ]


def _by_key(
    tensors: dict[str, torch.Tensor], shapes: dict[str, Shape], mapping: PathMapping
) -> list[Placed]:
    """Single arrays that the mapping sends to a parameter by its full name."""
    placed = []
    for key in shapes:
        name = map_path(mapping, key)
        if name is not None and name in tensors:
            piece = Piece(name, {"": tuple(tensors[name].shape)})
            placed.append(Placed(name, tensors[name], (key,), piece, "mapping"))
    return placed


def place_weights(
    store: Store, module: torch.nn.Module, path: str, mapping: PathMapping
) -> tuple[list[Placed], Report]:
    """Finds a place for each array of a file, and loads nothing yet.

    Args:
        store: The file.
        module: The torch module.
        path: Where in the file the model is.
        mapping: Which link belongs to which module, where paths and shapes do not tell.

    Returns:
        What is to be loaded, and the report, of which ``loaded`` is still empty.
    """
    shapes = {
        key.removeprefix(path): store.member(key).header.shape
        for key in store
        if key.startswith(path) and not store.member(key).header.is_object
    }
    tensors = _tensors(module)
    report = Report()
    placed = _by_name(tensors, shapes) if mapping is None else []
    if not placed:
        placed = _by_key(tensors, shapes, mapping)
        used = {key for item in placed for key in item.keys}
        left = {key: shape for key, shape in shapes.items() if key not in used}
        units = [
            Unit(name, part, layouts)
            for name, part in module.named_modules()
            if (layouts := layouts_of(part))
        ]
        matches, uncertain = find_matches(units, left, mapping)
        report.doubts += uncertain
        for match in matches:
            placed += _place(match, tensors, left, report)
        matched = {match.unit.path for match in matches}
        _note_refusals([unit for unit in units if unit.path not in matched], left, report)
    good = [item for item in placed if _fits(item, shapes, report)]
    names = {item.name for item in placed}
    used = {key for item in placed for key in item.keys}
    report.missing += [
        name for name in tensors if name not in names and not name.endswith("num_batches_tracked")
    ]
    report.extra += [path + key for key in shapes if key not in used]
    report.shapes |= {name: tuple(tensors[name].shape) for name in report.missing}
    report.shapes |= {path + key: shape for key, shape in shapes.items() if key not in used}
    return [_with_path(item, path) for item in good], report


def _with_path(item: Placed, path: str) -> Placed:
    keys = tuple(path + key for key in item.keys)
    return Placed(item.name, item.tensor, keys, item.piece, item.matched)


def _note_refusals(units: list[Unit], shapes: dict[str, Shape], report: Report) -> None:
    """Says of modules without a link why one that looks like it was not taken."""
    for unit in units:
        for path, names in link_names(shapes).items():
            reason = refusal(unit.module, names)
            if reason is not None:
                report.notes.append(f"{path or 'the file'} is not for {_name(unit)}: {reason}")


def _name(unit: Unit) -> str:
    return unit.path or type(unit.module).__name__


def _place(
    match: Match, tensors: dict[str, torch.Tensor], shapes: dict[str, Shape], report: Report
) -> list[Placed]:
    prefix = f"{match.path}/" if match.path else ""
    names = {key.removeprefix(prefix) for key in shapes if key.startswith(prefix)}
    reason = refusal(match.unit.module, names)
    where = _name(match.unit)
    if reason is not None:
        report.notes.append(f"{where}: {reason}")
        return []
    report.notes += [f"{where}: {note}" for note in match.layout.notes]
    placed = []
    for piece in match.layout.pieces:
        if piece.needs.keys() <= names:
            name = f"{match.unit.path}.{piece.name}".lstrip(".")
            keys = tuple(prefix + need for need in piece.needs)
            placed.append(Placed(name, tensors[name], keys, piece, match.by))
    return placed


def _fits(item: Placed, shapes: dict[str, Shape], report: Report) -> bool:
    for key, expected in zip(item.keys, item.piece.needs.values(), strict=True):
        if shapes[key] != expected:
            report.mismatched.append(Mismatch(item.name, key, expected, shapes[key]))
            return False
    return True


def load_weights(
    file: Any,
    module: torch.nn.Module,
    *,
    path: str = "",
    mapping: PathMapping = None,
    strict: bool | str = True,
    ignore_names: IgnoreNames = None,
    limits: Limits | None = None,
) -> Report:
    """Loads weights that Chainer saved into a torch module, all of them or nothing.

    Each link's arrays go to the torch module that it corresponds to, in torch's layout: of the
    same path, or, where paths tell nothing, of the same shapes and in the same order. Numbered
    links that fit in the order of a ``chainer.Sequential`` only are taken in that; where they fit
    in both orders, a warning says how to choose. So does one where links of one shape have names
    without numbers (``mu``, ``ln_var``): no file tells the order in which Chainer had them.

    Args:
        file: An npz, hdf5 or safetensors file: a path, or a binary file object of npz.
        module: The module; it is filled in place.
        path: Where in the file the model is. That of a trainer's snapshot is found by itself.
        mapping: Which link belongs to which module, where neither path nor shape tells: a
            dictionary (``{"predictor/l1": "layers.0"}``, or of a single array
            ``{"scale/W": "scale"}``; what is under a path goes along, as ``predictor/l1/conv``
            to ``layers.0.conv``), a function of the link's path, or pairs of a regular
            expression and a replacement.
        strict: True: every parameter and running statistic must be found. False: what is not
            found stays as it is. ``"exact"``: the file must not have anything else either.
        ignore_names: What to pass over in the file: a full key, a function of it that returns
            True for such, or a list of these.
        limits: Caps on how much the file may make this process allocate.

    Returns:
        What was loaded, from where, and how.

    Raises:
        KeyError: If something does not fit (a :class:`SnapshotMismatchError` with the table).
        ValueError: If the file is damaged or refused.

    Example:
        >>> import io, torch
        >>> import numpy as np
        >>> from chainer_compat.serializers import convert, save_npz
        >>> file = io.BytesIO()
        >>> save_npz(file, {"l1/W": np.ones((2, 3)), "l1/b": np.zeros(2)})
        >>> print(convert.load_weights(file, torch.nn.Sequential(torch.nn.Linear(3, 2))))
        loaded  0.weight  l1/W  (2, 3) by shape and order
        loaded  0.bias    l1/b  (2,) by shape and order
        2 loaded, 0 missing, 0 extra, 0 mismatched
    """
    with open_store(file, limits) as store:
        return load_from_store(store, module, path, strict, ignore_names, mapping)


def load_from_store(
    opened: Any,
    module: torch.nn.Module,
    path: str = "",
    strict: bool | str = True,
    ignore_names: IgnoreNames = None,
    mapping: PathMapping = None,
) -> Report:
    """Does what :func:`load_weights` does, from a file that is open.

    Args:
        opened: The arrays.
        module: The module.
        path: As for ``load_weights``.
        strict: As for ``load_weights``.
        ignore_names: As for ``load_weights``.
        mapping: As for ``load_weights``.
    """
    store: Store = opened
    if ignore_names is not None:
        store = _Filtered(opened, as_predicate(ignore_names))
    path = model_path(store, path)
    placed, report = place_weights(store, module, path, mapping)
    _check(report, store.name, strict)
    for doubt in report.doubts:
        warnings.warn(f"{store.name}: {doubt}", stacklevel=3)
    _fill(store, placed)
    report.loaded = [
            Loaded(
                item.name, item.keys, tuple(item.tensor.shape), item.piece.how, item.matched
            )
            for item in placed
        ]  # fmt: skip
    return report


class _Filtered:
    """A store without what is ignored."""

    def __init__(self, store: Any, ignored: Callable[[str], bool]) -> None:
        self._store = store
        self._ignored = ignored
        self.name: str = store.name
        self.member = store.member
        self.release = store.release

    def __contains__(self, key: object) -> bool:
        return key in self._store and not self._ignored(str(key))

    def __iter__(self) -> Any:
        return (key for key in self._store if not self._ignored(key))


def _check(report: Report, name: str, strict: bool | str) -> None:
    wrong = bool(strict) and not report.complete
    if not wrong and not (strict == "exact" and report.extra):
        return
    way_out = (
        "Say which link belongs to which module with mapping={'link/path': 'module.path'}, or "
    )
    if wrong and not (report.extra or report.mismatched):
        way_out = (
            "All of the file has a place. It has nothing for what is missing: build the module "
            "without it, as with bias=False, or "
        )
    error = SnapshotMismatchError(
        f"{name} does not fit the module; nothing was loaded.\n{report}\n{way_out}"
        "take what fits with strict=False."
    )
    error.missing = tuple(report.missing)
    error.extra = tuple(report.extra)
    error.mismatched = tuple(
        f"{item.name}: expected shape {item.expected}, found {item.found} in the file"
        for item in report.mismatched
    )
    raise error


def _fill(store: Store, placed: list[Placed]) -> None:
    writes = []
    for item in placed:
        members = [store.member(key) for key in item.keys]
        for key, member in zip(item.keys, members, strict=True):
            check_dtype(key, item.tensor, member.header.dtype)
        writes.append(Write(item.tensor, members, partial(_writing, item, store)))
    # What is little is kept, for a file that somebody writes to between the two passes.
    keeps = sum(item.tensor.nbytes for item in placed) <= JOURNAL_BYTES
    kept = [(item.tensor.detach(), item.tensor.detach().clone()) for item in placed if keeps]
    try:
        check_and_write(store.name, writes, kept.clear)
    except BaseException:
        for tensor, before in kept:
            tensor.copy_(before)
        raise


def _writing(item: Placed, store: Store) -> list[Step]:
    if item.piece.is_as_stored:
        member = store.member(item.keys[0])
        if member.header.shape == tuple(item.tensor.shape):
            if not item.tensor.is_inference():
                # A graph that still needs the old values is to notice, as after copy_.
                torch.autograd.graph.increment_version(item.tensor)
            return writing(item.tensor, member)
    size = sum(store.member(key).header.nbytes for key in item.keys)
    return [Step(size, partial(_make, item, store))]


def _make(item: Placed, store: Store) -> None:
    copy_into(item.tensor.detach(), item.make(lambda key: store.member(key).read()))
