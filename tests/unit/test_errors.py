"""Errors and what is not supported."""

from __future__ import annotations

import pickle
import types

import pytest

import chainer_compat as chainer
from chainer_compat import _unsupported, errors


@pytest.mark.parametrize("name", errors.__all__)
def test_every_exception_is_ours_and_every_warning_too(name: str) -> None:
    found = getattr(errors, name)
    assert issubclass(found, (errors.ChainerCompatError, errors.ChainerCompatWarning))
    assert found.__doc__


def test_a_mismatch_shows_its_text_and_not_the_repr_of_it() -> None:
    assert str(errors.SnapshotMismatchError("a\nb")) == "a\nb"


def test_an_unsupported_name_is_listed_and_raises_when_used() -> None:
    stand_in = _unsupported.unsupported("chainer.nothing.Nothing", "Use something.")
    try:
        assert _unsupported.registry["chainer.nothing.Nothing"] is stand_in
        with pytest.raises(NotImplementedError, match=r"chainer\.nothing\.Nothing.*Use something"):
            stand_in(1)
        with pytest.raises(NotImplementedError, match="Use something"):
            _ = stand_in.attribute
        assert repr(stand_in) == "<not supported: chainer.nothing.Nothing>"
        assert not hasattr(stand_in, "__wrapped__")
    finally:
        del _unsupported.registry["chainer.nothing.Nothing"]


def test_a_dead_argument_is_taken_at_its_default_and_refused_by_name_otherwise() -> None:
    dead = {"use_cudnn": (True, "cuDNN is torch's choice.")}
    _unsupported.refuse_arguments("f", {"use_cudnn": True}, dead)
    with pytest.raises(NotImplementedError, match="use_cudnn=False"):
        _unsupported.refuse_arguments("f", {"use_cudnn": False}, dead)
    with pytest.raises(TypeError, match="'other'"):
        _unsupported.refuse_arguments("f", {"other": 1}, dead)


def test_a_name_that_chainer_never_had_is_a_plain_attribute_error_with_a_hint() -> None:
    with pytest.raises(AttributeError, match=r"Variabel.*did you mean 'Variable'"):
        _ = chainer.Variabel


def test_a_private_name_gives_a_short_error() -> None:
    error = _unsupported.missing_name("chainer_compat.links", "_nothing")
    assert str(error) == "module 'chainer.links' has no attribute '_nothing'"


def test_a_name_of_the_package_is_loaded_when_it_is_first_used() -> None:
    assert isinstance(chainer.training, types.ModuleType)
    assert "Variable" in dir(chainer)
    assert pickle.loads(pickle.dumps(chainer.mixed16)) is chainer.mixed16
