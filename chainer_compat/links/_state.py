"""The state that a recurrent link keeps from step to step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainer_compat._variable import Variable
from chainer_compat.backend import using_device
from chainer_compat.errors import UnexpectedArrayError
from chainer_compat.link import Chain

if TYPE_CHECKING:
    from chainer_compat.device_resident import DeviceResidentsVisitor

__all__ = ["KeepsState", "zero_state"]


def zero_state(link: Chain, x: Any, units: int) -> Variable:
    """Returns a state of zeros on a link's device, a row for each of the input and of its dtype.

    Args:
        link: The link.
        x: The input.
        units: The number of units.
    """
    with using_device(link.device):
        return Variable(link.xp.zeros((x.shape[0], units), dtype=x.dtype))


class KeepsState(Chain):
    """A link with states, attributes that are None before the first step.

    A subclass names them in ``_states``.
    """

    _states: tuple[str, ...] = ("h",)

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        """Shows a visitor the link with all that belongs to it, and its state.

        Args:
            visitor: The visitor.
        """
        super().device_resident_accept(visitor)
        for name in self._states:
            state = getattr(self, name)
            if state is not None:
                visitor.visit_variable(state)

    def reset_state(self) -> None:
        """Forgets the state: the next input begins new sequences."""
        for name in self._states:
            setattr(self, name, None)

    def _keep(self, **states: Any) -> None:
        """Takes states over, all of them or none."""
        for name, state in states.items():
            if not isinstance(state, Variable):
                raise UnexpectedArrayError(
                    f"the state {name} is a Variable; got {type(state).__name__}: wrap it, "
                    "chainer.Variable(array)"
                )
        for name, state in states.items():
            state.to_device(self.device)
            setattr(self, name, state)
