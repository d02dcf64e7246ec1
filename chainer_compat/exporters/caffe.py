"""The exporter to Caffe, which is not supported."""

from __future__ import annotations

from typing import Any

from chainer_compat._unsupported import missing_name, unsupported

__all__ = ["export"]

export = unsupported(
    "chainer.exporters.caffe.export",
    "Export to ONNX by torch: torch.onnx.export(chainer_compat.interop.LinkAsTorchModel(model), "
    "(x,), path).",
)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name)
