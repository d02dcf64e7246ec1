"""Matplotlib without its global state: it is imported when something is drawn, not before."""

from __future__ import annotations

import importlib.util
import warnings
from typing import Any

__all__ = ["count_along_x", "new_figure", "warn_if_unavailable"]


def warn_if_unavailable() -> bool:
    """Says whether matplotlib can be imported, and warns if it cannot."""
    if importlib.util.find_spec("matplotlib") is not None:
        return True
    warnings.warn(
        "matplotlib is not installed, so nothing will be plotted; "
        "pip install 'chainer-compat[plot]'",
        stacklevel=3,
    )
    return False


def new_figure(**kwargs: Any) -> Any:
    """Returns a figure that pyplot does not know, drawn by Agg whatever the script's backend is.

    Args:
        **kwargs: What ``matplotlib.figure.Figure`` takes.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(**kwargs)
    FigureCanvasAgg(figure)
    return figure


def count_along_x(axes: Any) -> None:
    """Puts the ticks of the axis of iterations or epochs at whole numbers only.

    Args:
        axes: Matplotlib's axes.
    """
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
