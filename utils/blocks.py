"""Building blocks of convolutional networks, drawn from left to right."""

from collections.abc import Sequence
from itertools import pairwise

from utils.diagrams import INK, draw_graph

from matplotlib.axes import Axes

STEP = 1.4  # inches from the centre of a box to the next


def draw_inception(
    numbers: tuple[int, int, int, int, int, int], size: int, maps: int
) -> Axes:
    """Draw an inception module.

    Args:
        numbers: maps of the 1 x 1, in front of and after the 3 x 3, in front of
            and after the 5 x 5, after the pooling.
        size: width of the maps that come in.
        maps: their number.
    """
    one, before3, three, before5, five, after_pool = numbers
    entry = f"{size} x {size}\n{maps} maps"
    join = f"stack\n{one + three + five + after_pool} maps"
    branches = [
        [f"1 x 1\n{one}"],
        [f"1 x 1\n{before3}##3", f"3 x 3\n{three}"],
        [f"1 x 1\n{before5}##5", f"5 x 5\n{five}"],
        [f"max 3 x 3\n{maps}", f"1 x 1\n{after_pool}##pool"],
    ]
    nodes, wires = {entry: (0.0, 0.0), join: (8.4, 0.0)}, []
    for branch, y in zip(branches, (1.95, 0.65, -0.65, -1.95), strict=True):
        nodes |= zip(branch, [(2.9, y), (5.8, y)] if branch[1:] else [(4.35, y)])
        wires += pairwise([entry, *branch, join])
    return draw_graph(nodes, wires, margin=(0.9, 0.5))


def draw_units() -> Axes:
    """Draw a plain unit of two convolutions, and below it a residual one."""
    middle = ["conv\n3 x 3", "BN\nReLU", "conv\n3 x 3##2", "BN"]
    nodes, wires = {}, []
    for y, end in (1.9, ["ReLU", "h(x)"]), (0.0, ["+", "ReLU", "h(x)"]):
        chain = [f"{text}##{y}" for text in ["x", *middle, *end]]
        nodes |= {text: (STEP * k, y) for k, text in enumerate(chain)}
        wires += pairwise(chain)
    plain = [text for text in nodes if text[0] in "xh"]
    ax = draw_graph(nodes, wires, ["+##0.0"], plain, margin=(0.6, 1.2))
    branch_off, end = 0.4, 5 * STEP
    ax.plot([branch_off, branch_off, end], [0, -0.9, -0.9], color=INK, lw=1.8, ls="-")
    arrow = {"arrowstyle": "-|>", "color": INK, "lw": 1.8, "mutation_scale": 18}
    ax.annotate("", (end, -0.24), (end, -0.9), arrowprops=arrow | {"shrinkA": 0})
    texts = {2.6: "plain: the layers learn $h(x)$"}
    texts |= {0.7: "residual: they learn $f(x) = h(x) - x$"}
    texts |= {-0.77: "shortcut: $x$, unchanged"}
    for y, text in texts.items():
        ax.text(2.5 * STEP, y, text, ha="center")
    return ax


def draw_chain(rows: Sequence[Sequence[str]]) -> Axes:
    """Draw a chain of boxes in rows, each continued at the left of the next.

    Args:
        rows: the texts of the boxes, all different.
    """
    step = min(STEP, 9.9 / max(len(row) - 1 for row in rows))
    nodes = {
        text: (step * k, -2.2 * line)
        for line, row in enumerate(rows)
        for k, text in enumerate(row)
    }
    wires = [wire for row in rows for wire in pairwise(row)]
    for upper, lower in pairwise(rows):
        (x0, y0), (x1, _) = nodes[upper[-1]], nodes[lower[0]]
        turn = [(x0, y0 - 1.1), (x1, y0 - 1.1)]
        wires.append((upper[-1], lower[0], "", 0, turn))
    return draw_graph(nodes, wires, margin=(0.75, 0.65))
