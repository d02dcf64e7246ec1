"""What a LightningModule logs, as observations: fresh values only, under Lightning's names."""

from __future__ import annotations

from typing import Any

__all__ = ["LoggedValues"]


class LoggedValues:
    """Reads what ``self.log`` was given since it was last asked.

    Values logged with ``on_step`` come with the step, those with ``on_epoch`` when Lightning has
    reduced them: at the end of the epoch or of the validation. Of a value logged both ways, the
    names are ``x_step`` and ``x_epoch``.

    Args:
        trainer: The Lightning trainer.
        results: Lightning's collection of what was logged while training.
    """

    def __init__(self, trainer: Any, results: Any) -> None:
        self._trainer = trainer
        self._results = results
        # By key: the value that was seen last, and its name.
        self._seen: dict[str, Any] = {}
        self._names: dict[str, str] = {}
        self._before_validation: dict[str, Any] = {}

    def of_step(self, observation: dict[str, Any]) -> None:
        """Adds what was logged in the training step.

        Args:
            observation: Where to add it.
        """
        seen = self._seen
        for key, metric in self._results.items():
            if metric.meta.on_step:
                value = metric._forward_cache
                # Each call of `log` makes a new tensor.
                if value is not None and value is not seen.get(key):
                    seen[key] = value
                    observation[self._name(key, metric)] = value

    def _name(self, key: str, metric: Any) -> str:
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = self._results._forked_name(metric, True)[1]
        return name

    def of_epoch(self, observation: dict[str, Any]) -> None:
        """Adds what was reduced over the training epoch that ends.

        Args:
            observation: Where to add it.
        """
        results = self._results
        for _, metric in results.valid_items():
            if metric.meta.on_epoch:
                value = results._get_cache(metric, False)
                if value is not None:
                    observation[results._forked_name(metric, False)[1]] = value

    def validation_starts(self) -> None:
        """Is told that validation starts."""
        self._before_validation = dict(self._trainer.callback_metrics)

    def of_validation(self, observation: dict[str, Any], results: Any) -> None:
        """Adds what was reduced over the validation that ends.

        Args:
            observation: Where to add it.
            results: Lightning's collection of what was logged while validating.
        """
        # The results of a data loader are gone when the next one starts; the metrics are there.
        aliases = {
            results._forked_name(metric, False)[0]
            for metric in results.values()
            if metric.meta.on_step and metric.meta.on_epoch
        }
        before = self._before_validation
        now = self._trainer.callback_metrics
        observation.update(
            (name, value)
            for name, value in now.items()
            if value is not before.get(name) and name not in aliases
        )
        self._before_validation = {}
