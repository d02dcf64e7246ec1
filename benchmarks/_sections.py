"""Who is compared with whom. The first contender of a section is the one that ratios refer to."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.contenders.call_costs import LIMIT as _CALL_LIMIT
from benchmarks.contenders.call_costs import ROWS as _SMALL_CALLS
from benchmarks.contenders.function_calls import ROWS as _FUNCTIONS
from benchmarks.contenders.link_calls import TITLES as _LINKS
from benchmarks.contenders.more_calls import ROWS as _MORE
from benchmarks.contenders.optimizer_steps import KINDS as _OPTIMIZERS

_OURS = "chainer_compat"
_CHAINERS = "chainer"


@dataclass(frozen=True)
class Contender:
    """One line of a table: its label, and where its code is."""

    label: str
    module: str
    function: str
    # What is imported for it, and given to it ahead of the options.
    library: str = ""

    @property
    def in_oracle(self) -> bool:
        """Whether it runs in Chainer's own environment."""
        return self.library == _CHAINERS


def _all_three(module: str, torchs: str, chainers: str) -> tuple[Contender, ...]:
    """torch, and one function in Chainer's API under this package and under Chainer."""
    return (
        Contender("torch", module, torchs, "torch"),
        Contender("chainer_compat", module, chainers, _OURS),
        Contender("Chainer 7.8.1", module, chainers, _CHAINERS),
    )


@dataclass(frozen=True)
class Section:
    """One table."""

    title: str
    quantities: dict[str, str]
    contenders: tuple[Contender, ...]
    shows_overhead: bool = False
    # A line for each quantity and a column for each contender, where there are many quantities.
    by_quantity: bool = False
    # How much overhead the second contender may have, in seconds.
    limit: float | None = None
    # How often that much, where a quantity has it more than once.
    times: dict[str, int] = field(default_factory=dict)
    # What has to be known to read it.
    notes: tuple[str, ...] = ()


_ITERATION = {"iteration": "per iteration"}
_STALL = {"stall": "training waits"}
_STEPS = {f"step_{name}": kind.chainer for name, kind in _OPTIMIZERS.items()}
_FILES = {"save": "save", "load": "load", "bytes": "size"}

_EPOCHS = (
    "These are whole runs with the ends of their epochs, where files are written, shared out over "
    "`--iterations`; each line is a process of its own, and two such differ by some 20 µs even if "
    "they do the same. What a callback costs is shown by `lightning-callback`."
)
_SWITCHED = (
    "Within one run, callbacks are taken out and put back every 20 iterations; this is the "
    "difference of the fastest tenths, without the ends of epochs."
)
_SIZES = (
    "128 x 1000 is a batch in a layer of Chainer's own examples, 32 x 64 x 28 x 28 are the feature "
    "maps of a network for small images: what scripts train with on a CPU."
)
_VIEWS = (
    "reshape, split_axis, broadcast_to, transpose and expand_dims compute nothing at any size: "
    "what is left is the call, which the section `calls` shows in microseconds."
)
_LEAVES = (
    "All are functions of leaves. To those of concat and transpose Chainer gives views of the "
    "gradient that the pass began with; here, as in torch, each gradient is a copy with memory of "
    "its own, so that what clips one in place changes no other. Behind other functions nothing is "
    "copied: concat_of_relu."
)
_RANDOM = (
    "dropout and gaussian draw Chainer's numbers, one by one from NumPy's global stream, which is "
    "nearly all of their time; torch draws others."
)
_SLOPES = (
    "Of equal elements, Chainer gives each the whole gradient in max and the first one in maximum "
    "and minimum, where torch's kernels share it out; at what clip has cut off, a gradient that is "
    "not finite becomes NaN in Chainer and 0 in torch. torch has these slopes only in an "
    "`autograd.Function`, which costs 3 to 4 µs whoever writes it: the lines `by hand` are of one "
    "that does no more than that, called through `apply`."
)
_SEVERAL = (
    "`n functions`: so many stand in Chainer's graph, and torch is called as often; the limit "
    "is for each."
)
_COLD = (
    "Behind a long kernel (L.Deconvolution2D) Python is found in no cache: F.relu, 3 µs by itself, "
    "takes 5 µs there. Labels of int32, which torch's kernels refuse, and arrays become tensors in "
    "each call, for 0.6 to 0.8 µs."
)

_CALLS = _all_three("function_calls", "torch_calls", "calls")
_MORE_CALLS = _all_three("more_calls", "torch_calls", "calls")
_LINK_CALLS = _all_three("link_calls", "torch_calls", "calls")

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
    "extensions": Section(
        "The same loop with extensions",
        _ITERATION,
        (
            Contender("a loop in torch, by hand, no report", "torch_loop", "train"),
            Contender("chainer_compat: Trainer, LogReport", "compat_trainer", "train"),
            Contender(
                "chainer_compat: and PrintReport, observe_lr, snapshot (not due)",
                "compat_trainer",
                "train_with_extensions",
            ),
            Contender(
                "chainer_compat: and 100 more that are not due",
                "compat_trainer",
                "train_with_idle_extensions",
            ),
        ),
        shows_overhead=True,
    ),
    "lightning": Section(
        "The same in `lightning.Trainer`, with a log and a table each epoch",
        _ITERATION,
        (
            Contender("Lightning: Trainer, nothing else", "lightning_callbacks", "train_bare"),
            Contender(
                "chainer_compat: LogReport, PrintReport, snapshot (not due)",
                "lightning_callbacks",
                "train_with_chainers",
            ),
            Contender(
                "chainer_compat: LogReport, PrintReport, snapshot (each epoch, synced to disk)",
                "lightning_callbacks",
                "train_with_chainers_saving",
            ),
            Contender(
                "Lightning: CSVLogger, RichProgressBar, ModelCheckpoint (each epoch)",
                "lightning_callbacks",
                "train_with_lightnings",
            ),
        ),
        shows_overhead=True,
        notes=(_EPOCHS,),
    ),
    "lightning-callback": Section(
        "What a callback adds to an iteration of `lightning.Trainer`",
        {"step_callback": "more per iteration"},
        (
            Contender("a hook that does nothing", "lightning_callbacks", "cost_of_empty"),
            Contender("a hook that adds up the loss", "lightning_callbacks", "cost_of_sum"),
            Contender(
                "chainer_compat: LogReport, PrintReport, snapshot",
                "lightning_callbacks",
                "cost_of_chainers",
            ),
        ),
        notes=(_SWITCHED,),
    ),
    "chainer-sgd": Section(
        "The same model written in Chainer's API, with SGD",
        _ITERATION,
        (
            Contender("Chainer 7.8.1", "chainers_api", "train_sgd", _CHAINERS),
            Contender("chainer_compat", "chainers_api", "train_sgd", _OURS),
        ),
    ),
    "chainer-adam": Section(
        "The same model written in Chainer's API, with Adam",
        _ITERATION,
        (
            Contender("Chainer 7.8.1", "chainers_api", "train_adam", _CHAINERS),
            Contender("chainer_compat", "chainers_api", "train_adam", _OURS),
        ),
    ),
    "models": Section(
        "Whole models, batches of 100, MomentumSGD, one thread",
        {
            "mlp": "784-1000-1000-10",
            "convnet": "2 convolutions",
            "lstm": "NStepLSTM, 16 sequences",
        },
        (
            Contender("by hand in torch", "models", "torch_models", "torch"),
            Contender("chainer_compat", "models", "chainers_models", _OURS),
            Contender("Chainer 7.8.1", "models", "chainers_models", _CHAINERS),
        ),
    ),
    "optimizers-few": Section(
        "An optimizer's step over 4 small parameters, one thread",
        _STEPS,
        (
            Contender("torch.optim, foreach", "optimizer_steps", "torch_few", "torch"),
            Contender("chainer_compat", "optimizer_steps", "few", _OURS),
            Contender("Chainer 7.8.1", "optimizer_steps", "few", _CHAINERS),
        ),
        by_quantity=True,
    ),
    "optimizers-many": Section(
        "An optimizer's step over 200 small parameters, one thread",
        _STEPS,
        (
            Contender("torch.optim, foreach", "optimizer_steps", "torch_many", "torch"),
            Contender("chainer_compat", "optimizer_steps", "many", _OURS),
            Contender("Chainer 7.8.1", "optimizer_steps", "many", _CHAINERS),
        ),
        by_quantity=True,
    ),
    "functions-forward": Section(
        "The functions used most, forward, one thread",
        {f"forward_{name}": name for name in _FUNCTIONS},
        _CALLS,
        by_quantity=True,
        notes=(_SIZES, _VIEWS, _RANDOM),
    ),
    "functions": Section(
        "The functions used most, forward and backward, one thread",
        {f"step_{name}": name for name, row in _FUNCTIONS.items() if row.has_gradient},
        _CALLS,
        by_quantity=True,
        notes=(_SIZES, _LEAVES, _RANDOM),
    ),
    "more-forward": Section(
        "Some functions used less, forward, one thread",
        {f"forward_{name}": name for name in _MORE},
        _MORE_CALLS,
        by_quantity=True,
    ),
    "more": Section(
        "Some functions used less, forward and backward, one thread",
        {f"step_{name}": name for name in _MORE},
        _MORE_CALLS,
        by_quantity=True,
    ),
    "calls": Section(
        "What a call costs, on arrays of a few elements, one thread",
        {f"forward_{name}": row.title or name for name, row in _SMALL_CALLS.items()},
        _all_three("call_costs", "torch_calls", "calls"),
        shows_overhead=True,
        by_quantity=True,
        limit=_CALL_LIMIT,
        times={f"forward_{name}": row.functions for name, row in _SMALL_CALLS.items()},
        notes=(_SLOPES, _SEVERAL, _COLD),
    ),
    "links-forward": Section(
        "The links used most, forward, one thread",
        {f"forward_{name}": title for name, title in _LINKS.items()},
        _LINK_CALLS,
        by_quantity=True,
    ),
    "links": Section(
        "The links used most, forward and backward, one thread",
        {f"step_{name}": title for name, title in _LINKS.items()},
        _LINK_CALLS,
        by_quantity=True,
    ),
    "batches": Section(
        "A shuffled batch of 128 rows of 784 float32 with labels, put together",
        {"step_batch": "per batch"},
        (
            Contender("torch: DataLoader, no workers", "torch_data", "batches"),
            Contender("Chainer 7.8.1", "chainers_data", "batches", _CHAINERS),
            Contender("chainer_compat", "chainers_data", "batches", _OURS),
        ),
    ),
    "summary": Section(
        "A DictSummary that a thousand values are added to",
        {"step_add": "per dictionary"},
        (
            Contender("Chainer 7.8.1", "chainers_data", "summary", _CHAINERS),
            Contender("chainer_compat", "chainers_data", "summary", _OURS),
        ),
    ),
    "files": Section(
        "A file of {size} million float32 weights with Adam's moments",
        _FILES,
        (
            Contender("Chainer 7.8.1: npz", "chainers_files", "npz_deflated", _CHAINERS),
            Contender("chainer_compat: npz", "chainers_files", "npz_deflated", _OURS),
            Contender("np.savez_compressed", "plain_files", "savez_compressed"),
            Contender("Chainer 7.8.1: npz, plain", "chainers_files", "npz_plain", _CHAINERS),
            Contender(
                "chainer_compat: npz, plain", "chainers_files", "npz_plain", "chainer_compat"
            ),
            Contender("np.savez", "plain_files", "savez"),
            Contender("Chainer 7.8.1: hdf5", "chainers_files", "hdf5", _CHAINERS),
            Contender("chainer_compat: hdf5", "chainers_files", "hdf5", _OURS),
            Contender("torch.save", "plain_files", "torch_save"),
            Contender("safetensors", "plain_files", "safetensors"),
            Contender(
                "chainer_compat: safetensors", "chainers_files", "safetensors", "chainer_compat"
            ),
            Contender("the bytes alone, written and read", "plain_files", "bytes_alone"),
            Contender(
                "the bytes alone, read into new memory", "plain_files", "bytes_into_new_memory"
            ),
        ),
    ),
    "snapshots": Section(
        "A snapshot of {size} million float32 weights with Adam's moments",
        _STALL,
        (
            Contender("a copy of the state in memory", "snapshot_stall", "copy"),
            Contender("chainer_compat: ThreadWriter", "snapshot_stall", "thread"),
            Contender("chainer_compat: ThreadQueueWriter", "snapshot_stall", "thread_queue"),
            Contender("chainer_compat: ProcessWriter", "snapshot_stall", "process"),
            Contender("chainer_compat: ProcessQueueWriter", "snapshot_stall", "process_queue"),
            Contender("chainer_compat: SimpleWriter", "snapshot_stall", "simple"),
        ),
    ),
}
