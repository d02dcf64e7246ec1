"""Links: layers and models with parameters (Chainer: *Link and Chains*)."""

from __future__ import annotations

from typing import Any

from chainer_compat.links._batch_renormalization import BatchRenormalization
from chainer_compat.links._bilinear import Bilinear
from chainer_compat.links._classifier import Classifier
from chainer_compat.links._convolution import (
    Convolution1D,
    Convolution2D,
    Convolution3D,
    ConvolutionND,
    Deconvolution1D,
    Deconvolution2D,
    Deconvolution3D,
    DeconvolutionND,
    DepthwiseConvolution2D,
    DilatedConvolution2D,
)
from chainer_compat.links._crf1d import CRF1d
from chainer_compat.links._decorrelation import DecorrelatedBatchNormalization

# For chainer.links.normalization.decorrelated_batch_normalization.
from chainer_compat.links._decorrelation import fix_avg_mean as fix_avg_mean
from chainer_compat.links._decorrelation import fix_avg_projection as fix_avg_projection
from chainer_compat.links._deformable import DeformableConvolution2D

# For chainer.links.connection.deformable_convolution_2d.
from chainer_compat.links._deformable import (
    DeformableConvolution2DSampler as DeformableConvolution2DSampler,
)
from chainer_compat.links._dropconnect import (
    SimplifiedDropconnect,
)
from chainer_compat.links._elementwise import Bias, Parameter, PReLU, Scale, Swish
from chainer_compat.links._embed_id import EmbedID
from chainer_compat.links._fully_connected import Highway, Maxout
from chainer_compat.links._gru import GRU, StatefulGRU, StatelessGRU
from chainer_compat.links._gru import GRUBase as GRUBase  # for chainer.links.rnn.gru
from chainer_compat.links._hierarchical_softmax import BinaryHierarchicalSoftmax
from chainer_compat.links._hierarchical_softmax import (
    # For chainer.links.loss.hierarchical_softmax.
    BinaryHierarchicalSoftmaxFunction as BinaryHierarchicalSoftmaxFunction,
)
from chainer_compat.links._hierarchical_softmax import (
    TreeParser as TreeParser,
)
from chainer_compat.links._image_blocks import Inception, InceptionBN, MLPConvolution2D
from chainer_compat.links._linear import Linear
from chainer_compat.links._local_convolution import LocalConvolution2D
from chainer_compat.links._lstm import LSTM, StatelessLSTM
from chainer_compat.links._lstm import LSTMBase as LSTMBase  # for chainer.links.rnn.lstm
from chainer_compat.links._lstm_variants import (
    StatefulPeepholeLSTM,
    StatefulZoneoutLSTM,
)
from chainer_compat.links._mgu import MGUBase as MGUBase  # for chainer.links.rnn.mgu
from chainer_compat.links._mgu import (
    StatefulMGU,
    StatelessMGU,
)
from chainer_compat.links._n_step_rnn import (
    NStepBiGRU,
    NStepBiLSTM,
    NStepBiRNNReLU,
    NStepBiRNNTanh,
    NStepGRU,
    NStepLSTM,
    NStepRNNReLU,
    NStepRNNTanh,
)
from chainer_compat.links._n_step_rnn import NStepGRUBase as NStepGRUBase  # for chainer.links.rnn
from chainer_compat.links._n_step_rnn import NStepLSTMBase as NStepLSTMBase  # for chainer.links.rnn
from chainer_compat.links._n_step_rnn import NStepRNNBase as NStepRNNBase  # for chainer.links.rnn
from chainer_compat.links._n_step_rnn import (
    argsort_list_descent as argsort_list_descent,  # for chainer.links.rnn
)
from chainer_compat.links._n_step_rnn import (
    permutate_list as permutate_list,  # for chainer.links.rnn
)
from chainer_compat.links._normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
)
from chainer_compat.links._sampled_losses import BlackOut, NegativeSampling
from chainer_compat.links._theano import TheanoFunction
from chainer_compat.links._torch_module import TorchModule
from chainer_compat.links._tree_lstm import (
    ChildSumTreeLSTM,
    NaryTreeLSTM,
)
from chainer_compat.links.model.vision.googlenet import GoogLeNet
from chainer_compat.links.model.vision.resnet import (
    ResNet50Layers,
    ResNet101Layers,
    ResNet152Layers,
)
from chainer_compat.links.model.vision.vgg import VGG16Layers, VGG19Layers

__all__ = [
    "GRU",
    "LSTM",
    "BatchNormalization",
    "BatchRenormalization",
    "Bias",
    "Bilinear",
    "BinaryHierarchicalSoftmax",
    "BlackOut",
    "CRF1d",
    "ChildSumTreeLSTM",
    "Classifier",
    "Convolution1D",
    "Convolution2D",
    "Convolution3D",
    "ConvolutionND",
    "Deconvolution1D",
    "Deconvolution2D",
    "Deconvolution3D",
    "DeconvolutionND",
    "DecorrelatedBatchNormalization",
    "DeformableConvolution2D",
    "DepthwiseConvolution2D",
    "DilatedConvolution2D",
    "EmbedID",
    "GoogLeNet",
    "GroupNormalization",
    "Highway",
    "Inception",
    "InceptionBN",
    "LayerNormalization",
    "Linear",
    "LocalConvolution2D",
    "MLPConvolution2D",
    "Maxout",
    "NStepBiGRU",
    "NStepBiLSTM",
    "NStepBiRNNReLU",
    "NStepBiRNNTanh",
    "NStepGRU",
    "NStepLSTM",
    "NStepRNNReLU",
    "NStepRNNTanh",
    "NaryTreeLSTM",
    "NegativeSampling",
    "PReLU",
    "Parameter",
    "ResNet50Layers",
    "ResNet101Layers",
    "ResNet152Layers",
    "Scale",
    "SimplifiedDropconnect",
    "StatefulGRU",
    "StatefulMGU",
    "StatefulPeepholeLSTM",
    "StatefulZoneoutLSTM",
    "StatelessGRU",
    "StatelessLSTM",
    "StatelessMGU",
    "Swish",
    "TheanoFunction",
    "TorchModule",
    "VGG16Layers",
    "VGG19Layers",
]


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)
