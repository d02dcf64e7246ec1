"""The helpers for tests, where tests/parity cannot compare them with Chainer's."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import types
import unittest

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat import testing
from chainer_compat.testing import attr, condition, doctest_helper
from chainer_compat.testing.array import noncontiguous


def run(test):
    result = unittest.TestResult()
    test.run(result)
    return result


def test_every_name_is_there():
    for name in testing.__all__:
        assert getattr(testing, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        testing.nonsense()
    assert set(testing.__all__) <= set(dir(testing))


def test_a_difference_is_told_with_its_place():
    with pytest.raises(AssertionError) as caught:
        testing.assert_allclose(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.5, 3.1]))

    message = str(caught.value)
    assert "  i: (1,)\n  x[i]: 2.0\n  y[i]: 2.5\n  relative error[i]: 0.2\n" in message
    assert "x: [1. 2. 3.]\ny: [1.  2.5 3.1]" in message


def test_arrays_tensors_and_scalars_are_compared():
    testing.assert_allclose(torch.ones(2, requires_grad=True), np.ones(2))
    testing.assert_allclose(1.0, torch.tensor(1.0))


def test_tensors_and_small_arrays_keep_their_memory():
    for array in (torch.ones(3), np.ones(1), None):
        assert noncontiguous(array) is array


class Outer(unittest.TestCase):
    __test__ = False  # run by the test below

    @condition.retry(5)
    def test_skip_by_pytest(self):
        pytest.skip("by pytest")

    @condition.retry(5)
    def test_skip_by_unittest(self):
        self.skipTest("by unittest")


def test_a_skipped_test_is_not_repeated():
    for name in ("pytest", "unittest"):
        result = run(Outer(f"test_skip_by_{name}"))
        assert [why for _, why in result.skipped] == [f"by {name}"]
        assert result.wasSuccessful()


def test_only_methods_of_test_cases_are_repeated():
    @condition.repeat(2)
    def method(self):
        pass

    with pytest.raises(AssertionError, match="TestCase"):
        method(object())


@pytest.fixture
def any_mark(monkeypatch):
    """Marks that this project does not have are no error, as in a project that has them."""
    monkeypatch.setattr(pytest.mark, "_config", None)


@pytest.mark.usefixtures("any_mark")
def test_marks_are_those_of_pytest():
    def test():
        pass

    for mark in (attr.slow, attr.cudnn, attr.ideep, attr.chainerx, attr.gpu, attr.multi_gpu(2)):
        mark(test)
    names = [mark.name for mark in test.pytestmark]

    assert names == ["slow", "cudnn", "ideep", "chainerx", "gpu", "gpu"]
    assert attr.is_available()
    assert attr.get_error() is None


def test_too_few_gpus_skip_a_test(monkeypatch):
    monkeypatch.setenv("CHAINER_TEST_GPU_LIMIT", "1")

    class TestGpus(unittest.TestCase):
        @attr.multi_gpu(2)
        def test_two(self):
            raise AssertionError

        @attr.gpu
        def test_one(self):
            pass

    assert [why for _, why in run(TestGpus("test_two")).skipped] == ["2 GPUs required"]
    assert run(TestGpus("test_one")).skipped == []
    assert doctest_helper.skipif_not_enough_cuda_devices(2)
    assert not doctest_helper.skipif_not_enough_cuda_devices(1)


def test_doctests_are_never_skipped_in_documentation(monkeypatch):
    assert doctest_helper.skipif_requires_satisfied("numpy>=1")
    monkeypatch.setenv("READTHEDOCS", "True")
    assert not doctest_helper.skipif_requires_satisfied("numpy>=1")
    assert not doctest_helper.skipif(True)


WITHOUT_PYTEST = """
import sys
sys.modules["pytest"] = None
from chainer_compat import testing
testing.run_module("name", "file")
assert not testing.attr.is_available()
try:
    testing.attr.gpu(print)
except RuntimeError as error:
    assert isinstance(error, ImportError)
    print(error)
"""


def test_marks_without_pytest_say_what_is_missing():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PYTEST], capture_output=True, text=True, check=True
    )

    assert "pip install pytest" in done.stdout


SCRIPT = """
import unittest
from chainer_compat import testing


@testing.parameterize({"n": 1}, {"n": 2})
class TestNumber(unittest.TestCase):
    def test_number(self):
        self.assertGreater(self.n, 0)


testing.run_module(__name__, __file__)
"""


def test_a_script_runs_its_own_tests(tmp_path):
    path = tmp_path / "test_script.py"
    path.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert "2 passed" in done.stdout
    assert "TestNumber_param_1_{n=2}" in done.stdout


def test_a_parameterized_failure_tells_the_parameters_and_keeps_its_class():
    @testing.parameterize({"n": 2})
    class TestFailing(unittest.TestCase):
        def test_key(self):
            raise KeyError("lost")

        def test_unusual(self):
            raise UnicodeDecodeError("ascii", b"x", 0, 1, "unusual")

    klass = TestFailing.cases[0].klass
    with pytest.raises(KeyError, match="n: 2"):
        klass("test_key").test_key()
    with pytest.raises(UnicodeDecodeError, match="unusual"):
        klass("test_unusual").test_unusual()
    assert str(klass("test_key")).endswith("parameter: {'n': 2}")


def test_a_class_that_is_parameterized_again_leaves_its_first_ones():
    module = sys.modules[__name__]

    @testing.parameterize({"b": 2})
    @testing.parameterize({"a": 1})
    class TestTwice(unittest.TestCase):
        pass

    assert not hasattr(module, "TestTwice_param_0_{a=1}")
    assert vars(module)["TestTwice_param_0_{a=1}_param_0_{b=2}"].a == 1


@pytest.mark.parametrize(
    ("params", "marks"),
    [
        ({}, []),
        ({"use_ideep": "auto"}, ["ideep"]),
        ({"use_cuda": True}, ["gpu"]),
        ({"use_cuda": True, "use_cudnn": "always"}, ["gpu", "cudnn"]),
        ({"use_cuda": True, "cuda_device": 1}, ["gpu", "gpu"]),
        ({"use_chainerx": True, "chainerx_device": "native:0"}, ["chainerx"]),
        ({"use_chainerx": True, "chainerx_device": "cuda:1"}, ["chainerx", "gpu", "gpu"]),
    ],
)
@pytest.mark.usefixtures("any_mark")
def test_a_device_brings_its_marks(params, marks):
    @testing.inject_backend_tests(None, [params])
    class TestDevice(unittest.TestCase):
        def test_device(self, backend_config):
            pass

    test = TestDevice.cases[0].klass.test_device
    assert [mark.name for mark in getattr(test, "pytestmark", [])] == marks


def test_only_the_named_methods_get_a_device():
    @testing.inject_backend_tests(["test_device"], [{}])
    class TestDevice(unittest.TestCase):
        def test_device(self, backend_config):
            assert backend_config.device == chainer.get_device("@numpy")

        def test_plain(self):
            pass

    plain, injected = (case.klass for case in TestDevice.cases)
    assert (plain.test_device, injected.test_plain) == (None, None)
    assert run(plain("test_plain")).wasSuccessful()
    assert run(injected("test_device")).wasSuccessful()


def test_a_device_sets_its_switches_and_puts_them_back():
    config = testing.BackendConfig({"use_cudnn": "always"})
    with config, config:
        assert chainer.config.use_cudnn == "always"
    assert chainer.config.use_cudnn == "auto"


@pytest.mark.parametrize(
    ("params", "device"),
    [
        ({"use_chainerx": True, "chainerx_device": "native:0"}, "@numpy"),
        ({"use_ideep": "never"}, "@numpy"),
    ],
)
def test_chainerx_stands_for_torch(params, device):
    assert testing.BackendConfig(params).device == chainer.get_device(device)


def test_fixed_random_numbers_do_not_disturb_others():
    class TestDrawing(unittest.TestCase):
        @testing.fix_random()
        def test_draw(self):
            self.drawn = (np.random.uniform(), float(torch.rand(())))

    before = np.random.get_state()[1].tolist(), torch.random.get_rng_state().tolist()
    test = TestDrawing("test_draw")
    test.test_draw()
    first = test.drawn
    test.test_draw()

    assert test.drawn == first
    assert (np.random.get_state()[1].tolist(), torch.random.get_rng_state().tolist()) == before


def test_fix_random_may_name_the_methods():
    @testing.fix_random(setup_method="setup_method", teardown_method="teardown_method")
    class TestDrawing:
        def setup_method(self):
            self.drawn = np.random.uniform()

        def teardown_method(self):
            pass

    test = TestDrawing()
    test.setup_method()
    test.teardown_method()

    assert test.drawn == pytest.approx(0.54340494)


def test_random_numbers_may_be_left_random(monkeypatch):
    monkeypatch.setenv("CHAINER_TEST_RANDOM_NONDETERMINISTIC", "1")
    testing.random.do_setup(deterministic=False)
    drawn = np.random.uniform()
    testing.random.do_teardown()

    assert drawn != pytest.approx(0.54340494)


def test_patched_functions_still_do_their_work():
    module = types.ModuleType("fake_module")
    module.inner = types.SimpleNamespace(double=lambda x: 2 * x)
    sys.modules["fake_module"] = module
    try:
        with testing.patch("fake_module.inner.double") as mock:
            assert module.inner.double(3) == 6
        with testing.patch("fake_module.inner.double", wraps=str):
            assert module.inner.double(3) == "3"
        assert mock.call_args.args == (3,)
    finally:
        del sys.modules["fake_module"]
    with pytest.raises(RuntimeError, match="not imported"):
        testing.patch("no_such_module.name")


def test_saving_and_loading_leaves_no_file(tmp_path, monkeypatch):
    paths = []

    def save(path, value):
        paths.append(pathlib.Path(path))
        paths[0].write_text(value)

    def load(path, into):
        into.append(pathlib.Path(path).read_text())

    into = []
    testing.save_and_load("text", into, "name.txt", save, load)

    assert into == ["text"]
    assert paths[0].name == "name.txt"
    assert not paths[0].exists()
