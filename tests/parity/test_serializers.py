"""Files cross between the libraries in both directions, and values are cast alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import chainer_compat
from tests.parity import _comparing, _running
from tests.parity._examples import examples
from tests.parity.bodies import files

VALUES = {
    "W": np.arange(6, dtype=np.float32).reshape(2, 3),
    "l1/b": np.linspace(0, 1, 5),
    "l1/deep/N": np.asarray(3),
    "empty": np.zeros((0, 2), np.float16),
    "one": np.ones(1, np.int8),
    "fortran": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "large": np.random.default_rng(0).normal(size=(300, 1000)).astype(np.float32),
    "flags": np.array([True, False]),
    "nothing": None,
    "count": 7,
    "rate": 0.5,
    "on": True,
}
TEXTS = {"text": "grüße\n", "log": '[{"epoch": 1}]'}
# Of hdf5, Chainer can neither save text nor load what is empty.
KINDS = {
    "npz": VALUES | TEXTS,
    "npz_plain": VALUES | TEXTS,
    "hdf5": {key: value for key, value in VALUES.items() if key != "empty"},
}


def blank(values):
    def zero(value):
        if value is None:
            return None
        return np.zeros_like(value) if isinstance(value, np.ndarray) else type(value)()

    return {key: zero(value) for key, value in values.items()}


def value_of(found):
    assert isinstance(found, _running.Returned), found
    return found.value


def ours(body, *args):
    return value_of(_running.run(chainer_compat, body, args))


def same(ours, theirs):
    ours, theirs = _running.Returned(ours), _running.Returned(theirs)
    return not _comparing.differences(ours, theirs, 0, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_chainer_loads_what_is_written_here(oracle, kind):
    values = KINDS[kind]
    data = ours(files.save, kind, values)
    theirs = value_of(oracle.ask(files.load, kind, data, blank(values)))
    assert same(ours(files.load, kind, data, blank(values)), theirs)
    assert {key: type(value) for key, value in theirs.items()} == {
        key: type(value) for key, value in values.items()
    }
    np.testing.assert_array_equal(theirs["large"], values["large"])


@pytest.mark.parametrize("kind", KINDS)
def test_what_chainer_wrote_is_loaded_as_chainer_loads_it(oracle, kind):
    values = KINDS[kind]
    data = value_of(oracle.ask(files.save, kind, values))
    theirs = value_of(oracle.ask(files.load, kind, data, blank(values)))
    assert same(ours(files.load, kind, data, blank(values)), theirs)


@pytest.mark.parametrize("path", ["", "a/", "a"])
def test_dictionaries_are_equal(both, path):
    both(files.dictionary, path, VALUES | TEXTS)


plain = st.one_of(
    st.integers(-100, 100),
    st.floats(-100, 100, width=16),
    st.booleans(),
    st.just("text"),
    st.floats(-9, 9, width=16).map(np.float32),
)
dtypes = st.sampled_from(["?", "i1", "i8", "u2", "f2", "f4", "f8", "c8"])


@examples()
@given(plain, plain)
def test_scalars_are_cast_alike(both, stored, value):
    both(files.assign, stored, value)


@examples()
@given(arrays.arrays(dtypes, st.just((2, 3)), elements=st.booleans()), dtypes, st.booleans())
def test_arrays_are_cast_alike(both, stored, dtype, from_none):
    both(files.assign, stored, None if from_none else np.zeros((2, 3), dtype))


@pytest.mark.parametrize("value", [1, 1.5, "x", np.zeros(3), None])
def test_none_is_alike(both, value):
    both(files.assign, None, value)


@pytest.mark.parametrize("value", [np.zeros((3, 2)), np.zeros(6), np.zeros((2, 4))])
def test_other_shapes_are_errors_alike(both, value):
    both(files.assign, np.ones((2, 3)), value)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("path", ["", "m/", "/m/"])
@pytest.mark.parametrize("names", [None, "a", "m/a", ["a", "b/c"], ("d",)])
def test_strictness_and_names_are_alike(both, strict, path, names):
    values = {"a": 1, "b/c": 2, "d": 3, "m/a": 4, "m/b/c": 5}
    both(files.ignored, values, path, strict, names)


@pytest.mark.parametrize("names", [3, [3]])
def test_other_names_are_errors_alike(both, names):
    both(files.ignored, {"a": 1}, "", True, names)
