"""The configuration: thread-local over global, with the hot entries kept ready."""

from __future__ import annotations

import io
import pickle
import threading
from typing import Any

import pytest
import torch

import chainer_compat as chainer
from chainer_compat.configuration import GlobalConfig


def in_thread(function: Any) -> Any:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def test_an_entry_of_this_thread_hides_the_global_one_here_and_nowhere_else() -> None:
    with chainer.using_config("train", False):
        assert chainer.config.train is False
        assert in_thread(lambda: chainer.config.train) is True


def test_a_global_entry_is_seen_by_every_thread() -> None:
    with chainer.using_config("user_flag", 3, chainer.global_config):
        assert chainer.config.user_flag == 3
        assert in_thread(lambda: chainer.config.user_flag) == 3


def test_an_unknown_entry_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_entry"):
        _ = chainer.config.no_such_entry


def test_leaving_using_config_restores_what_was_there_also_after_an_error() -> None:
    chainer.config.user_flag = 1
    try:
        with pytest.raises(ValueError, match="x"), chainer.using_config("user_flag", 2):
            raise ValueError("x")
        assert chainer.config.user_flag == 1
    finally:
        del chainer.config.user_flag
    assert not hasattr(chainer.config, "user_flag")


def test_the_global_configuration_can_be_sent_to_another_process() -> None:
    with chainer.using_config("user_flag", 3, chainer.global_config):
        sent = pickle.loads(pickle.dumps(chainer.global_config))

    assert (sent.user_flag, sent.train) == (3, True)
    sent.train = False
    assert chainer.global_config.train is True
    assert chainer.config.train is True


def test_one_context_can_be_entered_again_after_it_was_left() -> None:
    context = chainer.using_config("train", False)
    for _ in range(2):
        with context:
            assert chainer.config.train is False
        assert chainer.config.train is True


@pytest.mark.parametrize("name", ["debug", "enable_backprop", "type_check"])
def test_the_hot_entries_follow_both_configurations(name: str) -> None:
    mode = chainer.config._mode
    usual = getattr(mode, name)
    with chainer.using_config(name, not usual, chainer.global_config):
        assert getattr(mode, name) is not usual
        with chainer.using_config(name, usual):
            assert getattr(mode, name) is usual
        assert getattr(mode, name) is not usual
        assert in_thread(lambda: getattr(chainer.config._mode, name)) is not usual
    assert getattr(mode, name) is usual


def test_debug_mode_is_on_inside_its_block_only() -> None:
    assert not chainer.is_debug()
    with chainer.DebugMode(True):
        assert chainer.is_debug()
    assert not chainer.is_debug()
    chainer.set_debug(True)
    assert chainer.is_debug()
    del chainer.config.debug


def test_show_lists_every_entry_with_its_value_and_nothing_private_of_ours() -> None:
    text = io.StringIO()
    with chainer.using_config("user_flag", 7):
        chainer.config.show(text)
    lines = dict(line.split() for line in text.getvalue().splitlines())
    assert lines["user_flag"] == "7"
    assert lines["train"] == "True"
    assert "_mode" not in lines


def test_show_of_the_global_configuration_goes_to_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    chainer.global_config.show()
    assert "enable_backprop" in capsys.readouterr().out


def test_backprop_modes_nest() -> None:
    with chainer.no_backprop_mode():
        assert not chainer.config.enable_backprop
        with chainer.force_backprop_mode():
            assert chainer.config.enable_backprop
        assert not chainer.config.enable_backprop


CUDNN = [
    ("cudnn_deterministic", True, "deterministic", True),
    ("autotune", True, "benchmark", True),
    ("use_cudnn", "never", "enabled", False),
    ("use_cudnn", "always", "enabled", True),
]


@pytest.mark.parametrize(("name", "value", "switch", "expected"), CUDNN)
def test_torch_is_told_what_is_set_of_cudnn(
    name: str, value: object, switch: str, expected: bool
) -> None:
    before = getattr(torch.backends.cudnn, switch)
    with chainer.using_config(name, value):
        assert getattr(torch.backends.cudnn, switch) is expected
    assert getattr(torch.backends.cudnn, switch) is before
    with chainer.using_config(name, value, chainer.global_config):
        assert getattr(torch.backends.cudnn, switch) is expected
    assert getattr(torch.backends.cudnn, switch) is before


def test_torch_keeps_its_own_settings_where_nothing_is_set() -> None:
    with torch.backends.cudnn.flags(benchmark=True):
        GlobalConfig()
        with chainer.using_config("train", False):
            assert torch.backends.cudnn.benchmark
