"""Comparison with Chainer 7.8.1 itself, asked live in an environment of its own."""
