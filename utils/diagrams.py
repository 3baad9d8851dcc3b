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
        if isinstance(network, str) or not all(size >= 1 for size in network):
            raise ValueError(
                "A network is given as a list of layer sizes, such as [784, 100, 10], "
                f"or as a built Keras model, not as {network!r}."
            )
        return [int(size) for size in network]
    if not network.built:
        raise ValueError(
            "The model is not built yet: begin it with keras.Input((784,)), or let it "
            "predict once."
        )
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
    if len(names) != len(sizes):
        raise ValueError(
            f"draw_network wants a name for each of the {len(sizes)} layers, input and "
            f"output too, not {len(names)} names."
        )
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


def draw_model(model: Any, ax: Axes | None = None) -> Axes:
    """Draw a Keras model as blocks: layer, output shape, parameters.

    A chain is a column. In a functional model with branches parallel layers
    stand side by side, with their kernel sizes, and a shortcut runs past the
    layers that it skips; meant for a module of some ten layers.

    Args:
        model: a built Keras model, Sequential or functional.
    """
    if not getattr(model, "built", False) or not hasattr(model, "layers"):
        raise ValueError(
            "draw_model wants a built Keras model, one that begins with keras.Input or "
            f"has predicted once, not {type(model).__name__}."
        )
    sources = _sources(model.outputs[0]._keras_history.operation, {})
    if any(len(before) > 1 for before in sources.values()):
        return _draw_branches(sources, ax)
    rows = [("Input", model.input_shape[1:], 0)]
    for layer in model.layers:
        rows.append(
            (type(layer).__name__, layer.output.shape[1:], layer.count_params())
        )
    texts = [
        f"{kind}  {' x '.join(map(str, shape))}"
        + (f"\n{count:,} parameters" * (count > 0))
        for kind, shape, count in rows
        if kind != "InputLayer"
    ]
    texts = [f"{text}##{index}" for index, text in enumerate(texts)]
    nodes = {text: (0.0, -1.15 * index) for index, text in enumerate(texts)}
    return draw_graph(nodes, pairwise(texts), ax=ax, margin=(1.5, 0.9))


def _sources(layer: Any, found: dict[Any, list]) -> dict[Any, list]:
    """Every layer up to this one -> the layers it reads, in order of depth."""
    tensors = layer.input if isinstance(layer.input, list) else [layer.input]
    before = [tensor._keras_history.operation for tensor in tensors]
    before = [other for other in before if other is not layer]
    for other in before:
        if other not in found:
            _sources(other, found)
    found[layer] = before
    return found


def _draw_branches(sources: dict[Any, list], ax: Axes | None) -> Axes:
    """One row per depth; an edge that skips rows keeps a place free in each."""
    depth: dict[Any, int] = {}
    above: dict[Any, list] = {}
    edges = []
    for layer, before in sources.items():
        depth[layer] = 1 + max((depth[other] for other in before), default=-1)
        above[layer] = []
        for other in before:
            via = [(row, other, layer) for row in range(depth[other] + 1, depth[layer])]
            above |= {item: [upper] for upper, item in pairwise([other, *via])}
            depth |= {item: item[0] for item in via}
            above[layer].append([other, *via][-1])
            edges.append((other, layer, via))
    spots: dict[Any, tuple[float, float]] = {}
    for number in range(max(depth.values()) + 1):
        # From left to right as what they read; a free place on the right of it.
        row = sorted(
            (item for item in above if depth[item] == number),
            key=lambda item: (
                sum(spots[upper][0] for upper in above[item]) / (len(above[item]) or 1),
                isinstance(item, tuple),
            ),
        )
        for index, item in enumerate(row):
            spots[item] = (2.6 * (index - (len(row) - 1) / 2), -1.5 * number)
    texts = {layer: f"{_box(layer)}##{layer.name}" for layer in sources}
    return draw_graph(
        {text: spots[layer] for layer, text in texts.items()},
        [(texts[a], texts[b], "", 0, [spots[i] for i in via]) for a, b, via in edges],
        ax=ax,
        margin=(1.5, 0.9),
    )


def _box(layer: Any) -> str:
    """Kind and kernel, stride above 1, output shape, parameters: a line each."""
    kind = type(layer).__name__.removesuffix("Layer")
    window = getattr(layer, "kernel_size", getattr(layer, "pool_size", ()))
    stride = max(getattr(layer, "strides", (1,)))
    count = layer.count_params()
    return (
        f"{kind} {' x '.join(map(str, window))}".rstrip()
        + f"\nstride {stride}" * (stride > 1)
        + f"\n{' x '.join(map(str, layer.output.shape[1:]))}"
        + f"\n{count:,} parameters" * (count > 0)
    )
