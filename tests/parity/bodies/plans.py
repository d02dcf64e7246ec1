"""Hand-written plans for `events.run_trainer`; their event logs on Chainer are golden files."""

from __future__ import annotations


def extension(label, kind="extension", **changes):
    """Describe one extension; what is not given is what a class of Chainer's would have."""
    described = {
        "label": label,
        "kind": kind,
        "own_trigger": ["interval", 1, "iteration"],
        "own_priority": 100,
    }
    return {**described, **changes}


def plan(*extensions, size=4, batch=2, stop=(2, "epoch"), **changes):
    """Describe a run over two epochs of two iterations."""
    described = {"size": size, "batch": batch, "stop": list(stop), "extensions": list(extensions)}
    return {**described, **changes}


PLANS = {
    "nothing": plan(),
    "order of priorities": plan(
        extension("reader", own_priority=100),
        extension("writer", own_priority=300),
        extension("editor", own_priority=200),
        extension("zero", priority=0),
        extension("negative", own_priority=-100),
        extension("second_reader", own_priority=100),
        extension("promoted", own_priority=-5, priority=1000),
    ),
    "kinds and names": plan(
        extension("function", "function"),
        extension("anonymous", "lambda"),
        extension("decorated", "decorated"),
        extension("named", "decorated", default_name="called_this"),
        extension("plain", "plain", name="given"),
        extension("nameless", "plain"),
        extension("renamed", name="training"),
        extension("other", default_name="default", name="explicit"),
    ),
    "twins": plan(
        extension("twin"),
        extension("twin"),
        extension("twin", "function"),
        extension("again", same_as=0),
        extension("anonymous", "lambda"),
        extension("anonymous", "lambda"),
        extension("suffix", name="twin_1"),
    ),
    "triggers and calls interleave": plan(
        extension("second", own_trigger=["asked", 2], own_priority=10),
        extension("first", own_trigger=["asked", 1], own_priority=20, reports="value"),
        extension("reads", trigger=["max", "value"], own_priority=5),
        extension("epoch", trigger=["interval", 1, "epoch"]),
        extension("points", trigger=["points", [1, 3]]),
        extension("once", trigger=["once"]),
    ),
    "before training": plan(
        extension("both", call_before_training=True, reports="x"),
        extension("later", own_priority=50),
        extension("only_before", trigger=["points", [100]], call_before_training=True),
        extension("early", own_priority=500, call_before_training=True),
    ),
    "a finished trigger": plan(
        extension("finished", own_trigger=["finished", 1]),
        extension("unfinished", own_trigger=["asked", 1]),
    ),
    "an extension raises": plan(
        extension("before", own_priority=300),
        extension("raises", own_priority=200, fails={"call": 2}),
        extension("after", "decorated"),
        extension("plain", "plain", name="plain"),
    ),
    "the update raises": plan(extension("a"), extension("b", own_priority=300), update_fails_at=3),
    "stop at once": plan(extension("a"), stop=(0.5, "epoch"), size=2, batch=2),
}
