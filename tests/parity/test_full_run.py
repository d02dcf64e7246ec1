"""A run with every extension that Chainer has: the same calls, reports and files."""

from __future__ import annotations

import json

import chainer_compat
from tests.parity import _comparing, _golden, _running
from tests.parity.bodies import full_run


def test_events_of_a_run_with_every_extension_of_chainers(both):
    both(full_run.run_every_extension, rtol=1e-6)


def test_events_of_a_run_with_every_extension_are_the_golden_ones():
    outcome = _running.run(chainer_compat, full_run.run_every_extension, [])
    golden = json.loads((_golden.FOLDER / "full_run.json").read_text(encoding="utf-8"))

    assert _comparing.differences(outcome, _running.Returned(golden), rtol=1e-6) == []
