"""Drawings of recurrent cells: what flows where in an LSTM and in a GRU.

One unit of a drawing is one inch on the page. A part that is lit is drawn dark,
the others pale; every function returns the Axes it drew on.
"""

from collections.abc import Collection

from utils.diagrams import FILLS, INK

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

PALE = "#c3c3cd"
SIGNS = r"$\times$", "+"
# Each part of a cell: its boxes (text, x, y), its wires (points; at the last
# one an arrow head), its bars (without) and its texts. Signs are circles.
LSTM = {
    "feed": {
        "bars": [[(0, 0.7), (7, 0.7)]],
        "wires": [[(1, -0.2), (1, 0.7)]],
        "texts": [("$h_{t-1}$", -0.45, 0.7), ("$x_t$", 1, -0.4)],
    },
    "belt": {
        "boxes": [(r"$\times$", 1.9, 4), ("+", 5, 4)],
        "wires": [[(0, 4), (1.9, 4)], [(1.9, 4), (5, 4)], [(5, 4), (9.9, 4)]],
        "texts": [("$C_{t-1}$", -0.45, 4), ("$C_t$", 10.3, 4)],
    },
    "forget": {
        "boxes": [(r"$\sigma$", 1.9, 1.5)],
        "wires": [[(1.9, 0.7), (1.9, 1.5)], [(1.9, 1.5), (1.9, 4)]],
        "texts": [("forget\n$f_t$", 1.3, 2.7)],
    },
    "input": {
        "boxes": [(r"$\sigma$", 3.6, 1.5), ("tanh", 5, 1.5), (r"$\times$", 5, 2.8)],
        "wires": [
            [(3.6, 0.7), (3.6, 1.5)],
            [(5, 0.7), (5, 1.5)],
            [(3.6, 1.5), (3.6, 2.8), (5, 2.8)],
            [(5, 1.5), (5, 2.8)],
            [(5, 2.8), (5, 4)],
        ],
        "texts": [("input\n$i_t$", 3.1, 2.6), ("candidate\n$g_t$", 5.75, 2.2)],
    },
    "output": {
        "boxes": [(r"$\sigma$", 7, 1.5), ("tanh", 8.5, 3.2), (r"$\times$", 8.5, 2.2)],
        "wires": [
            [(7, 0.7), (7, 1.5)],
            [(7, 1.5), (7, 2.2), (8.5, 2.2)],
            [(8.5, 4), (8.5, 3.2)],
            [(8.5, 3.2), (8.5, 2.2)],
            [(8.5, 2.2), (8.5, 0.7), (9.9, 0.7)],
        ],
        "texts": [("output\n$o_t$", 7, 2.85), ("$h_t$", 10.3, 0.7)],
    },
}
GRU = {
    "feed": {
        "bars": [[(0, 0.7), (7.6, 0.7)]],
        "wires": [[(1, -0.2), (1, 0.7)]],
        "texts": [("$h_{t-1}$", -0.45, 0.7), ("$x_t$", 1, -0.4)],
    },
    "belt": {
        "boxes": [(r"$\times$", 2.2, 4), ("+", 7.6, 4)],
        "wires": [[(0, 4), (2.2, 4)], [(2.2, 4), (7.6, 4)], [(7.6, 4), (9.9, 4)]],
        "texts": [("$h_{t-1}$", -0.45, 4), ("$h_t$", 10.3, 4)],
    },
    "update": {
        "boxes": [(r"$\sigma$", 2.2, 1.5), (r"$1 - z_t$", 4.5, 2.8)],
        "wires": [
            [(2.2, 0.7), (2.2, 1.5)],
            [(2.2, 1.5), (2.2, 4)],
            [(2.2, 2.8), (4.5, 2.8)],
            [(4.5, 2.8), (7.6, 2.8)],
        ],
        "texts": [("update\n$z_t$", 1.55, 2.6)],
    },
    "reset": {
        "boxes": [(r"$\sigma$", 4.5, 1.5), (r"$\times$", 6, 1.5)],
        "wires": [
            [(4.5, 0.7), (4.5, 1.5)],
            [(4.5, 1.5), (6, 1.5)],
            [(6, 0.7), (6, 1.5)],
        ],
        "texts": [("reset\n$r_t$", 3.75, 1.6), ("$h_{t-1}U$", 5.5, 1.05)],
    },
    "candidate": {
        "boxes": [("tanh", 7.6, 1.5), (r"$\times$", 7.6, 2.8)],
        "wires": [
            [(7.6, 0.7), (7.6, 1.5)],
            [(6, 1.5), (7.6, 1.5)],
            [(7.6, 1.5), (7.6, 2.8)],
            [(7.6, 2.8), (7.6, 4)],
        ],
        "texts": [("candidate\n$h'_t$", 8.6, 2), ("$x_tW$", 8.05, 1.0)],
    },
}


def draw_lstm(lit: Collection[str] = tuple(LSTM)) -> Axes:
    """Draw an LSTM cell; lit names what is dark: belt, forget, input, output, feed."""
    return _draw(LSTM, lit)


def draw_gru(lit: Collection[str] = tuple(GRU)) -> Axes:
    """Draw a GRU cell; lit names parts: belt, update, reset, candidate, feed."""
    return _draw(GRU, lit)


def _draw(parts: dict[str, dict], lit: Collection[str]) -> Axes:
    if unknown := {*lit} - {*parts}:
        raise ValueError(f"The parts are {', '.join(parts)}, not {unknown.pop()!r}.")
    ax = plt.subplots(figsize=(11, 5))[1]
    ax.set(xlim=(-0.85, 10.75), ylim=(-0.65, 4.7), aspect="equal")
    ax.axis("off")
    frame = FancyBboxPatch((0.4, 0.3), 8.9, 4.1, boxstyle="round,pad=0.1")
    frame.set(facecolor="#f7f7fa", edgecolor=PALE, zorder=0)
    ax.add_patch(frame)
    patches = {}
    # The lit parts last, so that no pale wire crosses a dark one.
    for name in sorted(parts, key=lambda name: name in lit):
        for text, x, y in parts[name].get("boxes", []):
            patches[x, y] = _box(ax, name in lit, text, x, y)
    for name in sorted(parts, key=lambda name: name in lit):
        _lines(ax, name in lit, parts[name], patches)
    return ax


def _box(ax: Axes, lit: bool, text: str, x: float, y: float) -> FancyBboxPatch:
    kind, style = "box", "round,pad=0.4"
    if text in SIGNS:
        kind, style = "circle", "circle,pad=0.2"
    ink, face = (INK, FILLS[kind]) if lit else (PALE, "white")
    box = {"boxstyle": style, "facecolor": face, "edgecolor": ink}
    centred = {"ha": "center", "va": "center", "color": ink}
    return ax.text(x, y, text, bbox=box, zorder=7, **centred).get_bbox_patch()


def _lines(ax: Axes, lit: bool, part: dict, patches: dict) -> None:
    ink, above = (INK, 4) if lit else (PALE, 1)
    style = {"color": ink, "linewidth": 2, "linestyle": "-"}
    for points in part.get("bars", []) + [wire[:-1] for wire in part["wires"]]:
        ax.plot(*zip(*points, strict=True), zorder=above, **style)
    for *_, start, end in part["wires"]:
        ends = {"patchA": patches.get(start), "patchB": patches.get(end)}
        arrow = {"arrowstyle": "-|>", "mutation_scale": 18, "shrinkA": 0, "shrinkB": 1}
        ax.annotate("", end, start, arrowprops=arrow | ends | style, zorder=above + 1)
    for text, x, y in part["texts"]:
        ax.text(x, y, text, color=ink, ha="center", va="center", zorder=8)
