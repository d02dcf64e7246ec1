#!/usr/bin/env python
"""Tell the sentiment of phrases, and of the phrases in them, by a TreeLSTM.

The phrases are made up: words are good, bad or neither, 'not' turns around what
stands behind it, and 'but' lets only that count.
"""
import argparse
import os

import numpy as np

import chainer
import chainer.functions as F
import chainer.links as L
from chainer import training
from chainer.training import extensions

NOT, BUT, FIRST_WORD = range(3)
BAD, NEUTRAL, GOOD = range(3)


def leaf(word):
    value = 0 if word < FIRST_WORD else (word - FIRST_WORD) % 3 - 1
    return {'word': np.array([word], np.int32), 'value': value, 'children': ()}


def node(left, right):
    """The value of a phrase is that of its parts together, but for 'not' and 'but'."""
    first = int(left['word'][0]) if 'word' in left else None
    if first == NOT:
        value = -right['value']
    elif first == BUT:
        value = right['value']
    else:
        value = left['value'] + right['value']
    return {'value': max(-1, min(1, value)), 'children': (left, right)}


def make_tree(random, n_words, depth):
    if depth == 0 or random.rand() < .2:
        return leaf(random.randint(0, n_words))
    return node(make_tree(random, n_words, random.randint(0, depth)),
                make_tree(random, n_words, depth - 1))


def make_dataset(n, n_words, seed):
    random = np.random.RandomState(seed)
    return [node(make_tree(random, n_words, 2), make_tree(random, n_words, 3))
            for _ in range(n)]


class NarySentiment(chainer.Chain):
    """The left and the right part of a phrase count in their own ways."""

    def __init__(self, n_words, n_units):
        super(NarySentiment, self).__init__()
        with self.init_scope():
            self.embed = L.EmbedID(n_words, n_units)
            self.cell = L.NaryTreeLSTM(n_units, n_units, n_ary=2)
            self.label = L.Linear(n_units, 3)

    def leaf(self, x):
        return self.cell(None, None, None, None, x)

    def node(self, left, right):
        return self.cell(left[0], right[0], left[1], right[1], None)

    def traverse(self, tree, results):
        """Computes a tree from its leaves on; keeps each node's output and label."""
        if tree['children']:
            state = self.node(*[self.traverse(child, results) for child in tree['children']])
        else:
            state = self.leaf(F.dropout(self.embed(self.xp.asarray(tree['word'])), .1))
        results.append((state[1], tree['value'] + 1))
        return state

    def forward(self, trees):
        results, roots = [], []
        for tree in trees:
            self.traverse(tree, results)
            roots.append(len(results) - 1)
        outputs, labels = zip(*results)
        labels = self.xp.array(labels, np.int32)
        y = self.label(F.concat(outputs, axis=0))
        loss = F.softmax_cross_entropy(y, labels)
        chainer.report({
            'loss': loss,
            'accuracy': F.accuracy(y, labels),
            'root_accuracy': F.accuracy(y[roots], labels[roots]),
        }, self)
        return loss


class ChildSumSentiment(NarySentiment):
    """The parts of a phrase are added: it knows nothing of their order."""

    def __init__(self, n_words, n_units):
        super(ChildSumSentiment, self).__init__(n_words, n_units)
        del self.cell
        with self.init_scope():
            self.cell = L.ChildSumTreeLSTM(n_units, n_units)

    def leaf(self, x):
        return self.cell(x)


MODELS = {'nary': NarySentiment, 'childsum': ChildSumSentiment}


def main():
    parser = argparse.ArgumentParser(description='Chainer example: sentiment of phrases')
    parser.add_argument('--model', choices=sorted(MODELS), default='nary')
    parser.add_argument('--batchsize', '-b', type=int, default=8)
    parser.add_argument('--iteration', '-i', type=int, default=300)
    parser.add_argument('--interval', type=int, default=25,
                        help='How often to log, in iterations')
    parser.add_argument('--unit', '-u', type=int, default=12)
    parser.add_argument('--words', type=int, default=20,
                        help='Size of the vocabulary')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--device', '-d', type=str, default='-1')
    parser.add_argument('--out', '-o', default='result')
    args = parser.parse_args()

    device = chainer.get_device(int(args.device) if args.device.lstrip('-').isdigit()
                                else args.device)
    device.use()
    np.random.seed(args.seed)

    model = MODELS[args.model](args.words, args.unit)
    model.to_device(device)
    optimizer = chainer.optimizers.AdaGrad(lr=.1)
    optimizer.setup(model)
    optimizer.add_hook(chainer.optimizer_hooks.WeightDecay(1e-4))

    train = make_dataset(300, args.words, args.seed)
    valid = make_dataset(40, args.words, args.seed + 1)
    train_iter = chainer.iterators.SerialIterator(train, args.batchsize)
    valid_iter = chainer.iterators.SerialIterator(
        valid, args.batchsize, repeat=False, shuffle=False)

    def converter(batch, device):
        return batch,

    updater = training.updaters.StandardUpdater(
        train_iter, optimizer, converter=converter, device=device)
    trainer = training.Trainer(updater, (args.iteration, 'iteration'), out=args.out)
    trigger = (args.interval, 'iteration')
    trainer.extend(extensions.Evaluator(
        valid_iter, model, converter=converter, device=device))
    trainer.extend(extensions.LogReport(trigger=trigger))
    trainer.extend(extensions.PrintReport(
        ['iteration', 'main/loss', 'validation/main/loss',
         'main/accuracy', 'main/root_accuracy', 'validation/main/root_accuracy']),
        trigger=trigger)
    trainer.run()

    chainer.serializers.save_npz(os.path.join(args.out, 'model.npz'), model)


if __name__ == '__main__':
    main()
