"""The form that a state has in a checkpoint of Lightning's."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch

from chainer_compat.lightning._checkpoint import from_checkpoint, to_checkpoint


def through_a_file(state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    file = io.BytesIO()
    torch.save(to_checkpoint(state), file)
    file.seek(0)
    return from_checkpoint(torch.load(file, weights_only=True))


@pytest.mark.parametrize(
    "value",
    [
        *(np.array([0, 1, np.iinfo(f"u{size}").max], f"u{size}") for size in (1, 2, 4, 8)),
        np.array(2**32 - 1, np.uint32),
        np.array([[-1], [2]], np.int64),
        np.array([0.5, np.nan], np.float16),
        np.array(True),
        np.array("text"),
        np.array(None),
    ],
    ids=lambda value: f"{value.dtype}{list(value.shape)}",
)
def test_arrays_come_back_as_they_were(value: Any) -> None:
    found = through_a_file({"a/b": value})["a/b"]

    assert found.dtype == value.dtype
    np.testing.assert_array_equal(found, value)


def test_what_the_state_was_made_of_stays_its_own() -> None:
    value = np.array([1, 2], np.uint32)
    state = to_checkpoint({"a": value})
    value[:] = 0

    assert from_checkpoint(state)["a"].tolist() == [1, 2]
