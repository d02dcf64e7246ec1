"""Networks for images: their weights, their files, and what they make of images."""

from __future__ import annotations

import importlib
import os


def _make(chainer, name, *arguments, **options):
    """A network; those of Oxford's group with small layers at the end, for the memory's sake."""
    links = chainer.links
    vgg = importlib.import_module(links.__name__ + ".model.vision.vgg")
    vgg.Linear = lambda before, after, **inits: links.Linear(None, min(after, 10), **inits)
    try:
        return getattr(links, name)(*arguments, **options)
    finally:
        vgg.Linear = links.Linear


def _outputs(chainer, np, model, side, layers):
    dtype = next(iter(model.params())).dtype
    x = np.random.RandomState(1).uniform(-100, 100, (1, 3, side, side)).astype(dtype)
    with chainer.using_config("train", False), chainer.no_backprop_mode():
        found = model(x, layers) if layers else model(x)
    return {name: y.array for name, y in sorted(found.items())}


def _shake(np, model):
    """Give statistics and factors values of their own."""
    random = np.random.RandomState(2)
    for _, link in sorted(model.namedlinks()):
        if hasattr(link, "avg_var"):
            link.avg_mean[...] = random.uniform(-0.1, 0.1, link.avg_mean.shape)
            link.avg_var[...] = random.uniform(0.5, 2, link.avg_var.shape)
            link.gamma.array[...] = random.uniform(0.5, 1, link.gamma.shape)
            link.beta.array[...] = random.uniform(-0.1, 0.1, link.beta.shape)


def saved(chainer, np, name, path, side, layers, options):
    """Make a network, use it and save it."""
    model = _make(chainer, name, None, **options)
    sums = {path: float(abs(p.array).sum()) for path, p in sorted(model.namedparams())
            if p.array is not None}  # fmt: skip
    _shake(np, model)
    outputs = _outputs(chainer, np, model, side, layers)
    chainer.serializers.save_npz(path, model, compression=False)
    with np.load(path) as file:
        shapes = {key: file[key].shape for key in sorted(file)}
    return {"sums": sums, "y": outputs, "shapes": shapes, "layers": model.available_layers}


def loaded(chainer, np, name, path, side, layers, options):
    """Load a network from a file and use it."""
    model = _make(chainer, name, path, **options)
    return _outputs(chainer, np, model, side, layers)


def computed(chainer, np, name, side, layers, options, dtype):
    """Make a network of a precision and use it."""
    with chainer.using_config("dtype", np.dtype(dtype)):
        model = _make(chainer, name, None, **options)
        _shake(np, model)
        return _outputs(chainer, np, model, side, layers)


def described(chainer, np, name):
    """The layers of a network, and the shapes of its parameters."""
    model = _make(chainer, name, None)
    shapes = {path: p.shape for path, p in sorted(model.namedparams())}
    functions = {key: len(value) for key, value in model.functions.items()}
    return [shapes, functions, model.available_layers]


def prepared(chainer, np, module, kind, size, dtype):
    """Make an input of an image."""
    from PIL import Image

    module = importlib.import_module(f"{chainer.links.__name__}.model.vision.{module}")
    shapes = {
        "grey": (9, 12), "image": (9, 12, 3), "grey planes": (1, 9, 12), "planes": (3, 9, 12),
        "pillow": (9, 12, 3), "pillow grey": (9, 12), "strange": (9, 12, 5),
    }  # fmt: skip
    image = np.random.RandomState(0).randint(0, 256, shapes[kind]).astype(np.uint8)
    if kind.startswith("pillow"):
        image = Image.fromarray(image)
    with chainer.using_config("dtype", chainer.mixed16 if dtype == "mixed16" else dtype):
        return np.array(module.prepare(image, size) if size else module.prepare(image, size=None))


def predicted(chainer, np, path, oversample):
    """Features and probabilities of images, by a network from a file."""
    model = _make(chainer, "GoogLeNet", path)
    image = np.random.RandomState(0).randint(0, 256, (50, 60, 3)).astype(np.uint8)
    with chainer.using_config("train", False), chainer.no_backprop_mode():
        features = model.extract([image, image[::-1]], ["pool2"], size=(64, 48))
        default = model.extract([image])
    return [
        {name: y.array / 100 for name, y in features.items()},  # so that they are about 1
        {name: y.shape for name, y in default.items()},
        model.predict([image], oversample).array,
    ]


def failed(chainer, np, name, arguments, options):
    """Make a network of what is not there."""
    folder = os.environ.pop("CHAINER_DATASET_ROOT", None)
    before = chainer.dataset.get_dataset_root()
    chainer.dataset.set_dataset_root(arguments.pop(0))
    try:
        _make(chainer, name, *arguments, **options)
    finally:
        chainer.dataset.set_dataset_root(before)
        if folder is not None:
            os.environ["CHAINER_DATASET_ROOT"] = folder


def block(chainer, np, name, arguments, options):
    """A part of a residual network."""
    import warnings

    resnet = importlib.import_module(chainer.links.__name__ + ".model.vision.resnet")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        link = getattr(resnet, name)(*arguments, **options)
    _shake(np, link)
    x = np.random.RandomState(1).uniform(-1, 1, (2, 4, 7, 6)).astype(np.float32)
    variable = chainer.Variable(x)
    y = link(variable)
    (gx,) = chainer.grad([chainer.functions.sum(y * y)], [variable])
    return [y.array, gx.array, sorted(path for path, _ in link.namedparams()), len(caught)]
