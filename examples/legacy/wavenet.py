#!/usr/bin/env python
"""Model made-up sound, sample by sample, with dilated convolutions."""
import argparse

import numpy as np

import chainer
import chainer.functions as F
import chainer.links as L
from chainer import training
from chainer.training import extensions


def to_classes(x, n_class):
    """Classes of samples in [-1, 1] by the mu-law: finer where it is quiet."""
    mu = n_class - 1
    y = np.sign(x) * np.log1p(mu * np.abs(x)) / np.log1p(mu)
    return np.rint((y + 1) / 2 * mu).astype(np.int32)


def to_samples(classes, n_class):
    """The way back."""
    mu = n_class - 1
    y = classes * 2. / mu - 1
    return np.sign(y) * np.expm1(np.abs(y) * np.log1p(mu)) / mu


class CausalConvolution(L.Convolution1D):

    """A convolution that sees the past only."""

    def __init__(self, in_channels, out_channels, ksize, dilate=1):
        self.past = (ksize - 1) * dilate
        super(CausalConvolution, self).__init__(
            in_channels, out_channels, ksize, pad=self.past, dilate=dilate)

    def forward(self, x):
        y = super(CausalConvolution, self).forward(x)
        return y[:, :, :x.shape[2]]


class GatedLayer(chainer.Chain):

    """Adds to its input, and gives something to the output of the stack."""

    def __init__(self, n_units, dilate):
        super(GatedLayer, self).__init__()
        with self.init_scope():
            self.filter = CausalConvolution(n_units, n_units, 2, dilate)
            self.gate = CausalConvolution(n_units, n_units, 2, dilate)
            self.onward = L.Convolution1D(n_units, n_units, 1)
            self.aside = L.Convolution1D(n_units, n_units, 1)

    def forward(self, x):
        z = F.tanh(self.filter(x)) * F.sigmoid(self.gate(x))
        return x + self.onward(z), self.aside(z)


class WaveNet(chainer.Chain):

    def __init__(self, n_layer, n_stack, n_units, n_class):
        super(WaveNet, self).__init__()
        with self.init_scope():
            self.first = CausalConvolution(n_class, n_units, 2)
            self.layers = chainer.ChainList()
            self.mix = L.Convolution1D(n_units, n_units, 1)
            self.last = L.Convolution1D(n_units, n_class, 1)
        for _ in range(n_stack):
            for i in range(n_layer):
                self.layers.add_link(GatedLayer(n_units, 2 ** i))

    def forward(self, x):
        h = self.first(x)
        asides = []
        for layer in self.layers:
            h, aside = layer(h)
            asides.append(aside)
        return self.last(F.relu(self.mix(F.relu(sum(asides)))))


class Predictor(chainer.Chain):

    """Guesses each sample from those before it."""

    def __init__(self, network):
        super(Predictor, self).__init__()
        with self.init_scope():
            self.network = network

    def forward(self, one_hot, classes):
        y = self.network(one_hot)[:, :, :-1]
        t = classes[:, 1:]
        loss = F.softmax_cross_entropy(y, t)
        chainer.report({'loss': loss, 'accuracy': F.accuracy(y, t)}, self)
        return loss


def make_sound(n, length, n_class, rng):
    """Sums of some sines, as one-hot vectors and as classes."""
    time = np.arange(length)
    sounds = []
    for _ in range(n):
        pitch = rng.uniform(0.05, 0.3)
        loudness = rng.dirichlet(np.ones(3)) * 0.9
        phase = rng.uniform(0, 2 * np.pi, 3)
        wave = sum(a * np.sin(pitch * (k + 1) * time + p)
                   for k, (a, p) in enumerate(zip(loudness, phase)))
        classes = to_classes(wave, n_class)
        one_hot = np.eye(n_class, dtype=np.float32)[classes].T
        sounds.append((np.ascontiguousarray(one_hot), classes))
    return sounds


def main():
    parser = argparse.ArgumentParser(description='Chainer example: WaveNet')
    parser.add_argument('--device', '-d', type=int, default=-1,
                        help='GPU (negative for the CPU)')
    parser.add_argument('--layer', type=int, default=4,
                        help='Number of layers in a stack')
    parser.add_argument('--stack', type=int, default=2)
    parser.add_argument('--channel', type=int, default=16)
    parser.add_argument('--classes', type=int, default=32,
                        help='Number of classes of samples')
    parser.add_argument('--length', type=int, default=100)
    parser.add_argument('--batchsize', '-b', type=int, default=8)
    parser.add_argument('--iteration', '-i', type=int, default=100)
    parser.add_argument('--out', '-o', default='result')
    parser.add_argument('--interval', type=int, default=25,
                        help='Number of iterations between entries of the log')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()

    np.random.seed(args.seed)
    rng = np.random.RandomState(args.seed)
    train = make_sound(200, args.length, args.classes, rng)
    valid = make_sound(20, args.length, args.classes, rng)

    device = chainer.get_device(args.device)
    device.use()
    model = Predictor(WaveNet(args.layer, args.stack, args.channel,
                              args.classes))
    model.to_device(device)

    optimizer = chainer.optimizers.Adam(0.003)
    optimizer.setup(model)

    train_iter = chainer.iterators.SerialIterator(train, args.batchsize)
    valid_iter = chainer.iterators.SerialIterator(
        valid, args.batchsize, repeat=False, shuffle=False)
    updater = training.updaters.StandardUpdater(
        train_iter, optimizer, device=device)
    trainer = training.Trainer(updater, (args.iteration, 'iteration'),
                               out=args.out)
    trainer.extend(extensions.Evaluator(valid_iter, model, device=device),
                   trigger=(25, 'iteration'))
    trainer.extend(extensions.LogReport(
        trigger=(args.interval, 'iteration')))
    trainer.extend(extensions.PrintReport(
        ['iteration', 'main/loss', 'main/accuracy', 'validation/main/loss',
         'validation/main/accuracy']))
    trainer.extend(extensions.snapshot_object(
        model, 'model_iter_{.updater.iteration}'),
        trigger=(args.iteration, 'iteration'))
    trainer.run()

    # Go on from the beginning of a sound, always with the likeliest sample.
    one_hot, classes = valid[0]
    x = one_hot[None, :, :20].copy()
    with chainer.no_backprop_mode(), chainer.using_config('train', False):
        for _ in range(10):
            y = model.network(device.send(x)).array[0, :, -1]
            new = np.zeros((1, args.classes, 1), np.float32)
            new[0, int(y.argmax())] = 1
            x = np.concatenate([x, new], axis=2)
    sound = to_samples(x[0].argmax(axis=0), args.classes)
    print('goes on with: {}'.format(np.round(sound[20:], 2)))


if __name__ == '__main__':
    main()
