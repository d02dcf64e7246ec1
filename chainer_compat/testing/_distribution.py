"""Tests of distributions against SciPy's."""

from __future__ import annotations

import unittest
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chainer_compat.backends import cuda
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.testing import attr
from chainer_compat.testing.array import assert_allclose
from chainer_compat.utils import size_of_shape
from chainer_compat.variable import Variable

__all__ = ["distribution_unittest"]

_DRAWS = 100000
# What is tested -> SciPy's name; those of the first table are functions of a sample.
_OF_SAMPLE = {
    "cdf": ("cdf", "cdf"),
    "log_cdf": ("log_cdf", "logcdf"),
    "log_survival": ("log_survival_function", "logsf"),
    "survival": ("survival_function", "sf"),
}
_OF_PARAMETERS = {"entropy": "entropy", "mean": "mean", "stddev": "std", "variance": "var"}
_PLAIN = {"batch_shape": "shape", "event_shape": "event_shape", "support": "support"}
_TARGETS = {*_OF_SAMPLE, *_OF_PARAMETERS, *_PLAIN, "icdf", "log_prob", "prob", "sample"}


class distribution_unittest(unittest.TestCase):  # noqa: N801 (Chainer's name)
    """The test case of a distribution.

    A test case defines ``setUp_configure()``, which sets ``dist`` (the class), ``scipy_dist``,
    ``params`` and ``scipy_params`` (dicts of arrays), ``test_targets`` (names such as ``"mean"``),
    ``shape``, ``sample_shape`` and ``is_variable``, and may set ``event_shape``, ``support``,
    ``continuous``, ``options`` and ``scipy_onebyone`` (for a distribution of SciPy's that takes
    only one set of parameters); and ``sample_for_test()``, which draws a NumPy array.
    """

    scipy_onebyone = False
    event_shape: Any = ()
    support: Any = "real"
    continuous = True
    dist: Any
    scipy_dist: Any
    params: dict[str, Any]
    scipy_params: dict[str, Any]
    shape: Any
    sample_shape: Any
    is_variable: bool
    sample_for_test: Callable[[], Any]
    setUp_configure: Callable[[], None]  # noqa: N815 (Chainer's name)

    def setUp(self) -> None:
        """Asks the test case for its configuration.

        Raises:
            ValueError: If it names targets that there are not.
        """
        self.test_targets: set[str] = set()
        self.options: dict[str, Any] = {}
        self.setUp_configure()
        unknown = self.test_targets - _TARGETS
        if unknown:
            raise InvalidArgumentError(
                f"unknown test targets {sorted(unknown)}; there are {sorted(_TARGETS)}"
            )
        if self.is_variable:
            self.params = {key: Variable(value) for key, value in self.params.items()}

    def scipy_onebyone_params_iter(self) -> Iterator[dict[str, Any]]:
        """Yields SciPy's parameters for each element of the batch."""
        for index in np.ndindex(self.shape):
            yield {key: value[index] for key, value in self.scipy_params.items()}

    @property
    def cpu_dist(self) -> Any:
        """The distribution on the CPU."""
        return self.dist(**self.params, **self.options)

    @property
    def gpu_dist(self) -> Any:
        """The distribution on the GPU."""
        arrays = {
            key: cuda.to_gpu(value.array if self.is_variable else value)
            for key, value in self.params.items()
        }
        if self.is_variable:
            arrays = {key: Variable(value) for key, value in arrays.items()}
        return self.dist(**arrays, **self.options)

    def _ours(self, is_gpu: bool) -> tuple[Any, Callable[[Any], Any]]:
        """The distribution, and what sends a sample to where it is."""
        return (self.gpu_dist, cuda.to_gpu) if is_gpu else (self.cpu_dist, lambda x: x)

    def _by_scipy(self, name: str, shape: Any = None) -> Any:
        """What SciPy gives for the parameters."""
        function = getattr(self.scipy_dist, name)
        if not self.scipy_onebyone:
            return function(**self.scipy_params)
        values = [function(**params) for params in self.scipy_onebyone_params_iter()]
        return np.vstack(values).reshape(self.shape if shape is None else shape)

    def _check_of_sample(self, target: str, is_gpu: bool) -> None:
        dist, sent = self._ours(is_gpu)
        ours, scipys = _OF_SAMPLE[target]
        sample = self.sample_for_test()
        expected = getattr(self.scipy_dist, scipys)(sample, **self.scipy_params)
        assert_allclose(_raw(getattr(dist, ours)(sent(sample))), expected)

    def _check_of_parameters(self, target: str, is_gpu: bool) -> None:
        dist, _ = self._ours(is_gpu)
        shape = (*self.shape, *dist.event_shape) if target in ("mean", "variance") else None
        expected = self._by_scipy(_OF_PARAMETERS[target], shape)
        assert_allclose(_raw(getattr(dist, target)), expected)

    def _check_plain(self, target: str, is_gpu: bool) -> None:
        dist, _ = self._ours(is_gpu)
        found, expected = getattr(dist, target), getattr(self, _PLAIN[target])
        if found != expected:
            self.fail(f"{target} is {found!r}, not {expected!r}")

    def _check_icdf(self, is_gpu: bool) -> None:
        dist, sent = self._ours(is_gpu)
        shape = (*self.sample_shape, *self.shape)
        sample = np.random.uniform(1e-5, 1 - 1e-5, shape).astype(np.float32)
        expected = self.scipy_dist.ppf(sample, **self.scipy_params)
        assert_allclose(_raw(dist.icdf(sent(sample))), expected)

    def _check_prob(self, is_gpu: bool) -> None:
        dist, sent = self._ours(is_gpu)
        sample = self.sample_for_test()
        density = self.scipy_dist.pdf if self.continuous else self.scipy_dist.pmf
        assert_allclose(_raw(dist.prob(sent(sample))), density(sample, **self.scipy_params))

    def _check_log_prob(self, is_gpu: bool) -> None:
        dist, sent = self._ours(is_gpu)
        sample = self.sample_for_test()
        density = self.scipy_dist.logpdf if self.continuous else self.scipy_dist.logpmf
        if self.scipy_onebyone:
            expected = self._log_prob_one_by_one(sample, density)
        else:
            expected = density(sample, **self.scipy_params)
        assert_allclose(_raw(dist.log_prob(sent(sample))), expected)

    def _log_prob_one_by_one(self, sample: Any, density: Callable[..., Any]) -> Any:
        draws, batch, event = map(size_of_shape, (self.sample_shape, self.shape, self.event_shape))
        by_batch = sample.reshape(draws, batch, event).swapaxes(0, 1)
        by_batch = by_batch.reshape((batch, *self.sample_shape, *self.event_shape))
        values = [
            density(one, **params)
            for params, one in zip(self.scipy_onebyone_params_iter(), by_batch, strict=True)
        ]
        return np.vstack(values).reshape(batch, -1).T.reshape((*self.sample_shape, *self.shape))

    def _check_sample(self, is_gpu: bool) -> None:
        dist, _ = self._ours(is_gpu)
        ours = _raw(dist.sample(sample_shape=(_DRAWS, *self.sample_shape)))
        expected = self._sample_by_scipy(tuple(dist.event_shape))
        for name in ("mean", "std"):
            found, wanted = (getattr(cuda.to_cpu(x), name)(axis=0) for x in (ours, expected))
            assert_allclose(found, wanted, atol=3e-2, rtol=3e-2)

    def _sample_by_scipy(self, event_shape: tuple[int, ...]) -> Any:
        draws = (_DRAWS, *self.sample_shape)
        if not self.scipy_onebyone:
            return self.scipy_dist.rvs(size=(*draws, *self.shape), **self.scipy_params)
        drawn = np.stack(
            [
                np.reshape(self.scipy_dist.rvs(size=draws, **params), (*draws, *event_shape))
                for params in self.scipy_onebyone_params_iter()
            ],
            axis=len(draws),
        )
        return drawn.reshape((*draws, *self.shape, *event_shape))


def _raw(variable: Any) -> Any:
    return variable.tensor.detach()


def _check_of(target: str) -> Callable[[distribution_unittest, bool], None]:
    def check(self: distribution_unittest, is_gpu: bool) -> None:
        if target in _OF_SAMPLE:
            self._check_of_sample(target, is_gpu)
        elif target in _OF_PARAMETERS:
            self._check_of_parameters(target, is_gpu)
        elif target in _PLAIN:
            self._check_plain(target, is_gpu)
        else:
            getattr(self, f"_check_{target}")(is_gpu)

    return check


def _test_of(target: str, is_gpu: bool) -> Callable[[distribution_unittest], None]:
    def test(self: distribution_unittest) -> None:
        if target not in self.test_targets:
            self.skipTest(f"'{target}' does not exist in test_targets.")
        getattr(self, f"check_{target}")(is_gpu)

    test.__name__ = f"test_{target}_{'gpu' if is_gpu else 'cpu'}"
    return test


def _add_tests() -> None:
    for target in sorted(_TARGETS):
        setattr(distribution_unittest, f"check_{target}", _check_of(target))
        for is_gpu in (False, True):
            test = _test_of(target, is_gpu)
            marked = attr.gpu(test) if is_gpu and attr.is_available() else test
            setattr(distribution_unittest, test.__name__, marked)


_add_tests()
