"""What a trainer calls after its updates (Chainer: *chainer.training.extensions*)."""

from chainer_compat.training.extensions import snapshot_writers
from chainer_compat.training.extensions._computational_graph import DumpGraph
from chainer_compat.training.extensions._evaluator import Evaluator
from chainer_compat.training.extensions._log_report import LogReport
from chainer_compat.training.extensions._plot_report import PlotReport
from chainer_compat.training.extensions._print_report import PrintReport
from chainer_compat.training.extensions._progress_bar import ProgressBar
from chainer_compat.training.extensions._snapshot import snapshot, snapshot_object
from chainer_compat.training.extensions._value_observation import observe_lr, observe_value

dump_graph = DumpGraph

__all__ = [
    "DumpGraph",
    "Evaluator",
    "LogReport",
    "PlotReport",
    "PrintReport",
    "ProgressBar",
    "dump_graph",
    "observe_lr",
    "observe_value",
    "snapshot",
    "snapshot_object",
    "snapshot_writers",
]
