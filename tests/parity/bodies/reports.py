"""Reporters and summaries."""

from __future__ import annotations

from tests.parity.bodies import _memory


class _Observer:
    """Something that observes."""


def reported(chainer, np, events):
    """A sequence of events on two reporters; what is observed in the end."""
    reporters = [chainer.Reporter(), chainer.Reporter()]
    observers = [_Observer(), _Observer()]
    for reporter in reporters:
        reporter.add_observer("a", observers[0])
        reporter.add_observers("pre/", [("b", observers[1])])
    outer, inner = {}, {}
    with reporters[0].scope(outer):
        for kind, key, value in events:
            if kind == "plain":
                chainer.report({key: value})
            elif kind == "observer":
                chainer.report({key: value}, observers[1])
            elif kind == "nested":
                with reporters[1].scope(inner):
                    chainer.report({key: value}, observers[0])
            elif kind == "scope":
                with chainer.report_scope(inner):
                    chainer.report({key: value})
            elif kind == "unknown":
                chainer.report({key: value}, _Observer())
    chainer.report({"nowhere": 1})
    return [outer, inner, reporters[0].observation]


def summary(chainer, np, values):
    """Mean and standard deviation of (value, weight) pairs."""
    made = chainer.Summary()
    for value, weight in values:
        made.add(value, weight)
    return [made.compute_mean(), list(made.make_statistics())]


def dict_summary(chainer, np, dicts):
    """Means, statistics, and what is saved and loaded."""
    made = chainer.DictSummary()
    for one in dicts:
        made.add(one)
    saved = _memory.save(chainer, made)
    other = chainer.DictSummary()
    other.add({"gone": 1.0})
    _memory.load(chainer, saved, other)
    return [made.compute_mean(), made.make_statistics(), saved, other.compute_mean()]
