"""Arrays instead of the scalars that NumPy gives, and a folder that goes away."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["force_array", "force_type", "tempdir"]


def force_array(x: Any, dtype: Any = None) -> Any:
    """Returns an array without axes for a scalar, and an array as it is.

    Args:
        x: A scalar or an array.
        dtype: The dtype of the result; None to leave it.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import utils
        >>> utils.force_array(np.float32(1) + np.float32(2))
        array(3., dtype=float32)
    """
    if np.isscalar(x):
        return np.array(x, dtype)
    return x if dtype is None else x.astype(dtype, copy=False)


def force_type(dtype: Any, value: Any) -> Any:
    """Returns a scalar or an array cast to a dtype.

    Args:
        dtype: A NumPy dtype object.
        value: A scalar or an array.
    """
    if np.isscalar(value):
        return dtype.type(value)
    return value.astype(dtype, copy=False)


@contextlib.contextmanager
def tempdir(**kwargs: Any) -> Iterator[str]:
    """Makes a folder, and removes it with all that is in it on leaving the ``with`` block.

    Args:
        **kwargs: Arguments of ``tempfile.mkdtemp``; ``ignore_errors=True`` lets the removal fail.

    Example:
        >>> import os
        >>> from chainer_compat import utils
        >>> with utils.tempdir() as folder:
        ...     os.path.isdir(folder)
        True
        >>> os.path.exists(folder)
        False
    """
    ignore_errors = kwargs.pop("ignore_errors", False)
    folder = tempfile.mkdtemp(**kwargs)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=ignore_errors)
