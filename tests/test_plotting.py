"""Tests of utils.plotting: what a figure shows, says in words and leaves behind."""

import io
from types import SimpleNamespace

from utils.plotting import (
    describe,
    play,
    plot_heatmap,
    plot_history,
    plot_images,
    plot_regions,
    show,
    to_png,
)

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from PIL import Image

pytestmark = pytest.mark.usefixtures("figures")
CAPTION = "The loss falls."


def curve(height=2.0):
    ax = plt.subplots(figsize=(3, 2))[1]
    ax.plot([0, 1], [0, height], label="loss")
    ax.set(xlabel="epoch", ylabel="value", ylim=(0, 9))
    ax.legend()
    return ax


# --- show and describe -------------------------------------------------------


def test_show_displays_a_picture_its_facts_and_its_caption(shown):
    show(curve(), CAPTION)
    picture, caption = shown.outputs
    facts = "1 panel; 1 x line, axes epoch / value, legend loss"
    assert picture.data["image/png"].startswith(b"\x89PNG\r\n")
    fine = Image.open(io.BytesIO(picture.data["image/png"]))
    width = picture.metadata["image/png"]["width"]
    assert fine.width // 2 == width > 250, "stored twice as fine as it is shown"
    assert picture.data["text/plain"] == f"<Figure: {facts}>"
    assert picture.metadata["image/png"]["alt"] == f"{CAPTION} ({facts})"
    assert caption.data["text/markdown"] == f"*{CAPTION}*"


@pytest.mark.parametrize(
    "draw",
    [curve, lambda: curve().figure, lambda: plt.subplots(2, 2)[1]],
    ids=["axes", "figure", "array of axes"],
)
def test_show_takes_what_a_plot_returns_and_closes_the_figure(draw, shown):
    show(draw(), CAPTION)
    assert len(shown.outputs) == 2
    assert not plt.get_fignums()


def test_equal_figures_are_equal_bytes():
    assert to_png(curve().figure) == to_png(curve().figure)
    assert to_png(curve().figure) != to_png(curve(height=5).figure)


def bars(ax):
    ax.bar([1, 2, 3], [4, 5, 6])


def points(ax):
    ax.scatter([1, 2], [3, 4])
    ax.scatter([5], [6])


def picture(ax):
    ax.imshow(np.eye(3))


@pytest.mark.parametrize(
    ("draw", "rows", "facts"),
    [
        (bars, 1, "1 panel; 3 x bar or box"),
        (points, 1, "1 panel; 2 x group of points"),
        (picture, 2, "2 panels; 1 x image; 1 x image"),
        (picture, 4, "4 panels; each: 1 x image"),
        (lambda ax: ax.text(0, 0, "box"), 1, "1 panel; drawing"),
        (lambda ax: ax.contourf(np.eye(3)), 1, "1 panel; drawing"),
    ],
)
def test_facts_count_what_is_there(draw, rows, facts):
    # One panel more stays empty: it is not counted.
    figure, axes = plt.subplots(rows + 1, squeeze=False)
    for ax in axes.flat[:-1]:
        draw(ax)
    assert describe(figure) == facts


# --- play --------------------------------------------------------------------


def test_play_draws_anew_when_a_control_moves(shown):
    drawn = []

    def draw(height, label):
        drawn.append((height, label.upper()))
        return curve(height)

    height = ipywidgets.FloatSlider(1, min=0, max=9)
    label = ipywidgets.Text("a")
    play(draw, height=height, label=label)
    [output] = shown.outputs
    assert output.data["text/plain"].startswith("Interactive: run this notebook")
    view = output.data["application/vnd.jupyter.widget-view+json"]
    controls, picture = _instances[view["model_id"]].children
    assert controls.children == (height, label)

    before = bytes(picture.value)
    height.value = 5
    assert drawn == [(1, "A"), (5, "A")]
    assert before == to_png(curve(1).figure)
    assert bytes(picture.value) == to_png(curve(5).figure) != before
    label.value = "b"
    assert drawn[2:] == [(5, "B")]
    assert not plt.get_fignums()


# --- plots -------------------------------------------------------------------


@pytest.mark.parametrize("channels", [(), (1,)], ids=["plain", "one channel"])
def test_images_stand_in_rows_below_their_titles(channels):
    images = np.arange(5 * 4 * 4).reshape(5, 4, 4, *channels)
    axes = plot_images(images, titles=[7, "b"], columns=3, marked=[1])
    assert axes.shape == (2, 3)
    assert [len(ax.images) for ax in axes.flat] == [1, 1, 1, 1, 1, 0]
    assert (axes[1, 1].images[0].get_array() == images[4].squeeze()).all()
    ranges = [ax.images[0].get_clim() for ax in axes.flat[:2]]
    assert ranges == [(0, 15), (0, 31)], "from white at zero to its own black"
    assert [ax.get_title() for ax in axes.flat] == ["7", "b", "", "", "", ""]
    framed = [ax.spines["left"].get_visible() for ax in axes.flat]
    assert framed == [False, True, False, False, False, False]


@pytest.mark.parametrize("wrap", [dict, lambda h: SimpleNamespace(history=h)])
def test_history_counts_epochs_from_one(wrap):
    ax = plt.subplots()[1]
    assert plot_history(wrap({"loss": [3, 2, 1], "val_loss": [4, 3]}), ax) is ax
    loss, val_loss = ax.lines
    assert [*loss.get_xdata()] == [1, 2, 3] and [*loss.get_ydata()] == [3, 2, 1]
    assert [*val_loss.get_xdata()] == [1, 2]
    assert loss.get_marker() != val_loss.get_marker()
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["loss", "val_loss"]


def test_regions_show_the_classifier_and_the_points():
    points = np.array([[-1.0, 0.0], [1.0, 2.0], [2.0, 1.0]])
    ax = plot_regions(
        lambda x: (x[:, 0] > 0.5).astype(int), points, np.array([0, 1, 1])
    )
    regions, zeros, ones = ax.collections
    left, right = regions.get_paths()
    assert left.contains_point((-1, 1)) and not left.contains_point((1, 1))
    assert right.contains_point((1, 1)) and not right.contains_point((-1, 1))
    assert zeros.get_offsets().tolist() == [[-1, 0]]
    assert ones.get_offsets().tolist() == [[1, 2], [2, 1]]
    markers = {group.get_paths()[0].vertices.tobytes() for group in (zeros, ones)}
    assert len(markers) == 2, "classes differ in more than their colour"


def test_heatmap_writes_every_number_where_it_can_be_read():
    ax = plot_heatmap(
        np.array([[0.0, 10.0, 4.0]]), ["cat"], ["a", "b", "c"], form=".1f"
    )
    written = [(text.get_text(), text.get_color()) for text in ax.texts]
    assert written == [("0.0", "black"), ("10.0", "white"), ("4.0", "black")]
    assert [text.get_position() for text in ax.texts] == [(0, 0), (1, 0), (2, 0)]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["a", "b", "c"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["cat"]


SQUARE = np.zeros((28, 28))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: plot_images(SQUARE), r"images\[None\] for a single picture"),
        (lambda: plot_images(np.zeros((5, 784))), r"reshape\(-1, 28, 28\)"),
        (lambda: plot_images([]), "wants pictures, of shape"),
        (lambda: plot_images([SQUARE], "ab"), "at most one title a picture"),
        (lambda: plot_images([SQUARE], marked=[1]), "marks pictures 0 to 0"),
        (lambda: plot_history({"loss": []}), "no epoch to draw"),
        (lambda: plot_history([1, 2]), "wants what fit returns"),
        (lambda: plot_heatmap(SQUARE, "ab", "abc"), "each of the 2 rows"),
        (lambda: plot_regions(len, SQUARE, [0]), r"points of shape \(n, 2\)"),
        (lambda: plot_regions(lambda x: x, SQUARE[:, :2], [0] * 28), "one class"),
        (lambda: show(None, CAPTION), "not from NoneType"),
        (lambda: show([1], CAPTION), "not from list"),
        (lambda: play(curve, height=3), "a control of ipywidgets for height"),
    ],
)
def test_what_does_not_fit_is_one_sentence(call, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        call()
