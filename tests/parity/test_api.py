"""Every public name of Chainer 7.8.1 is here, listed as missing, or explained."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.parity import _oracle, compare_api

QUESTION = """
import dataclasses, json
from tests.parity import compare_api
found = compare_api.compare()
print(json.dumps([sorted(found.missing), sorted(found.spurious), found.signatures]))
"""


@pytest.fixture(scope="module")
def found():
    # In a process of its own: every module is imported, under the alias.
    done = subprocess.run(
        [sys.executable, "-c", QUESTION],
        cwd=_oracle.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    missing, spurious, signatures = json.loads(done.stdout)
    return compare_api.Comparison(set(missing), set(spurious), signatures)


def test_missing_names_are_the_listed_ones(found):
    here_now = set(compare_api.listed("missing")) - found.missing

    assert sorted(found.missing - set(compare_api.listed("missing"))) == []
    assert not here_now, "python -m tests.parity.compare_api --shrink takes these out"


def test_names_that_chainer_lacks_have_a_reason(found):
    assert sorted(found.spurious) == sorted(compare_api.listed("spurious"))


def test_signatures_that_refuse_a_call_of_chainers_have_a_reason(found):
    known = compare_api.listed("signatures")
    unlisted = {name: why for name, why in found.signatures.items() if name not in known}

    assert unlisted == {}
    assert sorted(known) == sorted(found.signatures)


@pytest.mark.parametrize("file", ["spurious", "signatures"])
def test_each_listed_deviation_has_a_reason(file):
    assert [name for name, reason in compare_api.listed(file).items() if not reason] == []


def test_what_a_class_came_without_takes_its_place_in_the_list(tmp_path, monkeypatch):
    (tmp_path / "missing.txt").write_text("# why\na.Came\na.Gone\na.Here\n", encoding="utf-8")
    monkeypatch.setattr(compare_api, "HERE", tmp_path)
    found = compare_api.Comparison(missing={"a.Came.method", "a.Gone", "b.new"})
    compare_api.shrink(found)

    lines = (tmp_path / "missing.txt").read_text(encoding="utf-8").splitlines()
    assert lines == ["# why", "a.Came.method", "a.Gone"]


PLAIN = "positional_or_keyword"


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        ([("x", PLAIN, None)], [("x", PLAIN, None)], []),
        ([("x", PLAIN, None)], [("y", PLAIN, None)], ["no argument x", "needs y"]),
        ([("x", PLAIN, "1")], [("x", PLAIN, "2")], ["x=2, Chainer's 1"]),
        ([("x", PLAIN, "1")], [("x", "keyword_only", "1")], ["argument x at another place"]),
        ([("x", "keyword_only", "1")], [("x", PLAIN, "1")], []),
        ([], [("more", PLAIN, "None"), ("kw", "var_keyword", None)], []),
        ([("a", "var_positional", None)], [("a", PLAIN, None)], ["takes no *a"]),
        ([("kw", "var_keyword", None)], [("mask", "keyword_only", "None")], []),
    ],
)
def test_a_signature_agrees_if_it_takes_each_call_of_chainers(theirs, ours, expected):
    problems = list(compare_api._refused_calls(theirs, ours))

    assert problems == expected
