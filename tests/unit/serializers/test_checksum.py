from __future__ import annotations

import random
from zlib import crc32

import pytest

from chainer_compat.serializers._checksum import Checksum


@pytest.mark.parametrize("sizes", [[1], [0, 5], [3, 4, 5], [100_000, 1, 70_000, 2]])
def test_parts_in_any_order_give_the_checksum_of_the_whole(sizes):
    chance = random.Random(0)
    parts = [chance.randbytes(size) for size in sizes]
    order = list(range(len(sizes)))
    chance.shuffle(order)
    found = []
    checksum = Checksum(sizes, found.append)
    for i in order:
        assert found == []
        checksum.note(i, crc32(parts[i]))
    assert found == [crc32(b"".join(parts))]
