#!/usr/bin/env python
"""Wasserstein GAN with a gradient penalty on points of a ring, with functions of our own.

The penalty differentiates a gradient, so the critic's activation has to be a
FunctionNode. Points are put on a grid by an old-style Function, which passes
the gradient straight through.
"""
import argparse
import json
import os

import numpy as np

import chainer
from chainer import cuda
from chainer import function_node
import chainer.functions as F
import chainer.links as L
from chainer.utils import type_check


class SmoothSign(function_node.FunctionNode):
    """x / sqrt(1 + x^2)"""

    def check_type_forward(self, in_types):
        type_check.expect(in_types.size() == 1)
        type_check.expect(in_types[0].dtype.kind == 'f')

    def forward(self, inputs):
        x, = inputs
        xp = cuda.get_array_module(x)
        self.retain_inputs((0,))
        self.retain_outputs((0,))
        return (x / xp.sqrt(1 + x * x)).astype(x.dtype),

    def backward(self, indexes, grad_outputs):
        x, = self.get_retained_inputs()
        y, = self.get_retained_outputs()
        gy, = grad_outputs
        return SmoothSignGrad().apply((x, y, gy))


class SmoothSignGrad(function_node.FunctionNode):

    def forward(self, inputs):
        x, y, gy = inputs
        self.retain_inputs((0, 1, 2))
        return (gy * (1 - y * y) / (1 + x * x) ** .5).astype(x.dtype),

    def backward(self, indexes, grad_outputs):
        x, y, gy = self.get_retained_inputs()
        ggx, = grad_outputs
        width = (1 + x * x) ** -.5
        result = []
        if 0 in indexes:
            result.append(-ggx * gy * (1 - y * y) * x * width ** 3)
        if 1 in indexes:
            result.append(-2 * ggx * gy * y * width)
        if 2 in indexes:
            result.append(ggx * (1 - y * y) * width)
        return tuple(result)


class SnapToGrid(chainer.Function):

    def __init__(self, step):
        self.step = step

    def check_type_forward(self, in_types):
        type_check.expect(in_types.size() == 1, in_types[0].ndim == 2)

    def forward_cpu(self, inputs):
        x, = inputs
        return (np.round(x / self.step) * self.step).astype(x.dtype),

    def forward_gpu(self, inputs):
        x, = inputs
        snap = cuda.elementwise(
            'T x, T step', 'T y', 'y = round(x / step) * step', 'snap_to_grid')
        return snap(x, x.dtype.type(self.step)),

    def backward(self, inputs, grad_outputs):
        x, = inputs
        gy, = grad_outputs
        # Far from the ring there is no use in going on.
        return gy * (abs(x) < 3),


def smooth_sign(x):
    return SmoothSign().apply((x,))[0]


def snap_to_grid(x, step=.05):
    return SnapToGrid(step)(x)


class Net(chainer.ChainList):

    def __init__(self, sizes, activation):
        super(Net, self).__init__()
        self.activation = activation
        for n_in, n_out in zip(sizes[:-1], sizes[1:]):
            self.add_link(L.Linear(n_in, n_out))

    def __call__(self, x):
        for layer in self[:-1]:
            x = self.activation(layer(x))
        return self[-1](x)


def ring(n):
    angle = np.random.uniform(0, 2 * np.pi, n)
    radius = np.random.normal(1, .05, n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).astype('f')


def penalty_of(critic, real, fake):
    weight = critic.xp.asarray(np.random.uniform(size=(len(real), 1)).astype('f'))
    between = chainer.Variable(weight * real + (1 - weight) * fake)
    score = critic(between)
    slope, = chainer.grad([score], [between], enable_double_backprop=True)
    norm = F.sqrt(F.batch_l2_norm_squared(slope) + 1e-12)
    return F.mean_squared_error(norm, critic.xp.ones_like(norm.data)), F.average(norm)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('-n', '--iteration', type=int, default=500)
    parser.add_argument('-b', '--batch', type=int, default=64)
    parser.add_argument('--critic-steps', type=int, default=3)
    parser.add_argument('--weight', type=float, default=1.)
    parser.add_argument('--gpu', type=int, default=-1)
    parser.add_argument('--out', default='result')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()

    np.random.seed(args.seed)
    generator = Net([2, 32, 32, 2], F.relu)
    critic = Net([2, 32, 32, 1], smooth_sign)
    if args.gpu >= 0:
        cuda.get_device_from_id(args.gpu).use()
        generator.to_gpu()
        critic.to_gpu()
    xp = critic.xp
    teach_generator = chainer.optimizers.RMSprop(lr=1e-3)
    teach_generator.setup(generator)
    teach_critic = chainer.optimizers.Adam(alpha=2e-3, beta1=0, beta2=.9)
    teach_critic.setup(critic)

    def noise():
        return xp.asarray(np.random.normal(size=(args.batch, 2)).astype('f'))

    log = []
    for iteration in range(1, args.iteration + 1):
        for _ in range(args.critic_steps):
            real = xp.asarray(ring(args.batch))
            with chainer.no_backprop_mode():
                fake = snap_to_grid(generator(noise()))
            distance = F.average(critic(real)) - F.average(critic(fake.data))
            penalty, slope = penalty_of(critic, real, fake.data)
            critic.cleargrads()
            (args.weight * penalty - distance).backward()
            teach_critic.update()

        score = F.average(critic(snap_to_grid(generator(noise()))))
        generator.cleargrads()
        (-score).backward()
        teach_generator.update()

        log.append({
            'iteration': iteration, 'distance': float(distance.data),
            'penalty': float(penalty.data), 'slope': float(slope.data),
            'score': float(score.data)})
        if iteration % 50 == 0:
            print('{iteration:6d}  distance {distance:.4f}  slope {slope:.4f}'.format(**log[-1]))

    if not os.path.isdir(args.out):
        os.makedirs(args.out)
    with open(os.path.join(args.out, 'log'), 'w') as f:
        json.dump(log, f, indent=1)
    chainer.serializers.save_npz(os.path.join(args.out, 'generator.npz'), generator)


if __name__ == '__main__':
    main()
