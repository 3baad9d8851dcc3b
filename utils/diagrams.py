"""Diagrams drawn by code: networks, and graphs of boxes and arrows.

One unit of a diagram is one inch on the page, so boxes keep their distance
whatever the diagram's size. Every function returns the Axes it drew on.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

INK = "#33333d"
BACK = "#b3001b"  # what flows back: dashed, in this colour
FILLS = {"box": "#dbe7ff", "circle": "#ffe9c7", "plain": "none"}


def _canvas(ax: Axes | None, points: np.ndarray, margin: tuple) -> Axes:
    """Return an Axes without frame that holds the points, one unit an inch."""
    low, high = np.subtract(points.min(axis=0), margin), points.max(axis=0) + margin
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
    margin: tuple[float, float] = (0.9, 0.9),
    back: Iterable[tuple] = (),
) -> Axes:
    r"""Draw named nodes and the arrows between them.

    Args:
        nodes: text -> (x, y) in inches. Text may hold line breaks and math; a
            part from ``##`` on is not drawn, so that a text may appear twice.
        edges: (from, to), (from, to, label), (from, to, label, bend) or
            (from, to, label, bend, via), where bend curves the arrow (0
            straight, 0.5 half a circle's worth), an edge from a node to itself
            is drawn as a loop above it, and via is a list of points (x, y)
            through which the edge runs.
        circles: the nodes drawn as circles; the others are boxes.
        plain: the nodes drawn as bare text.
        margin: inches left and right of, below and above the centres.
        back: edges as above for what flows back: dashed, in another colour.

    Raises:
        KeyError: an edge names a node that is not there.
    """
    circles, plain, edges = set(circles), set(plain), [*edges]
    named = {name for edge in edges for name in edge[:2]} | circles | plain
    if unknown := named - set(nodes):
        raise KeyError(f"there is no node {unknown.pop()!r} among {[*nodes]}")
    stops = [point for edge in edges for point in (edge[4] if len(edge) > 4 else [])]
    ax = _canvas(ax, np.array([*nodes.values(), *stops], float), margin)
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
        _arrow(ax, nodes, patches, INK, *edge)
    for edge in back:
        _arrow(ax, nodes, patches, BACK, *edge)
    return ax


def _arrow(ax, nodes, patches, ink, start, end, label="", bend=0, via=()) -> None:
    (x0, y0), (x1, y1) = nodes[start], nodes[end]
    arrow = {"arrowstyle": "-|>", "color": ink, "linewidth": 1.8, "mutation_scale": 18}
    arrow |= {"linestyle": "--" if ink == BACK else "-"}
    arrow |= {"patchA": patches[start], "patchB": patches[end]}
    arrow |= {"shrinkA": 1, "shrinkB": 3, "connectionstyle": f"arc3,rad={bend}"}
    if start == end:
        # Out on the right, around and in on the left: the box hides both ends.
        t = np.linspace(0, 0.8, 30)
        x, y = 1.1 * 3 * t * (1 - t) * (1 - 2 * t), 1.15 * 3 * t * (1 - t)
        via = [*zip(x0 + x, y0 + y, strict=True)]
    if len(via):
        # Begins below the box of the start; the arrow is the last stretch.
        ax.plot(*zip((x0, y0), *via, strict=True), color=ink, linewidth=1.8, zorder=1)
        (x0, y0), arrow["patchA"], arrow["shrinkA"] = via[-1], None, 0
    # The arc bulges to the right of its direction; the label stands outside it.
    x, y = (x0 + x1) / 2 + bend * (y1 - y0), (y0 + y1) / 2 - bend * (x1 - x0)
    if start == end:
        x, y = x1, y1 + 1.05
    # zorder: the boxes must have been laid out before the arrows are clipped.
    ax.annotate("", (x1, y1), (x0, y0), arrowprops=arrow, zorder=3)
    if label:
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        style = {"fontsize": 13, "color": ink, "bbox": paper, "zorder": 4}
        ax.text(x, y, label, ha="center", va="center", **style)


def draw_network(
    sizes: Sequence[int],
    most: int = 8,
    weights: Sequence[np.ndarray] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw a fully connected network: neurons, edges, the size of every layer.

    Args:
        sizes: how many neurons each layer has, the input first.
        most: a larger layer is drawn with this many neurons and three dots.
        weights: kernels of shape (from, to), one per gap; then the width of an
            edge shows a weight's size and a dashed edge a negative one.
    """
    whole = isinstance(sizes, list | tuple)
    if not whole or not all(isinstance(n, int | np.integer) and n > 0 for n in sizes):
        raise ValueError(
            "draw_network wants a list of layer sizes, such as [784, 100, 10], not "
            f"{sizes!r}."
        )
    hidden = [f"hidden {i}" for i in range(1, len(sizes) - 1)]
    names = ["input", *(["hidden"] if len(hidden) == 1 else hidden), "output"]
    gaps = [*pairwise(sizes)]
    if len(weights) and ([np.shape(w) for w in weights] != gaps or max(sizes) > most):
        raise ValueError(
            f"draw_network wants kernels of shape {', '.join(map(str, gaps))}, without "
            f"biases, of layers with at most {most} neurons, not "
            f"{', '.join(str(np.shape(w)) for w in weights)}."
        )
    columns = [_neurons(2.0 * i, size, most) for i, size in enumerate(sizes)]
    bottom = min(points[:, 1].min() for points in columns) - 0.45
    ax = _canvas(ax, np.vstack([*columns, [0, bottom]]), margin=(0.8, 0.8))
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
