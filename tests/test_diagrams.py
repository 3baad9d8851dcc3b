"""Tests of utils.diagrams: every neuron, edge, arrow and label that was asked for."""

from itertools import pairwise

from utils.diagrams import (
    BACK,
    draw_graph,
    draw_model,
    draw_network,
    draw_pipeline,
    layer_sizes,
)

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


@pytest.fixture(scope="module")
def cnn():
    """A small model with and without parameters in its layers."""
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3),
            layers.Flatten(),
            layers.Dense(1000),
        ]
    )


def dense(*sizes):
    return keras.Sequential(
        [layers.Input((sizes[0],)), *(layers.Dense(units) for units in sizes[1:])]
    )


# --- networks ----------------------------------------------------------------


@pytest.mark.parametrize(
    "build", [list, lambda sizes: dense(*sizes)], ids=["list", "model"]
)
@pytest.mark.parametrize("sizes", [(2, 1), (3, 4, 2), (3, 4, 4, 1)])
def test_a_network_has_every_neuron_and_every_edge(build, sizes):
    ax = draw_network(build(sizes))
    products = [a * b for a, b in pairwise(sizes)]
    assert [len(gap.get_segments()) for gap in gaps(ax)] == products
    assert neurons(ax) == [*sizes]
    ends = {
        tuple(end) for gap in gaps(ax) for edge in gap.get_segments() for end in edge
    }
    assert len(ends) == sum(sizes), "edges end at the neurons"


@pytest.mark.parametrize(
    ("sizes", "names"),
    [
        ([2, 1], ["input", "output"]),
        ([2, 3, 1], ["input", "hidden", "output"]),
        ([2, 3, 3, 1], ["input", "hidden 1", "hidden 2", "output"]),
    ],
)
def test_layers_are_named_with_their_sizes(sizes, names):
    labels = [f"{name}\n{size}" for name, size in zip(names, sizes, strict=True)]
    assert texts(draw_network(sizes)) == labels


def test_own_names():
    assert texts(draw_network([2, 1], names=["votes", "law"])) == ["votes\n2", "law\n1"]
    with pytest.raises(ValueError):
        draw_network([2, 1], names=["votes"])


def test_a_large_layer_is_shortened_and_says_its_size():
    ax = draw_network([1784, 8, 9], most=8)
    assert neurons(ax) == [8, 8, 8]
    assert [len(gap.get_segments()) for gap in gaps(ax)] == [64, 64]
    assert texts(ax) == ["⋮", "input\n1,784", "hidden\n8", "⋮", "output\n9"]


def test_weights_set_the_width_and_the_stroke_of_their_edges():
    kernel = np.array([[1.0, -2.0], [0.5, 4.0]])
    [gap] = gaps(draw_network([2, 2], ["in", "out"], weights=[kernel]))
    assert [*gap.get_linewidths()] == [1.25, 2.5, 0.625, 5]
    dashed = [pattern is not None for _, pattern in gap.get_linestyles()]
    assert dashed == [False, True, False, False]
    # The second edge runs from the first neuron on the left to the second one.
    edges = [[tuple(end) for end in edge] for edge in gap.get_segments()]
    assert edges[1] == [edges[0][0], edges[3][1]]


def test_layer_sizes(cnn):
    assert layer_sizes((3, np.int64(4))) == [3, 4]
    assert layer_sizes(dense(3, 4, 2)) == [3, 4, 2]
    assert layer_sizes(cnn) == [64, 1000]


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
    ("draw", "sentence"),
    [
        (lambda: draw_graph({"a": (0, 0)}, [("a", "z")]), "no node 'z'"),
        (lambda: draw_graph({"a": (0, 0)}, [], circles=["z"]), "no node 'z'"),
        (lambda: draw_network("784"), "list of layer sizes"),
        (lambda: draw_network([3, 0]), "list of layer sizes"),
        (lambda: draw_network(keras.Sequential([layers.Dense(2)])), "not built yet"),
        (lambda: draw_network([3, 2], names=["one"]), "each of the 2 layers"),
        (lambda: draw_network([3, 2], weights=[np.ones((2, 3))]), r"shape \(3, 2\)"),
        (lambda: draw_network([9, 2], weights=[np.ones((9, 2))]), "at most 8 neurons"),
        (lambda: draw_model(keras.Sequential([layers.Dense(2)])), "built Keras model"),
        (lambda: draw_model([3, 2]), "not list"),
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


def test_a_pipeline_runs_from_left_to_right():
    ax = draw_pipeline(["data", "model", "answer"], gap=3)
    assert texts(ax) == ["data", "model", "answer"]
    assert arrows(ax) == [((0, 0), (3, 0)), ((3, 0), (6, 0))]


def test_a_model_is_a_column_of_blocks(cnn):
    ax = draw_model(cnn)
    assert texts(ax) == [
        "Input  8 x 8 x 1",
        "Conv2D  6 x 6 x 4\n40 parameters",
        "Flatten  144",
        "Dense  1000\n145,000 parameters",
    ]
    heights = [t.get_position()[1] for t in ax.texts[:4]]
    assert heights == sorted(heights, reverse=True)
    assert arrows(ax) == [((0, a), (0, b)) for a, b in pairwise(heights)]


def test_a_functional_chain_is_the_same_column(cnn):
    inputs = keras.Input((8, 8, 1))
    chain = keras.Model(inputs, layers.Flatten()(layers.Conv2D(4, 3)(inputs)))
    assert texts(draw_model(chain)) == texts(draw_model(cnn))[:3]


def spots(ax):
    """First line of every box -> its place in inches."""
    found = [t for t in ax.texts if not isinstance(t, Annotation)]
    return {t.get_text().split("\n")[0]: t.get_position() for t in found}


def test_a_shortcut_runs_past_the_layers_that_it_skips():
    inputs = keras.Input((8, 8, 4))
    inner = layers.Conv2D(4, 3, padding="same")(inputs)
    inner = layers.BatchNormalization()(inner)
    ax = draw_model(keras.Model(inputs, layers.Add()([inner, inputs])))
    assert texts(ax) == [
        "Input\n8 x 8 x 4",
        "Conv2D 3 x 3\n8 x 8 x 4\n148 parameters",
        "BatchNormalization\n8 x 8 x 4\n16 parameters",
        "Add\n8 x 8 x 4",
    ]
    places = spots(ax)
    assert places["Conv2D 3 x 3"][0] == places["BatchNormalization"][0] < 0
    assert places["Input"][0] == places["Add"][0] == 0
    [line] = ax.lines
    xs, ys = line.get_data()
    assert [*xs] == [0, 1.3, 1.3] and [*ys] == [0, -1.5, -3]
    assert arrows(ax) == [
        (places["Input"], places["Conv2D 3 x 3"]),
        (places["Conv2D 3 x 3"], places["BatchNormalization"]),
        (places["BatchNormalization"], places["Add"]),
        ((1.3, -3), places["Add"]),
    ]


def test_branches_stand_side_by_side_in_the_order_of_their_union():
    inputs = keras.Input((8, 8, 4))
    one = layers.Conv2D(2, 1)(inputs)
    three = layers.Conv2D(3, 3, padding="same")(
        layers.Conv2D(2, 2, padding="same")(inputs)
    )
    pool = layers.MaxPooling2D(5, strides=1, padding="same")(inputs)
    ax = draw_model(keras.Model(inputs, layers.Concatenate()([one, three, pool])))
    places = spots(ax)
    row = ["Conv2D 1 x 1", "Conv2D 2 x 2", "MaxPooling2D 5 x 5"]
    assert [places[name] for name in row] == [(-2.6, -1.5), (0, -1.5), (2.6, -1.5)]
    assert places["Conv2D 3 x 3"] == (0, -3)
    assert places["Concatenate"] == (0, -4.5)
    assert len(arrows(ax)) == 7 and len(ax.lines) == 2


def test_a_stride_above_one_is_written_into_the_box():
    inputs = keras.Input((8, 8, 4))
    small, pool = layers.Conv2D(4, 1, strides=2)(inputs), layers.MaxPooling2D(2)(inputs)
    ax = draw_model(keras.Model(inputs, layers.Add()([small, pool])))
    assert "Conv2D 1 x 1\nstride 2\n4 x 4 x 4\n20 parameters" in texts(ax)


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: draw_graph({"a": (0, 0), "b": (3, 0)}, [("a", "b")], ax=ax),
        lambda ax: draw_pipeline("ab", ax=ax),
        lambda ax: draw_network([2, 2], ax=ax),
        lambda ax: draw_model(dense(2, 2), ax=ax),
    ],
    ids=["graph", "pipeline", "network", "model"],
)
def test_drawings_fit_into_a_given_axes_or_keep_one_unit_an_inch(draw):
    given = plt.subplots()[1]
    assert draw(given) is given
    assert given.texts and not given.axison

    ax = draw(None)
    units = [np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())]
    assert units == pytest.approx([*ax.figure.get_size_inches()])
    assert ax.get_aspect() == 1
