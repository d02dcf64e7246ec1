"""Tables of medians and ratios, in Markdown, which a terminal shows well too."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks._sections import Section

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"
BEGIN = "<!-- benchmarks: begin (written by `python -m benchmarks --update-readme`) -->"
END = "<!-- benchmarks: end -->"


def table(section: Section, title: str, medians: dict[str, dict[str, float]]) -> str:
    """One section as a table, with its notes; ratios refer to the first contender."""
    by = _by_quantity if section.by_quantity else _by_contender
    return "\n\n".join([by(section, title, medians), *section.notes])


def _by_contender(section: Section, title: str, medians: dict[str, dict[str, float]]) -> str:
    reference = next(iter(medians.values()))
    header = [title]
    for name in section.quantities.values():
        header += [name, "ratio"]
    if section.shows_overhead:
        header.append("overhead")
    rows = [header, []]
    for label, values in medians.items():
        row = [label]
        for quantity in section.quantities:
            value = values[quantity]
            row += [_show(quantity, value), f"{value / reference[quantity]:.2f}"]
        if section.shows_overhead:
            row.append(f"{(values['iteration'] - reference['iteration']) * 1e6:+.0f} µs")
        rows.append(row)
    return _align(rows)


def _by_quantity(section: Section, title: str, medians: dict[str, dict[str, float]]) -> str:
    first, *others = medians
    header = [title, first]
    for label in others:
        header += [label, "overhead" if section.shows_overhead else "ratio"]
    if section.limit is not None:
        header.append(f"at most {section.limit * 1e6:g} µs")
    rows = [header, []]
    for quantity, name in section.quantities.items():
        reference = medians[first][quantity]
        row = [name, _show(quantity, reference)]
        for label in others:
            value = medians[label][quantity]
            more, ratio = f"{(value - reference) * 1e6:+.1f} µs", f"{value / reference:.2f}"
            row += [_show(quantity, value), more if section.shows_overhead else ratio]
        if section.limit is not None:
            more = medians[others[0]][quantity] - reference
            limit = section.limit * section.times.get(quantity, 1)
            row.append("yes" if more <= limit else "no")
        rows.append(row)
    return _align(rows)


def _show(quantity: str, value: float) -> str:
    if quantity == "bytes":
        return f"{value / 1e6:.1f} MB"
    if quantity == "iteration" or quantity.startswith(("step_", "forward_")):
        return f"{value * 1e6:.0f} µs"
    return f"{value * 1e3:.0f} ms"


def _align(rows: list[list[str]]) -> str:
    """The second row is the rule under the header, drawn here."""
    cells = (rows[0], *rows[2:])
    widths = [max(len(row[column]) for row in cells) for column in range(len(rows[0]))]
    rows[1] = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: list[str], widths: list[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return f"| {' | '.join(cells)} |"


def update_readme(tables: Iterable[str]) -> None:
    """Put the tables between the markers.

    Raises:
        ValueError: If README has no markers.
    """
    text = README.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{README} has no lines {BEGIN!r} and {END!r} to write between")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    middle = "\n\n".join(tables)
    README.write_text(f"{before}{BEGIN}\n\n{middle}\n\n{END}{after}", encoding="utf-8")
