"""An LSTM's cell whose gates can be set."""

from course_utils.cells import LSTMGates, remember
from course_utils.plots.live.explorer import INPUT, OUTPUT, RECURRENT, Explorer
from course_utils.plots.names import NAIVE, TRUTH
from course_utils.plots.style import as_image, open_frame

import numpy as np
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

STEPS = 20
GATE_RANGES = {
    "forget": (0.0, 1.0),
    "input": (0.0, 1.0),
    "candidate": (-1.0, 1.0),
    "output": (0.0, 1.0),
    "cell_state": (-2.0, 2.0),
}


def gate_explorer(
    forget: float = 0.9,
    input: float = 0.3,
    candidate: float = 0.8,
    output: float = 0.5,
    cell_state: float = -1.0,
) -> Explorer:
    """Draw what an LSTM's gates do to one cell, in one step and when they stay so for 20 steps.

    Where it is live, it is the cell itself, with a slider for each gate and the candidate, and its
    state runs on.

    Args:
        forget: how much of the state is kept, 0..1.
        input: how much of the candidate is added, 0..1.
        candidate: what could be added, -1..1.
        output: how much of the state is shown, 0..1.
        cell_state: the state before the first step, -2..2.

    Returns:
        a picture with alternative text, which can also be moved.

    Raises:
        ValueError: a value is outside its range.
    """
    values = (forget, input, candidate, output, cell_state)
    start = dict(zip(GATE_RANGES, values, strict=True))
    for name, (low, high) in GATE_RANGES.items():
        if not low <= start[name] <= high:
            raise ValueError(f"{name} is {start[name]}: take a value from {low} to {high}.")
    return Explorer(_draw_gates(**start), "lstm_cell", start)


def held_gates(gates: LSTMGates, cell_state: float) -> tuple[NDArray, NDArray]:
    """Let the same gates act again and again.

    Args:
        gates: the gates of every step.
        cell_state: the state before the first step.

    Returns:
        hidden states, shape (STEPS,), and cell states, shape (STEPS + 1,), which begin with the
        state before.
    """
    hidden_states, cell_states = [], [cell_state]
    for _ in range(STEPS):
        h, c = remember(cell_states[-1], gates)
        hidden_states.append(h)
        cell_states.append(c)
    return np.array(hidden_states), np.array(cell_states)


def _draw_gates(cell_state: float, **values: float) -> Image:
    """Draw one step as bars, and the states over time as lines."""
    gates = LSTMGates(**values)
    hidden_states, cell_states = held_gates(gates, cell_state)
    figure = Figure(figsize=(9, 4.2))
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    figure.subplots_adjust(left=0.215, right=0.985, top=0.86, bottom=0.12, wspace=0.14)
    _draw_one_step(left, gates, cell_state)
    _draw_all_steps(right, gates, hidden_states, cell_states)
    title = _finding(gates)
    figure.suptitle(title.replace("-", "−"), x=0.01, ha="left", fontsize=12)
    return as_image(
        figure,
        f"{title}. Forget {gates.forget:z.2f}, input {gates.input:z.2f}, candidate "
        f"{gates.candidate:z.2f}, output {gates.output:z.2f}: the cell state goes from "
        f"{cell_state:z.2f} to {cell_states[1]:z.2f} in one step and to {cell_states[-1]:z.2f} in "
        f"{STEPS}; the hidden state is {hidden_states[0]:z.2f}, then {hidden_states[-1]:z.2f}.",
    )


def _draw_one_step(axes: Axes, gates: LSTMGates, cell_state: float) -> None:
    """Draw as bars what becomes of the cell's state in a step."""
    kept, added = gates.forget * cell_state, gates.input * gates.candidate
    shown, new = remember(cell_state, gates)
    bars = {
        "state before\n$c_{t-1}$": (cell_state, NAIVE),
        f"kept\n$f\\,c_{{t-1}}$ = {gates.forget:z.2f} × {_signed(cell_state)}": (kept, NAIVE),
        f"added\n$i\\,\\tilde{{c}}$ = {gates.input:z.2f} × {_signed(gates.candidate)}": (
            added,
            OUTPUT,
        ),
        "new state\n$c_t$ = kept + added": (new, INPUT),
        f"shown\n$h_t$ = {gates.output:z.2f} × tanh $c_t$": (shown, RECURRENT),
    }
    for row, (value, colour) in enumerate(bars.values()):
        axes.barh(row, value, color=colour, height=0.6)
        side = "left" if value >= 0 else "right"
        axes.text(value, row, f" {value:z.2f} ".replace("-", "−"), ha=side, va="center")
    axes.axvline(0, color=TRUTH, lw=0.8)
    axes.set_title("one step", fontsize=11)
    axes.set_yticks(range(len(bars)), bars)
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_xlim(-3.4, 3.4)
    open_frame(axes)


def _draw_all_steps(
    axes: Axes, gates: LSTMGates, hidden_states: NDArray, cell_states: NDArray
) -> None:
    """Draw as lines what the gates make of the states when they stay the same."""
    time = np.arange(STEPS + 1)
    left_over = cell_states[0] * gates.forget**time
    axes.plot(time, cell_states, "o-", color=INPUT, ms=4, label="cell state c")
    axes.plot(time[1:], hidden_states, "o-", color=RECURRENT, ms=4, label="hidden state h")
    axes.plot(time, left_over, "--", color=NAIVE, label="what is left of the start")
    axes.axhline(0, color=TRUTH, lw=0.8)
    axes.set_title(f"the same gates for {STEPS} steps", fontsize=11)
    axes.set_xlabel("time step")
    axes.legend(frameon=False, fontsize=9)
    axes.set_ylim(1.08 * min(-2, *cell_states), 1.08 * max(2, *cell_states))
    axes.set_xticks(range(0, STEPS + 1, 5))
    open_frame(axes)


def _signed(value: float) -> str:
    """Write a factor, in brackets where it is negative."""
    return f"{value:z.2f}" if value >= 0 else f"(−{-value:z.2f})"


def _finding(gates: LSTMGates) -> str:
    """Say in a sentence what these gates do in the long run."""
    added = gates.input * gates.candidate
    if gates.forget == 1:
        kept = "Nothing is forgotten"
        return f"{kept}, and {added:z.2f} is added at every step" if added else f"{kept} or added"
    settles = f"the state settles at {added / (1 - gates.forget):z.2f}"
    if gates.forget == 0:
        return f"Everything is forgotten at every step: {settles}"
    steps = np.log(0.5) / np.log(gates.forget)
    return f"Half of the start is forgotten in {steps:.1f} steps; {settles}"
