"""`import chainer_compat` loads nothing heavy, changes nothing, and costs little beside torch."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

HEAVY = ("cupy", "h5py", "isal", "lightning", "matplotlib", "pytorch_lightning", "rich", "sklearn")

PACKAGES = (
    "backends",
    "datasets",
    "distributions",
    "functions",
    "interop",
    "iterators",
    "links",
    "optimizers",
    "serializers",
    "testing",
    "training.extensions",
    "utils",
)

# What somebody could notice of an import, apart from the modules that it loads.
STATE = """
    import json, logging, os, random, signal, socket, sys, threading, warnings
    import numpy as np
    import torch

    def state():
        return {
            "meta_path": [repr(finder) for finder in sys.meta_path],
            "path": list(sys.path),
            "path_hooks": [repr(hook) for hook in sys.path_hooks],
            "hooks": [sys.excepthook is sys.__excepthook__, threading.excepthook is
                      threading.__excepthook__, sys.displayhook is sys.__displayhook__],
            "warnings": [repr(entry) for entry in warnings.filters],
            "signals": {str(n): repr(signal.getsignal(n)) for n in signal.valid_signals()},
            "threads": threading.active_count(),
            "environment": dict(os.environ),
            "logging": [repr(handler) for handler in logging.getLogger().handlers],
            "recursion": sys.getrecursionlimit(),
            "random": [repr(random.getstate()), repr(np.random.get_state()),
                       torch.get_rng_state().sum().item()],
            "numpy": [np.geterr(), np.get_printoptions(), sorted(vars(np))],
            "torch": [torch.get_default_dtype().__str__(), torch.is_grad_enabled(),
                      torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(),
                      torch.backends.cudnn.benchmark, torch.cuda.is_initialized(),
                      sorted(vars(torch)), sorted(vars(torch.Tensor))],
            "cwd": os.getcwd(),
        }
"""


def run(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], check=True, capture_output=True, text=True
    )
    return done.stdout


class TestImport:
    def test_loads_nothing_heavy(self) -> None:
        script = f"""
            import importlib, sys
            import chainer_compat
            for name in {PACKAGES}:
                package = importlib.import_module("chainer_compat." + name)
                for public in package.__all__:
                    getattr(package, public)
                heavy = {{name.partition(".")[0] for name in sys.modules}}.intersection({HEAVY})
                assert not heavy, (name, heavy)
        """
        run(script)

    def test_changes_no_global_state(self) -> None:
        script = textwrap.dedent(STATE) + textwrap.dedent("""
            before = state()
            import chainer_compat
            import chainer_compat.training.extensions, chainer_compat.functions
            import chainer_compat.links, chainer_compat.optimizers
            after = state()
            print(json.dumps({key: [before[key], after[key]]
                              for key in before if before[key] != after[key]}))
        """)
        assert json.loads(run(script)) == {}

    def test_does_not_import_chainer(self) -> None:
        script = """
            import sys
            import chainer_compat.training, chainer_compat.links
            print([name for name in sys.modules if name.partition(".")[0] == "chainer"])
        """
        assert run(script) == "[]\n"

    @pytest.mark.parametrize(
        ("imports", "share"),
        [
            ("chainer_compat", 0.05),
            ("chainer_compat.links, chainer_compat.optimizers, chainer_compat.training", 0.5),
        ],
    )
    def test_costs_little_beside_torch(self, imports: str, share: float) -> None:
        # Both in one process, so that the load of the machine weighs on both.
        script = f"""
            import time
            start = time.process_time()
            import torch
            middle = time.process_time()
            import {imports}
            end = time.process_time()
            print((end - middle) / (middle - start))
        """
        assert min(float(run(script)) for _ in range(2)) < share
