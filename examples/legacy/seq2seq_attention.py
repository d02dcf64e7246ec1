#!/usr/bin/env python
"""Turn made-up sentences of many lengths into others, with attention."""
import argparse

import numpy as np

import chainer
import chainer.functions as F
import chainer.links as L
from chainer import training
from chainer.training import extensions

EOS = 0


def look_up(embed, sentences):
    """Looks up all words of all sentences at once."""
    ends = np.cumsum([len(s) for s in sentences])
    return F.split_axis(embed(F.concat(sentences, axis=0)), ends[:-1], axis=0)


class Attention(chainer.Chain):

    def __init__(self, n_units):
        super(Attention, self).__init__()
        with self.init_scope():
            self.query = L.Linear(n_units, n_units)
            self.out = L.Linear(2 * n_units, n_units)

    def forward(self, oxs, oys):
        """For each word of the output a mean of those of the input."""
        xp = self.xp
        keys = F.pad_sequence(oxs)
        states = F.pad_sequence(oys)
        batch, longest, n_units = states.shape
        queries = F.reshape(
            self.query(F.reshape(states, (-1, n_units))), states.shape)
        scores = F.matmul(queries, keys, transb=True)
        lengths = xp.asarray([len(x) for x in oxs])
        is_there = xp.arange(keys.shape[1])[None, :] < lengths[:, None]
        is_there = xp.broadcast_to(is_there[:, None, :], scores.shape)
        scores = F.where(is_there, scores,
                         xp.full(scores.shape, -1e9, scores.dtype))
        weights = F.softmax(scores, axis=2)
        context = F.matmul(weights, keys)
        h = F.concat([states, context], axis=2)
        h = F.tanh(self.out(F.reshape(h, (-1, 2 * n_units))))
        h = F.reshape(h, (batch, longest, n_units))
        return [h[i, :len(y)] for i, y in enumerate(oys)]


class Seq2seq(chainer.Chain):

    def __init__(self, n_layers, n_vocab, n_units, dropout):
        super(Seq2seq, self).__init__()
        with self.init_scope():
            self.embed_x = L.EmbedID(n_vocab, n_units)
            self.embed_y = L.EmbedID(n_vocab, n_units)
            self.encoder = L.NStepLSTM(n_layers, n_units, n_units, dropout)
            self.decoder = L.NStepLSTM(n_layers, n_units, n_units, dropout)
            self.attention = Attention(n_units)
            self.W = L.Linear(n_units, n_vocab)

    def forward(self, xs, ys):
        eos = self.xp.array([EOS], np.int32)
        ys_in = [F.concat([eos, y], axis=0) for y in ys]
        ys_out = [F.concat([y, eos], axis=0) for y in ys]

        hx, cx, oxs = self.encoder(None, None, look_up(self.embed_x, xs))
        _, _, oys = self.decoder(hx, cx, look_up(self.embed_y, ys_in))

        scores = self.W(F.concat(self.attention(oxs, oys), axis=0))
        labels = F.concat(ys_out, axis=0)
        loss = F.sum(F.softmax_cross_entropy(
            scores, labels, reduce='no')) / len(ys)
        n_words = labels.shape[0]
        perp = self.xp.exp(loss.array * len(ys) / n_words)
        accuracy = F.accuracy(scores, labels)
        chainer.report({'loss': loss, 'perp': perp, 'accuracy': accuracy}, self)
        return loss

    def translate(self, xs, max_length=20):
        with chainer.no_backprop_mode(), chainer.using_config('train', False):
            h, c, oxs = self.encoder(None, None,
                                     look_up(self.embed_x, xs))
            ys = self.xp.full(len(xs), EOS, np.int32)
            results = []
            for _ in range(max_length):
                eys = F.split_axis(self.embed_y(ys), len(xs), 0)
                h, c, oys = self.decoder(h, c, list(eys))
                scores = self.W(F.concat(self.attention(oxs, oys), axis=0))
                ys = self.xp.argmax(scores.array, axis=1).astype(np.int32)
                results.append(ys)
        outs = []
        for row in chainer.get_device('@numpy').send(self.xp.stack(results)).T:
            ends = np.flatnonzero(row == EOS)
            outs.append(row[:ends[0]] if len(ends) else row)
        return outs


def convert(batch, device):
    """Sentences differ in length: a list of arrays for each side."""
    return {side: [chainer.dataset.to_device(device, words) for words in sentences]
            for side, sentences in zip(('xs', 'ys'), zip(*batch))}


def make_sentences(n, n_vocab, rng):
    """Pairs of a sentence, and it backwards with every word the next one."""
    pairs = []
    for _ in range(n):
        x = rng.randint(1, n_vocab, rng.randint(2, 8)).astype(np.int32)
        pairs.append((x, x[::-1] % (n_vocab - 1) + 1))
    return pairs


def main():
    parser = argparse.ArgumentParser(
        description='Chainer example: seq2seq with attention')
    parser.add_argument('--device', '-d', type=int, default=-1,
                        help='GPU (negative for the CPU)')
    parser.add_argument('--unit', '-u', type=int, default=24)
    parser.add_argument('--layer', '-l', type=int, default=2)
    parser.add_argument('--dropout', type=float, default=0.1)
    parser.add_argument('--batchsize', '-b', type=int, default=16)
    parser.add_argument('--iteration', '-i', type=int, default=100)
    parser.add_argument('--vocab', type=int, default=12)
    parser.add_argument('--out', '-o', default='result')
    parser.add_argument('--interval', type=int, default=25,
                        help='Number of iterations between entries of the log')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()

    np.random.seed(args.seed)
    rng = np.random.RandomState(args.seed)
    train = make_sentences(1000, args.vocab, rng)
    test = make_sentences(50, args.vocab, rng)

    device = chainer.get_device(args.device)
    device.use()
    model = Seq2seq(args.layer, args.vocab, args.unit, args.dropout)
    model.to_device(device)

    optimizer = chainer.optimizers.Adam()
    optimizer.setup(model)
    optimizer.add_hook(chainer.optimizer_hooks.GradientClipping(5))

    train_iter = chainer.iterators.SerialIterator(train, args.batchsize)
    test_iter = chainer.iterators.SerialIterator(
        test, args.batchsize, repeat=False, shuffle=False)
    updater = training.updaters.StandardUpdater(
        train_iter, optimizer, converter=convert, device=device)
    trainer = training.Trainer(updater, (args.iteration, 'iteration'),
                               out=args.out)
    trainer.extend(extensions.Evaluator(
        test_iter, model, converter=convert, device=device),
        trigger=(25, 'iteration'))
    trainer.extend(extensions.LogReport(
        trigger=(args.interval, 'iteration')))
    trainer.extend(extensions.PrintReport(
        ['iteration', 'main/loss', 'main/perp', 'main/accuracy',
         'validation/main/loss', 'validation/main/accuracy']))
    trainer.run()

    sources = [device.send(x) for x, _ in test[:3]]
    for (source, target), out in zip(test, model.translate(sources)):
        print('{} -> {} ({})'.format(source, out, target))


if __name__ == '__main__':
    main()
