"""`LinkHook`: code around the calls of links."""

from __future__ import annotations

from typing import Any

from chainer_compat.configuration import _this_thread

__all__ = ["LinkHook"]


class _ForwardPreprocessCallbackArgs:
    """What a hook is given before a call: ``link``, ``forward_name``, ``args``, ``kwargs``."""

    def __init__(
        self, link: Any, forward_name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.link = link
        self.forward_name = forward_name
        self.args = args
        self.kwargs = kwargs

    def __repr__(self) -> str:
        return f"<{type(self).__name__} link={self.link!r} forward_name={self.forward_name!r}>"


class _ForwardPostprocessCallbackArgs(_ForwardPreprocessCallbackArgs):
    """What a hook is given after a call: also its result, ``out``."""

    def __init__(
        self,
        link: Any,
        forward_name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        out: Any,
    ) -> None:
        super().__init__(link, forward_name, args, kwargs)
        self.out = out


def _get_link_hooks() -> dict[str, Any]:
    """Returns the hooks of this thread by name, in the dict itself."""
    return _this_thread.mode.link_hooks


class LinkHook:
    """Code around each link's call, inside a ``with`` block or on one link.

    Source: Chainer's reference, *chainer.LinkHook*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> class Names(chainer.LinkHook):
        ...     name = 'Names'
        ...     def forward_preprocess(self, args):
        ...         print(type(args.link).__name__, args.forward_name)
        >>> with Names():
        ...     y = chainer.links.Linear(2, 3)(np.ones((1, 2), np.float32))
        Linear forward
    """

    name = "LinkHook"

    def __enter__(self) -> LinkHook:
        hooks = _this_thread.mode.link_hooks
        if self.name in hooks:
            raise KeyError(f"there is a hook named {self.name!r} already in this thread")
        hooks[self.name] = self
        self.added(None)
        return self

    def __exit__(self, *exc_info: object) -> None:
        _this_thread.mode.link_hooks[self.name].deleted(None)
        del _this_thread.mode.link_hooks[self.name]

    def added(self, link: Any) -> None:
        """Called when it is added.

        Args:
            link: The link it was added to; None for all of this thread.
        """

    def deleted(self, link: Any) -> None:
        """Called when it is removed.

        Args:
            link: The link it is removed from; None for all of this thread.
        """

    def forward_preprocess(self, args: _ForwardPreprocessCallbackArgs) -> None:
        """Called before a link's call.

        Args:
            args: ``link``, ``forward_name``, ``args`` and ``kwargs``.
        """

    def forward_postprocess(self, args: _ForwardPostprocessCallbackArgs) -> None:
        """Called after a link's call.

        Args:
            args: ``link``, ``forward_name``, ``args``, ``kwargs`` and the result, ``out``.
        """
