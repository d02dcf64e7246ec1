"""Batches and summaries under real Chainer, in the oracle."""

from __future__ import annotations

import functools

import chainer

from benchmarks.contenders import _data

batches = functools.partial(_data.batches, chainer)
summary = functools.partial(_data.summary, chainer)
