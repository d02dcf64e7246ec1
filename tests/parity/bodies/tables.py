"""Datasets in columns, built from a description: a nested tuple of a view's name and its parts."""

from __future__ import annotations

_LENGTHS = {"tuple": tuple, "dict": dict}


def _leaf(chainer, np, kind, names, size, base):
    tabular = chainer.dataset.tabular
    columns = {
        name: [base + 100 * place + row for row in range(size)] for place, name in enumerate(names)
    }
    if kind == "lists":
        return tabular.from_data(tuple(columns.items()))
    if kind == "arrays":
        return tabular.from_data({name: np.array(column) for name, column in columns.items()})
    if kind == "single":
        return tabular.from_data((names[0], columns[names[0]]))
    if kind == "function":
        data = (tuple(names), lambda i: tuple(columns[name][i] for name in names))
        return tabular.from_data(data, size=size)
    raise ValueError(kind)


def build(chainer, np, description):
    """The dataset that a description stands for."""
    name, *parts = description
    if name == "leaf":
        return _leaf(chainer, np, *parts)
    dataset = build(chainer, np, parts[0])
    if name in {"astuple", "asdict"}:
        return getattr(dataset, name)()
    if name in {"concat", "join"}:
        return getattr(dataset, name)(*(build(chainer, np, part) for part in parts[1:]))
    if name == "slice":
        rows, keys = parts[1:]
        rows = slice(*rows) if isinstance(rows, tuple) else rows
        return dataset.slice[rows] if keys is None else dataset.slice[rows, keys]
    if name == "delegate":
        return chainer.dataset.tabular.DelegateDataset(dataset)
    keys, out = parts[1:]
    if name == "transform":
        return dataset.transform(keys, _transform(out, keys, sum))
    return dataset.transform_batch(
        keys,
        _transform(out, keys, lambda columns: [sum(row) for row in zip(*columns, strict=True)]),
    )


def _transform(out, keys, total):
    def transform(*args, **kwargs):
        value = total([*args, *kwargs.values()])
        if out == "tuple":
            return tuple(value for _ in keys)
        return dict.fromkeys(keys, value) if out == "dict" else value

    return transform


def _plain(np, value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return {key: _plain(np, part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(np, part) for part in value)
    return value.item() if isinstance(value, np.generic) else value


def table(chainer, np, description, indices, key_indices):
    """All that can be asked of a dataset; names of nameless columns are of no account."""
    dataset = build(chainer, np, description)
    indices = slice(*indices) if isinstance(indices, tuple) else indices
    length = len(dataset)
    return [
        length,
        dataset.mode.__name__ if dataset.mode else None,
        list(dataset.keys),
        _plain(np, dataset.fetch()),
        _plain(np, dataset.get_examples(indices, key_indices)),
        _plain(np, [dataset[i] for i in range(length)]),
        _plain(np, list(dataset)),
        _plain(np, dataset[1:]),
        _plain(np, dataset.convert(dataset.fetch())) if length else None,
        _plain(np, dataset.with_converter(lambda *a, **k: [a, k]).convert(dataset.fetch())),
    ]
