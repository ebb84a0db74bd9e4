"""Checks of lesson 03, GRU."""

from collections.abc import Callable

from course.exercises.hints import Hint, array, called, number, parts, said
from course_utils.cells import sigmoid

import numpy as np

BUDGET = 1100  # parameters in exercise 4
GOAL = 0.75  # share of the naive error in exercise 4


def _one_step(answer: object) -> str:
    found = number(answer)
    x, h = 2.0, 0.5
    z, r = sigmoid(x - h), sigmoid(0.5 * x + h - 1.5)
    candidate = np.tanh(-x + 3 * r * h + 1)
    right = z * h + (1 - z) * candidate
    after = np.tanh(-x + r * (3 * h + 1))
    mistakes = {
        (1 - z) * h + z * candidate: "Here z weighs the old state and 1 - z the candidate.",
        candidate: "That is the candidate: mix it with the old state.",
        z * h + (1 - z) * np.tanh(-x + 3 * h + 1): "The reset gate is missing in the candidate.",
        z * h + (1 - z) * after: "The bias of the candidate is not the reset gate's business.",
        z * h + (1 - z) * (-x + 3 * r * h + 1): "The candidate goes through tanh.",
        z * h + (1 - z) * sigmoid(-x + 3 * r * h + 1): "The candidate takes tanh, not sigmoid.",
        (x - h) * h + (1 - x + h) * candidate: "The update gate goes through sigmoid.",
        z * h + candidate: "The candidate is weighed by 1 - z.",
        r * h + (1 - r) * candidate: "The update gate mixes, not the reset gate.",
    }
    for mistake, hint in mistakes.items():
        if np.isclose(found, mistake, atol=5e-4):
            raise Hint(hint)
    if abs(found) >= 1:
        raise Hint("A GRU's state cannot leave -1..1: it is an average of numbers between them.")
    if not np.isclose(found, right, atol=5e-4):
        raise Hint(
            f"{found:.4g} is {'too small' if found < right else 'too large'}. Compute z, then r, "
            "then the candidate with r times the old state, then the mixture."
        )
    return f"z is {z:.2f} and r is {r:.2f}: most of the old state stays."


def _count(features: int, units: list[int], parts: int = 3, biases: int = 2, dense: int = 1) -> int:
    """Parameters of a stack of gated layers with a Dense layer on top."""
    inputs = [features, *units[:-1]]
    stack = sum(parts * u * (f + u + biases) for f, u in zip(inputs, units, strict=True))
    return stack + dense * (units[-1] + 1)


def _stack_parameters(answer: object) -> str:
    cases = [(1, [50]), (4, [32]), (4, [50, 50, 50, 50]), (7, [20, 10])]
    for features, units in cases:
        found = number(called(answer, features, list(units)))
        case = f"For features={features}, units={units}: "
        every_layer_sees_features = sum(3 * u * (features + u + 2) for u in units) + units[-1] + 1
        mistakes = {
            _count(features, units, biases=1): "Keras' default resets after, with two biases.",
            _count(features, units, parts=4): "A GRU has three parts with weights, not four.",
            _count(features, units, parts=4, biases=1): "That is an LSTM: a GRU has three parts.",
            _count(features, units, dense=0): "Dense(1) is missing.",
            _count(features, units) - 1: "Dense(1) has a bias, too.",
        }
        if found == _count(features, units):
            continue
        if found in mistakes:
            raise Hint(case + mistakes[found])
        if found == every_layer_sees_features:
            raise Hint(case + "the second layer sees the units below it, not the features.")
        direction = "too few" if found < _count(features, units) else "too many"
        raise Hint(f"{case}{found:,.0f} parameters are {direction}.")
    return f"Four layers of 50 on 4 features have {_count(*cases[2]):,} parameters."


def _hold(answer: object) -> str:
    import keras

    rng = np.random.default_rng(0)
    layer = keras.layers.GRU(5)
    layer.build((None, 100, 3))
    kernel, recurrent_kernel, biases = layer.get_weights()
    found = array(called(answer, biases.copy()), "Return an array of biases.")
    if found.shape != biases.shape:
        raise Hint(f"The biases have shape {biases.shape}; yours have {found.shape}.")
    if not np.isfinite(found).all():
        raise Hint("A bias is not a finite number.")
    layer.set_weights([kernel, recurrent_kernel, found])
    start = rng.uniform(-1, 1, (4, 5)).astype("float32")
    end = np.asarray(layer(rng.normal(size=(4, 100, 3)), initial_state=start))
    lost = np.abs(end - start).max()
    if lost < 0.05:
        return f"After 100 steps the state has moved by {lost:.1g} at most."
    update, reset, candidate = np.split(found.sum(axis=0), 3)
    if update.mean() < -1:
        raise Hint("Your update gate is near 0, which rewrites the state: z = 1 keeps it.")
    if update.max() < 1 and reset.max() > 1:
        raise Hint("That is the reset gate's bias: Keras' order is z, r, h.")
    if update.max() < 1 and candidate.max() > 1:
        raise Hint("That is the candidate's bias: Keras' order is z, r, h.")
    if update.max() < 1:
        raise Hint("Which gate keeps the state? It must stand near 1, so its bias must be large.")
    if update.min() < 1:
        raise Hint("Some units' update gates are as they were: z is a third of each row of biases.")
    raise Hint(
        f"The right direction, but {lost:.2f} of the state is lost in 100 steps: "
        "even z = 0.99 keeps only a third over so many."
    )


def _fair_chance(answer: object, draw: Callable[..., tuple[np.ndarray, np.ndarray]]) -> str:
    import keras

    if not isinstance(answer, keras.Model):
        raise Hint(f"Hand over the trained Keras model, not {type(answer).__name__}.")
    kinds = {type(part).__name__ for part in parts(answer)}
    if kinds & {"LSTMCell", "GRUCell", "Bidirectional"} or "SimpleRNNCell" not in kinds:
        named = sorted({type(layer).__name__ for layer in answer.layers})
        raise Hint(f"A SimpleRNN is asked for; the model has {', '.join(named)}.")
    if answer.count_params() > BUDGET:
        raise Hint(f"{answer.count_params():,} parameters are more than {BUDGET:,}.")
    sequences, sums = draw(1000, seed=2**20)  # a seed that no one trains on by chance
    try:
        forecasts = np.asarray(answer.predict(sequences, verbose=0))
    except ValueError as error:
        raise Hint(
            f"The model does not take {sequences.shape[1:]} sequences: {said(error)}"
        ) from None
    if forecasts.size != len(sums):
        raise Hint(f"One forecast a sequence is asked for, not shape {forecasts.shape[1:]}.")
    if not np.isfinite(forecasts).all():
        raise Hint("The forecasts are not finite: the training diverged. Take smaller steps.")
    error = float(np.sqrt(np.mean((forecasts.ravel() - sums) ** 2)))
    share = error / float(sums.std())
    if share > 0.95:
        raise Hint(
            f"{share:.0%} of the naive error: it has not learned to remember yet. "
            "Try a smaller learning rate, more epochs, or clipped gradients."
        )
    if share > GOAL:
        raise Hint(f"{share:.0%} of the naive error: on the way. Train on, with small steps.")
    return f"RMSE {error:.3f}, {share:.0%} of the naive error, with a simple RNN."


CHECKS: dict[str, Callable[..., str]] = {
    "03-1": _one_step,
    "03-2": _stack_parameters,
    "03-3": _hold,
    "03-4": _fair_chance,
}

HINTS: dict[str, tuple[str, ...]] = {
    "03-1": (
        "Compute the two gates first: each is `sigmoid` of weight times input, plus weight "
        "times state, plus bias.",
        "In the candidate the reset gate multiplies the old state before its weight does.",
        "In Keras' convention z says how much of the old state stays; the candidate gets the rest.",
    ),
    "03-2": (
        "Go through the list with a loop, and add up one layer after the other.",
        "A GRU has three parts. By default each unit has two biases in each part.",
        "After each layer, what the next one sees is the number of units just counted. Dense(1)"
        " comes last.",
    ),
    "03-3": (
        "Which gate decides between the old state and the candidate? Where must it stand?",
        "Three gates share each row of the biases, a third of the columns each, in the order z,"
        " r, h.",
        "Change a copy: a large bias in the first third takes the sigmoid close to 1 for any "
        "input.",
    ),
    "03-4": (
        "Look at the loss while it trains: if it stays at the naive error, the gradient does "
        "not get through, or the steps are too large.",
        "A smaller learning rate with more epochs is the first thing to try.",
        "Clipping the gradient (`global_clipnorm` of a Keras optimizer) allows steps that would"
        " otherwise blow up.",
    ),
}
