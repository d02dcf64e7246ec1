"""Who is compared with whom. The first contender of a section is the one that ratios refer to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    """One line of a table: its label, and where its code is."""

    label: str
    module: str
    function: str
    in_oracle: bool = False


@dataclass(frozen=True)
class Section:
    """One table."""

    title: str
    quantities: dict[str, str]
    contenders: tuple[Contender, ...]
    shows_overhead: bool = False


_ITERATION = {"iteration": "per iteration"}
_FILES = {"save": "save", "load": "load", "bytes": "size"}

SECTIONS = {
    "loop": Section(
        "A torch model (16-16-4, batch 32, SGD, one thread) in a training loop",
        _ITERATION,
        (
            Contender("a loop in torch, by hand, no report", "torch_loop", "train"),
            Contender("chainer_compat: Trainer", "compat_trainer", "train"),
            Contender("pytorch-pfn-extras: ExtensionsManager", "ppe_manager", "train"),
            Contender("Lightning: Trainer", "lightning_trainer", "train"),
        ),
        shows_overhead=True,
    ),
    "chainer-sgd": Section(
        "The same model written in Chainer's API, with SGD",
        _ITERATION,
        (
            Contender("Chainer 7.8.1", "chainer_api", "train_sgd", in_oracle=True),
            Contender("chainer_compat", "compat_api", "train_sgd"),
        ),
    ),
    "chainer-adam": Section(
        "The same model written in Chainer's API, with Adam",
        _ITERATION,
        (
            Contender("Chainer 7.8.1", "chainer_api", "train_adam", in_oracle=True),
            Contender("chainer_compat", "compat_api", "train_adam"),
        ),
    ),
    "files": Section(
        "A file of {size} million float32 weights with Adam's moments",
        _FILES,
        (
            Contender("Chainer 7.8.1: npz", "chainer_api", "npz_deflated", in_oracle=True),
            Contender("chainer_compat: npz", "compat_api", "npz_deflated"),
            Contender("np.savez_compressed", "plain_files", "savez_compressed"),
            Contender("Chainer 7.8.1: npz, plain", "chainer_api", "npz_plain", in_oracle=True),
            Contender("chainer_compat: npz, plain", "compat_api", "npz_plain"),
            Contender("np.savez", "plain_files", "savez"),
            Contender("torch.save", "plain_files", "torch_save"),
            Contender("safetensors", "plain_files", "safetensors"),
        ),
    ),
}
