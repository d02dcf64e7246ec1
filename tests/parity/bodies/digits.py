"""What the legacy example draws from the random stream, apart from training."""

from __future__ import annotations


def weights_and_batches(chainer, np, size, batch, epochs):
    """The first weights of a network and the order of examples, drawn in the example's order."""
    links = chainer.links

    class Network(chainer.Chain):
        def __init__(self):
            super().__init__()
            with self.init_scope():
                self.l1 = links.Linear(None, 16)
                self.l2 = links.Linear(None, 16)
                self.l3 = links.Linear(None, 10)

        def forward(self, x):
            return self.l3(self.l2(self.l1(x)))

    model = Network()
    iterator = chainer.iterators.SerialIterator(list(range(size)), batch)
    batches = []
    while iterator.epoch < epochs:
        batches.append(list(next(iterator)))
        model(np.zeros((1, 64), np.float32))  # the first call draws the weights
    weights = {name: param.array for name, param in sorted(model.namedparams())}
    return {"weights": weights, "batches": batches}
