"""A run with every extension: the same calls, reports and files as Chainer's."""

from __future__ import annotations

import json
import types

import torch

import chainer_compat
from chainer_compat.training import extensions
from tests.parity import _comparing, _golden, _running
from tests.parity.bodies import full_run


def test_events_of_a_run_with_every_extension_of_chainers(both):
    both(full_run.run_every_extension, rtol=1e-6)


def test_events_of_a_run_with_every_extension_are_the_golden_ones():
    outcome = _running.run(chainer_compat, full_run.run_every_extension, [])
    golden = json.loads((_golden.FOLDER / "full_run.json").read_text(encoding="utf-8"))

    assert _comparing.differences(outcome, _running.Returned(golden), rtol=1e-6) == []


OWN = {"LRScheduler", "ProfileReport"}


def test_extensions_that_chainer_lacks_leave_the_rest_as_it_is():
    def more(trainer):
        rate = types.SimpleNamespace(value=1.0)
        step = torch.optim.lr_scheduler.StepLR
        return [
            (extensions.ProfileReport("profile.txt"), {}),
            (extensions.LRScheduler(lambda o: step(o, 1), attr="value", optimizer=rate), {}),
        ]

    golden = json.loads((_golden.FOLDER / "full_run.json").read_text(encoding="utf-8"))
    outcome = _running.run(chainer_compat, full_run.run_every_extension, [more])
    run = outcome.value

    def is_own(event):
        return isinstance(event, str) and event.split()[1] in OWN

    assert [event for event in run["log"] if is_own(event)] == [
        f"{iteration} {name}"
        for iteration in (3, 6, 9)
        for name in ("LRScheduler", "ProfileReport")
    ]
    run["log"] = [event for event in run["log"] if not is_own(event)]
    run["registered"] = [name for name in run["registered"] if name not in OWN]
    run["files"].remove("profile.txt")
    assert _comparing.differences(outcome, _running.Returned(golden), rtol=1e-6) == []


def test_no_extension_is_left_out():
    asked = set()

    class Asked:
        def __getattr__(self, name):
            asked.add(name)
            return getattr(extensions, name)

    training = types.SimpleNamespace(**{**vars(chainer_compat.training), "extensions": Asked()})
    library = types.SimpleNamespace(**{**vars(chainer_compat), "training": training})
    _running.run(library, full_run.run_every_extension, [])

    assert asked | OWN == set(extensions.__all__) - {"dump_graph", "snapshot_writers"}
