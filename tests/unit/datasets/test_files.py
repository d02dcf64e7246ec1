"""Datasets of images, lines and pickled objects."""

from __future__ import annotations

import io
import os
import pathlib
import pickle
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

import chainer_compat as chainer
from chainer_compat import datasets
from chainer_compat.datasets import _image_dataset
from chainer_compat.iterators import MultiprocessIterator, SerialIterator

RGB = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
GREY = np.arange(6, dtype=np.uint8).reshape(2, 3)


@pytest.fixture
def folder(tmp_path):
    """Images, loose and zipped, and the files that list them."""
    Image.fromarray(RGB).save(tmp_path / "rgb.png")
    Image.fromarray(GREY).save(tmp_path / "grey.png")
    (tmp_path / "paths.txt").write_text("rgb.png\ngrey.png\n")
    (tmp_path / "pairs.txt").write_text("grey.png 3\nrgb.png\t-1\n")
    for name, members in {"both": ["rgb.png", "grey.png"], "one": ["grey.png"]}.items():
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.mkdir("folder") if sys.version_info >= (3, 11) else None
            for member in members:
                archive.write(tmp_path / member, member)
    return tmp_path


def in_forked_process(ask):
    """What a function returns in a forked process."""
    reading, writing = os.pipe()
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*use of fork.*", DeprecationWarning)
        pid = os.fork()
    if not pid:
        os.write(writing, pickle.dumps(ask()))
        os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with os.fdopen(reading, "rb") as file:
        return pickle.load(file)


class TestImages:
    def test_channels_come_first_and_grey_has_one(self, folder):
        rgb, grey = datasets.ImageDataset(["rgb.png", "grey.png"], root=folder)[:]

        assert (rgb.tolist(), rgb.dtype) == (RGB.transpose(2, 0, 1).tolist(), np.float32)
        assert grey.tolist() == [GREY.tolist()]

    @pytest.mark.parametrize("as_path", [str, pathlib.Path])
    def test_paths_in_a_file(self, folder, as_path):
        dataset = datasets.ImageDataset(as_path(folder / "paths.txt"), root=as_path(folder))

        assert [image.shape for image in dataset[:]] == [(3, 2, 4), (1, 2, 3)]

    def test_dtypes(self, folder):
        def dtype_of(dtype):
            return datasets.ImageDataset(["grey.png"], folder, dtype)[0].dtype

        assert dtype_of(np.uint8) == np.uint8
        assert dtype_of(chainer.mixed16) == np.float16
        with chainer.using_config("dtype", np.dtype(np.float64)):
            assert dtype_of(None) == np.float64

    def test_labels_from_a_list_and_from_a_file(self, folder):
        from_list = datasets.LabeledImageDataset([("grey.png", 3), ("rgb.png", -1)], folder)
        from_file = datasets.LabeledImageDataset(
            str(folder / "pairs.txt"), folder, np.uint8, label_dtype=np.int64
        )

        assert len(from_list) == len(from_file) == 2
        image, label = from_list[0]
        assert (label.dtype, label.shape, int(label)) == (np.int32, (), 3)
        assert (from_file[1][1].dtype, int(from_file[1][1])) == (np.int64, -1)
        assert image.tolist() == from_file[0][0].tolist()

    @pytest.mark.parametrize("line", ["rgb.png", "rgb.png 1 2", "rgb.png one"])
    def test_a_line_that_is_no_pair_is_named(self, folder, line):
        (folder / "bad.txt").write_text(f"grey.png 3\n{line}\n")

        with pytest.raises(ValueError, match=r"invalid format at line 1 in file .*bad\.txt"):
            datasets.LabeledImageDataset(str(folder / "bad.txt"), folder)

    @pytest.mark.parametrize(
        "make",
        [
            lambda folder: datasets.ImageDataset([]),
            lambda folder: datasets.LabeledImageDataset([]),
            lambda folder: datasets.ZippedImageDataset(folder / "both.zip"),
        ],
    )
    def test_without_pillow_it_is_said_what_to_install(self, folder, monkeypatch, make):
        monkeypatch.setattr(_image_dataset.importlib.util, "find_spec", lambda name: None)

        with pytest.raises(ImportError, match="Install Pillow"):
            make(folder)

    def test_whether_pillow_is_there_can_be_asked(self):
        assert datasets.available is True


class TestZippedImages:
    def test_they_are_in_the_archives_order_and_known_by_name(self, folder):
        dataset = datasets.ZippedImageDataset(str(folder / "both.zip"))

        assert len(dataset) == 2
        assert dataset[0].shape == (3, 2, 4)
        assert dataset.get_example("grey.png").tolist() == [GREY.tolist()]
        with pytest.raises(KeyError):
            dataset.get_example("missing.png")

    def test_an_iterators_indices_are_numpys(self, folder):
        dataset = datasets.ZippedImageDataset(folder / "both.zip")

        assert [image.shape for image in next(SerialIterator(dataset, 2, shuffle=False))] == [
            (3, 2, 4),
            (1, 2, 3),
        ]

    def test_labels(self, folder):
        dataset = datasets.LabeledZippedImageDataset(
            str(folder / "both.zip"), str(folder / "pairs.txt")
        )

        assert [(image.shape, int(label)) for image, label in dataset[:]] == [
            ((1, 2, 3), 3),
            ((3, 2, 4), -1),
        ]
        assert len(dataset) == 2

    @pytest.mark.parametrize(("index", "channels"), [(0, 3), (1, 1), (2, 1), (-1, 1), (-3, 3)])
    def test_several_archives(self, folder, index, channels):
        dataset = datasets.MultiZippedImageDataset([folder / "both.zip", folder / "one.zip"])

        assert len(dataset) == 3
        assert len(dataset[index]) == channels

    @pytest.mark.parametrize("index", [3, -4])
    def test_beyond_the_last_archive(self, folder, index):
        with pytest.raises(IndexError, match=str(index)):
            datasets.MultiZippedImageDataset([folder / "both.zip", folder / "one.zip"])[index]

    def test_each_process_opens_the_archive_for_itself(self, folder):
        dataset = datasets.ZippedImageDataset(folder / "both.zip")

        assert in_forked_process(lambda: [dataset[1].tolist()]) == [[GREY.tolist()]]
        assert pickle.loads(pickle.dumps(dataset))[1].tolist() == [GREY.tolist()]


class TestText:
    @pytest.fixture
    def path(self, tmp_path):
        path = tmp_path / "words.txt"
        path.write_text("one\nzwei \N{SNOWMAN}\nthree\nvier", encoding="utf-8")
        return path

    def test_lines_with_their_ends(self, path):
        dataset = datasets.TextDataset(str(path), encoding="utf-8")

        assert (len(dataset), dataset[1], dataset[3]) == (4, "zwei \N{SNOWMAN}\n", "vier")
        assert dataset[::-1] == ["vier", "three\n", "zwei \N{SNOWMAN}\n", "one\n"]

    @pytest.mark.parametrize("index", [-1, 4])
    def test_an_index_beyond_the_lines(self, path, index):
        with pytest.raises(IndexError):
            datasets.TextDataset(path, encoding="utf-8")[index]

    def test_several_files_give_tuples(self, path, tmp_path):
        other = tmp_path / "other.txt"
        other.write_text("1\n2\n3\n4\n", encoding="utf-16")
        dataset = datasets.TextDataset([path, str(other)], encoding=["utf-8", "utf-16"])

        assert dataset[2] == ("three\n", "3\n")

    def test_lines_are_filtered(self, path, tmp_path):
        other = tmp_path / "other.txt"
        other.write_text("1\n2\n3\n4\n")
        dataset = datasets.TextDataset(
            [path, other], encoding="utf-8", filter_func=lambda word, number: int(number) % 2
        )

        assert dataset[:] == [("one\n", "1\n"), ("three\n", "3\n")]

    def test_line_ends_and_decoding_errors(self, tmp_path):
        path = tmp_path / "odd.txt"
        path.write_bytes(b"a\r\nb\xff\r\n")

        assert datasets.TextDataset(path, "ascii", "replace")[:] == [
            "a\n",
            "b\N{REPLACEMENT CHARACTER}\n",
        ]
        assert datasets.TextDataset(path, "latin-1", newline="")[0] == "a\r\n"

    def test_files_of_different_lengths(self, path, tmp_path):
        other = tmp_path / "other.txt"
        other.write_text("1\n2\n")

        with pytest.raises(ValueError, match=r"number of lines in files does not match.*line 2"):
            datasets.TextDataset([path, other], encoding="utf-8")

    @pytest.mark.parametrize(
        ("paths", "options", "message"),
        [
            ([], {}, "at least one"),
            (["a", "b"], {"encoding": ["utf-8"]}, "1 of `encoding` for 2 files"),
            (["a"], {"newline": ["", None]}, "2 of `newline` for 1 files"),
        ],
    )
    def test_options_that_do_not_fit(self, paths, options, message):
        with pytest.raises(ValueError, match=message):
            datasets.TextDataset(paths, **options)

    def test_each_process_opens_the_files_for_itself(self, path):
        dataset = datasets.TextDataset(path, encoding="utf-8")
        dataset[0]

        assert in_forked_process(lambda: [dataset[i] for i in (2, 0)]) == ["three\n", "one\n"]
        # The position in the file is this process's own.
        assert dataset._fps[0].readline() == "zwei \N{SNOWMAN}\n"
        assert pickle.loads(pickle.dumps(dataset))[3] == "vier"

    def test_workers_read_the_right_lines(self, tmp_path):
        path = tmp_path / "long.txt"
        path.write_text("".join(f"line {i}\n" for i in range(200)))
        dataset = datasets.TextDataset(path)
        with MultiprocessIterator(dataset, 50, shuffle=False, n_processes=2, shared_mem=0) as it:
            lines = [line for _ in range(4) for line in next(it)]

        assert lines == [f"line {i}\n" for i in range(200)]

    def test_closed_it_cannot_be_read(self, path):
        dataset = datasets.TextDataset(path, encoding="utf-8")
        dataset.close()

        with pytest.raises(ValueError, match="closed file"):
            dataset[0]


class TestPickles:
    @pytest.fixture
    def path(self, tmp_path):
        path = tmp_path / "data.pickle"
        with datasets.open_pickle_dataset_writer(path) as writer:
            for i in range(5):
                writer.write(("example", i, np.full(i, i)))
            writer.flush()
        return path

    def test_examples_in_any_order(self, path):
        with datasets.open_pickle_dataset(str(path)) as dataset:
            assert len(dataset) == 5
            assert [dataset[i][1] for i in (3, 0, 4, -1)] == [3, 0, 4, 4]

    def test_closed_it_cannot_be_read(self, path):
        with datasets.open_pickle_dataset(path) as dataset:
            pass

        with pytest.raises(ValueError, match="closed"):
            dataset[0]

    def test_each_process_opens_the_file_for_itself(self, path):
        with datasets.open_pickle_dataset(path) as dataset:
            assert in_forked_process(lambda: [dataset[i][1] for i in (3, 1)]) == [3, 1]
            with pickle.loads(pickle.dumps(dataset)) as other:
                assert other[2][1] == 2

    def test_any_file_object_with_random_access(self):
        raw = io.BytesIO()
        writer = datasets.PickleDatasetWriter(raw, protocol=2)
        writer.write([1])
        writer.write([2])

        dataset = datasets.PickleDataset(raw)
        assert dataset[:] == [[1], [2]]
        assert in_forked_process(lambda: dataset[1]) == [2]

    def test_a_writer_that_cannot_be_flushed(self):
        class Bare:
            write = tell = close = None

        datasets.PickleDatasetWriter(Bare()).flush()

    def test_random_access_is_needed(self):
        class Stream(io.BytesIO):
            def seekable(self):
                return False

        with pytest.raises(ValueError, match="random access"):
            datasets.PickleDataset(Stream())

    def test_the_file_object_is_that_of_the_file(self, path):
        with datasets.open_pickle_dataset(path) as dataset:
            assert dataset._reader.name == str(path)
            assert not hasattr(dataset._reader, "_missing")
