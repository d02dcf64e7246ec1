from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from chainer_compat import training
from chainer_compat.training._interrupts import Terminated
from tests.unit.training._doubles import numbers_trainer

SCRIPT = """
import os, signal, sys, time
from chainer_compat import training
from tests.unit.training._doubles import numbers_trainer

class Tell(training.Extension):
    def __call__(self, trainer):
        if trainer.updater.iteration == 2:
            os.kill(os.getpid(), getattr(signal, sys.argv[1]))
            for _ in range(100):
                time.sleep(0.001)
            print('went on', flush=True)
    def on_error(self, trainer, exc, tb):
        print('on_error', type(exc).__name__, trainer.updater.iteration, flush=True)
    def finalize(self):
        print('finalize', flush=True)

class Last(training.Extension):
    priority = -100
    def __call__(self, trainer):
        print('end of', trainer.updater.iteration, flush=True)

trainer = numbers_trainer(sys.argv[2], stop=(5, 'iteration'))
trainer.graceful_signals += tuple(getattr(signal, name) for name in sys.argv[3:])
trainer.extend(Tell())
trainer.extend(Last())
trainer.run()
print('not reached')
"""


def run(tmp_path, *args):
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, args[0], str(tmp_path), *args[1:]],
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout.splitlines(), ended.stderr


def test_sigterm_ends_the_run_between_two_iterations(tmp_path):
    code, lines, errors = run(tmp_path, "SIGTERM")

    assert lines == ["end of 1", "went on", "end of 2", "on_error Terminated 2", "finalize"]
    assert code == 128 + signal.SIGTERM
    assert "Exception in main training loop: received SIGTERM" in errors


def test_ctrl_c_raises_at_once(tmp_path):
    code, lines, errors = run(tmp_path, "SIGINT")

    assert lines == ["end of 1", "on_error KeyboardInterrupt 2", "finalize"]
    # Python ends a process by the very signal, which a shell shows as 130.
    assert code == -signal.SIGINT
    assert "Exception in main training loop: KeyboardInterrupt" in errors


def test_ctrl_c_can_be_told_to_wait(tmp_path):
    code, lines, _ = run(tmp_path, "SIGINT", "SIGINT")

    assert lines == ["end of 1", "went on", "end of 2", "on_error KeyboardInterrupt 2", "finalize"]
    assert code == -signal.SIGINT


@pytest.fixture
def _put_back():
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("_put_back")
class TestHandler:
    def kill(self, trainer):
        os.kill(os.getpid(), signal.SIGTERM)

    def test_is_there_during_the_run_only(self, tmp_path):
        trainer = numbers_trainer(tmp_path)
        during = []
        trainer.extend(lambda t: during.append(signal.getsignal(signal.SIGTERM)), name="look")
        trainer.run()

        assert all(handler is not signal.SIG_DFL for handler in during)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    def test_second_signal_raises_at_once(self, tmp_path):
        trainer = numbers_trainer(tmp_path)
        trainer.extend(self.kill, name="first")
        trainer.extend(self.kill, name="second")
        called = []
        trainer.extend(called.append, name="third")
        with pytest.raises(Terminated) as caught:
            trainer.run(show_loop_exception_msg=False)

        assert called == []
        assert (caught.value.code, caught.value.signum) == (143, signal.SIGTERM)

    def test_signal_before_the_loop_lets_no_iteration_start(self, tmp_path):
        class Early(training.Extension):
            def initialize(self, trainer):
                os.kill(os.getpid(), signal.SIGTERM)

        trainer = numbers_trainer(tmp_path)
        trainer.extend(Early())
        with pytest.raises(Terminated):
            trainer.run(show_loop_exception_msg=False)

        assert trainer.updater.iteration == 0

    def test_signal_while_finalizing_is_not_lost(self, tmp_path):
        class Late(training.Extension):
            def __call__(self, trainer):
                pass

            def finalize(self):
                os.kill(os.getpid(), signal.SIGTERM)

        trainer = numbers_trainer(tmp_path)
        trainer.extend(Late())
        with pytest.raises(Terminated):
            trainer.run()

        assert trainer._done

    def test_the_scripts_own_is_left_alone(self, tmp_path):
        received = []
        own = signal.signal(signal.SIGTERM, lambda *args: received.append(args[0]))
        trainer = numbers_trainer(tmp_path)
        trainer.extend(self.kill, name="kill")
        trainer.run()

        assert received == [signal.SIGTERM] * 3
        assert own is signal.SIG_DFL

    def test_is_not_set_if_it_is_not_wanted(self, tmp_path):
        trainer = numbers_trainer(tmp_path)
        trainer.graceful_signals = ()
        trainer.extend(
            lambda t: t.observation.update(handler=signal.getsignal(signal.SIGTERM)), name="look"
        )
        trainer.run()

        assert trainer.observation["handler"] is signal.SIG_DFL

    def test_is_not_set_outside_the_main_thread(self, tmp_path):
        trainer = numbers_trainer(tmp_path)
        thread = threading.Thread(target=trainer.run)
        thread.start()
        thread.join()

        assert trainer._done
