"""A file of every kind of link crosses between the libraries in both directions."""

from __future__ import annotations

import io

import numpy as np
import pytest

import chainer_compat
from chainer_compat.errors import MissingNameError
from chainer_compat.serializers import NpzArchive
from tests.parity import _running
from tests.parity.bodies import weights


def value_of(found):
    assert isinstance(found, _running.Returned), found
    return found.value


def ours(body, *args):
    return value_of(_running.run(chainer_compat, body, args))


def contents(data):
    with NpzArchive(io.BytesIO(data)) as archive:
        return {key: (archive[key].shape, archive[key].dtype) for key in archive}


def is_here(name):
    """Whether this package has the links of a case; the test grows with them."""
    make, _, _ = weights.CASES[name]
    try:
        make(chainer_compat, chainer_compat.links)
    except MissingNameError:
        return False
    return True


@pytest.mark.parametrize("name", list(filter(is_here, weights.CASES)))
def test_links_have_chainers_keys_and_cross_both_ways(oracle, name):
    theirs, mine = value_of(oracle.ask(weights.saved, name)), ours(weights.saved, name)
    assert contents(mine["npz"]) == contents(theirs["npz"])
    here = ours(weights.loaded, name, theirs["npz"], theirs["x"])
    there = value_of(oracle.ask(weights.loaded, name, mine["npz"], mine["x"]))
    np.testing.assert_allclose(here, theirs["y"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(there, mine["y"], rtol=1e-5, atol=1e-6)
