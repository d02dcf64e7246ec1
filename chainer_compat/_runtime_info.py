"""What is installed."""

from __future__ import annotations

import platform
import sys
from typing import IO, Any

import numpy as np
import torch

from chainer_compat._version import __version__
from chainer_compat.backends import _crossing

__all__ = ["print_runtime_info"]


def _versions() -> dict[str, Any]:
    cupy = _crossing.cupy_or_none()
    missing = "Not Available"
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "Platform": platform.platform(),
        "Python": platform.python_version(),
        "Chainer": f"chainer-compat {__version__}",
        "ChainerX": missing,
        "NumPy": np.__version__,
        "PyTorch": torch.__version__,
        "CUDA": torch.version.cuda or missing,
        "cuDNN": torch.backends.cudnn.version() or missing,  # type: ignore[no-untyped-call]  # torch's
        "GPU": ", ".join(gpus) or missing,
        "CuPy": missing if cupy is None else cupy.__version__,
        "iDeep": missing,
    }


def print_runtime_info(out: IO[str] | None = None) -> None:
    """Prints the versions of what is installed, a line each.

    Args:
        out: Where to print; ``sys.stdout`` if None.

    Example:
        >>> import chainer_compat as chainer
        >>> chainer.print_runtime_info()
        Platform: ...
        ChainerX: Not Available
        NumPy: ...
        PyTorch: ...
    """
    file = sys.stdout if out is None else out
    for name, version in _versions().items():
        file.write(f"{name}: {version}\n")
    if hasattr(file, "flush"):
        file.flush()
