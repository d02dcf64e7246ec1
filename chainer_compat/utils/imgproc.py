"""Crops of images (Chainer: *chainer.utils.imgproc*)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["oversample"]


def oversample(images: Sequence[Any], crop_dims: tuple[int, int]) -> Any:
    """Returns ten crops of each image: four corners and centre, and their mirror images.

    Args:
        images: Images of one shape, ``(channels, height, width)``.
        crop_dims: Height and width of the crops.

    Returns:
        An array of shape ``(10 * len(images), channels, *crop_dims)``.

    Example:
        >>> import numpy as np
        >>> from chainer_compat.utils import imgproc
        >>> imgproc.oversample([np.zeros((3, 256, 256), 'f')], (227, 227)).shape
        (10, 3, 227, 227)
    """
    _, height, width = images[0].shape
    crop_height, crop_width = crop_dims
    below, right = height - crop_height, width - crop_width
    centre = (int(height / 2.0 - crop_height / 2.0), int(width / 2.0 - crop_width / 2.0))
    corners = [(0, 0), (0, right), (below, 0), (below, right), centre]
    crops = []
    for image in images:
        plain = [image[:, y : y + crop_height, x : x + crop_width] for y, x in corners]
        crops += [*plain, *(crop[:, :, ::-1] for crop in plain)]
    return np.stack(crops)
