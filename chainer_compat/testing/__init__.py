"""Help for the tests of functions, links and extensions (Chainer: *chainer.testing*).

pytest is needed only by what marks tests.
"""

from __future__ import annotations

from typing import Any

from chainer_compat._unsupported import load_name

_SUBMODULES = frozenset(
    {
        "array",
        "attr",
        "backend",
        "condition",
        "doctest_helper",
        "function_link",
        "helper",
        "matrix",
        "parameterized",
        "random",
        "serializer",
        "training",
    }
)

# Name -> the module that defines it.
_NAMES = {
    "BackendConfig": "backend",
    "FunctionTestCase": "function_link",
    "FunctionTestError": "function_link",
    "InitializerArgument": "function_link",
    "LinkInitializersTestCase": "function_link",
    "LinkTestCase": "function_link",
    "LinkTestError": "function_link",
    "assert_allclose": "array",
    "assert_warns": "helper",
    "distribution_unittest": "_distribution",
    "fix_random": "random",
    "from_pytest_parameterize": "parameterized",
    "generate_matrix": "matrix",
    "generate_seed": "random",
    "get_trainer_with_mock_updater": "training",
    "inject_backend_tests": "backend",
    "parameterize": "parameterized",
    "parameterize_pytest": "parameterized",
    "patch": "helper",
    "product": "parameterized",
    "product_dict": "parameterized",
    "run_module": "_running",
    "save_and_load": "serializer",
    "save_and_load_hdf5": "serializer",
    "save_and_load_npz": "serializer",
    "unary_math_function_unittest": "_unary_math",
    "with_requires": "helper",
    "without_requires": "helper",
}

# What Chainer has in its deep modules only; by the module that has it.
_DEEP_NAMES = {"check_available": "._unary_math", "is_available": "._unary_math"}

__all__ = sorted([*_NAMES, *_SUBMODULES])  # noqa: PLE0605 (a table is the list)


def __getattr__(name: str) -> Any:
    return load_name(globals(), name, _NAMES, _SUBMODULES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
