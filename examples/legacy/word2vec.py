#!/usr/bin/env python
"""Learn vectors of words from a made-up text."""
import argparse
import collections

import numpy as np

import chainer
import chainer.functions as F
import chainer.initializers as I
import chainer.links as L
from chainer import reporter
from chainer import training
from chainer.training import extensions


class WordVectors(chainer.Chain):

    """Words' vectors, and a loss that tells how well they foretell words."""

    def __init__(self, n_vocab, n_units, loss):
        super(WordVectors, self).__init__()
        with self.init_scope():
            self.embed = L.EmbedID(n_vocab, n_units,
                                   initialW=I.Uniform(1. / n_units))
            self.loss = loss

    def report_loss(self, x, t):
        loss = self.loss(x, t)
        reporter.report({'loss': loss}, self)
        return loss


class BagOfWords(WordVectors):

    """Guesses the word in the middle from the mean of those around it."""

    def forward(self, middle, around):
        return self.report_loss(F.mean(self.embed(around), axis=1), middle)


class SkipGram(WordVectors):

    """Guesses each of the words around from the one in the middle."""

    def forward(self, middle, around):
        x = F.repeat(self.embed(middle), around.shape[1], axis=0)
        return self.report_loss(x, F.flatten(around))


class FullSoftmax(chainer.Chain):

    """A softmax over all words, to compare with."""

    def __init__(self, n_units, n_vocab):
        super(FullSoftmax, self).__init__()
        with self.init_scope():
            self.W = L.Linear(n_units, n_vocab, initialW=0)

    def forward(self, x, t):
        return F.softmax_cross_entropy(self.W(x), t)


class Windows(chainer.dataset.Iterator):

    """Gives batches of a word of a text and those around it.

    How many are around is drawn anew for each batch: near words matter more.
    """

    def __init__(self, text, window, batch_size, repeat=True):
        self.text = text
        self.window = window
        self.batch_size = batch_size
        self.repeat = repeat
        self.epoch = 0
        self.is_new_epoch = False
        self.done = 0
        self.places = np.arange(window, len(text) - window, dtype=np.int32)
        np.random.shuffle(self.places)

    def __next__(self):
        if self.epoch and not self.repeat:
            raise StopIteration
        middle = self.places[self.done:self.done + self.batch_size].copy()
        self.done += len(middle)
        self.is_new_epoch = self.done == len(self.places)
        if self.is_new_epoch:
            self.epoch += 1
            self.done = 0
            np.random.shuffle(self.places)
        reach = np.random.randint(1, self.window + 1)
        steps = [step for step in range(-reach, reach + 1) if step]
        around = np.stack([self.text[middle + step] for step in steps], axis=1)
        return self.text[middle], around

    next = __next__

    @property
    def epoch_detail(self):
        return self.epoch + float(self.done) / len(self.places)

    def serialize(self, serializer):
        self.epoch = serializer('epoch', self.epoch)
        self.is_new_epoch = serializer('is_new_epoch', self.is_new_epoch)
        self.done = serializer('done', self.done)
        self.places = serializer('places', self.places)


@chainer.dataset.converter()
def convert(batch, device):
    return tuple(device.send(array) for array in batch)


def make_text(n_words, n_vocab, rng):
    """A text in which each word has some words that like to follow it."""
    followers = rng.zipf(1.5, (n_vocab, 5)) % n_vocab
    text = np.empty(n_words, np.int32)
    word = 0
    for i in range(n_words):
        text[i] = word
        if rng.rand() < 0.2:
            word = rng.zipf(1.5) % n_vocab
        else:
            word = followers[word, rng.randint(5)]
    return text


def main():
    parser = argparse.ArgumentParser(description='Chainer example: word2vec')
    parser.add_argument('--device', '-d', type=int, default=-1,
                        help='GPU (negative for the CPU)')
    parser.add_argument('--unit', '-u', type=int, default=20)
    parser.add_argument('--window', '-w', type=int, default=3)
    parser.add_argument('--batchsize', '-b', type=int, default=100)
    parser.add_argument('--epoch', '-e', type=int, default=2)
    parser.add_argument('--model', '-m', choices=['skipgram', 'bag'],
                        default='skipgram')
    parser.add_argument('--loss', choices=['samples', 'tree', 'softmax'],
                        default='samples', help='negative sampling, '
                        'hierarchical softmax, or a softmax over all words')
    parser.add_argument('--samples', type=int, default=5,
                        help='Number of negative samples')
    parser.add_argument('--vocab', type=int, default=200)
    parser.add_argument('--words', type=int, default=5000)
    parser.add_argument('--out', '-o', default='result')
    parser.add_argument('--interval', type=int, default=50,
                        help='Number of iterations between entries of the log')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()

    np.random.seed(args.seed)
    device = chainer.get_device(args.device)
    device.use()

    rng = np.random.RandomState(args.seed)
    train = make_text(args.words, args.vocab, rng)
    val = make_text(args.words // 10, args.vocab, rng)
    counts = collections.Counter(train.tolist())
    counts.update(range(args.vocab))

    if args.loss == 'tree':
        tree = L.BinaryHierarchicalSoftmax.create_huffman_tree(
            {word: counts[word] for word in range(args.vocab)})
        loss = L.BinaryHierarchicalSoftmax(args.unit, tree)
        loss.W.array[...] = 0
    elif args.loss == 'samples':
        loss = L.NegativeSampling(
            args.unit, [counts[word] for word in range(args.vocab)],
            args.samples)
    else:
        loss = FullSoftmax(args.unit, args.vocab)

    model_class = SkipGram if args.model == 'skipgram' else BagOfWords
    model = model_class(args.vocab, args.unit, loss)
    model.to_device(device)

    optimizer = chainer.optimizers.Adam()
    optimizer.setup(model)

    train_iter = Windows(train, args.window, args.batchsize)
    val_iter = Windows(val, args.window, args.batchsize, repeat=False)

    updater = training.updaters.StandardUpdater(
        train_iter, optimizer, converter=convert, device=device)
    trainer = training.Trainer(updater, (args.epoch, 'epoch'), out=args.out)
    trainer.extend(extensions.Evaluator(
        val_iter, model, converter=convert, device=device))
    trainer.extend(extensions.LogReport(
        trigger=(args.interval, 'iteration')))
    trainer.extend(extensions.PrintReport(
        ['epoch', 'iteration', 'main/loss', 'validation/main/loss']))
    trainer.extend(extensions.snapshot(), trigger=(args.epoch, 'epoch'))
    trainer.run()

    # The nearest words of some frequent ones.
    vectors = chainer.backends.cuda.to_cpu(model.embed.W.array)
    vectors = vectors / np.sqrt((vectors ** 2).sum(1))[:, None]
    for word, _ in counts.most_common(3):
        near = np.argsort(-vectors.dot(vectors[word]))[1:4]
        print('{}: {}'.format(word, ', '.join(map(str, near))))


if __name__ == '__main__':
    main()
