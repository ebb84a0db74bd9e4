"""Checks of lesson 07, bidirectional and hybrid models."""

from collections.abc import Callable

from course.exercises.answers import array, ask_for_same, called, number, shaped
from course.exercises.hints import Hint, Slips, close, diagnosis, exercise, off
from course_utils.evaluation import rmse

import numpy as np
from numpy.typing import NDArray

MEMORY = 0.9  # of the signal in exercise 4, seen with noise of variance 1
PATIENCE = 3  # steps that exercise 4 may wait


def _count(below: int = 20, ways: int = 2, dense: int = 21, above: int = 2) -> int:
    return ways * 40 * (4 + 10 + 1) + above * 40 * (below + 10 + 1) + dense


_OTHER_COUNTS: Slips = {
    "The second layer sees both halves of the first: 2 * units inputs.": _count(below=10),
    "The joined output is twice as wide: 2 * units inputs.": _count(below=10, dense=11),
    "Dense(1) sees both halves, too.": _count(dense=11),
    "Dense(1) is missing.": _count(dense=0),
    "Dense(1) has a bias, too.": _count(dense=20),
    "Dense(1) has a weight for each of the 20 outputs, and one bias.": _count(dense=1),
    "Dense(1) has one bias: it is not doubled.": _count(dense=22),
    "Dense(1) sees the last layer's outputs, not those of both layers.": _count(dense=41),
    "The second layer sees the outputs of the first, not the features.": _count(below=4),
    "That is the plain stack: nothing is doubled.": _count(10, ways=1, above=1, dense=11),
    "That is twice the plain stack: the second layer also sees twice as much.": (
        2 * _count(10, ways=1, above=1, dense=11)
    ),
    "The first layer has a twin, too.": _count(ways=1),
    "The second layer has a twin, too.": _count(above=1),
    "That is the first layer alone.": _count(above=0, dense=0),
    "That is one layer: `layers=2`.": _count(above=0),
    "That is one layer too many.": _count(above=4),
    "An LSTM has four parts; three are a GRU's.": _count(dense=0) * 3 // 4 + 21,
    "An LSTM has four parts.": _count(dense=0) // 4 + 21,
    "The biases of the LSTM layers are missing.": _count() - 160,
    "That is PyTorch's count: Keras has one bias per unit.": _count() + 160,
    "Each layer is two, one for each direction: double both.": _count(10, ways=1, above=1),
    "A layer's recurrent weights see its own 10 units, not both halves.": _count(below=30),
    "Each layer has 20 units in your count; it has two times 10.": (
        80 * (4 + 20 + 1) + 80 * (20 + 20 + 1) + 21
    ),
}


@exercise(
    "07-1",
    "A bidirectional layer is two layers, each with its own weights: count one, then double.",
    "The outputs of both directions are joined: the second layer sees 2 * 10 numbers.",
    "Dense(1) sees the joined output of the second layer, too, and has a bias.",
    slips=_OTHER_COUNTS,
)
def _both_ways(answer: object) -> str:
    found, right = number(answer), _count()
    if found == right:
        return f"{right:,} parameters, {_count(above=0) - 21:,} of them in the first layer."
    raise Hint(
        diagnosis(found, right, _OTHER_COUNTS)
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


def _ends(outputs: NDArray, forward: int = -1, backward: int = 0, units: int = 0) -> NDArray:
    """One step of each half of a bidirectional layer's outputs, joined."""
    units = units or outputs.shape[-1] // 2
    halves = [outputs[:, forward, :units], outputs[:, backward, units:]]
    return np.concatenate(halves, axis=-1)


def _turned(joined: NDArray) -> NDArray:
    """Both halves of the last axis, the second one first."""
    return np.roll(joined, joined.shape[-1] // 2, axis=-1)


_OTHER_ENDS: Slips = {
    "at the last step the backward half has read only one input.": lambda o: o[:, -1],
    "at the first step the forward half has read only one input.": lambda o: o[:, 0],
    "the other way round: which half ends at the last step?": lambda o: _ends(o, 0, -1),
    "both halves are right, but the forward one comes first.": lambda o: _turned(_ends(o)),
    "the other way round, and the forward half comes first.": lambda o: _turned(_ends(o, 0, -1)),
    "that is the mean over the steps: each half ends at one step.": lambda o: o.mean(axis=1),
    "that is the sum over the steps: each half ends at one step.": lambda o: o.sum(axis=1),
    "that adds the first step to the last: take one half from each.": lambda o: o[:, -1] + o[:, 0],
    "that is the maximum over the steps: each half ends at one step.": lambda o: o.max(axis=1),
    "`units` is half of the last axis, `outputs.shape[-1] // 2`, not of the steps.": lambda o: (
        _ends(o, units=o.shape[1] // 2)
    ),
    "`units` is not always 3: it is half of the last axis.": lambda o: _ends(o, units=3),
    "the two halves are separate; do not mix the columns of one with the other.": lambda o: (
        np.stack(np.split(_ends(o), 2, axis=-1), axis=-1).reshape(_ends(o).shape)
    ),
    "the backward half ends at the first step, index 0, not 1.": lambda o: _ends(o, -1, 1),
    "the forward half ends at the last step, index -1, not -2.": lambda o: _ends(o, -2, 0),
    "the halves are joined, not added up.": lambda o: np.tile(
        sum(np.split(_ends(o), 2, axis=-1)), 2
    ),
}


@exercise(
    "07-3",
    "Along the last axis, the first half of the numbers is the forward layer's.",
    "Each half has read everything at its own last step. The backward one starts at the end.",
    "Take the forward half at one end, the backward half at the other, and join on the last axis.",
    slips=_OTHER_ENDS,
)
def _last_output(answer: object) -> str:
    rng = np.random.default_rng(0)
    cases = {f"For shape {shape}": (rng.normal(size=shape),) for shape in [(4, 7, 4), (1, 9, 8)]}
    general = "the numbers are off: at which step does each half end its reading?"
    ask_for_same(answer, _ends, cases, _OTHER_ENDS, general, axes="(batch, 2 * units)")
    return "Equal to Keras for both shapes that were tried."


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
    if error >= 0.99 * filtered:
        if hint := _why_no_better(found, inputs[:, :, 0], signal):
            raise Hint(f"RMSE {error:.3f}: {hint}")
        raise Hint(
            f"No step too far, but the RMSE is {error:.3f} and the best filter's {filtered:.3f}: "
            f"make use of the {PATIENCE} steps that come after each step."
        )
    share = (filtered - error) / (filtered - smoothed)
    return (
        f"RMSE {error:.3f}, {share:.0%} of the way from the best filter's {filtered:.3f} to the "
        f"best smoother's {smoothed:.3f}; {PATIENCE} steps allow {waited:.3f}."
    )


def _why_no_better(found: NDArray, noisy: NDArray, signal: NDArray) -> str:
    """What makes estimates worse than the best filter's, where it can be told."""
    if close(found, noisy, atol=1e-3):
        return "that is the noisy input itself: estimate the signal below the noise."
    if found.std() < 0.1 * signal.std():
        return "your estimates hardly move: is the network trained?"
    steps = signal.shape[1]
    match = {
        late: np.corrcoef(
            found[:, max(0, late) : steps + min(0, late)].ravel(),
            signal[:, max(0, -late) : steps - max(0, late)].ravel(),
        )[0, 1]
        for late in range(-PATIENCE, PATIENCE + 1)
    }
    late = max(match, key=match.__getitem__)
    if match[late] < 0.3:
        worst = min(match.values()) < -0.5
        return "the sign is wrong." if worst else "they do not follow the signal: is it trained?"
    if late and match[late] > match[0] + 0.03:
        way = "late" if late > 0 else "early"
        return f"your estimates follow the signal best {abs(late)} steps too {way}."
    shift = found.mean() - signal.mean()
    if abs(shift) > 0.2 * signal.std():
        return (
            f"your estimates are {abs(shift):.2g} too {'high' if shift > 0 else 'low'} on average."
        )
    slope = np.polyfit(found.ravel(), signal.ravel(), 1)[0]
    if not 0.6 < slope < 1.7:
        return f"your estimates are {1 / slope:.2g} times as large as they should be."
    return ""


def _ask_for_patience(function: object, inputs: NDArray) -> None:
    """Raise a hint if estimates are drawn at random, or move with inputs too far ahead."""
    before = _estimates(function, inputs)
    if not np.allclose(before, _estimates(function, inputs), atol=1e-4):
        raise Hint("The same inputs gave different estimates: is something drawn at random?")
    alone = _estimates(function, inputs[:5])
    if not np.allclose(before[:5], alone, atol=1e-4):
        raise Hint("Five sequences alone gave different estimates: use nothing but a row's own.")
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
