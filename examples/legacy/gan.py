#!/usr/bin/env python
"""A painter and a critic: adversarial training on made-up pictures of discs.

Both networks learn from one forward pass; each has an optimizer of its own.
"""
from __future__ import print_function

import argparse
import os

import numpy as np

import chainer
import chainer.functions as F
import chainer.links as L
from chainer import training
from chainer.training import extensions


def draw_discs(count, side, random):
    rows, columns = np.mgrid[:side, :side]
    pictures = np.empty((count, 1, side, side), dtype='f')
    for picture in pictures:
        row, column = random.uniform(5, side - 5, 2)
        distance = np.hypot(rows - row, columns - column)
        picture[0] = np.tanh(random.uniform(2, 5) - distance)
    return pictures


class Painter(chainer.Chain):
    """From noise to pictures of 16 by 16."""

    def __init__(self, n_noise, width):
        super(Painter, self).__init__()
        self.n_noise = n_noise
        init = chainer.initializers.HeNormal(0.7)
        with self.init_scope():
            self.fc = L.Linear(n_noise, 16 * width, initialW=init)
            self.up1 = L.Deconvolution2D(width, width, 4, stride=2, pad=1,
                                         initialW=init, nobias=True)
            self.norm1 = L.BatchNormalization(width)
            self.up2 = L.Deconvolution2D(width, 1, 4, stride=2, pad=1,
                                         initialW=init)

    def noise(self, count):
        drawn = np.random.standard_normal((count, self.n_noise)).astype('f')
        return self.xp.asarray(drawn)

    def forward(self, noise):
        h = F.leaky_relu(self.fc(noise))
        h = h.reshape(len(noise), -1, 4, 4)
        h = F.leaky_relu(self.norm1(self.up1(h)))
        return F.tanh(self.up2(h))


class Critic(chainer.Chain):
    """From pictures to scores: positive for true ones."""

    def __init__(self, width):
        super(Critic, self).__init__()
        init = chainer.initializers.HeNormal(0.7)
        with self.init_scope():
            self.down1 = L.Convolution2D(None, width, 4, stride=2, pad=1, initialW=init)
            self.down2 = L.Convolution2D(None, 2 * width, 4, stride=2, pad=1,
                                         initialW=init, nobias=True)
            self.norm2 = L.BatchNormalization(2 * width)
            self.score = L.Linear(None, 1, initialW=init)

    def forward(self, pictures):
        h = F.dropout(F.elu(self.down1(pictures)), .1)
        h = F.elu(self.norm2(self.down2(h)))
        return self.score(h)[:, 0]


class AdversarialUpdater(training.updaters.StandardUpdater):

    def update_core(self):
        painters, critics = (self.get_optimizer(k) for k in ('painter', 'critic'))
        painter, critic = painters.target, critics.target

        real = self.converter(self.get_iterator('main').next(), self.device)
        fake = painter(painter.noise(len(real)))
        score_real = critic(real)
        score_fake = critic(fake)

        loss_critic = F.mean(F.relu(1 - score_real)) + F.mean(F.relu(1 + score_fake))
        loss_painter = -F.mean(score_fake)

        critic.cleargrads()
        loss_critic.backward()
        critics.update()
        # Through the same graph once more, now that the critic has moved.
        painter.cleargrads()
        loss_painter.backward()
        painters.update()

        chainer.report({'loss': loss_critic,
                        'true': F.mean(score_real),
                        'false': F.mean(score_fake)}, critic)
        chainer.report({'loss': loss_painter}, painter)


class Gallery(training.Extension):
    """Keeps pictures from the same noise, and says how they look on the whole."""

    trigger = 10, 'iteration'
    name = 'gallery'

    def __init__(self, painter, count=16):
        self.painter = painter
        self.noise = painter.noise(count)

    def __call__(self, trainer):
        with chainer.using_config('train', False), \
                chainer.using_config('enable_backprop', False):
            pictures = self.painter(self.noise)
        pictures.to_cpu()
        np.save(os.path.join(trainer.out, 'gallery.npy'), pictures.array)
        chainer.report({'brightness': pictures.array.mean(),
                        'contrast': pictures.array.std()}, self.painter)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--iteration', type=int, default=1000)
    parser.add_argument('--gpu', type=int, default=-1)
    parser.add_argument('--out', default='result')
    parser.add_argument('--interval', type=int, default=50)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()

    np.random.seed(args.seed)
    painter, critic = Painter(10, 12), Critic(6)
    if args.gpu >= 0:
        chainer.cuda.get_device_from_id(args.gpu).use()
        painter.to_gpu()
        critic.to_gpu()

    optimizers = {}
    for name, target, rate in (('painter', painter, 5e-4), ('critic', critic, 1e-3)):
        optimizers[name] = chainer.optimizers.Adam(rate, beta1=.5).setup(target)
    optimizers['critic'].add_hook(chainer.optimizer.WeightDecay(1e-4))

    pictures = draw_discs(160, 16, np.random)
    updater = AdversarialUpdater(
        chainer.iterators.SerialIterator(pictures, args.batch), optimizers,
        device=args.gpu)
    trainer = training.Trainer(updater, (args.iteration, 'iteration'), args.out)
    every = args.interval, 'iteration'
    trainer.extend(Gallery(painter))
    trainer.extend(extensions.snapshot_object(painter, 'painter.npz'),
                   trigger=(args.iteration, 'iteration'))
    trainer.extend(extensions.LogReport(trigger=every))
    trainer.extend(extensions.PrintReport(
        ['iteration', 'painter/loss', 'critic/loss', 'critic/true', 'critic/false',
         'painter/contrast']), trigger=every)
    trainer.run()


if __name__ == '__main__':
    main()
