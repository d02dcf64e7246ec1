"""What an iterator over a dataset is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Iterator"]


class Iterator:
    """The base of iterators over a dataset: each step gives one batch, a list of examples.

    A batch may hold fewer examples than ``batch_size``: the last one of a run that does not
    repeat, for one. The Trainer, its triggers and its extensions read of an iterator

    - ``batch_size``: how many examples a batch has;
    - ``epoch``: how many times the whole dataset has been gone through;
    - ``epoch_detail``: the same as a float, 2.5 in the middle of the third pass;
    - ``previous_epoch_detail``: that of the step before, None before the first one;
    - ``is_new_epoch``: whether the last step brought ``epoch`` up;

    and resume it by :meth:`serialize`.

    Source: Chainer's reference, *chainer.dataset.Iterator*.

    Example:
        >>> from chainer_compat.dataset import Iterator
        >>> class Twice(Iterator):
        ...     step = 0
        ...     def __next__(self):
        ...         if self.step == 2:
        ...             raise StopIteration
        ...         self.step += 1
        ...         return [self.step]
        >>> list(Twice())
        [[1], [2]]
    """

    def __del__(self) -> None:
        self.finalize()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        """Returns the next batch.

        Raises:
            StopIteration: If there are no more.
        """
        raise NotImplementedError(f"{type(self).__name__} has to define __next__")

    def next(self) -> Any:
        """Returns the next batch; how Python 2 spelt ``__next__``."""
        return self.__next__()

    def finalize(self) -> None:
        """Gives back what the iterator holds: threads, processes, files.

        May be called more than once; called at the end of a ``with`` block and on deletion.
        """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.finalize()

    def serialize(self, serializer: Any) -> None:
        """Saves or loads what changes from step to step; not what the constructor was given.

        Args:
            serializer: A serializer.
        """
