"""Test bodies that run on both libraries: `body(chainer, np, *case)` gives plain data."""
