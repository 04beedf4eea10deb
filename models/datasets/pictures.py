"""Folders of pictures: cut to their central square, averaged down to one size."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path

import numpy as np

from models.datasets.folders import read_folder
from models.datasets.parts import Array, Unreadable, Whole

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
MOST_PIXELS = 64 << 20
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")


def read_pictures(root: Path, side: int, *, colour: bool) -> Whole:
    """All pictures of a folder as (1 or 3, side, side) uint8."""
    like = np.empty((3 if colour else 1, side, side), np.uint8)
    return read_folder(root, ENDINGS, ("pictures", "image"), partial(_picture, side, "RGB" if colour else "L"), like)


def _picture(side: int, mode: str, path: Path) -> Array:
    try:
        from PIL import Image  # noqa: PLC0415 - an extra, wanted for pictures alone
    except ImportError as error:
        raise Unreadable(
            path, "pictures are read by Pillow, which is not here", "pip install 'ontogeny[data]'"
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    told = f"{opened.width} x {opened.height} pixels, at most {MOST_PIXELS >> 20} M are read"
                    raise Unreadable(path, told, "make it smaller")
                square = _square(opened.width, opened.height)
                small = opened.convert(mode).resize((side, side), Image.Resampling.BOX, box=square)
    except (OSError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable(path, f"no picture that can be read ({error})", "mend it or take it out") from error
    pixels = np.asarray(small, np.uint8)
    return pixels[None] if mode == "L" else pixels.transpose(2, 0, 1)


def _square(width: int, height: int) -> tuple[int, int, int, int]:
    """The central square: left, top, right, bottom."""
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return left, top, left + side, top + side
