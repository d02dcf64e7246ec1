"""The tables of `python -m benchmarks`, from made-up medians."""

from __future__ import annotations

import ast
import pathlib

import pytest

from benchmarks import _report, contenders
from benchmarks._sections import SECTIONS, Section

CONTENDERS = pathlib.Path(contenders.__file__).parent
LOOP = Section("A loop", {"iteration": "per iteration"}, (), shows_overhead=True)
FILES = Section("A file", {"save": "save", "bytes": "size"}, ())


def test_ratios_refer_to_the_first_line():
    medians = {"by hand": {"iteration": 100e-6}, "ours": {"iteration": 115e-6}}

    assert _report.table(LOOP, LOOP.title, medians).splitlines() == [
        "| A loop  | per iteration | ratio | overhead |",
        "| ------- | ------------: | ----: | -------: |",
        "| by hand |        100 µs |  1.00 |    +0 µs |",
        "| ours    |        115 µs |  1.15 |   +15 µs |",
    ]


def test_seconds_and_bytes_have_their_units():
    medians = {"npz": {"save": 0.5, "bytes": 12e6}}

    assert _report.table(FILES, FILES.title, medians).splitlines()[-1] == (
        "| npz    | 500 ms |  1.00 | 12.0 MB |  1.00 |"
    )


def test_tables_replace_what_is_between_the_markers(tmp_path, monkeypatch):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{_report.BEGIN}\nold\n{_report.END}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(_report, "README", readme)
    _report.update_readme(["first", "second"])

    assert readme.read_text(encoding="utf-8") == (
        f"before\n{_report.BEGIN}\n\nfirst\n\nsecond\n\n{_report.END}\nafter\n"
    )


def test_a_readme_without_markers_is_an_error(tmp_path, monkeypatch):
    readme = tmp_path / "README.md"
    readme.write_text("nothing here\n", encoding="utf-8")
    monkeypatch.setattr(_report, "README", readme)

    with pytest.raises(ValueError, match="has no lines"):
        _report.update_readme(["table"])


@pytest.mark.parametrize("name", SECTIONS)
def test_labels_of_a_section_are_all_different(name):
    labels = [contender.label for contender in SECTIONS[name].contenders]

    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("name", SECTIONS)
def test_contenders_are_functions_that_there_are(name):
    for contender in SECTIONS[name].contenders:
        file = CONTENDERS / f"{contender.module}.py"
        tree = ast.parse(file.read_text(encoding="utf-8"))
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        taken = [argument.arg for argument in functions[contender.function].args.args]
        library = {"": [], "torch": ["torch"]}.get(contender.library, ["chainer"])
        assert taken[: len(library) + 1] == [*library, "options"]


def test_what_a_call_costs_is_shown_as_time():
    section = Section("Cost", {"forward_a": "a"}, (), shows_overhead=True, by_quantity=True)
    medians = {"torch": {"forward_a": 1.04e-6}, "ours": {"forward_a": 3.5e-6}}

    assert _report.table(section, section.title, medians).splitlines()[2:] == [
        "| a    |  1 µs | 4 µs |  +2.5 µs |"
    ]


def of_two_calls(**options):
    names = {"step_a": "a", "step_b": "b"}
    shown = {"shows_overhead": True, "by_quantity": True, "limit": 3e-6}
    return Section("Cost", names, (), **shown, **options)


def test_a_limit_is_shown_with_whether_it_is_kept():
    section = of_two_calls()
    medians = {
        "torch": {"step_a": 1e-6, "step_b": 1e-6},
        "ours": {"step_a": 4e-6, "step_b": 4.1e-6},
        "theirs": {"step_a": 9e-6, "step_b": 1e-6},
    }

    assert _report.table(section, section.title, medians).splitlines() == [
        "| Cost | torch | ours | overhead | theirs | overhead | at most 3 µs |",
        "| ---- | ----: | ---: | -------: | -----: | -------: | -----------: |",
        "| a    |  1 µs | 4 µs |  +3.0 µs |   9 µs |  +8.0 µs |          yes |",
        "| b    |  1 µs | 4 µs |  +3.1 µs |   1 µs |  +0.0 µs |           no |",
    ]


def test_what_is_of_several_functions_may_cost_the_limit_for_each():
    section = of_two_calls(times={"step_b": 2})
    medians = {"torch": {"step_a": 1e-6, "step_b": 1e-6}, "ours": {"step_a": 5e-6, "step_b": 5e-6}}

    rows = _report.table(section, section.title, medians).splitlines()[2:]
    assert [row.split()[-2] for row in rows] == ["no", "yes"]


def test_notes_stand_below_the_table():
    section = Section("Calls", {"step_a": "a"}, (), by_quantity=True, notes=("One.", "Two."))
    medians = {"torch": {"step_a": 1e-5}, "ours": {"step_a": 3e-5}}

    assert _report.table(section, section.title, medians).splitlines()[2:] == [
        "| a     | 10 µs | 30 µs |  3.00 |",
        "",
        "One.",
        "",
        "Two.",
    ]


def test_many_quantities_make_a_line_each():
    section = Section("Calls", {"step_a": "a", "step_bb": "bb"}, (), by_quantity=True)
    medians = {
        "torch": {"step_a": 1e-5, "step_bb": 2e-5},
        "ours": {"step_a": 3e-5, "step_bb": 1e-5},
    }

    assert _report.table(section, section.title, medians).splitlines() == [
        "| Calls | torch |  ours | ratio |",
        "| ----- | ----: | ----: | ----: |",
        "| a     | 10 µs | 30 µs |  3.00 |",
        "| bb    | 20 µs | 10 µs |  0.50 |",
    ]
