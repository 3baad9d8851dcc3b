"""Tests of utils.volumes, utils.blocks and utils.grids: sizes, places and numbers."""

from utils.blocks import draw_chain, draw_inception, draw_units
from utils.grids import draw_fields, draw_numbers, draw_places, plot_maps
from utils.volumes import draw_volumes

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from keras import layers
from matplotlib.text import Annotation

pytestmark = pytest.mark.usefixtures("figures")


def texts(ax):
    return [t.get_text() for t in ax.texts if not isinstance(t, Annotation)]


def sizes(patch):
    return np.ptp(patch.get_xy(), axis=0)


@pytest.fixture
def network():
    net = keras.Sequential([keras.Input((20, 20, 1))])
    net.add(layers.ZeroPadding2D(2, name="In"))
    net.add(layers.Conv2D(6, 5))
    net.add(layers.MaxPooling2D(2))
    net.add(layers.Flatten())
    net.add(layers.Dense(9))
    return net


def test_volumes_have_true_sizes_and_names(network):
    ax = draw_volumes(network, tall=2.4)
    first_lines = [text.split("\n") for text in texts(ax)]
    assert [line[0] for line in first_lines] == ["input", "In", "conv", "pool", "dense"]
    assert first_lines[2][1:] == ["20 x 20", "6"]
    fronts = [
        p
        for p in ax.patches
        if p.get_facecolor()[:3] == pytest.approx((0xDB / 255, 0xE7 / 255, 1))
    ]
    heights = [sizes(front)[1] for front in fronts]
    assert heights == pytest.approx([2.0, 2.4, 2.0, 1.0])


def test_a_volume_shows_its_window_and_its_rim(network):
    ax = draw_volumes(network)
    assert len(ax.lines) == 8  # four rays from each of two windows
    assert sum(p.get_linestyle() == "--" for p in ax.patches) == 1


def test_a_long_vector_is_broken():
    net = keras.Sequential([keras.Input((4, 4, 8)), layers.Flatten()])
    net.add(layers.Dense(1000))
    ax = draw_volumes(net, tall=2.0, deep=1.0)
    assert sizes(ax.patches[-1])[1] == pytest.approx(2.0)
    assert len(ax.lines) == 4


def test_an_inception_module_stacks_its_branches():
    ax = draw_inception((64, 96, 128, 16, 32, 32), size=28, maps=192)
    assert "stack\n256 maps" in texts(ax)
    assert len([t for t in ax.texts if isinstance(t, Annotation)]) == 11


def test_units_differ_by_the_shortcut():
    ax = draw_units()
    assert texts(ax).count("ReLU") == 2
    assert texts(ax).count("+") == 1


def test_a_chain_turns_into_the_next_row():
    ax = draw_chain([["a", "b", "c"], ["d", "e"]])
    assert set(texts(ax)) >= set("abcde")
    assert len([t for t in ax.texts if isinstance(t, Annotation)]) == 3 + 1


@pytest.mark.parametrize(
    ("stride", "padding", "count"),
    [(1, "valid", 5), (2, "valid", 3), (1, "same", 7), (2, "same", 4)],
)
def test_places_agree_with_keras(stride, padding, count):
    ax = draw_places(7, 3, stride, padding, plt.subplots()[1])
    dots = sum(len(line.get_xdata()) for line in ax.lines)
    shape = layers.Conv2D(1, 3, stride, padding).compute_output_shape((1, 7, 7, 1))
    assert dots == count**2 == shape[1] ** 2
    assert f"{count} x {count} places" in ax.get_title()


def test_fields_grow_by_two_from_layer_to_layer():
    ax = draw_fields(9, 3)
    assert [text.split(": ")[1] for text in texts(ax)] == ["5 x 5", "3 x 3", "1 x 1"]


def test_numbers_are_written_up_to_the_asked_one():
    ax = draw_numbers(np.arange(9).reshape(3, 3), shown=4, window=(0, 1, 2))
    assert texts(ax) == ["0", "1", "2", "3"]
    assert ax.patches[-1].get_width() == 2


def test_signed_maps_are_centred_on_zero():
    axes = plot_maps([np.array([[-3.0, 1.0]]), np.eye(2)], cmaps=["RdBu_r", "gray_r"])
    low, high = axes[0, 0].images[0].get_clim()
    assert low == -high
    assert axes[0, 1].images[0].get_clim() == (0, 1)
