"""What a trainer calls after its updates (Chainer: *chainer.training.extensions*)."""

from chainer_compat.training.extensions import snapshot_writers
from chainer_compat.training.extensions import util as util
from chainer_compat.training.extensions._computational_graph import DumpGraph
from chainer_compat.training.extensions._evaluator import Evaluator
from chainer_compat.training.extensions._fail_on_nonnumber import FailOnNonNumber
from chainer_compat.training.extensions._log_report import LogReport
from chainer_compat.training.extensions._lr_scheduler import LRScheduler
from chainer_compat.training.extensions._micro_average import MicroAverage
from chainer_compat.training.extensions._parameter_statistics import ParameterStatistics
from chainer_compat.training.extensions._plot_report import PlotReport
from chainer_compat.training.extensions._print_report import PrintReport
from chainer_compat.training.extensions._profile_report import ProfileReport
from chainer_compat.training.extensions._progress_bar import ProgressBar
from chainer_compat.training.extensions._shifts import (
    ExponentialShift,
    InverseShift,
    LinearShift,
    MultistepShift,
    PolynomialShift,
    StepShift,
    WarmupShift,
)
from chainer_compat.training.extensions._snapshot import snapshot, snapshot_object
from chainer_compat.training.extensions._value_observation import observe_lr, observe_value
from chainer_compat.training.extensions._variable_statistics_plot import VariableStatisticsPlot
from chainer_compat.training.extensions._variable_unchain import unchain_variables

dump_graph = DumpGraph

# What Chainer has in its deep modules only; by the module that has it.
_DEEP_NAMES = {
    "Reservoir": "._variable_statistics_plot",
    "Statistician": "._variable_statistics_plot",
    "is_graphviz_available": "._computational_graph",
    "is_return_code_zero": "._computational_graph",
}

__all__ = [
    "DumpGraph",
    "Evaluator",
    "ExponentialShift",
    "FailOnNonNumber",
    "InverseShift",
    "LRScheduler",
    "LinearShift",
    "LogReport",
    "MicroAverage",
    "MultistepShift",
    "ParameterStatistics",
    "PlotReport",
    "PolynomialShift",
    "PrintReport",
    "ProfileReport",
    "ProgressBar",
    "StepShift",
    "VariableStatisticsPlot",
    "WarmupShift",
    "dump_graph",
    "observe_lr",
    "observe_value",
    "snapshot",
    "snapshot_object",
    "snapshot_writers",
    "unchain_variables",
]
