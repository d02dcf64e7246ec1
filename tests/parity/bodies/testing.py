"""Bodies that use the helpers of chainer.testing."""

from __future__ import annotations

import importlib
import os
import unittest
import unittest.mock
import warnings


def _testing(chainer):
    # Chainer does not import it by itself.
    return importlib.import_module(f"{chainer.__name__}.testing")


def combine(chainer, np, name, args):
    """product, product_dict or from_pytest_parameterize."""
    return getattr(_testing(chainer), name)(*args)


def _run(bundle):
    """What each class of a bundle is called, and how its tests end."""
    outcomes = []
    for klass, _, class_name in bundle.cases:
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(klass).run(result)
        errors = [text.splitlines()[-1] for _, text in result.errors]
        failed = [_told(text) for _, text in result.failures]
        outcomes.append(
            (class_name, result.testsRun, errors, failed, [why for _, why in result.skipped])
        )
    return outcomes


def _told(text):
    """The message of a failure, without its traceback."""
    lines = text.splitlines()
    if "Test parameters:" not in lines:
        return lines[-1]
    return lines[lines.index("Test parameters:") - 1 :]


def parameterize(chainer, np, params):
    """A test class for each set of parameters, one method of which fails for n > 1."""
    testing = _testing(chainer)

    @testing.parameterize(*params)
    class TestNumbers(unittest.TestCase):
        def test_small(self):
            assert self.n < 2, "too big"

        def test_key_error(self):
            if self.n == 3:
                raise KeyError("three")

        def test_skip(self):
            raise unittest.SkipTest("why")

        def helper(self):
            raise AssertionError("no test")

    return _run(TestNumbers)


def parameterize_twice(chainer, np):
    """Decorators of classes follow each other."""
    testing = _testing(chainer)

    @testing.fix_random()
    @testing.parameterize(*testing.product({"a": [1, 2]}))
    @testing.parameterize_pytest("b,c", [(3, 4), (5, 6)])
    @testing.inject_backend_tests(["test_device"], [{}, {"use_ideep": "auto"}][:1])
    class TestMany(unittest.TestCase):
        def test_device(self, backend_config):
            drawn.append((self.a, self.b, self.c, backend_config.xp.__name__))

        def test_plain(self):
            drawn.append((self.a, self.b, self.c, float(np.random.uniform())))

    drawn = []
    names = [name for _, _, name in TestMany.cases]
    here = [name for name in names if name in globals()]
    return names, here, [outcome[1:] for outcome in _run(TestMany)], drawn


def function_as_parameter(chainer, np):
    """A function among the parameters is not a method."""
    testing = _testing(chainer)

    @testing.parameterize({"f": lambda x: x + 1, "t": abs, "k": int})
    class TestFunction(unittest.TestCase):
        def test_call(self):
            assert self.f(1) == 2
            assert self.t(-1) == 1
            assert self.k("3") == 3

    return _run(TestFunction)[0][1:]


def long_parameters(chainer, np):
    """Long parameters are shortened in names."""
    testing = _testing(chainer)

    @testing.parameterize(
        {"a": "x" * 500, "b": list(range(200))}, {f"k{i}": "y" * 90 for i in range(100)}
    )
    class TestLong(unittest.TestCase):
        pass

    return [name for _, _, name in TestLong.cases]


def repeat(chainer, np, decorator, args, outcomes):
    """How often a flaky test is run, and how it ends."""
    condition = importlib.import_module(f"{chainer.__name__}.testing.condition")
    left = list(outcomes)
    log = []

    class TestFlaky(unittest.TestCase):
        def setUp(self):
            log.append("setUp")

        def tearDown(self):
            log.append("tearDown")

        @getattr(condition, decorator)(*args)
        def test_flaky(self):
            outcome = left.pop(0)
            log.append(outcome)
            assert outcome == "pass", "it failed"

    result = unittest.TestResult()
    TestFlaky("test_flaky").run(result)
    counts = [text.splitlines()[-8:] for _, text in result.failures]
    told = [line for lines in counts for line in lines if "Fail: " in line]
    errors = [text.splitlines()[-1] for _, text in result.errors]
    return log, bool(result.failures), told, errors, [why for _, why in result.skipped]


def impossible(chainer, np):
    """More successes than times."""
    condition = importlib.import_module(f"{chainer.__name__}.testing.condition")
    condition.repeat_with_success_at_least(2, 3)


def generate_matrix(chainer, np, shape, dtype, kwargs):
    """A matrix, and the next number of the global stream."""
    made = _testing(chainer).generate_matrix(shape, dtype, **kwargs)
    values = np.linalg.svd(made, compute_uv=False) if made.size else None
    return made, values, float(np.random.uniform())


def fixed(chainer, np, environment):
    """What a test draws, inside and after."""
    testing = _testing(chainer)
    drawn = []

    @testing.fix_random()
    class TestDrawing(unittest.TestCase):
        def setUp(self):
            drawn.append(float(np.random.uniform()))

        def test_a(self):
            drawn.append(float(np.random.uniform()))
            drawn.append(testing.generate_seed())

        @testing.fix_random()
        def test_b(self):
            drawn.append(float(np.random.uniform()))

    with unittest.mock.patch.dict(os.environ, environment):
        for name in ("test_a", "test_b"):
            (TestDrawing.cases[0].klass if hasattr(TestDrawing, "cases") else TestDrawing)(
                name
            ).debug()
    return drawn if not environment else len(drawn), float(np.random.uniform())


def seed_outside(chainer, np):
    """A seed where random numbers are not fixed."""
    _testing(chainer).generate_seed()


def assert_warns(chainer, np, given, expected):
    """A block that warns or not."""
    kinds = {"user": UserWarning, "future": FutureWarning}
    with _testing(chainer).assert_warns(kinds[expected]):
        if given:
            warnings.warn("text", kinds[given], stacklevel=1)


def requires(chainer, np, requirements):
    """Which of two tests is skipped."""
    testing = _testing(chainer)

    class TestRequired(unittest.TestCase):
        @testing.with_requires(*requirements)
        def test_with(self):
            pass

        @testing.without_requires(*requirements)
        def test_without(self):
            pass

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(TestRequired).run(result)
    return [(test._testMethodName, why) for test, why in result.skipped]


def backend_config(chainer, np, params):
    """A device to test on, as text."""
    config = _testing(chainer).BackendConfig(params)
    with config as same:
        inside = chainer.config.use_cudnn, chainer.config.autotune, chainer.config.use_ideep
    return (
        repr(config),
        config.get_func_str(),
        str(config.device),
        config.xp.__name__,
        same is config,
        inside,
        chainer.config.use_cudnn,
        config.get_array(np.arange(3)),
    )


def inject(chainer, np, names, params):
    """Arguments that are refused."""
    _testing(chainer).inject_backend_tests(names, params)


def noncontiguous(chainer, np, shape):
    """Copies with other strides."""
    array = importlib.import_module(f"{chainer.__name__}.testing.array")
    made = array._as_noncontiguous_array([np.arange(np.prod(shape)).reshape(shape), None])
    return made[0], made[0].strides, made[1]


def save_and_load(chainer, np):
    """A link saved and loaded."""

    class Scale(chainer.Link):
        def __init__(self, value):
            super().__init__()
            with self.init_scope():
                self.W = chainer.Parameter(np.full(3, value, "f"))

    one, two = Scale(1), Scale(2)
    _testing(chainer).save_and_load_npz(one, two)
    return two.W.array


def initializer_argument(chainer, np, value):
    """A pair of argument and initializer."""
    made = _testing(chainer).InitializerArgument(None, value)
    return made.argument_value, made.expected_initializer


def mock_updater(chainer, np, iterations):
    """The counters of a trainer's mock updater, iteration by iteration."""
    try:
        make = _testing(chainer).get_trainer_with_mock_updater
        trainer = make((iterations, "iteration"), iter_per_epoch=3)
    except RuntimeError:  # Chainer wants the package mock
        training = importlib.import_module(f"{chainer.__name__}.testing.training")
        training.mock, training._error = unittest.mock, None
        trainer = make((iterations, "iteration"), iter_per_epoch=3)
    updater = trainer.updater
    seen = []

    def note(trainer):
        seen.append(
            (
                updater.iteration,
                updater.epoch,
                updater.epoch_detail,
                updater.previous_epoch_detail,
                updater.is_new_epoch,
            )
        )

    trainer.extend(note, trigger=(1, "iteration"))
    trainer.run()
    return seen, updater.update_core.call_count
