"""The computational graph of a reported value, in a file."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from chainer_compat.configuration import config
from chainer_compat.errors import (
    InvalidArgumentTypeError,
    MissingObservationError,
)
from chainer_compat.training._extension import Extension
from chainer_compat.training._state import optional

__all__ = ["DumpGraph", "is_graphviz_available", "is_return_code_zero"]

_VARIABLE_STYLE = {"shape": "octagon", "fillcolor": "#E0E0E0", "style": "filled"}
_FUNCTION_STYLE = {"shape": "record", "fillcolor": "#6495ED", "style": "filled"}


class DumpGraph(Extension):
    """Writes the graph that led to a reported value, at the first iteration, and never again.

    The file is in Graphviz's DOT language; where the command ``dot`` is installed, a PNG is made
    beside it. Until it is called, ``chainer.config.keep_graph_on_report`` is on, so that reported
    Variables keep their graph; it is best left to its default trigger.

    Args:
        root_name: Name of the observed Variable, such as ``'main/loss'``.
        filename: Name of the file in the output directory; ``'cg.dot'`` if None.
        variable_style: Attributes of the nodes that are Variables, in DOT's names.
        function_style: Attributes of the nodes that are functions.
        **kwargs: ``out_name``, the older name of ``filename``.

    Raises:
        TypeError: When it is called and the value is not a Variable.
        KeyError: When it is called and there is no such value.

    Source: Chainer's page *chainer.training.extensions.DumpGraph*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> extensions.DumpGraph('main/loss').default_name
        'dump_graph'
    """

    default_name = "dump_graph"

    def __init__(
        self,
        root_name: str,
        filename: str | None = None,
        variable_style: dict[str, Any] | None = None,
        function_style: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        out_name = kwargs.pop("out_name", "cg.dot")
        if kwargs:
            raise InvalidArgumentTypeError(
                f"DumpGraph got an unexpected keyword argument {next(iter(kwargs))!r}"
            )
        self._root_name = root_name
        self._filename = out_name if filename is None else filename
        self._variable_style = _VARIABLE_STYLE if variable_style is None else variable_style
        self._function_style = _FUNCTION_STYLE if function_style is None else function_style
        self._original_flag = False
        self._flag_called = False

    def initialize(self, trainer: Any) -> None:
        """Lets reports keep their graph until the extension has been called.

        Args:
            trainer: Not used.
        """
        if not self._flag_called:
            self._original_flag = config.keep_graph_on_report
            config.keep_graph_on_report = True

    def trigger(self, trainer: Any) -> bool:
        """Says yes once.

        Args:
            trainer: Not used.
        """
        if self._flag_called:
            return False
        self._flag_called = True
        return True

    def __call__(self, trainer: Any) -> None:
        """Writes the graph.

        Args:
            trainer: The trainer that calls it.
        """
        try:
            graph = self._root(trainer)._build_graph(
                variable_style=self._variable_style, function_style=self._function_style
            )
            path = Path(trainer.out, self._filename)
            path.write_text(graph.dump(), encoding="utf-8")
            _draw(path)
        finally:
            config.keep_graph_on_report = self._original_flag

    def _root(self, trainer: Any) -> Any:
        observation = trainer.observation
        if self._root_name not in observation:
            names = ", ".join(sorted(observation)) or "nothing"
            raise MissingObservationError(
                f"DumpGraph({self._root_name!r}): no such value was reported (there is: {names})"
            )
        root = observation[self._root_name]
        if not hasattr(root, "_build_graph"):
            raise InvalidArgumentTypeError(
                f"DumpGraph needs a Variable, and {self._root_name!r} is of {type(root)}; report "
                "the Variable itself, not its array"
            )
        return root

    def serialize(self, serializer: Any) -> None:
        """Saves or loads whether it has been called.

        Args:
            serializer: A serializer or deserializer.
        """
        self._original_flag = optional(serializer, "_original_flag", self._original_flag)
        # Chainer 1 wrote the graph in the first iteration, and saved nothing of it.
        self._flag_called = optional(serializer, "_flag_called", self._flag_called, absent=True)


def _draw(path: Path) -> None:
    dot = shutil.which("dot")
    if dot is not None:
        image = path.with_suffix(".png")
        subprocess.run([dot, "-Tpng", str(path), "-o", str(image)], check=True)  # noqa: S603 - no shell, own paths


def is_return_code_zero(args: Any) -> bool:
    """Whether a command can be run and succeeds; what it prints is thrown away.

    Args:
        args: The command and its arguments.
    """
    try:
        done = subprocess.run(args, capture_output=True, check=False)  # noqa: S603 -- the caller's
    except OSError:
        return False
    return done.returncode == 0


def is_graphviz_available() -> bool:
    """Whether Graphviz's command ``dot`` can be run."""
    return is_return_code_zero(["dot", "-V"])
