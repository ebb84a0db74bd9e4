"""Checks of lesson 03, GRU."""

from collections.abc import Callable

from course.exercises.answers import (
    ask_for_model,
    called,
    called_number,
    model_outputs,
    number,
    parts,
    shaped,
)
from course.exercises.hints import Hint, close, exercise, known_mistake, off
from course_utils.cells import sigmoid

import numpy as np
from numpy.typing import NDArray

BUDGET = 1100  # parameters in exercise 4
GOAL = 0.75  # share of the naive error in exercise 4


@exercise(
    "03-1",
    "First the two gates: each is `sigmoid` of weight × input + weight × state + bias.",
    "In the candidate the reset gate multiplies the old state before its weight does.",
    "In Keras' convention z says how much of the old state stays; the candidate gets the rest.",
)
def _one_step(answer: object) -> str:
    found = number(answer)
    x, h = 2.0, 0.5
    z, r = sigmoid(x - h), sigmoid(0.5 * x + h - 1.5)
    before_tanh = -x + 3 * r * h + 1
    candidate = np.tanh(before_tanh)

    def mixed(new: float, update: float = z) -> float:
        return update * h + (1 - update) * new

    right = mixed(candidate)
    if close(found, right, atol=5e-4):
        return f"z is {z:.2f} and r is {r:.2f}: most of the old state stays."
    mistakes = {
        "Here z weighs the old state and 1 - z the candidate.": mixed(candidate, 1 - z),
        "That is the candidate: mix it with the old state.": candidate,
        "The reset gate is missing in the candidate.": mixed(np.tanh(-x + 3 * h + 1)),
        "The reset gate must not multiply the candidate's bias.": mixed(
            np.tanh(-x + r * (3 * h + 1))
        ),
        "The candidate goes through tanh.": mixed(before_tanh),
        "The candidate takes tanh, not sigmoid.": mixed(sigmoid(before_tanh)),
        "The update gate goes through sigmoid.": mixed(candidate, x - h),
        "The candidate is weighed by 1 - z.": z * h + candidate,
        "The update gate does the mixing, not the reset gate.": mixed(candidate, r),
    }
    if hint := known_mistake(found, mistakes, atol=5e-4):
        raise Hint(hint)
    if abs(found) >= 1:
        raise Hint("A GRU's state cannot leave -1..1: it is an average of numbers between them.")
    raise Hint(
        f"{off(found, right)} Compute z, then r, then the candidate with r times the old state, "
        "then the mixture."
    )


def _count(features: int, units: list[int], weighted: int = 3, biases: int = 2) -> int:
    """Parameters of a stack with so many weighted parts per layer, and a Dense(1) on top."""
    inputs = [features, *units[:-1]]
    stack = sum(weighted * u * (f + u + biases) for f, u in zip(inputs, units, strict=True))
    return stack + units[-1] + 1


@exercise(
    "03-2",
    "Go through the list with a loop, and add up one layer after the other.",
    "A GRU has three parts. By default each unit has two biases in each part.",
    "Each further layer sees as many numbers as the layer below has units. Dense(1) comes last.",
)
def _stack_parameters(answer: object) -> str:
    cases = [(1, [50]), (4, [32]), (4, [50, 50, 50, 50]), (7, [20, 10])]
    for features, units in cases:
        found = called_number(answer, features, units)
        right = _count(features, units)
        if found == right:
            continue
        all_see_features = sum(3 * u * (features + u + 2) for u in units) + units[-1] + 1
        mistakes = {
            "Keras' default resets after, with two biases.": _count(features, units, biases=1),
            "A GRU has three parts with weights, not four.": _count(features, units, weighted=4),
            "That is an LSTM: a GRU has three parts.": _count(
                features, units, weighted=4, biases=1
            ),
            "Dense(1) is missing.": right - units[-1] - 1,
            "Dense(1) has a bias, too.": right - 1,
            "The second layer sees the units below it, not the features.": all_see_features,
        }
        hint = known_mistake(found, mistakes) or off(found, right)
        raise Hint(f"For features={features}, units={units}: {hint}")
    return f"Four layers of 50 on 4 features have {_count(*cases[2]):,} parameters."


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
    found = shaped(called(answer, biases), biases.shape, "(2, 3 * units)")
    layer.set_weights([kernel, recurrent_kernel, found])
    start = rng.uniform(-1, 1, (4, 5)).astype("float32")
    end = np.asarray(layer(rng.normal(size=(4, 100, 3)), initial_state=start))
    lost = np.abs(end - start).max()
    if lost < 0.05:
        return f"After 100 steps the state has moved by {lost:.1g} at most."
    raise Hint(_why_it_is_lost(found, lost))


def _why_it_is_lost(biases: NDArray, lost: float) -> str:
    """Say which of a GRU's gates lets the state go, given its biases."""
    update, reset, candidate = np.split(biases.sum(axis=0), 3)
    if update.mean() < -1:
        return "Your update gate is near 0, which rewrites the state: z = 1 keeps it."
    if update.max() < 1 and reset.max() > 1:
        return "That is the reset gate's bias: Keras' order is z, r, h."
    if update.max() < 1 and candidate.max() > 1:
        return "That is the candidate's bias: Keras' order is z, r, h."
    if update.max() < 1:
        return "Which gate keeps the state? It must be near 1, so its bias must be large."
    if update.min() < 1:
        return "Some units' update gates are as they were: z is a third of each row of biases."
    return (
        f"The right direction, but {lost:.2f} of the state is lost in 100 steps: "
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
    if answer.count_params() > BUDGET:
        raise Hint(f"{answer.count_params():,} parameters are more than {BUDGET:,}.")
    error = float(np.sqrt(np.mean((forecasts - sums) ** 2)))
    share = error / float(sums.std())
    if share > 0.95:
        raise Hint(
            f"{share:.0%} of the naive error: it has not learned to remember yet. "
            "Try a smaller learning rate, more epochs, or clipped gradients."
        )
    if share > GOAL:
        raise Hint(f"{share:.0%} of the naive error: on the way. Train on, with small steps.")
    return f"RMSE {error:.3f}, {share:.0%} of the naive error, with a simple RNN."
