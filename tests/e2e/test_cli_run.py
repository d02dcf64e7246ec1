"""`chainer-compat run script.py` does what `python script.py` does, and serves Chainer's names."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

PYTHON = (sys.executable,)
RUN = (sys.executable, "-m", "chainer_compat", "run")


def call(
    command: Sequence[str], *arguments: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, *arguments], cwd=cwd, check=False, capture_output=True, text=True, timeout=120
    )


def outcome(command: Sequence[str], *arguments: str, cwd: Path) -> tuple[int, str, str]:
    done = call(command, *arguments, cwd=cwd)
    return done.returncode, done.stdout, done.stderr


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return path


WHO_AM_I = '''
    """What a program can see of itself."""
    import builtins, sys
    print(__name__, __file__, __doc__, __spec__ and __spec__.name, __package__)
    print(sys.argv, sys.path[0])
    print(sorted(vars()), __builtins__ is builtins, __annotations__)
    print(type(__loader__).__name__, sys.modules["__main__"].__dict__ is globals())
    here: int = 1
    print(__annotations__)
'''


class TestAsPython:
    @pytest.mark.parametrize(
        ("cwd", "script"), [(".", "train.py"), ("elsewhere", "../train.py"), (".", "link.py")]
    )
    def test_a_program_sees_the_same(self, tmp_path: Path, cwd: str, script: str) -> None:
        write(tmp_path / "train.py", WHO_AM_I)
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "target.py").write_text((tmp_path / "train.py").read_text())
        (tmp_path / "link.py").symlink_to(tmp_path / "elsewhere" / "target.py")
        arguments = (script, "--epoch", "5", "-m", "x", "--help", "--", "y")
        expected = outcome(PYTHON, *arguments, cwd=tmp_path / cwd)
        assert expected[0] == 0
        assert outcome(RUN, *arguments, cwd=tmp_path / cwd) == expected

    @pytest.mark.parametrize(
        ("form", "argument"), [("module", "package.train"), ("package", "package")]
    )
    def test_a_module_sees_the_same(self, tmp_path: Path, form: str, argument: str) -> None:
        write(tmp_path / "package" / "__init__.py", "import sys; print(sys.argv)")
        write(tmp_path / "package" / "train.py", WHO_AM_I)
        write(tmp_path / "package" / "__main__.py", WHO_AM_I)
        arguments = ("-m", argument, "--epoch", "5", "-m", "x")
        expected = outcome(PYTHON, *arguments, cwd=tmp_path)
        assert expected[0] == 0
        assert outcome(RUN, *arguments, cwd=tmp_path) == expected

    @pytest.mark.parametrize(
        "body",
        [
            "print('done')",
            "import sys; sys.exit()",
            "import sys; sys.exit(3)",
            "import sys; sys.exit(True)",
            "import sys; sys.exit('not today')",
            "raise SystemExit",
            "raise SystemExit(['a'])",
            "def f():\n  g()\ndef g():\n  raise ValueError('bad')\nf()",
            "try:\n  1 / 0\nexcept ZeroDivisionError as e:\n  raise KeyError('k') from e",
            "raise KeyboardInterrupt",
            "def f(:\n  pass",
            "import no_such_package",
            "import os; os._exit(7)",
            "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
            "import sys\nsys.excepthook = lambda *a: print('mine', a[2].tb_lineno)\n1 / 0",
            "import atexit, sys; atexit.register(print, 'exit'); sys.exit(4)",
            (
                "import threading, time\ndef late():\n  time.sleep(0.2)\n  print('thread')\n"
                "threading.Thread(target=late).start()\nraise ValueError('main')"
            ),
            "import warnings; warnings.warn('careful')",
            "assert __debug__; print(1/3 , 'à')",
        ],
    )
    def test_it_ends_the_same(self, tmp_path: Path, body: str) -> None:
        (tmp_path / "train.py").write_text(body)
        expected = outcome(PYTHON, "train.py", cwd=tmp_path)
        assert outcome(RUN, "train.py", cwd=tmp_path) == expected

    def test_an_interrupt_ends_it_as_it_ends_python(self, tmp_path: Path) -> None:
        write(
            tmp_path / "train.py",
            """
            import time
            open("started", "w").close()
            time.sleep(60)
            """,
        )
        with subprocess.Popen([*RUN, "train.py"], cwd=tmp_path, stderr=subprocess.PIPE) as process:
            while not (tmp_path / "started").exists():
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            errors = process.stderr.read().decode()
        assert process.returncode == -signal.SIGINT
        assert errors.splitlines()[-1] == "KeyboardInterrupt"
        assert "chainer_compat" not in errors

    def test_a_source_encoding_is_honoured(self, tmp_path: Path) -> None:
        (tmp_path / "train.py").write_bytes(b"# coding: latin-1\nprint(ascii('\xe9'))\n")
        assert outcome(RUN, "train.py", cwd=tmp_path) == (0, "'\\xe9'\n", "")

    def test_the_scripts_folder_comes_first(self, tmp_path: Path) -> None:
        write(tmp_path / "job" / "model.py", "name = 'mine'")
        write(tmp_path / "job" / "train.py", "import model; print(model.name)")
        assert outcome(RUN, "job/train.py", cwd=tmp_path) == (0, "mine\n", "")

    @pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.11 brought the option -P")
    def test_a_safe_path_stays_safe(self, tmp_path: Path) -> None:
        write(tmp_path / "train.py", "import sys; print(sys.path[0])")
        command = (sys.executable, "-P", "-m", "chainer_compat", "run")
        expected = outcome((sys.executable, "-P"), "train.py", cwd=tmp_path)
        assert outcome(command, "train.py", cwd=tmp_path) == expected

    def test_the_command_and_the_module_are_one(self, tmp_path: Path) -> None:
        write(tmp_path / "train.py", WHO_AM_I)
        command = str(Path(sys.executable).with_name("chainer-compat"))
        expected = outcome(RUN, "train.py", "a", cwd=tmp_path)
        assert outcome((command, "run"), "train.py", "a", cwd=tmp_path) == expected


class TestServesChainer:
    def test_the_names_are_served(self, tmp_path: Path) -> None:
        write(
            tmp_path / "train.py",
            """
            import chainer, chainerx, chainer_compat
            from chainer import training
            from chainer.training import extensions
            print(chainer is chainer_compat, training.extensions is extensions)
            print(chainerx.is_available())
            """,
        )
        assert outcome(RUN, "train.py", cwd=tmp_path) == (0, "True True\nFalse\n", "")

    def test_removed_names_of_numpy_are_back(self, tmp_path: Path) -> None:
        write(
            tmp_path / "train.py",
            """
            import atexit, threading, time
            import numpy as np
            print(np.zeros(2, np.int).dtype, np.infty)
            atexit.register(lambda: print("exit", np.float))
            def late():
                time.sleep(0.3)
                print("thread", np.bool)
            threading.Thread(target=late).start()
            """,
        )
        status, printed, errors = outcome(RUN, "train.py", cwd=tmp_path)
        assert (status, errors) == (0, "")
        assert printed.splitlines()[0] == "int64 inf"
        assert printed.splitlines()[2] == "exit <class 'float'>"

    @pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="the old rules")
    def test_an_error_of_numpys_version_is_explained(self, tmp_path: Path) -> None:
        write(
            tmp_path / "train.py",
            """
            import chainer.links as L
            import numpy as np
            L.Linear(3, 2)(np.ones((1, 3), np.float32) * np.float64(2))
            """,
        )
        status, _, errors = outcome(RUN, "train.py", cwd=tmp_path)
        assert status == 1
        *_, actual, advice = errors.splitlines()
        assert actual == "Actual: float32 != float64"
        assert advice.startswith("chainer-compat run: a float32 array times a NumPy number")

    @pytest.mark.parametrize("method", ["spawn", "forkserver"])
    def test_worker_processes_are_served_too(self, tmp_path: Path, method: str) -> None:
        write(
            tmp_path / "train.py",
            """
            import multiprocessing, sys
            import chainer
            import numpy as np

            class Thing:
                kind = np.float

            def work(n):
                return n + 1, chainer.__name__, __name__, Thing.kind is float

            def nested(method, queue):
                context = multiprocessing.get_context(method)
                with context.Pool(1) as pool:
                    queue.put(pool.map(work, [10]))

            if __name__ == "__main__":
                method = sys.argv[1]
                context = multiprocessing.get_context(method)
                with context.Pool(2) as pool:
                    print(pool.map(work, [1, 2]))
                queue = context.Queue()
                process = context.Process(target=nested, args=(method, queue))
                process.start()
                print(queue.get())
                process.join()
            """,
        )
        line = "({}, 'chainer_compat', '__mp_main__', True)"
        expected = f"[{line.format(2)}, {line.format(3)}]\n[{line.format(11)}]\n"
        assert outcome(RUN, "train.py", method, cwd=tmp_path) == (0, expected, "")

    def test_an_installed_chainer_is_told_of_once(self, tmp_path: Path) -> None:
        write(tmp_path / "site" / "chainer" / "__init__.py", "raise AssertionError('imported')")
        write(tmp_path / "train.py", "import chainer; print(chainer.__name__)")
        environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
        done = subprocess.run(
            [*RUN, "train.py"],
            cwd=tmp_path,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        assert done.stdout == "chainer_compat\n"
        assert done.stderr.count("Chainer is installed in") == 1


class TestBadInput:
    @pytest.mark.parametrize(
        ("arguments", "status", "message"),
        [
            (("no_such.py",), 2, "cannot open 'no_such.py': No such file or directory"),
            (("folder",), 2, "'folder' is a directory; name the script in it"),
            (("-m", "no_such_module"), 1, "no module named 'no_such_module'"),
            (("-m", "no_such.module"), 1, "no module named 'no_such.module'"),
            (("-m", "folder"), 1, "'folder' is a package without a __main__ module"),
            (("-m", "sys"), 1, "'sys' has no source code to run"),
        ],
    )
    def test_it_says_what_is_wrong(
        self, tmp_path: Path, arguments: tuple[str, ...], status: int, message: str
    ) -> None:
        (tmp_path / "folder").mkdir()
        expected = (status, "", f"chainer-compat run: {message}\n")
        assert outcome(RUN, *arguments, cwd=tmp_path) == expected

    def test_an_error_in_the_package_above_is_shown(self, tmp_path: Path) -> None:
        write(tmp_path / "package" / "__init__.py", "import no_such_dependency")
        write(tmp_path / "package" / "train.py", "")
        status, _, errors = outcome(RUN, "-m", "package.train", cwd=tmp_path)
        assert status == 1
        assert errors.endswith("ModuleNotFoundError: No module named 'no_such_dependency'\n")

    @pytest.mark.parametrize("arguments", [(), ("-m",), ("--no-such-option", "train.py")])
    def test_bad_usage_is_explained(self, tmp_path: Path, arguments: tuple[str, ...]) -> None:
        status, _, errors = outcome(RUN, *arguments, cwd=tmp_path)
        assert status == 2
        assert errors.startswith("usage: chainer-compat")

    def test_a_name_that_chainer_never_had(self, tmp_path: Path) -> None:
        write(tmp_path / "train.py", "import chainer.functions as F\nF.rleu\n")
        status, _, errors = outcome(RUN, "train.py", cwd=tmp_path)
        assert status == 1
        assert "did you mean 'relu'?" in errors.splitlines()[-1]
