"""What an extension is: the base class, the decorator and the three priorities."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from chainer_compat.errors import InvalidArgumentTypeError, MissingNameError

__all__ = [
    "PRIORITY_EDITOR",
    "PRIORITY_READER",
    "PRIORITY_WRITER",
    "Extension",
    "make_extension",
]

# Extensions run from the highest number to the lowest; those in between are the user's own.
PRIORITY_WRITER = 300
PRIORITY_EDITOR = 200
PRIORITY_READER = 100

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Extension:
    """Base class of what a trainer calls after its updates.

    Anything callable that takes the trainer can be an extension. This class adds the optional
    parts, each of which does nothing unless it is overridden. In the order of their calls:
    :meth:`restore`, :meth:`initialize`, then ``extension(trainer)`` in every iteration that the
    trigger picks, :meth:`on_error` if the loop raised, and :meth:`finalize`.

    Attributes:
        trigger: When the extension is called, unless ``Trainer.extend`` is told otherwise: what
            :func:`~chainer_compat.training.get_trigger` takes. Every iteration by default.
        priority: Its place among the extensions of an iteration: ``PRIORITY_WRITER`` (300) for
            those that add observations, ``PRIORITY_EDITOR`` (200) for those that change them,
            ``PRIORITY_READER`` (100, the default) for those that only read. Any number will do.
        name: Its name; set when it is registered.
        invoke_before_training: Chainer 1's flag: also called whenever ``run`` starts.

    Source: Chainer's page *chainer.training.Extension*.

    Example:
        >>> from chainer_compat import training
        >>> class Announce(training.Extension):
        ...     trigger = 1, 'epoch'
        ...     def __call__(self, trainer):
        ...         print('epoch', trainer.updater.epoch)
        >>> Announce().default_name
        'Announce'
    """

    trigger: Any = (1, "iteration")
    priority: int = PRIORITY_READER
    name: str | None = None
    invoke_before_training = False

    @property
    def default_name(self) -> str:
        """The name that is used when none is given: that of the class."""
        return type(self).__name__

    def __call__(self, trainer: Any) -> Any:
        """Does the extension's work.

        Args:
            trainer: The trainer that calls it.

        Raises:
            NotImplementedError: If a subclass does not override it.
        """
        raise NotImplementedError(f"{type(self).__name__} must override __call__(self, trainer)")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name or self.default_name!r}>"

    def restore(self, trainer: Any) -> None:
        """Loads a saved state into the trainer, before any extension is initialized.

        Chainer has no such step: there a snapshot's autoload is part of ``initialize``, and what
        was initialized before it starts from the wrong state.

        Args:
            trainer: The trainer that is about to run.
        """

    def initialize(self, trainer: Any) -> None:
        """Prepares for the run; not called if the trigger says that it is ``finished``.

        By now a resumed trainer has its state, so what the snapshot of a model does not hold (a
        learning rate, say) is set again here.

        Args:
            trainer: The trainer that is about to run.
        """

    def on_error(self, trainer: Any, exc: BaseException, tb: TracebackType | None) -> None:
        """Is told that the loop raised, before anything is finalized.

        Args:
            trainer: The trainer that ran.
            exc: What was raised: an exception, ``KeyboardInterrupt`` (Ctrl-C) or the
                ``SystemExit`` of a SIGTERM.
            tb: Its traceback.
        """

    if not TYPE_CHECKING:  # a type checker is to know the attributes

        def __getattr__(self, name: str) -> Any:
            # Asked for what is nowhere else.
            raise MissingNameError(f"{type(self).__name__!r} has no attribute {name!r}", name=name)

    def finalize(self) -> None:
        """Gives back what the extension holds; called when the loop is over, however it ended."""

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the state that the extension keeps from call to call.

        Args:
            serializer: A serializer or deserializer.
        """


def make_extension(
    trigger: Any = None,
    default_name: str | None = None,
    priority: int | None = None,
    finalizer: Callable[[], Any] | None = None,
    initializer: Callable[[Any], Any] | None = None,
    on_error: Callable[[Any, BaseException, Any], Any] | None = None,
    **kwargs: Any,
) -> Callable[[_Function], _Function]:
    """Decorator that makes a function an extension by hanging attributes on it.

    Args:
        trigger: When it is called; every iteration if None.
        default_name: Its name; that of the function if None.
        priority: Its place; ``PRIORITY_READER`` if None.
        finalizer: Called with nothing when the loop is over.
        initializer: Called with the trainer before the loop.
        on_error: Called with the trainer, the exception and its traceback if the loop raised.
        **kwargs: ``invoke_before_training``, Chainer 1's flag: also call it whenever ``run``
            starts.

    Returns:
        A decorator, which gives back the function itself.

    Source: Chainer's page *chainer.training.make_extension*.

    Example:
        >>> from chainer_compat import training
        >>> @training.make_extension(trigger=(10, 'iteration'), priority=0)
        ... def hello(trainer):
        ...     print('hello')
        >>> hello.default_name, hello.priority
        ('hello', 0)
    """
    invoke_before_training = bool(kwargs.pop("invoke_before_training", False))
    if kwargs:
        raise InvalidArgumentTypeError(
            f"make_extension() got an unexpected keyword argument {next(iter(kwargs))!r}"
        )

    def decorate(extension: _Function) -> _Function:
        attributes = {
            "trigger": Extension.trigger if trigger is None else trigger,
            "default_name": default_name or extension.__name__,
            "priority": Extension.priority if priority is None else priority,
            "finalize": finalizer,
            "initialize": initializer,
            "on_error": on_error,
            "invoke_before_training": invoke_before_training,
        }
        for attribute, value in attributes.items():
            setattr(extension, attribute, value)
        return extension

    return decorate
