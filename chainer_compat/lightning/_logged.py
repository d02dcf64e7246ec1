"""What a LightningModule logs, as observations: fresh values only, under Lightning's names."""

from __future__ import annotations

from typing import Any

__all__ = ["LoggedValues"]


class _OnStep:
    """A metric of Lightning's, the name of its values, and the one that was seen last.

    Attributes:
        is_copy: Whether its values are tensors of Lightning's own, a new one for each call of
            ``log``, which nobody else changes, and which hold on to no graph.
    """

    __slots__ = ("is_copy", "metric", "name", "seen", "updates")

    def __init__(self, metric: Any, name: str) -> None:
        self.metric = metric
        self.name = name
        self.is_copy = metric.is_tensor and not metric.meta.enable_graph
        self.seen: Any = None
        self.updates = 0

    def is_fresh(self, value: Any) -> bool:
        """Whether a metric object, which may have one tensor for ever, was logged again.

        Args:
            value: Its present value.
        """
        updates, self.updates = self.updates, self.metric.update_count
        return bool(value is not self.seen or updates != self.updates)


class LoggedValues:
    """Reads what ``self.log`` was given since it was last asked.

    Values logged with ``on_step`` come with the step, those with ``on_epoch`` when Lightning has
    reduced them: at the end of the epoch or of the validation. Of a value logged both ways, the
    names are ``x_step`` and ``x_epoch``.

    Args:
        trainer: The Lightning trainer.
        results: Lightning's collection of what was logged while training.

    Attributes:
        are_copies: Whether all that comes with a step may be read later, for nobody changes it.
    """

    def __init__(self, trainer: Any, results: Any) -> None:
        self._trainer = trainer
        self._results = results
        # Those with `on_step` among the results, of which there were so many: none ever goes.
        self._on_step: list[_OnStep] = []
        self._count = 0
        self.are_copies = True
        self._before_validation: dict[str, Any] = {}

    def of_step(self, observation: dict[str, Any]) -> None:
        """Adds what was logged in the training step.

        Args:
            observation: Where to add it.
        """
        if len(self._results) != self._count:
            self._look_for_more()
        for logged in self._on_step:
            value = logged.metric._forward_cache
            if value is not logged.seen if logged.is_copy else logged.is_fresh(value):
                logged.seen = value
                if value is not None:
                    observation[logged.name] = value

    def _look_for_more(self) -> None:
        results = list(self._results.values())
        for metric in results[self._count :]:
            if metric.meta.on_step:
                logged = _OnStep(metric, self._results._forked_name(metric, True)[1])
                self._on_step.append(logged)
                self.are_copies &= logged.is_copy
        self._count = len(results)

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
