"""Compare stored pictures with fresh ones, as thumbnails; show how they differ.

A thumbnail holds the mean colour of every BLOCK x BLOCK pixels. What the last
bits of a number or another release of a font move stays far below a change
that a reader could see: see the constants.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageSequence

KINDS = "image/png", "image/gif"
BLOCK = 4  # about half the width of a letter
# Differences are shares of the way from black to white.
ONE_BLOCK = 0.05
STRETCH = 0.02


class Picture(NamedTuple):
    """The frames of a figure, one for a still, and its alternative text."""

    frames: list[Image.Image]
    alt: str


def found(outputs: Iterable[dict]) -> Iterator[Picture]:
    """Yield the pictures among the outputs of a cell, in the size they are shown."""
    for output in outputs:
        for kind in KINDS:
            if data := output.get("data", {}).get(kind):
                image = Image.open(io.BytesIO(base64.b64decode(data)))
                told = output.get("metadata", {}).get(kind, {})
                finer = image.width // told.get("width", image.width)
                stills = ImageSequence.Iterator(image)
                frames = [still.convert("RGB").reduce(finer) for still in stills]
                yield Picture(frames, told.get("alt", ""))


def compare(
    stored: Sequence[Image.Image],
    fresh: Sequence[Image.Image],
    mean: float | None = None,
) -> str:
    """Say how far a fresh picture is from the stored one; "" where it is equal.

    Args:
        stored, fresh: the frames, one for a still.
        mean: the allowed mean difference of the whole picture, where training
            decides and a curve may lie beside the stored one; by default the
            worst block counts.
    """
    if len(stored) != len(fresh):
        return f"{len(stored)} frames are stored, {len(fresh)} computed now"
    for number, (old, new) in enumerate(zip(stored, fresh), start=1):
        where = f"frame {number}, " if len(stored) > 1 else ""
        sizes = np.array([old.size, new.size])
        if (abs(sizes[1] - sizes[0]) > STRETCH * sizes[0]).any():
            said = " x ".join(map(str, old.size)), " x ".join(map(str, new.size))
            return f"{where}{said[0]} pixels are stored, {said[1]} computed now"
        apart = differences(old, new)
        allowed = ONE_BLOCK if mean is None else mean
        value = apart.max() if mean is None else apart.mean()
        if value > allowed:
            y, x = BLOCK * np.argwhere(apart == apart.max())[0]
            what = "difference of a block" if mean is None else "mean difference"
            return f"{where}{what} {value:.4f}, allowed {allowed}; most at ({x}, {y})"
    return ""


def differences(stored: Image.Image, fresh: Image.Image) -> np.ndarray:
    """Return the difference of every block, of the colour that differs most."""
    thumbnails = [
        np.asarray(image.reduce(BLOCK), float) / 255
        for image in (stored, fresh.resize(stored.size))
    ]
    return abs(thumbnails[1] - thumbnails[0]).max(axis=-1)


def draw_difference(
    stored: Sequence[Image.Image], fresh: Sequence[Image.Image], target: Path
) -> None:
    """Write stored picture, fresh one and difference side by side, a frame a row."""
    width, height = stored[0].size
    rows = min(len(stored), len(fresh))
    sheet = Image.new("RGB", (3 * width, rows * height), "white")
    for row, (old, new) in enumerate(zip(stored, fresh)):
        new = new.resize(old.size)
        apart = ImageChops.invert(ImageChops.difference(old, new))
        for column, image in enumerate((old, new, apart)):
            sheet.paste(image, (column * width, row * height))
    target.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(target)
