"""Pooling inside boxes of images (Chainer: *Spatial pooling*, the regions of interest)."""

from __future__ import annotations

import numbers
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = [
    "roi_average_align_2d",
    "roi_average_pooling_2d",
    "roi_max_align_2d",
    "roi_max_pooling_2d",
    "roi_pooling_2d",
]


class _Bins(NamedTuple):
    """The windows of one axis, of shape ``(R, out)``: the first pixel, and the one behind."""

    start: Tensor
    end: Tensor

    def steps(self) -> range:
        """The steps from the first pixel that some window has; on a GPU, this waits for it."""
        lengths = self.end - self.start
        return range(max(1, int(lengths.max())) if lengths.numel() else 1)

    def after(self, step: int) -> tuple[Tensor, Tensor]:
        """The pixels so many steps on, or the last ones, and which windows have them."""
        places = self.start + step
        return torch.minimum(places, self.end - 1).clamp(min=0), places < self.end


def _whole(places: Tensor, scale: float) -> Tensor:
    """The nearest pixels of places, in the precision of the scale, a Python float."""
    _refuse_endless(places)
    return torch.round(places.detach().double() * scale).long()


def _refuse_endless(places: Tensor) -> None:
    # On a GPU, asking would wait for the device; Chainer's kernels do not ask either.
    if places.device.type == "cpu" and not torch.isfinite(places).all():
        kind = InvalidArgumentError if torch.isnan(places).any() else OverflowError
        raise kind("the places of a box must be finite numbers; got NaN or infinity in rois")


def _bins(first: Tensor, extent: Tensor, out: int, limit: int) -> _Bins:
    step = (extent.clamp(min=1).double() / out)[:, None]
    index = torch.arange(out, device=first.device)
    start = torch.floor(index * step).long() + first[:, None]
    end = torch.ceil((index + 1) * step).long() + first[:, None]
    return _Bins(start.clamp(0, limit), end.clamp(0, limit))


def _pixels(x: Tensor, outside: float) -> Tensor:
    """The pixels of all images, one a row, and a last row that stands for all that is outside."""
    rows = x.permute(0, 2, 3, 1).flatten(0, 2)
    return torch.cat([rows, rows.new_full((1, x.shape[1]), outside)])


def _take(rows: Tensor, places: Tensor) -> Tensor:
    return rows.index_select(0, places.flatten()).reshape(*places.shape, rows.shape[1])


def _cells(rows: Tensor, boxes: int, outsize: tuple[int, int], value: float) -> Tensor:
    """What the cells begin with; it belongs to the graph, though nothing of the images is in it."""
    return rows.new_full((boxes, *outsize, rows.shape[1]), value) + rows[:0].sum()


def _first_rows(x: Tensor, images: Tensor) -> Tensor:
    """Where the pixels of each box's image begin, with the indices checked as torch does."""
    starts = torch.arange(len(x), device=x.device) * (x.shape[2] * x.shape[3])
    return starts[images.long()]


def _windows(x: Tensor, first: Tensor, ys: _Bins, xs: _Bins) -> Iterator[tuple[Tensor, Tensor]]:
    """Each place in a window, in order: the rows of its pixels, and which windows have it."""
    origin = first[:, None, None]
    for dy in ys.steps():
        y, in_rows = ys.after(dy)
        begin = origin + (y * x.shape[3])[:, :, None]
        for dx in xs.steps():
            z, in_columns = xs.after(dx)
            yield begin + z[:, None, :], in_rows[:, :, None] & in_columns[:, None, :]


class _Contest:
    """Finds the first largest of values that come one after the other, for each element.

    `torch.where` over all channels would take most of the time, so the number of the winner is the
    largest number of a value that was larger than those before it.
    """

    best: Tensor
    _winner: Tensor
    _larger: Tensor
    _count = 0

    def enter(self, value: Tensor) -> None:
        if self._count == 0:
            self.best = value.clone()
            self._winner = torch.zeros_like(value, dtype=torch.float32)
            self._larger = torch.empty_like(self._winner)
        else:
            torch.gt(value, self.best, out=self._larger)
            torch.maximum(self._winner, self._larger.mul_(self._count), out=self._winner)
            torch.fmax(self.best, value, out=self.best)
        self._count += 1

    def choose(self, places: list[Tensor]) -> Tensor:
        """What belongs to the winner, of what belongs to each value, without its channels."""
        return torch.stack(places, -1).gather(-1, self._winner.long())


def _largest(x: Tensor, images: Tensor, ys: _Bins, xs: _Bins, empty: float) -> Tensor:
    """The first largest pixel of each window, for each channel."""
    first, rows = _first_rows(x, images), _pixels(x, empty)
    # NaN is the largest of all; it is passed on below, where the pixels themselves are taken.
    seen = rows.detach().nan_to_num(torch.inf, torch.inf, -torch.inf)
    contest = _Contest()
    places: list[Tensor] = []
    with torch.no_grad():
        for place, inside in _windows(x, first, ys, xs):
            # Where a window is smaller, its last pixel comes again, which is no larger.
            if not places:
                filled = inside
            places.append(torch.where(filled, place, len(rows) - 1))
            contest.enter(_take(seen, places[-1]))
        chosen = contest.choose(places)
    return rows.gather(0, chosen.flatten(0, 2)).reshape(chosen.shape).permute(0, 3, 1, 2)


def _pair(value: Any) -> tuple[Any, Any]:
    first, second = value if isinstance(value, Iterable) else (value, value)
    return first, second


def _read_outsize(outsize: Any) -> tuple[int, int]:
    height, width = _pair(outsize)
    for axis, size in enumerate((height, width)):
        if not (isinstance(size, numbers.Integral) and int(size) > 0):
            raise InvalidArgumentTypeError(
                f"outsize[{axis}] must be a positive integer; got {size!r}"
            )
    return int(height), int(width)


def _read_scale(scale: Any) -> float:
    if not (isinstance(scale, numbers.Real) and float(scale) > 0):
        raise InvalidArgumentTypeError(f"spatial_scale must be a positive number; got {scale!r}")
    return float(scale)


def _read_sampling(ratio: Any) -> tuple[int | None, int | None]:
    first, second = _pair(ratio)
    for part in (first, second):
        if part is not None and not (isinstance(part, numbers.Integral) and int(part) >= 1):
            raise InvalidArgumentTypeError(
                f"sampling_ratio must be None, an integer of 1 or more, or a pair; got {ratio!r}"
            )
    return first, second


def _check_boxes(x: Tensor, rois: Tensor, columns: int) -> None:
    _checks.expect_ndim(x, "in_types[0]", 4)
    _checks.expect_ndim(rois, "in_types[1]", 2)
    if rois.shape[1] != columns:
        fail(f"in_types[1].shape[1] == {columns}", f"{rois.shape[1]} != {columns}")


def _check_indices(rois: Tensor, indices: Tensor) -> None:
    if indices.dtype is not torch.int32:
        fail("in_types[2].dtype == int32", f"{indices.dtype} != int32")
    _checks.expect_ndim(indices, "in_types[2]", 1)
    if len(rois) != len(indices):
        fail("in_types[1].shape[0] == in_types[2].shape[0]", f"{len(rois)} != {len(indices)}")


def _check_pooling(x: Tensor, rois: Tensor, *options: Any) -> None:
    _checks.expect_floating(x, "in_types[0]")
    _checks.expect_same_dtype(x, rois, "in_types[0]", "in_types[1]")
    _check_boxes(x, rois, 5)


@function("ROIPooling2D", check=_check_pooling)
def _roi_pooling_2d(x: Tensor, rois: Tensor, outh: int, outw: int, scale: float) -> Tensor:
    left, top, right, bottom = _whole(rois[:, 1:], scale).unbind(1)
    ys = _bins(top, bottom - top + 1, outh, x.shape[2])
    xs = _bins(left, right - left + 1, outw, x.shape[3])
    return _largest(x, rois[:, 0].detach(), ys, xs, 0.0)


def roi_pooling_2d(x: Any, rois: Any, outh: int, outw: int, spatial_scale: float) -> Variable:
    """Returns the largest pixels in the cells of a grid over each box.

    A box's last row and column of pixels belong to it. On a GPU, the call waits for the boxes once,
    to learn the size of the largest cell. Source: Girshick, *Fast R-CNN*, 2015.

    Args:
        x: The images, of shape ``(N, C, H, W)`` and floating point.
        rois: The boxes, of ``x``'s dtype and shape ``(R, 5)``: the image's index, and the box's
            least x, least y, largest x and largest y.
        outh: The rows of the grid.
        outw: Its columns.
        spatial_scale: What the places of the boxes are multiplied by to be pixels of ``x``.

    Returns:
        A variable of shape ``(R, C, outh, outw)``, 0 in cells outside of the image.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        TypeError: If ``outh`` or ``outw`` is no integer.
        ValueError: If one of them is negative, or a place is NaN.
        IndexError: If there is no such image.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
        >>> F.roi_pooling_2d(x, np.array([[0, 0, 0, 3, 1]], np.float32), 1, 2, 1.0)
        variable([[[[5., 7.]]]])
    """
    height, width = operator.index(outh), operator.index(outw)
    if min(height, width) < 0:
        raise InvalidArgumentError(f"outh and outw must be positive; got {outh} and {outw}")
    if 0 in {height, width}:
        raise ZeroDivisionError(f"a grid of {outh} x {outw} cells parts no box")
    result: Variable = _roi_pooling_2d(x, rois, height, width, spatial_scale)
    return result


def _check_indexed(x: Tensor, rois: Tensor, indices: Tensor, *options: Any) -> None:
    _checks.expect_floating(x, "in_types[0]")
    _checks.expect_same_dtype(x, rois, "in_types[0]", "in_types[1]")
    _check_boxes(x, rois, 4)
    _check_indices(rois, indices)


def _half_open(
    x: Tensor, rois: Tensor, outsize: tuple[int, int], scale: float
) -> tuple[_Bins, _Bins]:
    top, left, bottom, right = _whole(rois, scale).unbind(1)
    return (
        _bins(top, bottom - top, outsize[0], x.shape[2]),
        _bins(left, right - left, outsize[1], x.shape[3]),
    )


@function("ROIMaxPooling2D", check=_check_indexed)
def _roi_max_pooling_2d(
    x: Tensor, rois: Tensor, indices: Tensor, outsize: tuple[int, int], scale: float
) -> Tensor:
    ys, xs = _half_open(x, rois, outsize, scale)
    return _largest(x, indices, ys, xs, -torch.inf)


def roi_max_pooling_2d(
    x: Any, rois: Any, roi_indices: Any, outsize: Any, spatial_scale: float
) -> Variable:
    """Returns the largest pixels in the cells of a grid over each box.

    A box ends before its largest row and column. On a GPU, the call waits for the boxes once, to
    learn the size of the largest cell. Source: Girshick, *Fast R-CNN*, 2015.

    Args:
        x: The images, of shape ``(N, C, H, W)`` and floating point.
        rois: The boxes, of ``x``'s dtype and shape ``(R, 4)``: the least y, the least x, the
            largest y and the largest x.
        roi_indices: The index of each box's image, int32 of shape ``(R,)``.
        outsize: The rows and the columns of the grid, a pair or one int for both.
        spatial_scale: What the places of the boxes are multiplied by to be pixels of ``x``.

    Returns:
        A variable of shape ``(R, C, *outsize)``, minus infinity in cells outside of the image.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        TypeError: If ``outsize`` or ``spatial_scale`` is no positive number of its kind.
        IndexError: If there is no such image.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
        >>> rois, images = np.array([[0, 0, 2, 4]], np.float32), np.zeros(1, np.int32)
        >>> F.roi_max_pooling_2d(x, rois, images, (1, 2), 1)
        variable([[[[5., 7.]]]])
    """
    options = _read_outsize(outsize), _read_scale(spatial_scale)
    result: Variable = _roi_max_pooling_2d(x, rois, roi_indices, *options)
    return result


@function("ROIAveragePooling2D", check=_check_indexed)
def _roi_average_pooling_2d(
    x: Tensor, rois: Tensor, indices: Tensor, outsize: tuple[int, int], scale: float
) -> Tensor:
    ys, xs = _half_open(x, rois, outsize, scale)
    rows = _pixels(x, 0.0)
    if rows.dtype is torch.float16:
        rows = rows.float()
    total = rows.new_zeros(len(rois), *outsize, x.shape[1])
    for place, inside in _windows(x, _first_rows(x, indices), ys, xs):
        total = total + _take(rows, torch.where(inside, place, len(rows) - 1))
    count = (ys.end - ys.start)[:, :, None] * (xs.end - xs.start)[:, None, :]
    return (total / count.clamp(min=1)[..., None]).permute(0, 3, 1, 2).to(x.dtype)


def roi_average_pooling_2d(
    x: Any, rois: Any, roi_indices: Any, outsize: Any, spatial_scale: float
) -> Variable:
    """Returns the mean of the pixels in the cells of a grid over each box.

    A box ends before its largest row and column. On a GPU, the call waits for the boxes once, to
    learn the size of the largest cell. Source: Girshick, *Fast R-CNN*, 2015.

    Args:
        x: The images, of shape ``(N, C, H, W)`` and floating point.
        rois: The boxes, of ``x``'s dtype and shape ``(R, 4)``: the least y, the least x, the
            largest y and the largest x.
        roi_indices: The index of each box's image, int32 of shape ``(R,)``.
        outsize: The rows and the columns of the grid, a pair or one int for both.
        spatial_scale: What the places of the boxes are multiplied by to be pixels of ``x``.

    Returns:
        A variable of shape ``(R, C, *outsize)``, 0 in cells outside of the image.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        TypeError: If ``outsize`` or ``spatial_scale`` is no positive number of its kind.
        IndexError: If there is no such image.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
        >>> rois, images = np.array([[0, 0, 2, 4]], np.float32), np.zeros(1, np.int32)
        >>> F.roi_average_pooling_2d(x, rois, images, (1, 2), 1)
        variable([[[[2.5, 4.5]]]])
    """
    options = _read_outsize(outsize), _read_scale(spatial_scale)
    result: Variable = _roi_average_pooling_2d(x, rois, roi_indices, *options)
    return result


def _check_align(x: Tensor, rois: Tensor, indices: Tensor, *options: Any) -> None:
    for i, tensor in enumerate((x, rois)):
        if tensor.dtype is not torch.float32:
            fail(f"in_types[{i}].dtype == float32", f"{tensor.dtype} != float32")
    _check_boxes(x, rois, 4)
    _check_indices(rois, indices)


class _Samples(NamedTuple):
    """The places where the cells of one axis are looked at, of shape ``(R, out)``."""

    start: Tensor
    step: Tensor
    number: Tensor
    limit: int


class _Place(NamedTuple):
    """One sample of each cell: the pixels beside it, the second's weight, and if it counts."""

    low: Tensor
    high: Tensor
    weight: Tensor
    inside: Tensor


def _samples(
    low: Tensor, high: Tensor, out: int, scale: float, ratio: int | None, limit: int
) -> _Samples:
    first, last = low.double() * scale, high.double() * scale
    step = ((last - first).clamp(min=1) / out)[:, None]
    start = first[:, None] + torch.arange(out, device=low.device) * step
    count = torch.ceil(step) if ratio is None else torch.full_like(step, ratio)
    return _Samples(start, step, count, limit)


def _places(samples: _Samples, ratio: int | None) -> Iterator[_Place]:
    """The samples one by one; on a GPU, this waits for their number if the boxes decide it."""
    start, step, count, limit = samples
    if ratio is None:
        ratio = int(count.max()) if count.numel() else 0
    for i in range(ratio):
        place = start + (i + 0.5) * step / count
        inside = (i < count) & (place >= -1) & (place <= limit)
        place = place.clamp(0, max(limit - 1, 0))
        low = torch.floor(place)
        # A place on a pixel has that one on both sides, so that no other is looked at.
        yield _Place(low.long(), torch.ceil(place).long(), (place - low).float(), inside)


class _Sample(NamedTuple):
    """One sample of each cell, of shape ``(R, *out)``: rows of pixels, and their weights."""

    corners: tuple[Tensor, ...]
    down: Tensor
    right: Tensor


def _sample(first: Tensor, width: int, y: _Place, x: _Place, outside: int) -> _Sample:
    inside = y.inside[:, :, None] & x.inside[:, None, :]
    corners = [
        torch.where(inside, (first[:, None] + row * width)[:, :, None] + column[:, None], outside)
        for row in (y.low, y.high)
        for column in (x.low, x.high)
    ]
    down, right = y.weight[:, :, None], x.weight[:, None]
    return _Sample(tuple(corners), down.expand(inside.shape), right.expand(inside.shape))


def _blend(pixels: Sequence[Tensor], down: Tensor, right: Tensor) -> Tensor:
    """The images between four pixels, bilinearly."""
    top = torch.lerp(pixels[0], pixels[1], right)
    return torch.lerp(top, torch.lerp(pixels[2], pixels[3], right), down)


def _look(rows: Tensor, sample: _Sample) -> Tensor:
    pixels = [_take(rows, corner) for corner in sample.corners]
    return _blend(pixels, sample.down[..., None], sample.right[..., None])


_Ratio = tuple[int | None, int | None]


def _align(
    x: Tensor,
    rois: Tensor,
    indices: Tensor,
    outsize: tuple[int, int],
    scale: float,
    ratio: _Ratio,
) -> tuple[Tensor, Iterator[_Sample]]:
    """How many samples each cell has, and these."""
    _refuse_endless(rois)
    top, left, bottom, right = rois.detach().unbind(1)
    ys = _samples(top, bottom, outsize[0], scale, ratio[0], x.shape[2])
    xs = _samples(left, right, outsize[1], scale, ratio[1], x.shape[3])
    first, outside = _first_rows(x, indices), x.numel() // max(x.shape[1], 1)
    columns = list(_places(xs, ratio[1]))
    samples = (
        _sample(first, x.shape[3], y, z, outside) for y in _places(ys, ratio[0]) for z in columns
    )
    return (ys.number * xs.number)[:, :, None, None], samples


@function("ROIAverageAlign2D", check=_check_align)
def _roi_average_align_2d(
    x: Tensor,
    rois: Tensor,
    indices: Tensor,
    outsize: tuple[int, int],
    scale: float,
    ratio: _Ratio,
) -> Tensor:
    count, samples = _align(x, rois, indices, outsize, scale, ratio)
    rows = _pixels(x, 0.0)
    total = _cells(rows, len(rois), outsize, 0.0)
    for sample in samples:
        total = total + _look(rows, sample)
    return (total / count.float()).permute(0, 3, 1, 2)


def roi_average_align_2d(
    x: Any,
    rois: Any,
    roi_indices: Any,
    outsize: Any,
    spatial_scale: float,
    sampling_ratio: Any = None,
) -> Variable:
    """Returns the mean of samples in the cells of a grid over each box, between the pixels.

    Nothing is rounded to whole pixels. Samples outside of the image count as 0. On a GPU, the call
    waits for the boxes once if ``sampling_ratio`` is None. Source: He et al., *Mask R-CNN*, 2017.

    Args:
        x: The images, of shape ``(N, C, H, W)`` and float32.
        rois: The boxes, float32 of shape ``(R, 4)``: the least y, the least x, the largest y and
            the largest x.
        roi_indices: The index of each box's image, int32 of shape ``(R,)``.
        outsize: The rows and the columns of the grid, a pair or one int for both.
        spatial_scale: What the places of the boxes are multiplied by to be pixels of ``x``.
        sampling_ratio: The samples along each axis of a cell, a pair or one int for both; one for
            each pixel that the cell is long if None.

    Returns:
        A variable of shape ``(R, C, *outsize)``.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        TypeError: If an option is no positive number of its kind.
        IndexError: If there is no such image.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
        >>> rois, images = np.array([[0, 0, 2, 2]], np.float32), np.zeros(1, np.int32)
        >>> F.roi_average_align_2d(x, rois, images, 2, 1)
        variable([[[[2.5, 3.5],
                    [6.5, 7.5]]]])
    """
    options = _read_outsize(outsize), _read_scale(spatial_scale), _read_sampling(sampling_ratio)
    result: Variable = _roi_average_align_2d(x, rois, roi_indices, *options)
    return result


@function("ROIMaxAlign2D", check=_check_align)
def _roi_max_align_2d(
    x: Tensor,
    rois: Tensor,
    indices: Tensor,
    outsize: tuple[int, int],
    scale: float,
    ratio: _Ratio,
) -> Tensor:
    samples = list(_align(x, rois, indices, outsize, scale, ratio)[1])
    # Outside, all samples are NaN, which never wins.
    rows = _pixels(x, torch.nan)
    if not samples:
        return _cells(rows, len(rois), outsize, -torch.inf).permute(0, 3, 1, 2)
    contest = _Contest()
    with torch.no_grad():
        contest.enter(_cells(rows, len(rois), outsize, -torch.inf))
        for sample in samples:
            contest.enter(_look(rows, sample))
        # Number 0 stands for a cell without any sample, whose pixels do not matter.
        every = [samples[0], *samples]
        corners = [contest.choose([s.corners[i] for s in every]) for i in range(4)]
        down = contest.choose([s.down for s in every])
        right = contest.choose([s.right for s in every])
    pixels = [rows.gather(0, corner.flatten(0, 2)).reshape(corner.shape) for corner in corners]
    value = _blend(pixels, down, right)
    return torch.where(contest.best.isneginf(), contest.best, value).permute(0, 3, 1, 2)


def roi_max_align_2d(
    x: Any,
    rois: Any,
    roi_indices: Any,
    outsize: Any,
    spatial_scale: float,
    sampling_ratio: Any = None,
) -> Variable:
    """Returns the largest of samples in the cells of a grid over each box, between the pixels.

    Nothing is rounded to whole pixels. On a GPU, the call waits for the boxes once if
    ``sampling_ratio`` is None. Source: He et al., *Mask R-CNN*, 2017.

    Args:
        x: The images, of shape ``(N, C, H, W)`` and float32.
        rois: The boxes, float32 of shape ``(R, 4)``: the least y, the least x, the largest y and
            the largest x.
        roi_indices: The index of each box's image, int32 of shape ``(R,)``.
        outsize: The rows and the columns of the grid, a pair or one int for both.
        spatial_scale: What the places of the boxes are multiplied by to be pixels of ``x``.
        sampling_ratio: The samples along each axis of a cell, a pair or one int for both; one for
            each pixel that the cell is long if None.

    Returns:
        A variable of shape ``(R, C, *outsize)``, minus infinity in cells outside of the image.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        TypeError: If an option is no positive number of its kind.
        IndexError: If there is no such image.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
        >>> rois, images = np.array([[0, 0, 2, 2]], np.float32), np.zeros(1, np.int32)
        >>> F.roi_max_align_2d(x, rois, images, 2, 1, sampling_ratio=2)
        variable([[[[3.75, 4.75],
                    [7.75, 8.75]]]])
    """
    options = _read_outsize(outsize), _read_scale(spatial_scale), _read_sampling(sampling_ratio)
    result: Variable = _roi_max_align_2d(x, rois, roi_indices, *options)
    return result
