"""What a function makes of a dataset's examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainer_compat.dataset.tabular._views import View
from chainer_compat.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainer_compat.dataset.tabular._tabular_dataset import Columns, TabularDataset

_UNKNOWN = object()


class _Transformed(View):
    """What the two transformations have in common: the function tells the mode."""

    _name = ""

    def __init__(
        self,
        dataset: TabularDataset,
        keys: str | tuple[str, ...],
        transform: Callable[..., Any],
    ) -> None:
        super().__init__(dataset)
        self._keys = keys if isinstance(keys, tuple) else (keys,)
        self._transform = transform
        self._mode: Any = _UNKNOWN

    @property
    def keys(self) -> tuple[str, ...]:
        return self._keys

    @property
    def mode(self) -> type | None:
        if self._mode is _UNKNOWN:
            self.get_examples([0], None)
        mode: type | None = self._mode
        return mode

    def _columns_asked_for(self, key_indices: tuple[int, ...] | None) -> Any:
        return range(len(self._keys)) if key_indices is None else key_indices

    def _called(self, values: tuple[Any, ...]) -> tuple[Any, ...] | dict[str, Any]:
        """What the function makes of values, one for each column of the dataset."""
        if self._dataset.mode is dict:
            out = self._transform(**dict(zip(self._dataset.keys, values, strict=True)))
        else:
            out = self._transform(*values)
        mode = next((kind for kind in (tuple, dict) if isinstance(out, kind)), None)
        if self._mode is not _UNKNOWN and self._mode is not mode:
            raise InvalidArgumentError(
                f"{self._name} must not change its return type: {_named(self._mode)} before, "
                f"{_named(mode)} now"
            )
        self._mode = mode
        return (out,) if mode is None else out

    def _value(self, out: tuple[Any, ...] | dict[str, Any], key_index: int) -> Any:
        return out[self._keys[key_index]] if isinstance(out, dict) else out[key_index]


def _named(mode: type | None) -> str:
    return "a value" if mode is None else mode.__name__


class _Transform(_Transformed):
    _name = "transform"

    def get_examples(self, indices: Any, key_indices: tuple[int, ...] | None) -> Columns:
        wanted = self._columns_asked_for(key_indices)
        columns: Columns = tuple([] for _ in wanted)
        for values in zip(*self._dataset.get_examples(indices, None), strict=True):
            out = self._called(values)
            for column, key_index in zip(columns, wanted, strict=True):
                column.append(self._value(out, key_index))
        return columns


class _TransformBatch(_Transformed):
    _name = "transform_batch"

    def get_examples(self, indices: Any, key_indices: tuple[int, ...] | None) -> Columns:
        out = self._called(self._dataset.get_examples(indices, None))
        expected = self._n_rows(indices)
        for column in out.values() if isinstance(out, dict) else out:
            if len(column) != expected:
                raise InvalidArgumentError(
                    "transform_batch must not change the length of data: "
                    f"{expected} before, {len(column)} now"
                )
        return tuple(self._value(out, index) for index in self._columns_asked_for(key_indices))

    def _n_rows(self, indices: Any) -> int:
        if indices is None:
            return len(self)
        if isinstance(indices, slice):
            return len(range(*indices.indices(len(self))))
        return len(indices)
