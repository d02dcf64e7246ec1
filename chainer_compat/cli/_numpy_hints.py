"""What to do about an error that a script did not have with the NumPy of its time.

NumPy's rules for values and dtypes cannot be put back as its names can. A script that leans on the
old ones runs with an older NumPy, which this package takes too.
"""

from __future__ import annotations

import numpy as np

from chainer_compat.errors import ChainerCompatError

__all__ = ["hint"]

_OLD_RULES = "`pip install 'numpy<2'` brings the old rule back, and chainer_compat runs with it"


def hint(error: BaseException) -> str | None:
    """Says what an error has to do with NumPy's version.

    Args:
        error: What ended a script.

    Returns:
        A sentence or two, or None if it has nothing to do with it.

    Example:
        >>> hint(ZeroDivisionError()) is None
        True
    """
    if int(np.__version__.partition(".")[0]) < 2:
        return None
    if isinstance(error, ValueError) and isinstance(error.__cause__, TypeError):
        # What an assignment to an element says of its value.
        error = error.__cause__
    text = str(error)
    if isinstance(error, TypeError) and "only 0-dimensional arrays can be converted" in text:
        return (
            "NumPy 2.4 and newer make no number of an array such as [1.0], of one element in a "
            "dimension: write `x.item()`, or `pip install 'numpy<2.4'`"
        )
    if isinstance(error, OverflowError) and "out of bounds for" in text:
        return (
            "NumPy 2 does not wrap a number that its integer type has no room for: write "
            f"`np.array(x).astype(dtype)`, or {_OLD_RULES}"
        )
    if isinstance(error, ChainerCompatError) and "float64" in text and "float32" in text:
        return (
            "a float32 array times a NumPy number, such as `np.sqrt(2)`, is float64 in NumPy 2: "
            f"write `float(np.sqrt(2))`, or {_OLD_RULES}"
        )
    return None
