"""What Chainer's tables do, the parity tests compare; here is what ours do better or refuse."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chainer_compat.dataset import TabularDataset, concat_examples, tabular
from chainer_compat.iterators import SerialIterator


def table(size=3, base=0, keys=("a", "b")):
    return tabular.from_data(
        {key: [base + 10 * place + i for i in range(size)] for place, key in enumerate(keys)}
    ).astuple()


@pytest.mark.parametrize("step", [-1, -2, -3, 2, 3])
def test_steps_over_concatenated_datasets(step):
    whole = table(3).concat(table(2, 100), table(4, 200))
    rows = [whole[i] for i in range(len(whole))][::step]

    view = whole.slice[::step]
    assert [view[i] for i in range(len(view))] == rows
    assert view.fetch() == tuple(map(list, zip(*rows, strict=True)))


def test_rows_beyond_concatenated_datasets_are_an_index_error():
    whole = table(3).concat(table(2))

    with pytest.raises(IndexError, match="index 5 is out of bounds for dataset with size 5"):
        whole.get_examples([0, 5], None)


def test_rows_of_one_of_the_datasets_stay_an_array():
    first = tabular.from_data(("a", np.arange(3)))
    whole = first.concat(tabular.from_data(("a", np.arange(3) + 10)))

    assert isinstance(whole.get_examples([4, 3], None)[0], np.ndarray)
    assert isinstance(whole.get_examples(slice(0, 2), None)[0], np.ndarray)
    assert whole.get_examples([4, 0], None) == ([11, 0],)


def test_no_rows():
    whole = table(3).concat(table(2))

    assert whole.get_examples(slice(4, 2), None) == ([], [])
    assert whole.get_examples([], (1,)) == ([],)
    assert table(3).slice[[]].fetch() == ([], [])
    assert table(3).slice[1:1].slice[::-1].fetch() == ([], [])


def test_a_table_goes_through_iterator_and_converter():
    a, b = concat_examples(next(SerialIterator(table(3), 2, shuffle=False)))

    assert (a.tolist(), b.tolist()) == ([0, 1], [10, 11])


class TestJoin:
    def test_columns_of_any_of_the_datasets(self):
        whole = table().join(table(base=100, keys=("c",)), table(base=200, keys=("d", "e")))

        assert whole.keys == ("a", "b", "c", "d", "e")
        assert whole.get_examples([1], (4, 0, 4, 2)) == ([211], [1], [211], [101])
        assert whole[0] == (0, 10, 100, 200, 210)

    def test_datasets_that_do_not_go_together(self):
        with pytest.raises(ValueError, match="same length: 3 and 2"):
            table().join(table(2, keys=("c",)))
        with pytest.raises(ValueError, match="unique among all datasets: a"):
            table().join(table(keys=("a", "c")))
        with pytest.raises(ValueError, match="must have the same keys"):
            table().concat(table(keys=("a", "c")))


class TestSlice:
    @pytest.mark.parametrize(
        ("rows", "expected"),
        [
            (slice(1, None), [1, 2]),
            ([2, -3], [2, 0]),
            (np.array([True, False, True]), [0, 2]),
            ([], []),
        ],
        ids=repr,
    )
    def test_rows(self, rows, expected):
        view = table().slice[rows]

        assert (len(view), view.fetch()[0]) == (len(expected), expected)

    @pytest.mark.parametrize(
        ("keys", "expected"),
        [("b", [10, 11, 12]), (-1, [10, 11, 12]), (("b", 0), ([10, 11, 12], [0, 1, 2]))],
    )
    def test_columns(self, keys, expected):
        assert table().slice[:, keys].fetch() == expected

    def test_a_part_of_a_part(self):
        part = table(6).slice[1:, ("b", "a")]

        assert part.slice[::2, "a"].fetch() == [1, 3, 5]
        assert part.slice[[4, 0]].slice[[1, 1]].fetch() == ([11, 11], [1, 1])
        assert table(6).slice[[5, 3, 1]].slice[::-1].fetch()[0] == [1, 3, 5]

    @pytest.mark.parametrize(("rows", "error"), [([3], IndexError), ([True], ValueError)])
    def test_rows_that_are_not_there(self, rows, error):
        with pytest.raises(error):
            table().slice[rows]

    def test_columns_that_are_not_there(self):
        with pytest.raises(IndexError, match="keys with size 2"):
            table().slice[:, 2]


def test_another_converter():
    data = table().with_converter(lambda *columns, **named: (columns, named))

    assert data.convert(([1], [2])) == (([1], [2]), {})
    assert data.convert({"a": [1]}) == ((), {"a": [1]})
    assert data.convert([1]) == (([1],), {})


def test_iteration_and_conversion_of_dictionaries():
    data = table(2).asdict()

    assert list(data) == [{"a": 0, "b": 10}, {"a": 1, "b": 11}]
    assert data.convert(data.fetch())["b"].tolist() == [10, 11]


class TestConvert:
    def test_tensors_become_a_tensor(self):
        converted = table().convert(([torch.ones(2), torch.zeros(2)], torch.ones(1)))

        assert converted[0].tolist() == [[1, 1], [0, 0]]
        assert isinstance(converted[1], torch.Tensor)

    def test_no_rows_become_an_empty_array(self):
        assert table().convert([]).tolist() == []

    def test_a_tensor_as_a_column(self):
        data = tabular.from_data(("x", torch.arange(4)))

        assert data[2].item() == 2
        assert data.slice[[3, 0]].fetch().tolist() == [3, 0]


class TestFromData:
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            ((lambda i: i, [1]), "key"),
            (("a", lambda i: i), "size"),
            ((), "one column"),
            (([1, 2], [1]), "same length"),
        ],
    )
    def test_what_is_missing_or_does_not_fit(self, data, message):
        with pytest.raises(ValueError, match=message):
            tabular.from_data(data)

    @pytest.mark.parametrize("data", [5, "text", ("a", 5), {"a": None}])
    def test_what_is_no_column(self, data):
        with pytest.raises(TypeError, match="a column is a list, an array or a function"):
            tabular.from_data(data)

    def test_functions_of_several_names_in_a_dictionary(self):
        data = tabular.from_data({"x": [1, 2], ("y", "z"): lambda i: {"y": i, "z": -i}})

        assert data[1] == {"x": 2, "y": 1, "z": -1}


class TestTransform:
    def test_a_function_must_keep_to_one_kind_of_result(self):
        data = table().transform(("x",), lambda a, b: (a,) if a else {"x": a})

        with pytest.raises(ValueError, match="transform must not change its return type: dict"):
            data.fetch()

    def test_a_function_of_many_must_keep_the_length(self):
        data = table().transform_batch(("x",), lambda a, b: (a[1:],))

        with pytest.raises(ValueError, match="3 before, 2 now"):
            data.fetch()

    def test_a_function_of_many_with_a_dictionary(self):
        data = table().asdict().transform_batch(("x",), lambda a, b: {"x": b})

        assert data.slice[1:].fetch() == {"x": [11, 12]}
        assert data.slice[[2, 2]].fetch() == {"x": [12, 12]}


def test_keys_are_named_when_one_is_not_there():
    with pytest.raises(KeyError, match="z does not exist; the keys are a, b"):
        table().slice[:, "z"]


@pytest.mark.parametrize(
    "ask", [lambda t: t.keys, lambda t: t.mode, lambda t: t.get_examples(None, None), len]
)
def test_what_a_subclass_must_define_is_named(ask):
    class Bare(TabularDataset):
        pass

    with pytest.raises(NotImplementedError, match="Bare has to define"):
        ask(Bare())
