"""Pictures as grids of numbers: windows that slide, places, fields and maps."""

from collections.abc import Sequence
from itertools import pairwise

from utils.diagrams import INK

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

CORNERS = (0, 0), (1, 0), (1, 1), (0, 1)


def _frame(ax: Axes) -> None:
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(True)
    ax.grid(False)


def plot_maps(
    images: Sequence[np.ndarray],
    titles: Sequence[str] = (),
    columns: int = 4,
    cmaps: Sequence[str] = ("gray_r",),
    width: float = 2.7,
) -> np.ndarray:
    """Draw pictures and maps with frames; returns the Axes as (rows, columns).

    Args:
        images: each of shape (height, width), or (height, width, 3) in colour.
        titles: one title a picture.
        columns: pictures in a row.
        cmaps: colour maps, repeated as needed. A diverging one (RdBu_r) is
            centred on 0 and cut at its strongest 0.5 percent, "gray" and "gray_r"
            run from 0 to 1, others from 0 to the largest value.
        width: inches of a picture.
    """
    rows = -(-len(images) // columns)
    high = width * np.shape(images[0])[0] / np.shape(images[0])[1]
    size = width * columns, (high + (0.4 if len(titles) else 0.1)) * rows
    _, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for index, ax in enumerate(axes.flat):
        if index >= len(images):
            ax.axis("off")
            continue
        image, cmap = images[index], cmaps[index % len(cmaps)]
        top = np.percentile(np.abs(image), 99.5 if cmap.startswith("RdBu") else 100)
        top = 1 if cmap.startswith("gray") else top
        low = -top if cmap.startswith("RdBu") else 0
        ax.imshow(image, cmap=cmap, vmin=low, vmax=top, interpolation="nearest")
        _frame(ax)
        if index < len(titles):
            ax.set_title(titles[index], fontsize=15)
    return axes


def draw_numbers(
    numbers: np.ndarray,
    ax: Axes | None = None,
    title: str = "",
    window: tuple[int, int, int] | None = None,
    shown: int | None = None,
    tint: np.ndarray | None = None,
) -> Axes:
    """Draw a matrix as a grid of numbers, one framed window in it.

    Args:
        numbers: shape (rows, columns).
        window: (row, column, width) of the frame.
        shown: how many numbers are written, row by row; the others stay empty.
        tint: a number from 0 to 8 for the colour of every cell; by default the
            number itself, from white to grey, or red and blue if it has a sign.
    """
    ax = ax or plt.subplots()[1]
    drawn = np.array(numbers, dtype=float)
    if shown is not None:
        drawn.flat[shown:] = np.nan  # no colour before the number
    if tint is None and numbers.min() < 0:
        top = 2 * np.abs(numbers).max()  # pale, or the numbers could not be read
        ax.imshow(drawn, cmap="RdBu_r", vmin=-top, vmax=top)
    elif tint is None:
        ax.imshow(drawn, vmin=0, vmax=max(6, numbers.max()))
    else:
        ax.imshow(tint, cmap="Pastel1", vmin=0, vmax=8)
    for k, ((i, j), value) in enumerate(np.ndenumerate(numbers)):
        if shown is None or k < shown:
            ax.text(j, i, f"{value:g}", ha="center", va="center", fontsize=18)
    _frame(ax)
    ax.set_title(title)
    if window:
        i, j, width = window
        spot = plt.Rectangle((j - 0.5, i - 0.5), width, width, fill=False, lw=4)
        spot.set(edgecolor="C2", clip_on=False, zorder=3)
        ax.add_patch(spot)
    return ax


def draw_places(n: int, k: int, stride: int, padding: str, ax: Axes) -> Axes:
    """Draw n x n pixels, the first two windows, a dot for every window's centre.

    Args:
        n, k: width of the picture and of the window, k odd.
        stride: how far the window moves.
        padding: "valid", or "same" for a rim of zeros (dotted) round the picture.
    """
    rim = (k - 1) // 2 if padding == "same" else 0
    for i, j in np.ndindex(n + 2 * rim, n + 2 * rim):
        inside = 0 <= i - rim < n and 0 <= j - rim < n
        look = ("#dbe7ff", "-") if inside else ("white", ":")
        cell = plt.Rectangle((j - rim, i - rim), 1, 1, fc=look[0], ls=look[1], ec="0.6")
        ax.add_patch(cell)
    starts = range(-rim, n + rim - k + 1, stride)
    centres = [start + k / 2 for start in starts]
    ax.plot(*np.meshgrid(centres, centres), color=INK, marker="o", linestyle="none")
    for left, line in zip(starts[:2], ("-", "--"), strict=True):
        frame = plt.Rectangle((left, -rim), k, k, fill=False, ec="C2", lw=3, ls=line)
        frame.set_zorder(3)
        ax.add_patch(frame)
    ax.set(xlim=(-1.3, n + 1.3), ylim=(n + 1.3, -1.3), aspect="equal")
    ax.set_title(f"{padding}, stride {stride}:\n{len(starts)} x {len(starts)} places")
    ax.axis("off")
    return ax


def draw_fields(n: int, k: int) -> Axes:
    """Draw a picture and two layers of k x k windows in perspective.

    Lit is one neuron of the second layer, what it sees in the first, and what
    those see in the picture of n x n pixels.
    """
    ax = plt.subplots(figsize=(10, 4))[1]
    names = ["picture", "layer 1", "layer 2"]
    sizes = [n - step * (k - 1) for step in range(3)]
    lit = [1 + (2 - step) * (k - 1) for step in range(3)]

    def spot(storey: int, column: float, row: float) -> np.ndarray:
        across, down = np.array([column, row]) - sizes[storey] / 2
        return np.array([4 * storey + 0.3 * across, 0.34 * down - 0.13 * across])

    for storey, (name, size, seen) in enumerate(zip(names, sizes, lit, strict=True)):
        first = (size - seen) // 2
        for i, j in np.ndindex(size, size):
            inside = first <= i < first + seen and first <= j < first + seen
            corners = [spot(storey, j + a, i + b) for a, b in CORNERS]
            colour = "#f89c20" if inside else "#eef3ff"
            ax.add_patch(plt.Polygon(corners, facecolor=colour, edgecolor="0.55"))
        ax.text(4 * storey, -2.6, f"{name}\nlit: {seen} x {seen}", ha="center")
    for storey, (below, above) in enumerate(pairwise(lit)):
        low = (sizes[storey] - below) // 2
        high = (sizes[storey + 1] - above) // 2
        for a, b in CORNERS:
            ends = [spot(storey, low + a * below, low + b * below)]
            ends.append(spot(storey + 1, high + a * above, high + b * above))
            ax.plot(*np.transpose(ends), color=INK, linewidth=1, linestyle="-")
    ax.set(xlim=(-1.7, 9.3), ylim=(-2.8, 2.3), aspect="equal")
    ax.axis("off")
    return ax
