"""What the module reports with `chainer_compat.report`, while training and while validating."""

from __future__ import annotations

from typing import Any

from chainer_compat.reporter import DictSummary, Reporter

__all__ = ["ReportedValues"]


class ReportedValues:
    """Keeps the reporter of the run current, and sums up what is reported in a validation.

    Args:
        view: The trainer as extensions know it.

    Attributes:
        training: The reporter of the run, which collects into its ``observation``.
    """

    def __init__(self, view: Any) -> None:
        self._view = view
        self.training: Reporter = view.reporter
        self._validation: Reporter | None = None
        self._summaries: dict[int, DictSummary] = {}
        self._is_current = False

    def start(self) -> None:
        """Makes the reporter current."""
        self.training.__enter__()
        self._is_current = True
        self.training.observation = {}

    def stop(self) -> None:
        """Gives the place back to the reporter that was current before."""
        if self._validation is not None:
            self._validation.__exit__()
            self._validation = None
        if self._is_current:
            self.training.__exit__()
            self._is_current = False

    def start_validation(self) -> None:
        """Collects what is reported under the prefix ``validation``."""
        self._summaries = {}
        self._validation = self._view.reporter_of_validation("validation")
        self._validation.__enter__()

    def end_of_validation_batch(self, dataloader: int) -> None:
        """Adds up what was reported for one batch.

        Args:
            dataloader: The number of the data loader that it came from.
        """
        reporter = self._validation
        if reporter is not None and reporter.observation:
            self._summaries.setdefault(dataloader, DictSummary()).add(reporter.observation)
            reporter.observation = {}

    def end_validation(self) -> dict[str, Any]:
        """Returns the means; those of a second data loader as ``validation_1/...``."""
        reporter, self._validation = self._validation, None
        if reporter is None:
            return {}
        reporter.__exit__()
        means = dict(reporter.observation)
        for number, summary in self._summaries.items():
            for name, mean in summary.compute_mean().items():
                rest = name.removeprefix("validation/")
                renamed = number and rest != name
                means[f"validation_{number}/{rest}" if renamed else name] = mean
        return means
