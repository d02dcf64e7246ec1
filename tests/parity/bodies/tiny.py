"""A tiny model whose updater's snapshots have the keys of each optimizer."""

from __future__ import annotations

OPTIMIZERS = (
    "AMSBound",
    "AMSGrad",
    "AdaBound",
    "AdaDelta",
    "AdaGrad",
    "Adam",
    "AdamW",
    "CorrectedMomentumSGD",
    "MSVAG",
    "MomentumSGD",
    "NesterovAG",
    "RMSprop",
    "RMSpropGraves",
    "SGD",
    "SMORMS3",
)


def updater(chainer, np, name):
    """An updater with the named optimizer at its defaults, over twelve examples, four at a time."""
    functions, links = chainer.functions, chainer.links

    class Tiny(chainer.Chain):
        """Two links that learn and one that takes no part."""

        def __init__(self):
            super().__init__()
            with self.init_scope():
                self.l1 = links.Linear(None, 3)
                self.l2 = links.Linear(3, 2, nobias=True)
                self.idle = links.Linear(2, 2)

        def forward(self, x, t):
            return functions.softmax_cross_entropy(self.l2(functions.relu(self.l1(x))), t)

    model = Tiny()
    x = np.random.uniform(-1, 1, (12, 4)).astype(np.float32)
    t = (x[:, 0] > 0).astype(np.int32)
    optimizer = getattr(chainer.optimizers, name)().setup(model)
    dataset = chainer.datasets.TupleDataset(x, t)
    iterator = chainer.iterators.SerialIterator(dataset, 4, shuffle=False)
    return chainer.training.updaters.StandardUpdater(iterator, optimizer)


def resume(chainer, np, name, path):
    """Load a snapshot of three iterations, run three more; gives what a snapshot then holds."""
    made = updater(chainer, np, name)
    chainer.serializers.load_npz(path, made)
    while made.iteration < 6:
        made.update()
    saver = chainer.serializers.DictionarySerializer()
    saver.save(made)
    return {
        key: None if value is None or value.dtype.hasobject else value
        for key, value in sorted(saver.target.items())
    }
