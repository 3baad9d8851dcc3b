"""Networks drawn as volumes in perspective, every box with the layer's true size.

Height and width of all boxes follow one scale, their depth, the number of maps,
another. One unit of a drawing is one inch.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from utils.diagrams import INK

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

SLANT = np.array([0.42, 0.3])  # where an inch into the page is drawn
FACES = {"front": "#dbe7ff", "top": "#f3f6ff", "side": "#b4caf7", "vector": "#ffe9c7"}


class _Box:
    """A volume (height, width, maps) whose lower left front edge stands at x."""

    def __init__(self, x: float, shape: Sequence[int], pixel: float, leaf: float):
        self.high, self.wide, self.deep = shape
        self.x, self.pixel, self.leaf = x, pixel, leaf
        self.end = x + self.deep * leaf + self.wide * pixel * SLANT[0]

    def spots(self, points: Sequence[tuple[float, float, float]]) -> np.ndarray:
        """Where points (map, column, row from below) are drawn, shape (n, 2)."""
        depth, across, up = np.transpose(points)
        flat = [self.x + depth * self.leaf, (up - self.high / 2) * self.pixel]
        inwards = np.array([across, across - self.wide / 2]) * self.pixel
        return (flat + SLANT[:, None] * inwards).T

    def draw(self, ax: Axes, rim: int) -> None:
        h, w, d = self.high, self.wide, self.deep
        faces = {
            "front": [(0, 0, 0), (d, 0, 0), (d, 0, h), (0, 0, h)],
            "top": [(0, 0, h), (d, 0, h), (d, w, h), (0, w, h)],
            "side": [(d, 0, 0), (d, w, 0), (d, w, h), (d, 0, h)],
        }
        for name, corners in faces.items():
            _fill(ax, self.spots(corners), FACES[name])
        if rim:
            inner = self.frame(rim, rim, h - 2 * rim)
            ax.add_patch(plt.Polygon(inner, fill=False, edgecolor=INK, linestyle="--"))

    def frame(self, across: float, up: float, size: float) -> np.ndarray:
        """A square on the last map, from its lower front corner."""
        near, far = across + size, up + size
        corners = [(across, up), (near, up), (near, far), (across, far)]
        return self.spots([(self.deep, *corner) for corner in corners])


def _fill(ax: Axes, corners: Sequence[tuple] | np.ndarray, colour: str) -> None:
    ax.add_patch(plt.Polygon(corners, facecolor=colour, edgecolor=INK, linewidth=1.2))


# Kinds of layers that are drawn, and what they are called.
KINDS = {"conv2d": "conv", "maxpooling2d": "pool", "averagepooling2d": "pool"}
KINDS |= {"dense": "dense", "zeropadding2d": "zeros"}


class _Step(NamedTuple):
    """One output: its name, its shape, the window that made it, its rim of zeros."""

    name: str
    shape: tuple[int, ...]
    window: int = 0
    rim: int = 0


def _steps(network: Any) -> list[_Step]:
    steps = [_Step("input", network.input_shape[1:])]
    for layer in network.layers:
        kind = type(layer).__name__.lower()
        if kind not in KINDS:
            continue
        # Where nobody gives a name, Keras does: max_pooling2d_3.
        given = not re.fullmatch(rf"{kind}\d*", layer.name.replace("_", ""))
        name = layer.name if given else KINDS[kind]
        window = getattr(layer, "kernel_size", getattr(layer, "pool_size", (0,)))[0]
        rim = layer.padding[0][0] if kind == "zeropadding2d" else 0
        steps.append(_Step(name, layer.output.shape[1:], window, rim))
    return steps


def draw_volumes(
    network: Any, tall: float = 2.6, deep: float = 1.6, gap: float = 0.45
) -> Axes:
    """Draw the outputs of a network's layers as boxes from left to right.

    Maps become a box, neurons a stick, as long as their number in the scale of
    the maps and broken where that is more than ``tall``. A frame in a box is the
    window of the next layer, rays lead to the number that it gives; dashed is
    where a rim of zeros begins. Names are those given to the layers, else their
    kinds; layers that only rearrange or act in training are left out.

    Args:
        network: a built chain of Keras layers with pictures as input.
        tall, deep: inches of the highest and of the deepest box.
        gap: inches between two boxes.
    """
    steps = _steps(network)
    boxed = [step.shape for step in steps if len(step.shape) == 3]
    pixel = tall / max(shape[0] for shape in boxed)
    leaf = deep / max(shape[2] for shape in boxed)
    floor = -tall / 2 * (1 + SLANT[1]) - 0.15
    ax = plt.subplots()[1]
    x, label_end, boxes = 0.0, -gap, []
    for name, shape, _, rim in steps:
        size = f"{shape[0]} x {shape[1]}\n" if len(shape) == 3 else "\n"
        text = f"{name}\n{size}{shape[-1]:,}"
        half = max(0.05 * len(size), 0.067 * len(name), 0.06 * len(f"{shape[-1]:,}"))
        thick = _Box(x, shape, pixel, leaf).end - x if len(shape) == 3 else 0.16
        # Neither boxes nor their labels may touch.
        x = max(x, label_end + half - thick / 2 + 0.06)
        if len(shape) == 3:
            boxes.append(_Box(x, shape, pixel, leaf))
            boxes[-1].draw(ax, rim)
        else:
            boxes.append(None)
            _stick(ax, x, shape[0] * leaf, tall)
        ax.text(x + thick / 2, floor, text, ha="center", va="top", linespacing=1.25)
        label_end, x = x + thick / 2 + half, x + thick + gap
    for step, (before, after) in zip(steps[1:], pairwise(boxes), strict=True):
        if step.window:
            _rays(ax, before, after, step.window)
    end = max(x - gap, label_end) + 0.05
    ax.set(xlim=(-0.35, end), ylim=(floor - 0.85, tall / 2 * (1 + SLANT[1]) + 0.05))
    ax.set_aspect("equal")
    ax.axis("off")
    ax.figure.set_size_inches(end + 0.35, np.ptp(ax.get_ylim()))
    return ax


def _stick(ax: Axes, x: float, length: float, tall: float) -> None:
    """A vector: a column of neurons, broken in the middle if it is too long."""
    half = min(length, tall) / 2
    corners = [(x, -half), (x + 0.16, -half), (x + 0.16, half), (x, half)]
    _fill(ax, corners, FACES["vector"])
    if length > tall:
        for y in (-0.06, 0.06):
            ends = [x - 0.07, x + 0.23], [y - 0.05, y + 0.05]
            ax.plot(*ends, color="white", linewidth=5, linestyle="-")
            ax.plot(*ends, color=INK, linewidth=1.2, linestyle="-")


def _rays(ax: Axes, before: _Box, after: _Box, window: int) -> None:
    """The window on the last map, and lines to the number that it gives."""
    across = 0.55 * (before.wide - window)
    frame = before.frame(across, across, window)
    ax.add_patch(plt.Polygon(frame, facecolor="#f89c20", edgecolor=INK, zorder=3))
    [target] = after.spots([(0, 0, 0.6 * after.high)])
    for corner in frame:
        ends = np.transpose([corner, target])
        ax.plot(*ends, color=INK, linewidth=1, linestyle="-", zorder=3)
