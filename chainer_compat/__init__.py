"""Chainer's Trainer, extensions, serializers and define-by-run API, over torch and Lightning.

``import chainer_compat as chainer`` is what an old script's ``import chainer`` was. Submodules and
names are loaded when they are first used, so that the import costs little beside torch's.
"""

from __future__ import annotations

import importlib
from typing import Any

from chainer_compat._unsupported import load_name, missing_name
from chainer_compat._version import __version__
from chainer_compat.configuration import config, global_config

# Users set it on this module; utils.experimental reads it here.
disable_experimental_feature_warning = False

_SUBMODULES = frozenset(
    {
        "backend",
        "backends",
        "computational_graph",
        "configuration",
        "cuda",
        "dataset",
        "datasets",
        "device_resident",
        "distribution",
        "distributions",
        "errors",
        "exporters",
        "function",
        "function_hook",
        "function_hooks",
        "function_node",
        "functions",
        "gradient_check",
        "graph_optimizations",
        "initializer",
        "initializers",
        "interop",
        "iterators",
        "lightning",
        "link",
        "link_hook",
        "link_hooks",
        "links",
        "memory_layouts",
        "optimizer",
        "optimizer_hooks",
        "optimizers",
        "reporter",
        "sequential",
        "serializer",
        "serializers",
        "testing",
        "training",
        "types",
        "utils",
        "variable",
        "warnings",
    }
)

# Name -> the module that defines it.
_NAMES = {
    "AUTO": "flag",
    "AbstractSerializer": "serializer",
    "Chain": "link",
    "ChainList": "link",
    "DebugMode": "configuration",
    "Deserializer": "serializer",
    "DeviceResident": "device_resident",
    "DictSummary": "reporter",
    "Distribution": "distribution",
    "Fallback": "function_node",
    "Flag": "flag",
    "Function": "function",
    "FunctionAdapter": "function",
    "FunctionHook": "function_hook",
    "FunctionNode": "function_node",
    "FunctionSet": "link",
    "GradientMethod": "optimizer",
    "Initializer": "initializer",
    "Link": "link",
    "LinkHook": "link_hook",
    "OFF": "flag",
    "ON": "flag",
    "Optimizer": "optimizer",
    "Parameter": "variable",
    "Reporter": "reporter",
    "Sequential": "sequential",
    "Serializer": "serializer",
    "Summary": "reporter",
    "UpdateRule": "optimizer",
    "Variable": "variable",
    "as_array": "variable",
    "as_variable": "variable",
    "backward": "_backprop",
    "cross_entropy": "distribution",
    "force_backprop_mode": "configuration",
    "get_array_types": "_dtypes",
    "get_compute_mode": "_dtypes",
    "get_cpu_array_types": "_dtypes",
    "get_current_reporter": "reporter",
    "get_device": "backend",
    "get_dtype": "_dtypes",
    "get_function_hooks": "function_hook",
    "grad": "_backprop",
    "install": "_alias",
    "is_arrays_compatible": "_dtypes",
    "is_debug": "configuration",
    "kl_divergence": "distribution",
    "mixed16": "_dtypes",
    "no_backprop_mode": "configuration",
    "print_runtime_info": "_runtime_info",
    "register_kl": "distribution",
    "report": "reporter",
    "report_scope": "reporter",
    "set_debug": "configuration",
    "should_use_cudnn": "backends.cuda",
    "should_use_cudnn_tensor_core": "backends.cuda",
    "static_code": "graph_optimizations",
    "static_graph": "graph_optimizations",
    "uninstall": "_alias",
    "using_config": "configuration",
    "using_device": "backend",
}

__all__ = ["__version__", "config", "disable_experimental_feature_warning", "global_config"]
__all__ += sorted(_NAMES)  # noqa: PLE0605 -- the table is where a name is written once


# Deep modules that Chainer has in its package, too; they are there under the name `chainer`.
_DEEP_MODULES = {"array": "functions.array", "basic_math": "functions.math.basic_math"}

# Private names that libraries take from here.
_PRIVATE_NAMES = {"_get_link_hooks": "link_hook"}

# What only a deep module has, chainer._backend.
_DEEP_NAMES = {"Device": ".backend"}


def __getattr__(name: str) -> Any:
    if name in _DEEP_MODULES:
        try:
            return importlib.import_module(f"{__name__}.{_DEEP_MODULES[name]}")
        except ModuleNotFoundError as error:
            raise missing_name(__name__, name) from error
    if name in _PRIVATE_NAMES:
        return load_name(globals(), name, _PRIVATE_NAMES)
    return load_name(globals(), name, _NAMES, _SUBMODULES)


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES, *_SUBMODULES})
