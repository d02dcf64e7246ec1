"""What Chainer does wrong with trainers, triggers and extensions."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pathlib
import signal
import tempfile

from tests.parity.bodies._doubles import FakeTrainer, Progress, memory_serializers


class Updater(Progress):
    """An updater that reports what it is told to."""

    def __init__(self, chainer, per_epoch=10, values=None):
        super().__init__(per_epoch, 1)
        self.chainer = chainer
        self.values = values or {}
        self.optimizer = Optimizer()
        self.finalized = False

    def connect_trainer(self, trainer):
        pass

    def get_all_optimizers(self):
        return {}

    def get_optimizer(self, name):
        return self.optimizer

    def update(self):
        self.iteration += 1
        self.chainer.report({name: make(self.iteration) for name, make in self.values.items()})

    def finalize(self):
        self.finalized = True

    def serialize(self, serializer):
        self.iteration = serializer("iteration", self.iteration)


class Optimizer:
    """Only a learning rate, which no snapshot holds."""

    lr = 1.0


def make_trainer(chainer, stop=(6, "iteration"), per_epoch=10, **values):
    """A trainer that writes to a folder of its own."""
    out = tempfile.mkdtemp()
    return chainer.training.Trainer(Updater(chainer, per_epoch, values), stop, out)


def run(trainer):
    """Run; give the builtin class of what came out."""
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            trainer.run(show_loop_exception_msg=False)
        except BaseException as error:  # noqa: BLE001 (what comes out is the result)
            return next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
    return "well"


def resumed(chainer, build, first, second, between=lambda: None):
    """A trainer that was saved after some iterations, and another one that goes on from there."""
    save, load = memory_serializers(chainer)
    store = {}
    before = build(first)
    run(before)
    before.serialize(save(store))
    between()
    after = build(second)
    after.serialize(load(store))
    run(after)
    return before, after


def times_of_fractions(chainer, np, period, per_epoch, epochs):
    """How often an interval of a fraction of an epoch fires."""
    trigger = chainer.training.triggers.IntervalTrigger(period, "epoch")
    trainer = FakeTrainer(Progress(per_epoch, 1))
    count = 0
    for trainer.updater.iteration in range(1, epochs * per_epoch + 1):
        count += bool(trigger(trainer))
    return count


def asked_twice(chainer, np, which):
    """Two answers to the same question."""
    triggers = chainer.training.triggers
    trigger = {
        "interval": lambda: triggers.IntervalTrigger(1, "iteration"),
        "schedule": lambda: triggers.ManualScheduleTrigger([1], "iteration"),
        "once": triggers.OnceTrigger,
        "best": lambda: triggers.MaxValueTrigger("x", (1, "iteration")),
    }[which]()
    trainer = FakeTrainer(Progress(10, 1))
    trainer.updater.iteration = 1
    trainer.observation = {"x": 1.0}
    return [bool(trigger(trainer)) for _ in range(2)]


def shared(chainer, np):
    """In which iterations each of two extensions with one trigger is called."""
    trigger = chainer.training.triggers.IntervalTrigger(2, "iteration")
    trainer = make_trainer(chainer)
    calls = {"a": [], "b": []}
    for name, called in calls.items():
        trainer.extend(
            lambda t, called=called: called.append(t.updater.iteration), name=name, trigger=trigger
        )
    run(trainer)
    return calls


def burst(chainer, np):
    """The answers of a TimeTrigger after one long iteration."""
    trigger = chainer.training.triggers.TimeTrigger(10)
    trainer = FakeTrainer(Progress(10, 1))
    answers = []
    for trainer.elapsed_time in (61, 62, 63, 64, 65, 66, 67, 71):
        trainer.updater.iteration += 1
        answers.append(bool(trigger(trainer)))
    return answers


def early_stopping(chainer, np):
    """Where a run ends that is saved after three intervals without improvement, of four."""

    def build(stop):
        trigger = chainer.training.triggers.EarlyStoppingTrigger(
            (1, "iteration"), "x", 4, max_trigger=(stop, "iteration")
        )
        return make_trainer(chainer, trigger, x=lambda i: 1.0)

    return resumed(chainer, build, 4, 20)[1].updater.iteration


def rate_after_resume(chainer, np, name, arguments):
    """The learning rate when a resumed run starts, and when it was saved."""
    at_the_start = []

    class Look(chainer.training.Extension):
        priority = 0

        def initialize(self, trainer):
            at_the_start.append(trainer.updater.optimizer.lr)

        def __call__(self, trainer):
            pass

    def build(stop):
        trainer = make_trainer(chainer, (stop, "iteration"))
        trainer.extend(getattr(chainer.training.extensions, name)("lr", *arguments))
        trainer.extend(Look())
        return trainer

    before, _ = resumed(chainer, build, 3, 4)
    return at_the_start[1], before.updater.optimizer.lr


def two_shifts(chainer, np):
    """The learning rate of two shifts in the other order of registration, after a resume."""
    extensions = chainer.training.extensions

    def build(stop):
        trainer = make_trainer(chainer, (stop, "iteration"))
        trainer.extend(extensions.ExponentialShift("lr", 0.5, init=8.0), trigger=(2, "iteration"))
        trainer.extend(extensions.WarmupShift("lr", 0.0, 2, 8.0), trigger=(1, "iteration"))
        return trainer

    before, after = resumed(chainer, build, 4, 4)
    return after.updater.optimizer.lr == before.updater.optimizer.lr


def polynomial_at_its_end(chainer, np):
    """A polynomial shift with a target, when its time is over."""
    trainer = make_trainer(chainer, (3, "iteration"))
    trainer.extend(chainer.training.extensions.PolynomialShift("lr", 1, 2, target=0.25))
    return run(trainer), trainer.updater.optimizer.lr


def micro_average(chainer, np):
    """Where a MicroAverage of intervals of two reports after a resume in the middle of one."""

    def build(stop):
        trainer = make_trainer(chainer, (stop, "iteration"), hits=lambda i: 1, all=lambda i: 2)
        trainer.extend(
            chainer.training.extensions.MicroAverage("hits", "all", "share", (3, "iteration"))
        )
        trainer.reported = []
        trainer.extend(
            lambda t: "share" in t.observation and t.reported.append(t.updater.iteration),
            name="look",
        )
        return trainer

    return resumed(chainer, build, 4, 7)[1].reported


def plot_sums(chainer, np):
    """The points of a plot over intervals of two, resumed in the middle of one."""

    def build(stop):
        trainer = make_trainer(chainer, (stop, "iteration"), x=float)
        trainer.extend(
            chainer.training.extensions.PlotReport(["x"], trigger=(2, "iteration")), name="plot"
        )
        return trainer

    points = resumed(chainer, build, 3, 4)[1].get_extension("plot")._data["x"]
    return [list(point) for point in points]


def rest_of_the_iteration(chainer, np):
    """What an extension behind the snapshot has counted, in a run and in one that is resumed."""

    class Counter(chainer.training.Extension):
        count = 0
        priority = -200

        def __call__(self, trainer):
            self.count += 1

        def serialize(self, serializer):
            self.count = serializer("count", self.count)

    save, load = memory_serializers(chainer)
    store = {}

    def build():
        trainer = make_trainer(chainer)
        trainer.extend(Counter(), name="counter")
        return trainer

    whole = build()
    whole.extend(
        lambda t: t.updater.iteration == 3 and t.serialize(save(store)), name="save", priority=0
    )
    run(whole)
    again = build()
    again.serialize(load(store))
    run(again)
    return whole.get_extension("counter").count, again.get_extension("counter").count


def random_numbers(chainer, np):
    """Whether a resumed run draws what the run would have drawn."""

    def build(stop):
        trainer = make_trainer(chainer, (stop, "iteration"), x=lambda i: float(np.random.random()))
        trainer.drawn = []
        trainer.extend(lambda t: t.drawn.append(t.observation["x"]), name="look")
        return trainer

    whole = build(6)
    np.random.seed(0)
    run(whole)
    np.random.seed(0)
    before, after = resumed(chainer, build, 3, 6, lambda: np.random.seed(1))
    return before.drawn + after.drawn == whole.drawn


def ctrl_c(chainer, np):
    """What an extension is told of when the user interrupts."""
    events = []

    class Extension(chainer.training.Extension):
        def __call__(self, trainer):
            raise KeyboardInterrupt

        def on_error(self, trainer, exc, tb):
            events.append("on_error")

        def finalize(self):
            events.append("finalize")

    trainer = make_trainer(chainer)
    trainer.extend(Extension())
    return [run(trainer), *events]


def terminated(chainer, np):
    """What happens to a process that is told to end; it is one of its own."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            os.close(read)

            class Extension(chainer.training.Extension):
                def __call__(self, trainer):
                    os.kill(os.getpid(), signal.SIGTERM)

                def on_error(self, trainer, exc, tb):
                    os.write(write, b"on_error ")

                def finalize(self):
                    os.write(write, b"finalize")

            trainer = make_trainer(chainer)
            trainer.extend(Extension())
            try:
                with contextlib.redirect_stderr(io.StringIO()):
                    trainer.run()
            except SystemExit as error:
                code = error.code
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read, encoding="ascii") as end:
        told = end.read()
    _, status = os.waitpid(pid, 0)
    return told, os.waitstatus_to_exitcode(status)


def handler_raises(chainer, np):
    """What comes out of a run whose error handler raises, if the error is not to be shown."""

    class Extension(chainer.training.Extension):
        def __call__(self, trainer):
            raise KeyError

        def on_error(self, trainer, exc, tb):
            raise ValueError

    trainer = make_trainer(chainer)
    trainer.extend(Extension())
    return run(trainer)


def finalizer_raises(chainer, np):
    """What comes out of a run whose finalizer raises too, and whether others are finalized."""
    finalized = []

    class Extension(chainer.training.Extension):
        def __init__(self, label):
            self.label = label

        def __call__(self, trainer):
            raise KeyError

        def finalize(self):
            finalized.append(self.label)
            raise ValueError

    trainer = make_trainer(chainer)
    trainer.extend(Extension("a"))
    trainer.extend(Extension("b"))
    return run(trainer), finalized, trainer.updater.finalized


def nan_in_the_log(chainer, np):
    """Whether a log with NaN is JSON."""
    trainer = make_trainer(chainer, (1, "iteration"), x=lambda i: float("nan"))
    trainer.extend(chainer.training.extensions.LogReport(trigger=(1, "iteration")))
    run(trainer)

    def refuse(token):
        raise ValueError(token)

    text = pathlib.Path(trainer.out, "log").read_text(encoding="ascii")
    try:
        return json.loads(text, parse_constant=refuse)[0]["x"]
    except ValueError as error:
        return str(error)


def escapes_in_a_file(chainer, np):
    """Whether the table holds what only a terminal understands."""
    out = io.StringIO()
    trainer = make_trainer(chainer, (1, "iteration"))
    trainer.extend(chainer.training.extensions.LogReport(trigger=(1, "iteration")))
    trainer.extend(chainer.training.extensions.PrintReport(["epoch"], out=out))
    run(trainer)
    return "\033" in out.getvalue()


def bar_arguments(chainer, np):
    """Whether the progress bar heeds its length and its stream."""
    out = io.StringIO()
    trainer = make_trainer(chainer, (4, "iteration"))
    trainer.extend(
        chainer.training.extensions.ProgressBar((8, "iteration"), update_interval=1, out=out)
    )
    with contextlib.redirect_stdout(io.StringIO()):
        run(trainer)
    return "50.00%" in out.getvalue()


def bar_without_a_length(chainer, np):
    """The progress bar of a run that is stopped by a function."""
    trainer = make_trainer(chainer, lambda trainer: trainer.updater.iteration == 2)
    trainer.extend(chainer.training.extensions.ProgressBar(update_interval=1, out=io.StringIO()))
    with contextlib.redirect_stdout(io.StringIO()):
        return run(trainer)


def warning_of_a_repeating_iterator(chainer, np):
    """What becomes of an Evaluator whose iterator repeats, within ten batches."""
    batches = []

    def count(x):
        batches.append(x)
        if len(batches) == 10:
            raise OverflowError("endless")

    iterator = chainer.iterators.SerialIterator([np.float32(1)], 1)
    evaluator = chainer.training.extensions.Evaluator(iterator, chainer.Link(), eval_func=count)
    try:
        evaluator()
    except (OverflowError, RuntimeError) as error:
        return next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
    return "well"


def bound_method(chainer, np):
    """A method as an extension."""
    trainer = make_trainer(chainer, (2, "iteration"))
    called = []
    try:
        trainer.extend(called.append, name="called")
    except AttributeError:
        return "AttributeError"
    run(trainer)
    return len(called)


def saved_before_the_start(chainer, np):
    """A trainer that is saved before it runs."""
    save, _ = memory_serializers(chainer)
    store = {}
    try:
        make_trainer(chainer).serialize(save(store))
    except RuntimeError:
        return "RuntimeError"
    return store["_snapshot_elapsed_time"]


def parameter_without_gradient(chainer, np):
    """Statistics of a parameter that no gradient has come to."""
    link = chainer.Link()
    link.add_param("W", (2,), initializer=1)
    link.cleargrads()
    trainer = make_trainer(chainer, (1, "iteration"))
    trainer.extend(
        chainer.training.extensions.ParameterStatistics(
            link, {"mean": np.mean}, trigger=(1, "iteration")
        )
    )
    return run(trainer), sorted(trainer.observation)


def minimal_iterator(chainer, np):
    """An updater over an iterator that has `__next__` and nothing else."""

    class Iterator:
        is_new_epoch = False

        def __next__(self):
            return [np.float32(1)]

    class Target:
        def __call__(self, x):
            pass

    class ForUpdater:
        target = Target()

        def update(self, function, x):
            function(x)

    updater = chainer.training.StandardUpdater({"main": Iterator()}, ForUpdater())
    try:
        updater.update()
        updater.finalize()
    except AttributeError:
        return "AttributeError"
    return updater.iteration


def other_axis(chainer, np):
    """A plot over a value that is no curve."""
    trainer = make_trainer(chainer, (2, "iteration"), x=float, y=float)
    plot = chainer.training.extensions.PlotReport(["y"], "x", trigger=(1, "iteration"))
    trainer.extend(plot, name="plot")
    return run(trainer), [list(point) for point in plot._data["y"]]


def folder_that_cannot_be_made(chainer, np):
    """How far a run comes whose output folder cannot be made."""
    trainer = make_trainer(chainer)
    file = pathlib.Path(trainer.out, "file")
    file.write_text("", encoding="ascii")
    trainer.out = str(file / "result")
    return run(trainer), trainer.updater.iteration


def finished_run_goes_on(chainer, np):
    """How far a run goes that is resumed from the snapshot of its own end."""

    def build(stop):
        return make_trainer(chainer, (stop, "iteration"))

    _, same = resumed(chainer, build, 3, 3)
    _, longer = resumed(chainer, build, 3, 5)
    return same.updater.iteration, longer.updater.iteration
