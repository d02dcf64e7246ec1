"""How the arrays of Chainer's links are laid out in torch's modules.

A layout says, for one torch module, which arrays it needs under a link's path, of which shapes, and
how each parameter is made of them. A module may have several: torch's LSTM takes the weights of
``L.LSTM`` and of ``L.NStepLSTM``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

__all__ = ["Layout", "Piece", "layouts_of", "refusal"]

Shape = tuple[int, ...]
Make = Callable[..., np.ndarray]


def _as_it_is(array: np.ndarray) -> np.ndarray:
    return array


@dataclass(frozen=True)
class Piece:
    """One parameter or buffer of a torch module, and what it is made of.

    Attributes:
        name: Its name in the module.
        needs: The arrays, by their name under the link's path, with their shapes.
        make: Makes it of the arrays.
        how: What ``make`` does, in a few words; empty if nothing.
        optional: Whether the module can do without.
    """

    name: str
    needs: Mapping[str, Shape]
    make: Make = _as_it_is
    how: str = ""
    optional: bool = False

    @property
    def is_as_stored(self) -> bool:
        """Whether it is one array of the file, element for element."""
        return self.make is _as_it_is


@dataclass(frozen=True)
class Layout:
    """The pieces of one torch module, and names of the file that belong to it but have no place.

    Attributes:
        pieces: One for each parameter and buffer.
        notes: What to look at after loading.
    """

    pieces: tuple[Piece, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def needs(self) -> dict[str, Shape]:
        """All arrays that the module cannot do without."""
        return {
            name: shape
            for piece in self.pieces
            if not piece.optional
            for name, shape in piece.needs.items()
        }

    @property
    def names(self) -> set[str]:
        """All arrays that the module has a place for."""
        return {name for piece in self.pieces for name in piece.needs}


def _shape(tensor: torch.Tensor) -> Shape:
    return tuple(tensor.shape)


def _same(module: nn.Module, **names: str) -> Iterator[Piece]:
    """Pieces that are copied as they are, for those of the names that the module has."""
    for name, source in names.items():
        tensor = getattr(module, name, None)
        if tensor is not None:
            yield Piece(name, {source: _shape(tensor)})


def _weight_and_bias(module: nn.Module) -> Iterator[Layout]:
    yield Layout(tuple(_same(module, weight="W", bias="b")))


def _grouped_convolution(module: Any) -> Iterator[Layout]:
    yield from _weight_and_bias(module)
    outputs, one, *kernel = _shape(module.weight)
    if module.groups != module.in_channels or one != 1:
        return
    source = (outputs // module.groups, module.groups, *kernel)

    def make(w: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(w.swapaxes(0, 1)).reshape(outputs, 1, *kernel)

    weight = Piece("weight", {"W": source}, make, "multiplier and channel axes merged")
    yield Layout((weight, *_same(module, bias="b")))


def _normalization(module: Any) -> Iterator[Layout]:
    notes = []
    if hasattr(module, "running_mean") and module.eps != 2e-5:
        notes.append(f"eps is {module.eps:g} here and 2e-05 in Chainer unless the script set it")
    counted = getattr(module, "num_batches_tracked", None)
    count = [] if counted is None else [
        Piece("num_batches_tracked", {"N": ()}, optional=True)
    ]  # fmt: skip
    pieces = _same(
        module, weight="gamma", bias="beta", running_mean="avg_mean", running_var="avg_var"
    )
    yield Layout((*pieces, *count), tuple(notes))


def _prelu(module: Any) -> Iterator[Layout]:
    size = module.weight.numel()
    yield Layout((Piece("weight", {"W": (size,)}),))
    if size == 1:
        yield Layout((Piece("weight", {"W": ()}, lambda w: w.reshape(1), "scalar to one element"),))


def _bilinear(module: Any) -> Iterator[Layout]:
    outputs, first, second = _shape(module.weight)
    weight = Piece(
        "weight",
        {"W": (first, second, outputs)},
        lambda w: np.ascontiguousarray(w.transpose(2, 0, 1)),
        "axes (0, 1, 2) to (2, 0, 1)",
    )
    yield Layout((weight, *_same(module, bias="b")))


# Chainer's LSTM keeps the four gates of a unit side by side, in the order a, i, f, o (a is torch's
# g); torch keeps all units of a gate together, in the order i, f, g, o.
_LSTM_GATES = [1, 2, 0, 3]


def _regroup_gates(array: np.ndarray) -> np.ndarray:
    units = array.shape[0] // 4
    gates = array.reshape(units, 4, *array.shape[1:]).swapaxes(0, 1)[_LSTM_GATES]
    return np.ascontiguousarray(gates).reshape(array.shape)


def _zero_like(array: np.ndarray) -> np.ndarray:
    return np.zeros_like(array)


def _lstm_link(inputs: int, units: int, suffix: str, bias: bool) -> Layout:
    how = "gates a, i, f, o regrouped to i, f, g, o"
    rows = (4 * units,)
    pieces = [
        Piece(f"weight_ih{suffix}", {"upward/W": (*rows, inputs)}, _regroup_gates, how),
        Piece(f"weight_hh{suffix}", {"lateral/W": (*rows, units)}, _regroup_gates, how),
    ]
    if bias:
        upward = {"upward/b": rows}
        pieces += [
            Piece(f"bias_ih{suffix}", upward, _regroup_gates, how),
            Piece(f"bias_hh{suffix}", upward, _zero_like, "zero: Chainer has one bias"),
        ]
    return Layout(tuple(pieces))


# Chainer's numbered matrices, input ones and then recurrent ones, are in cuDNN's order, which is
# torch's too. (Chainer's page on n_step_lstm has the last two gates the other way round.)
_NSTEP_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def _stack(*arrays: np.ndarray) -> np.ndarray:
    return np.concatenate(arrays)


def _nstep_cell(
    kind: str, inputs: int, units: int, path: str, suffix: str, bias: bool
) -> Iterator[Piece]:
    count = _NSTEP_GATES[kind]
    how = "gates stacked" if count > 1 else ""
    for role, columns, first in (("ih", inputs, 0), ("hh", units, count)):
        weights = {f"{path}w{first + gate}": (units, columns) for gate in range(count)}
        yield Piece(f"weight_{role}{suffix}", weights, _stack, how)
        if bias:
            biases = {f"{path}b{first + gate}": (units,) for gate in range(count)}
            yield Piece(f"bias_{role}{suffix}", biases, _stack, how)


def _recurrent(module: nn.RNNBase) -> Iterator[Layout]:
    kind = module.mode.partition("_")[0]
    directions = 2 if module.bidirectional else 1
    if getattr(module, "proj_size", 0):
        return
    pieces: list[Piece] = []
    for layer in range(module.num_layers):
        inputs = module.input_size if layer == 0 else module.hidden_size * directions
        for direction in range(directions):
            path = f"{layer * directions + direction}/"
            suffix = f"_l{layer}" + ("_reverse" if direction else "")
            pieces += _nstep_cell(kind, inputs, module.hidden_size, path, suffix, bool(module.bias))
    yield Layout(tuple(pieces))
    if kind == "LSTM" and module.num_layers * directions == 1:
        yield _lstm_link(module.input_size, module.hidden_size, "_l0", bool(module.bias))


def _cell(module: nn.RNNCellBase) -> Iterator[Layout]:
    kind = type(module).__name__.removesuffix("Cell")
    if kind == "LSTM":
        yield _lstm_link(module.input_size, module.hidden_size, "", bool(module.bias))
    bias = bool(module.bias)
    yield Layout(tuple(_nstep_cell(kind, module.input_size, module.hidden_size, "0/", "", bias)))


_LAYOUTS: list[tuple[tuple[type[nn.Module], ...], Callable[[Any], Iterator[Layout]]]] = [
    ((nn.Conv1d, nn.Conv2d, nn.Conv3d), _grouped_convolution),
    (
        (nn.Linear, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d, nn.Embedding,
         nn.EmbeddingBag),
        _weight_and_bias,
    ),
    (
        (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm),
        _normalization,
    ),
    ((nn.PReLU,), _prelu),
    ((nn.Bilinear,), _bilinear),
    ((nn.RNNBase,), _recurrent),
    ((nn.RNNCellBase,), _cell),
]  # fmt: skip


def _own_tensors(module: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    persistent = set(module.state_dict(keep_vars=True))
    yield from module.named_parameters(recurse=False)
    for name, tensor in module.named_buffers(recurse=False):
        if name in persistent:
            yield name, tensor


def layouts_of(module: nn.Module) -> list[Layout]:
    """The ways in which a torch module's own parameters can be made of a link's arrays.

    Args:
        module: The module; its children do not count.

    Returns:
        The layouts, likely ones first; none if the module has nothing of its own.
    """
    for kinds, make in _LAYOUTS:
        if isinstance(module, kinds):
            return list(make(module))
    own = tuple(Piece(name, {name: _shape(tensor)}) for name, tensor in _own_tensors(module))
    return [Layout(own)] if own else []


_GRU_NAMES = {"W_r/W", "U_r/W", "W_z/W", "U_z/W", "W/W", "U/W"}
_PEEPHOLES = {"peep_i/W", "peep_f/W", "peep_o/W"}


def refusal(module: nn.Module, names: set[str]) -> str | None:
    """Why a link cannot be turned into a torch module that looks like it, or None if it can.

    Args:
        module: The torch module.
        names: What the file has under the link's path.
    """
    if isinstance(module, (nn.GRU, nn.GRUCell)) and names >= _GRU_NAMES:
        return (
            "Chainer's GRU resets the state before the recurrent matrix, torch's after it: no "
            "weights make them equal. Write the cell with six nn.Linear (W_r, U_r, W_z, U_z, W, "
            "U); those are loaded by path"
        )
    if isinstance(module, (nn.LSTM, nn.LSTMCell)) and names >= _PEEPHOLES:
        return "torch's LSTM has no peepholes"
    several = isinstance(module, nn.LSTM) and (module.num_layers > 1 or module.bidirectional)
    if several and {"upward/W", "lateral/W"} <= names:
        return "an LSTM of Chainer's has one layer and one direction: build an nn.LSTM for each"
    if isinstance(module, nn.Bilinear) and names >= {"V1", "V2"}:
        return (
            "Chainer's Bilinear has linear terms V1 and V2, which torch's lacks: add two "
            "nn.Linear without bias for their transposes"
        )
    return None
