"""The training data of a run that may be resumed in the middle of an epoch.

Lightning goes on behind a checkpoint with whatever the data loader yields next, which for a loader
without a state of its own is a new permutation, from the start. Here the random generators' states
at the start of each epoch are remembered, so that a resumed run makes the same permutation again
and passes over the batches that it has seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from lightning.pytorch.utilities import CombinedLoader

from chainer_compat.lightning import _random
from chainer_compat.lightning._random import Generators

__all__ = ["DataRecord", "Plan"]


@dataclass
class Plan:
    """How a resumed run gets its data in the place where the saved run had it.

    Attributes:
        loader: The generators' states to make the loader from; None to leave them.
        iterator: Those to make the iterator of the epoch from; None to leave them.
        batches: How many batches to pass over.
        after: The states to go on with after that; None for those that it led to.
    """

    loader: Generators | None
    iterator: Generators | None
    batches: int = 0
    after: Generators | None = None


class DataRecord:
    """How the training data of the present epoch came about.

    Attributes:
        loader_start: The generators' states from which the present loader was made.
        epoch_start: Those from which its present iterator was made.
        is_starting: Whether a resumed run has not had its first batch yet.
    """

    def __init__(self) -> None:
        self.is_starting = False
        self.loader_start: Generators | None = None
        self.epoch_start: Generators | None = None
        self._loader: CombinedLoader | None = None
        self._plan: Plan | None = None
        # The states at the moment when the data was in its place.
        self._in_place: Generators | None = None

    def install(self, trainer: Any) -> None:
        """Lets the record see the training loader of a Lightning trainer.

        Args:
            trainer: The Lightning trainer, in its hook ``setup``.
        """
        trainer.fit_loop._data_source = _Source(trainer.fit_loop._data_source, self)

    def uninstall(self, trainer: Any) -> None:
        """Gives the trainer its source of the loader back.

        Args:
            trainer: The Lightning trainer.
        """
        source = trainer.fit_loop._data_source
        if isinstance(source, _Source):
            trainer.fit_loop._data_source = source.original

    def capture(self) -> Generators:
        """Returns the states of all generators, those that loaders were given included."""
        states = _random.capture()
        for index, generator in enumerate(_generators_of(self._loader)):
            states[f"of_loader_{index}"] = generator.get_state().numpy()
        return states

    def _put(self, states: Generators) -> None:
        _random.put(states)
        for index, generator in enumerate(_generators_of(self._loader)):
            state = states.get(f"of_loader_{index}")
            if state is not None:
                generator.set_state(torch.from_numpy(state))

    def resume(self, plan: Plan) -> None:
        """Has the data put where a saved run had it, once Lightning asks for it.

        Args:
            plan: How.
        """
        self._plan = plan
        self.is_starting = True

    def before_loader(self) -> None:
        """Is told that the loader is about to be made."""
        self._loader = None
        if self._plan is not None and self._plan.loader is not None:
            self._put(self._plan.loader)
        self.loader_start = self.capture()

    def before_iterator(self, loader: CombinedLoader) -> None:
        """Is told that an iterator over the loader is about to be made.

        Args:
            loader: The loader.
        """
        self._loader = loader
        if self._plan is not None and self._plan.iterator is not None:
            self._put(self._plan.iterator)
        self.epoch_start = self.capture()

    def after_iterator(self, loader: CombinedLoader) -> None:
        """Is told that the iterator has been made.

        Args:
            loader: The loader.
        """
        if self._plan is None:
            return
        if not any(hasattr(part, "load_state_dict") for part in loader.flattened):
            _skip(loader, self._plan.batches)
        if self._plan.after is not None:
            _random.put(self._plan.after)
        self._in_place = _random.capture()

    def settle(self) -> None:
        """Undoes what has drawn random numbers since the data was in its place."""
        # A loader of unknown length has been asked for its first batch already.
        if self._in_place is not None and _has_length(self._loader):
            _random.put(self._in_place)

    def started(self) -> None:
        """Is told that the run has had its first batch, or the end of its first epoch."""
        self._plan = self._in_place = None
        self.is_starting = False


class _Source:
    """Stands for Lightning's source of the training loader, and wraps what comes from it."""

    def __init__(self, original: Any, record: DataRecord) -> None:
        self.original = original
        self._record = record

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)

    def dataloader(self) -> Any:
        """Returns the loader, as Lightning asks for it."""
        self._record.before_loader()
        loader = self.original.dataloader()
        if not isinstance(loader, CombinedLoader):
            return _RecordedLoader(loader, "max_size_cycle", self._record)
        # A class of the user's own is left alone: of it, an epoch's start is not known.
        if type(loader) is CombinedLoader:
            return _RecordedLoader(loader.iterables, loader._mode, self._record)
        return loader


class _RecordedLoader(CombinedLoader):
    def __init__(self, iterables: Any, mode: Any, record: DataRecord) -> None:
        super().__init__(iterables, mode)
        self._record = record

    def __iter__(self) -> Any:
        self._record.before_iterator(self)
        super().__iter__()
        self._record.after_iterator(self)
        return self


def _generators_of(loader: CombinedLoader | None) -> Iterator[torch.Generator]:
    seen = set()
    for part in [] if loader is None else loader.flattened:
        batch_sampler = getattr(part, "batch_sampler", None)
        inner = getattr(batch_sampler, "sampler", None)
        for owner in (part, getattr(part, "sampler", None), batch_sampler, inner):
            generator = getattr(owner, "generator", None)
            if isinstance(generator, torch.Generator) and id(generator) not in seen:
                seen.add(id(generator))
                yield generator


def _has_length(loader: CombinedLoader | None) -> bool:
    return loader is not None and all(hasattr(part, "__len__") for part in loader.flattened)


def _skip(loader: CombinedLoader, batches: int) -> None:
    """Passes over batches; a loader that works in this process need not even load them."""
    iterator: Any = loader._iterator
    iterators = iterator.iterators
    if len(iterators) == 1 and _is_index_only(iterators[0]):
        for _ in range(batches):
            iterators[0]._next_index()
        iterators[0]._num_yielded += batches
        iterator._idx += batches
        return
    for _ in range(batches):
        next(iterator)


def _is_index_only(iterator: Any) -> bool:
    kinds = torch.utils.data.dataloader
    return (
        isinstance(iterator, kinds._SingleProcessDataLoaderIter)
        and iterator._dataset_kind == kinds._DatasetKind.Map
        and iterator._auto_collation
    )
