"""Diagrams drawn by code: networks, graphs of boxes, models layer by layer.

One unit of a diagram is one inch on the page, so boxes keep their distance
whatever the diagram's size. Every function returns the Axes it drew on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

INK = "#33333d"
FILLS = {"box": "#dbe7ff", "circle": "#ffe9c7", "plain": "none"}


def _canvas(ax: Axes | None, points: np.ndarray, margin: float) -> Axes:
    """Return an Axes without frame that holds the points, one unit an inch."""
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    if ax is None:
        ax = plt.subplots(figsize=np.maximum(high - low, 1))[1]
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    ax.axis("off")
    return ax


def draw_graph(
    nodes: Mapping[str, tuple[float, float]],
    edges: Iterable[tuple],
    circles: Iterable[str] = (),
    plain: Iterable[str] = (),
    ax: Axes | None = None,
) -> Axes:
    r"""Draw named nodes and the arrows between them.

    Args:
        nodes: text -> (x, y) in inches. Text may hold line breaks and math; a
            part from ``##`` on is not drawn, so that a text may appear twice.
        edges: (from, to), (from, to, label) or (from, to, label, bend), where
            bend curves the arrow (0 straight, 0.5 half a circle's worth) and an
            edge from a node to itself is drawn as a loop above it.
        circles: the nodes drawn as circles; the others are boxes.
        plain: the nodes drawn as bare text.

    Raises:
        KeyError: an edge names a node that is not there.
    """
    circles, plain = set(circles), set(plain)
    ax = _canvas(ax, np.array([*nodes.values()], float), margin=0.9)
    patches = {}
    for name, (x, y) in nodes.items():
        kind = "circle" if name in circles else "plain" if name in plain else "box"
        style = "circle,pad=0.35" if kind == "circle" else "round,pad=0.45"
        box = {"boxstyle": style, "facecolor": FILLS[kind], "edgecolor": INK}
        if kind == "plain":
            box |= {"edgecolor": "none", "boxstyle": "round,pad=0.2"}
        text = ax.text(
            x, y, name.split("##")[0], ha="center", va="center", bbox=box, zorder=2
        )
        patches[name] = text.get_bbox_patch()
    for edge in edges:
        _arrow(ax, nodes, patches, *edge)
    return ax


def _arrow(ax, nodes, patches, start, end, label="", bend=0) -> None:
    (x0, y0), (x1, y1) = nodes[start], nodes[end]
    arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.8, "mutation_scale": 18}
    arrow |= {"patchA": patches[start], "patchB": patches[end]}
    arrow |= {"shrinkA": 1, "shrinkB": 3, "connectionstyle": f"arc3,rad={bend}"}
    # The arc bulges to the right of its direction; the label stands outside it.
    x, y = (x0 + x1) / 2 + bend * (y1 - y0), (y0 + y1) / 2 - bend * (x1 - x0)
    if start == end:
        arrow |= {"connectionstyle": "arc3,rad=-2.2", "patchA": None, "patchB": None}
        x, y = x0, y0 + 1.05
        (x0, x1), y0, y1 = (x0 - 0.25, x0 + 0.25), y0 + 0.25, y0 + 0.25
    # zorder: the boxes must have been laid out before the arrows are clipped.
    ax.annotate("", (x1, y1), (x0, y0), arrowprops=arrow, zorder=3)
    if label:
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        ax.text(
            x, y, label, ha="center", va="center", fontsize=13, bbox=paper, zorder=4
        )


def draw_pipeline(
    steps: Sequence[str], gap: float = 2.3, ax: Axes | None = None
) -> Axes:
    """Draw boxes from left to right, an arrow from each to the next.

    Args:
        steps: the texts of the boxes; all different.
        gap: distance between neighbouring centres in inches.
    """
    nodes = {step: (gap * index, 0.0) for index, step in enumerate(steps)}
    return draw_graph(nodes, pairwise(steps), ax=ax)


def layer_sizes(network: Any) -> list[int]:
    """Return the sizes of a network's layers, the input first.

    Args:
        network: a list of sizes, or a built Keras model; of a model the layers
            with ``units`` count (Dense and recurrent ones).
    """
    if not hasattr(network, "layers"):
        return [int(size) for size in network]
    units = [layer.units for layer in network.layers if hasattr(layer, "units")]
    return [int(np.prod(network.input_shape[1:])), *units]


def draw_network(
    network: Any,
    names: Sequence[str] = (),
    most: int = 8,
    weights: Sequence[np.ndarray] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw a fully connected network: neurons, edges, the size of every layer.

    Args:
        network: a list of layer sizes (input first) or a built Keras model.
        names: a name under every layer; by default input, hidden, output.
        most: a larger layer is drawn with this many neurons and three dots.
        weights: kernels of shape (from, to), one per gap; then the width of an
            edge shows a weight's size and a dashed edge a negative one.
    """
    sizes = layer_sizes(network)
    hidden = [f"hidden {i}" for i in range(1, len(sizes) - 1)]
    names = names or ["input", *(["hidden"] if len(hidden) == 1 else hidden), "output"]
    columns = [_neurons(2.0 * i, size, most) for i, size in enumerate(sizes)]
    bottom = min(points[:, 1].min() for points in columns) - 0.45
    ax = _canvas(ax, np.vstack([*columns, [0, bottom]]), margin=0.8)
    for gap, (left, right) in enumerate(pairwise(columns)):
        ends = np.array([(a, b) for a in left for b in right])
        width, stroke = 0.8, "-"
        if len(weights):
            flat = np.asarray(weights[gap]).ravel()
            width = 5 * np.abs(flat) / np.abs(flat).max()
            stroke = ["--" if value < 0 else "-" for value in flat]
        lines = LineCollection(ends, linewidths=width, linestyles=stroke, zorder=1)
        lines.set_color("#8a8a99")
        ax.add_collection(lines)
    for column, size, name in zip(columns, sizes, names, strict=True):
        ax.scatter(*column.T, s=420, color=FILLS["circle"], edgecolor=INK, zorder=2)
        if size > most:
            ax.text(column[0, 0], 0, "⋮", ha="center", va="center", fontsize=26)
        ax.text(column[0, 0], bottom, f"{name}\n{size:,}", ha="center", va="top")
    return ax


def _neurons(x: float, size: int, most: int) -> np.ndarray:
    """Centres of a layer's drawn neurons, shape (drawn, 2), around y = 0."""
    heights = 0.6 * (np.arange(min(size, most)) - (min(size, most) - 1) / 2)
    if size > most:
        # Leave the middle to the three dots.
        heights += np.where(heights > 0, 0.25, -0.25)
    return np.column_stack([np.full(len(heights), x), heights])


def draw_model(model: Any, ax: Axes | None = None) -> Axes:
    """Draw a Keras model as a column of blocks: layer, output shape, parameters.

    Args:
        model: a built Sequential (or chain-like functional) Keras model.
    """
    rows = [("Input", model.input_shape[1:], 0)]
    for layer in model.layers:
        rows.append(
            (type(layer).__name__, layer.output.shape[1:], layer.count_params())
        )
    texts = [
        f"{kind}  {' x '.join(map(str, shape))}"
        + (f"\n{count:,} parameters" * (count > 0))
        for kind, shape, count in rows
    ]
    texts = [f"{text}##{index}" for index, text in enumerate(texts)]
    nodes = {text: (0.0, -1.15 * index) for index, text in enumerate(texts)}
    return draw_graph(nodes, pairwise(texts), ax=ax)
