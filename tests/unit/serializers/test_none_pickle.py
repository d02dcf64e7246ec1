from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from chainer_compat.serializers._none_pickle import NONE_PAYLOAD, is_none_pickle

PYTHON_2 = (
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87"
    b"Rq\x03(K\x01)cnumpy\ndtype\nq\x04U\x02O8K\x00K\x01\x87Rq\x05(K\x03U\x01|NNNJ\xff\xff\xff\xff"
    b"J\xff\xff\xff\xffK?tb\x89]Natb."
)


def numpy_1(payload):
    return payload.replace(b"numpy._core.multiarray", b"numpy.core.multiarray").replace(
        b"\x8c\x16numpy.core", b"\x8c\x15numpy.core"
    )


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("as_numpy", [bytes, numpy_1])
def test_none_is_recognised_in_every_protocol_of_both_numpys(protocol, as_numpy):
    assert is_none_pickle(as_numpy(pickle.dumps(np.asarray(None), protocol)))


def test_none_of_python_2_is_recognised():
    assert is_none_pickle(PYTHON_2)


def test_none_as_written_here_is_none():
    assert pickle.loads(NONE_PAYLOAD)[()] is None
    assert is_none_pickle(NONE_PAYLOAD)


class Hostile:
    def __reduce__(self):
        return os.system, ("touch /tmp/never",)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value",
    [
        Hostile(), None, 0, np.asarray(0), np.asarray([None]), np.asarray(Hostile()),
        np.array([None, None]), np.asarray({}), [None],
    ],
)  # fmt: skip
def test_nothing_else_is(value, protocol):
    assert not is_none_pickle(pickle.dumps(value, protocol))


@pytest.mark.parametrize(
    "payload",
    [
        b"", b".", b"N", b"N.", b"cos\nsystem\n(S'id'\ntR.", b"\x80\x03" + b"(" * 900, b"t.",
        b"b.", b"h\x09.", NONE_PAYLOAD + b"N.", NONE_PAYLOAD[:-1], b"x" * 2000,
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff",
    ],
)  # fmt: skip
def test_damaged_bytes_are_not_none(payload):
    assert not is_none_pickle(payload)


def test_each_changed_byte_is_noticed_unless_it_means_nothing():
    harmless = set()
    for at in range(len(NONE_PAYLOAD)):
        changed = bytearray(NONE_PAYLOAD)
        changed[at] ^= 128
        if is_none_pickle(bytes(changed)):
            harmless.add(NONE_PAYLOAD[at - 1 : at])
    # The number of the protocol, and names of the memo that nothing asks for.
    assert harmless == {b"\x80", b"q"}
