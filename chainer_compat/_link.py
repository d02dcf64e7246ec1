"""`Link`: the unit that owns parameters."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from chainer_compat._variable import is_raw_array
from chainer_compat.backend import copyto
from chainer_compat.backends import _crossing
from chainer_compat.configuration import _this_thread
from chainer_compat.device_resident import DeviceResident, DeviceResidentsVisitor
from chainer_compat.errors import NotSupportedError
from chainer_compat.initializers import NaN, _get_initializer
from chainer_compat.link_hook import (
    _ForwardPostprocessCallbackArgs,
    _ForwardPreprocessCallbackArgs,
)
from chainer_compat.variable import Parameter

if TYPE_CHECKING:
    from chainer_compat.sequential import Sequential
    from chainer_compat.serializer import AbstractSerializer

__all__ = ["COPY_MODES", "Link"]

_L = TypeVar("_L", bound="Link")

COPY_MODES = ("init", "copy", "share")


class Link(DeviceResident):
    """The unit of a model: parameters and persistent values under their names.

    A parameter is registered by assigning it inside ``with self.init_scope():``. The call of a
    link is its method ``forward`` (or ``__call__``, where a subclass defines it).

    Args:
        **params: Parameters to make, by name: a shape, or a pair of shape and dtype.

    Source: Chainer's reference, *chainer.Link*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> class Scale(chainer.Link):
        ...     def __init__(self):
        ...         super().__init__()
        ...         with self.init_scope():
        ...             self.factor = chainer.Parameter(2.0, (1,))
        ...     def forward(self, x):
        ...         return x * self.factor
        >>> Scale()(np.array([3.0], np.float32))
        variable([6.])
    """

    # On the class, since models of many a script set attributes before `super().__init__()`.
    name: str | None = None
    _within_init_scope: bool = False
    _local_link_hooks: dict[str, Any] | None = None
    _uninitialized_names: frozenset[str] = frozenset()
    __init_done: bool = False

    # The names of parameters and of persistent values; both are attributes.
    _params: set[str]
    _persistent: set[str]

    def __init__(self, **params: Any) -> None:
        super().__init__()
        self._params = set()
        self._persistent = set()
        self._within_init_scope = False
        self.name = None
        # Checked before attributes are registered.
        self.__init_done = True
        for name, value in params.items():
            shape, dtype = _shape_and_dtype(value)
            self.add_param(name, shape, dtype=dtype)

    def __check_init_done(self) -> None:
        if not self.__init_done:
            raise RuntimeError(
                f"{type(self).__name__}: super().__init__() must be called before parameters or "
                "links are registered"
            )

    def __str__(self) -> str:
        specs = ", ".join(f"{name}={value}" for name, value in self.printable_specs)
        return f"{type(self).__name__}({specs})"

    # -- the call -----------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls ``forward``, with the hooks around it.

        Args:
            *args: Passed on.
            **kwargs: Passed on.
        """
        if _this_thread.mode.link_hooks or self._local_link_hooks:
            return self._call_hooked(args, kwargs)
        try:
            forward = self.forward  # type: ignore[attr-defined]  # a subclass's
        except AttributeError:
            forward = self.__other_call()
        return forward(*args, **kwargs)

    def __other_call(self) -> Any:  # mangled, for models have names of their own
        """What is called where there is no ``forward``."""
        # A mixin behind Link in the order of bases may define the call.
        call = getattr(super(), "__call__", None)  # noqa: B004 -- the method itself is wanted
        if call is None:
            raise AttributeError(f"{type(self).__name__} defines neither `forward` nor `__call__`")
        return call

    def _call_hooked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        hooks = [*_this_thread.mode.link_hooks.values(), *self.local_link_hooks.values()]
        before = _ForwardPreprocessCallbackArgs(self, "forward", args, kwargs)
        for hook in hooks:
            hook.forward_preprocess(before)
        forward = self.forward if hasattr(self, "forward") else self.__other_call()
        out = forward(*args, **kwargs)
        after = _ForwardPostprocessCallbackArgs(self, "forward", args, kwargs, out)
        for hook in hooks:
            hook.forward_postprocess(after)
        return out

    @property
    def local_link_hooks(self) -> dict[str, Any]:
        """The hooks of this link alone, by name."""
        if self._local_link_hooks is None:
            self._local_link_hooks = {}
        return self._local_link_hooks

    @property
    def _n_local_link_hooks(self) -> int:
        return len(self._local_link_hooks or ())

    def add_hook(self: _L, hook: Any, name: str | None = None) -> _L:
        """Adds a hook to this link alone.

        Args:
            hook: A :class:`~chainer_compat.LinkHook`.
            name: Its name; ``hook.name`` by default.

        Returns:
            The link.

        Raises:
            TypeError: If it is no hook.
            KeyError: If there is one of that name.
        """
        from chainer_compat.link_hook import LinkHook

        if not isinstance(hook, LinkHook):
            raise TypeError(f"a link's hook must be a LinkHook; got {type(hook)}")
        key = hook.name if name is None else name
        if key in self.local_link_hooks:
            raise KeyError(f"the link has a hook named {key!r} already")
        self.local_link_hooks[key] = hook
        hook.added(self)
        return self

    def delete_hook(self, name: str) -> None:
        """Removes a hook of this link.

        Args:
            name: Its name.

        Raises:
            KeyError: If there is none of that name.
        """
        if name not in self.local_link_hooks:
            raise KeyError(f"the link has no hook named {name!r}")
        self.local_link_hooks.pop(name).deleted(self)

    # -- registration -------------------------------------------------------------------------

    @property
    def within_init_scope(self) -> bool:
        """Whether assignments register parameters and links now."""
        return self._within_init_scope

    @contextmanager
    def init_scope(self) -> Iterator[None]:
        """Inside the block, parameters (in a chain: links) that are assigned are registered."""
        self.__check_init_done()
        before = self._within_init_scope
        self._within_init_scope = True
        try:
            yield
        finally:
            self._within_init_scope = before

    def __setattr__(self, name: str, value: Any) -> None:
        if self._within_init_scope and isinstance(value, Parameter):
            value.name = name
            value.to_device(self.device)
            self._params.add(name)
            self._persistent.discard(name)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        # Before `super().__init__()` there is nothing registered yet.
        self.__dict__.get("_params", set()).discard(name)
        self.__dict__.get("_persistent", set()).discard(name)
        super().__delattr__(name)

    def add_param(
        self, name: str, shape: Any = None, dtype: Any = np.float32, initializer: Any = None
    ) -> None:
        """Makes and registers a parameter.

        Args:
            name: Its name.
            shape: Its shape, an int or a tuple; None to be initialized later.
            dtype: Its dtype, if there is no initializer.
            initializer: An initializer, a number or an array; NaN if None.

        Raises:
            AttributeError: If there is an attribute of that name.
        """
        given = NaN(dtype) if initializer is None else initializer
        if name in self._uninitialized_names and not self.__dict__[name].is_initialized:
            parameter = self.__dict__[name]
            parameter.initializer = _get_initializer(given)
            parameter.initialize(shape)
            return
        if name in self.__dict__:
            raise AttributeError(f"cannot register a new parameter {name}: attribute exists")
        parameter = Parameter(given, shape)
        with self.init_scope():
            setattr(self, name, parameter)

    def add_uninitialized_param(self, name: str) -> None:
        """Registers a parameter that :meth:`add_param` initializes later, as in Chainer 1.

        Since Chainer 2 a parameter without a shape is one: ``Parameter(initializer)``.

        Args:
            name: Its name.

        Raises:
            AttributeError: If there is an attribute of that name.
        """
        self.add_param(name)
        self._uninitialized_names |= {name}

    @property
    def has_uninitialized_params(self) -> bool:
        """Whether a parameter of :meth:`add_uninitialized_param` waits for its shape."""
        return any(not self.__dict__[name].is_initialized for name in self._uninitialized_names)

    def add_persistent(self, name: str, value: Any) -> None:
        """Registers a value that is saved with the link and moved with it.

        Args:
            name: Its name.
            value: An array, a number or text.

        Raises:
            AttributeError: If there is an attribute of that name.
        """
        if name in self.__dict__:
            raise AttributeError(f"cannot register a new persistent value {name}: attribute exists")
        setattr(self, name, value)
        self.register_persistent(name)

    def register_persistent(self, name: str) -> None:
        """Registers an attribute to be saved with the link and moved with it.

        Args:
            name: Its name.

        Raises:
            AttributeError: If there is no such attribute.
        """
        if not hasattr(self, name):
            raise AttributeError(
                f"cannot register non-existent attribute {name} as a persistent value"
            )
        self._persistent.add(name)
        self._params.discard(name)

    # -- walking ------------------------------------------------------------------------------

    def params(self, include_uninit: bool = True) -> Iterator[Parameter]:
        """Yields all parameters under it.

        Args:
            include_uninit: Also those that are not initialized yet.
        """
        for name in sorted(self._params):
            if include_uninit or self.__dict__[name].is_initialized:
                yield self.__dict__[name]

    def namedparams(self, include_uninit: bool = True) -> Iterator[tuple[str, Parameter]]:
        """Yields all parameters under it, with their paths.

        Args:
            include_uninit: Also those that are not initialized yet.
        """
        for name in sorted(self._params):
            if include_uninit or self.__dict__[name].is_initialized:
                yield f"/{name}", self.__dict__[name]

    def links(self, skipself: bool = False) -> Iterator[Link]:
        """Yields all links under it, itself first.

        Args:
            skipself: Leave itself out.
        """
        if not skipself:
            yield self

    def namedlinks(self, skipself: bool = False) -> Iterator[tuple[str, Link]]:
        """Yields all links under it, with their paths, itself first.

        Args:
            skipself: Leave itself out.
        """
        if not skipself:
            yield "/", self

    def children(self) -> Iterator[Link]:
        """Yields its own child links."""
        return iter(())

    @property
    def printable_specs(self) -> Iterator[tuple[str, Any]]:
        """Pairs of name and value that the text of the link shows."""
        return iter(())

    def count_params(self) -> int:
        """Returns the number of elements of all parameters; warns of uninitialized ones."""
        count = 0
        for name, parameter in self.namedparams():
            if parameter.is_initialized:
                count += parameter.size
            else:
                warnings.warn(
                    f"the parameter {name!r} is not initialized yet and does not count",
                    stacklevel=2,
                )
        return count

    # -- gradients and updates ----------------------------------------------------------------

    def cleargrads(self) -> None:
        """Forgets all gradients."""
        for parameter in self.params():
            parameter.cleargrad()

    def zerograds(self) -> None:
        """Sets all gradients to zeros (superseded by :meth:`cleargrads`)."""
        for parameter in self.params():
            parameter.zerograd()

    def addgrads(self, link: Link) -> None:
        """Adds the gradients of another link of the same structure.

        Args:
            link: The other link.
        """
        for name in sorted(self._params):
            self.__dict__[name].addgrad(link.__dict__[name])

    def enable_update(self) -> None:
        """Lets optimizers update its parameters."""
        for parameter in self.params():
            if parameter.update_rule is not None:
                parameter.update_rule.enabled = True

    def disable_update(self) -> None:
        """Keeps optimizers from updating its parameters."""
        for parameter in self.params():
            if parameter.update_rule is not None:
                parameter.update_rule.enabled = False

    @property
    def update_enabled(self) -> bool:
        """Whether an optimizer updates any of its parameters."""
        return any(p.update_rule is not None and p.update_rule.enabled for p in self.params())

    # -- copies -------------------------------------------------------------------------------

    @classmethod
    def from_params(cls, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG003 -- a protocol
        """Makes a link from its parameters; links that can do so define it.

        Args:
            *args: The parameters, variables or arrays.
            **kwargs: Other arguments of the constructor.

        Raises:
            NotImplementedError: If this link does not.
        """
        raise NotSupportedError(
            f"{cls.__name__} has no from_params; make the link, then copy the arrays into its "
            "parameters: link.W.array[...] = W"
        )

    def copy(self: _L, mode: str = "share") -> _L:
        """Returns a copy of the structure.

        Args:
            mode: ``"share"`` shares the arrays of parameters; ``"copy"`` copies them; ``"init"``
                initializes them anew.

        Raises:
            ValueError: If the mode is another one.
        """
        if mode not in COPY_MODES:
            raise ValueError(f"mode is one of {', '.join(COPY_MODES)}; got {mode!r}")
        if mode == "share":
            return self._copy_shared()
        fresh = copy.deepcopy(self)
        if mode == "init":
            fresh._draw_again()
        fresh._number_again()
        return fresh

    def _number_again(self) -> None:
        """Numbers the links of all sequentials below it as a copy of each would."""
        for link in self.children():
            link._number_again()

    def _draw_again(self) -> None:
        """Initializes the parameters anew, those of the links below as well."""
        for parameter in Link.params(self, include_uninit=False):
            parameter.initialize(parameter.shape)
        for link in self._links_in_order():
            link._draw_again()

    def _links_in_order(self) -> list[Link]:
        """The links right below it, in the order in which they are initialized anew."""
        return list(self.children())

    def _copy_shared(self: _L) -> _L:
        fresh = copy.copy(self)
        fresh._params = set(self._params)
        fresh._persistent = set(self._persistent)
        fresh.name = None
        for name in self._params:
            fresh.__dict__[name] = copy.copy(self.__dict__[name])
        return fresh

    def copyparams(self, link: Link, copy_persistent: bool = True) -> None:
        """Copies the values of another link of the same structure into its own arrays.

        Args:
            link: The other link.
            copy_persistent: Also persistent values.

        Raises:
            KeyError: If the other link lacks one.
            ValueError: If shapes do not fit.
        """
        for name in sorted(self._params):
            self._copy_one(name, link)
        if copy_persistent:
            for name in sorted(self._persistent):
                own, other = self.__dict__[name], link.__dict__[name]
                if is_raw_array(own) and is_raw_array(other):
                    copyto(own, other)
                else:
                    self.__dict__[name] = copy.deepcopy(other)

    def _copy_one(self, name: str, link: Link) -> None:
        own, other = self.__dict__[name], link.__dict__[name]
        if own.is_initialized and other.is_initialized and own.shape != other.shape:
            raise ValueError(
                f"cannot copy the parameter {name!r} of shape {other.shape} into one of shape "
                f"{own.shape}"
            )
        own.copydata(other)

    def repeat(self, n_repeat: int, mode: str = "init") -> Sequential:
        """Returns a sequence of copies of the link.

        Args:
            n_repeat: How many.
            mode: How to copy: ``"init"``, ``"copy"`` or ``"share"``.
        """
        from chainer_compat.sequential import Sequential

        if n_repeat <= 0:
            return Sequential()
        return Sequential(*(self.copy(mode) for _ in range(n_repeat)))

    # -- devices and files --------------------------------------------------------------------

    @property
    def _device_id(self) -> int | None:
        device = getattr(self.device, "device", None)
        return None if device is None else device.id

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        """Shows a visitor the link, its parameters and its persistent arrays.

        Args:
            visitor: The visitor.
        """
        super().device_resident_accept(visitor)
        for name in sorted(self._params):
            visitor.visit_variable(self.__dict__[name])
        for name in sorted(self._persistent):
            if is_raw_array(self.__dict__[name]):
                self.__dict__[name] = visitor.visit_array(self.__dict__[name])

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the parameters and the persistent values, by name.

        Args:
            serializer: What saves or loads.
        """
        for name in sorted(self._params):
            parameter = self.__dict__[name]
            if parameter.is_initialized:
                serializer(name, _raw(parameter))
                continue
            data = serializer(name, None)
            if data is not None:
                parameter.initialize(np.shape(data))
                copyto(_raw(parameter), data)
        for name in sorted(self._persistent):
            self.__dict__[name] = serializer(name, self.__dict__[name])


def _raw(parameter: Parameter) -> Any:
    """A parameter's array; on a GPU without CuPy, its tensor."""
    tensor = parameter.tensor
    if tensor.is_cuda and _crossing.cupy_or_none() is None:
        return tensor.detach()
    return parameter.array


def _shape_and_dtype(value: Any) -> tuple[Any, Any]:
    """What `Link(**params)` takes: a shape, or a pair of shape and dtype."""
    if (
        isinstance(value, tuple)
        and len(value) == 2
        and (isinstance(value[0], (tuple, list)) or not isinstance(value[1], (int, np.integer)))
    ):
        return value
    return value, np.float32
