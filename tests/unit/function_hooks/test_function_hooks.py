"""Hooks of functions; tests/parity compares them with Chainer's."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat.function_hooks import (
    CUDAProfileHook,
    CupyMemoryProfileHook,
    PrintHook,
    TimerHook,
)
from chainer_compat.function_hooks.cupy_memory_profile import CupyMemoryCumulativeHook


class Slow(chainer.Function):
    def forward(self, inputs):
        time.sleep(0.01)
        return (inputs[0] * 2,)

    def backward(self, inputs, grads):
        time.sleep(0.01)
        return (grads[0] * 2,)


def test_the_timer_measures_forward_and_backward():
    hook = TimerHook()
    x = chainer.Variable(np.ones(3, "f"))
    with hook:
        y = Slow()(x)
        y.grad = np.ones(3, "f")
        y.backward()

    assert [name for name, _ in hook.call_history] == ["Slow", "Slow"]
    assert hook.summary()["Slow"]["occurrence"] == 2
    assert 0.02 <= hook.summary()["Slow"]["elapsed_time"] == pytest.approx(hook.total_time())


def test_the_timer_may_be_added_to_one_function():
    hook = TimerHook()
    function = Slow()
    function.add_hook(hook)
    function(chainer.Variable(np.ones(3, "f")))
    chainer.Variable(np.ones(3, "f")) * 2

    assert [name for name, _ in hook.call_history] == ["Slow"]


def test_reports_go_to_standard_output(capsys):
    hook = TimerHook()
    hook.call_history = [("A", 2.0), ("BB", 0.25)]
    hook.print_report()

    assert capsys.readouterr().out == (
        "FunctionName  ElapsedTime  Occurrence\n"
        "           A      2.00sec           1\n"
        "          BB      0.25sec           1\n"
    )


def test_a_file_need_not_be_flushed():
    class Lines(list):
        write = list.append

    lines = Lines()
    hook = TimerHook()
    hook.call_history = [("A", 2.0)]
    hook.print_report(file=lines)
    with PrintHook(file=lines, end=""):
        chainer.Variable(np.ones(3, "f")) * 2

    assert lines[1].split() == ["A", "2.00sec", "1"]
    assert lines[2] == "function\t_ * 2"


def test_printing_shows_what_is_gone_and_what_has_no_gradient():
    out = io.StringIO()
    hook = PrintHook(file=out)
    function = (chainer.Variable(np.ones(3, "f")) * 2).creator_node
    hook.backward_preprocess(function, (None,), (np.ones(2, "f"), None))
    text = out.getvalue()

    assert "input data\n(removed)\noutput gradient\n" in text
    assert "- grad: mean=1.00000000, std=0.00000000" in text
    assert text.count("<variable at") == 2


def test_the_argument_sep_is_deprecated():
    with pytest.warns(DeprecationWarning, match="sep"):
        hook = PrintHook(sep=" ")
    assert hook.sep == " "


@pytest.mark.parametrize("cls", [CUDAProfileHook, CupyMemoryProfileHook])
def test_hooks_of_the_gpu_need_one(cls, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(RuntimeError, match="CUDA is not available"):
        cls()


@pytest.fixture
def fake_gpu(monkeypatch):
    """Counters of a GPU's memory that a test sets, and the ranges that were opened."""
    stats = {}
    ranges = []
    monkeypatch.setattr("chainer_compat.backends.cuda.check_cuda_available", lambda: None)
    monkeypatch.setattr("torch.cuda.memory_stats", lambda: stats)
    module = "chainer_compat.function_hooks.cuda_profile"
    monkeypatch.setattr(f"{module}._push", ranges.append)
    monkeypatch.setattr(f"{module}._pop", lambda: ranges.append(None))
    return stats, ranges


class Taking(chainer.Function):
    """Takes memory of a GPU, as its counters tell."""

    def __init__(self, stats):
        self.stats = stats

    def forward(self, inputs):
        self.stats["allocated_bytes.all.allocated"] = 3000 + self._so_far()
        self.stats["reserved_bytes.all.allocated"] = 5 << 20
        return (inputs[0] * 2,)

    def backward(self, inputs, grads):
        self.stats["allocated_bytes.all.allocated"] = 1000 + self._so_far()
        return (grads[0] * 2,)

    def _so_far(self):
        return self.stats.get("allocated_bytes.all.allocated", 0)


def test_memory_is_measured_by_function(fake_gpu):
    stats, _ = fake_gpu
    hook = CupyMemoryProfileHook()
    stats["allocated_bytes.all.allocated"] = 77
    with hook:
        y = Taking(stats)(chainer.Variable(np.ones(3, "f")))
        y.grad = np.ones(3, "f")
        y.backward()
        y * 2
    stats["allocated_bytes.all.allocated"] += 99  # after it was removed

    assert hook.call_history == [
        ("Taking", 3000, 5 << 20, 0),
        ("Taking", 1000, 0, 0),
        ("MulConstant", 0, 0, 0),
    ]
    assert (hook.total_used_bytes(), hook.total_acquired_bytes()) == (4000, 5 << 20)
    assert hook.summary()["Taking"] == {
        "used_bytes": 4000,
        "acquired_bytes": 5 << 20,
        "occurrence": 2,
    }


@pytest.mark.parametrize(
    ("unit", "cells"),
    [
        ("auto", ["3.91KB", "5.00MB", "0.00KB", "0.00MB"]),
        ("auto_foreach", ["3.91KB", "5.00MB", "0.00B", "0.00B"]),
        ("KB", ["3.91KB", "5120.00KB", "0.00KB", "0.00KB"]),
        ("B", ["4000.00B", "5242880.00B", "0.00B", "0.00B"]),
    ],
)
def test_memory_is_reported_in_readable_units(fake_gpu, unit, cells):
    hook = CupyMemoryProfileHook()
    hook.call_history = [("A", 3000, 5 << 20, 0), ("A", 1000, 0, 0), ("B", 0, 0, 0)]
    out = io.StringIO()
    hook.print_report(unit, out)
    head, a, b = out.getvalue().splitlines()

    assert head.split() == ["FunctionName", "UsedBytes", "AcquiredBytes", "Occurrence"]
    assert a.split() == ["A", *cells[:2], "2"]
    assert b.split() == ["B", *cells[2:], "1"]


def test_memory_is_counted_only_inside(fake_gpu):
    stats, _ = fake_gpu
    counter = CupyMemoryCumulativeHook()
    for amount in (10, 20):
        with counter:
            stats["allocated_bytes.all.allocated"] = (
                stats.get("allocated_bytes.all.allocated", 0) + amount
            )
        stats["allocated_bytes.all.allocated"] += 1000

    assert (counter.used_bytes, counter.acquired_bytes) == (30, 0)


def test_functions_are_ranges_in_profiles(fake_gpu):
    _, ranges = fake_gpu
    with CUDAProfileHook():
        y = Slow()(chainer.Variable(np.ones(3, "f")))
        y.grad = np.ones(3, "f")
        y.backward()

    assert ranges == ["Slow.forward", None, "Slow.backward", None]
