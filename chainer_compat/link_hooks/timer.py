"""How long links take."""

from __future__ import annotations

from typing import Any

from chainer_compat._profiling import TimeRecord
from chainer_compat.link_hook import LinkHook

__all__ = ["TimerHook"]


class TimerHook(TimeRecord, LinkHook):
    """Measures how long each call of a link takes, those inside another one included.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> class Double(chainer.Link):
        ...     def forward(self, x):
        ...         return x * 2
        >>> hook = chainer.link_hooks.TimerHook()
        >>> with hook:
        ...     y = Double()(chainer.Variable(np.ones(3)))
        >>> hook.summary()['Double']['occurrence']
        1
    """

    name = "TimerHook"
    _heading = "LinkName"

    def forward_preprocess(self, args: Any) -> None:
        """Starts the clock.

        Args:
            args: ``link`` and more.
        """
        self._start(args.link.device.torch_device.type == "cuda")

    def forward_postprocess(self, args: Any) -> None:
        """Stops the clock.

        Args:
            args: ``link`` and more.
        """
        self._stop(type(args.link).__name__)
