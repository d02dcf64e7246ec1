"""Models of Caffe: what is read from their files, and what they compute."""

from __future__ import annotations


def computed(chainer, np, data, inputs, outputs, disable=(), train=False):
    """Read a model, compute values, and save its links."""
    import importlib
    import os
    import pathlib
    import tempfile
    import warnings

    # Chainer's description of the format is older than the fast way of reading it.
    os.environ["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = "python"
    caffe = importlib.import_module(chainer.__name__ + ".links.caffe")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "net.caffemodel")
        path.write_bytes(data)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            net = caffe.CaffeFunction(str(path))
    variables = {name: chainer.Variable(array) for name, array in inputs.items()}
    with chainer.using_config("train", train):
        ys = net(variables, outputs, disable=disable)
    floats = [v for v in variables.values() if v.array.dtype.kind == "f"]
    grads = chainer.grad([chainer.functions.sum(ys[0] * ys[0])], floats)
    saved = {}
    chainer.serializers.DictionarySerializer(saved).save(net)
    return {
        "y": [y.array for y in ys],
        "grads": [None if g is None else g.array for g in grads],
        "saved": {k: np.array(v) for k, v in sorted(saved.items()) if v is not None},
        "layers": net.layers,
        "forwards": sorted(net.forwards),
        "variables": sorted(net.variables),
        "warnings": len(caught),
    }
