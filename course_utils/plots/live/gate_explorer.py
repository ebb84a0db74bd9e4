"""An LSTM's cell whose gates are sliders."""

from course_utils.cells import LSTMGates, remember
from course_utils.plots.live.explorer import INPUT, OUTPUT, RECURRENT, Explorer
from course_utils.plots.style import NAIVE, TRUTH, as_image

import numpy as np
from IPython.display import Image
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

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

    `.live()` has a slider for each gate, the candidate and the cell's state before.

    Args:
        forget: how much of the state is kept, 0..1.
        input: how much of the candidate is added, 0..1.
        candidate: what could be added, -1..1.
        output: how much of the state is shown, 0..1.
        cell_state: the state before the first step, -2..2.

    Returns:
        a picture with alternative text, which can also be moved.

    Raises:
        ValueError: a value lies outside its range.
    """
    start = {
        "forget": forget,
        "input": input,
        "candidate": candidate,
        "output": output,
        "cell_state": cell_state,
    }
    for name, (low, high) in GATE_RANGES.items():
        if not low <= start[name] <= high:
            raise ValueError(f"{name} is {start[name]}: take a value from {low} to {high}.")
    return Explorer(draw=_draw_gates, sliders=GATE_RANGES, start=start)


def held_gates(gates: LSTMGates, cell_state: ArrayLike, steps: int) -> tuple[NDArray, NDArray]:
    """Let the same gates act again and again.

    Args:
        gates: the gates of every step.
        cell_state: the state before the first step.
        steps: how many steps.

    Returns:
        hidden states, shape (steps, ...), and cell states, shape (steps + 1, ...), the first of
        them the state before.
    """
    hidden_states, cell_states = [], [np.asarray(cell_state, dtype=float)]
    for _ in range(steps):
        h, c = remember(cell_states[-1], gates)
        hidden_states.append(h)
        cell_states.append(c)
    return np.array(hidden_states), np.array(cell_states)


def _draw_gates(
    forget: float,
    input: float,
    candidate: float,
    output: float,
    cell_state: float,
) -> Image:
    """Draw one step as bars, and the states over time as lines."""
    gates = LSTMGates(input=input, forget=forget, candidate=candidate, output=output)
    hidden_states, cell_states = held_gates(gates, cell_state, STEPS)
    h, c = hidden_states[0], cell_states[1]
    figure = Figure(figsize=(9, 4.2))
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    figure.subplots_adjust(left=0.215, right=0.985, top=0.86, bottom=0.12, wspace=0.14)
    bars = {
        "state before\n$c_{t-1}$": (cell_state, NAIVE),
        f"kept\n$f\\,c_{{t-1}}$ = {forget:z.2f} × {_signed(cell_state)}": (
            forget * cell_state,
            NAIVE,
        ),
        f"added\n$i\\,\\tilde{{c}}$ = {input:z.2f} × {_signed(candidate)}": (
            input * candidate,
            OUTPUT,
        ),
        "new state\n$c_t$ = kept + added": (c, INPUT),
        f"shown\n$h_t$ = {output:z.2f} × tanh $c_t$": (h, RECURRENT),
    }
    for row, (value, colour) in enumerate(bars.values()):
        left.barh(row, value, color=colour, height=0.6)
        side = "left" if value >= 0 else "right"
        left.text(value, row, f" {value:z.2f} ".replace("-", "−"), ha=side, va="center")
    left.set_yticks(range(len(bars)), bars)
    left.set_ylim(len(bars) - 0.5, -0.5)
    left.set_title("one step", fontsize=11)
    left.axvline(0, color=TRUTH, lw=0.8)
    left.set_xlim(-3.4, 3.4)
    time = np.arange(STEPS + 1)
    right.plot(time, cell_states, "o-", color=INPUT, ms=4, label="cell state c")
    right.plot(time[1:], hidden_states, "o-", color=RECURRENT, ms=4, label="hidden state h")
    right.plot(
        time, cell_state * forget**time, "--", color=NAIVE, label="what is left of the start"
    )
    right.axhline(0, color=TRUTH, lw=0.8)
    right.set_title(f"the same gates for {STEPS} steps", fontsize=11)
    right.set_xlabel("time step")
    right.legend(frameon=False, fontsize=9)
    low, high = min(-2, *cell_states), max(2, *cell_states)
    right.set_ylim(1.08 * low, 1.08 * high)
    right.set_xticks(range(0, STEPS + 1, 5))
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    title = _gate_finding(forget, input, candidate)
    figure.suptitle(title.replace("-", "−"), x=0.01, ha="left", fontsize=12)
    return as_image(
        figure,
        f"{title}. Forget {forget:z.2f}, input {input:z.2f}, candidate {candidate:z.2f}, output "
        f"{output:z.2f}: the cell state goes from {cell_state:z.2f} to {c:z.2f} in one step and to "
        f"{cell_states[-1]:z.2f} in {STEPS}; the hidden state is {h:z.2f}, then "
        f"{hidden_states[-1]:z.2f}.",
    )


def _signed(value: float) -> str:
    """Write a factor, in brackets where it is negative."""
    return f"{value:z.2f}" if value >= 0 else f"(−{-value:z.2f})"


def _gate_finding(forget: float, input: float, candidate: float) -> str:
    """Say in a sentence what these gates do in the long run."""
    added = input * candidate
    if forget == 1:
        kept = "Nothing is forgotten"
        return f"{kept}, and {added:z.2f} is added at every step" if added else f"{kept} or added"
    settles = f"the state settles at {added / (1 - forget):z.2f}"
    if forget == 0:
        return f"Everything is forgotten at every step: {settles}"
    return f"Half of the start is forgotten in {np.log(0.5) / np.log(forget):.1f} steps; {settles}"
