"""Hooks by name, before and after."""

from __future__ import annotations

import pytest

from chainer_compat.optimizers._hookable import Hookable


def called(hookable, timing):
    names = []
    hookable.call(timing, lambda hook: names.append(hook("x")))
    return names


def test_hooks_are_called_in_order_at_their_timing():
    hookable = Hookable()
    for name, timing in (("a", "auto"), ("b", "post"), ("c", "pre")):
        hookable.add(lambda _, name=name: name, name, timing)

    assert (called(hookable, "pre"), called(hookable, "post")) == (["a", "c"], ["b"])
    assert bool(hookable)
    hookable.remove("a")
    hookable.remove("b")
    assert (called(hookable, "pre"), called(hookable, "post")) == (["c"], [])


def test_a_hook_knows_its_name_and_timing():
    class Hook:
        name, timing = "known", "post"

        def __call__(self, _):
            return self.name

    def function(_):
        return "function"

    hookable = Hookable()
    hookable.add(Hook(), None, "auto")
    hookable.add(function, None, "auto")

    assert (list(hookable.pre), list(hookable.post)) == (["function"], ["known"])


def test_a_hook_may_remove_itself_while_hooks_are_called():
    hookable = Hookable()

    def once(_):
        hookable.remove("once")

    hookable.add(once, "once", "pre")
    hookable.add(lambda _: None, "other", "pre")
    called(hookable, "pre")

    assert list(hookable.pre) == ["other"]


@pytest.mark.parametrize(
    ("hook", "name", "timing", "error", "match"),
    [
        (3, "x", "pre", TypeError, "must be callable"),
        (print, "x", "during", ValueError, "'during'"),
        (print, "taken", "post", KeyError, "'taken'"),
    ],
)
def test_what_is_refused(hook, name, timing, error, match):
    hookable = Hookable()
    hookable.add(len, "taken", "pre")
    with pytest.raises(error, match=match):
        hookable.add(hook, name, timing)
    with pytest.raises(KeyError, match="missing"):
        hookable.remove("missing")
    with pytest.raises(ValueError, match="'during'"):
        hookable.call("during", print)


def test_a_hook_without_a_name_is_refused():
    nameless = type("Nameless", (), {"__call__": print})()

    with pytest.raises(ValueError, match="has no name"):
        Hookable().add(nameless, None, "pre")


def test_an_unknown_timing_of_a_hook_counts_as_before():
    hook = type("Hook", (), {"__call__": print, "timing": "during", "name": "odd"})()
    hookable = Hookable(invalid_timing_fallback=True)

    with pytest.warns(UserWarning, match="'during'; it is taken as 'pre'"):
        hookable.add(hook, None, "auto")
    assert list(hookable.pre) == ["odd"]
