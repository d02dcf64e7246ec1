"""Formulas over many tensors, and over one of them all."""

from __future__ import annotations

from itertools import chain

import pytest
import torch

from chainer_compat.optimizers._foreach_rule import Tensors, all_in_one

SHAPES = ((3, 4), (5,), (), (2, 1, 3), (1, 2))
WITH_EMPTY = (*SHAPES, (0, 2))


def _lists(count: int, size: int = 1, kinds: tuple[tuple[int, ...], ...] = SHAPES) -> list[Tensors]:
    generator = torch.Generator().manual_seed(0)
    shapes = [tuple(n * size for n in kinds[i % len(kinds)]) for i in range(count)]
    return [[torch.rand(shape, generator=generator) for shape in shapes] for _ in range(3)]


def formula(data: Tensors, grads: Tensors, states: list[Tensors]) -> None:
    (state,) = states
    torch._foreach_mul_(state, 0.5)
    torch._foreach_add_(state, grads)
    torch._foreach_sub_(data, state)


@pytest.mark.parametrize(
    ("count", "size", "kinds"),
    [
        (1, 1, SHAPES),
        (3, 1, SHAPES),
        (40, 1, SHAPES),
        (40, 100, SHAPES),
        (40, 1, WITH_EMPTY),
    ],
)
def test_one_tensor_of_all_gives_what_each_gives(
    count: int, size: int, kinds: tuple[tuple[int, ...], ...]
) -> None:
    expected, found = _lists(count, size, kinds), _lists(count, size, kinds)
    places = [tensor.data_ptr() for tensor in found[0] + found[2]]
    seen: list[int] = []

    def counted(data: Tensors, grads: Tensors, states: list[Tensors]) -> None:
        seen.append(len(data))
        formula(data, grads, states)

    formula(expected[0], expected[1], [expected[2]])
    all_in_one(counted, found[0], found[1], [found[2]])

    for a, b in zip(chain(*found), chain(*expected), strict=True):
        assert torch.equal(a, b)
    assert [tensor.data_ptr() for tensor in found[0] + found[2]] == places
    assert seen == [1 if (count, size, kinds) == (40, 1, SHAPES) else count]


def test_what_is_not_contiguous_is_found_at_its_place() -> None:
    expected, found = _lists(40), _lists(40)
    for data, _, _ in (expected, found):
        data[0] = data[0].t()
    for lists in (expected, found):
        lists[1][0], lists[2][0] = lists[1][0].t(), lists[2][0].t().contiguous()
    formula(expected[0], expected[1], [expected[2]])
    all_in_one(formula, found[0], found[1], [found[2]])

    for a, b in zip(chain(*found), chain(*expected), strict=True):
        assert torch.equal(a, b)
