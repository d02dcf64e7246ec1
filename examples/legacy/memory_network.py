#!/usr/bin/env python
"""Answer questions about made-up stories with an end-to-end memory network."""
import argparse

import numpy as np

import chainer
import chainer.functions as F
import chainer.initializers as I
import chainer.links as L
from chainer import training
from chainer.training import extensions

PEOPLE = ['mary', 'john', 'sandra', 'daniel']
PLACES = ['kitchen', 'garden', 'office', 'hallway', 'bathroom']
VERBS = ['went', 'moved', 'journeyed']
WORDS = ['<pad>', 'where', 'is', 'to', 'the'] + PEOPLE + PLACES + VERBS
ID = {word: i for i, word in enumerate(WORDS)}
LENGTH = 5


def make_story(n_sentences, rng):
    """Sentences of who goes where, a question, and where that one is."""
    where = {}
    story = np.zeros((n_sentences, LENGTH), np.int32)
    for i in range(n_sentences):
        who, place = PEOPLE[rng.randint(4)], PLACES[rng.randint(5)]
        where[who] = place
        words = [who, VERBS[rng.randint(3)], 'to', 'the', place]
        story[i] = [ID[word] for word in words]
    asked = sorted(where)[rng.randint(len(where))]
    question = np.zeros(LENGTH, np.int32)
    question[:3] = [ID[word] for word in ['where', 'is', asked]]
    return story, question, np.int32(ID[where[asked]])


def position_encode(embed, sentences):
    """Sums the vectors of a sentence's words, weighted by place."""
    vectors = embed(sentences)
    n_words, n_units = vectors.shape[-2:]
    xp = embed.xp
    place = xp.arange(1, n_words + 1, dtype=np.float32)[:, None] / n_words
    unit = xp.arange(1, n_units + 1, dtype=np.float32)[None, :] / n_units
    weights = (1 - place) - unit * (1 - 2 * place)
    return F.sum(vectors * xp.broadcast_to(weights, vectors.shape), axis=-2)


class Memory(chainer.Chain):

    """One look at the memory."""

    def __init__(self, n_units, n_vocab, n_memory):
        super(Memory, self).__init__()
        with self.init_scope():
            self.A = L.EmbedID(n_vocab, n_units, initialW=I.Normal(0.1),
                               ignore_label=0)
            self.C = L.EmbedID(n_vocab, n_units, initialW=I.Normal(0.1),
                               ignore_label=0)
            self.TA = L.EmbedID(n_memory, n_units, initialW=I.Normal(0.1))
            self.TC = L.EmbedID(n_memory, n_units, initialW=I.Normal(0.1))

    def forward(self, stories, u):
        batch, n_sentences = stories.shape[:2]
        # The last sentence is the nearest.
        time = self.xp.arange(n_sentences, dtype=np.int32)[::-1].copy()
        m = position_encode(self.A, stories)
        m += F.broadcast_to(self.TA(time), m.shape)
        c = position_encode(self.C, stories)
        c += F.broadcast_to(self.TC(time), c.shape)
        p = F.softmax(F.reshape(F.batch_matmul(m, u), (batch, n_sentences)))
        return F.reshape(F.batch_matmul(F.swapaxes(c, 1, 2), p), u.shape)


class MemNN(chainer.Chain):

    def __init__(self, n_units, n_vocab, n_memory, n_hops):
        super(MemNN, self).__init__()
        with self.init_scope():
            self.B = L.EmbedID(n_vocab, n_units, initialW=I.Normal(0.1),
                               ignore_label=0)
            self.hops = chainer.ChainList(
                *[Memory(n_units, n_vocab, n_memory) for _ in range(n_hops)])
            self.H = L.Linear(n_units, n_units, nobias=True)
            self.W = L.Linear(n_units, n_vocab, nobias=True)

    def forward(self, stories, questions):
        u = position_encode(self.B, questions)
        for hop in self.hops:
            u = self.H(u) + hop(stories, u)
        return self.W(u)


def main():
    parser = argparse.ArgumentParser(
        description='Chainer example: end-to-end memory network')
    parser.add_argument('--device', '-d', type=int, default=-1,
                        help='GPU (negative for the CPU)')
    parser.add_argument('--unit', '-u', type=int, default=20)
    parser.add_argument('--hop', '-H', type=int, default=2)
    parser.add_argument('--sentence', type=int, default=6,
                        help='Number of sentences in a story')
    parser.add_argument('--batchsize', '-b', type=int, default=32)
    parser.add_argument('--epoch', '-e', type=int, default=15)
    parser.add_argument('--story', type=int, default=500,
                        help='Number of stories to train with')
    parser.add_argument('--out', '-o', default='result')
    parser.add_argument('--interval', type=int, default=16,
                        help='Number of iterations between entries of the log')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()

    np.random.seed(args.seed)
    rng = np.random.RandomState(args.seed)
    train = [make_story(args.sentence, rng) for _ in range(args.story)]
    test = [make_story(args.sentence, rng) for _ in range(100)]

    device = chainer.get_device(args.device)
    device.use()
    network = MemNN(args.unit, len(WORDS), args.sentence, args.hop)
    model = L.Classifier(network, label_key=2)
    model.to_device(device)

    optimizer = chainer.optimizers.Adam(alpha=0.02)
    optimizer.setup(model)
    optimizer.add_hook(chainer.optimizer_hooks.GradientClipping(40))
    optimizer.add_hook(chainer.optimizer_hooks.GradientNoise(0.01))

    train_iter = chainer.iterators.SerialIterator(train, args.batchsize)
    test_iter = chainer.iterators.SerialIterator(
        test, args.batchsize, repeat=False, shuffle=False)
    updater = training.updaters.StandardUpdater(
        train_iter, optimizer, device=device)
    trainer = training.Trainer(updater, (args.epoch, 'epoch'), out=args.out)
    trainer.extend(extensions.Evaluator(test_iter, model, device=device))
    trainer.extend(extensions.LogReport(
        trigger=(args.interval, 'iteration')))
    trainer.extend(extensions.PrintReport(
        ['epoch', 'main/loss', 'validation/main/loss',
         'main/accuracy', 'validation/main/accuracy']))
    trainer.run()

    story, question, answer = test[0]
    for sentence in story:
        print(' '.join(WORDS[i] for i in sentence))
    print(' '.join(WORDS[i] for i in question if i), end='? ')
    with chainer.no_backprop_mode(), chainer.using_config('train', False):
        scores = network(device.send(story[None]), device.send(question[None]))
    print('{} ({})'.format(WORDS[int(scores.array.argmax())], WORDS[answer]))


if __name__ == '__main__':
    main()
