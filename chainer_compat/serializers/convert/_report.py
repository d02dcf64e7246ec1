"""What went where: the answer of every conversion, and its table."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Loaded", "Mismatch", "Report"]

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Loaded:
    """An array that found its place.

    Attributes:
        name: The parameter or buffer of the torch module.
        sources: The keys of the file that it was made of.
        shape: Its shape.
        how: How it was changed; empty if it was copied as it is.
        matched: How the place was found: by name, by path, by shape and order, or by the mapping.
    """

    name: str
    sources: tuple[str, ...]
    shape: Shape
    how: str
    matched: str


@dataclass(frozen=True)
class Mismatch:
    """Two arrays that belong together and do not fit.

    Attributes:
        name: The parameter or buffer of the torch module.
        source: The key of the file.
        expected: The shape that the module asks for, in the file's layout.
        found: The shape in the file.
    """

    name: str
    source: str
    expected: Shape
    found: Shape


@dataclass
class Report:
    """What a conversion did.

    Attributes:
        loaded: The arrays that found their place.
        missing: Parameters and buffers of the module that the file has nothing for.
        extra: Keys of the file that the module has no place for.
        mismatched: Arrays of another shape.
        notes: What to look at, in sentences.
        doubts: What may be otherwise than it was taken, in sentences.
        shapes: The shapes of what is missing and extra.

    Example:
        >>> report = Report(missing=["fc.bias"])
        >>> print(report)
        missing  fc.bias
        0 loaded, 1 missing, 0 extra, 0 mismatched
        >>> report.complete
        False
    """

    loaded: list[Loaded] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    mismatched: list[Mismatch] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)

    @property
    def transformed(self) -> list[Loaded]:
        """The loaded arrays that were not copied as they are."""
        return [item for item in self.loaded if item.how]

    @property
    def complete(self) -> bool:
        """Whether everything in the module was loaded."""
        return not self.missing and not self.mismatched

    def rows(self) -> list[tuple[str, str, str, str]]:
        """The table's rows: what happened, the name, the source, and the remark."""
        rows = [
            ("loaded", item.name, _sources(item.sources), _remark(item)) for item in self.loaded
        ]
        rows += [
            ("mismatched", item.name, item.source, f"expected {item.expected}, found {item.found}")
            for item in self.mismatched
        ]
        rows += [("missing", name, "", self._shape(name)) for name in self.missing]
        rows += [("extra", "", key, self._shape(key)) for key in self.extra]
        return rows

    def _shape(self, name: str) -> str:
        return str(self.shapes[name]) if name in self.shapes else ""

    def __str__(self) -> str:
        rows = self.rows()
        widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
        lines = [
            "  ".join(
                [*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]
            ).rstrip()
            for row in rows
        ]
        lines += [f"note: {note}" for note in (*self.notes, *self.doubts)]
        lines.append(
            f"{len(self.loaded)} loaded, {len(self.missing)} missing, {len(self.extra)} extra, "
            f"{len(self.mismatched)} mismatched"
        )
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """The report as plain data, for JSON."""
        return {
            "loaded": [vars(item) for item in self.loaded],
            "missing": self.missing,
            "extra": self.extra,
            "mismatched": [vars(item) for item in self.mismatched],
            "notes": self.notes,
            "doubts": self.doubts,
        }


def _sources(keys: tuple[str, ...]) -> str:
    if len(keys) <= 2:
        return " + ".join(keys)
    return f"{keys[0]} ... {keys[-1]} ({len(keys)} arrays)"


def _remark(item: Loaded) -> str:
    return f"{item.shape} by {item.matched}" + (f"; {item.how}" if item.how else "")
