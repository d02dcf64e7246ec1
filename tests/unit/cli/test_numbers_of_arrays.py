"""A script's `float(x)` takes an array of one element, whatever NumPy says of it."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
import textwrap
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from chainer_compat.cli import _numbers_of_arrays
from chainer_compat.cli._numbers_of_arrays import code_of, take_arrays


def chainer_compat_run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "chainer_compat", "run", script],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture(autouse=True)
def takes_arrays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(_numbers_of_arrays, "_is_refused", lambda: True)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    take_arrays()
    yield
    delattr(builtins, _numbers_of_arrays._NAME)
    delattr(builtins, _numbers_of_arrays._NAME_OF_ELEMENT)


def run(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {"np": np}
    exec(code_of(textwrap.dedent(source).encode(), "script.py"), names)
    return names


numbers = st.floats(-1e6, 1e6)


@pytest.mark.parametrize("kind", [int, float])
@hypothesis.given(numbers, st.integers(0, 4), st.sampled_from(["f", "d", "g", "i", "O"]))
def test_an_array_of_one_element_is_a_number(
    kind: Callable[[Any], float], number: float, ndim: int, dtype: str
) -> None:
    element = np.array(number).astype(dtype)
    found = run(f"def number_of(x): return {kind.__name__}(x)")["number_of"]

    assert found(element.reshape((1,) * ndim)) == kind(element[()])


@pytest.mark.parametrize(
    "expression",
    [
        "float('1.5')",
        "int('ff', 16)",
        "int()",
        "float(*[2])",
        "int(x=1) if False else int(3.9)",
        "isinstance(3, int) and float is type(1.0)",
        "list(map(int, ['1', '2']))",
        "f'{float(3):.2f}'",
        "int(int(float('4.7')))",
        "int(np.float32(2.5))",
        "np.zeros(2, int).dtype.kind",
    ],
)
def test_everything_else_is_as_ever(expression: str) -> None:
    assert run(f"value = {expression}")["value"] == eval(expression)  # noqa: S307 (ours)


@hypothesis.given(
    st.sampled_from(
        ["a[0, 1]", "a[n, int(n - 2.5)]", "self.a[n][m + 1]", "a[n, :]", "a[:, 1]", "a[a > 0]"]
    ),
    st.sampled_from([(), (1,), (1, 1), (3,), (2, 3)]),
    st.sampled_from(["f", "i", "O"]),
)
def test_an_element_is_given_what_an_array_of_one_has(
    target: str, shape: tuple[int, ...], dtype: str
) -> None:
    value = np.arange(3.0, 3.0 + np.prod(shape, dtype=int)).reshape(shape)
    assign = f"def assign(self, a, n, m, value): {target} = value"
    is_one = value.size == 1 and ":" not in target and ">" not in target and dtype != "O"
    plain: dict[str, Any] = {}
    exec(assign, plain)
    expected, found = (np.arange(6).reshape(2, 3).astype(dtype) for _ in range(2))

    def outcome(function: Callable[..., None], a: np.ndarray, what: Any) -> tuple[Any, Any]:
        try:
            function(types.SimpleNamespace(a=a), a, 1, 0, what)
        except (TypeError, ValueError) as error:
            return str(error), a.tolist()
        return None, [str(x) for x in a.flat]

    assert outcome(run(assign)["assign"], found, value) == outcome(
        plain["assign"], expected, value.flat[0] if is_one else value
    )


def test_what_is_looked_up_for_an_assignment_is_looked_up_once() -> None:
    names = run("""
        calls = []
        def index():
            calls.append(1)
            return 0
        a = [0]
        a[index()] = np.ones(1)
        a[0:1] = np.ones(1)
        a[0] = a[0] == 1.0
    """)

    assert (names["calls"], names["a"]) == ([1], [True])


@pytest.mark.parametrize("values", [np.arange(2), np.zeros(0), np.zeros((2, 1))])
def test_other_arrays_are_refused_as_ever(values: np.ndarray) -> None:
    with pytest.raises(TypeError, match=r"only .* arrays can be converted to Python scalars"):
        run("def number_of(x): return float(x)")["number_of"](values)


@pytest.mark.parametrize(
    "definition",
    [
        "def int(x): return x.shape",
        "int = np.shape",
        "from numpy import shape as int",
        "class int(str): pass",
        "for int in [np.shape]: pass",
    ],
)
def test_a_name_that_a_module_uses_for_something_else_is_left_alone(definition: str) -> None:
    expected: dict[str, Any] = {"np": np}
    exec(f"{definition}\nvalue = int(np.ones(1))", expected)

    assert run(f"{definition}\nvalue = int(np.ones(1))")["value"] == expected["value"]


def test_an_error_names_the_scripts_line_alone(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("def number(x):\n    return int(x)\n\nnumber('x')\n")
    done = chainer_compat_run(tmp_path, "train.py")

    assert done.stderr.splitlines() == [
        "Traceback (most recent call last):",
        f'  File "{tmp_path / "train.py"}", line 4, in <module>',
        "    number('x')",
        f'  File "{tmp_path / "train.py"}", line 2, in number',
        "    return int(x)",
        *(["           ^^^^^^"] if sys.version_info >= (3, 11) else []),
        "ValueError: invalid literal for int() with base 10: 'x'",
    ]


def test_a_syntax_error_is_pythons_own() -> None:
    source = "def f(:\n    int(x)\n"
    with pytest.raises(SyntaxError) as expected:
        compile(source.encode(), "script.py", "exec")
    with pytest.raises(SyntaxError) as found:
        code_of(source.encode(), "script.py")

    assert str(found.value) == str(expected.value)


MODULE = "import numpy as np\n\ndef as_number(x):\n    return float(x)\n"


def test_modules_beside_a_script_and_users_of_chainer_are_changed_and_nothing_is_kept(
    tmp_path: Path,
) -> None:
    script, elsewhere = tmp_path / "script", tmp_path / "elsewhere"
    for folder in (script, elsewhere):
        folder.mkdir()
    (script / "beside.py").write_text(MODULE)
    (elsewhere / "uses_it.py").write_text(f"import chainer\n{MODULE}")
    (elsewhere / "other.py").write_text(MODULE)
    (script / "train.py").write_text(
        textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {str(elsewhere / "first")!r})
        sys.path.append({str(elsewhere)!r})
        import numpy as np
        import beside, uses_it, other
        print(float(np.ones(1)), beside.as_number(np.ones(1)), uses_it.as_number(np.ones(1)))
        try:
            print(other.as_number(np.ones(1)))
        except TypeError:
            print("refused")
        """)
    )
    done = chainer_compat_run(script, "train.py")

    refused = _refuses()
    assert done.stdout.split() == ["1.0"] * 3 + ["refused" if refused else "1.0"], done.stderr
    compiled = sorted(path.name.partition(".")[0] for path in tmp_path.rglob("*.pyc"))
    assert compiled == (["other"] if refused else ["beside", "other", "uses_it"])


def _refuses() -> bool:
    try:
        float(np.ones(1))
    except TypeError:
        return True
    except DeprecationWarning:
        return False
    return False


def test_a_worker_process_takes_them_too(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text(MODULE)
    (tmp_path / "train.py").write_text(
        textwrap.dedent("""
        import multiprocessing
        import numpy as np
        import beside

        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.map(beside.as_number, [np.ones(1), np.full((1, 1), 2)]))
        """)
    )
    done = chainer_compat_run(tmp_path, "train.py")

    assert done.stdout.strip() == "[1.0, 2.0]", done.stderr
