"""Tests of tools.pictures: what counts as the same figure."""

import base64
import io

from tools import pictures

import pytest
from PIL import Image, ImageDraw

WHITE = Image.new("RGB", (400, 200), "white")


def drawn(text="w = 0.3", place=(50, 50), colour="#5790fc", shift=0):
    """A small figure: a number, a line and a point of some class."""
    image = WHITE.copy()
    draw = ImageDraw.Draw(image)
    draw.text(place, text, "black", font_size=14)
    draw.line([(20, 150 + shift), (380, 100 + shift)], "black", 3)
    draw.ellipse([300, 20, 312, 32], colour)
    return image


@pytest.mark.parametrize(
    "change",
    [
        {"text": "w = 0.8"},
        {"place": (58, 50)},
        {"colour": "#f89c20"},
        {"colour": "#964a8b"},  # as dark
        {"shift": 4},
    ],
    ids=str,
)
def test_what_a_reader_sees_is_another_picture(change):
    assert pictures.compare([drawn()], [drawn(**change)])


def test_what_nobody_sees_is_the_same_picture():
    few = drawn().quantize(16).convert("RGB")
    assert few.tobytes() != drawn().tobytes()
    for fresh in few, drawn().resize((401, 200)), drawn():
        assert not pictures.compare([drawn()], [fresh])
    assert pictures.compare([drawn()], [drawn().resize((420, 200))])


def test_where_training_decides_a_curve_may_move_but_not_the_picture():
    assert not pictures.compare([drawn()], [drawn(shift=4)], mean=0.02)
    said = pictures.compare([drawn()], [Image.new("RGB", (400, 200))], mean=0.02)
    assert said.startswith("mean difference 0.9") and "allowed 0.02" in said


def test_a_picture_is_compared_in_the_size_it_is_shown():
    buffer = io.BytesIO()
    drawn().resize((800, 400), Image.Resampling.NEAREST).save(buffer, "png")
    output = {
        "data": {"image/png": base64.b64encode(buffer.getvalue()).decode()},
        "metadata": {"image/png": {"alt": "a line", "width": 400}},
    }
    (picture,) = pictures.found([output])
    assert picture.alt == "a line"
    assert picture.frames[0].tobytes() == drawn().tobytes()


def test_every_frame_of_a_motion_counts():
    frames = [drawn(), drawn("w = 0.4"), drawn("w = 0.8")]
    buffer = io.BytesIO()
    options = {"save_all": True, "append_images": frames[1:], "duration": [9, 8, 9]}
    frames[0].save(buffer, "gif", **options)
    data = {"image/gif": base64.b64encode(buffer.getvalue()).decode()}
    (motion,) = pictures.found([{"data": data}, {"name": "stdout", "text": "x"}])
    assert not pictures.compare(frames, motion.frames)
    said = pictures.compare([*frames[:2], drawn()], motion.frames)
    assert said.startswith("frame 3, difference of a block 0.")
    assert "3 frames are stored, 2" in pictures.compare(frames, frames[:2], mean=0.02)


def test_the_difference_is_drawn_beside_both(tmp_path):
    target = tmp_path / "strict" / "sheet.png"
    pictures.draw_difference([drawn()], [drawn("w = 0.8")], target)
    sheet = Image.open(target)
    assert sheet.size == (1200, 200)
    assert sheet.crop((0, 0, 400, 200)).tobytes() == drawn().tobytes()
    assert sheet.crop((800, 100, 1200, 200)).getcolors() == [(40000, (255,) * 3)]
    assert len(sheet.crop((800, 0, 1200, 100)).getcolors()) > 1
