"""Two versions: Chainer's, which scripts ask for, and the package's own."""

# Scripts compare `chainer.__version__` to choose a dialect: it is the version of the API.
__version__ = "7.8.1"

PACKAGE_VERSION = "0.1.0"
