"""What holds for every test: one thread, known seeds, Hypothesis profiles."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

# Before NumPy and torch are imported: small tensors run faster on one thread, and parallel test
# workers do not fight for cores.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"

import hypothesis  # noqa: E402 (after the thread counts, see above)
import numpy as np  # noqa: E402 (after the thread counts, see above)
import pytest  # noqa: E402 (after the thread counts, see above)
import torch  # noqa: E402 (after the thread counts, see above)

torch.set_num_threads(1)

# A shell starts background jobs with Ctrl-C ignored, and what a test starts would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# `ci` is the default: the same examples on every run, and no deadline, for a busy machine is no
# failure. `slow` looks further: HYPOTHESIS_PROFILE=slow.
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.register_profile("slow", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True)
def _known_seeds() -> None:
    """Every test starts from the same random numbers, alone or in company."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Looks for doctests in the package only: helpers here may need Chainer itself."""
    name = collection_path.name
    return True if name.endswith(".py") and not name.startswith(("test_", "__init__")) else None
