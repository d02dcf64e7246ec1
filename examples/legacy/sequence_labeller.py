#!/usr/bin/env python
"""Label the words of sentences of any length, by a bidirectional LSTM and a CRF.

The sentences are made up: a word names a class, but some words have a class only
by what stands before or behind them, and a few span several words.
"""
import argparse
import os

import numpy as np

import chainer
import chainer.functions as F
import chainer.links as L
from chainer import training
from chainer.dataset import convert
from chainer.training import extensions

OUTSIDE, BEGIN, INSIDE, OTHER = range(4)


def make_sentence(random, n_words):
    """Words below 5 open a span, those above 20 may be inside one, 5 to 9 need a look ahead."""
    length = random.randint(3, 16)
    words = random.randint(0, n_words, length)
    labels = np.full(length, OUTSIDE)
    for i, word in enumerate(words):
        if word < 5:
            labels[i] = BEGIN
        elif i > 0 and word > 20 and labels[i - 1] in (BEGIN, INSIDE):
            labels[i] = INSIDE
        elif 5 <= word < 10 and i + 1 < length and words[i + 1] % 2:
            labels[i] = OTHER
    return words.astype(np.int32), labels.astype(np.int32)


def make_dataset(n, n_words, seed):
    random = np.random.RandomState(seed)
    return [make_sentence(random, n_words) for _ in range(n)]


class Tagger(chainer.Chain):

    def __init__(self, n_words, n_labels, n_units, n_layers, dropout):
        super(Tagger, self).__init__()
        with self.init_scope():
            self.embed = L.EmbedID(n_words, n_units)
            self.encoder = L.NStepBiLSTM(n_layers, n_units, n_units, dropout)
            self.output = L.Linear(2 * n_units, n_labels)
            self.crf = L.CRF1d(n_labels)
        self.dropout = dropout

    def scores(self, sentences):
        borders = np.cumsum([len(s) for s in sentences[:-1]])
        words = self.embed(F.concat(sentences, axis=0))
        words = F.split_axis(F.dropout(words, self.dropout), borders, axis=0)
        _, _, states = self.encoder(None, None, words)
        scores = self.output(F.dropout(F.concat(states, axis=0), self.dropout))
        return F.split_axis(scores, borders, axis=0)

    def forward(self, sentences, labels):
        scores = self.scores(sentences)
        loss = self.crf(scores, labels, transpose=True)
        _, paths = self.crf.argmax(scores, transpose=True)
        right = sum(int((p == t).sum()) for p, t in zip(paths, labels))
        accuracy = right / sum(len(t) for t in labels)
        chainer.report({'loss': loss, 'accuracy': accuracy}, self)
        return loss


def converter(batch, device):
    """Sentences stay apart, for they are of several lengths."""
    sentences, labels = zip(*batch)
    return {'sentences': [convert.to_device(device, s) for s in sentences],
            'labels': [convert.to_device(device, t) for t in labels]}


def main():
    parser = argparse.ArgumentParser(description='Chainer example: labels of sequences')
    parser.add_argument('--batchsize', '-b', type=int, default=32)
    parser.add_argument('--iteration', '-i', type=int, default=500)
    parser.add_argument('--interval', type=int, default=50,
                        help='How often to log, in iterations')
    parser.add_argument('--unit', '-u', type=int, default=16)
    parser.add_argument('--layer', '-l', type=int, default=2)
    parser.add_argument('--dropout', type=float, default=.2)
    parser.add_argument('--words', type=int, default=30,
                        help='Size of the vocabulary')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--device', '-d', type=str, default='-1')
    parser.add_argument('--out', '-o', default='result')
    args = parser.parse_args()

    device = chainer.get_device(int(args.device) if args.device.lstrip('-').isdigit()
                                else args.device)
    device.use()
    np.random.seed(args.seed)

    model = Tagger(args.words, 4, args.unit, args.layer, args.dropout)
    model.to_device(device)
    optimizer = chainer.optimizers.Adam(alpha=.01)
    optimizer.setup(model)
    optimizer.add_hook(chainer.optimizer_hooks.GradientClipping(5))

    train = make_dataset(1000, args.words, args.seed)
    valid = make_dataset(100, args.words, args.seed + 1)
    train_iter = chainer.iterators.SerialIterator(train, args.batchsize)
    valid_iter = chainer.iterators.SerialIterator(
        valid, args.batchsize, repeat=False, shuffle=False)

    updater = training.updaters.StandardUpdater(
        train_iter, optimizer, converter=converter, device=device)
    trainer = training.Trainer(updater, (args.iteration, 'iteration'), out=args.out)
    trigger = (args.interval, 'iteration')
    trainer.extend(extensions.Evaluator(
        valid_iter, model, converter=converter, device=device))
    trainer.extend(extensions.LogReport(trigger=trigger))
    trainer.extend(extensions.PrintReport(
        ['iteration', 'main/loss', 'validation/main/loss',
         'main/accuracy', 'validation/main/accuracy']), trigger=trigger)
    trainer.run()

    chainer.serializers.save_npz(os.path.join(args.out, 'model.npz'), model)


if __name__ == '__main__':
    main()
