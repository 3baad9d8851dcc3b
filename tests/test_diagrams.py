"""Tests of the drawings: each neuron, edge, arrow, size and label asked for."""

from collections import Counter
from itertools import pairwise

from utils.blocks import draw_chain, draw_inception, draw_units
from utils.cells import PALE, draw_gru, draw_lstm
from utils.diagrams import BACK, INK, draw_graph, draw_network
from utils.grids import draw_fields, draw_numbers, draw_places, plot_maps
from utils.volumes import draw_volumes

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from keras import layers
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.text import Annotation

pytestmark = pytest.mark.usefixtures("figures")


def texts(ax):
    return [t.get_text() for t in ax.texts if not isinstance(t, Annotation)]


def arrows(ax):
    """(from, to) of every arrow, in inches."""
    return [(t.xyann, t.xy) for t in ax.texts if isinstance(t, Annotation)]


def gaps(ax):
    """The collections of edges, from left to right."""
    return [found for found in ax.collections if isinstance(found, LineCollection)]


def neurons(ax):
    """How many neurons each layer shows."""
    groups = (found for found in ax.collections if isinstance(found, PathCollection))
    return [len(group.get_offsets()) for group in groups]


# --- networks ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "names"),
    [
        ([2, 1], ["input", "output"]),
        ((2, np.int64(3), 1), ["input", "hidden", "output"]),
        ([3, 4, 4, 1], ["input", "hidden 1", "hidden 2", "output"]),
    ],
)
def test_a_network_has_every_neuron_every_edge_and_its_sizes(sizes, names):
    ax = draw_network(sizes)
    products = [a * b for a, b in pairwise(sizes)]
    assert [len(gap.get_segments()) for gap in gaps(ax)] == products
    assert neurons(ax) == [*sizes]
    ends = {
        tuple(end) for gap in gaps(ax) for edge in gap.get_segments() for end in edge
    }
    assert len(ends) == sum(sizes), "edges end at the neurons"
    assert texts(ax) == [f"{name}\n{size}" for name, size in zip(names, sizes)]


def test_a_large_layer_is_shortened_and_says_its_size():
    ax = draw_network([1784, 8, 9], most=8)
    assert neurons(ax) == [8, 8, 8]
    assert [len(gap.get_segments()) for gap in gaps(ax)] == [64, 64]
    assert texts(ax) == ["⋮", "input\n1,784", "hidden\n8", "⋮", "output\n9"]


def test_weights_set_the_width_and_the_stroke_of_their_edges():
    kernel = np.array([[1.0, -2.0], [0.5, 4.0]])
    [gap] = gaps(draw_network([2, 2], weights=[kernel]))
    assert [*gap.get_linewidths()] == [1.25, 2.5, 0.625, 5]
    dashed = [pattern is not None for _, pattern in gap.get_linestyles()]
    assert dashed == [False, True, False, False]
    # The second edge runs from the first neuron on the left to the second one.
    edges = [[tuple(end) for end in edge] for edge in gap.get_segments()]
    assert edges[1] == [edges[0][0], edges[3][1]]


# --- graphs ------------------------------------------------------------------


def test_a_graph_has_its_nodes_arrows_and_labels():
    nodes = {"x": (0, 0), "sum": (2, 1), "sum##2": (4, 0), "note": (4, 3)}
    edges = [("x", "sum"), ("sum", "sum##2", "w = 3")]
    ax = draw_graph(nodes, edges, circles=["sum"], plain=["note"])
    assert texts(ax) == ["x", "sum", "sum", "note", "w = 3"]
    assert [t.get_position() for t in ax.texts[:4]] == [*nodes.values()]
    shapes = [type(t.get_bbox_patch().get_boxstyle()).__name__ for t in ax.texts[:4]]
    assert shapes == ["Round", "Circle", "Round", "Round"]
    frames = [t.get_bbox_patch().get_edgecolor()[3] for t in ax.texts[:4]]
    assert frames == [1, 1, 1, 0], "bare text has no frame"
    assert arrows(ax) == [((0, 0), (2, 1)), ((2, 1), (4, 0))]
    assert ax.texts[-1].get_position() == (3, 0.5)


def test_what_flows_back_is_dashed_and_of_another_colour():
    spots = {"a": (0, 0), "b": (3, 0)}
    ax = draw_graph(spots, [("a", "b")], back=[("b", "a", "-2", 0.3)])
    there, back = (t.arrow_patch for t in ax.texts if isinstance(t, Annotation))
    assert there.get_linestyle() == "-" and back.get_linestyle() == "--"
    assert there.get_edgecolor() != back.get_edgecolor()
    label = next(t for t in ax.texts if t.get_text() == "-2")
    assert label.get_color() == BACK


@pytest.mark.parametrize(
    ("end", "bend", "place"),
    [("b", 0, (2, 0)), ("b", 0.5, (2, -2)), ("b", -0.5, (2, 2)), ("a", 0, (0, 1.05))],
    ids=["straight", "bent down", "bent up", "loop above"],
)
def test_a_label_stands_where_its_arrow_runs(end, bend, place):
    ax = draw_graph({"a": (0, 0), "b": (4, 0)}, [("a", end, "label", bend)])
    assert len(arrows(ax)) == 1
    assert ax.texts[-1].get_position() == place


@pytest.mark.parametrize(
    ("draw", "lit", "dark"),
    [
        (draw_lstm, "forget", {"$\\sigma$", "forget\n$f_t$"}),
        (draw_gru, "reset", {"$\\sigma$", "$\\times$", "reset\n$r_t$", "$h_{t-1}U$"}),
    ],
)
def test_what_is_lit_is_dark_in_a_cell_of_the_same_parts(draw, lit, dark):
    ax, whole = draw([lit]), draw()
    assert sorted(texts(ax)) == sorted(texts(whole))
    found = [t.get_text() for t in ax.texts if t.get_color() == INK and t.get_text()]
    assert {*found} == dark and len(found) == len(dark)
    assert not [text for text in whole.texts if text.get_color() == PALE]


@pytest.mark.parametrize(
    ("draw", "sentence"),
    [
        (lambda: draw_graph({"a": (0, 0)}, [("a", "z")]), "no node 'z'"),
        (lambda: draw_graph({"a": (0, 0)}, [], circles=["z"]), "no node 'z'"),
        (lambda: draw_network("784"), "list of layer sizes"),
        (lambda: draw_lstm(["gate"]), "The parts are feed, belt, .*, not 'gate'"),
        (lambda: draw_network([3, 0]), "list of layer sizes"),
        (lambda: draw_network(object()), "list of layer sizes"),
        (lambda: draw_network([3, 2], weights=[np.ones((2, 3))]), r"shape \(3, 2\)"),
        (lambda: draw_network([9, 2], weights=[np.ones((9, 2))]), "at most 8 neurons"),
    ],
)
def test_what_cannot_be_drawn_is_told_in_one_sentence(draw, sentence):
    with pytest.raises((KeyError, ValueError), match=sentence):
        draw()


def test_an_edge_runs_through_its_via_points():
    nodes = {"a": (0, 0), "b": (4, 0)}
    ax = draw_graph(nodes, [("a", "b", "", 0, [(1, 3), (3, 3)])])
    [line] = ax.lines
    assert [*zip(*line.get_data(), strict=True)] == [(0, 0), (1, 3), (3, 3)]
    assert arrows(ax) == [((3, 3), (4, 0))]
    assert ax.get_ylim()[1] > 3, "the way round is inside the picture"


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: draw_graph({"a": (0, 0), "b": (3, 0)}, [("a", "b")], ax=ax),
        lambda ax: draw_network([2, 2], ax=ax),
    ],
    ids=["graph", "network"],
)
def test_drawings_fit_into_a_given_axes_or_keep_one_unit_an_inch(draw):
    given = plt.subplots()[1]
    assert draw(given) is given
    assert given.texts and not given.axison

    ax = draw(None)
    units = [np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())]
    assert units == pytest.approx([*ax.figure.get_size_inches()])
    assert ax.get_aspect() == 1


# --- convolutional networks ---------------------------------------------------


def extent(patch):
    return np.ptp(patch.get_xy(), axis=0)


def test_volumes_have_true_sizes_names_windows_and_rims():
    net = keras.Sequential([keras.Input((20, 20, 1))])
    net.add(layers.ZeroPadding2D(2, name="In"))
    net.add(layers.Conv2D(6, 5))
    net.add(layers.MaxPooling2D(2))
    net.add(layers.Flatten())
    net.add(layers.Dense(9))
    ax = draw_volumes(net, tall=2.4)
    lines = [text.split("\n") for text in texts(ax)]
    assert [line[0] for line in lines] == ["input", "In", "conv", "pool", "dense"]
    assert lines[2][1:] == ["20 x 20", "6"]
    front = pytest.approx((0xDB / 255, 0xE7 / 255, 1))
    fronts = [p for p in ax.patches if p.get_facecolor()[:3] == front]
    widths, heights = np.transpose([extent(p) for p in fronts])
    assert [*heights] == pytest.approx([2.0, 2.4, 2.0, 1.0])
    assert [*widths] == pytest.approx([1.6 / 6, 1.6 / 6, 1.6, 1.6]), "maps"
    box = np.vstack([p.get_xy() for p in ax.patches[:3]])
    assert box[:, 1].min() == pytest.approx(-box[:, 1].max()), "on one axis"
    assert len(ax.lines) == 8  # four rays from each of two windows
    assert sum(p.get_linestyle() == "--" for p in ax.patches) == 1


def test_a_long_vector_is_broken():
    net = keras.Sequential([keras.Input((4, 4, 8)), layers.Flatten()])
    net.add(layers.Dense(1000))
    ax = draw_volumes(net, tall=2.0, deep=1.0)
    assert extent(ax.patches[-1])[1] == pytest.approx(2.0)
    assert len(ax.lines) == 4


@pytest.mark.parametrize(
    ("draw", "said", "count"),
    [
        (
            lambda: draw_inception((64, 96, 128, 16, 32, 32), size=28, maps=192),
            ["stack\n256 maps", "28 x 28\n192 maps", "3 x 3\n128", "1 x 1\n32"],
            11,
        ),
        (draw_units, ["ReLU", "ReLU", "+", "x", "x", "h(x)", "h(x)"], 6 + 7 + 1),
        (lambda: draw_chain([["a", "b", "c"], ["d", "e"]]), [*"abcde"], 3 + 1),
    ],
    ids=["inception", "units", "chain"],
)
def test_a_block_has_its_parts_and_arrows(draw, said, count):
    ax = draw()
    assert Counter(said) <= Counter(texts(ax))
    assert len(arrows(ax)) == count
    boxes = [(t.get_text(), t.get_bbox_patch()) for t in ax.texts]
    shapes = [(text, type(box.get_boxstyle()).__name__) for text, box in boxes if box]
    assert all((text == "+") == (shape == "Circle") for text, shape in shapes)


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
    assert np.isnan(ax.images[0].get_array().filled(np.nan)).sum() == 5  # no colour
    assert ax.patches[-1].get_width() == 2


def test_signed_maps_are_centred_on_zero():
    axes = plot_maps([np.array([[-3.0, 1.0]]), np.eye(2)], cmaps=["RdBu_r", "gray_r"])
    low, high = axes[0, 0].images[0].get_clim()
    assert low == -high
    assert axes[0, 1].images[0].get_clim() == (0, 1)
