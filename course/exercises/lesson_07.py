"""Checks of lesson 07, bidirectional and hybrid models."""

from collections.abc import Callable

from course.exercises.answers import array, ask_for_function, called, number, shaped
from course.exercises.hints import Hint, close, exercise, known_mistake, off
from course_utils.evaluation import rmse

import numpy as np
from numpy.typing import NDArray

MEMORY = 0.9  # of the signal in exercise 4, seen with noise of variance 1
PATIENCE = 3  # steps that exercise 4 may wait


@exercise(
    "07-1",
    "A bidirectional layer is two layers, each with its own weights: count one, then double.",
    "The outputs of both directions are joined: the second layer sees 2 * 10 numbers.",
    "Dense(1) sees the joined output of the second layer, too, and has a bias.",
)
def _both_ways(answer: object) -> str:
    found = number(answer)

    def count(below: int = 20, ways: int = 2, dense: int = 21, above: int = 2) -> int:
        return ways * 40 * (4 + 10 + 1) + above * 40 * (below + 10 + 1) + dense

    right = count()
    if found == right:
        return f"{right:,} parameters, {count(above=0) - 21:,} of them in the first layer."
    nothing_doubled = count(below=10, ways=1, above=1, dense=11)
    mistakes = {
        "The second layer sees both halves of the first: 2 * units inputs.": count(below=10),
        "The joined output is twice as wide: 2 * units inputs.": count(below=10, dense=11),
        "Dense(1) sees both halves, too.": count(dense=11),
        "Dense(1) is missing.": count(dense=0),
        "Dense(1) has a bias, too.": count(dense=20),
        "The second layer sees the outputs of the first, not the features.": count(below=4),
        "That is the plain stack: nothing is doubled.": nothing_doubled,
        "The first layer has a twin, too.": count(ways=1),
        "The second layer has a twin, too.": count(above=1),
    }
    raise Hint(
        known_mistake(found, mistakes)
        or f"{off(found, right)} Count layer by layer: two directions in each, and what each layer "
        "sees."
    )


@exercise(
    "07-2",
    "For each case ask: when the answer is due, is everything that the layer reads known?",
    "A window that ends today differs from a sequence that continues after the day asked about.",
    "Finished records are honest, even in their middle; answers given as the data arrive are not.",
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
    collection = isinstance(answer, (set, frozenset, list, tuple))
    if not collection or not all(isinstance(letter, str) for letter in answer):
        raise Hint('Give a set of letters, such as {"a", "b"}.')
    found = {letter.strip().lower() for letter in answer}
    if found - set(reasons):
        raise Hint(f"The letters are {', '.join(reasons)}; take only these.")
    for letter, reason in reasons.items():
        if (letter in found) != (letter in "abe"):
            raise Hint(f"{reason} So is it honest?")
    return "Three times all that is read is known in time, three times it is not."


@exercise(
    "07-3",
    "Along the last axis, the first half of the numbers is the forward layer's.",
    "Each half has read everything at its own last step. The backward one starts at the end.",
    "Take the forward half at one end, the backward half at the other, and join on the last axis.",
)
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
        outputs, right = (np.asarray(layer(sequences)) for layer in layers)
        found = shaped(called(answer, outputs), right.shape, "(batch, 2 * units)")
        if not close(found, right, atol=1e-6):
            raise Hint(
                known_mistake(found, _wrong_last_outputs(outputs, units), atol=1e-6)
                or "The numbers are off: at which step does each half end its reading?"
            )
    return "Equal to Keras for both shapes that were tried."


def _wrong_last_outputs(outputs: NDArray, units: int) -> dict[str, NDArray]:
    """Known mistakes, and what they make of a bidirectional layer's outputs."""
    first, last = outputs[:, 0], outputs[:, -1]
    wrong_ends = np.concatenate([first[:, :units], last[:, units:]], axis=-1)
    swapped = np.concatenate([first[:, units:], last[:, :units]], axis=-1)
    return {
        "At the last step the backward half has read only one input.": last,
        "At the first step the forward half has read only one input.": first,
        "The other way round: which half ends at the last step?": wrong_ends,
        "Both halves are right, but the forward one comes first.": swapped,
        "That is the mean over the steps: each half ends at one step.": outputs.mean(axis=1),
    }


@exercise(
    "07-4",
    "A plain forward GRU is a filter: right, but without patience. It has to answer later.",
    "Add three empty steps at the end, drop the first three outputs: output t reads input t + 3.",
    "Train on `noisy` and `signal` with a last axis of 1, and drop that axis from the predictions.",
)
def _patient(answer: object, draw: Callable[[int, int], tuple[NDArray, NDArray]]) -> str:
    inputs, signal = draw(1000, 99)
    found = _estimates(answer, inputs)
    _ask_for_patience(answer, inputs[:50])
    error = rmse(signal, found)
    filtered, waited, smoothed = (
        rmse(signal, _best(inputs, ahead)) for ahead in (0, PATIENCE, inputs.shape[1])
    )
    if close(error, rmse(signal, inputs), rtol=1e-3):
        raise Hint("That is the noisy input itself: estimate the signal below the noise.")
    if error >= 0.99 * filtered:
        raise Hint(
            f"No step too far, but the RMSE is {error:.3f} and the best filter's {filtered:.3f}: "
            f"make use of the {PATIENCE} steps that come after each step."
        )
    share = (filtered - error) / (filtered - smoothed)
    return (
        f"RMSE {error:.3f}, {share:.0%} of the way from the best filter's {filtered:.3f} to the "
        f"best smoother's {smoothed:.3f}; {PATIENCE} steps allow {waited:.3f}."
    )


def _ask_for_patience(function: object, inputs: NDArray) -> None:
    """Raise a hint if estimates are drawn at random, or move with inputs too far ahead."""
    before = _estimates(function, inputs)
    if not np.allclose(before, _estimates(function, inputs), atol=1e-4):
        raise Hint("The same inputs gave different estimates: is something drawn at random?")
    for step in (0, 7, 15):
        changed = inputs.copy()
        changed[:, step + PATIENCE + 1 :] += 3
        moved = np.abs(_estimates(function, changed) - before)[:, : step + 1].max(axis=0)
        if (moved > 1e-4).any():
            raise Hint(
                f"Your estimate at step {moved.argmax() + 1} moved when inputs from step "
                f"{step + PATIENCE + 2} on were changed: it sees more than {PATIENCE} steps ahead."
            )


def _estimates(function: object, inputs: NDArray) -> NDArray:
    """Call a learner's function and take one estimate per step."""
    found = array(called(function, inputs))
    if found.shape == (*inputs.shape[:2], 1):
        found = found[:, :, 0]
    return shaped(found, inputs.shape[:2], "(batch, time_steps)")


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
