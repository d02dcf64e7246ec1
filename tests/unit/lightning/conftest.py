"""Lightning gives warnings of its own that are no business of these tests."""

from __future__ import annotations

import logging

import pytest

_LIGHTNINGS_OWN = (
    # Advice for real data, which these tests do not have.
    "ignore:.*does not have many workers",
    "ignore:The number of training batches .* is smaller than the logging interval",
    "ignore:You defined a `validation_step` but have no `val_dataloader`",
    "ignore:GPU available but not used",
    # Said of a resume in the middle of an epoch, which is what is tested here.
    "ignore:You're resuming from a checkpoint that ended before the epoch ended",
    "ignore:Checkpoint directory .* exists and is not empty",
    # Lightning meets newer versions of torch.
    "ignore:`isinstance.treespec, LeafSpec.` is deprecated",
)


def pytest_collection_modifyitems(items):
    for item in items:
        if "/lightning/" in str(item.path):
            for ignored in _LIGHTNINGS_OWN:
                item.add_marker(pytest.mark.filterwarnings(ignored))


@pytest.fixture(autouse=True)
def _quiet():
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
