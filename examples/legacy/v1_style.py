#!/usr/bin/env python
"""Recurrent network that adds: it reads two rows of bits and writes their sum.

In the dialect of Chainer 1.0 to 1.5: a FunctionSet of parametric functions, a
state that is handed around in a dict, volatile variables for testing, and an
optimizer that is set up with collect_parameters().
"""
import argparse
import json
import os
import sys

import numpy as np

import chainer
from chainer import cuda
from chainer import FunctionSet
from chainer import optimizers
from chainer import Variable
import chainer.functions as F

N_UNITS = 16


def make_batch(n, length, random):
    a, b = random.randint(0, 2 ** (length - 1), (2, n))
    bits = [[(value >> place) & 1 for value in (a, b, a + b)] for place in range(length)]
    bits = np.array(bits)
    x = bits[:, :2].transpose(0, 2, 1).astype(np.float32)
    t = bits[:, 2].astype(np.int32)
    return np.ascontiguousarray(x), t


def make_model():
    model = FunctionSet(
        embed=F.Linear(2, N_UNITS, wscale=1.5),
        h_to_h=F.Linear(N_UNITS, 4 * N_UNITS, nobias=True),
        h_to_y=F.Linear(N_UNITS, 2, bias=0.1),
        x_to_h=F.Linear(N_UNITS, 4 * N_UNITS),
    )
    for param in model.parameters:
        if param.ndim == 2:
            param[:] = np.random.uniform(-0.3, 0.3, param.shape)
    return model


def make_state(n, xp, train):
    return {name: Variable(xp.zeros((n, N_UNITS), dtype=np.float32), volatile=not train)
            for name in ('c', 'h')}


def step(model, x_data, t_data, state, train):
    x = Variable(x_data, volatile=not train)
    t = Variable(t_data, volatile=not train)
    h0 = F.tanh(model.embed(x), use_cudnn=False)
    gates = model.x_to_h(F.dropout(h0, ratio=0.1, train=train)) + model.h_to_h(state['h'])
    c, h = F.lstm(state['c'], gates)
    y = model.h_to_y(F.dropout(h, ratio=0.1, train=train))
    loss = F.softmax_cross_entropy(y, t, use_cudnn=False)
    return {'c': c, 'h': h}, loss, F.accuracy(y, t)


def forward(model, x, t, xp, train):
    state = make_state(x.shape[1], xp, train)
    total, right = Variable(xp.zeros((), dtype=np.float32), volatile=not train), 0
    for place in range(len(x)):
        state, loss, accuracy = step(model, x[place], t[place], state, train)
        total += loss
        right += float(cuda.to_cpu(accuracy.data))
    return total / len(x), right / len(x)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--gpu', '-g', default=-1, type=int)
    parser.add_argument('--iteration', '-i', default=300, type=int)
    parser.add_argument('--batch', '-b', default=20, type=int)
    parser.add_argument('--length', '-l', default=6, type=int)
    parser.add_argument('--out', '-o', default='result')
    parser.add_argument('--seed', default=0, type=int)
    args = parser.parse_args()

    random = np.random.RandomState(args.seed)
    np.random.seed(args.seed)
    model = make_model()
    xp = np
    if args.gpu >= 0:
        cuda.check_cuda_available()
        cuda.get_device(args.gpu).use()
        model.to_gpu()
        xp = cuda.cupy

    optimizer = optimizers.RMSprop(lr=0.005, alpha=0.9)
    optimizer.setup(model.collect_parameters())

    x_test, t_test = make_batch(100, args.length, random)
    log = []
    for i in range(1, args.iteration + 1):
        x, t = make_batch(args.batch, args.length, random)
        optimizer.zero_grads()
        loss, accuracy = forward(model, xp.asarray(x), xp.asarray(t), xp, True)
        loss.backward()
        optimizer.weight_decay(1e-5)
        optimizer.clip_grads(2)
        optimizer.update()
        entry = {'iteration': i, 'loss': float(cuda.to_cpu(loss.data)), 'accuracy': accuracy}
        if i % 10 == 0:
            loss, accuracy = forward(
                model, xp.asarray(x_test), xp.asarray(t_test), xp, False)
            entry['test_loss'] = float(cuda.to_cpu(loss.data))
            entry['test_accuracy'] = accuracy
            sys.stdout.write('{:5d}  loss {:.4f}  test {:.4f} {:.3f}\n'.format(
                i, entry['loss'], entry['test_loss'], accuracy))
        log.append(entry)

    if not os.path.exists(args.out):
        os.makedirs(args.out)
    with open(os.path.join(args.out, 'log'), 'w') as f:
        json.dump(log, f, indent=1)


if __name__ == '__main__':
    main()
