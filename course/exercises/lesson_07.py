"""Checks of lesson 07, bidirectional and hybrid models."""

from collections.abc import Callable

from course.exercises.hints import Hint, array, ask_for_function, called, number
from course_utils.evaluation import rmse

import numpy as np
from numpy.typing import NDArray

MEMORY = 0.9  # of the signal in exercise 4, seen with noise of variance 1
PATIENCE = 3  # steps that exercise 4 may wait


def _both_ways(answer: object) -> str:
    found = number(answer)

    def count(below: int = 20, ways: int = 2, dense: int = 21, above: int = 2) -> int:
        return ways * 40 * (4 + 10 + 1) + above * 40 * (below + 10 + 1) + dense

    mistakes = {
        count(below=10): "The second layer sees both halves of the first: 2 * units inputs.",
        count(below=10, dense=11): "The joined output is twice as wide: 2 * units inputs.",
        count(dense=11): "Dense(1) sees both halves, too.",
        count(dense=0): "Dense(1) is missing.",
        count(dense=20): "Dense(1) has a bias, too.",
        count(below=4): "The second layer sees the outputs of the first, not the features.",
        count(below=10, ways=1, above=1, dense=11): "That is the plain stack: nothing is doubled.",
        count(ways=1): "The first layer has a twin, too.",
        count(above=1): "The second layer has a twin, too.",
    }
    if found == count():
        return f"{count():,} parameters, {count(above=0) - 21:,} of them in the first layer."
    if found in mistakes:
        raise Hint(mistakes[found])
    raise Hint(
        f"{found:,.0f} is {'too few' if found < count() else 'too many'}. Count layer by layer: "
        "two directions in each, and what each layer sees."
    )


def _honest(answer: object) -> str:
    reasons = {
        "a": "Case a: the sentence is finished before the first tag is due.",
        "b": "Case b: the window ends today, and tomorrow is not in it.",
        "c": "Case c: the output at a day has read the next day, whose high is the answer.",
        "d": "Case d: what will be said next is not known when the word must appear.",
        "e": "Case e: the hours after the gap are known when the gap is filled.",
        "f": "Case f: on that evening the rest of the month is not known.",
    }
    if isinstance(answer, str) or not isinstance(answer, (set, frozenset, list, tuple)):
        raise Hint('A set of letters is asked for, such as {"a", "b"}.')
    found = {str(letter).strip().lower() for letter in answer}
    if found - set(reasons):
        raise Hint(f"The letters are {', '.join(reasons)}; take only these.")
    for letter, reason in reasons.items():
        if (letter in found) != (letter in "abe"):
            raise Hint(f"{reason} So is it honest?")
    return "Three times all that is read is known in time, three times it is not."


def _last_output(answer: object) -> str:
    ask_for_function(answer)
    import keras

    keras.utils.set_random_seed(0)
    for samples, steps, units in [(4, 6, 3), (1, 9, 2)]:
        sequences = np.random.default_rng(units).normal(size=(samples, steps, 2))
        layers = [
            keras.layers.Bidirectional(keras.layers.LSTM(units, return_sequences=every_step))
            for every_step in (True, False)
        ]
        for layer in layers:
            layer.build(sequences.shape)
        layers[1].set_weights(layers[0].get_weights())
        outputs, expected = (np.asarray(layer(sequences)) for layer in layers)
        found = _array(answer, outputs)
        mistakes = [
            (outputs[:, -1], "At the last step the backward half has read one input only."),
            (outputs[:, 0], "At the first step the forward half has read one input only."),
            (
                np.concatenate([outputs[:, 0, :units], outputs[:, -1, units:]], axis=-1),
                "The other way round: which half ends at the last step?",
            ),
            (
                np.concatenate([outputs[:, 0, units:], outputs[:, -1, :units]], axis=-1),
                "Both halves are right, but the forward one comes first.",
            ),
            (outputs.mean(axis=1), "That is the mean over the steps: each half ends at one step."),
        ]
        for mistake, hint in mistakes:
            if found.shape == mistake.shape and np.allclose(found, mistake, atol=1e-6):
                raise Hint(hint)
        if found.shape != expected.shape:
            raise Hint(f"For outputs {outputs.shape}, return {expected.shape}, not {found.shape}.")
        if not np.allclose(found, expected, atol=1e-6):
            raise Hint("The numbers are off: at which step does each half end its reading?")
    return "Equal to Keras for both shapes that were tried."


def _patient(answer: object, draw: Callable[[int, int], tuple[NDArray, NDArray]]) -> str:
    inputs, signal = draw(1000, 99)
    found = _estimates(answer, inputs)
    few = inputs[:50]
    before = _estimates(answer, few)
    if not np.allclose(before, _estimates(answer, few), atol=1e-4):
        raise Hint("The same inputs gave other estimates: is something drawn at random?")
    for step in (0, 7, 15):
        changed = few.copy()
        changed[:, step + PATIENCE + 1 :] += 3
        moved = np.abs(_estimates(answer, changed) - before)[:, : step + 1].max(axis=0)
        if (moved > 1e-4).any():
            raise Hint(
                f"Your estimate at step {moved.argmax() + 1} moved when inputs from step "
                f"{step + PATIENCE + 2} on were changed: it sees more than {PATIENCE} steps ahead."
            )
    error = rmse(signal, found)
    bounds = [rmse(signal, _best(inputs, ahead)) for ahead in (0, PATIENCE, inputs.shape[1])]
    if np.isclose(error, rmse(signal, inputs), rtol=1e-3):
        raise Hint("That is the noisy input itself: estimate the signal below the noise.")
    if error >= 0.99 * bounds[0]:
        raise Hint(
            f"No step too far, but the RMSE is {error:.3f} and the best filter's {bounds[0]:.3f}: "
            f"make use of the {PATIENCE} steps that come after each step."
        )
    share = (bounds[0] - error) / (bounds[0] - bounds[2])
    return (
        f"RMSE {error:.3f}, {share:.0%} of the way from the best filter's {bounds[0]:.3f} to the "
        f"best smoother's {bounds[2]:.3f}; {PATIENCE} steps allow {bounds[1]:.3f}."
    )


def _array(function: object, argument: NDArray) -> NDArray:
    """Call a learner's function on a copy and take finite numbers, or say what came instead."""
    found = array(called(function, argument.copy()))
    if not np.isfinite(found).all():
        raise Hint("Not every number that your function returns is finite.")
    return found


def _estimates(function: object, inputs: NDArray) -> NDArray:
    """Ask for one estimate a step."""
    found, wanted = _array(function, inputs), inputs.shape[:2]
    if found.shape == (*wanted, 1):
        found = found[:, :, 0]
    if found.shape != wanted:
        raise Hint(f"For inputs {inputs.shape}, return {wanted}, not {found.shape}.")
    return found


def _best(inputs: NDArray, ahead: int) -> NDArray:
    """The best estimate of each step from the inputs up to `ahead` steps after it."""
    times = np.arange(inputs.shape[1])
    signal = MEMORY ** np.abs(times[:, np.newaxis] - times)
    estimates = []
    for time in times:
        seen = times[: time + 1 + ahead]
        noisy = (signal + np.eye(len(times)))[np.ix_(seen, seen)]
        estimates.append(inputs[:, seen, 0] @ np.linalg.solve(noisy, signal[seen, time]))
    return np.stack(estimates, axis=1)


CHECKS: dict[str, Callable[..., str]] = {
    "07-1": _both_ways,
    "07-2": _honest,
    "07-3": _last_output,
    "07-4": _patient,
}

HINTS: dict[str, tuple[str, ...]] = {
    "07-1": (
        "A bidirectional layer is two layers, each with its own weights: count one, then double.",
        "The outputs of both directions are joined: the second layer sees 2 * 10 numbers.",
        "Dense(1) sees the joined output of the second layer, too, and has a bias.",
    ),
    "07-2": (
        "For each case ask: at the moment the answer is due, is all that the layer reads known?",
        "Mind the difference between a window that ends today and a sequence that goes on after"
        " the day in question.",
        "Finished records are honest, also in their middle. An answer day by day, or word by "
        "word, is not.",
    ),
    "07-3": (
        "Along the last axis, the first half of the numbers is the forward layer's.",
        "Each half has read everything at its own last step. The backward one starts at the end.",
        "Take the forward half at one end of the time axis, the backward half at the other, and"
        " join them along the last axis.",
    ),
    "07-4": (
        "A plain forward GRU is a filter: right, but without patience. It has to answer later.",
        "With three empty steps added at the end and the first three outputs dropped, output t "
        "has read input t + 3.",
        "Train it on `noisy` and `signal` with targets of shape (batch, time_steps, 1), and "
        "drop the last axis of what it predicts.",
    ),
}
