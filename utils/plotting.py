"""Figures of the notebooks: one style, one way to show a figure, a few plots.

``plot_*`` functions draw onto an Axes (or build a grid of them) and return it;
:func:`show` displays the figure with its caption and its alternative text.
Nothing here knows TensorFlow or Keras.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from PIL import Image

STYLE = Path(__file__).with_name("course.mplstyle")
MARKERS = "osD^vPX*<>"


def figure_of(artist: Figure | Axes | np.ndarray) -> Figure:
    """Return the Figure behind a Figure, an Axes or an array of Axes."""
    if isinstance(artist, np.ndarray) and artist.size:
        artist = artist.flat[0]
    if not isinstance(artist, Figure | Axes):
        raise TypeError(
            "A figure is shown from a Figure, an Axes or an array of Axes, as every "
            f"plot_ and draw_ function returns it, not from {_kind(artist)}."
        )
    return artist.get_figure()


def _kind(value: Any) -> str:
    """What was given in the place of something else, in a few words."""
    shape = f" of shape {tuple(value.shape)}" if hasattr(value, "shape") else ""
    return type(value).__name__ + shape


def to_png(figure: Figure, tight: bool = True, scale: int = 1) -> bytes:
    """Render and close a figure; returns a PNG with a palette of 256 colours.

    Args:
        figure: what is rendered.
        tight: cut away the empty margins, which makes sizes differ.
        scale: pixels of the picture for each of the 100 an inch it is shown at.

    The palette keeps a notebook with forty figures well under its size limit,
    and no date or version is written, so that equal figures are equal bytes.
    """
    buffer = io.BytesIO()
    dpi = scale * figure.dpi
    figure.savefig(buffer, dpi=dpi, bbox_inches="tight" if tight else None)
    plt.close(figure)
    image = Image.open(buffer).convert("RGB")
    buffer = io.BytesIO()
    image.quantize(256, dither=Image.Dither.NONE).save(buffer, "png", optimize=True)
    return buffer.getvalue()


def describe(figure: Figure) -> str:
    """Say in words what a figure holds: its axes, their labels and contents.

    The text goes with the image and ends the alternative text. It holds no
    measured value.
    """
    axes = [ax for ax in figure.axes if ax.has_data() or ax.texts]
    parts = [_describe_axes(ax) for ax in axes]
    if len(parts) > 3 and len(set(parts)) == 1:
        parts = [f"each: {parts[0]}"]
    return f"{len(axes)} panel{'s' * (len(axes) != 1)}; " + "; ".join(parts)


def _describe_axes(ax: Axes) -> str:
    counts = {
        "line": len(ax.lines),
        "bar or box": len(ax.patches),
        "group of points": sum(isinstance(g, PathCollection) for g in ax.collections),
        "image": len(ax.images),
    }
    legend = ax.get_legend()
    texts = {
        "axes": [text for text in (ax.get_xlabel(), ax.get_ylabel()) if text],
        "legend": [text.get_text() for text in legend.get_texts()] if legend else [],
    }
    found = [f"{count} x {what}" for what, count in counts.items() if count]
    found += [f"{what} {' / '.join(said)}" for what, said in texts.items() if said]
    return ", ".join(found) or "drawing"


def show(artist: Figure | Axes | np.ndarray, caption: str, alt: str = "") -> None:
    """Display a figure with a visible caption and alternative text, and close it.

    Args:
        artist: a Figure, an Axes or an array of Axes.
        caption: one sentence that says what there is to see. It is printed
            below the figure.
        alt: what the figure shows, with its numbers, for those who do not see
            it; by default the caption and what is drawn.
    """
    figure = figure_of(artist)
    facts = describe(figure)
    # Twice as fine as it is shown: sharp on a good screen, and when enlarged.
    picture = to_png(figure, scale=2)
    width = Image.open(io.BytesIO(picture)).width // 2
    told = {"alt": alt or f"{caption} ({facts})", "width": width}
    _display("image/png", picture, told, f"<Figure: {facts}>", caption)


def _display(kind: str, picture: bytes, told: dict, text: str, caption: str) -> None:
    data = {kind: picture, "text/plain": text}
    display(data, metadata={kind: told}, raw=True)
    display(Markdown(f"*{caption}*"))


def show_motion(
    figures: Sequence[Figure | Axes], caption: str, alt: str, seconds: float = 0.6
) -> None:
    """Display figures one after the other, as a small GIF that repeats.

    A still that says the same belongs beside it: not everybody can follow what
    moves, and paper cannot.

    Args:
        figures: the pictures in their order, all of one size; they are closed.
        caption: one sentence that says what there is to see.
        alt: what happens, with its numbers, for those who do not see it.
        seconds: how long a picture stays; the last one stays three times as long.
    """
    figures = [figure_of(figure) for figure in figures]
    if len({tuple(figure.get_size_inches()) for figure in figures}) != 1:
        raise ValueError("show_motion wants one figure or more, all of one size.")
    facts = describe(figures[0])
    frames = [
        Image.open(io.BytesIO(to_png(figure, tight=False))).convert("P")
        for figure in figures
    ]
    times = [round(1000 * seconds)] * len(frames)
    times[-1] *= 3
    buffer, endless = io.BytesIO(), {"duration": times, "loop": 0, "optimize": True}
    frames[0].save(buffer, "gif", save_all=True, append_images=frames[1:], **endless)
    text = f"<Motion: {len(frames)} pictures, the first: {facts}>"
    _display("image/gif", buffer.getvalue(), {"alt": alt}, text, caption)


def play(draw: Callable[..., Figure | Axes], **controls) -> None:
    """Show a picture that is drawn anew whenever one of its controls moves.

    Args:
        draw: called with the value of every control by name; returns the
            Figure or Axes to show.
        **controls: ipywidgets controls, in the order in which they appear; one
            without a description shows its name.

    The stored notebook keeps only a sentence in place of the controls; a
    static figure that says the same belongs beside every call.
    """
    import ipywidgets

    for name, control in controls.items():
        if not isinstance(control, ipywidgets.ValueWidget):
            raise TypeError(
                f"play wants a control of ipywidgets for {name}, such as "
                f"ipywidgets.FloatSlider(), not {_kind(control)}."
            )
    picture = ipywidgets.Image(format="png", layout={"max_width": "100%"})

    def redraw(_change=None) -> None:
        values = {name: control.value for name, control in controls.items()}
        picture.value = to_png(figure_of(draw(**values)))

    for name, control in controls.items():
        control.description = control.description or name
        control.observe(redraw, "value")
    redraw()
    row = ipywidgets.HBox([*controls.values()], layout={"flex_flow": "row wrap"})
    # Otherwise the picture would be stretched to the width of the page.
    board = ipywidgets.VBox([row, picture], layout={"align_items": "flex-start"})
    bundle = board._repr_mimebundle_()
    bundle["text/plain"] = "Interactive: run this notebook to move the controls."
    display(bundle, raw=True)


def plot_images(
    images: np.ndarray,
    titles: Sequence[object] = (),
    columns: int = 8,
    marked: Sequence[int] = (),
) -> np.ndarray:
    """Draw a grid of pictures; returns its Axes as an array (rows, columns).

    Args:
        images: shape (n, height, width), also with 1 channel, or 3 or 4 for
            colour; grey pictures run from white (0) to black (their largest value).
        titles: one title a picture.
        columns: pictures in a row.
        marked: indices of the pictures that get a thick red frame.

    Raises:
        ValueError: something has another shape or length.
    """
    shapes = [np.shape(p) for p in images] if hasattr(images, "__len__") else []
    channels = (), (1,), (3,), (4,)
    if not shapes or any(len(s) < 2 or s[2:] not in channels for s in shapes):
        raise ValueError(
            "plot_images wants pictures, of shape (n, height, width) or "
            f"(n, height, width, channels), not {_kind(images)}: write images[None] "
            "for a single picture and images.reshape(-1, 28, 28) for rows of 784 "
            "numbers."
        )
    if len(titles) > len(images) or columns < 1:
        raise ValueError(
            f"plot_images wants at most one title a picture and one column or more, "
            f"not {len(titles)} titles for {len(images)} pictures in {columns} columns."
        )
    if {*marked} - {*range(len(images))}:
        raise ValueError(
            f"plot_images marks pictures 0 to {len(images) - 1}, not {[*marked]}."
        )
    rows = -(-len(images) // columns)
    size = (1.35 * columns, (1.75 if len(titles) else 1.4) * rows)
    _, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for index, ax in enumerate(axes.flat):
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(index in marked)
        ax.spines[:].set(color="C2", linewidth=4)
        if index < len(images):
            ax.imshow(images[index], vmin=0)
        if index < len(titles):
            ax.set_title(titles[index], fontsize=14)
    return axes


def plot_history(
    history: Mapping[str, Sequence[float]] | Any, ax: Axes | None = None
) -> Axes:
    """Draw one line per entry over the epochs 1, 2, ...; returns the Axes.

    Args:
        history: what ``fit`` returns, or name -> one number per epoch.
    """
    while hasattr(history, "history"):  # of fit, or of a network: it keeps its last
        history = history.history
    if not hasattr(history, "items") or any(np.ndim(v) != 1 for v in history.values()):
        raise TypeError(
            "plot_history wants what fit returns, or a mapping such as "
            f'{{"loss": [0.9, 0.5]}}, not {_kind(history)}.'
        )
    if not any(len(values) for values in history.values()):
        raise ValueError(
            "plot_history has no epoch to draw: fit trained none, as it does when "
            "initial_epoch has reached epochs, or the network was already trained."
        )
    ax = ax or plt.subplots()[1]
    for (name, values), marker in zip(history.items(), cycle(MARKERS)):
        ax.plot(range(1, len(values) + 1), values, marker=marker, label=name)
    ax.set(xlabel="epoch")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend()
    return ax


def plot_regions(
    classify: Callable[[np.ndarray], np.ndarray],
    points: np.ndarray,
    labels: np.ndarray,
    ax: Axes | None = None,
) -> Axes:
    """Colour the plane by the class that a classifier answers; returns the Axes.

    Args:
        classify: maps points of shape (n, 2) to class numbers of shape (n,).
        points: shape (n, 2), drawn with one colour and one marker per class.
        labels: shape (n,), class numbers from 0.

    Raises:
        ValueError: something has another shape, or classify answers otherwise.
    """
    points, labels = np.asarray(points), np.asarray(labels)
    if points.ndim != 2 or points.shape[1] != 2 or labels.shape != points.shape[:1]:
        raise ValueError(
            "plot_regions wants points of shape (n, 2) and labels of shape (n,), not "
            f"{points.shape} and {labels.shape}."
        )
    low, high = points.min(axis=0) - 0.3, points.max(axis=0) + 0.3
    x, y = np.meshgrid(*np.linspace(low, high, 200).T)
    answers = np.asarray(classify(np.column_stack([x.ravel(), y.ravel()])))
    if answers.size != x.size:
        raise ValueError(
            "plot_regions wants a classify that answers one class number a point, so "
            f"shape ({x.size},), not {answers.shape}: use argmax(axis=1) or > 0.5."
        )
    answers = answers.reshape(x.shape)
    ax = ax or plt.subplots(figsize=(6, 5))[1]
    classes = np.unique(labels)
    edges = np.append(classes, classes[-1] + 1) - 0.5
    colours = [f"C{c}" for c in classes]
    ax.contourf(x, y, answers, levels=edges, colors=colours, alpha=0.25)
    for c, colour in zip(classes, colours, strict=True):
        look = {"color": colour, "marker": MARKERS[int(c) % len(MARKERS)]}
        ax.scatter(*points[labels == c].T, edgecolor="white", **look)
    ax.set(xlabel="$x_1$", ylabel="$x_2$")
    ax.grid(False)
    return ax


def plot_heatmap(
    matrix: np.ndarray,
    rows: Sequence[object],
    columns: Sequence[object],
    ax: Axes | None = None,
    form: str = ".0f",
) -> Axes:
    """Draw a matrix as shaded squares with its numbers inside; returns the Axes.

    Args:
        matrix: shape (len(rows), len(columns)).
        form: format of the numbers, for example ".2f".

    Raises:
        ValueError: the matrix has another shape.
    """
    matrix = np.asarray(matrix)
    if any(
        names and len(names) != n for names, n in zip((rows, columns), matrix.shape)
    ):
        raise ValueError(
            "plot_heatmap wants a matrix with a row for each of the "
            f"{len(rows)} rows and a column for each of the {len(columns)} columns, "
            f"not of shape {matrix.shape}."
        )
    ax = ax or plt.subplots(figsize=(1 + 0.8 * len(columns), 1 + 0.6 * len(rows)))[1]
    ax.imshow(matrix, cmap="Blues", aspect="auto")
    middle = (matrix.max() + matrix.min()) / 2
    for (i, j), value in np.ndenumerate(matrix):
        colour = "white" if value > middle else "black"
        ax.text(j, i, format(value, form), ha="center", va="center", color=colour)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.grid(False)
    return ax
