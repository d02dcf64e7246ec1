"""`Optimizer`: what all optimizers have: a target, counts, hooks, loss scaling."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any, TypeVar

import torch

from chainer_compat.backends import _crossing
from chainer_compat.link import Link
from chainer_compat.optimizers._hookable import Hookable
from chainer_compat.serializer import Deserializer

__all__ = ["Optimizer"]

_O = TypeVar("_O", bound="Optimizer")

# As torch's GradScaler has it.
_STEPS_TO_GROW = 2000


class Optimizer:
    """What all optimizers have. One of one's own overrides :meth:`update`.

    Attributes:
        target: The link whose parameters it optimizes.
        t: How many updates it has done.
        epoch: How often :meth:`new_epoch` was called.
        use_auto_new_epoch: Whether an updater calls :meth:`new_epoch`, so that nobody else must.

    Source: Chainer's reference, *chainer.Optimizer*.
    """

    target: Any = None
    t: int = 0
    epoch: int = 0
    use_auto_new_epoch: bool = False

    _hookable: Hookable | None = None
    _loss_scale: float | None = None
    # The largest number that float16 has.
    _loss_scale_max: float = 65504
    _loss_scaling_is_dynamic: bool = False
    _loss_scaling_multiplier: float = 1.0
    # Whether a gradient is not finite: in this update, and in any so far.
    _loss_scaling_isnan: bool = False
    _loss_scaling_isnan_ever: bool = False
    # Set by an updater that trains on several processes: see GradientMethod.update.
    _between_ranks: Any = None

    def setup(self: _O, link: Link) -> _O:
        """Sets the target, and starts the counts and hooks anew.

        Args:
            link: The target.

        Returns:
            The optimizer.

        Raises:
            TypeError: If the target is no link.
        """
        if not isinstance(link, Link):
            raise TypeError(
                f"the target of an optimizer must be a Link; got {type(link)}. A torch module "
                "becomes one by chainer_compat.interop.TorchModule(module)"
            )
        self.target = link
        self.t = 0
        self.epoch = 0
        self._hookable = Hookable(invalid_timing_fallback=True)
        return self

    def update(self, lossfun: Any = None, *args: Any, **kwds: Any) -> None:
        """Updates the parameters.

        Args:
            lossfun: A function that computes the loss out of the other arguments; None if the
                gradients are there already.
            *args: Passed to ``lossfun``.
            **kwds: Passed to ``lossfun``.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define update")

    def new_epoch(self, auto: bool = False) -> None:
        """Notes that a new epoch begins.

        Args:
            auto: Whether an updater is calling, which has set :attr:`use_auto_new_epoch`.

        Raises:
            RuntimeError: If the two do not agree.
        """
        if auto and not self.use_auto_new_epoch:
            raise RuntimeError(
                "new_epoch(auto=True), but optimizer.use_auto_new_epoch is False: the updater "
                "must set it to True"
            )
        if self.use_auto_new_epoch and not auto:
            raise RuntimeError(
                "the updater calls new_epoch already: pass auto_new_epoch=False to it, or do not "
                "call new_epoch elsewhere"
            )
        self.epoch += 1

    # -- hooks --------------------------------------------------------------------------------

    def _hooks(self) -> Hookable:
        if self._hookable is None:
            raise RuntimeError("the optimizer has no target yet: call optimizer.setup(model) first")
        return self._hookable

    def add_hook(self, hook: Any, name: str | None = None, timing: str = "auto") -> None:
        """Adds a function that is called before or after each update.

        Args:
            hook: A callable that takes the optimizer; one with a true ``call_for_each_param`` is
                called for each parameter instead, with its rule and itself.
            name: Its name; by default its ``name``, else its ``__name__``.
            timing: ``"pre"`` or ``"post"``; ``"auto"`` for what its ``timing`` says.

        Raises:
            RuntimeError: If the optimizer has no target yet.
            TypeError: If the hook cannot be called.
            ValueError: If there is no name, or no such timing.
            KeyError: If there is a hook of that name.
        """
        self._hooks().add(hook, name, timing)

    def remove_hook(self, name: str) -> None:
        """Removes a hook.

        Args:
            name: Its name.

        Raises:
            KeyError: If there is none of that name.
        """
        self._hooks().remove(name)

    def call_hooks(self, timing: str = "pre") -> None:
        """Calls the hooks of one timing, in the order in which they were added.

        Args:
            timing: ``"pre"`` or ``"post"``.

        Raises:
            ValueError: If the timing is another one.
        """
        self._hooks().call(timing, self.call_hook)

    def call_hook(self, hook: Any) -> None:
        """Calls one hook.

        Args:
            hook: The hook.
        """
        if getattr(hook, "call_for_each_param", False):
            for param in self.target.params():
                hook(param.update_rule, param)
        else:
            hook(self)

    # -- files --------------------------------------------------------------------------------

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the counts and the states of all rules; the target itself is not part.

        Args:
            serializer: What saves or loads.
        """
        self.t = serializer("t", self.t)
        self.epoch = serializer("epoch", self.epoch)
        for name, param in self.target.namedparams():
            rule = getattr(param, "update_rule", None)
            if rule is not None:
                if isinstance(serializer, Deserializer):
                    rule.t = self.t  # for a file of Chainer 1 or 2, which has no count for each
                rule.serialize(serializer[name])

    # -- loss scaling -------------------------------------------------------------------------

    def loss_scaling(self, interval: int = 1000, scale: float | None = None) -> None:
        """Scales the loss in the backward pass, so that small gradients do not vanish in float16.

        Args:
            interval: Of dynamic scaling: after how many updates the scale has doubled.
            scale: A fixed scale; None for dynamic scaling, which halves the scale and skips the
                update whenever a gradient is not finite.

        Raises:
            ValueError: If either is too small.
        """
        if scale is not None:
            if scale <= 0:
                raise ValueError(f"the loss scale must be positive; got {scale}")
            self._loss_scale = scale
            return
        if interval < 1:
            raise ValueError(f"the interval must be at least 1; got {interval}")
        self._loss_scaling_is_dynamic = True
        self._loss_scale = 1.0
        self._loss_scaling_multiplier = 2.0 ** (1.0 / interval)
        self._loss_scaling_isnan_ever = False

    def set_loss_scale(self, loss_scale: float) -> None:
        """Sets a fixed loss scale.

        Args:
            loss_scale: The scale.

        Raises:
            ValueError: If it is not positive.
        """
        self.loss_scaling(scale=loss_scale)

    def _leave_loss_scaling_to(self, dynamic: bool) -> None:
        """Replaces what was chosen of loss scaling, where a precision brings its own.

        Args:
            dynamic: Whether to scale, by a factor that adapts itself.
        """
        self._loss_scale, self._loss_scaling_is_dynamic = None, False
        if dynamic:
            self.loss_scaling(interval=_STEPS_TO_GROW)
            self._loss_scale = self._loss_scale_max

    def check_nan_in_grads(self) -> None:
        """With dynamic loss scaling: looks for gradients that are not finite, and warns."""
        self._loss_scaling_isnan = False
        if not self._loss_scaling_is_dynamic:
            return
        named = [
            (name, param._grad_tensor())
            for name, param in self.target.namedparams(False)
            if param._grad_tensor() is not None
        ]
        for (name, _), finite in zip(named, _are_finite([g for _, g in named]), strict=True):
            if not finite:
                self._loss_scaling_isnan = self._loss_scaling_isnan_ever = True
                warnings.warn(
                    f"the gradient of {name} is not finite (iteration {self.t}, loss scale "
                    f"{self._loss_scale}); the update is skipped",
                    stacklevel=3,
                )

    def is_safe_to_update(self) -> bool:
        """Whether all gradients were finite when :meth:`check_nan_in_grads` looked."""
        return not self._loss_scaling_isnan

    def update_loss_scale(self) -> None:
        """With dynamic loss scaling: sets the scale for the next update."""
        if not self._loss_scaling_is_dynamic or self._loss_scale is None:
            return
        if self._loss_scaling_isnan:
            factor = 0.5
        elif self._loss_scaling_isnan_ever:
            factor = self._loss_scaling_multiplier
        else:
            factor = 2.0
        self._loss_scale = max(1, min(self._loss_scale_max, self._loss_scale * factor))

    # -- Chainer 1 ----------------------------------------------------------------------------

    def zero_grads(self) -> None:
        """Sets all gradients to zeros (Chainer 1; superseded by ``target.cleargrads()``)."""
        self.target.zerograds()

    def accumulate_grads(self, grads: Iterable[Any]) -> None:
        """Adds arrays to the gradients (Chainer 1; superseded by ``target.addgrads(other)``).

        Args:
            grads: An array for each parameter, in the order of ``target.params()``.
        """
        for param, array in zip(self.target.params(), grads, strict=False):
            own = param._grad_tensor()
            own.data.add_(_crossing.as_tensor(array).to(own.device))

    def compute_grads_norm(self) -> float:
        """Returns the norm of all gradients as one vector (Chainer 1)."""
        grads = [param._grad_tensor().detach() for param in self.target.params()]
        return float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads))))

    def clip_grads(self, maxnorm: float) -> None:
        """Scales the gradients so that their norm is at most this (Chainer 1).

        Args:
            maxnorm: The largest norm.
        """
        from chainer_compat.optimizer_hooks import GradientClipping

        GradientClipping(maxnorm)(self)

    def weight_decay(self, decay: float) -> None:
        """Adds a part of each parameter to its gradient (Chainer 1).

        Args:
            decay: How much of it.
        """
        from chainer_compat.optimizer_hooks import WeightDecay

        hook = WeightDecay(decay)
        for param in self.target.params():
            hook(param.update_rule, param)


def _are_finite(grads: list[torch.Tensor]) -> list[bool]:
    """Whether each tensor is finite, asking each device once."""
    return [bool(x) for x in torch.stack([g.isfinite().all().cpu() for g in grads])]
