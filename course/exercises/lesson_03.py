"""Checks of lesson 03, GRU."""

from collections.abc import Callable

from course.exercises.answers import (
    ask_for_model,
    ask_for_same,
    called,
    model_outputs,
    number,
    parameters,
    parts,
    shaped,
)
from course.exercises.hints import Hint, Slips, close, diagnosis, exercise, off
from course_utils.cells import sigmoid, unroll, weights_of
from course_utils.thermostat import run_thermostat, weather

import numpy as np
from numpy.typing import NDArray

BUDGET = 1100  # parameters in exercise 4
GOAL = 0.75  # share of the naive error in exercise 4


_X, _H = 2.0, 0.5
_Z, _R = sigmoid(_X - _H), sigmoid(0.5 * _X + _H - 1.5)
_NEW = np.tanh(-_X + 3 * _R * _H + 1)


def _mixed(new: float = _NEW, update: float = _Z) -> float:
    return update * _H + (1 - update) * new


_OTHER_STATES: Slips = {
    "Here z weighs the old state and 1 - z the candidate.": _mixed(update=1 - _Z),
    "That is the candidate: mix it with the old state.": _NEW,
    "In the candidate 3, r and the old state are multiplied: one of them is missing.": _mixed(
        np.tanh(-_X + 3 * _H + 1)
    ),
    "In the candidate r multiplies the old state, whose weight is 3, and not the bias.": _mixed(
        np.tanh(-_X + _R * (3 * _H + 1))
    ),
    "The reset gate multiplies the old state only, not the whole sum.": _mixed(
        np.tanh(_R * (-_X + 3 * _H + 1))
    ),
    "The reset gate must not multiply the input.": _mixed(np.tanh(_R * (-_X + 3 * _H) + 1)),
    "The candidate goes through tanh.": _mixed(-_X + 3 * _R * _H + 1),
    "The candidate takes tanh, not sigmoid.": _mixed(sigmoid(-_X + 3 * _R * _H + 1)),
    "The update gate goes through sigmoid.": _mixed(update=_X - _H),
    "The gates take sigmoid, not tanh.": _mixed(
        np.tanh(-_X + 3 * np.tanh(0.5 * _X + _H - 1.5) * _H + 1), np.tanh(_X - _H)
    ),
    "The candidate is weighed by 1 - z.": _Z * _H + _NEW,
    "z is missing: it weighs the old state.": _H + (1 - _Z) * _NEW,
    "The update gate does the mixing, not the reset gate.": _mixed(update=_R),
    "You swapped the gates: z mixes, and r is inside the candidate.": _mixed(
        np.tanh(-_X + 3 * _Z * _H + 1), _R
    ),
    "The biases are forgotten: the reset gate has -1.5, the candidate 1.": _mixed(
        np.tanh(-_X + 3 * sigmoid(0.5 * _X + _H) * _H)
    ),
    "The candidate's bias is forgotten: it is 1.": _mixed(np.tanh(-_X + 3 * _R * _H)),
    "r is off: it has a bias of -1.5, and it is not z.": _mixed(
        np.tanh(-_X + 3 * sigmoid(0.5 * _X + _H) * _H + 1)
    ),
    "The reset gate's bias is negative: -1.5.": _mixed(
        np.tanh(-_X + 3 * sigmoid(0.5 * _X + _H + 1.5) * _H + 1)
    ),
    "In the update gate the state's weight is -1: mind the sign.": _mixed(update=sigmoid(_X + _H)),
    "In the candidate the input's weight is -1: mind the sign.": _mixed(
        np.tanh(_X + 3 * _R * _H + 1)
    ),
    "That is what the update gate keeps: add the candidate's part.": _Z * _H,
    "That is the update gate: go on to the candidate and the mixture.": _Z,
    "That is the old state, or the reset gate: go on to the candidate and the mixture.": _H,
    "The weights are those of input and state, in this order: yours are swapped.": (
        sigmoid(-_X + _H) * _H
        + sigmoid(_X - _H) * np.tanh(3 * _X - sigmoid(_X + 0.5 * _H - 1.5) * _H + 1)
    ),
    "The old state is 0.5, not 0.": (1 - sigmoid(_X)) * np.tanh(-_X + 1),
}


@exercise(
    "03-1",
    "First the two gates: each is `sigmoid` of weight × input + weight × state + bias.",
    "In the candidate the reset gate multiplies the old state before its weight does.",
    "In Keras' convention z says how much of the old state stays; the candidate gets the rest.",
    slips=_OTHER_STATES,
)
def _one_step(answer: object) -> str:
    found, right = number(answer), _mixed()
    if close(found, right, atol=5e-4):
        return f"z is {_Z:.2f} and r is {_R:.2f}: most of the old state stays."
    if hint := diagnosis(found, right, _OTHER_STATES, atol=5e-4):
        raise Hint(hint)
    if abs(found) >= 1:
        raise Hint("A GRU's state cannot leave -1..1: it is an average of numbers between them.")
    raise Hint(
        f"{off(found, right)} Compute z, then r, then the candidate with r times the old state, "
        "then the mixture."
    )


def _count(
    features: int, units: list[int], parts: int = 3, biases: int = 2, dense: int | None = None
) -> int:
    """Parameters of a stack with so many weighted parts per layer, and a Dense(1) on top."""
    inputs = [features, *units[:-1]]
    stack = sum(parts * u * (f + u + biases) for f, u in zip(inputs, units, strict=True))
    return stack + (units[-1] + 1 if dense is None else dense)


_OTHER_COUNTS: Slips = {
    "Keras' default resets after, with two biases.": lambda f, u: _count(f, u, biases=1),
    "A GRU has three parts with weights, not four.": lambda f, u: _count(f, u, parts=4),
    "That is an LSTM: a GRU has three parts.": lambda f, u: _count(f, u, parts=4, biases=1),
    "A GRU has three parts with weights: two gates and the candidate.": lambda f, u: _count(
        f, u, parts=2
    ),
    "A GRU has three parts with weights, not one.": lambda f, u: _count(f, u, parts=1, biases=1),
    "The biases of the GRU layers are missing.": lambda f, u: _count(f, u, biases=0),
    "Dense(1) is missing.": lambda f, u: _count(f, u, dense=0),
    "Dense(1) has a bias, too.": lambda f, u: _count(f, u, dense=u[-1]),
    "Dense(1) has a weight for each unit of the last layer, too.": lambda f, u: _count(
        f, u, dense=1
    ),
    "Dense(1) sees the last layer, not all units of the stack.": lambda f, u: _count(
        f, u, dense=sum(u) + 1
    ),
    "Each layer has a Dense(1) in your count; the stack has one.": lambda f, u: _count(
        f, u, dense=sum(u) + len(u)
    ),
    "The second layer sees the units below it, not the features.": lambda f, u: (
        sum(3 * n * (f + n + 2) for n in u) + u[-1] + 1
    ),
    "Only the first layer is counted: does `return` end the loop too early?": lambda f, u: _count(
        f, u[:1]
    ),
    "Only the first layer is counted, and Dense(1) is missing: is `return` inside the loop?": (
        lambda f, u: _count(f, u[:1], dense=0)
    ),
    "The last layer is left out.": lambda f, u: _count(f, u[:-1] or [0], dense=u[-1] + 1),
    "The first layer is left out.": lambda f, u: _count(u[0], u[1:] or [0], dense=u[-1] + 1),
    "The last layer is counted twice.": lambda f, u: _count(f, [*u, u[-1]]),
    "The recurrent weights are missing: each unit sees all units of its layer.": lambda f, u: (
        _count(f, u) - sum(3 * n * n for n in u)
    ),
    "The list begins with the lowest layer: yours runs from the top.": lambda f, u: _count(
        f, u[::-1]
    ),
    "That is one layer with all units: count layer by layer.": lambda f, u: _count(f, [sum(u)]),
    "The first layer sees the features, not units.": lambda f, u: _count(u[0], u),
    "Each layer has its own number of units: yours have those of the first.": lambda f, u: _count(
        f, [u[0]] * len(u)
    ),
}


@exercise(
    "03-2",
    "Go through the list with a loop, and add up one layer after the other.",
    "A GRU has three parts. By default each unit has two biases in each part.",
    "Each further layer sees as many numbers as the layer below has units. Dense(1) comes last.",
    slips=_OTHER_COUNTS,
)
def _stack_parameters(answer: object) -> str:
    stacks = [(1, [50]), (4, [32]), (4, [50, 50, 50, 50]), (7, [20, 10])]
    cases = {f"For features={f}, units={u}": (f, u) for f, u in stacks}
    ask_for_same(
        answer, _count, cases, _OTHER_COUNTS, "Count each layer, then Dense(1).", tolerance=0
    )
    return f"Four layers of 50 on 4 features have {_count(*stacks[2]):,} parameters."


@exercise(
    "03-3",
    "Which gate decides between the old state and the candidate? Which value must it have?",
    "Three gates share each row of the biases, a third of the columns each, in the order z, r, h.",
    "Change a copy: a large bias in the first third takes the sigmoid close to 1 for any input.",
)
def _hold(answer: object) -> str:
    import keras

    rng = np.random.default_rng(0)
    layer = keras.layers.GRU(5)
    layer.build((None, 100, 3))
    kernel, recurrent_kernel, biases = layer.get_weights()
    biases = rng.normal(0, 0.1, biases.shape)  # as after some training
    found = shaped(called(answer, biases), biases.shape, "(2, 3 * units)")
    layer.set_weights([kernel, recurrent_kernel, found.clip(-1e9, 1e9)])  # they are float32
    start = rng.uniform(-1, 1, (4, 5))
    # In NumPy this takes a twentieth of the second that Keras takes without compiling.
    states = unroll(rng.normal(size=(4, 100, 3)), weights_of(layer), start).hidden_states
    lost = np.abs(states[:, -1] - start).max()
    if close(found, biases):
        raise Hint(
            "You return the biases unchanged. Which gate keeps the state? It must be near 1."
        )
    if lost < 0.05:
        return f"After 100 steps the state has moved by {lost:.1g} at most."
    raise Hint(_why_it_is_lost(found, lost))


def _why_it_is_lost(biases: NDArray, lost: float) -> str:
    """Say which of a GRU's gates lets the state go, given its biases."""
    update, reset, candidate = np.split(biases.sum(axis=0), 3)
    if np.abs(biases).max() > 1 and np.abs(biases.sum(axis=0)).max() < 0.5:
        return "The two rows are added up, and yours cancel: change one of them only."
    if update.mean() < -1:
        return "Your update gate is near 0, which rewrites the state: z = 1 keeps it."
    if update.max() < 0.5 and reset.max() > 1:
        return "That is the reset gate's bias: Keras' order is z, r, h."
    if update.max() < 0.5 and candidate.max() > 1:
        return "That is the candidate's bias: Keras' order is z, r, h."
    if update.max() < 0.5:
        return "Which gate keeps the state? It must be near 1, so its bias must be large."
    if update.min() < 0.5:
        return "Some units' update gates are not near 1: z is a third of each row, all of it large."
    return (
        f"The right direction, but the state has moved by {lost:.2f} in 100 steps: "
        "even z = 0.99 keeps only a third over that many."
    )


@exercise(
    "03-4",
    "If the loss stays at the naive error, the gradient is lost, or the steps are too large.",
    "A smaller learning rate with more epochs is the first thing to try.",
    "Clipped gradients (`global_clipnorm` of a Keras optimizer) keep large steps from blowing up.",
)
def _fair_chance(answer: object, draw: Callable[..., tuple[np.ndarray, np.ndarray]]) -> str:
    ask_for_model(answer)
    kinds = {type(part).__name__ for part in parts(answer)}
    if kinds & {"LSTMCell", "GRUCell", "Bidirectional"} or "SimpleRNNCell" not in kinds:
        named = sorted({type(layer).__name__ for layer in answer.layers})
        raise Hint(f"Use a SimpleRNN: your model has {', '.join(named) or 'no layers'}.")
    sequences, sums = draw(1000, seed=2**20)  # a seed that no one trains on by chance
    forecasts = model_outputs(answer, sequences, f"Given sequences of shape {sequences.shape[1:]}")
    if (count := parameters(answer)) > BUDGET:
        raise Hint(f"{count:,} parameters are more than {BUDGET:,}.")
    error = float(np.sqrt(np.mean((forecasts - sums) ** 2)))
    share = error / float(sums.std())
    if share > GOAL and np.ptp(forecasts) and abs(np.corrcoef(forecasts, sums)[0, 1]) > 0.9:
        slope = 1 / np.polyfit(forecasts, sums, 1)[0]
        rest = np.mean(forecasts) - slope * np.mean(sums)
        raise Hint(
            f"Its outputs follow the sums, but as about {slope:.2g} × sum {rest:+.2f}: train on "
            "the sums themselves, or take the outputs back."
        )
    if share > 0.95:
        raise Hint(
            f"{share:.0%} of the naive error: it has not learned to remember yet. "
            "Try a smaller learning rate, more epochs, or clipped gradients."
        )
    if share > GOAL:
        raise Hint(f"{share:.0%} of the naive error: on the way. Train on, with small steps.")
    return f"RMSE {error:.3f}, {share:.0%} of the naive error, with a simple RNN."


def _cost(
    age: NDArray, units: int, extra: int = 1, per_unit: int = 1, output: int = 1, left: int = 1
) -> NDArray:
    """What a window costs that holds the last switch: lookback, parameters, training windows."""
    series, time_steps = age.shape
    lookback = int(age.max()) + extra
    parameters = units * (lookback + per_unit) + units + output
    return np.array([lookback, parameters, series * (time_steps - lookback + left)])


_OTHER_COSTS: Slips = {
    "the window is one step too short: at age 1 it needs two steps, this one and the last.": (
        lambda age, units: _cost(age, units, extra=0)
    ),
    "the window is longer than it need be: it ends with the step itself, and age counts back.": (
        lambda age, units: _cost(age, units, extra=2)
    ),
    "the window fits the mean age: at most older switches it is too short.": (
        lambda age, units: _cost(np.full_like(age, int(age.mean())), units)
    ),
    "the first layer's biases are missing: one per unit.": (
        lambda age, units: _cost(age, units, per_unit=0)
    ),
    "the bias of Dense(1) is missing.": lambda age, units: _cost(age, units, output=0),
    "Dense(1) or the biases are missing: each of these is `units` + 1 parameters.": (
        lambda age, units: _cost(age, units) - [0, units + 1, 0]
    ),
    "a series gives one window more: the first ends at step `lookback`, the last at the end.": (
        lambda age, units: _cost(age, units, left=0)
    ),
    "you count the windows of one series: there are more series.": (
        lambda age, units: _cost(age, units) // [1, 1, len(age)]
    ),
    "the windows are counted as if each step had one: the first steps have no full window.": (
        lambda age, units: [*_cost(age, units)[:2].tolist(), age.size]
    ),
}


@exercise(
    "03-5",
    "The age counts steps back from the step itself, which is in the window, too.",
    "Each unit has a weight for each temperature in the window, and a bias. Dense(1) comes last.",
    "A window slides along a series: its last step can be any from step `lookback` to the end.",
    slips=_OTHER_COSTS,
)
def _long_window(answer: object) -> str:
    ages = {
        (series, steps): run_thermostat(weather(series, steps, np.random.default_rng(0))).age
        for series, steps in [(3, 60), (20, 100), (400, 200)]
    }
    cases = {
        f"For {series} series of {steps} steps and {units} units": (ages[series, steps], units)
        for (series, steps), units in zip(ages, (1, 8, 32), strict=True)
    }
    general = "find the window first, then what it costs: its weights, and the windows left."
    ask_for_same(answer, _cost, cases, _OTHER_COSTS, general, "(3,)", tolerance=0)
    lookback, parameters, windows = _cost(ages[400, 200], 32)
    return (
        f"400 series of 200 steps need a window of {lookback}: {parameters:,} parameters, and "
        f"{windows:,} windows to learn them from."
    )
