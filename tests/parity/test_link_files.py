"""A file of every link: golden ones load, and new ones cross in both directions."""

from __future__ import annotations

import io

import numpy as np
import pytest

import chainer_compat
from chainer_compat import links, optimizers
from chainer_compat._unsupported import Unsupported
from chainer_compat.errors import MissingNameError
from chainer_compat.serializers import NpzArchive
from tests.parity import _golden, _running
from tests.parity.bodies import tiny, weights

GOLDEN = _golden.FOLDER / "links"

# The links of the package that need no file of their own, and why.
WITHOUT_A_FILE = {
    "Classifier": "what it holds is its predictor's",
    "TorchModule": "Chainer has none",
    "GoogLeNet": "made of links that have files, and large",
    "ResNet50Layers": "made of links that have files, and large",
    "ResNet101Layers": "made of links that have files, and large",
    "ResNet152Layers": "made of links that have files, and large",
    "VGG16Layers": "made of links that have files, and large",
    "VGG19Layers": "made of links that have files, and large",
}


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


HERE = list(filter(is_here, weights.CASES))


def links_of_the_package():
    """The classes by name; a new one is in this list by itself."""
    found = {name: getattr(links, name) for name in links.__all__}
    return {
        name: kind
        for name, kind in found.items()
        if not isinstance(kind, Unsupported) and issubclass(kind, chainer_compat.Link)
    }


def test_every_link_of_the_package_has_a_golden_file():
    made = {type(weights.CASES[name][0](chainer_compat, links)) for name in HERE}
    without = {name for name, kind in links_of_the_package().items() if kind not in made}
    assert without - WITHOUT_A_FILE.keys() == set(), "add a case to tests/parity/bodies/weights.py"
    files = {path.stem for path in GOLDEN.glob("*.npz")} - {"inputs", "outputs"}
    assert files == weights.CASES.keys(), "write the golden files anew"


def test_every_optimizer_of_the_package_has_golden_files():
    kinds = {name: getattr(optimizers, name) for name in optimizers.__all__}
    assert set(tiny.OPTIMIZERS) == {
        name
        for name, kind in kinds.items()
        if isinstance(kind, type) and issubclass(kind, chainer_compat.GradientMethod)
    }


@pytest.mark.parametrize("name", HERE)
def test_a_golden_file_gives_chainers_outputs(name):
    with np.load(GOLDEN / "inputs.npz") as inputs, np.load(GOLDEN / "outputs.npz") as outputs:
        x, y = inputs[name], outputs[name]
    here = ours(weights.loaded, name, (GOLDEN / f"{name}.npz").read_bytes(), x)
    np.testing.assert_allclose(here, y, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", HERE)
def test_links_have_chainers_keys_and_cross_both_ways(oracle, name):
    theirs, mine = value_of(oracle.ask(weights.saved, name)), ours(weights.saved, name)
    assert contents(mine["npz"]) == contents(theirs["npz"])
    here = ours(weights.loaded, name, theirs["npz"], theirs["x"])
    there = value_of(oracle.ask(weights.loaded, name, mine["npz"], mine["x"]))
    np.testing.assert_allclose(here, theirs["y"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(there, mine["y"], rtol=1e-5, atol=1e-6)
