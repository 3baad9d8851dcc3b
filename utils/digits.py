"""A digit of one's own, from a photograph or a drawing, as MNIST would hold it."""

import io
import os
from typing import Any

import numpy as np
from PIL import Image, ImageFilter, ImageOps

WORK, BOX, SIDE, STROKE = 128, 20, 28, 2  # pixels: to work with; of the result


def prepare_digit(picture: Any) -> np.ndarray:
    """Make a picture of a digit into what MNIST holds: uint8, shape (28, 28).

    As the authors of MNIST did it: light ink on black, the digit scaled into a
    box of 20 x 20 pixels, its centre of mass in the middle of 28 x 28. The paper
    may be light or dark, in any colour, size and light; one digit, nothing else.

    Args:
        picture: the name of a PNG or JPEG file, its bytes, a Pillow image, or an
            array of shape (height, width) or (height, width, 3 or 4).

    Raises:
        ValueError: the picture cannot be read, or shows nothing.
    """
    sheet = _grey(picture)
    rough, (low, high) = _ink(sheet)
    # A small digit on a large sheet: found first, then looked at from near.
    zoom, margin = max(sheet.size) / max(rough.shape), np.ptp([low, high], 0).max() / 2
    low = np.maximum(zoom * (low - margin), 0)
    high = np.minimum(zoom * (high + margin + 1), sheet.size[::-1])
    ink, (low, high) = _ink(sheet.crop([int(x) for x in (*low[::-1], *high[::-1])]))
    ink = ink[low[0] : high[0] + 1, low[1] : high[1] + 1]
    # A pen is thinner than the strokes of MNIST: twice area by outline is a width.
    solid = np.pad(ink > 128, 1)
    outline = sum(np.diff(solid, axis=axis).sum() for axis in (0, 1))
    grow = int(STROKE * max(ink.shape) / BOX - 2 * solid.sum() / outline) // 2
    wide = Image.fromarray(np.pad(ink, max(grow, 0)))
    if grow > 0:
        wide = wide.filter(ImageFilter.MaxFilter(2 * grow + 1))
    size = [max(1, round(length * BOX / max(wide.size))) for length in wide.size]
    digit = np.asarray(wide.resize(size, Image.Resampling.BICUBIC), float)
    # The box has its own brightest value: scaling thins a line's grey.
    digit = (digit * 255 / digit.max()).round()
    centre = np.argwhere(digit > -1).T @ digit.ravel() / digit.sum()
    top, left = np.clip(np.round(SIDE / 2 - centre), 0, np.subtract(SIDE, digit.shape))
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    place = np.ix_(*(int(a) + np.arange(n) for a, n in zip((top, left), digit.shape)))
    canvas[place] = digit
    return canvas


def _grey(picture: Any) -> Image.Image:
    """The picture upright, in shades of grey; of a transparent one, what is drawn."""
    if isinstance(picture, (bytes, bytearray, memoryview)):
        picture = io.BytesIO(picture)
    try:
        if not isinstance(picture, (Image.Image, np.ndarray)):
            picture = Image.open(picture)
        if isinstance(picture, np.ndarray) or picture.mode[0] in "IF":
            pixels = np.nan_to_num(np.asarray(picture, float)).squeeze()
            _height, _width, *_colours = pixels.shape  # fails for a flat one
            pixels -= min(pixels.min(), 0)
            pixels *= 255 / max(pixels.max(), 1e-9)  # from 0..1 or 0..65535
            picture = Image.fromarray(pixels.astype(np.uint8))
        picture = ImageOps.exif_transpose(picture).convert("RGBA")
    except FileNotFoundError:
        raise ValueError(f"There is no picture {os.path.abspath(picture)}.") from None
    except Exception as error:  # a broken file fails in many ways
        raise ValueError(
            "prepare_digit wants one picture: a PNG or JPEG file (an iPhone's HEIC "
            "saved as such), a Pillow image, or an array of shape (height, width) or "
            "(height, width, 3 or 4)."
        ) from error
    opaque = picture.getchannel("A")
    return picture.convert("L") if opaque.getextrema()[0] == 255 else opaque


def _ink(picture: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """Light ink on black, at most WORK wide, and the corners of what it covers.

    Ink is what differs from the paper around it.
    """
    picture = picture.copy()
    picture.thumbnail((WORK, WORK), Image.Resampling.BOX)
    # What is narrower than a third of the picture is ink, what is wider a shadow
    # on the paper. Most of what lies around a place is paper.
    width = max(picture.size) // 3 | 1
    darkest, lightest = ImageFilter.MinFilter(width), ImageFilter.MaxFilter(width)
    around = [np.asarray(picture.filter(f), float) for f in (darkest, lightest)]
    if (2 * np.asarray(picture, float) - sum(around)).sum() > 0:
        picture = ImageOps.invert(picture)
    # The paper alone: strokes go, shadows stay (in image processing an opening).
    paper = picture.filter(darkest).filter(lightest)
    ink = np.clip(np.asarray(picture, float) - np.asarray(paper, float), 0, None)
    if ink.max() < 24:  # grain of the paper
        raise ValueError("The picture shows no digit: it is of one shade all over.")
    # Between paper and ink, where both are most alike within (Otsu's threshold).
    levels = np.linspace(0, ink.max(), 66)[1:-1]
    parts = [ink > level for level in levels]
    spread = [
        p.mean() * (~p).mean() * np.ptp([ink[p].mean(), ink[~p].mean()]) ** 2
        for p in parts
    ]
    cut = levels[np.argmax(spread)]
    full = np.median(ink[ink > cut])
    ink = np.clip((ink - cut / 2) / (full - cut / 2), 0, 1)
    where = np.argwhere(ink > 0.5)
    return (255 * ink).astype(np.uint8), np.array([where.min(0), where.max(0)])
