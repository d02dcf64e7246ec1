"""`Link`, `Chain`, `ChainList` and Chainer 1's `FunctionSet`."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch

import chainer_compat as chainer
import chainer_compat.functions as F
import chainer_compat.links as L
from chainer_compat import Chain, ChainList, FunctionSet, Link, Parameter
from chainer_compat.serializers import DictionarySerializer, NpzDeserializer


def chain() -> Chain:
    return Chain(b=L.Linear(2, 3), a=L.Linear(None, 2))


def names(link: Link) -> list[str]:
    return [name for name, _ in link.namedparams()]


class TestRegistration:
    def test_what_is_assigned_in_the_scope_is_registered_under_its_name(self) -> None:
        link = Link()
        with link.init_scope():
            assert link.within_init_scope
            link.w = Parameter(1, (2,))
            link.number = 3
        link.outside = Parameter(1, (2,))
        assert names(link) == ["/w"]
        assert link.w.name == "w"

    def test_the_scope_may_be_entered_within_itself(self) -> None:
        link = Link()
        with link.init_scope():
            with link.init_scope():
                pass
            link.w = Parameter(1, (2,))
        assert names(link) == ["/w"]

    def test_attributes_may_be_set_before_the_constructor_of_the_base(self) -> None:
        class Early(Chain):
            def __init__(self) -> None:
                self.size = 3
                super().__init__()
                with self.init_scope():
                    self.l1 = L.Linear(self.size, 1)

        assert names(Early()) == ["/l1/W", "/l1/b"]

    def test_registering_before_the_constructor_of_the_base_says_so(self) -> None:
        class Forgets(Chain):
            def __init__(self) -> None:
                with self.init_scope():
                    pass  # pragma: no cover -- entering raises

        with pytest.raises(RuntimeError, match=r"Forgets: super\(\).__init__\(\) must be called"):
            Forgets()

    def test_deleting_forgets(self) -> None:
        link = chain()
        del link.a
        assert names(link) == ["/b/W", "/b/b"]
        del link.b.W
        assert names(link) == ["/b/b"]

    def test_the_same_name_twice_is_an_attribute_error(self) -> None:
        link = Link(w=2)
        link.add_persistent("p", 1)
        for again in (
            lambda: link.add_param("w"),
            lambda: link.add_persistent("p", 2),
            lambda: chain().add_link("a", L.Linear(1)),
        ):
            with pytest.raises(AttributeError, match="attribute exists"):
                again()
        parent = chain()
        with parent.init_scope(), pytest.raises(AttributeError, match="attribute exists"):
            parent.a = L.Linear(1)

    def test_parameters_by_shape_and_by_shape_and_dtype(self) -> None:
        link = Link(a=3, b=(2, 3), c=((2, 3), "d"))
        assert [(p.shape, p.dtype) for p in link.params()] == [
            ((3,), np.float32),
            ((2, 3), np.float32),
            ((2, 3), np.float64),
        ]
        link.add_param("d", (2,), np.float16)
        link.add_param("e", initializer=5)
        assert link.d.dtype == np.float16
        assert not link.e.is_initialized

    def test_persistent_values(self) -> None:
        link = Link()
        link.mean = np.zeros(2)
        link.register_persistent("mean")
        with pytest.raises(AttributeError, match="non-existent attribute other"):
            link.register_persistent("other")
        with link.init_scope():
            link.mean = Parameter(1, (2,))
        assert names(link) == ["/mean"]
        assert not link._persistent

    @pytest.mark.parametrize(("name", "child"), [("x", 3), ("x", None), (3, L.Linear(1))])
    def test_what_is_no_link_or_no_name_is_refused(self, name: Any, child: Any) -> None:
        with pytest.raises(TypeError):
            Chain().add_link(name, child)

    def test_a_torch_module_becomes_a_link_by_itself(self) -> None:
        parent = Chain()
        with parent.init_scope():
            parent.net = torch.nn.Linear(2, 3)
        parent.add_link("other", torch.nn.Linear(2, 3))
        assert isinstance(parent.net, Link)
        assert len(list(parent.params())) == 4


class TestTheCall:
    def test_forward_is_called(self) -> None:
        class Double(Link):
            def forward(self, x: int, *, plus: int = 0) -> int:
                return 2 * x + plus

        assert Double()(3, plus=1) == 7

    def test_forward_may_be_assigned(self) -> None:
        link = Link()
        link.forward = lambda x: x + 1
        assert link(1) == 2

    def test_call_may_be_defined_and_the_library_s_reached_by_super(self) -> None:
        class Own(L.Linear):
            def __call__(self, x: Any) -> Any:
                return super().__call__(x) * 2

        x = np.ones((1, 2), np.float32)
        np.testing.assert_array_equal(Own(2, 1, initialW=1)(x).array, [[4]])

    def test_a_mixin_behind_link_may_define_the_call(self) -> None:
        class Mixin:
            def __call__(self, x: int) -> int:
                return x + 5

        class Model(Link, Mixin):
            pass

        assert Model()(1) == 6

    def test_without_forward_it_says_so(self) -> None:
        with pytest.raises(AttributeError, match="neither `forward` nor `__call__`"):
            Link()(1)

    def test_hooks_of_the_link_and_of_the_thread(self) -> None:
        class Spy(chainer.LinkHook):
            def __init__(self, name: str) -> None:
                self.name = name

            def added(self, link: Any) -> None:
                seen.append((self.name, "added", link))

            def deleted(self, link: Any) -> None:
                seen.append((self.name, "deleted", link))

            def forward_preprocess(self, args: Any) -> None:
                assert repr(args).startswith("<_ForwardPreprocessCallbackArgs link=")
                seen.append((self.name, args.forward_name, args.link))

            def forward_postprocess(self, args: Any) -> None:
                seen.append((self.name, args.out.shape, args.kwargs))

        seen: list[Any] = []
        link = L.Linear(2, 1)
        assert link.add_hook(Spy("local")) is link
        assert link._n_local_link_hooks == 1
        with Spy("common"):
            link(np.ones((1, 2), np.float32), n_batch_axes=1)
            with pytest.raises(KeyError, match="common"), Spy("common"):
                pass  # pragma: no cover -- entering raises
        link.delete_hook("local")
        assert seen == [
            ("local", "added", link),
            ("common", "added", None),
            ("common", "forward", link),
            ("local", "forward", link),
            ("common", (1, 1), {"n_batch_axes": 1}),
            ("local", (1, 1), {"n_batch_axes": 1}),
            ("common", "deleted", None),
            ("local", "deleted", link),
        ]

    def test_bad_hooks(self) -> None:
        link = Link()
        link.add_hook(chainer.LinkHook())
        with pytest.raises(KeyError, match="LinkHook"):
            link.add_hook(chainer.LinkHook())
        with pytest.raises(KeyError, match="other"):
            link.delete_hook("other")
        with pytest.raises(TypeError, match="LinkHook"):
            link.add_hook(3)
        link.forward = lambda: 1
        assert link() == 1


class TestWalking:
    def test_parameters_and_links_come_sorted_by_name_with_their_paths(self) -> None:
        model = Chain(z=chain(), y=ChainList(L.Linear(1, 1)))
        assert names(model) == [
            "/y/0/W", "/y/0/b", "/z/a/W", "/z/a/b", "/z/b/W", "/z/b/b",
        ]  # fmt: skip
        assert [name for name, _ in model.namedlinks()] == [
            "/", "/y", "/y/0", "/z", "/z/a", "/z/b",
        ]  # fmt: skip
        assert next(model.namedlinks(skipself=True))[0] == "/y"
        assert next(model.links()) is model
        assert len(list(model.links(skipself=True))) == 5
        assert len(list(model.params(include_uninit=False))) == 5
        assert "/z/a/W" not in dict(model.namedparams(include_uninit=False))
        assert list(Link().children()) == []

    def test_a_child_by_its_name(self) -> None:
        model = chain()
        assert model["a"] is model.a
        with pytest.raises(AttributeError):
            model["c"]

    def test_counting_warns_of_what_is_not_there_yet(self) -> None:
        assert L.Linear(2, 3).count_params() == 9
        with pytest.warns(UserWarning, match="'/a/W'"):
            assert chain().count_params() == 11

    def test_texts(self) -> None:
        assert str(chain()) == (
            "Chain(\n"
            "  (a): Linear(in_size=None, out_size=2, nobias=False),\n"
            "  (b): Linear(in_size=2, out_size=3, nobias=False),\n"
            ")"
        )
        assert str(ChainList(Chain())) == "ChainList(\n  (0): Chain(),\n)"
        assert str(Link()) == "Link()"


class TestGradients:
    def test_clearing_zeroing_and_adding(self) -> None:
        one, other = L.Linear(1, 1), L.Linear(1, 1)
        one.cleargrads()
        assert one.W.grad is None
        other.zerograds()
        assert other.W.grad == 0
        other.W.grad = np.full((1, 1), 3, np.float32)
        parent, twin = Chain(a=one), Chain(a=other)
        parent.addgrads(twin)
        assert one.W.grad == 3
        ChainList(one).addgrads(ChainList(other))
        assert one.W.grad == 6

    def test_updates_are_switched_by_the_rules(self) -> None:
        class Rule:
            enabled = True

        link = L.Linear(1, 1)
        assert not link.update_enabled
        link.W.update_rule = Rule()
        assert link.update_enabled
        link.disable_update()
        assert not link.update_enabled
        link.enable_update()
        assert link.update_enabled


class TestCopies:
    @pytest.mark.parametrize("make", [chain, lambda: ChainList(L.Linear(2, 3), L.Linear(None, 1))])
    def test_share_shares_the_very_arrays_and_not_the_structure(self, make: Any) -> None:
        model = make()
        fresh = model.copy()
        pairs = list(zip(model.params(), fresh.params(), strict=True))
        assert all(a is not b and a.array is b.array for a, b in pairs)
        assert fresh.name is None
        assert names(fresh) == names(model)
        fresh_child, child = next(fresh.children()), next(model.children())
        assert fresh_child is not child
        assert fresh_child.name == child.name

    def test_copy_and_init(self) -> None:
        model = L.Linear(2, 3)
        copied, fresh = model.copy("copy"), model.copy("init")
        np.testing.assert_array_equal(copied.W.array, model.W.array)
        assert copied.W.array is not model.W.array
        assert not np.array_equal(fresh.W.array, model.W.array)
        with pytest.raises(ValueError, match="'both'"):
            model.copy("both")

    def test_repeat(self) -> None:
        link = L.Linear(2, 2)
        several = link.repeat(2)
        assert len(several) == 2
        assert several[0].W.array is not several[1].W.array
        assert link.repeat(2, "share")[0].W.array is link.W.array
        assert len(link.repeat(0)) == 0

    def test_deep_copies_and_pickles(self) -> None:
        model = chain()
        for fresh in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            assert names(fresh) == names(model)
            np.testing.assert_array_equal(fresh.b.W.array, model.b.W.array)

    def test_copying_parameters_and_persistent_values(self) -> None:
        def make(value: float) -> ChainList:
            link = L.Linear(1, 1, initialW=value)
            link.add_persistent("array", np.full(2, value))
            link.add_persistent("number", value)
            return ChainList(Chain(l=link))

        target, source = make(1), make(2)
        array = target[0].l.array
        target.copyparams(source)
        assert target[0].l.W.array == 2
        assert target[0].l.array is array
        np.testing.assert_array_equal(array, 2)
        assert target[0].l.number == 2
        target.copyparams(make(3), copy_persistent=False)
        assert target[0].l.number == 2

    def test_another_structure_or_shape_is_refused(self) -> None:
        with pytest.raises(KeyError):
            chain().copyparams(Chain(c=L.Linear(1)))
        with pytest.raises(ValueError, match=r"'W' of shape \(3, 3\) into one of shape \(3, 2\)"):
            L.Linear(2, 3).copyparams(L.Linear(3, 3))


class TestDevicesAndFiles:
    def test_moving_to_the_cpu_returns_the_link(self) -> None:
        model = Chain(a=chain(), l=ChainList(L.Linear(1, 1)))
        model.a.add_persistent("p", np.zeros(1))
        assert model.to_cpu() is model.to_device("@numpy") is model.from_chx() is model
        assert model.xp is np
        assert model.device == chainer.get_device(-1)
        assert model._device_id is None
        for ask in (model.to_chx, model.to_intel64):
            with pytest.raises(RuntimeError):
                ask()

    def test_a_child_s_own_to_cpu_is_called(self) -> None:
        calls = []

        class Child(Link):
            def to_cpu(self) -> Any:
                calls.append("to_cpu")
                return super().to_cpu()

        Chain(child=Child()).to_cpu()
        assert calls == ["to_cpu"]

    def test_a_visitor_has_its_own_ways(self) -> None:
        visitor = chainer.device_resident.DeviceResidentsVisitor()
        for visit in (
            visitor.visit_device_resident,
            visitor.visit_array,
            visitor.visit_variable,
        ):
            with pytest.raises(NotImplementedError):
                visit(None)

    def test_values_are_saved_under_their_paths_and_loaded_in_place(self) -> None:
        model = Chain(l=ChainList(L.Linear(2, 1)), u=L.Linear(None, 3))
        model.add_persistent("p", 4)
        saved: dict[str, Any] = {}
        DictionarySerializer(saved).save(model)
        assert sorted(saved) == ["l/0/W", "l/0/b", "p", "u/W", "u/b"]
        saved["u/W"] = np.ones((3, 5), np.float32)
        saved["p"] = np.array(7)
        saved["l/0/W"] = np.full((1, 2), 9, np.float32)
        array = model.l[0].W.array
        NpzDeserializer(saved).load(model)
        np.testing.assert_array_equal(array, 9)
        np.testing.assert_array_equal(model.u.W.array, 1)
        assert model.p == 7


class TestChainList:
    def test_it_is_a_sequence_whose_names_are_places(self) -> None:
        one, two, three = L.Linear(1), L.Linear(2), L.Linear(3)
        model = ChainList(one, two)
        model.append(three)
        model.insert(0, L.Linear(4))
        assert [link.name for link in model] == ["0", "1", "2", "3"]
        assert model[-1] is three
        assert model[0:2] == [model[0], one]
        del model[0]
        model[0] = L.Linear(5)
        assert [link.name for link in model] == ["0", "1", "2"]
        model.extend([L.Linear(6)])
        assert model.pop().out_size == 6
        assert len(model) == 3
        with pytest.raises(IndexError):
            model[7]
        assert isinstance(hash(model), int)

    def test_a_link_cannot_be_assigned_by_name(self) -> None:
        model = ChainList()
        with model.init_scope():
            model.w = Parameter(1, (1,))
            with pytest.raises(TypeError, match="append"):
                model.link = L.Linear(1)
        assert names(model) == ["/w"]


class TestFunctionSet:
    def test_every_link_that_is_assigned_is_registered(self) -> None:
        model = FunctionSet(l1=L.Linear(1, 2))
        model.l2 = L.Linear(2, 1)
        model.l2 = L.Linear(2, 3)
        model.flag = True
        assert names(model) == ["/l1/W", "/l1/b", "/l2/W", "/l2/b"]
        assert model.collect_parameters() is model

    def test_arrays_and_gradients_as_tuples(self) -> None:
        model, other = FunctionSet(l=L.Linear(1, 2)), FunctionSet(l=L.Linear(1, 2))
        model.parameters = other.parameters
        np.testing.assert_array_equal(model.l.W.array, other.l.W.array)
        model.gradients = [np.ones_like(p) for p in model.parameters]
        assert [g.sum() for g in model.gradients] == [2, 2]
        with pytest.raises(ValueError):
            model.copy_parameters_from([])


def test_a_classifier_takes_its_label_by_place_or_by_name() -> None:
    x, t = np.zeros((2, 2), np.float32), np.zeros(2, np.int32)
    model = L.Classifier(L.Linear(2))
    loss = model(x, t)
    assert model.loss is loss
    assert model.y.shape == (2, 2)
    assert model.accuracy.item() == 1
    model.compute_accuracy = False
    model(x, t)
    assert model.accuracy is None
    assert L.Classifier(L.Linear(2), label_key="t")(x=x, t=t).item() == loss.item()
    assert L.Classifier(L.Linear(2), label_key=0)(t, x).item() == loss.item()
    with pytest.raises(ValueError, match="'t', not given"):
        L.Classifier(L.Linear(2), label_key="t")(x)
    with pytest.raises(ValueError, match="argument 5; 2 were given"):
        L.Classifier(L.Linear(2), label_key=5)(x, t)
    with pytest.raises(TypeError, match="float"):
        L.Classifier(L.Linear(2), label_key=1.5)


def test_a_linear_link_finds_its_size_at_the_first_call() -> None:
    link = L.Linear(None, 3)
    link(np.zeros((2, 2, 2), np.float32))
    assert link.W.shape == (3, 4)
    assert L.Linear(3, nobias=True).b is None
    assert L.Linear(2, 3)(np.zeros((2, 5, 2), np.float32), n_batch_axes=2).shape == (2, 5, 3)
    assert F.sum(L.Linear(2, 3, initialW=1, initial_bias=2)(np.ones((1, 2), "f"))).item() == 12


def test_a_model_may_have_a_forward_with_an_underscore_of_its_own() -> None:
    class Model(Link):
        def __init__(self) -> None:
            super().__init__()
            self._forward = ["a", "b"]

        def forward(self) -> list[str]:
            return self._forward

    assert Model()() == ["a", "b"]


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_the_parameters_of_a_new_model_may_be_cast(dtype: Any) -> None:
    """As scripts do it to predict in half precision; their gradients are NaN before."""
    link = L.Linear(3, 2)
    for param in link.params():
        param.data = param.data.astype(dtype)
    y = link(np.ones((1, 3), dtype))
    assert y.dtype == dtype
    assert link.W.grad is None
    y.grad = np.ones_like(y.array)
    y.backward()
    assert link.W.grad.dtype == link.b.grad.dtype == dtype
    assert np.isfinite(link.W.grad).all()


def test_a_parameter_may_get_another_shape_before_it_is_used() -> None:
    link = L.Linear(3, 2)
    link.W.array = np.ones((2, 5), np.float32)
    assert link(np.ones((1, 5), np.float32)).array.tolist() == [[5, 5]]
