"""Thread-local configuration over global defaults (Chainer: *Configuring Chainer*)."""

from __future__ import annotations

import sys
import threading
import weakref
from contextlib import AbstractContextManager
from typing import IO, Any

import numpy as np
import torch

__all__ = [
    "DebugMode",
    "GlobalConfig",
    "LocalConfig",
    "config",
    "force_backprop_mode",
    "global_config",
    "is_debug",
    "no_backprop_mode",
    "set_debug",
    "using_config",
]


# What every function call or report asks for: kept ready in a `_Mode`, since a look-up that falls
# through to the global configuration costs half a microsecond.
_HOT = (
    "debug",
    "enable_backprop",
    "in_recomputing",
    "keep_graph_on_report",
    "train",
    "type_check",
)


# What torch has a switch of its own for, one for the whole process.
_OF_CUDNN = {
    "autotune": "benchmark",
    "cudnn_deterministic": "deterministic",
    "use_cudnn": "enabled",
}


def _tell_cudnn(name: str, value: Any) -> None:
    setattr(torch.backends.cudnn, _OF_CUDNN[name], value != "never" and bool(value))


class _Mode:
    """What every call of one thread asks for: the hot entries, the hooks and the reporters."""

    __slots__ = (
        "__weakref__",
        "debug",
        "enable_backprop",
        "function_hooks",
        "in_recomputing",
        "keep_graph_on_report",
        "link_hooks",
        "own",
        "reporters",
        "shared",
        "train",
        "type_check",
    )

    # Of the process: whether a variable was ever made volatile. Only then do functions look for it.
    volatile_in_use: bool = False

    debug: bool
    enable_backprop: bool
    in_recomputing: bool
    keep_graph_on_report: bool
    train: bool
    type_check: bool

    def __init__(self, own: dict[str, Any], shared: GlobalConfig) -> None:
        self.own = own
        self.shared = shared
        self.function_hooks: dict[str, Any] = {}
        self.link_hooks: dict[str, Any] = {}
        self.reporters: list[Any] = []  # those that are current, the innermost last
        self.refresh()

    def refresh(self) -> None:
        """Reads the entries anew."""
        for name in _HOT:
            setattr(self, name, self.own[name] if name in self.own else getattr(self.shared, name))


class GlobalConfig:
    """Values that every thread sees unless it has set its own.

    Any attribute may be set, the user's own included. ``cudnn_deterministic``, ``autotune`` and
    ``use_cudnn`` set torch's ``torch.backends.cudnn`` when they are set, which is one for all
    threads.

    Example:
        >>> import chainer_compat as chainer
        >>> chainer.global_config.train
        True
    """

    autotune: bool = False
    compute_mode: str | None = None
    cudnn_deterministic: bool = False
    cudnn_fast_batch_normalization: bool = False
    debug: bool = False
    dtype: Any = np.dtype(np.float32)
    enable_backprop: bool = True
    in_recomputing: bool = False
    keep_graph_on_report: bool = False
    lazy_grad_sum: bool = False
    schedule_func: Any = None
    train: bool = True
    type_check: bool = True
    use_cudnn: str = "auto"
    use_cudnn_tensor_core: str = "auto"
    use_ideep: str = "never"
    use_static_graph: bool = True
    warn_nondeterministic: bool = False
    _will_recompute: bool = False

    def __init__(self) -> None:
        self.__dict__["_modes"] = weakref.WeakSet[_Mode]()
        # Chainer keeps them on the instance, where `show` and `vars()` find them.
        self.__dict__.update(
            {
                name: value
                for name, value in vars(type(self)).items()
                if name in type(self).__annotations__
            }
        )

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in _HOT:
            for mode in list(self.__dict__["_modes"]):
                mode.refresh()
        elif name in _OF_CUDNN:
            _tell_cudnn(name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_modes"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _modes=weakref.WeakSet[_Mode]())

    def show(self, file: IO[str] | None = None) -> None:
        """Prints every entry, a line each.

        Args:
            file: Where to print; ``sys.stdout`` if None.
        """
        _show(self, set(vars(self)) - {"_modes"}, file)


# A subclass of threading.local: an entry of this thread is found at the speed of an attribute.
class LocalConfig(threading.local):
    """The configuration of one thread, over the global one.

    Reading an entry that this thread has not set gives the global value; setting and deleting
    act on this thread alone.

    Args:
        global_config: Where entries that this thread has not set are looked up.
    """

    _global: GlobalConfig
    _mode: _Mode

    def __init__(self, global_config: GlobalConfig) -> None:
        own = self.__dict__
        own["_global"] = global_config
        own["_mode"] = mode = _Mode(own, global_config)
        vars(global_config)["_modes"].add(mode)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        self._follow(name)

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self._follow(name)

    def _follow(self, name: str) -> None:
        if name in _HOT:
            self._mode.refresh()
        elif name in _OF_CUDNN:
            _tell_cudnn(name, getattr(self, name))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_global"], name)

    def show(self, file: IO[str] | None = None) -> None:
        """Prints every entry that this thread sees, a line each.

        Args:
            file: Where to print; ``sys.stdout`` if None.
        """
        names = set(self.__dict__) | set(vars(self._global))
        _show(self, names - {"_global", "_mode", "_modes"}, file)


def _show(entries: Any, names: Any, file: IO[str] | None) -> None:
    out = sys.stdout if file is None else file
    width = max(len(name) for name in names)
    for name in sorted(names):
        out.write(f"{name:<{width}} {getattr(entries, name)}\n")


global_config = GlobalConfig()
config = LocalConfig(global_config)


class _ThisThread(threading.local):
    """Where the present thread's mode is found in a third of the time of ``config._mode``."""

    def __init__(self) -> None:
        self.mode = config._mode


_this_thread = _ThisThread()

_UNSET = object()


class _ConfigContext(AbstractContextManager["_ConfigContext"]):
    """Sets one entry while it is entered; may be entered again after it was left."""

    __slots__ = ("config", "name", "old", "value")

    def __init__(self, config: Any, name: str, value: Any) -> None:
        self.config = config
        self.name = name
        self.value = value
        self.old: Any = _UNSET

    def __enter__(self) -> _ConfigContext:
        self.old = vars(self.config).get(self.name, _UNSET)
        setattr(self.config, self.name, self.value)
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self.old is _UNSET:
            delattr(self.config, self.name)
        else:
            setattr(self.config, self.name, self.old)


def using_config(
    name: str, value: Any, config: LocalConfig | GlobalConfig = config
) -> AbstractContextManager[Any]:
    """Sets an entry of the configuration inside a ``with`` block.

    Args:
        name: The entry's name.
        value: Its value inside the block.
        config: Which configuration; this thread's by default.

    Returns:
        A context manager; leaving it restores what was there, also after an exception.

    Example:
        >>> import chainer_compat as chainer
        >>> with chainer.using_config('train', False):
        ...     chainer.config.train
        False
        >>> chainer.config.train
        True
    """
    return _ConfigContext(config, name, value)


def no_backprop_mode() -> AbstractContextManager[Any]:
    """Inside the block no graph is built, so that nothing is kept for a backward pass.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> x = chainer.Variable(np.ones(3, np.float32))
        >>> with chainer.no_backprop_mode():
        ...     (x * 2).creator is None
        True
    """
    return using_config("enable_backprop", False)


def force_backprop_mode() -> AbstractContextManager[Any]:
    """Inside the block a graph is built, also within :func:`no_backprop_mode`."""
    return using_config("enable_backprop", True)


def is_debug() -> bool:
    """Whether this thread runs in debug mode."""
    return bool(config.debug)


def set_debug(debug: bool) -> None:
    """Switches debug mode for this thread.

    Args:
        debug: In debug mode, NaN in the result of a function or in a gradient is an error.
    """
    config.debug = debug


class DebugMode:
    """Debug mode as a ``with`` block (superseded by ``using_config('debug', …)``).

    Args:
        debug: The mode inside the block.
    """

    def __init__(self, debug: bool) -> None:
        self._context = using_config("debug", debug)

    def __enter__(self) -> None:
        self._context.__enter__()

    def __exit__(self, *exc_info: object) -> None:
        self._context.__exit__(*exc_info)  # type: ignore[arg-type]  # the three, as they came
