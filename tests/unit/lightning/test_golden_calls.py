"""Golden lists: a real trainer's hooks, and the extensions' calls and triggers' answers among them.

`python -m tests.unit.lightning.write_golden` writes them anew.
"""

from __future__ import annotations

import pytest

from tests.unit.lightning import write_golden
from tests.unit.lightning._golden_situations import DIFFERENT, SITUATIONS


@pytest.mark.parametrize("name", SITUATIONS)
def test_hooks_and_calls_are_those_of_the_golden_list(name):
    golden = write_golden.golden_of(name)
    assert golden
    assert write_golden.lines_of(name) == golden


def test_each_golden_list_has_a_situation_and_each_difference_a_reason():
    files = {path.name.removesuffix(".json") for path in write_golden.FOLDER.iterdir()}
    of_versions = {
        f"{name}.lightning-{version}" for version, names in DIFFERENT.items() for name in names
    }
    assert files == {*SITUATIONS, *of_versions}
