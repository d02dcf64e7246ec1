"""Warnings about what a user may not know."""

from __future__ import annotations

import warnings

from chainer_compat.configuration import config

__all__ = ["experimental", "nondeterministic"]


def experimental(api_name: str) -> None:
    """Warns that a function may still change.

    ``chainer.disable_experimental_feature_warning = True`` turns the warnings off.

    Args:
        api_name: The function's full name.
    """
    import chainer_compat

    if not chainer_compat.disable_experimental_feature_warning:
        warnings.warn(
            f"{api_name} is experimental. The interface can change in the future.",
            FutureWarning,
            stacklevel=2,
        )


def nondeterministic(f_name: str) -> None:
    """Warns that a function may give other results each time.

    It does so only while ``chainer.config.warn_nondeterministic`` is True.

    Args:
        f_name: The function's name.
    """
    if config.warn_nondeterministic:
        warnings.warn(
            f"config.warn_nondeterministic is set, and this may give other results each time: "
            f"{f_name}",
            stacklevel=2,
        )
