"""Names in the modules of Chainer's functions that are for Chainer's own use, and refused here."""

from __future__ import annotations

from typing import Any

from chainer_compat._unsupported import unsupported

__all__ = ["REASONS", "find", "members"]

_DERIVATIVES = """
ROIPooling2DGrad
NegativeSamplingFunctionGrad DecorrelatedBatchNormalizationGrad
FixedDecorrelatedBatchNormalizationGrad
AbsoluteGrad ArccosGrad ArcsinGrad Arctan2Grad ArctanGrad AsStridedGrad Assign
AveragePooling2DGrad AveragePoolingNDGrad BatchL2NormSquaredGrad BatchMatMulGrad
BatchNormalizationGrad BilinearFunctionGrad ClipGrad ClippedReLUGrad2 ClippedReLUGrad3
Convolution2DGradW ConvolutionNDGradW CooMatMulGradSP CosGrad Cumprodsum DiagonalGrad
DivFromConstantGrad DivGrad DropoutGrad DropoutGradCuDNN ELUGrad EmbedIDGrad
FixedBatchNormalizationGrad GetItemGrad HardSigmoidGrad Im2ColGrad LSTMGrad LinearGradData
LinearGradWeight LinearInterpolateGrad LocalResponseNormalizationGrad LogSoftmaxGrad
MaxPoolingNDGrad MaximumGrad MinimumGrad PReLUFunctionGrad PowConstVarGrad PowVarConstGrad
PowVarVarGrad ReLUGrad2 ReLUGradCudnn RepeatGrad ResizeImagesGrad SLSTMGrad
SigmoidCrossEntropyGrad SigmoidGrad SinGrad SoftplusGrad SwishGrad TanhGrad Unpooling2DGrad
UnpoolingNDGrad Upsampling2DGrad interpolate_grad_bilinear_cpu interpolate_grad_bilinear_gpu
lstm_grad_grad slstm_grad_grad
"""
_PIECES = """
BACKWORDC CooMatMul DiagEinSum GeneralBatchNormalizationImpl IndexSelectorBase
MaxPoolingNDWithIndexes SelectorBase TensorDot TensorGeometry argone available_cpu
compute_indices_and_weights einsum_symbols fbeta_score index_dtype install_variable_arithmetics
install_variable_get_item interpolate_bilinear_cpu interpolate_bilinear_gpu
"""
_KERNELS = """
AveragePoolingNDKernelBackward AveragePoolingNDKernelForward MaxPoolingNDKernelBackward
MaxPoolingNDKernelForward MaxPoolingNDKernelForwardWithIndexes
MaxPoolingNDKernelForwardWithIndexes1 PoolingNDKernelBackward PoolingNDKernelForward
"""
_CUDNN = """
BaseNStepRNN CudnnRNNWeightConcat NStepBiGRU NStepBiLSTM NStepBiRNNReLU NStepBiRNNTanh NStepGRU
NStepLSTM NStepRNNReLU NStepRNNTanh cudnn_rnn_weight_concat
"""

# Reason -> names.
REASONS = {
    "It is a piece of one of Chainer's derivatives, which are torch's here: apply the function "
    "itself, and differentiate it with `backward` or `chainer.grad`.": _DERIVATIVES.split(),
    "It is a piece of one of Chainer's functions: call the function itself.": _PIECES.split(),
    "It writes one of Chainer's CUDA kernels; here the functions use torch's.": _KERNELS.split(),
    "It is a call of cuDNN that Chainer makes on a GPU; call `n_step_lstm` and its like, which use "
    "cuDNN by torch.": _CUDNN.split(),
}
_REASON_OF = {name: reason for reason, names in REASONS.items() for name in names}


# Members of classes, which are Chainer's own business likewise.
_MEMBERS = {
    "AveragePooling2D": "backward_gpu",
    "AveragePoolingND": "get_cudnn_pool_mode",
    "BatchNormalization": "forward_data inv_std mean",
    "BatchRenormalizationFunction": "backward_cpu backward_gpu",
    "BinaryAccuracy": "backward_cpu backward_gpu",
    "BroadcastTo": "broadcast_to",
    "CReLU": "get_output_shape",
    "ClassificationSummary": "backward_cpu backward_gpu",
    "ConnectionistTemporalClassification": (
        "backward_cpu backward_gpu calc_trans label_probability log_matrix"
    ),
    "DeCov": "backward_cpu backward_gpu",
    "FixedBatchNormalization": "inv_std inv_var",
    "GroupNormalization": "forward_cudnn",
    "Hinge": "backward_cpu backward_gpu",
    "LeakyReLU": "forward_ideep",
    "LinearFunction": "static_add_bias static_linear_no_bias",
    "LocalResponseNormalization": "forward_ideep",
    "MaxPoolingND": "get_cudnn_pool_mode",
    "Pooling2D": "backward_gpu",
    "R2_score": "backward_cpu backward_gpu",
    "ROIAverageAlign2D": "backward_cpu backward_gpu",
    "ROIAveragePooling2D": "backward_cpu backward_gpu",
    "ROIMaxAlign2D": "backward_cpu backward_gpu",
    "ROIMaxPooling2D": "backward_cpu backward_gpu",
    "ReLU": "forward_ideep",
    "SoftmaxCrossEntropy": "y",
    "SpatialTransformerGrid": "backward_cpu backward_gpu",
    "SpatialTransformerSampler": "backward_cpu backward_gpu",
    "TreeLSTM": "backward_cpu backward_gpu",
    "Unpooling2D": "backward_gpu",
    "Upsampling2D": "backward_gpu",
}
_STATE = "It belongs to Chainer's own computation of the function: use inputs and outputs instead."


def members(name: str) -> dict[str, Any]:
    """Returns what stands for the refused members of a class, by their names.

    Args:
        name: The class's name.
    """
    return {
        member: unsupported(f"chainer.functions.{name}.{member}", _STATE)
        for member in _MEMBERS.get(name, "").split()
    }


def find(name: str) -> Any:
    """Returns what stands for a name that is refused; None if it is not one of these.

    Args:
        name: The name, ``"SigmoidGrad"``.
    """
    if name not in _REASON_OF:
        return None
    return unsupported(f"chainer.functions.{name}", _REASON_OF[name])
