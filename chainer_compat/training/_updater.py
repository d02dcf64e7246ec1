"""What an updater is."""

from __future__ import annotations

from typing import Any

__all__ = ["Updater"]


class Updater:
    """Base class of what a trainer calls to do one iteration of training.

    An implementation fetches a batch, computes the loss and its gradients, and lets the
    optimizers change the parameters. Triggers and extensions read of it ``iteration``, ``epoch``,
    ``epoch_detail``, ``previous_epoch_detail`` and ``is_new_epoch``.

    Source: Chainer's page *chainer.training.Updater*.
    """

    def connect_trainer(self, trainer: Any) -> None:
        """Is told which trainer will call it; a place to register more observers.

        Args:
            trainer: The trainer, without its extensions yet.
        """

    def finalize(self) -> None:
        """Gives back what the updater holds; called when the loop is over.

        Raises:
            NotImplementedError: If a subclass does not override it.
        """
        raise NotImplementedError(f"{type(self).__name__} must override finalize(self)")

    def get_optimizer(self, name: str) -> Any:
        """Returns the optimizer of a name.

        Args:
            name: The name; ``'main'`` if there is one optimizer.

        Raises:
            NotImplementedError: If a subclass does not override it.
        """
        raise NotImplementedError(f"{type(self).__name__} must override get_optimizer(self, name)")

    def get_all_optimizers(self) -> dict[str, Any]:
        """Returns all optimizers by their names.

        Raises:
            NotImplementedError: If a subclass does not override it.
        """
        raise NotImplementedError(f"{type(self).__name__} must override get_all_optimizers(self)")

    def update(self) -> None:
        """Does one iteration.

        Raises:
            NotImplementedError: If a subclass does not override it.
        """
        raise NotImplementedError(f"{type(self).__name__} must override update(self)")

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the updater, its iterators, optimizers and models.

        Args:
            serializer: A serializer or deserializer.

        Raises:
            NotImplementedError: If a subclass does not override it.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must override serialize(self, serializer)"
        )
