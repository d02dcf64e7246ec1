"""Whole models (Chainer: *chainer.links.model*)."""
