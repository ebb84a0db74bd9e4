"""Drawings of cells: an LSTM next to a GRU, and a layer that reads in two directions."""

from collections.abc import Mapping

from course_utils.plots.drawing import arrow, box, new_drawing, write
from course_utils.plots.names import COLOURS, TRUTH
from course_utils.plots.style import as_image

from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

STEPS = 5


def gated_cells() -> Image:
    """Draw one step of an LSTM next to one step of a GRU.

    Returns:
        a picture with alternative text.
    """
    figure = Figure(figsize=(9, 3.7), layout="constrained")
    lstm, gru = figure.subplots(1, 2)
    for axes in (lstm, gru):
        axes.set_xlim(-0.4, 11.4)
        axes.set_ylim(0.4, 5.6)
        axes.set_axis_off()
    _draw_lstm(lstm)
    _draw_gru(gru)
    return as_image(
        figure,
        "Two diagrams. LSTM: the cell state c runs along the top, multiplied by the forget gate "
        "f, then the product of input gate i and candidate is added; a copy goes through tanh "
        "and the output gate o to become h. GRU: the one state h runs along the top, multiplied "
        "by the update gate z, then the candidate times 1 - z is added; the reset gate r acts on "
        "the candidate. Parts with weights: four in the LSTM, three in the GRU.",
    )


LSTM_LABELS = {
    "c_{t-1}": (-0.2, 5.5),
    "f_t": (2.15, 1.35),
    "i_t": (4.05, 1.35),
    "c~_t": (5.65, 1.35),
    "o_t": (7.45, 1.35),
    "c_t": (10.6, 5.5),
    "h_t": (10.6, 2.7),
}
"""where the value of each quantity begins"""
LSTM_STEPS = {
    "forget": ((1.3, 1.6, 1.4, 3.8), "c_{t-1}", "f_t"),
    "add": ((3.2, 1.6, 3.05, 3.8), "i_t", "c~_t", "c_t"),
    "show": ((6.6, 1.6, 3.4, 3.8), "o_t", "h_t"),
}
"""each step's frame (left, bottom, width, height), and the values that it brings in"""


def lstm_cell(title: str, values: Mapping[str, float] | None = None, lit: str = "") -> Image:
    """Draw one step of an LSTM, with one part of it framed and the numbers so far.

    Args:
        title: what the picture shows.
        values: numbers to write, by the names in `LSTM_LABELS`; those of later steps are left out.
        lit: `forget`, `add` or `show`; without it, the whole cell with all numbers.

    Returns:
        a picture with alternative text.
    """
    figure = Figure(figsize=(6.4, 3.7), layout="constrained")
    axes = figure.subplots()
    axes.set_xlim(-0.6, 11.6)
    axes.set_ylim(0.4, 5.8)
    axes.set_axis_off()
    _draw_lstm(axes, title)
    names = list(LSTM_STEPS)
    until = names[: names.index(lit) + 1] if lit else names
    known = [name for step in until for name in LSTM_STEPS[step][1:]]
    shown = {name: value for name, value in (values or {}).items() if name in known}
    for name, value in shown.items():
        write(axes, *LSTM_LABELS[name], f"{value:.2g}", color=COLOURS[1], ha="left")
    if lit:
        left, bottom, width, height = LSTM_STEPS[lit][0]
        frame = Rectangle((left, bottom), width, height, color=COLOURS[1], alpha=0.15, zorder=0)
        axes.add_patch(frame)
    framed = f" Framed: {lit}." if lit else ""
    numbers = "".join(f" {name} = {value:.2g}." for name, value in shown.items())
    return as_image(
        figure,
        f"{title}. The cell state c runs along the top. The forget gate f multiplies it, then the "
        "product of input gate i and candidate c~ is added. A copy goes through tanh and is "
        f"multiplied by the output gate o to become h.{framed}{numbers}",
    )


def _draw_lstm(axes: Axes, title: str = "LSTM: two states, four weighted parts") -> None:
    """Draw what becomes of an LSTM's two states in a step."""
    axes.set_title(title, loc="left", fontsize=12)
    _line_through(axes, 5, "$c_{t-1}$", "$c_t$", {2: "×", 4.7: "+"})
    _weighted_parts(axes, {2: "$f_t$", 3.9: "$i_t$", 5.5: r"$\tilde{c}_t$", 7.3: "$o_t$"})
    arrow(axes, (2, 2.65), (2, 4.8))
    _circle(axes, 4.7, 3.7, "×")
    arrow(axes, (4, 2.65), (4.5, 3.45))
    arrow(axes, (5.4, 2.65), (4.9, 3.45))
    arrow(axes, (4.7, 4), (4.7, 4.8))
    _plain_box(axes, 8.9, 3.7, "tanh")
    arrow(axes, (8.9, 5), (8.9, 4.05))
    _circle(axes, 8.9, 2.2, "×")
    arrow(axes, (8.9, 3.35), (8.9, 2.5))
    arrow(axes, (7.85, 2.2), (8.6, 2.2))
    arrow(axes, (9.2, 2.2), (10.5, 2.2))
    write(axes, 10.9, 2.2, "$h_t$", fontsize=12)


def _draw_gru(axes: Axes) -> None:
    """Draw what becomes of a GRU's one state in a step."""
    axes.set_title("GRU: one state, three weighted parts", loc="left", fontsize=12)
    _line_through(axes, 5, "$h_{t-1}$", "$h_t$", {2.6: "×", 7.4: "+"})
    _weighted_parts(axes, {2.6: "$z_t$", 5: "$r_t$", 7.4: r"$\tilde{h}_t$"})
    arrow(axes, (2.6, 2.65), (2.6, 4.8))
    _plain_box(axes, 5, 3.7, r"$1 - z_t$")
    arrow(axes, (3.1, 2.6), (4.1, 3.45))
    _circle(axes, 7.4, 3.7, "×")
    arrow(axes, (5.95, 3.7), (7.1, 3.7))
    arrow(axes, (7.4, 2.65), (7.4, 3.4))
    arrow(axes, (7.4, 4), (7.4, 4.8))
    arrow(axes, (5.55, 2.2), (6.85, 2.2))


def _line_through(axes: Axes, y: float, start: str, end: str, places: Mapping[float, str]) -> None:
    """Draw a state's way from left to right, with what happens to it in circles."""
    for left, right in zip([0.6, *places], [*places, 10.6], strict=True):
        arrow(axes, (left + 0.25, y), (right - 0.2, y))
    for x, sign in places.items():
        _circle(axes, x, y, sign)
    write(axes, 0.1, y, start, fontsize=12)
    write(axes, 10.9, y, end, fontsize=12)


def _weighted_parts(axes: Axes, parts: Mapping[float, str]) -> None:
    """Draw the boxes with weights, gates orange and the candidate blue, and what feeds them."""
    write(axes, 0.4, 0.8, "$h_{t-1}, x_t$", fontsize=12)
    axes.plot([1.3, max(parts)], [0.8, 0.8], color=TRUTH, linewidth=1)
    for x, name in parts.items():
        arrow(axes, (x, 0.8), (x, 1.75))
        colour = COLOURS[0] if "tilde" in name else COLOURS[4]
        style = {"boxstyle": "round,pad=0.4", "facecolor": colour, "alpha": 0.35}
        write(axes, x, 2.2, name, fontsize=13, bbox=style)


def _plain_box(axes: Axes, x: float, y: float, text: str) -> None:
    """Draw a box that holds no weights."""
    style = {"boxstyle": "round,pad=0.35", "facecolor": "white"}
    write(axes, x, y, text, fontsize=10, bbox=style)


def _circle(axes: Axes, x: float, y: float, sign: str) -> None:
    """Draw a multiplication or an addition, element by element."""
    style = {"boxstyle": "circle,pad=0.12", "facecolor": "white"}
    write(axes, x, y, sign, fontsize=11, bbox=style)


def two_directions() -> Image:
    """Draw a bidirectional layer: one row of cells reads forward, one backward, outputs joined.

    Returns:
        a picture with alternative text.
    """
    title = "Two readers, one sequence: every output joins what both have read so far"
    figure, axes = new_drawing(title, (-2.4, 2 * STEPS - 1.2), (-0.5, 4.3), height=3.8)
    axes.set_aspect("equal")
    left, right, forward, backward = -0.4, 0.4, COLOURS[0], COLOURS[1]
    write(axes, -1, 1.2, "reads forward", color=forward, ha="right", fontsize=11)
    write(axes, -1, 2.6, "reads backward", color=backward, ha="right", fontsize=11)
    for t in range(STEPS):
        x = 2 * t
        write(axes, x, -0.25, f"$x_{t + 1}$", fontsize=12)
        write(axes, x, 4.05, f"$y_{t + 1}$", fontsize=12)
        box(axes, x + left, 1.2, forward)
        box(axes, x + right, 2.6, backward)
        arrow(axes, (x - 0.1, 0), (x + left, 0.86), forward)
        arrow(axes, (x + left, 1.54), (x - 0.1, 3.8), forward)
        arrow(axes, (x + 0.1, 0), (x + right, 2.26), backward)
        arrow(axes, (x + right, 2.94), (x + 0.1, 3.8), backward)
        if t:
            arrow(axes, (x + left - 1.66, 1.2), (x + left - 0.34, 1.2), forward)
            arrow(axes, (x + right - 0.34, 2.6), (x + right - 1.66, 2.6), backward)
    return as_image(
        figure,
        f"{title}. Inputs x1 to x{STEPS} at the bottom feed two rows of cells. The lower row hands "
        "its state from left to right, the upper row from right to left. Each output y at the top "
        "joins the two cells of its step.",
    )
