"""The helpers by themselves; tests/parity compares them with Chainer's."""

from __future__ import annotations

import pathlib
import warnings

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat import utils
from chainer_compat.errors import NotSupportedError


def test_patches_and_back_are_transposes_of_each_other():
    image = np.random.normal(size=(2, 3, 7, 6))
    geometry = {"sy": 2, "sx": 1, "ph": 1, "pw": 0}
    col = utils.conv.im2col(image, 3, 2, **geometry)
    other = np.random.normal(size=col.shape)

    assert np.vdot(col, other) == pytest.approx(
        np.vdot(image, utils.conv.col2im(other, h=7, w=6, **geometry))
    )


def test_patches_own_their_memory():
    image = np.zeros((1, 1, 4, 4))
    col = utils.conv.im2col_cpu(image, 2, 2, 1, 1, 0, 0)
    col[...] = 1

    assert image.sum() == 0
    assert col.flags.c_contiguous


def test_more_patches_than_fit_are_refused_before_memory_is_read():
    with pytest.raises(ValueError, match="do not fit"):
        utils.conv.im2col_cpu(np.zeros((1, 1, 3, 3)), 2, 2, 1, 1, 0, 0, out_h=3)


def test_padding_has_the_value_that_is_asked_for():
    col = utils.conv.im2col_cpu(np.zeros((1, 1, 1, 1)), 3, 3, 1, 1, 1, 1, pval=-1)

    assert col.ravel().tolist() == [-1, -1, -1, -1, 0, -1, -1, -1, -1]


def test_sum_to_takes_tensors_and_refuses_variables():
    assert utils.sum_to(torch.ones(2, 3), (1, 3)).tolist() == [[2, 2, 2]]
    with pytest.raises(TypeError, match=r"functions\.sum_to"):
        utils.sum_to(chainer.Variable(np.ones((2, 3))), (1, 3))


def test_deprecated_functions_say_what_to_use():
    with pytest.warns(DeprecationWarning, match="empty_like"):
        made = utils.array.empty_like(np.zeros((2, 3), "f"))
    assert (made.shape, made.dtype) == ((2, 3), np.float32)


def test_unknown_arguments_are_reported_in_the_name_of_the_caller():
    def my_link(**kwargs):
        return utils.argument.parse_kwargs(kwargs, ("a", 1))

    def my_function(**kwargs):
        utils.argument.assert_kwargs_empty(kwargs)

    assert my_link(a=2) == (2,)
    for function in (my_link, my_function):
        with pytest.raises(TypeError, match=rf"{function.__name__}\(\) got unexpected .* 'b', 'c'"):
            function(b=1, c=2)


def test_a_cached_property_cannot_be_set():
    class Owner:
        @utils.cache.cached_property
        def value(self):
            return 1

    owner = Owner()
    assert (owner.value, owner.value) == (1, 1)
    with pytest.raises(AttributeError, match="'value'"):
        owner.value = 2


def test_a_final_method_may_warn_instead():
    class Base(utils.enable_final()):
        @utils.final(action=UserWarning)
        def method(self):
            pass

    with pytest.warns(UserWarning, match="Overriding method 'method'"):
        type("Derived", (Base,), {"method": lambda self: None})


def test_final_decorates_methods_only():
    with pytest.raises(AssertionError, match="decorates methods"):
        utils.final(3)


def test_experimental_features_warn_unless_told_not_to(monkeypatch):
    with pytest.warns(FutureWarning, match="foo is experimental"):
        utils.experimental("foo")
    monkeypatch.setattr(chainer, "disable_experimental_feature_warning", True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        utils.experimental("foo")


def test_nondeterministic_functions_warn_on_request():
    utils.nondeterministic("foo")
    with (
        chainer.using_config("warn_nondeterministic", True),
        pytest.warns(UserWarning, match="foo"),
    ):
        utils.nondeterministic("foo")


def test_tempdir_goes_away_with_what_is_in_it(tmp_path):
    with utils.tempdir(dir=tmp_path, prefix="x") as folder:
        (pathlib.Path(folder) / "file").write_text("text")
        assert pathlib.Path(folder).parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_tempdir_may_be_gone_already(tmp_path):
    with utils.tempdir(dir=tmp_path, ignore_errors=True) as folder:
        pathlib.Path(folder).rmdir()


def test_what_is_not_supported_says_what_is():
    with pytest.raises(NotSupportedError, match="unfold"):
        utils.conv_nd_kernel.Im2colNDKernel()
    with pytest.raises(AttributeError, match="Reader"):
        utils.conv_nd_kernel.Reader()
    with pytest.raises(AttributeError, match="nonsense"):
        utils.nonsense()


def test_walker_alias_draws_by_its_probabilities():
    sampler = utils.WalkerAlias([1, 0, 3, 6])
    counts = np.bincount(sampler.sample((10000,)), minlength=4) / 10000

    np.testing.assert_allclose(counts, [0.1, 0, 0.3, 0.6], atol=0.02)
    assert sampler.sample(()).shape == ()
    assert sampler.use_gpu is False


def test_walker_alias_draws_tensors_by_torch():
    sampler = utils.WalkerAlias([1, 0, 3, 6])
    sampler.threshold = torch.from_numpy(sampler.threshold)
    sampler.values = torch.from_numpy(sampler.values)
    counts = torch.bincount(sampler.sample_gpu((10000,)), minlength=4) / 10000

    np.testing.assert_allclose(counts.numpy(), [0.1, 0, 0.3, 0.6], atol=0.02)


def test_sparse_matrices_have_gradients_on_request():
    dense = np.array([[[0, 2], [1, 0]], [[0, 0], [0, 3]]], "f")
    made = utils.to_coo(dense, requires_grad=True)

    assert made.data.array.tolist() == [[2, 1], [3, 0]]
    assert made.row.tolist() == [[0, 1], [1, -1]]
    assert made.data.requires_grad
    assert made.to_dense().tolist() == dense.tolist()


def test_entries_of_one_place_add_up():
    made = utils.CooMatrix(np.array([1.0, 2.0]), np.array([0, 0]), np.array([1, 1]), (1, 2))

    assert made.to_dense().tolist() == [[0, 3]]
    assert made.order == "C"
