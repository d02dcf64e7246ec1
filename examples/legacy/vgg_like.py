#!/usr/bin/env python
"""Tell made-up small images apart with a network in the manner of VGG."""
import argparse

import numpy as np

import chainer
import chainer.functions as F
import chainer.links as L
from chainer import training
from chainer.training import extensions


class Stage(chainer.ChainList):

    """Convolutions with batch normalization and dropout, and a pooling."""

    def __init__(self, n_conv, out_channels, ratio):
        super(Stage, self).__init__()
        self.ratio = ratio
        for _ in range(n_conv):
            self.add_link(L.Convolution2D(None, out_channels, 3, pad=1,
                                          nobias=True))
            self.add_link(L.BatchNormalization(out_channels))

    def forward(self, x):
        links = list(self)
        for conv, bn in zip(links[::2], links[1::2]):
            x = F.dropout(F.relu(bn(conv(x))), self.ratio)
        return F.max_pooling_2d(x, 2)


class VGG(chainer.Chain):

    def __init__(self, n_class, width):
        super(VGG, self).__init__()
        with self.init_scope():
            self.stage1 = Stage(2, width, 0.2)
            self.stage2 = Stage(2, 2 * width, 0.3)
            self.fc1 = L.Linear(None, 4 * width, nobias=True)
            self.bn = L.BatchNormalization(4 * width)
            self.fc2 = L.Linear(4 * width, n_class)

    def forward(self, x):
        h = self.stage2(self.stage1(x))
        h = F.relu(self.bn(self.fc1(h)))
        return self.fc2(F.dropout(h, 0.5))


def make_images(n, n_class, size, rng):
    """Gratings, of a direction for each class, of any phase, under noise."""
    y, x = np.mgrid[:size, :size] * 2 * np.pi / size
    images = np.empty((n, 3, size, size), np.float32)
    labels = rng.randint(0, n_class, n).astype(np.int32)
    for i, label in enumerate(labels):
        angle = np.pi * label / n_class
        wave = np.sin(2 * (x * np.cos(angle) + y * np.sin(angle))
                      + rng.uniform(0, 2 * np.pi))
        images[i] = wave * rng.uniform(0.5, 1, (3, 1, 1))
    images += rng.normal(0, 0.5, images.shape).astype(np.float32)
    return chainer.datasets.TupleDataset(images, labels)


def main():
    parser = argparse.ArgumentParser(description='Chainer example: VGG-like')
    parser.add_argument('--device', '-d', type=str, default='-1',
                        help='Device specifier: an integer for a CUDA device '
                        '(-1 for the CPU), or a name such as @cupy:0')
    parser.add_argument('--batchsize', '-b', type=int, default=16)
    parser.add_argument('--learnrate', '-l', type=float, default=0.01)
    parser.add_argument('--epoch', '-e', type=int, default=6)
    parser.add_argument('--width', '-w', type=int, default=8)
    parser.add_argument('--image', type=int, default=160,
                        help='Number of images to train with')
    parser.add_argument('--out', '-o', default='result')
    parser.add_argument('--interval', type=int, default=10,
                        help='Number of iterations between entries of the log')
    parser.add_argument('--resume', '-r', default='',
                        help='Resume the training from this snapshot')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()

    np.random.seed(args.seed)
    rng = np.random.RandomState(args.seed)
    n_class, size = 5, 12
    train = make_images(args.image, n_class, size, rng)
    test = make_images(args.image // 2, n_class, size, rng)

    device = args.device
    device = chainer.get_device(
        int(device) if device.lstrip('-').isdigit() else device)
    device.use()
    model = L.Classifier(VGG(n_class, args.width))
    model.to_device(device)

    optimizer = chainer.optimizers.MomentumSGD(args.learnrate)
    optimizer.setup(model)
    optimizer.add_hook(chainer.optimizer_hooks.WeightDecay(5e-4))

    train_iter = chainer.iterators.SerialIterator(train, args.batchsize)
    test_iter = chainer.iterators.SerialIterator(
        test, args.batchsize, repeat=False, shuffle=False)
    updater = training.updaters.StandardUpdater(
        train_iter, optimizer, device=device)
    stop_trigger = training.triggers.EarlyStoppingTrigger(
        monitor='validation/main/loss', patients=3, check_trigger=(1, 'epoch'),
        max_trigger=(args.epoch, 'epoch'))
    trainer = training.Trainer(updater, stop_trigger, out=args.out)
    trainer.extend(extensions.Evaluator(test_iter, model, device=device))
    trainer.extend(extensions.ExponentialShift('lr', 0.5), trigger=(3, 'epoch'))
    trainer.extend(extensions.observe_lr())
    trainer.extend(extensions.snapshot(
        filename='snapshot_epoch_{.updater.epoch}'))
    trainer.extend(extensions.LogReport(
        trigger=(args.interval, 'iteration')))
    trainer.extend(extensions.PrintReport(
        ['epoch', 'lr', 'main/loss', 'validation/main/loss',
         'main/accuracy', 'validation/main/accuracy', 'elapsed_time']))
    if args.resume:
        chainer.serializers.load_npz(args.resume, trainer)
    trainer.run()


if __name__ == '__main__':
    main()
