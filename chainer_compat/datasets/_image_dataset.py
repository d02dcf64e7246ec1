"""Images in files: one by one, with labels, in zip archives."""

from __future__ import annotations

import bisect
import importlib.util
import io
import os
import pathlib
import threading
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from chainer_compat._dtypes import get_dtype
from chainer_compat.dataset import DatasetMixin
from chainer_compat.errors import InvalidArgumentError, MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ImageDataset",
    "LabeledImageDataset",
    "LabeledZippedImageDataset",
    "MultiZippedImageDataset",
    "ZippedImageDataset",
    "available",
]

available = importlib.util.find_spec("PIL") is not None

Path = str | os.PathLike[str]
Image = np.ndarray[Any, Any]


def _check_pillow_availability() -> None:
    if importlib.util.find_spec("PIL") is None:
        raise MissingDependencyError(
            "PIL cannot be loaded. Install Pillow: datasets of image files need it "
            "(pip install pillow)"
        )


def _read_image_as_array(file: Any, dtype: Any) -> Image:
    from PIL import Image as PilImage

    with PilImage.open(file) as image:
        array: Image = np.asarray(image, dtype=dtype)
        return array


def _postprocess_image(image: Image) -> Image:
    """Channels first; a grey image has one."""
    channels_last = image[..., None] if image.ndim == 2 else image
    channels_first: Image = channels_last.transpose(2, 0, 1)
    return channels_first


def _read_pairs(path: Path) -> list[tuple[str, int]]:
    pairs = []
    with pathlib.Path(path).open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            words = line.split()
            try:
                name, label = words
                pairs.append((name, int(label)))
            except ValueError:
                raise InvalidArgumentError(
                    f"invalid format at line {number} in file {os.fspath(path)}: a line is a "
                    f"path and an integer label, separated by white space; got {line!r}"
                ) from None
    return pairs


class ImageDataset(DatasetMixin):
    """Images from files, each read when it is asked for.

    An example is an array of shape ``(channels, height, width)``; a grey image has one channel.
    Bringing images to one format and size is the caller's affair (``TransformDataset``). Needs
    Pillow.

    Args:
        paths: Paths of image files, or the path of a text file with one of these a line.
        root: The folder that paths are relative to.
        dtype: The dtype of images; ``chainer.config.dtype`` if None.

    Raises:
        ImportError: If Pillow is not installed.

    Source: Chainer's reference, *chainer.datasets.ImageDataset*.
    """

    def __init__(self, paths: Path | Sequence[Path], root: Path = ".", dtype: Any = None) -> None:
        _check_pillow_availability()
        if isinstance(paths, (str, os.PathLike)):
            paths = pathlib.Path(paths).read_text(encoding="utf-8").splitlines()
            paths = [line.strip() for line in paths]
        self._paths = paths
        self._root = root
        self._dtype = get_dtype(dtype, map_mixed16=np.float16)

    def __len__(self) -> int:
        return len(self._paths)

    def get_example(self, i: int) -> Image:
        """Reads one image.

        Args:
            i: Its index.
        """
        path = pathlib.Path(self._root, self._paths[i])
        return _postprocess_image(_read_image_as_array(path, self._dtype))


class LabeledImageDataset(DatasetMixin):
    """Images from files with labels; see :class:`ImageDataset`.

    Args:
        pairs: Pairs of a path and an integer label, or the path of a text file with one of these
            a line, separated by white space (as Caffe has them).
        root: The folder that paths are relative to.
        dtype: The dtype of images; ``chainer.config.dtype`` if None.
        label_dtype: The dtype of labels, which are arrays of no dimensions.

    Raises:
        ImportError: If Pillow is not installed.
        ValueError: If a line of the text file is anything else.

    Source: Chainer's reference, *chainer.datasets.LabeledImageDataset*.
    """

    def __init__(
        self,
        pairs: Path | Sequence[tuple[Path, int]],
        root: Path = ".",
        dtype: Any = None,
        label_dtype: Any = np.int32,
    ) -> None:
        _check_pillow_availability()
        self._pairs = _read_pairs(pairs) if isinstance(pairs, (str, os.PathLike)) else pairs
        self._root = root
        self._dtype = get_dtype(dtype, map_mixed16=np.float16)
        self._label_dtype = label_dtype

    def __len__(self) -> int:
        return len(self._pairs)

    def get_example(self, i: int) -> tuple[Image, np.ndarray[Any, Any]]:
        """Reads one image.

        Args:
            i: Its index.

        Returns:
            The image and its label.
        """
        path, label = self._pairs[i]
        image = _read_image_as_array(pathlib.Path(self._root, path), self._dtype)
        return _postprocess_image(image), np.array(label, dtype=self._label_dtype)


class ZippedImageDataset(DatasetMixin):
    """Images from a zip archive, in the archive's order; see :class:`ImageDataset`.

    It can be pickled and used by forked processes: each opens the archive for itself.

    Args:
        zipfilename: The archive, which holds nothing but images.
        dtype: The dtype of images; ``chainer.config.dtype`` if None.

    Raises:
        ImportError: If Pillow is not installed.

    Source: Chainer's reference, *chainer.datasets.ZippedImageDataset*.
    """

    def __init__(self, zipfilename: Path, dtype: Any = None) -> None:
        _check_pillow_availability()
        self._zipfilename = zipfilename
        self._zf: zipfile.ZipFile | None = zipfile.ZipFile(zipfilename)
        self._zf_pid = os.getpid()
        self._dtype = get_dtype(dtype, map_mixed16=np.float16)
        self._paths = [name for name in self._zf.namelist() if not name.endswith("/")]
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._paths)

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: all but the open archive."""
        return {**self.__dict__, "_zf": None, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()

    def __del__(self) -> None:
        archive = self.__dict__.get("_zf")
        if archive is not None:
            archive.close()

    def get_example(self, i_or_filename: int | str) -> Image:
        """Reads one image.

        Args:
            i_or_filename: Its index, or its name in the archive.

        Raises:
            KeyError: If the archive has no file of this name.
        """
        name = i_or_filename
        if isinstance(name, (int, np.integer)):
            name = self._paths[name]
        with self._lock:
            # A file that was open at a fork is read by both processes from one position.
            if self._zf is None or self._zf_pid != os.getpid():
                self._zf = zipfile.ZipFile(self._zipfilename)
                self._zf_pid = os.getpid()
            content = self._zf.read(name)
        return _postprocess_image(_read_image_as_array(io.BytesIO(content), self._dtype))


class LabeledZippedImageDataset(DatasetMixin):
    """Images from a zip archive with labels; see :class:`ZippedImageDataset`.

    Args:
        zipfilename: The archive.
        labelfilename: A text file: a line is a name in the archive and an integer label,
            separated by white space.
        dtype: The dtype of images; ``chainer.config.dtype`` if None.
        label_dtype: The dtype of labels, which are arrays of no dimensions.

    Raises:
        ImportError: If Pillow is not installed.
        ValueError: If a line of the text file is anything else.

    Source: Chainer's reference, *chainer.datasets.LabeledZippedImageDataset*.
    """

    def __init__(
        self,
        zipfilename: Path,
        labelfilename: Path,
        dtype: Any = None,
        label_dtype: Any = np.int32,
    ) -> None:
        self._pairs = _read_pairs(labelfilename)
        self._label_dtype = label_dtype
        self._zipfile = ZippedImageDataset(zipfilename, dtype=dtype)

    def __len__(self) -> int:
        return len(self._pairs)

    def get_example(self, i: int) -> tuple[Image, np.ndarray[Any, Any]]:
        """Reads one image.

        Args:
            i: Its index, the line of the text file.

        Returns:
            The image and its label.
        """
        name, label = self._pairs[i]
        return self._zipfile.get_example(name), np.array(label, dtype=self._label_dtype)


class MultiZippedImageDataset(DatasetMixin):
    """Images from several zip archives, one after the other; see :class:`ZippedImageDataset`.

    Args:
        zipfilenames: The archives.
        dtype: The dtype of images; ``chainer.config.dtype`` if None.

    Raises:
        ImportError: If Pillow is not installed.

    Source: Chainer's reference, *chainer.datasets.MultiZippedImageDataset*.
    """

    def __init__(self, zipfilenames: Sequence[Path], dtype: Any = None) -> None:
        self._zfs = [ZippedImageDataset(name, dtype) for name in zipfilenames]
        # Where each archive's images begin, and where the last one's end.
        self._zpaths_accumlens = [0]
        for archive in self._zfs:
            self._zpaths_accumlens.append(self._zpaths_accumlens[-1] + len(archive))

    def __len__(self) -> int:
        return self._zpaths_accumlens[-1]

    def get_example(self, i: int) -> Image:
        """Reads one image.

        Args:
            i: Its index; a negative one counts from the end.

        Raises:
            IndexError: If there is no such image.
        """
        index = i + len(self) if i < 0 else i
        if not 0 <= index < len(self):
            raise IndexError(f"dataset index {i} is out of range for {len(self)} examples")
        number = bisect.bisect(self._zpaths_accumlens, index) - 1
        return self._zfs[number].get_example(index - self._zpaths_accumlens[number])
