from __future__ import annotations

import ast
import io

import numpy as np
import pytest
import torch
from torch import nn

import chainer_compat as chainer
from chainer_compat import links, serializers
from chainer_compat.errors import DtypeMismatchError, FileFormatError, SnapshotMismatchError
from chainer_compat.serializers import _assign, convert
from chainer_compat.serializers._steps import Step


def npz(arrays):
    file = io.BytesIO()
    serializers.save_npz(file, arrays)
    return file


def linear(path, outputs, inputs, value=1.0):
    return {
        f"{path}/W": np.full((outputs, inputs), value, np.float32),
        f"{path}/b": np.full(outputs, value, np.float32),
    }


def sources(report):
    return {item.name: (item.sources[0], item.matched) for item in report.loaded}


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = nn.Linear(3, 3), nn.Linear(3, 3)


class Exchanged(nn.Module):
    def __init__(self):
        super().__init__()
        self.b, self.a = nn.Linear(3, 3), nn.Linear(3, 3)


class TestMatching:
    def test_equal_paths_belong_together(self):
        module = Named()
        report = convert.load_weights(
            npz({**linear("l2", 3, 3, 2), **linear("l1", 3, 3, 1)}), module
        )
        assert sources(report)["l2.weight"] == ("l2/W", "path")
        assert (module.l1.weight.unique().item(), module.l2.bias.unique().item()) == (1, 2)

    def test_a_prefix_of_the_file_is_seen_through(self):
        arrays = {**linear("predictor/l1", 3, 3, 1), **linear("predictor/l2", 3, 3, 2)}
        report = convert.load_weights(npz(arrays), Named())
        assert sources(report)["l2.weight"] == ("predictor/l2/W", "path")

    def test_a_wrapper_in_the_module_is_seen_through(self):
        """The file's order would exchange them."""
        module = nn.ModuleDict({"net": nn.ModuleDict({"inner": Exchanged()})})
        report = convert.load_weights(npz({**linear("a", 3, 3, 1), **linear("b", 3, 3, 2)}), module)
        assert sources(report)["net.inner.b.weight"] == ("b/W", "path")
        assert module["net"]["inner"].a.bias.unique().item() == 1

    def test_of_equal_shapes_names_come_before_order(self):
        module = nn.ModuleDict({"x": Exchanged(), "y": nn.Linear(7, 2)})
        arrays = {
            **linear("f/a", 3, 3, 1), **linear("f/b", 3, 3, 2), **linear("g/c", 2, 7, 3)
        }  # fmt: skip
        report = convert.load_weights(npz(arrays), module)
        assert sources(report)["x.a.weight"] == ("f/a/W", "shape and name")
        assert sources(report)["x.b.weight"] == ("f/b/W", "shape and name")
        assert sources(report)["y.weight"] == ("g/c/W", "shape and order")

    @pytest.mark.filterwarnings("ignore:.*fit in several orders")
    def test_a_number_is_no_name(self):
        """An ``nn.Sequential`` counts its activations too."""
        module = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3), nn.Linear(3, 3))
        arrays = {key: value for i in range(3) for key, value in linear(f"{i}", 3, 3, i).items()}
        convert.load_weights(npz(arrays), module)
        assert [module[i].bias.unique().item() for i in (0, 2, 3)] == [0, 1, 2]

    def test_a_trainers_snapshot_is_seen_through(self):
        arrays = {**linear("updater/model:main/l1", 3, 3), **linear("updater/model:main/l2", 3, 3)}
        arrays["updater/optimizer:main/l1/W/m"] = np.zeros((3, 3))
        report = convert.load_weights(npz(arrays), Named(), strict="exact")
        assert sources(report)["l1.bias"] == ("updater/model:main/l1/b", "path")

    def test_equal_shapes_are_taken_in_the_natural_order_of_their_paths(self):
        arrays = {}
        for number in (10, 2, 1):
            arrays |= linear(f"l{number}", 3, 3, number)
        module = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3), nn.Linear(3, 3))
        report = convert.load_weights(npz(arrays), module)
        assert [part.bias.unique().item() for part in module if isinstance(part, nn.Linear)] == [
            1,
            2,
            10,
        ]
        assert sources(report)["0.weight"] == ("l1/W", "shape and order")

    @pytest.mark.filterwarnings("ignore:.*fit in several orders")
    def test_numbers_of_a_sequential_are_not_taken_for_those_of_chainer(self):
        arrays = {}
        for number in range(3):
            arrays |= linear(f"{number}", 3, 3, number)
        module = nn.Sequential(
            nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3)
        )
        convert.load_weights(npz(arrays), module)
        assert [module[i].bias.unique().item() for i in (0, 2, 4)] == [0, 1, 2]

    @pytest.mark.filterwarnings("ignore:.*fit in several orders")
    def test_numbers_that_count_alike_are_paths(self):
        arrays = {}
        for number in range(12):
            arrays |= linear(f"{number}", 3, 3, number)
        module = nn.ModuleList(nn.Linear(3, 3) for _ in range(12))
        report = convert.load_weights(npz(arrays), module)
        assert sources(report)["11.weight"] == ("11/W", "path")
        assert [part.bias.unique().item() for part in module] == list(range(12))

    def test_more_links_than_modules_of_a_shape_are_not_guessed(self):
        arrays = {**linear("a", 3, 3), **linear("b", 3, 3)}
        with pytest.raises(SnapshotMismatchError, match="mapping="):
            convert.load_weights(npz(arrays), nn.Sequential(nn.Linear(3, 3)))

    def test_a_single_module_takes_a_file_without_paths(self):
        module = nn.Linear(2, 3)
        convert.load_weights(npz({"W": np.ones((3, 2)), "b": np.ones(3)}), module)
        assert module.weight.unique().item() == 1

    def test_a_parameter_of_the_modules_own_is_found_by_path(self):
        class Scaled(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(2, 3)
                self.scale = nn.Parameter(torch.zeros(3))

        module = Scaled()
        convert.load_weights(npz({**linear("fc", 3, 2), "scale": np.full(3, 5.0)}), module)
        assert module.scale.tolist() == [5, 5, 5]


class TestNumberedLinks:
    """A ChainList counts 0, 1, 2, 3, a Sequential 0, 3, 2, 1."""

    uneven = ((8, 4), (4, 4), (4, 4), (4, 2))
    all_different = ((8, 6), (6, 5), (5, 4), (4, 2))
    even = ((4, 4),) * 4

    def saved(self, kind, sizes):
        layers = [links.Linear(n, m) for n, m in sizes]
        for i, layer in enumerate(layers):
            layer.W.array[...] = i
        return npz(serializers.serialize(chainer.Chain(net=kind(*layers))))

    def module(self, sizes, has_activations):
        layers = [nn.Linear(n, m) for n, m in sizes]
        parts = [part for one in layers for part in (one, nn.ReLU())[: 1 + has_activations]]
        return nn.Sequential(*parts), layers

    def order(self, layers):
        return [layer.weight.unique().item() for layer in layers]

    @pytest.mark.parametrize("has_activations", [True, False])
    @pytest.mark.parametrize("kind", [chainer.ChainList, chainer.Sequential])
    def test_shapes_tell_which_of_the_two_it_was(self, kind, has_activations):
        module, layers = self.module(self.uneven, has_activations)
        report = convert.load_weights(self.saved(kind, self.uneven), module, strict="exact")
        assert self.order(layers) == [0, 1, 2, 3]
        assert report.doubts == []

    @pytest.mark.parametrize("functions", [1, 2, 3])
    def test_functions_ahead_of_the_links_of_a_sequential_count(self, functions):
        module, layers = self.module(self.all_different, has_activations=True)

        def ahead(*layers):
            return chainer.Sequential(*[chainer.functions.relu] * functions, *layers)

        file = self.saved(ahead, self.all_different)
        assert convert.load_weights(file, module, strict="exact").doubts == []
        assert self.order(layers) == [0, 1, 2, 3]

    @pytest.mark.parametrize("has_activations", [True, False])
    def test_where_they_do_not_a_warning_says_how_to_choose(self, has_activations):
        file = self.saved(chainer.Sequential, self.even)
        module, layers = self.module(self.even, has_activations)
        with pytest.warns(UserWarning, match=r"links net/0 to 3 fit in several orders") as caught:
            report = convert.load_weights(file, module)
        assert caught[0].filename == __file__
        assert self.order(layers) == [0, 3, 2, 1]
        (doubt,) = report.doubts
        assert f"note: {doubt}" in str(report)
        mapping = ast.literal_eval(doubt.partition("mapping=")[2])
        assert convert.load_weights(file, module, mapping=mapping).doubts == []
        assert self.order(layers) == [0, 1, 2, 3]

    @pytest.mark.parametrize("kind", [chainer.ChainList, chainer.Sequential])
    def test_two_links_count_alike(self, kind):
        module, layers = self.module(self.even[:2], has_activations=True)
        assert convert.load_weights(self.saved(kind, self.even[:2]), module).doubts == []
        assert self.order(layers) == [0, 1]

    def test_where_neither_order_fits_the_shapes_decide_alone(self):
        arrays = {**linear("0", 2, 3, 0), **linear("1", 4, 3, 1), **linear("2", 5, 3, 2)}
        module = nn.Sequential(nn.Linear(3, 4), nn.Linear(3, 2), nn.Linear(3, 5))
        assert convert.load_weights(npz(arrays), module, strict=False).doubts == []


class TestNamedLinks:
    """Links of one shape whose names do not count: files do not tell how Chainer ordered them."""

    def module(self, count):
        return nn.Sequential(*(nn.Linear(3, 3) for _ in range(count)))

    def saved(self, *paths):
        arrays = {}
        for number, path in enumerate(paths):
            arrays |= linear(path, 3, 3, number)
        return npz(arrays)

    def test_a_warning_says_that_their_order_was_guessed(self):
        file, module = self.saved("pre", "res1/conv", "bridge"), self.module(3)
        with pytest.warns(UserWarning, match="are taken in the order of their names") as caught:
            report = convert.load_weights(file, module)
        assert caught[0].filename == __file__
        assert sources(report)["0.weight"] == ("bridge/W", "shape and order")
        (doubt,) = report.doubts
        assert f"note: {doubt}" in str(report)
        mapping = ast.literal_eval(doubt.partition("mapping=")[2])
        assert mapping == {"bridge": "0", "pre": "1", "res1/conv": "2"}
        right = dict(zip(("pre", "res1/conv", "bridge"), mapping.values(), strict=True))
        assert convert.load_weights(file, module, mapping=right).doubts == []
        assert [part.bias.unique().item() for part in module] == [0, 1, 2]

    @pytest.mark.parametrize(
        "paths",
        [
            ("conv1", "conv2", "conv10"),
            ("block1/conv1", "block1/conv2", "block2/conv1"),
            ("conv1_1", "conv1_2", "conv2_1"),
            ("net/fc6", "net/fc7", "net/fc8"),
        ],
    )
    def test_numbers_anywhere_in_the_names_are_an_order(self, paths):
        report = convert.load_weights(self.saved(*paths), self.module(3))
        assert report.doubts == []

    def test_what_one_shape_leaves_only_once_is_no_guess(self):
        arrays = {**linear("out", 2, 3), **linear("hidden", 3, 3), **linear("embed", 3, 5)}
        module = nn.Sequential(nn.Linear(5, 3), nn.Linear(3, 3), nn.Linear(3, 2))
        assert convert.load_weights(npz(arrays), module).doubts == []

    def test_names_found_by_themselves_are_no_guess(self):
        module = nn.ModuleDict({"x": Exchanged(), "y": nn.Linear(7, 2)})
        arrays = {
            **linear("f/a", 3, 3, 1), **linear("f/b", 3, 3, 2), **linear("g/c", 2, 7, 3)
        }  # fmt: skip
        assert convert.load_weights(npz(arrays), module).doubts == []


class TestMapping:
    arrays = {**linear("a", 3, 3, 1), **linear("b", 3, 3, 2)}

    @pytest.mark.parametrize(
        "mapping",
        [
            {"a": "l2", "b": "l1"},
            {"a": "l2", "b": "l1"}.get,
            [("a", "l2"), ("(b)", "l1")],
            {"a/W": "l2.weight", "a/b": "l2.bias", "b/W": "l1.weight", "b/b": "l1.bias"},
        ],
    )
    def test_it_says_what_belongs_together(self, mapping):
        module = Named()
        report = convert.load_weights(npz(self.arrays), module, mapping=mapping)
        assert (module.l1.bias.unique().item(), module.l2.weight.unique().item()) == (2, 1)
        assert {item.matched for item in report.loaded} == {"mapping"}

    def test_what_it_leaves_open_is_found_by_path_and_shape(self):
        arrays = {**linear("first", 3, 3, 1), **linear("l2", 3, 3, 2)}
        module = Named()
        convert.load_weights(npz(arrays), module, mapping={"first": "l1"})
        assert (module.l1.bias.unique().item(), module.l2.weight.unique().item()) == (1, 2)

    def blocks(self):
        file = npz({**linear("res1/a", 3, 3, 1), **linear("res1/b", 3, 3, 2),
                    **linear("res2/a", 3, 3, 3), **linear("res2/b", 3, 3, 4)})  # fmt: skip
        return file, nn.ModuleDict({"blocks": nn.ModuleList([Exchanged(), Exchanged()])})

    def test_what_is_under_a_path_goes_along(self):
        file, module = self.blocks()
        mapping = {"res1": "blocks.1", "res2": "blocks.0"}
        report = convert.load_weights(file, module, mapping=mapping, strict="exact")
        assert {item.matched for item in report.loaded} == {"mapping"}
        first, second = module["blocks"]
        assert (second.a.bias.unique().item(), second.b.bias.unique().item()) == (1, 2)
        assert (first.a.weight.unique().item(), first.b.weight.unique().item()) == (3, 4)

    def test_the_longest_path_decides(self):
        file, module = self.blocks()
        mapping = {"": "blocks", "res1": "blocks.1", "res2": "blocks.0"}
        mapping |= {"res2/a": "blocks.0.b", "res2/b": "blocks.0.a"}
        convert.load_weights(file, module, mapping=mapping, strict="exact")
        first, second = module["blocks"]
        assert (first.a.bias.unique().item(), second.a.bias.unique().item()) == (4, 1)

    def test_a_parameter_of_a_blocks_own_goes_along(self):
        block = nn.ModuleDict({"fc": nn.Linear(3, 3)})
        block.register_parameter("scale", nn.Parameter(torch.zeros(3)))
        file = npz({**linear("one/fc", 3, 3), "one/scale": np.full(3, 5.0)})
        convert.load_weights(file, nn.ModuleDict({"x": block}), mapping={"one": "x"})
        assert block.scale.tolist() == [5, 5, 5]

    @pytest.mark.parametrize(
        ("mapping", "message"),
        [({"a": "l3"}, "which is no module"), ({"a": "l1", "b": "l1"}, "both to 'l1'")],
    )
    def test_mistakes_are_value_errors(self, mapping, message):
        with pytest.raises(ValueError, match=message):
            convert.load_weights(npz(self.arrays), Named(), mapping=mapping)

    def test_anything_else_is_a_type_error(self):
        with pytest.raises(TypeError, match="mapping takes"):
            convert.load_weights(npz(self.arrays), Named(), mapping=3)


class TestStrictness:
    def test_a_missing_parameter_is_an_error_with_the_table(self):
        module = Named()
        before = module.l1.weight.clone()
        with pytest.raises(KeyError) as caught:
            convert.load_weights(npz(linear("l1", 3, 3)), module)
        assert caught.value.missing == ("l2.weight", "l2.bias")
        assert "missing     l2.weight" in str(caught.value) or "missing  l2.weight" in str(
            caught.value
        )
        assert torch.equal(module.l1.weight, before)

    def saved(self, **chain):
        return npz(serializers.serialize(chainer.Chain(**chain)))

    def test_of_a_link_without_a_bias_only_the_bias_is_missing(self):
        """Also where the paths tell nothing."""
        file = self.saved(conv=links.Convolution2D(3, 4, 3, nobias=True), fc=links.Linear(4, 2))
        module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(4, 2))
        with pytest.raises(SnapshotMismatchError) as caught:
            convert.load_weights(file, module)
        assert (caught.value.missing, caught.value.extra) == (("0.bias",), ())
        assert "build the module without it, as with bias=False" in str(caught.value)
        assert "mapping=" not in str(caught.value)
        report = convert.load_weights(file, module, strict=False)
        assert sources(report)["0.weight"] == ("conv/W", "shape and order")

    def test_of_a_normalization_without_gamma_only_that_is_missing(self):
        file = self.saved(
            conv=links.Convolution2D(3, 4, 3), bn=links.BatchNormalization(4, use_gamma=False)
        )
        module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
        report = convert.load_weights(file, module, strict=False)
        assert (report.missing, report.extra) == (["1.weight"], [])

    def test_a_bias_alone_is_no_part_of_a_layer(self):
        module = nn.Sequential(nn.Linear(3, 4))
        with pytest.raises(SnapshotMismatchError, match="mapping=") as caught:
            convert.load_weights(self.saved(x=links.Bias(shape=(4,))), module)
        assert caught.value.extra == ("x/b",)

    def test_links_without_a_bias_are_not_guessed_among_several(self):
        chain = {name: links.Linear(3, 3, nobias=True) for name in ("a", "b")}
        report = convert.load_weights(
            self.saved(**chain), nn.Sequential(nn.Linear(3, 3)), strict=False
        )
        assert report.loaded == []

    def test_what_fits_is_taken_when_not_strict(self):
        module = Named()
        report = convert.load_weights(npz(linear("l1", 3, 3)), module, strict=False)
        assert module.l1.weight.unique().item() == 1
        assert (report.complete, report.missing) == (False, ["l2.weight", "l2.bias"])

    def test_another_shape_is_reported_with_both(self):
        arrays = {**linear("l1", 3, 3), **linear("l2", 4, 3)}
        with pytest.raises(KeyError) as caught:
            convert.load_weights(npz(arrays), Named())
        assert caught.value.mismatched == (
            "l2.weight: expected shape (3, 3), found (4, 3) in the file",
            "l2.bias: expected shape (3,), found (4,) in the file",
        )

    def test_more_in_the_file_is_reported_and_refused_by_exact(self):
        file = npz({**linear("l1", 3, 3), **linear("l2", 3, 3), "other": 1})
        assert convert.load_weights(file, Named()).extra == ["other"]
        with pytest.raises(KeyError) as caught:
            convert.load_weights(file, Named(), strict="exact")
        assert caught.value.extra == ("other",)

    def test_names_can_be_passed_over(self):
        file = npz({**linear("l1", 3, 3), **linear("l2", 3, 3), "other": 1})
        report = serializers.load_npz(file, Named(), strict="exact", ignore_names="other")
        assert report.complete

    def test_integers_do_not_take_floats(self):
        class Counter(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("count", torch.zeros(2, dtype=torch.int64))

        with pytest.raises(DtypeMismatchError):
            convert.load_weights(npz({"count": np.ones(2)}), Counter())


class TestAllOrNothing:
    def test_a_damaged_array_changes_nothing(self, tmp_path):
        path = tmp_path / "w.npz"
        serializers.save_npz(path, {**linear("l1", 3, 3), **linear("l2", 3, 3)}, compression=False)
        data = bytearray(path.read_bytes())
        data[serializers.NpzArchive(path)._entries["l2/b"].data_offset + 130] ^= 1
        path.write_bytes(data)
        module = Named()
        before = [p.clone() for p in module.parameters()]
        with pytest.raises(FileFormatError, match="checksum"):
            convert.load_weights(path, module)
        assert all(torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))

    def test_an_interruption_changes_nothing(self, monkeypatch):
        from chainer_compat.serializers.convert import _weights

        module = Named()
        before = [p.clone() for p in module.parameters()]

        def interrupt():
            assert not torch.equal(before[0], next(module.parameters()))
            raise KeyboardInterrupt

        def writing(tensor, member):
            steps = _assign.writing(tensor, member)
            return steps if tensor is module.l1.weight else [Step(0, interrupt)]

        monkeypatch.setattr(_weights, "writing", writing)
        with pytest.raises(KeyboardInterrupt):
            convert.load_weights(npz({**linear("l1", 3, 3), **linear("l2", 3, 3)}), module)
        assert all(torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))

    def test_a_graph_that_needs_the_old_weights_notices(self):
        module = Named()
        out = module.l2(module.l1(torch.ones(1, 3, requires_grad=True))).sum()
        convert.load_weights(npz({**linear("l1", 3, 3), **linear("l2", 3, 3)}), module)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            out.backward()

    def test_weights_made_for_inference_are_loaded(self):
        with torch.inference_mode():
            module = Named()
        convert.load_weights(npz({**linear("l1", 3, 3), **linear("l2", 3, 3)}), module)
        assert torch.equal(module.l1.bias, torch.from_numpy(linear("l1", 3, 3)["l1/b"]))

    def test_tied_weights_take_what_comes_last(self):
        module = Named()
        module.l2.weight = module.l1.weight
        arrays = {"l1/weight": np.zeros((3, 3)), "l2/weight": np.ones((3, 3)),
                  "l1/bias": np.zeros(3), "l2/bias": np.zeros(3)}  # fmt: skip
        convert.load_weights(npz(arrays), module)
        assert module.l1.weight.tolist() == [[1, 1, 1]] * 3


class TestModulesSavedHere:
    @pytest.mark.parametrize(
        "make",
        [
            Named,
            lambda: nn.BatchNorm1d(3),
            lambda: nn.LSTM(3, 4, 2),
            lambda: nn.MultiheadAttention(4, 2),
        ],
    )
    def test_a_torch_module_comes_back_by_its_own_names(self, make):
        first, second = make(), make()
        for parameter in first.parameters():
            nn.init.normal_(parameter)
        report = serializers.load_npz(npz(serializers.serialize(first)), second, strict="exact")
        assert {item.matched for item in report.loaded} == {"name"}
        for name, tensor in first.state_dict().items():
            assert torch.equal(tensor, second.state_dict()[name])

    def test_save_npz_takes_the_module(self):
        file = io.BytesIO()
        serializers.save_npz(file, Named())
        assert sorted(serializers.NpzArchive(file)) == [
            "l1/bias",
            "l1/weight",
            "l2/bias",
            "l2/weight",
        ]


class TestLayouts:
    def test_running_statistics_and_count_are_loaded_and_eps_is_noted(self):
        arrays = {name: np.full(3, i + 1.0) for i, name in
                  enumerate(["gamma", "beta", "avg_mean", "avg_var"])}  # fmt: skip
        module = nn.Sequential(nn.BatchNorm1d(3))
        report = convert.load_weights(
            npz({f"bn/{k}": v for k, v in {**arrays, "N": np.asarray(9)}.items()}), module
        )
        assert module[0].running_var.tolist() == [4, 4, 4]
        assert module[0].num_batches_tracked.item() == 9
        assert report.notes == [
            "0: eps is 1e-05 here and 2e-05 in Chainer unless the script set it"
        ]

    def test_the_count_may_be_missing(self):
        arrays = {f"bn/{name}": np.ones(3) for name in ("gamma", "beta", "avg_mean", "avg_var")}
        report = convert.load_weights(npz(arrays), nn.Sequential(nn.BatchNorm1d(3, eps=2e-5)))
        assert (report.complete, report.notes) == (True, [])

    @pytest.mark.parametrize("options", [{"num_layers": 2}, {"bidirectional": True}])
    def test_stacked_lstms_are_no_lstm_of_two_layers(self, options):
        chain = chainer.Chain(l1=links.LSTM(3, 3), l2=links.LSTM(3, 3))
        module = nn.ModuleDict({"rnn": nn.LSTM(3, 3, **options)})
        with pytest.raises(SnapshotMismatchError, match=r"build an nn\.LSTM for each") as caught:
            convert.load_weights(npz(serializers.serialize(chain)), module)
        assert "note: l2 is not for rnn: " in str(caught.value)

    def test_a_bilinear_with_linear_terms_is_refused_with_the_way_out(self):
        arrays = {
            "b": np.ones(4),
            "W": np.ones((2, 3, 4)),
            "V1": np.ones((2, 4)),
            "V2": np.ones((3, 4)),
        }
        with pytest.raises(KeyError, match=r"two nn\.Linear"):
            convert.load_weights(npz(arrays), nn.Bilinear(2, 3, 4))

    def test_a_projection_is_no_lstm_of_chainers(self):
        with pytest.raises(KeyError):
            convert.load_weights(npz({"0/w0": np.ones((4, 3))}), nn.LSTM(3, 4, proj_size=2))

    def test_nothing_to_load_into_is_fine(self):
        assert convert.load_weights(npz({}), nn.ReLU()).complete


def test_the_report_is_plain_data_too():
    report = convert.load_weights(npz({**linear("l1", 3, 3), "x": 1}), Named(), strict=False)
    assert report.to_dict() == {
        "loaded": [
            {
                "name": "l1.weight",
                "sources": ("l1/W",),
                "shape": (3, 3),
                "how": "",
                "matched": "path",
            },
            {"name": "l1.bias", "sources": ("l1/b",), "shape": (3,), "how": "", "matched": "path"},
        ],
        "missing": ["l2.weight", "l2.bias"],
        "extra": ["x"],
        "mismatched": [],
        "notes": [],
        "doubts": [],
    }


def test_the_table_names_many_sources_by_the_first_and_last():
    arrays = {f"rnn/0/{c}{i}": np.ones((4, n) if c == "w" else 4)
              for i in range(8) for c, n in (("w", 3 if i < 4 else 4), ("b", 0))}  # fmt: skip
    report = convert.load_weights(npz(arrays), nn.Sequential(nn.LSTM(3, 4)))
    assert "rnn/0/w0 ... rnn/0/w3 (4 arrays)" in str(report)
    assert [item.how for item in report.transformed] == ["gates stacked"] * 4


def test_the_table_tells_the_shapes_of_what_found_no_place():
    with pytest.raises(SnapshotMismatchError) as caught:
        convert.load_weights(npz(linear("last", 10, 4)), nn.Sequential(nn.Linear(4, 12)))
    lines = [line.split(maxsplit=2) for line in str(caught.value).splitlines()]
    assert ["missing", "0.weight", "(12, 4)"] in lines
    assert ["extra", "last/W", "(10, 4)"] in lines
