"""The updater of a run that Lightning drives, as triggers and extensions know it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainer_compat.interop import TorchOptimizer
from chainer_compat.lightning._loops import Loops
from chainer_compat.lightning._tree import load_tree, save_tree
from chainer_compat.serializer import Serializer
from chainer_compat.training._protocols import serialize_target
from chainer_compat.training._state import optional

__all__ = ["UpdaterView"]


class UpdaterView:
    """Has the numbers and getters of an updater.

    Attributes:
        iteration: Training batches so far after which an optimizer stepped.
        epoch: Sweeps over the training data that are complete.
        epoch_detail: The same with the fraction of the present one, if its length is known.
        previous_epoch_detail: :attr:`epoch_detail` one iteration before.
        is_new_epoch: Whether the last iteration completed a sweep.
    """

    def __init__(self, trainer: Any, module: Any, names: Any, validates_again: Any) -> None:
        # In a closure, for loading walks over all attributes to be able to put them back, and
        # Lightning's trainer holds the data sets, too.
        self._lightning: Callable[[], tuple[Any, Any]] = lambda: (trainer, module)
        self._names = names
        self._validates_again = validates_again
        self.loops = Loops(trainer)
        self.iteration = 0
        self.epoch = 0
        self.epoch_detail = 0.0
        self.previous_epoch_detail = 0.0
        self.is_new_epoch = False
        self._optimizers: dict[str, Any] = {}

    def connect_optimizers(self) -> None:
        """Finds the optimizers, once Lightning has made them."""
        trainer, module = self._lightning()
        names = self._names or _default_names(len(trainer.optimizers))
        self._optimizers = {
            name: _as_chainers(optimizer, module)
            for name, optimizer in zip(names, trainer.optimizers, strict=True)
        }

    @property
    def target(self) -> Any:
        """What is trained: the LightningModule, or the link inside a LinkModule."""
        _, module = self._lightning()
        return getattr(module, "chainer_target", module)

    def start_at(self, iteration: int) -> None:
        """Takes over a run that has no state of these numbers, a plain Lightning checkpoint.

        Args:
            iteration: How many iterations it has had.
        """
        trainer, _ = self._lightning()
        self.iteration = iteration
        self.epoch = trainer.current_epoch
        length = trainer.num_training_batches
        self.epoch_detail = self.epoch + self.loops.batches_seen / length

    def connect_trainer(self, trainer: Any) -> None:
        """Does nothing: Lightning has connected everything."""

    def finalize(self) -> None:
        """Does nothing: Lightning gives back what it holds."""

    def get_optimizer(self, name: str) -> Any:
        """Returns the optimizer of a name.

        Args:
            name: ``'main'`` for the first; the second is ``'main_1'`` unless names were given.
        """
        return self.get_all_optimizers()[name]

    def get_all_optimizers(self) -> dict[str, Any]:
        """Returns all optimizers by their names."""
        for optimizer in self._optimizers.values():
            if isinstance(optimizer, TorchOptimizer):
                # Lightning calls the torch optimizer itself.
                optimizer.t, optimizer.epoch = self.iteration, self.epoch
        return dict(self._optimizers)

    def get_iterator(self, name: str) -> Any:
        """Returns the training data, with an iterator's numbers.

        Args:
            name: ``'main'``.
        """
        if name != "main":
            raise KeyError(name)
        return _IteratorView(self, self._lightning()[0])

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the model, the optimizers and Lightning's own state.

        Args:
            serializer: A serializer or deserializer.
        """
        self.iteration = serializer("iteration", self.iteration)
        serialize_target(serializer["model:main"], self.target)
        for name, optimizer in self.get_all_optimizers().items():
            optimizer.serialize(serializer["optimizer:" + name])
        self.serialize_numbers(serializer)
        own = serializer["lightning"]
        if isinstance(serializer, Serializer):
            save_tree(own, self._lightning_state())
        else:
            state = load_tree(own)
            if state is not None:
                self._load_lightning_state(state)

    def serialize_numbers(self, serializer: Any) -> None:
        """Saves or loads how far the run has come.

        Args:
            serializer: A serializer or deserializer.
        """
        self.iteration = serializer("iteration", self.iteration)
        progress = serializer["iterator:main"]
        self.epoch = optional(progress, "epoch", self.epoch)
        self.is_new_epoch = optional(progress, "is_new_epoch", self.is_new_epoch)
        for name in ("epoch_detail", "previous_epoch_detail"):
            setattr(self, name, optional(progress, name, getattr(self, name)))

    def _lightning_state(self) -> dict[str, Any]:
        trainer, _ = self._lightning()
        plugin, datamodule = trainer.precision_plugin, trainer.datamodule
        return {
            "loops": self.loops.state(self._validates_again()),
            "lr_schedulers": [c.scheduler.state_dict() for c in trainer.lr_scheduler_configs],
            "callbacks": {c.state_key: c.state_dict() for c in _others(trainer)},
            "precision": plugin.state_dict(),
            "datamodule": datamodule.state_dict() if datamodule is not None else {},
        }

    def _load_lightning_state(self, state: dict[str, Any]) -> None:
        trainer, _ = self._lightning()
        self.loops.load(state["loops"])
        for config, saved in zip(trainer.lr_scheduler_configs, state["lr_schedulers"], strict=True):
            config.scheduler.load_state_dict(saved)
        for callback in _others(trainer):
            saved = state["callbacks"].get(callback.state_key)
            if saved:
                callback.load_state_dict(saved)
        if state["precision"]:
            trainer.precision_plugin.load_state_dict(state["precision"])
        if trainer.datamodule is not None and state["datamodule"]:
            trainer.datamodule.load_state_dict(state["datamodule"])


class _IteratorView:
    """The training data of a Lightning trainer, as extensions ask of an iterator."""

    def __init__(self, updater: UpdaterView, trainer: Any) -> None:
        self._updater = updater
        self.loader = trainer.train_dataloader
        self.dataset = getattr(self.loader, "dataset", None)
        self.batch_size = getattr(self.loader, "batch_size", None)

    def __getattr__(self, name: str) -> Any:
        if name in ("epoch", "epoch_detail", "previous_epoch_detail", "is_new_epoch"):
            return getattr(self._updater, name)
        raise AttributeError(f"the training data of a Lightning trainer has no {name!r}")


def _default_names(count: int) -> list[str]:
    return ["main", *(f"main_{number}" for number in range(1, count))][:count]


def _as_chainers(optimizer: Any, module: Any) -> Any:
    chainers = getattr(optimizer, "chainer_optimizer", None)
    if chainers is not None:
        return chainers
    wrapped = TorchOptimizer(optimizer)
    # Not `setup`: an optimizer of parameters outside the module may train, if not be saved.
    wrapped.target = module
    return wrapped


def _others(trainer: Any) -> list[Any]:
    return [c for c in trainer.callbacks if not getattr(c, "hosts_extensions", False)]
