"""Tests of utils.digits: a photographed digit becomes one of MNIST."""

from utils.datasets import load_mnist
from utils.digits import prepare_digit

import numpy as np
import pytest
from PIL import Image, ImageDraw


def sheet(size=(300, 200), ink=(20, 20, 90), paper=(230, 225, 210)):
    picture = Image.new("RGB", size, paper)
    place = [size[0] // 2, size[1] // 4, size[0] // 2, size[1] * 3 // 4]
    ImageDraw.Draw(picture).line(place, ink, max(size) // 30)
    return picture


SHADOW = np.linspace(-1, 2, 300).clip(0.4, 1)[:, None]  # on a part of the paper


@pytest.mark.parametrize(
    "picture",
    [
        sheet(),
        sheet(ink=(255, 255, 200), paper=(20, 60, 30)),
        sheet((3000, 2000)),
        sheet((40, 30)),
        np.asarray(sheet().convert("L")) / 255,
        sheet().convert("CMYK"),
        (np.asarray(sheet()) * SHADOW).astype(np.uint8),
    ],
    ids=["dark", "light", "big", "small", "array", "cmyk", "shadow"],
)
def test_a_photographed_one_becomes_a_digit_of_mnist(picture):
    digit = prepare_digit(picture)
    assert digit.shape == (28, 28) and digit.dtype == np.uint8
    rows, columns = np.nonzero(digit > 128)
    assert (rows.min(), rows.max()) == (4, 23) and columns.min() >= 12
    assert columns.max() <= 16 and digit.max() == 255 and digit[0].max() == 0


def test_a_digit_is_upright_and_may_be_transparent(tmp_path):
    turned, exif = sheet().rotate(90, expand=True), Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    turned.save(tmp_path / "a.jpg", exif=exif)
    assert np.ptp(np.nonzero(prepare_digit(tmp_path / "a.jpg"))[0]) > 15
    clear = Image.new("RGBA", (300, 200))
    ImageDraw.Draw(clear).line([150, 50, 150, 150], "black", 10)
    assert prepare_digit(clear)[14, 14] == 255
    mnist = load_mnist()[1][0][0]
    assert np.corrcoef(prepare_digit(255 - mnist).flat, mnist.flat)[0, 1] > 0.9


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        (Image.new("L", (50, 50), 200), "shows no digit"),
        ("missing.png", "There is no picture .*missing.png"),
        (b"no picture", "a PNG or JPEG file"),
        (np.zeros(784), "an array of shape"),
        (7, "wants one picture"),
    ],
)
def test_what_is_no_digit_is_one_sentence(picture, sentence):
    with pytest.raises(ValueError, match=sentence):
        prepare_digit(picture)
