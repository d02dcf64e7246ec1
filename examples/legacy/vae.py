#!/usr/bin/env python
"""Variational autoencoder of small binary pictures, with chainer.distributions.

The pictures are made up: bars across and down an 8 by 8 grid, with some noise.
"""
from __future__ import print_function

import argparse

import numpy as np

import chainer
import chainer.distributions as D
import chainer.functions as F
import chainer.links as L
from chainer import reporter
from chainer import training
from chainer.training import extensions


def make_bars(n, size, rng):
    images = np.zeros((n, size, size), dtype=np.float32)
    for image in images:
        image[rng.rand(size) < 0.2] = 1
        image[:, rng.rand(size) < 0.2] = 1
    flipped = rng.rand(n, size, size) < 0.02
    return np.where(flipped, 1 - images, images).reshape(n, -1)


class Encoder(chainer.Chain):

    def __init__(self, n_hidden, n_latent):
        super(Encoder, self).__init__()
        with self.init_scope():
            self.hidden = L.Linear(None, n_hidden)
            self.mu = L.Linear(n_hidden, n_latent)
            self.ln_sigma = L.Linear(n_hidden, n_latent)

    def forward(self, x):
        h = F.tanh(self.hidden(x))
        return D.Independent(
            D.Normal(loc=self.mu(h), log_scale=self.ln_sigma(h)))


class Decoder(chainer.Chain):

    def __init__(self, n_hidden, n_out):
        super(Decoder, self).__init__()
        with self.init_scope():
            self.hidden = L.Linear(None, n_hidden)
            self.logit = L.Linear(n_hidden, n_out)

    def forward(self, z):
        # z may have one more axis in front, that of the samples.
        n_batch_axes = len(z.shape) - 1
        h = F.tanh(self.hidden(z, n_batch_axes=n_batch_axes))
        logit = self.logit(h, n_batch_axes=n_batch_axes)
        return D.Independent(
            D.Bernoulli(logit=logit, binary_check=True),
            reinterpreted_batch_ndims=1)


class Prior(chainer.Link):

    def __init__(self, n_latent):
        super(Prior, self).__init__()
        self.loc = np.zeros(n_latent, np.float32)
        self.scale = np.ones(n_latent, np.float32)
        self.register_persistent('loc')
        self.register_persistent('scale')

    def forward(self, n):
        return D.Independent(D.Normal(
            self.xp.broadcast_to(self.loc, (n,) + self.loc.shape).copy(),
            self.xp.broadcast_to(self.scale, (n,) + self.scale.shape).copy()))


class NegativeELBO(chainer.Chain):

    def __init__(self, encoder, decoder, prior, n_samples, beta):
        super(NegativeELBO, self).__init__()
        self.n_samples = n_samples
        self.beta = beta
        with self.init_scope():
            self.encoder = encoder
            self.decoder = decoder
            self.prior = prior

    def forward(self, x):
        posterior = self.encoder(x)
        z = posterior.sample((self.n_samples,))
        pictures = self.decoder(z)
        repeated = F.broadcast_to(
            chainer.as_variable(x), (self.n_samples,) + x.shape)
        reconstruction = F.mean(pictures.log_prob(repeated))
        penalty = F.mean(chainer.kl_divergence(posterior, self.prior(len(x))))
        loss = self.beta * penalty - reconstruction
        reporter.report({
            'loss': loss,
            'reconstruction': reconstruction,
            'kl': penalty,
            'entropy': F.mean(posterior.entropy),
        }, self)
        return loss


def main():
    parser = argparse.ArgumentParser(description='Chainer example: VAE')
    parser.add_argument('--batchsize', '-b', type=int, default=50,
                        help='Number of pictures in each mini-batch')
    parser.add_argument('--iteration', '-i', type=int, default=500,
                        help='Number of updates')
    parser.add_argument('--device', '-d', type=str, default='-1',
                        help='Device specifier')
    parser.add_argument('--out', '-o', default='result',
                        help='Directory to output the result')
    parser.add_argument('--unit', '-u', type=int, default=64,
                        help='Number of hidden units')
    parser.add_argument('--latent', '-z', type=int, default=4,
                        help='Number of latent variables')
    parser.add_argument('--samples', '-k', type=int, default=2,
                        help='Number of samples of the latent variables')
    parser.add_argument('--beta', type=float, default=1.0,
                        help='Weight of the divergence from the prior')
    parser.add_argument('--interval', type=int, default=50,
                        help='Number of updates between two lines of the log')
    parser.add_argument('--seed', type=int, default=0,
                        help='Random seed')
    args = parser.parse_args()

    np.random.seed(args.seed)
    device = chainer.get_device(int(args.device) if args.device.lstrip('-').isdigit()
                                else args.device)
    device.use()

    rng = np.random.RandomState(args.seed)
    train = make_bars(1000, 8, rng)
    test = make_bars(200, 8, rng)

    model = NegativeELBO(
        Encoder(args.unit, args.latent), Decoder(args.unit, train.shape[1]),
        Prior(args.latent), args.samples, args.beta)
    model.to_device(device)
    optimizer = chainer.optimizers.Adam(alpha=0.003)
    optimizer.setup(model)
    optimizer.add_hook(chainer.optimizer_hooks.GradientClipping(10.0))

    train_iter = chainer.iterators.SerialIterator(train, args.batchsize)
    test_iter = chainer.iterators.SerialIterator(
        test, args.batchsize, repeat=False, shuffle=False)
    updater = training.updaters.StandardUpdater(train_iter, optimizer, device=device)
    trainer = training.Trainer(updater, (args.iteration, 'iteration'), out=args.out)
    log_interval = (args.interval, 'iteration')
    trainer.extend(extensions.Evaluator(test_iter, model, device=device),
                   trigger=log_interval)
    trainer.extend(extensions.LogReport(trigger=log_interval))
    trainer.extend(extensions.PrintReport(
        ['iteration', 'main/loss', 'validation/main/loss',
         'main/reconstruction', 'main/kl', 'main/entropy']), trigger=log_interval)
    trainer.run()

    # New pictures, from the prior.
    with chainer.using_config('train', False), chainer.no_backprop_mode():
        pictures = model.decoder(model.prior(4).sample()).mean
    for picture in chainer.backends.cuda.to_cpu(pictures.array).reshape(-1, 8, 8)[:1]:
        for row in picture:
            print(''.join('#' if value > 0.5 else '.' for value in row))


if __name__ == '__main__':
    main()
