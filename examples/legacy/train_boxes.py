#!/usr/bin/env python
"""Train the head of a detector: what is in each proposed box, and where the box should be.

The images are made up: squares and crosses on noise. A small convolutional network looks at each
image once; RoI Align cuts the features of each box out (Fast R-CNN with the sampling of Mask R-CNN).
"""
import argparse
import os

import numpy as np

import chainer
import chainer.functions as F
import chainer.links as L
from chainer import training
from chainer.training import extensions

SIDE = 24
CLASSES = ['background', 'square', 'cross']


class ShapeDataset(chainer.dataset.DatasetMixin):
    """Images with one shape each, and boxes around it and elsewhere."""

    def __init__(self, size, n_boxes, seed):
        random = np.random.RandomState(seed)
        self.examples = [self.make(random, n_boxes) for _ in range(size)]

    def __len__(self):
        return len(self.examples)

    def get_example(self, i):
        return self.examples[i]

    def make(self, random, n_boxes):
        image = random.normal(0, 0.2, (1, SIDE, SIDE)).astype(np.float32)
        label = random.randint(1, 3)
        length = random.randint(7, 12)
        top, left = random.randint(0, SIDE - length, 2)
        middle = length // 2
        if label == 1:
            image[0, top:top + length, left:left + length] += 1
        else:
            image[0, top + middle, left:left + length] += 2
            image[0, top:top + length, left + middle] += 2

        truth = np.array([top, left, top + length, left + length], np.float32)
        # Half of the boxes are about right; the others are anywhere.
        boxes = truth + random.uniform(-2, 2, (n_boxes, 4)).astype(np.float32)
        n_others = n_boxes // 2
        corners = random.uniform(0, SIDE - 8, (n_others, 2))
        boxes[:n_others] = np.concatenate([corners, corners + 8], axis=1)

        labels = np.full(n_boxes, label, np.int32)
        labels[:n_others] = np.where(overlap(boxes[:n_others], truth) > 0.5, label, 0)
        return image, boxes, labels, encode(boxes, truth)


def overlap(boxes, truth):
    """Intersection over union."""
    low = np.maximum(boxes[:, :2], truth[:2])
    high = np.minimum(boxes[:, 2:], truth[2:])
    common = np.prod(np.maximum(high - low, 0), axis=1)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return common / (area + np.prod(truth[2:] - truth[:2]) - common)


def encode(boxes, truth):
    """How a box has to be moved and resized, as a network can learn it."""
    size = boxes[:, 2:] - boxes[:, :2]
    shift = ((truth[2:] + truth[:2]) - (boxes[:, 2:] + boxes[:, :2])) / 2 / size
    scale = np.log((truth[2:] - truth[:2]) / size)
    return np.concatenate([shift, scale], axis=1).astype(np.float32)


def concat_boxes(batch, device=None):
    """Put the boxes of all images into one array, with the index of each box's image."""
    images, boxes, labels, moves = zip(*batch)
    indices = np.repeat(np.arange(len(batch)), [len(b) for b in boxes])
    arrays = (np.stack(images), np.concatenate(boxes), indices.astype(np.int32),
              np.concatenate(labels), np.concatenate(moves))
    if device is None:
        return arrays
    return tuple(chainer.dataset.to_device(device, x) for x in arrays)


class Detector(chainer.Chain):

    def __init__(self, n_channels):
        super(Detector, self).__init__()
        init = chainer.initializers.HeNormal()
        with self.init_scope():
            self.conv1 = L.Convolution2D(1, n_channels, 3, pad=1, initialW=init)
            self.bn1 = L.BatchNormalization(n_channels)
            self.conv2 = L.Convolution2D(n_channels, n_channels, 3, pad=1, initialW=init)
            self.bn2 = L.BatchNormalization(n_channels)
            self.fc = L.Linear(None, 32)
            self.score = L.Linear(32, len(CLASSES))
            self.move = L.Linear(32, 4)

    def forward(self, images, boxes, indices):
        h = F.relu(self.bn1(self.conv1(images)))
        h = F.max_pooling_2d(h, 2)
        h = F.relu(self.bn2(self.conv2(h)))
        h = F.roi_average_align_2d(h, boxes, indices, outsize=3, spatial_scale=0.5,
                                   sampling_ratio=2)
        h = F.dropout(F.relu(self.fc(h)), 0.2)
        return self.score(h), self.move(h)


class TrainChain(chainer.Chain):

    def __init__(self, detector):
        super(TrainChain, self).__init__()
        with self.init_scope():
            self.detector = detector

    def forward(self, images, boxes, indices, labels, moves):
        scores, found = self.detector(images, boxes, indices)
        class_loss = F.softmax_cross_entropy(scores, labels)
        # Boxes around nothing need not be moved.
        is_object = (labels > 0).astype(np.float32)
        distance = F.huber_loss(found, moves, delta=1.0)
        move_loss = F.sum(distance * is_object) / len(labels)
        loss = class_loss + move_loss
        chainer.report({
            'loss': loss, 'class_loss': class_loss, 'move_loss': move_loss,
            'accuracy': F.accuracy(scores, labels)}, self)
        return loss


def main():
    parser = argparse.ArgumentParser(description='Chainer example: boxes')
    parser.add_argument('--batchsize', '-b', type=int, default=8,
                        help='Number of images in each mini-batch')
    parser.add_argument('--iteration', '-i', type=int, default=400,
                        help='Number of mini-batches to train on')
    parser.add_argument('--gpu', '-g', type=int, default=-1,
                        help='GPU ID (negative value indicates CPU)')
    parser.add_argument('--images', '-n', type=int, default=400,
                        help='Number of images to make')
    parser.add_argument('--channels', '-c', type=int, default=16,
                        help='Number of channels of the features')
    parser.add_argument('--out', '-o', default='result',
                        help='Directory to output the result')
    parser.add_argument('--interval', type=int, default=20,
                        help='Number of iterations between two entries of the log')
    parser.add_argument('--seed', type=int, default=0, help='Random seed')
    args = parser.parse_args()

    np.random.seed(args.seed)
    model = TrainChain(Detector(args.channels))
    if args.gpu >= 0:
        chainer.cuda.get_device_from_id(args.gpu).use()
        model.to_gpu()

    optimizer = chainer.optimizers.MomentumSGD(lr=0.02)
    optimizer.setup(model)
    optimizer.add_hook(chainer.optimizer.WeightDecay(0.0005))

    train = ShapeDataset(args.images, 4, args.seed)
    test = ShapeDataset(args.images // 10, 4, args.seed + 1)
    train_iter = chainer.iterators.SerialIterator(train, args.batchsize)
    test_iter = chainer.iterators.SerialIterator(
        test, args.batchsize, repeat=False, shuffle=False)

    updater = training.StandardUpdater(
        train_iter, optimizer, converter=concat_boxes, device=args.gpu)
    trainer = training.Trainer(updater, (args.iteration, 'iteration'), out=args.out)

    interval = args.interval, 'iteration'
    trainer.extend(extensions.Evaluator(
        test_iter, model, converter=concat_boxes, device=args.gpu), trigger=interval)
    trainer.extend(extensions.LogReport(trigger=interval))
    trainer.extend(extensions.PrintReport(
        ['iteration', 'main/class_loss', 'main/move_loss', 'main/accuracy',
         'validation/main/loss', 'validation/main/accuracy']), trigger=interval)
    trainer.run()
    chainer.serializers.save_npz(os.path.join(args.out, 'detector.npz'), model.detector)


if __name__ == '__main__':
    main()
