"""Batches and summaries under this package."""

from __future__ import annotations

import functools

import chainer_compat as chainer
from benchmarks.contenders import _data

batches = functools.partial(_data.batches, chainer)
summary = functools.partial(_data.summary, chainer)
