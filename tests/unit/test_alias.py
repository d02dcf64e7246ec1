"""`import chainer` is `import chainer_compat`, by every road that Python offers."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pickle
import pkgutil
import subprocess
import sys
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

import chainer_compat
from chainer_compat import _alias, _chainer_names, _deep_paths
from chainer_compat.errors import AliasError, ChainerCompatWarning, MissingNameError


@pytest.fixture
def alias() -> Iterator[None]:
    chainer_compat.install()
    yield
    chainer_compat.uninstall()


@pytest.mark.usefixtures("alias")
class TestSameModules:
    @pytest.mark.parametrize(
        "name", ["functions", "training.extensions", "backends.cuda", "serializers", "reporter"]
    )
    def test_both_names_give_one_module(self, name: str) -> None:
        served = importlib.import_module(f"chainer.{name}")
        assert served is importlib.import_module(f"chainer_compat.{name}")
        assert sys.modules[f"chainer.{name}"] is sys.modules[f"chainer_compat.{name}"]

    def test_the_root_is_the_package(self) -> None:
        assert importlib.import_module("chainer") is chainer_compat

    def test_its_version_is_chainers(self) -> None:
        # Scripts choose their dialect by it: `if int(chainer.__version__[0]) >= 2: …`
        assert importlib.import_module("chainer").__version__ == "7.8.1"

    def test_the_module_keeps_its_identity(self) -> None:
        module = importlib.import_module("chainer.functions")
        assert module.__name__ == module.__spec__.name == "chainer_compat.functions"
        assert Path(module.__file__).parent == Path(module.__path__[0])

    def test_it_is_not_loaded_twice(self) -> None:
        from chainer.reporter import Reporter

        assert Reporter is chainer_compat.Reporter
        files = [
            name
            for name, module in sys.modules.items()
            if name.startswith(("chainer.", "chainer_compat."))
            and getattr(module, "__spec__", None) is not None
            and module.__spec__.name.startswith("chainer.")
        ]
        assert files == []

    def test_import_as_binds_the_submodule(self) -> None:
        namespace: dict[str, object] = {}
        exec("import chainer.functions as F\nfrom chainer import functions as G", namespace)
        assert namespace["F"] is namespace["G"] is chainer_compat.functions

    def test_reload_reloads_the_real_module(self) -> None:
        module = importlib.import_module("chainer.backends.intel64")
        assert importlib.reload(module) is module
        assert sys.modules["chainer_compat.backends.intel64"] is module

    def test_find_spec_tells_what_can_be_imported(self) -> None:
        assert importlib.util.find_spec("chainer.functions") is not None
        assert importlib.util.find_spec("chainer.no_such_module") is None

    def test_walking_the_package_finds_the_same_modules(self) -> None:
        training = importlib.import_module("chainer.training")
        found = {info.name for info in pkgutil.iter_modules(training.__path__, "chainer.training.")}
        assert "chainer.training.extensions" in found

    def test_pickles_that_name_chainer_load(self) -> None:
        # What `pickle.dumps(chainer.functions.relu)` gives under Chainer 7.8.1.
        by_chainer = b"cchainer.functions.activation.relu\nrelu\n."
        assert pickle.loads(by_chainer) is chainer_compat.functions.relu

    def test_pickles_made_here_name_the_package(self) -> None:
        from chainer.reporter import Summary

        assert b"chainer_compat" in pickle.dumps(Summary)
        assert pickle.loads(pickle.dumps(Summary)) is Summary

    def test_inspect_finds_the_source(self) -> None:
        from chainer.reporter import Reporter

        assert inspect.getmodule(Reporter).__name__ == "chainer_compat.reporter"
        assert inspect.getsource(Reporter).startswith("class Reporter")

    def test_an_unknown_module_is_not_found(self) -> None:
        with pytest.raises(ModuleNotFoundError, match=r"No module named 'chainer\.no_such'"):
            importlib.import_module("chainer.no_such")

    def test_threads_get_one_module(self) -> None:
        # In a process of its own, where all of it has yet to be loaded.
        script = """
            import concurrent.futures, importlib, threading
            import chainer_compat
            chainer_compat.install()
            names = ["chainer.training.extensions", "chainer_compat.training.extensions",
                     "chainer.training.extensions.log_report", "chainer.training"] * 4
            together = threading.Barrier(len(names))
            def load(name):
                together.wait()
                module = importlib.import_module(name)
                return id(getattr(module, "LogReport", module))
            with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
                loaded = list(pool.map(load, names))
            assert len(set(loaded)) == 2, loaded
        """
        subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)


@pytest.mark.usefixtures("alias")
class TestDeepPaths:
    @pytest.mark.parametrize(
        ("module", "name", "owner"),
        [
            ("functions.activation.relu", "relu", "functions"),
            ("functions.basic_math", "exp", "functions"),
            ("functions.loss.softmax_cross_entropy", "softmax_cross_entropy", "functions"),
            ("links.connection.linear", "Linear", "links"),
            ("training.extensions.log_report", "LogReport", "training.extensions"),
            ("training.triggers.interval_trigger", "IntervalTrigger", "training.triggers"),
            ("training.updaters.standard_updater", "StandardUpdater", "training.updaters"),
            ("training.util", "get_trigger", "training"),
            ("dataset.convert", "concat_examples", "dataset"),
            ("iterators.serial_iterator", "SerialIterator", "iterators"),
            ("serializers.npz", "load_npz", "serializers"),
        ],
    )
    def test_a_name_is_its_owners(self, module: str, name: str, owner: str) -> None:
        deep = importlib.import_module(f"chainer.{module}")
        expected = getattr(importlib.import_module(f"chainer_compat.{owner}"), name)
        assert getattr(deep, name) is expected
        namespace: dict[str, object] = {}
        exec(f"from chainer.{module} import {name}", namespace)
        assert namespace[name] is expected

    def test_a_name_that_its_owner_has_under_another_one_is_there(self) -> None:
        namespace: dict[str, object] = {}
        exec("from chainer.functions.loss.discriminative_loss import c_sum", namespace)
        assert namespace["c_sum"] is chainer_compat.functions.sum

    def test_a_deep_module_does_not_hide_the_function(self) -> None:
        relu = chainer_compat.functions.relu
        from chainer.functions.activation import relu as module

        assert isinstance(module, types.ModuleType)
        assert module.relu is relu is chainer_compat.functions.relu

    def test_packages_are_there_without_an_import(self) -> None:
        import chainer.functions

        assert chainer.functions.activation.relu.relu is chainer.functions.relu

    @pytest.mark.parametrize("early", ["", "training", "functions"])
    def test_every_module_is_there_once_chainer_is_imported(self, early: str) -> None:
        """Chainer imports all of its modules at once; scripts take what they like from there."""
        script = f"""
            import chainer_compat
            chainer_compat.{early or "__name__"}
            chainer_compat.install()
            import chainer
            assert chainer.dataset.convert.concat_examples is chainer.dataset.concat_examples
            assert chainer.training.triggers.interval_trigger.IntervalTrigger
            assert chainer.training.extensions.log_report.LogReport
            assert chainer.training.updater.StandardUpdater
            assert chainer.functions.loss.vae.gaussian_kl_divergence
            assert chainer.links.model.vision.vgg.prepare
            assert chainer.links.connection.linear.Linear is chainer.links.Linear
            assert chainer.datasets.mnist.get_mnist and chainer.distributions.normal.Normal
            assert chainer.dataset.__spec__.origin == chainer.dataset.__file__
            chainer_compat.uninstall()
            assert not hasattr(chainer_compat.dataset, "convert")
        """
        subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)

    def test_both_names_give_one_deep_module(self) -> None:
        deep = importlib.import_module("chainer.functions.activation.relu")
        assert sys.modules["chainer_compat.functions.activation.relu"] is deep
        assert deep.__name__ == "chainer_compat.functions.activation.relu"
        assert deep.__spec__.name == deep.__name__

    def test_imported_modules_are_served(self) -> None:
        deep = importlib.import_module("chainer.functions.activation.log_softmax")
        assert deep.cuda is chainer_compat.backends.cuda
        assert deep.type_check is chainer_compat.utils.type_check

    def test_star_gives_the_public_names_that_are_there(self) -> None:
        namespace: dict[str, object] = {}
        exec("from chainer.training.extensions.log_report import *", namespace)
        assert set(namespace) - {"__builtins__"} == {"LogReport"}

    def test_dir_lists_chainers_names(self) -> None:
        deep = importlib.import_module("chainer.functions.activation.relu")
        assert "relu" in dir(deep)

    def test_reload_asks_anew(self) -> None:
        deep = importlib.import_module("chainer.functions.activation.relu")
        assert deep.relu is chainer_compat.functions.relu
        assert "relu" in vars(deep)
        assert importlib.reload(deep) is deep
        assert "relu" not in vars(deep)

    @pytest.mark.parametrize("root", ["chainer", "chainermn", "chainerx"])
    def test_every_name_of_chainers_is_there_or_said_to_be_missing(self, root: str) -> None:
        unclear = []
        for name, known in _chainer_names.modules().items():
            if name.partition(".")[0] != root:
                continue
            try:
                module = importlib.import_module(name)
            except ImportError as error:
                if "does not have yet" not in str(error) and "is not a package" not in str(error):
                    unclear.append((name, str(error)))
                continue
            for owned in (owned for owned in known.owners if not owned.startswith("_")):
                try:
                    getattr(module, owned)
                except (AttributeError, ImportError) as error:
                    if type(module) is _deep_paths.DeepModule and "not have yet" not in str(error):
                        unclear.append((f"{name}.{owned}", str(error)))
        assert unclear == []

    def test_a_function_of_the_same_name_is_kept(self) -> None:
        import chainer.utils

        function = chainer.utils.experimental
        module = importlib.import_module("chainer.utils.experimental")
        assert isinstance(module, types.ModuleType)
        assert chainer.utils.experimental is function is module.experimental

    def test_other_attributes_of_such_a_package_can_be_set(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        importlib.import_module("chainer.utils.experimental")
        monkeypatch.setattr(chainer_compat.utils, "experimental", len)
        assert chainer_compat.utils.experimental is len


@pytest.mark.usefixtures("alias")
class TestMissing:
    """`_no_such` is put into Chainer's table, so that these hold however much is there."""

    @pytest.fixture(autouse=True)
    def names_that_are_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        table = dict(_chainer_names.modules())
        for module, name in (("chainer.functions", "nope"), ("chainer.functions.math.sum", "nope")):
            owners = {**table[module].owners, name: "chainer.functions"}
            table[module] = _chainer_names.ChainerModule(
                owners, {}, table[module].is_deep, table[module].children
            )
        table["chainer.nopackage"] = _chainer_names.ChainerModule({"f": "x"}, {}, False, ())
        monkeypatch.setattr(_chainer_names, "modules", lambda: table)

    def test_an_attribute_says_what_is_missing(self) -> None:
        with pytest.raises(MissingNameError, match=r"chainer\.functions\.nope .*Chainer 7\.8\.1"):
            _ = importlib.import_module("chainer.functions").nope

    def test_from_import_says_what_is_missing(self) -> None:
        with pytest.raises(ImportError, match=r"chainer\.functions\.nope .*Chainer 7\.8\.1"):
            exec("from chainer.functions import nope")

    def test_a_deep_module_says_what_is_missing(self) -> None:
        deep = importlib.import_module("chainer.functions.math.sum")
        with pytest.raises(MissingNameError, match=r"math\.sum\.nope .*Chainer 7\.8\.1"):
            _ = deep.nope
        with pytest.raises(ImportError, match=r"math\.sum\.nope .*Chainer 7\.8\.1"):
            exec("from chainer.functions.math.sum import nope")

    def test_a_misspelling_gets_a_hint(self) -> None:
        deep = importlib.import_module("chainer.functions.activation.relu")
        with pytest.raises(MissingNameError, match="did you mean 'relu'"):
            _ = deep.rleu

    def test_a_dunder_is_not_looked_up(self) -> None:
        deep = importlib.import_module("chainer.functions.activation.relu")
        assert not hasattr(deep, "__wrapped__")

    def test_a_name_that_its_owner_seeks_here_is_missing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        deep = _deep_paths.DeepModule("chainer.sequential")
        monkeypatch.delitem(vars(chainer_compat), "Sequential", raising=False)
        monkeypatch.setattr(chainer_compat, "__getattr__", lambda name: getattr(deep, name))
        with pytest.raises(MissingNameError, match="Sequential"):
            _ = deep.Sequential

    def test_a_name_of_a_package_that_is_not_there_is_missing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(name: str) -> types.ModuleType:
            raise ModuleNotFoundError(name=absent)

        deep = _deep_paths.DeepModule("chainer.sequential")
        monkeypatch.setattr(importlib, "import_module", fail)
        absent = "chainer.sequential"
        with pytest.raises(MissingNameError, match="Sequential"):
            _ = deep.Sequential
        absent = "some_dependency"
        with pytest.raises(ModuleNotFoundError):
            _ = deep.Sequential

    def test_a_package_that_is_not_there_says_so(self) -> None:
        with pytest.raises(
            ModuleNotFoundError, match=r"chainer\.nopackage is a package of Chainer"
        ):
            importlib.import_module("chainer.nopackage")


@pytest.mark.usefixtures("alias")
class TestChainerX:
    def test_it_is_not_available(self) -> None:
        import chainerx

        assert not chainerx.is_available()
        assert not isinstance(object(), chainerx.ndarray)

    def test_its_arrays_cannot_be_made(self) -> None:
        import chainerx

        with pytest.raises(RuntimeError, match="not available"):
            chainerx.ndarray((2, 3), "float32")

    def test_anything_else_says_why(self) -> None:
        import chainerx

        with pytest.raises(AttributeError, match="ChainerX is not available"):
            _ = chainerx.float32


class TestInstall:
    def test_it_is_off_until_asked_for(self) -> None:
        assert importlib.util.find_spec("chainer") is None

    def test_twice_is_once(self) -> None:
        before = list(sys.meta_path)
        chainer_compat.install()
        chainer_compat.install()
        assert len(sys.meta_path) == len(before) + 2
        chainer_compat.uninstall()
        chainer_compat.uninstall()
        assert sys.meta_path == before

    def test_uninstall_leaves_nothing(self) -> None:
        chainer_compat.install()

        chainer_compat.uninstall()
        left = [name for name in sys.modules if name.partition(".")[0] in {"chainer", "chainerx"}]
        assert left == []
        assert not any(isinstance(m, _deep_paths.DeepModule) for m in sys.modules.values())
        assert "activation" not in vars(chainer_compat.functions)
        assert type(chainer_compat.utils) is types.ModuleType
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("chainer")

    def test_a_chainer_already_imported_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = types.ModuleType("chainer")
        real.__file__ = "/site-packages/chainer/__init__.py"
        monkeypatch.setitem(sys.modules, "chainer", real)
        with pytest.raises(AliasError, match=r"imported from /site-packages/chainer/__init__\.py"):
            chainer_compat.install()
        assert sys.modules["chainer"] is real

    def test_an_installed_chainer_gives_one_warning(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "chainer").mkdir()
        (tmp_path / "chainer" / "__init__.py").write_text("raise AssertionError('imported')\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(_alias, "_warned", False)
        try:
            with pytest.warns(ChainerCompatWarning, match="Chainer is installed in") as warned:
                chainer_compat.install()
            assert [warning.filename for warning in warned] == [__file__]
            assert importlib.import_module("chainer") is chainer_compat
            chainer_compat.uninstall()
            chainer_compat.install()
        finally:
            chainer_compat.uninstall()

    def test_a_folder_called_chainer_is_no_chainer(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "chainer").mkdir()
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(_alias, "_warned", False)
        chainer_compat.install()
        chainer_compat.uninstall()

    def test_the_first_import_may_be_a_deep_one(self) -> None:
        script = """
            import chainer_compat
            chainer_compat.install()
            from chainer.training.extensions.log_report import LogReport
            import sys
            assert LogReport is chainer_compat.training.extensions.LogReport
            assert sys.modules["chainer.training"] is chainer_compat.training
        """
        subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)


def test_names_map_both_ways() -> None:
    for name in ("chainer", "chainer.links", "chainermn", "chainermn.links", "chainerx"):
        assert _deep_paths.chainer_name(_deep_paths.our_name(name)) == name
    assert _deep_paths.our_name("chainercv") is None
    assert _deep_paths.chainer_name("chainer_compat_extra") is None


def test_modules_that_chainer_lacks_have_no_names() -> None:
    assert not _chainer_names.has("chainer.no_such_module", "f")
    assert _chainer_names.near("chainer.no_such_module", "f") is None
