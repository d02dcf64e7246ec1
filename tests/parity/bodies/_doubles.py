"""Stand-ins that the bodies share. They have the numbers that triggers and extensions ask for."""

from __future__ import annotations

from fractions import Fraction


class Progress:
    """The counters of an updater that reads batches of `batch` examples from a set of `size`.

    With `exact` the epochs are fractions: arithmetic without rounding, which any library computes
    with as well as with floats.
    """

    def __init__(self, size, batch, exact=False):
        self.size = size
        self.batch = batch
        self.exact = exact
        self.iteration = 0

    def _detail(self, iteration):
        epoch, position = divmod(iteration * self.batch, self.size)
        if self.exact:
            return Fraction(iteration * self.batch, self.size)
        return epoch + position / self.size

    @property
    def epoch(self):
        return self.iteration * self.batch // self.size

    @property
    def epoch_detail(self):
        return self._detail(self.iteration)

    @property
    def previous_epoch_detail(self):
        return self._detail(max(self.iteration - 1, 0))

    @property
    def is_new_epoch(self):
        before = (self.iteration - 1) * self.batch // self.size
        return self.iteration > 0 and self.epoch > before


class Updater(Progress):
    """An updater that learns nothing and writes down what is done to it."""

    def __init__(self, size, batch, log, fails_at=None):
        super().__init__(size, batch)
        self.log = log
        self.fails_at = fails_at

    def connect_trainer(self, trainer):
        self.log.append("connect")

    def get_all_optimizers(self):
        return {}

    def update(self):
        self.iteration += 1
        self.log.append(f"update {self.iteration}")
        if self.iteration == self.fails_at:
            raise RuntimeError(f"update {self.iteration}")

    def finalize(self):
        self.log.append("finalize the updater")

    def serialize(self, serializer):
        self.iteration = serializer("iteration", self.iteration)


class FakeTrainer:
    """What a trigger sees of a trainer."""

    def __init__(self, updater):
        self.updater = updater
        self.observation = {}
        self.elapsed_time = 0.0


def builtin_name(error):
    """The first class of an exception that Python itself has.

    A library may raise a class of its own; what a script can catch on both is this one.
    """
    return next(cls.__name__ for cls in type(error).__mro__ if cls.__module__ == "builtins")


def memory_serializers(chainer):
    """A serializer pair over a dict of plain Python values, so that fractions survive too."""

    class Saver(chainer.Serializer):
        def __init__(self, store, path=""):
            self.store = store
            self.path = path

        def __getitem__(self, key):
            return Saver(self.store, f"{self.path}{key}/")

        def __call__(self, key, value):
            self.store[self.path + key] = value
            return value

    class Loader(chainer.Deserializer):
        def __init__(self, store, path=""):
            self.store = store
            self.path = path

        def __getitem__(self, key):
            return Loader(self.store, f"{self.path}{key}/")

        def __call__(self, key, value):
            return self.store[self.path + key]

    return Saver, Loader
