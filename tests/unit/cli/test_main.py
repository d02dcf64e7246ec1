"""The frame of the command: its sub-commands are plugged in, and their errors are reported."""

from __future__ import annotations

import sys
import textwrap
from importlib import metadata
from pathlib import Path

import pytest

from chainer_compat import cli


@pytest.fixture
def greet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sub-command in a file of its own, as `inspect` and `convert` are."""
    (tmp_path / "greet.py").write_text(
        textwrap.dedent(
            """
            from chainer_compat.errors import FileFormatError

            def add_parser(subparsers):
                parser = subparsers.add_parser("greet", help="say hello")
                parser.add_argument("whom")
                parser.set_defaults(command=greet)

            def greet(arguments):
                if arguments.whom == "nobody":
                    raise FileFormatError("nobody is no one")
                if arguments.whom == "file":
                    open("/no/such/file")
                if arguments.whom == "bug":
                    raise RuntimeError("a bug")
                print("hello", arguments.whom)
                return 7
            """
        )
    )
    monkeypatch.setattr(cli, "__path__", [*cli.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "chainer_compat.cli.greet", raising=False)


@pytest.mark.usefixtures("greet")
class TestSubCommand:
    def test_its_result_is_the_exit_status(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["greet", "world"]) == 7
        assert capsys.readouterr().out == "hello world\n"

    @pytest.mark.parametrize(
        ("whom", "message"),
        [
            ("nobody", "nobody is no one"),
            ("file", "/no/such/file: No such file or directory"),
        ],
    )
    def test_an_error_is_a_message(
        self, capsys: pytest.CaptureFixture[str], whom: str, message: str
    ) -> None:
        assert cli.main(["greet", whom]) == 1
        assert capsys.readouterr().err == f"chainer-compat greet: {message}\n"

    def test_a_bug_is_no_message(self) -> None:
        with pytest.raises(RuntimeError, match="a bug"):
            cli.main(["greet", "bug"])

    def test_help_lists_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as exit_:
            cli.main(["--help"])
        assert exit_.value.code == 0
        assert "say hello" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(["--version"])
    assert exit_.value.code == 0
    own = metadata.version("chainer-compat")
    assert capsys.readouterr().out == f"chainer-compat {own} (the API of Chainer 7.8.1)\n"


def test_arguments_default_to_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["chainer-compat", "--version"])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    assert exit_.value.code == 0


@pytest.mark.parametrize("argv", [[], ["no_such_command"]])
def test_bad_usage_is_status_2(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(argv)
    assert exit_.value.code == 2
