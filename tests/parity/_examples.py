"""How many cases the comparisons generate, by Hypothesis profile (see tests/conftest.py)."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SLOW = os.environ.get("HYPOTHESIS_PROFILE") == "slow"


def examples(ci: int = 2000, slow: int = 100_000) -> settings:
    """Settings for a comparison: so many cases on every change, and so many now and then."""
    return settings(
        max_examples=slow if SLOW else ci,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
