from __future__ import annotations

import pytest

from chainer_compat import training
from chainer_compat.training import Extension, make_extension


def test_defaults():
    extension = Extension()

    assert (extension.trigger, extension.priority, extension.name, extension.default_name) == (
        (1, "iteration"),
        100,
        None,
        "Extension",
    )
    assert not extension.invoke_before_training
    assert repr(extension) == "<Extension 'Extension'>"


def test_optional_parts_do_nothing():
    extension = Extension()

    assert extension.restore(None) is None
    assert extension.initialize(None) is None
    assert extension.on_error(None, ValueError(), None) is None
    assert extension.finalize() is None
    assert extension.serialize(None) is None


def test_call_is_to_be_overridden():
    with pytest.raises(NotImplementedError, match="Extension must override __call__"):
        Extension()(None)


def test_priorities():
    assert (training.PRIORITY_WRITER, training.PRIORITY_EDITOR, training.PRIORITY_READER) == (
        300,
        200,
        100,
    )


class TestMakeExtension:
    def test_defaults_are_those_of_the_class(self):
        @make_extension()
        def function(trainer):
            return trainer

        assert function(1) == 1
        assert vars(function) == {
            "trigger": (1, "iteration"),
            "default_name": "function",
            "priority": 100,
            "finalize": None,
            "initialize": None,
            "on_error": None,
            "invoke_before_training": False,
        }

    def test_every_argument_is_an_attribute(self):
        decorate = make_extension((2, "epoch"), "name", 0, *map(_named, "fie"))
        function = decorate(lambda trainer: None)

        assert [
            f.__name__ for f in (function.finalize, function.initialize, function.on_error)
        ] == [*"fie"]
        assert (function.trigger, function.default_name, function.priority) == (
            (2, "epoch"),
            "name",
            0,
        )

    def test_unknown_argument_is_refused(self):
        with pytest.raises(TypeError, match="'finaliser'"):
            make_extension(finaliser=print)


def _named(name):
    def function(*args):
        pass

    function.__name__ = name
    return function
