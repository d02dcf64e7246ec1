"""Hooks that put a computed weight in place of a link's parameter during each call."""

from __future__ import annotations

from typing import Any, NoReturn

from chainer_compat.errors import InvalidArgumentError, NotSupportedError
from chainer_compat.link_hook import LinkHook

__all__ = ["WeightHook"]


class WeightHook(LinkHook):
    """The base of such hooks; they are added to links, not entered.

    Args:
        weight_name: The parameter's name.
        name: The hook's name; that of the class if None.
    """

    def __init__(self, weight_name: str, name: str | None) -> None:
        self.weight_name = weight_name
        # The parameter itself, while the computed weight is in its place.
        self.original_weight: Any = None
        if name is not None:
            self.name = name

    def __enter__(self) -> NoReturn:
        raise NotSupportedError(
            f"{type(self).__name__} is for single links: use link.add_hook(hook)"
        )

    def __exit__(self, *exc_info: object) -> None:
        """Never reached: entering raises."""

    def _weight(self, link: Any) -> Any:
        if not hasattr(link, self.weight_name):
            raise InvalidArgumentError(
                f"{type(link).__name__} has no weight {self.weight_name!r}; give weight_name"
            )
        return getattr(link, self.weight_name)

    def _initialize(self, link: Any, inputs: tuple[Any, ...]) -> None:
        """Gives the weight its shape, where that was left to the first input."""
        if not self._weight(link).is_initialized:
            if not inputs or inputs[0] is None:
                raise InvalidArgumentError(
                    f"{type(link).__name__} needs an input to find the shape of its weight"
                )
            link._initialize_params(inputs[0].shape[1])

    def computed(self, link: Any, weight: Any) -> Any:
        """Returns what stands for the weight during a call.

        Args:
            link: The link.
            weight: Its parameter.
        """
        raise NotImplementedError

    def forward_preprocess(self, args: Any) -> None:
        """Puts the computed weight in place.

        Args:
            args: ``link``, ``args`` and more.
        """
        self._initialize(args.link, args.args)
        self.original_weight = self._weight(args.link)
        setattr(args.link, self.weight_name, self.computed(args.link, self.original_weight))

    def forward_postprocess(self, args: Any) -> None:
        """Puts the parameter back; the graph knows the computed weight.

        Args:
            args: ``link`` and more.
        """
        setattr(args.link, self.weight_name, self.original_weight)
