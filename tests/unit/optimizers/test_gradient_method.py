"""`GradientMethod`: the update, its hooks, loss scaling and files."""

from __future__ import annotations

import copy
import io
import json
import pickle

import numpy as np
import pytest

import chainer_compat as chainer
import chainer_compat.functions as F
from chainer_compat import serializers


@pytest.fixture
def link():
    made = chainer.Link(a=(2,), b=(2,))
    made.a.array[...] = made.b.array[...] = 1
    return made


def give_gradients(link, value=1):
    for param in link.params():
        param.grad = np.full(param.shape, value, np.float32)


def test_the_loss_is_computed_before_the_gradients_are_cleared(link):
    give_gradients(link, 7)
    seen = []

    def loss(x, factor):
        seen.append(link.a.grad.tolist())
        return F.sum(link.a * x) * factor

    optimizer = chainer.optimizers.SGD(lr=1).setup(link)
    optimizer.update(loss, np.ones(2, np.float32), factor=3)

    assert seen == [[7, 7]]
    assert link.a.grad.tolist() == [3, 3]
    assert link.b.grad.tolist() == [0, 0]
    assert (link.a.array.tolist(), link.b.array.tolist()) == ([-2, -2], [1, 1])
    assert optimizer.t == 1


def test_an_optimizer_of_the_users(link):
    class Halving(chainer.UpdateRule):
        def update_core_cpu(self, param):
            param.array *= self.hyperparam.factor

    class Optimizer(chainer.GradientMethod):
        factor = chainer.optimizer.HyperparameterProxy("factor")

        def __init__(self, factor=0.5):
            super().__init__()
            self.hyperparam.factor = factor

        def create_update_rule(self):
            return Halving(self.hyperparam)

    optimizer = Optimizer().setup(link)
    give_gradients(link)
    optimizer.update()
    optimizer.factor = 0.25
    optimizer.update()

    assert link.a.array.tolist() == [0.125, 0.125]


def test_an_optimizer_may_leave_missing_gradients_missing(link):
    class Sparing(chainer.optimizers.MomentumSGD):
        def reallocate_cleared_grads(self):
            """Nothing: what the loss does not reach is not updated."""

    optimizer = Sparing(lr=1).setup(link)
    for _ in range(2):
        link.cleargrads()
        link.a.grad = np.ones(2, np.float32)
        optimizer.update()

    assert link.b.grad is None
    assert (link.a.update_rule.t, link.b.update_rule.t) == (2, 2)
    assert link.b.update_rule.state["v"].tolist() == [0, 0]
    assert link.a.array == pytest.approx([-1.9, -1.9])


def test_a_setup_begins_anew(link):
    optimizer = chainer.optimizers.Adam().setup(link)
    give_gradients(link)
    optimizer.add_hook(lambda opt: None, "hook")
    optimizer.new_epoch()
    optimizer.update()
    optimizer.setup(link)

    assert (optimizer.t, optimizer.epoch, link.a.update_rule.state) == (0, 0, None)
    optimizer.add_hook(lambda opt: None, "hook")


def test_a_target_must_be_a_link():
    with pytest.raises(TypeError, match="must be a Link"):
        chainer.optimizers.SGD().setup([])


def test_an_update_without_a_target_says_what_to_do():
    with pytest.raises(AttributeError, match="setup"):
        chainer.optimizers.SGD().update()
    with pytest.raises(RuntimeError, match="setup"):
        chainer.optimizers.SGD().add_hook(print)


def test_what_a_subclass_must_define(link):
    with pytest.raises(NotImplementedError, match="create_update_rule"):
        chainer.GradientMethod().setup(link)
    with pytest.raises(NotImplementedError, match="update"):
        chainer.Optimizer().update()


class TestParametersWithoutARule:
    def chain(self, optimizer):
        chain = chainer.ChainList(chainer.links.Linear(2, 2))
        optimizer.setup(chain)
        return chain

    def update(self, optimizer, chain):
        chain.cleargrads()
        for param in chain.params():
            param.grad = np.ones_like(param.array)
        optimizer.update()

    def test_what_is_added_after_the_setup_is_not_updated_and_that_is_said_once(self):
        """Chainer 1 did update it."""
        optimizer = chainer.optimizers.SGD()
        chain = self.chain(optimizer)
        chain.add_link(chainer.links.Linear(2, 2))
        before = chain[1].W.array.copy()
        message = r"after the optimizer's setup\(\): '/1/W', '/1/b'\..*call setup\(\) again"
        with pytest.warns(UserWarning, match=message) as caught:
            self.update(optimizer, chain)
        assert caught[0].filename == __file__
        np.testing.assert_array_equal(chain[1].W.array, before)
        chain[0].disable_update()
        self.update(optimizer, chain)

    def test_many_are_not_all_named(self):
        optimizer = chainer.optimizers.SGD()
        chain = self.chain(optimizer)
        for _ in range(3):
            chain.add_link(chainer.links.Linear(2, 2))
        with pytest.warns(UserWarning, match=r"'/2/W' and 3 more"):
            self.update(optimizer, chain)

    def test_a_rule_taken_away_on_purpose_is_not_spoken_of(self):
        optimizer = chainer.optimizers.SGD()
        chain = self.chain(optimizer)
        chain[0].W.update_rule = None
        self.update(optimizer, chain)


class TestEpochs:
    def test_they_are_counted(self):
        optimizer = chainer.optimizers.SGD()
        optimizer.new_epoch()

        assert optimizer.epoch == 1

    def test_only_the_updater_counts_where_it_says_so(self):
        optimizer = chainer.optimizers.SGD()
        with pytest.raises(RuntimeError, match="use_auto_new_epoch is False"):
            optimizer.new_epoch(auto=True)
        optimizer.use_auto_new_epoch = True
        optimizer.new_epoch(auto=True)
        with pytest.raises(RuntimeError, match="already"):
            optimizer.new_epoch()

        assert optimizer.epoch == 1


class TestHooks:
    def test_a_hook_may_be_called_by_itself(self, link):
        optimizer = chainer.optimizers.SGD().setup(link)
        give_gradients(link)
        optimizer.add_hook(chainer.optimizer_hooks.WeightDecay(0.5))
        optimizer.call_hooks()

        assert link.a.grad.tolist() == [1.5, 1.5]

    def test_a_subclass_of_a_hook_is_called_as_it_defines(self, link):
        class Sparing(chainer.optimizer_hooks.WeightDecay):
            def __call__(self, rule, param):
                if param.name != "b":
                    super().__call__(rule, param)

        optimizer = chainer.optimizers.SGD().setup(link)
        give_gradients(link)
        optimizer.add_hook(Sparing(1))
        optimizer.update()

        assert (link.a.grad.tolist(), link.b.grad.tolist()) == ([2, 2], [1, 1])

    def test_hooks_reach_parameters_that_are_no_leaves_yet(self, link):
        link.b.to_device("@numpy")
        with link.init_scope():
            link.c = chainer.Parameter(np.ones(2, np.float32)[::-1])
            link.d = chainer.Parameter(chainer.initializers.Zero())
        link.cleargrads()
        optimizer = chainer.optimizers.SGD(lr=1).setup(link)
        optimizer.add_hook(chainer.optimizer_hooks.WeightDecay(0.5))
        optimizer.update()

        assert link.c.array.tolist() == [0.5, 0.5]
        assert link.d.update_rule.t == 1


class TestLossScaling:
    def test_small_gradients_survive_float16(self):
        link = chainer.Link()
        with link.init_scope():
            link.w = chainer.Parameter(np.ones(1, np.float16))
        found = {}
        for scale in (1, 1024):
            link.w.array[...] = 1
            optimizer = chainer.optimizers.SGD(lr=1e5).setup(link)
            optimizer.use_fp32_update()
            optimizer.set_loss_scale(scale)
            # Two factors that float16 has, and their product, which it has not.
            optimizer.update(lambda: F.sum(link.w * np.float16(1e-4)) * np.float16(1e-4))
            found[scale] = float(1 - link.w.array[0])

        assert found[1] == 0
        assert found[1024] == pytest.approx(1e-3, rel=0.1)

    @pytest.mark.parametrize(
        ("hook", "args"),
        [
            ("WeightDecay", (0.5,)),
            ("Lasso", (0.5,)),
            ("GradientHardClipping", (-0.5, 0.75)),
            ("GradientClipping", (0.5,)),
            ("GradientLARS", (0.1, 0.5)),
            ("GradientNoise", (0.1,)),
        ],
    )
    def test_hooks_act_on_the_gradients_as_they_are(self, hook, args):
        results = []
        for scale in (None, 64.0):
            np.random.seed(0)
            link = chainer.Link(a=(2,), b=(2,))
            link.a.array[...] = link.b.array[...] = [1, -2]
            optimizer = chainer.optimizers.SGD(lr=1).setup(link)
            optimizer.add_hook(getattr(chainer.optimizer_hooks, hook)(*args))
            if scale:
                optimizer.set_loss_scale(scale)
            optimizer.update(lambda link=link: F.sum(link.a * link.a - link.b))
            results.append(np.concatenate([link.a.array, link.b.array]))

        assert results[1] == pytest.approx(results[0], rel=1e-5)

    def test_a_scale_is_taken_out_once(self, link):
        link.cleargrads()
        F.sum(link.a * 2).backward(loss_scale=8)
        assert link.a.grad.tolist() == [16, 16]
        optimizer = chainer.optimizers.SGD(lr=1).setup(link)
        # A rule's own hook comes after that.
        link.a.update_rule.add_hook(chainer.optimizer_hooks.WeightDecay(1))
        optimizer.update()
        assert link.a.array.tolist() == [-2, -2]
        optimizer.update()

        assert link.a.grad.tolist() == [1, 1]

    def test_a_pass_without_a_scale_forgets_it(self, link):
        link.cleargrads()
        F.sum(link.a).backward(loss_scale=8)
        link.cleargrads()
        F.sum(link.a).backward()
        chainer.optimizers.SGD(lr=1).setup(link).update()

        assert link.a.array.tolist() == [0, 0]

    def test_a_dynamic_scale_skips_what_is_not_finite(self, link):
        optimizer = chainer.optimizers.SGD(lr=1).setup(link)
        optimizer.loss_scaling(interval=1)
        optimizer.update(lambda: F.sum(link.a))
        assert optimizer._loss_scale == 2
        with pytest.warns(UserWarning, match="gradient of /a is not finite"):
            optimizer.update(lambda: F.sum(link.a * np.float32("inf")))
        assert not optimizer.is_safe_to_update()
        assert optimizer._loss_scale == 1

        optimizer.update(lambda: F.sum(link.a))
        assert optimizer._loss_scale == 2
        assert link.a.array.tolist() == [-1, -1]
        assert (optimizer.t, link.a.update_rule.t) == (3, 2)

    @pytest.mark.parametrize("kwargs", [{"scale": 0}, {"scale": -1}, {"interval": 0}])
    def test_what_is_refused(self, kwargs):
        with pytest.raises(ValueError, match="must be"):
            chainer.optimizers.SGD().loss_scaling(**kwargs)

    def test_without_dynamic_scaling_nothing_is_checked(self, link):
        optimizer = chainer.optimizers.SGD().setup(link)
        give_gradients(link, np.inf)
        optimizer.check_nan_in_grads()
        optimizer.update_loss_scale()

        assert optimizer.is_safe_to_update()
        assert optimizer._loss_scale is None


class TestHalfPrecision:
    def test_it_may_be_switched_before_and_after_the_setup(self, link):
        early = chainer.optimizers.SGD()
        early.use_fp32_update()
        early.setup(link)
        assert link.a.update_rule._use_fp32_update
        early.use_fp32_update(False)

        assert not link.a.update_rule._use_fp32_update

    def test_adam_computes_in_float32(self):
        link = chainer.Link()
        with link.init_scope():
            link.w = chainer.Parameter(np.ones(2, np.float16))
        optimizer = chainer.optimizers.Adam(alpha=0.5).setup(link)
        link.w.grad = np.full(2, 1e-3, np.float16)
        optimizer.update()

        # The square of the gradient, 1e-6, and eps, 1e-8, are both too small for float16.
        assert link.w.array == pytest.approx([0.5, 0.5], rel=1e-2)
        assert link.w.update_rule.state["v"].dtype == np.float16


class TestFiles:
    def saved(self, optimizer):
        saver = serializers.DictionarySerializer()
        saver.save(optimizer)
        return saver.target

    def load(self, optimizer, file):
        serializers.NpzDeserializer(file).load(optimizer)

    def trained(self, link, **kwargs):
        optimizer = chainer.optimizers.MomentumSGD(**kwargs).setup(link)
        give_gradients(link)
        optimizer.update()
        return optimizer

    def test_it_goes_on_where_it_was(self, link):
        optimizer = self.trained(link, lr=0.5)
        optimizer.lr = 0.25
        file = io.BytesIO()
        serializers.save_npz(file, optimizer)
        other = chainer.optimizers.MomentumSGD(lr=0.5).setup(link.copy("copy"))
        serializers.load_npz(file, other)
        for each in (optimizer, other):
            give_gradients(each.target)
            each.update()

        assert other.lr == 0.25
        assert other.t == 2
        assert other.target.a.array.tolist() == link.a.array.tolist()

    def test_a_value_that_the_script_has_changed_since_stays(self, link):
        optimizer = self.trained(link, lr=0.5, momentum=0.5)
        optimizer.lr, optimizer.momentum = 0.25, 0.75
        file = self.saved(optimizer)
        changed = chainer.optimizers.MomentumSGD(lr=0.125, momentum=0.5).setup(link)
        self.load(changed, file)

        assert (changed.lr, changed.momentum) == (0.125, 0.75)

    def test_a_second_resume_still_knows_how_training_began(self, link):
        optimizer = self.trained(link, lr=0.5)
        optimizer.lr = 0.25
        file = self.saved(optimizer)
        second = chainer.optimizers.MomentumSGD(lr=0.5).setup(link)
        self.load(second, file)
        give_gradients(link)
        second.update()
        second.lr = 0.125
        file = self.saved(second)
        third = chainer.optimizers.MomentumSGD(lr=0.5).setup(link)
        self.load(third, file)

        assert third.lr == 0.125

    def test_a_file_of_chainers_leaves_the_hyperparameters(self, link):
        file = {k: v for k, v in self.saved(self.trained(link)).items() if "hyper" not in k}
        other = chainer.optimizers.MomentumSGD(lr=0.125).setup(link)
        self.load(other, file)

        assert (other.t, other.lr) == (1, 0.125)

    def test_numbers_are_saved_as_text_and_the_rest_is_not(self, link):
        optimizer = self.trained(link, lr=np.float32(0.5))
        optimizer.hyperparam.schedule = lambda t: t
        text = str(self.saved(optimizer)["_hyperparam"])

        assert json.loads(text) == {"lr": [0.5, 0.5], "momentum": [0.9, 0.9]}

    def test_one_count_for_all_as_chainer_1_had_it(self, link):
        optimizer = chainer.optimizers.Adam().setup(link)
        zeros = np.zeros(2, np.float32)
        file = {"t": np.array(30), "epoch": np.array(2)}
        file.update({f"{name}/{key}": zeros for name in "ab" for key in "mv"})
        self.load(optimizer, file)

        assert (optimizer.t, optimizer.epoch) == (30, 2)
        assert [param.update_rule.t for param in link.params()] == [30, 30]

    def test_a_dynamic_scale_is_kept(self, link):
        optimizer = chainer.optimizers.SGD().setup(link)
        optimizer.loss_scaling()
        optimizer._loss_scale, optimizer._loss_scaling_isnan_ever = 512, True
        other = chainer.optimizers.SGD().setup(link)
        other.loss_scaling()
        self.load(other, self.saved(optimizer))
        assert (other._loss_scale, other._loss_scaling_isnan_ever) == (512, True)
        other.loss_scaling()
        self.load(other, {"t": np.array(1), "epoch": np.array(0), "a/t": np.array(1),
                          "b/t": np.array(1)})  # fmt: skip

        assert (other._loss_scale, other._loss_scaling_isnan_ever) == (1.0, False)

    def test_msvag_knows_how_far_it_was(self, link):
        optimizer = chainer.optimizers.MSVAG(beta=0.5).setup(link)
        for _ in range(3):
            give_gradients(link)
            optimizer.update()
        file = self.saved(optimizer)
        for without in ((), ("a/_beta_power", "b/_beta_power")):
            other = chainer.optimizers.MSVAG(beta=0.5).setup(link.copy("copy"))
            self.load(other, {k: v for k, v in file.items() if k not in without})

            assert other.target.a.update_rule.beta_power == 0.5**4


class TestCopies:
    @pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
    def test_a_copy_updates_its_own_parameters(self, link, copied):
        optimizer = chainer.optimizers.SGD(lr=1).setup(link)
        give_gradients(link)
        optimizer.update()
        other = copied(optimizer)
        other.update()

        assert (link.a.array.tolist(), other.target.a.array.tolist()) == ([0, 0], [-1, -1])
        assert (optimizer.t, other.t) == (1, 2)


class TestChainer1:
    def test_gradients_are_zeroed_accumulated_clipped_and_decayed(self, link):
        optimizer = chainer.optimizers.SGD().setup(link)
        optimizer.zero_grads()
        assert link.a.grad.tolist() == [0, 0]
        optimizer.accumulate_grads([np.array([3, 0], np.float32), np.array([0, 4], np.float32)])
        assert optimizer.compute_grads_norm() == 5
        optimizer.clip_grads(2.5)
        assert (link.a.grad.tolist(), link.b.grad.tolist()) == ([1.5, 0], [0, 2])
        optimizer.weight_decay(0.5)

        assert (link.a.grad.tolist(), link.b.grad.tolist()) == ([2, 0.5], [0.5, 2.5])

    def test_a_function_set_is_a_target(self):
        model = chainer.FunctionSet(l1=chainer.links.Linear(2, 3))
        optimizer = chainer.optimizers.SGD(lr=1).setup(model.collect_parameters())
        optimizer.zero_grads()
        F.sum(model.l1(np.ones((1, 2), np.float32))).backward()
        before = model.l1.W.array.copy()
        optimizer.update()

        assert model.l1.W.array == pytest.approx(before - 1)

    def test_zeros_instead_of_nothing(self, link):
        optimizer = chainer.optimizers.SGD(lr=1).setup(link)
        with pytest.warns(DeprecationWarning, match="default since Chainer 2"):
            optimizer.use_cleargrads(False)
        optimizer.update(lambda: F.sum(link.a))

        assert link.b.grad.tolist() == [0, 0]

    def test_an_optimizer_of_the_users_updates_each_parameter_itself(self, link):
        class Momentum(chainer.GradientMethod):
            def __init__(self, lr):
                self.lr = lr

            def init_state(self, param, state):
                state["v"] = np.zeros_like(param.data)

            def update_one_cpu(self, param, state):
                state["v"] = 0.5 * state["v"] - self.lr * param.grad
                param.data += state["v"]

        optimizer = Momentum(lr=1).setup(link)
        optimizer.add_hook(chainer.optimizer_hooks.GradientHardClipping(-1, 1))
        for _ in range(2):
            give_gradients(link, 2)
            optimizer.update()
        assert link.a.array.tolist() == [-1.5, -1.5]
        file = io.BytesIO()
        serializers.save_npz(file, optimizer)
        other = Momentum(lr=1).setup(link)
        serializers.load_npz(file, other)

        assert other.t == 2
        assert link.a.update_rule.state["v"].tolist() == [-1.5, -1.5]

    def test_what_it_leaves_out_says_so(self, link):
        class OnGpuOnly(chainer.GradientMethod):
            def update_one_gpu(self, param, state):
                """Never reached on the CPU."""

        give_gradients(link)
        optimizer = OnGpuOnly().setup(link)
        with pytest.raises(NotImplementedError, match="update_one_cpu"):
            optimizer.update()
