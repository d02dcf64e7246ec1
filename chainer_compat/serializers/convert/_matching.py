"""Finds the link in a file that belongs to each torch module: by mapping, by path, by shape."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError
from chainer_compat.serializers._natural_order import natural_order

if TYPE_CHECKING:
    from chainer_compat.serializers.convert._layouts import Layout, Shape

__all__ = [
    "Match",
    "PathMapping",
    "Unit",
    "find_matches",
    "link_names",
    "map_path",
]

Rules = Iterable[tuple[str, str]]
PathMapping = Mapping[str, "str | None"] | Callable[[str], "str | None"] | Rules | None


@dataclass(frozen=True)
class Unit:
    """A torch module with parameters of its own.

    Attributes:
        path: Its path in the model, ``"layers.0"``.
        module: The module.
        layouts: How it can be made of a link's arrays.
    """

    path: str
    module: Any
    layouts: list[Layout]


@dataclass(frozen=True)
class Match:
    """A torch module, the link that belongs to it, and how that was found.

    Attributes:
        unit: The torch module.
        path: The link's path in the file, ``"predictor/l1"``.
        layout: The layout that fits, or the first one if none does.
        by: ``"mapping"``, ``"path"``, ``"shape and name"`` or ``"shape and order"``.
    """

    unit: Unit
    path: str
    layout: Layout
    by: str


def map_path(mapping: PathMapping, path: str) -> str | None:
    """Where the user's mapping sends a path of the file, or None.

    Args:
        mapping: A dictionary (what is under its paths goes along), a function, or pairs of a
            regular expression (which must match the whole path) and a replacement.
        path: The path.
    """
    if mapping is None:
        return None
    if isinstance(mapping, Mapping):
        return _goes_along(mapping, path)
    if callable(mapping):
        return mapping(path)
    try:
        for pattern, replacement in mapping:
            if re.fullmatch(pattern, path):
                return re.sub(pattern, replacement, path)
    except (TypeError, ValueError) as error:
        raise InvalidArgumentTypeError(
            "mapping takes a dictionary, a function, or pairs of a regular expression and a "
            f"replacement; got {mapping!r}"
        ) from error
    return None


def _goes_along(mapping: Mapping[str, str | None], path: str) -> str | None:
    """Where a dictionary sends a path: by itself, or with the longest path above it."""
    if path in mapping:
        return mapping[path]
    parts = path.split("/")
    for depth in reversed(range(len(parts))):
        above = mapping.get("/".join(parts[:depth]))
        if above is not None:
            return ".".join([above, *parts[depth:]]).lstrip(".")
    return None


class _Links:
    """The links of a file: every path that has arrays under it."""

    def __init__(self, shapes: dict[str, Shape]) -> None:
        self.arrays: dict[str, dict[str, Shape]] = defaultdict(dict)
        for key, shape in shapes.items():
            parts = key.split("/")
            for i in range(len(parts)):
                self.arrays["/".join(parts[:i])]["/".join(parts[i:])] = shape
        self.paths = sorted(self.arrays, key=natural_order)

    def fitting(self, path: str, layouts: list[Layout]) -> Layout | None:
        """The layout whose arrays are all there, in their shapes."""
        found = self.arrays.get(path, {})
        for layout in layouts:
            needs = layout.needs
            if needs and all(found.get(name) == shape for name, shape in needs.items()):
                return layout
        return None

    def fitting_in_part(self, path: str, layouts: list[Layout]) -> Layout | None:
        """The layout of which all arrays that are there fit, its largest among them.

        So it is with links that were made without a bias or without a scale.
        """
        found = self.arrays.get(path, {})
        for layout in layouts:
            needs = layout.needs
            there = [prod(shape) for name, shape in needs.items() if found.get(name) == shape]
            wrong = any(name in found and found[name] != shape for name, shape in needs.items())
            if there and not wrong and max(there) == max(map(prod, needs.values())):
                return layout
        return None

    def resembling(self, path: str, layouts: list[Layout]) -> Layout | None:
        """The layout that has most of its arrays there, of whatever shape."""
        found = self.arrays.get(path, {})
        scored = [(len(layout.names & found.keys()), layout) for layout in layouts]
        score, layout = max(scored, key=lambda pair: pair[0], default=(0, None))
        return layout if score else None

    def is_own(self, path: str, layout: Layout) -> bool:
        """Whether all that is under a path belongs to one module."""
        return self.arrays[path].keys() <= layout.names


def link_names(shapes: dict[str, Shape]) -> dict[str, set[str]]:
    """What the file has under each link's path.

    Args:
        shapes: The file's arrays.
    """
    return {path: set(arrays) for path, arrays in _Links(shapes).arrays.items()}


def find_matches(
    units: list[Unit], shapes: dict[str, Shape], mapping: PathMapping
) -> tuple[list[Match], list[str]]:
    """Finds the link of each torch module.

    Args:
        units: The torch modules.
        shapes: The file's arrays.
        mapping: What the user says; it comes first.

    Returns:
        The matches, of which modules without a link are left out; and notes on what is uncertain.

    Raises:
        ValueError: If the mapping sends two links to one module, or one to no module.
    """
    links = _Links(shapes)
    matches = _by_mapping(units, links, mapping)
    matches += _by_path(_left(units, matches), links, {match.path for match in matches})
    guesses: list[str] = []
    for fitting in (links.fitting, links.fitting_in_part):
        taken = {match.path for match in matches}
        by_shape, uncertain = _by_shape(_left(units, matches), links, taken, fitting)
        matches += by_shape
        guesses += uncertain
    order = {unit.path: i for i, unit in enumerate(units)}
    in_order = sorted(matches, key=lambda match: order[match.unit.path])
    settled, uncertain = _settle_numbers(in_order, links)
    return settled, uncertain + guesses


def _settle_numbers(matches: list[Match], links: _Links) -> tuple[list[Match], list[str]]:
    """Numbered links in the order of a `chainer.Sequential`, where shapes tell that it is one."""
    groups: dict[str, list[int]] = defaultdict(list)
    for i, match in enumerate(matches):
        parent, _, name = match.path.rpartition("/")
        if name.isdigit() and match.by != "mapping":
            groups[parent].append(i)
    settled, notes = list(matches), []
    for parent, places in groups.items():
        in_order = sorted((matches[i].path for i in places), key=natural_order)
        numbers = [path.rpartition("/")[2] for path in in_order]
        if numbers != [str(i) for i in range(len(places))]:
            continue
        units = [matches[i].unit for i in places]
        orders = (_fitted(units, order, links) for order in _of_sequential(in_order))
        # Shapes that fit in two of these orders fit in that of a ChainList, too.
        as_sequential = next((fitted for fitted in orders if fitted is not None), None)
        if as_sequential is None:
            continue
        if _fitted(units, in_order, links) is not None:
            notes.append(_uncertain(parent, len(places), as_sequential))
            continue
        for i, match in zip(places, as_sequential, strict=True):
            settled[i] = match
    return settled, notes


def _of_sequential(paths: list[str]) -> list[list[str]]:
    """The orders that the links of a `chainer.Sequential` may have, by their numbers.

    A ChainList numbers its links in order; a Sequential of ``n`` links ``0, n - 1, ..., 1``, or
    ``0, ..., k, n - 1, ..., k + 1`` with ``k`` functions ahead of them.
    """
    return [[*paths[: k + 1], *paths[:k:-1]] for k in range(len(paths) - 2)]


def _fitted(units: list[Unit], paths: list[str], links: _Links) -> list[Match] | None:
    """The modules with these links, if all of them fit."""
    matches = []
    for unit, path in zip(units, paths, strict=True):
        layout = links.fitting(path, unit.layouts)
        if layout is None:
            return None
        matches.append(Match(unit, path, layout, "shape and order"))
    return matches


def _uncertain(parent: str, count: int, other: list[Match]) -> str:
    first = f"{parent}/0" if parent else "0"
    mapping = {match.path: match.unit.path for match in other}
    return (
        f"the links {first} to {count - 1} fit in several orders, as a ChainList numbers them and "
        f"as a chainer.Sequential does. Say which it is; for a Sequential, mapping={mapping}"
    )


def _left(units: list[Unit], matches: list[Match]) -> list[Unit]:
    done = {match.unit.path for match in matches}
    return [unit for unit in units if unit.path not in done]


def _by_mapping(units: list[Unit], links: _Links, mapping: PathMapping) -> list[Match]:
    known = {unit.path: unit for unit in units}
    found: dict[str, Match] = {}
    for path in links.paths if mapping is not None else ():
        target = map_path(mapping, path)
        if target is None:
            continue
        unit = known.get(target)
        if unit is None:
            if isinstance(mapping, Mapping) and path in mapping and not _holds(target, known):
                raise InvalidArgumentError(
                    f"mapping sends {path!r} to {target!r}, which is no module with parameters; "
                    f"there are {', '.join(map(repr, known))}"
                )
            continue
        if target in found:
            raise InvalidArgumentError(
                f"mapping sends {found[target].path!r} and {path!r} both to {target!r}"
            )
        layout = links.fitting(path, unit.layouts) or links.resembling(path, unit.layouts)
        found[target] = Match(unit, path, layout or unit.layouts[0], "mapping")
    return list(found.values())


def _holds(target: str, known: Iterable[str]) -> bool:
    return any(path.startswith(f"{target}." if target else "") for path in known)


def _joined(prefix: str, unit: Unit, outer: str) -> str:
    path = unit.path.removeprefix(f"{outer}." if outer else "").replace(".", "/")
    return f"{prefix}/{path}".strip("/") if path else prefix


def _by_path(units: list[Unit], links: _Links, taken: set[str]) -> list[Match]:
    """Modules whose path is that of a link, behind the prefixes that explain most of them."""
    best: list[Match] = []
    for outer in _common_parents(units):
        for prefix in ["", *links.paths]:
            matches = [
                Match(unit, path, layout, "path")
                for unit in units
                if (path := _joined(prefix, unit, outer)) in links.arrays
                and path not in taken
                and (layout := _best(links, path, unit)) is not None
            ]
            matches = _without_misnumbered(matches, units, links)
            if _score(matches, links) > _score(best, links):
                best = matches
    return best


def _common_parents(units: list[Unit]) -> list[str]:
    """The modules that hold all of the others, such as a wrapper's ``model``; the outermost first.

    What they are called need not be known to the file.
    """
    parents = [unit.path.split(".")[:-1] for unit in units]
    common: list[str] = []
    for parts in zip(*parents, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return [".".join(common[:depth]) for depth in range(len(common) + 1)]


def _best(links: _Links, path: str, unit: Unit) -> Layout | None:
    return links.fitting(path, unit.layouts) or links.resembling(path, unit.layouts)


def _score(matches: list[Match], links: _Links) -> int:
    return sum(
        2 if links.fitting(match.path, [match.layout]) else 1
        for match in matches
        if match.unit.path or links.is_own(match.path, match.layout)
    )


def _without_misnumbered(matches: list[Match], units: list[Unit], links: _Links) -> list[Match]:
    """Leaves out numbered parts unless both sides count alike.

    ``nn.Sequential`` counts its activations too, so its ``2`` may be the second layer.
    """

    def numbers(paths: Iterable[str]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for path in paths:
            parent, _, name = path.rpartition("/")
            if name.isdigit():
                found[parent].add(name)
        return found

    ours = numbers(unit.path.replace(".", "/") for unit in units)
    theirs = numbers(links.paths)
    kept = []
    for match in matches:
        parent, _, name = match.unit.path.replace(".", "/").rpartition("/")
        their_parent = match.path.rpartition("/")[0]
        if not name.isdigit() or ours[parent] == theirs[their_parent]:
            kept.append(match)
    return kept


def _by_shape(
    units: list[Unit],
    links: _Links,
    taken: set[str],
    fitting: Callable[[str, list[Layout]], Layout | None],
) -> tuple[list[Match], list[str]]:
    """Modules and links of one shape, in the order of their paths, if there are as many of both.

    Comes with a note on each group of links whose paths do not tell an order.
    """
    free = [path for path in links.paths if not _overlaps(path, taken)]
    candidates: dict[str, list[tuple[str, Layout]]] = {}
    for unit in units:
        found = [(path, fitting(path, unit.layouts)) for path in free]
        candidates[unit.path] = [
            (path, layout)
            for path, layout in found
            if layout is not None and links.is_own(path, layout)
        ]
    groups: dict[tuple[str, ...], list[Unit]] = defaultdict(list)
    for unit in units:
        groups[tuple(path for path, _ in candidates[unit.path])].append(unit)
    used = Counter(path for paths in groups for path in paths)
    matches, guesses = [], []
    for paths, members in groups.items():
        if len(paths) == len(members) and all(used[path] == 1 for path in paths):
            pairs = _paired(members, paths)
            matches += [
                Match(unit, path, dict(candidates[unit.path])[path], by) for unit, path, by in pairs
            ]
            ordered = {path: unit.path for unit, path, by in pairs if by == "shape and order"}
            if len({re.sub(r"\d+", "#", path) for path in ordered}) > 1:
                guesses.append(_guessed(ordered))
    return matches, guesses


def _guessed(mapping: dict[str, str]) -> str:
    return (
        f"the links {', '.join(mapping)} are of one shape and are taken in the order of their "
        "names, which need not be that of the modules. Say which belongs where; as taken, "
        f"mapping={mapping}"
    )


def _paired(members: list[Unit], paths: tuple[str, ...]) -> list[tuple[Unit, str, str]]:
    """Pairs what has one shape by its own names, and what is left in order."""
    ours = _by_last_part([unit.path.replace(".", "/") for unit in members])
    theirs = _by_last_part(list(paths))
    by_name = {ours[name]: theirs[name] for name in ours.keys() & theirs.keys()}
    rest = [path for path in paths if path not in by_name.values()]
    pairs = []
    for unit in members:
        path = by_name.get(unit.path.replace(".", "/"))
        if path is not None:
            pairs.append((unit, path, "shape and name"))
        else:
            pairs.append((unit, rest.pop(0), "shape and order"))
    return pairs


def _by_last_part(paths: list[str]) -> dict[str, str]:
    """Paths by their last part, if no other has it; a number is no name."""
    count = Counter(path.rpartition("/")[2] for path in paths)
    return {
        name: path
        for path in paths
        if count[name := path.rpartition("/")[2]] == 1 and not name.isdigit()
    }


def _overlaps(path: str, taken: set[str]) -> bool:
    return any(
        path == other or path.startswith(other + "/") or other.startswith(path + "/") or not other
        for other in taken
    )
