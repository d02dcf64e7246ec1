"""Random numbers of a process of its own, while a model is called.

All processes of a training draw alike what has to be alike: the order of the examples, the first
weights, noise on averaged gradients. Each draws for itself what belongs to its share of a batch,
such as dropout masks; that follows from the iteration and from the state that all have in common,
so that a resumed run draws the same again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.random import mtrand

__all__ = ["Streams"]

_WORDS = 8


class Streams:
    """Switches the generators of NumPy and torch between what is alike and what is one's own.

    Args:
        rank: The number of this process.
    """

    def __init__(self, rank: int) -> None:
        self._rank = rank
        # The generators that are not in use now; None outside :meth:`apart`.
        self._resting: _Generators | None = None

    @contextmanager
    def apart(self, iteration: int) -> Iterator[None]:
        """Inside a ``with`` block, numbers are this process's own.

        Args:
            iteration: The number of the iteration.
        """
        self._resting = alike = _Generators.in_use()
        state: Any = alike.numpy.state["state"]
        words = [int(word) for word in state.get("key", ())[:_WORDS]]
        seed = np.random.SeedSequence([iteration, int(state.get("pos", 0)), *words, self._rank])
        mtrand.set_bit_generator(np.random.MT19937(seed))
        torch.manual_seed(int(seed.generate_state(1)[0]))
        try:
            yield
        finally:
            resting, self._resting = self._resting, None
            resting.put()

    def switch(self) -> None:
        """Goes over from one's own numbers to those that are alike, or back."""
        if self._resting is not None:
            resting, self._resting = self._resting, _Generators.in_use()
            resting.put()

    @contextmanager
    def alike(self) -> Iterator[None]:
        """Inside a ``with`` block within :meth:`apart`, numbers are alike."""
        self.switch()
        try:
            yield
        finally:
            self.switch()


class _Generators:
    """The generators of NumPy and torch, in the state in which they were taken out of use."""

    def __init__(self, torchs: torch.Tensor, of_gpu: torch.Tensor | None) -> None:
        self.numpy: Any = mtrand.get_bit_generator()
        # Normal numbers come in pairs, the second of which is not in the generator.
        state: Any = np.random.get_state(legacy=False)  # noqa: NPY002 - Chainer's stream
        self._gauss = {"has_gauss": state["has_gauss"], "gauss": state["gauss"]}
        self._torchs = torchs
        self._of_gpu = of_gpu

    @classmethod
    def in_use(cls) -> _Generators:
        on_gpu = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]  # untyped in torch
        of_gpu = torch.cuda.get_rng_state() if on_gpu else None
        return cls(torch.get_rng_state(), of_gpu)

    def put(self) -> None:
        mtrand.set_bit_generator(self.numpy)
        if self._gauss["has_gauss"]:
            state: Any = np.random.get_state(legacy=False)  # noqa: NPY002 - Chainer's stream
            np.random.set_state({**state, **self._gauss})  # noqa: NPY002 - Chainer's stream
        torch.set_rng_state(self._torchs)
        if self._of_gpu is not None:
            torch.cuda.set_rng_state(self._of_gpu)
