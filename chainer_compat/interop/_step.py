"""The step of a torch optimizer, without the cost of a profiler that does not run."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd import profiler
from torch.optim import optimizer as torch_optimizers

__all__ = ["step"]


def _nothing() -> None: ...


# torch wraps the `step` of each class, to record a span for its profiler and to call hooks. Its
# wrapper is known by its code: another's decorator may have copied every attribute of it.
_wrap: Any = getattr(torch.optim.Optimizer, "profile_hook_step", None)
_WRAPPER = None if _wrap is None else _wrap(_nothing).__code__


def step(optimizer: torch.optim.Optimizer) -> None:
    """Does what ``optimizer.step()`` does.

    The span for torch's profiler takes a good third of the step of a small model. It is left out
    while no profiler runs, the optimizer has no hooks, and nobody has replaced its ``step`` (as
    torch's learning rate schedulers do).

    Args:
        optimizer: The optimizer.
    """
    wrapper: Any = type(optimizer).step
    if (
        getattr(wrapper, "__code__", None) is _WRAPPER
        and not profiler._is_profiler_enabled
        and "step" not in optimizer.__dict__
        and not (optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks)
        and not torch_optimizers._global_optimizer_pre_hooks
        and not torch_optimizers._global_optimizer_post_hooks
    ):
        wrapper.__wrapped__(optimizer)
    else:
        optimizer.step()
