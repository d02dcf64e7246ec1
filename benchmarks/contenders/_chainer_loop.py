"""Parts that do not depend on who `chainer` is."""

from __future__ import annotations

import tempfile


def ready_made(chainer, clock, batch):
    """An iterator that hands out the same batch for ever, with what a trainer asks of it."""

    class ReadyMade(chainer.dataset.Iterator):
        epoch = 0
        epoch_detail = 0.0
        previous_epoch_detail = -1.0
        is_new_epoch = False

        def __next__(self):
            clock.tick()
            self.previous_epoch_detail = self.epoch_detail
            self.epoch, rest = divmod(clock.taken, clock.per_epoch)
            self.epoch_detail = clock.taken / clock.per_epoch
            self.is_new_epoch = rest == 0
            return batch

        next = __next__

    return ReadyMade()


def train(chainer, clock, batch, optimizer, loss_func=None, extensions=()):
    """Run a Trainer with a LogReport and others; gives the seconds of one iteration."""
    iterator = ready_made(chainer, clock, batch)
    updater = chainer.training.updaters.StandardUpdater(
        iterator,
        optimizer,
        converter=lambda batch, device: batch,  # noqa: ARG005 (called by name)
        loss_func=loss_func,
    )
    with tempfile.TemporaryDirectory() as out:
        trainer = chainer.training.Trainer(updater, (clock.epochs, "epoch"), out)
        trainer.extend(chainer.training.extensions.LogReport())
        for extension in extensions:
            trainer.extend(extension)
        trainer.run()
    return {"iteration": clock.end()}


def chain(chainer, sizes):
    """A multi-layer perceptron in Chainer's API, as a classifier."""

    class MLP(chainer.Chain):
        def __init__(self):
            super().__init__()
            inputs, hidden, classes = sizes
            with self.init_scope():
                self.l1 = chainer.links.Linear(inputs, hidden)
                self.l2 = chainer.links.Linear(hidden, classes)

        def forward(self, x):
            return self.l2(chainer.functions.relu(self.l1(x)))

    return chainer.links.Classifier(MLP())
