#!/usr/bin/env python
"""Language model of made-up text, trained by truncated backpropagation through time.

The text comes from a small grammar, so that no corpus has to be fetched.
"""
from __future__ import division
from __future__ import print_function

import argparse

import numpy as np

import chainer
import chainer.functions as F
import chainer.links as L
from chainer import training
from chainer.training import extensions

GRAMMAR = {
    'S': ['N V N .', 'N V .', 'N , a A one , V N .'],
    'N': ['the C', 'the A C', 'a C of N'],
    'C': ['cat', 'boat', 'tree', 'song', 'river'],
    'A': ['old', 'green', 'quiet', 'A A'],
    'V': ['sees', 'hears', 'V and V'],
}


def expand(symbol, random, depth=0):
    if symbol not in GRAMMAR:
        return [symbol]
    choices = GRAMMAR[symbol]
    # Deep down only the first, which ends.
    rule = choices[0 if depth > 6 else random.randint(len(choices))]
    return [word for part in rule.split() for word in expand(part, random, depth + 1)]


def make_text(n_words, random, vocabulary):
    ids = []
    while len(ids) < n_words:
        ids += [vocabulary.setdefault(w, len(vocabulary)) for w in expand('S', random)]
    return np.array(ids[:n_words], dtype=np.int32)


class LanguageModel(chainer.Chain):

    def __init__(self, n_vocab, n_units, dropout):
        super(LanguageModel, self).__init__()
        self.dropout = dropout
        with self.init_scope():
            self.embed = L.EmbedID(n_vocab, n_units)
            self.l1 = L.LSTM(n_units, n_units)
            self.l2 = L.LSTM(n_units, n_units)
            self.out = L.Linear(n_units, n_vocab)
        for param in self.params():
            param.data[...] = np.random.uniform(-.1, .1, param.shape)

    def reset_state(self):
        self.l1.reset_state()
        self.l2.reset_state()

    def __call__(self, words):
        h = self.embed(words)
        for layer in (self.l1, self.l2):
            h = layer(F.dropout(h, self.dropout))
        return self.out(F.dropout(h, self.dropout))


class Columns(chainer.dataset.Iterator):
    """Reads a text at several places at the same time, one word after the other."""

    def __init__(self, text, n_columns, repeat=True):
        self.text = text
        self.starts = np.arange(n_columns) * len(text) // n_columns
        self.repeat = repeat
        self.iteration = 0
        self.epoch = 0
        self.is_new_epoch = False
        self._previous_epoch_detail = -1.

    def __next__(self):
        read = self.iteration * len(self.starts)
        if not self.repeat and read >= len(self.text):
            raise StopIteration
        self._previous_epoch_detail = self.epoch_detail
        now = (self.starts + self.iteration) % len(self.text)
        self.iteration += 1
        epoch = int(self.epoch_detail)
        self.is_new_epoch = epoch > self.epoch
        self.epoch = epoch
        return list(zip(self.text[now], self.text[(now + 1) % len(self.text)]))

    @property
    def epoch_detail(self):
        return self.iteration * len(self.starts) / len(self.text)

    @property
    def previous_epoch_detail(self):
        return None if self._previous_epoch_detail < 0 else self._previous_epoch_detail

    def serialize(self, serializer):
        self.iteration = serializer('iteration', self.iteration)
        self.epoch = serializer('epoch', self.epoch)
        self._previous_epoch_detail = serializer(
            'previous_epoch_detail', self._previous_epoch_detail)


class TruncatedUpdater(training.updaters.StandardUpdater):

    def __init__(self, iterator, optimizer, length, device):
        super(TruncatedUpdater, self).__init__(iterator, optimizer, device=device)
        self.length = length

    def update_core(self):
        iterator, optimizer = self.get_iterator('main'), self.get_optimizer('main')
        loss = 0
        for _ in range(self.length):
            loss += optimizer.target(*self.converter(next(iterator), self.device))
        optimizer.target.cleargrads()
        loss.backward()
        # What came before is constant from here on.
        loss.unchain_backward()
        optimizer.update()


def perplexity(result):
    for key in ('main/loss', 'validation/main/loss'):
        if key in result:
            result[key.replace('loss', 'perplexity')] = np.exp(result[key])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--columns', type=int, default=10)
    parser.add_argument('--length', type=int, default=8)
    parser.add_argument('--words', type=int, default=3000)
    parser.add_argument('--epoch', type=int, default=10)
    parser.add_argument('--units', type=int, default=40)
    parser.add_argument('--dropout', type=float, default=.2)
    parser.add_argument('--gradclip', type=float, default=5)
    parser.add_argument('--device', type=int, default=-1)
    parser.add_argument('--interval', type=int, default=10)
    parser.add_argument('--resume', default='')
    parser.add_argument('--out', default='result')
    parser.add_argument('--seed', type=int, default=1)
    args = parser.parse_args()

    np.random.seed(args.seed)
    vocabulary = {}
    train = make_text(args.words, np.random, vocabulary)
    valid = make_text(args.words // 10, np.random, vocabulary)

    model = L.Classifier(LanguageModel(len(vocabulary), args.units, args.dropout))
    model.compute_accuracy = False
    if args.device >= 0:
        chainer.backends.cuda.get_device_from_id(args.device).use()
        model.to_gpu()
    optimizer = chainer.optimizers.MomentumSGD(lr=.1)
    optimizer.setup(model)
    optimizer.add_hook(chainer.optimizer_hooks.GradientClipping(args.gradclip))

    updater = TruncatedUpdater(
        Columns(train, args.columns), optimizer, args.length, args.device)
    trainer = training.Trainer(updater, (args.epoch, 'epoch'), out=args.out)

    # The evaluation has a state of its own.
    copied = model.copy()
    rnn = copied.predictor
    trainer.extend(extensions.Evaluator(
        Columns(valid, 1, repeat=False), copied, device=args.device,
        eval_hook=lambda _: rnn.reset_state()))
    every = args.interval, 'iteration'
    trainer.extend(extensions.LogReport(postprocess=perplexity, trigger=every))
    trainer.extend(extensions.PrintReport(
        ['epoch', 'iteration', 'main/perplexity', 'validation/main/perplexity']),
        trigger=every)
    trainer.extend(extensions.ExponentialShift('lr', .8), trigger=(1, 'epoch'))
    trainer.extend(extensions.snapshot(filename='snapshot'), trigger=(1, 'epoch'))
    if args.resume:
        chainer.serializers.load_npz(args.resume, trainer)
    trainer.run()


if __name__ == '__main__':
    main()
