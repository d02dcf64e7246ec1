#!/usr/bin/env python
"""A regression whose loop is written by hand: no Trainer, no updater.

It learns a two-dimensional function from noisy values, with a rate that falls,
a penalty of its own, gradients summed over two halves of a batch, and an
evaluation in between.
"""
import argparse
import json
import os
import time

import numpy as np

import chainer
from chainer import Chain, Sequential, config, using_config
import chainer.functions as F
import chainer.links as L


def surface(points):
    x, y = points.T
    return np.sin(3 * x) * np.cos(2 * y) + .5 * x * y


def sample(n, noise, random):
    points = random.uniform(-1, 1, (n, 2))
    values = surface(points) + noise * random.normal(size=n)
    return points.astype(np.float32), values.astype(np.float32)


class Block(Chain):

    def __init__(self, n, ratio):
        super().__init__()
        with self.init_scope():
            self.fc = L.Linear(n, n)
            self.norm = L.LayerNormalization(n)
            self.gate = chainer.Parameter(0., (n,), name='gate')
        self.ratio = ratio

    def forward(self, x):
        h = F.dropout(F.relu(self.norm(self.fc(x))), self.ratio)
        return x + h * F.broadcast_to(F.sigmoid(self.gate), h.shape)


class Regressor(Chain):

    def __init__(self, n, n_blocks, ratio):
        super().__init__()
        with self.init_scope():
            self.body = Sequential(
                L.Linear(None, n), F.tanh, *[Block(n, ratio) for _ in range(n_blocks)])
            self.head = L.Linear(n, 1)
        self.n_calls = 0

    def forward(self, x):
        if config.train:
            self.n_calls += 1
        return F.squeeze(self.head(self.body(x)), axis=1)


def roughness(model):
    """Like WeightDecay, but part of the loss."""
    return sum(F.sum(p ** 2) for name, p in model.namedparams() if name.endswith('/W'))


def evaluate(model, points, values, batchsize):
    total = 0.
    with using_config('train', False), chainer.no_backprop_mode():
        for i in range(0, len(points), batchsize):
            predicted = model(points[i:i + batchsize])
            assert predicted.creator is None
            total += float(F.sum(F.squared_error(
                predicted, values[i:i + batchsize])).array)
    return total / len(points)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--epochs', type=int, default=30)
    parser.add_argument('--batchsize', type=int, default=40)
    parser.add_argument('--units', type=int, default=24)
    parser.add_argument('--blocks', type=int, default=2)
    parser.add_argument('--decay', type=float, default=1e-4)
    parser.add_argument('--device', default='@numpy')
    parser.add_argument('--freeze', type=int, default=2,
                        help='epochs after which the first layer stays')
    parser.add_argument('--out', default='result')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()

    random = np.random.RandomState(args.seed)
    np.random.seed(args.seed)
    train = sample(400, .05, random)
    test = sample(130, 0, random)

    device = chainer.get_device(args.device)
    device.use()
    model = Regressor(args.units, args.blocks, .1)
    model.to_device(device)
    test = device.send(test)
    optimizer = chainer.optimizers.NesterovAG(lr=.05, momentum=.8)
    optimizer.setup(model)

    log = []
    start = time.time()
    for epoch in range(args.epochs):
        order = random.permutation(len(train[0]))
        for i in range(0, len(order), args.batchsize):
            batch = order[i:i + args.batchsize]
            model.cleargrads()
            loss = 0.
            for half in np.array_split(batch, 2):
                points, values = device.send((train[0][half], train[1][half]))
                error = F.mean_squared_error(model(points), values) / 2
                error.backward()
                loss += float(error.array)
            penalty = args.decay * roughness(model)
            penalty.backward()

            norm = float(np.sqrt(sum(
                float((p.grad ** 2).sum()) for p in model.params() if p.grad is not None)))
            if norm > 1:
                for p in model.params():
                    if p.grad is not None:
                        p.grad *= 1 / norm
            optimizer.update()
            log.append({'epoch': epoch, 'loss': loss, 'penalty': float(penalty.array),
                        'norm': norm, 'lr': optimizer.lr})
        optimizer.lr *= .9
        optimizer.new_epoch()
        if epoch + 1 == args.freeze:
            model.body[0].disable_update()
        log[-1]['test'] = evaluate(model, test[0], test[1], 50)
        print('epoch {:3d}  loss {:.4f}  test {:.4f}  {:.1f} s'.format(
            epoch + 1, loss, log[-1]['test'], time.time() - start))

    print('{} calls, {} parameters, epoch {} of the optimizer'.format(
        model.n_calls, model.count_params(), optimizer.epoch))
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, 'log'), 'w') as f:
        json.dump(log, f, indent=1)


if __name__ == '__main__':
    main()
