"""The Lightning callback that hosts Chainer's extensions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import lightning.pytorch as pl

from chainer_compat.lightning import _checkpoint
from chainer_compat.training._runner import ExtensionRunner

__all__ = ["ChainerCallback"]


class ChainerCallback(pl.Callback):
    """Hosts Chainer's extensions, triggers, priorities and snapshots in a ``lightning.Trainer``.

    One iteration is one training batch after which an optimizer stepped. What the LightningModule
    logs with ``self.log`` and what it reports with ``chainer_compat.report`` is the observation,
    under the names that Lightning gives (``x_step`` and ``x_epoch`` for a value logged both ways)
    and Chainer's (``main/loss``, ``validation/main/loss``). When validation follows an iteration,
    or the end of the epoch, the iteration's extensions are called after that, so that they see
    its values.

    Several of these callbacks in one trainer share one order by priority, and one ``out``.

    Args:
        out: The output directory, ``'result'`` by default; with ``fast_dev_run`` a temporary one
            takes its place.
        extensions: Extensions to register at once, in this order.
        stop_trigger: When to stop, besides Lightning's own limits: what
            :func:`~chainer_compat.training.get_trigger` takes.
        resume: A snapshot file to start from; unlike ``snapshot(autoload=True)``, it must be
            there.
        average: Whether the observation of each iteration is averaged over all processes.
        optimizer_names: Names of the optimizers, for ``get_optimizer`` and snapshots; ``'main'``,
            ``'main_1'``, … by default.

    Attributes:
        trainer: The trainer as extensions know it, while ``fit`` runs and after; else None.

    Source: Chainer's page *chainer.training.Trainer*.

    Example:
        >>> import lightning
        >>> from chainer_compat.lightning import ChainerCallback
        >>> from chainer_compat.training import extensions
        >>> callback = ChainerCallback(
        ...     out="result",
        ...     extensions=[extensions.LogReport(), extensions.snapshot(n_retains=3)],
        ... )
        >>> callback.extend(extensions.PrintReport(["epoch", "val_loss"]), trigger=(2, "epoch"))
        >>> trainer = lightning.Trainer(callbacks=[callback])  # doctest: +SKIP
    """

    trainer: Any = None
    # The state of the last run, for checkpoints that are saved after it.
    final_state: dict[str, Any] | None = None

    def __init__(
        self,
        out: Any = None,
        extensions: Iterable[Any] = (),
        *,
        stop_trigger: Any = None,
        resume: Any = None,
        average: bool = False,
        optimizer_names: Sequence[str] | None = None,
    ) -> None:
        self.out = out
        self.stop_trigger = stop_trigger
        self.resume = resume
        self.average = average
        self.optimizer_names = optimizer_names
        self.runner = ExtensionRunner()
        for extension in extensions:
            self.extend(extension)

    def extend(
        self,
        extension: Any,
        name: str | None = None,
        trigger: Any = None,
        priority: int | None = None,
        *,
        call_before_training: bool = False,
        **kwargs: Any,
    ) -> None:
        """Registers an extension; see :meth:`chainer_compat.training.Trainer.extend`.

        Args:
            extension: A callable that takes the trainer.
            name: Its name.
            trigger: When it is called.
            priority: Its place.
            call_before_training: Whether it is also called before the first iteration.
            **kwargs: ``invoke_before_training``, Chainer 1's flag.

        Raises:
            TypeError: If there is no name, or a keyword is unknown.
            ValueError: If the name is ``training``, which is reserved.
        """
        self.runner.extend(
            extension,
            name,
            trigger,
            priority,
            call_before_training=call_before_training,
            **kwargs,
        )

    def get_extension(self, name: str) -> Any:
        """Returns the extension of a name.

        Args:
            name: The name, with its suffix if it got one.

        Raises:
            ValueError: If there is none.
        """
        return self.runner.get_extension(name)

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Lightning's hook: puts the host in the callbacks' place while ``fit`` runs.

        Args:
            trainer: The Lightning trainer.
            pl_module: The module.
            stage: What is about to run; nothing happens unless it is ``fit``.
        """
        from chainer_compat.lightning._host import take_place

        if stage == "fit":
            take_place(trainer, pl_module)

    @property
    def state_key(self) -> str:
        """The key of the state in Lightning's checkpoints."""
        return _checkpoint.KEY

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Lightning's hook: puts the state of a run that is over into a checkpoint.

        Args:
            trainer: The Lightning trainer.
            pl_module: The module.
            checkpoint: What is saved.
        """
        if self.final_state is not None:
            checkpoint["callbacks"][self.state_key] = self.final_state
