"""Taking an answer apart: whatever is wrong with it becomes a hint, never a traceback."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from course.exercises.hints import Hint, Slips, close, learners_code, shared_slip
from course_utils.evaluation import LeakError, check_past_only

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

COPIED = (list, dict, np.ndarray, pd.Series, pd.DataFrame)
"""arguments that a learner's function gets a copy of, so that it cannot change ours"""
WRAPPED = ("cell", "layer", "forward_layer", "backward_layer")
"""where Keras' layers keep what they wrap"""


def ask_for_function(answer: object) -> None:
    """Raise a hint unless an answer is a function."""
    if not callable(answer):
        raise Hint("Hand over the function itself, without calling it.")


def called(function: object, *given: object, case: str = "", keep: bool = False) -> object:
    """Call a learner's function on copies and take what it returns.

    Args:
        function: what the learner handed over.
        given: its arguments.
        case: what to name them in a hint, such as `For 9 values`.
        keep: whether the function must leave the arrays and lists that it is given as they were.

    Raises:
        Hint: it is not a function, raises an error, returns nothing, or changes what it is given.
    """
    ask_for_function(function)
    your = f"{case}, your" if case else "Your"
    copies = [one.copy() if isinstance(one, COPIED) else one for one in given]
    with learners_code(f"{your} function raised"):
        found = function(*copies)
    if found is None:
        raise Hint(f"{your} function returned nothing: end it with `return`.")
    for before, after in zip(given, copies, strict=True):
        if keep and isinstance(before, (list, np.ndarray)) and not np.array_equal(before, after):
            kind = "list" if isinstance(before, list) else "array"
            raise Hint(f"Your function changed the {kind} that it was given: work on a copy.")
    return found


def array(
    found: object, wanted: str = "Your function must return an array of numbers."
) -> NDArray[np.float64]:
    """Take an array of numbers, or raise the hint that says what is wanted."""
    try:
        values = np.asarray(found)
        kinds = {type(one) for one in values.flat} if values.dtype == object else set()
        if values.dtype.kind in "SUMmc" or kinds & {str, bytes, complex, type(None)}:
            raise Hint(wanted)  # NumPy would make numbers of them: of text, dates, half a number
        return values.astype(float)
    except Exception:  # an object may define its own way to become an array
        raise Hint(wanted) from None


def numbers(answer: object, count: int, who: str = "Give") -> NDArray:
    """Take so many finite numbers.

    Args:
        answer: anything with `count` numbers in it, whatever its shape.
        count: how many.
        who: how a hint begins, such as `Your function must return`.
    """
    wanted = f"{who} one number" if count == 1 else f"{who} {count} numbers"
    if callable(answer) and not hasattr(answer, "__array__"):
        raise Hint(f"{wanted}, not a function: call it, and hand over what it returns.")
    if isinstance(answer, (bool, np.bool_)):
        raise Hint(f"{wanted}, not {answer}.")
    values = np.ravel(array(answer, f"{wanted}, not {_kind(answer)}."))
    if len(values) != count:
        raise Hint(f"{wanted}, not {len(values):,}{' of them' * (count == 1)}.")
    if not np.isfinite(values).all():
        raise Hint(f"{wanted}, not {values[~np.isfinite(values)][0]}.")
    return values + 0.0  # so that no hint says -0


def _kind(answer: object) -> str:
    """What a hint calls the kind of an answer, with that of its parts if it is a list of a few."""
    kind = type(answer).__name__
    if type(answer) not in (list, tuple):
        return kind
    return f"a {kind} of {', '.join(type(part).__name__ for part in answer[:5])}"


def number(answer: object, who: str = "Give") -> float:
    """Take a single finite number; `who` as for `numbers`."""
    return float(numbers(answer, 1, who)[0])


def called_number(function: object, *given: object, case: str = "", keep: bool = False) -> float:
    """Call a learner's function as `called` does, and take a single finite number."""
    who = f"{case}, your function must return" if case else "Your function must return"
    return number(called(function, *given, case=case, keep=keep), who)


def shaped(found: object, shape: tuple[int, ...], axes: str) -> NDArray:
    """Take what a learner's function returned, finite numbers of a shape.

    Args:
        found: anything that becomes an array.
        shape: the right shape.
        axes: what a hint calls its axes, such as `(paths, steps)`.
    """
    values = array(found)
    if values.shape != shape:
        here = f", here {shape}" * (axes != str(shape))
        raise Hint(f"Your function must return shape {axes}{here}, not {values.shape}.")
    if np.isnan(values).any():
        raise Hint("Your function returned nan among its numbers: is a value missing, or 0 / 0?")
    if np.isinf(values).any():
        raise Hint(
            "Your function returned numbers that are not finite: do they come from a division by "
            "0, the logarithm of 0, or a mask?"
        )
    return values


def whole_numbers(answer: object, wanted: str) -> tuple[int, ...]:
    """Take a row of whole numbers, or raise the hint that says what is wanted."""
    found = array(answer, wanted)
    if found.ndim != 1 or not np.isfinite(found).all() or (found != found.round()).any():
        raise Hint(wanted)
    return tuple(map(int, found))


def series_by_day(function: object, prices: pd.DataFrame, *others: object) -> pd.Series:
    """Call a learner's function on prices and take numbers on some of their days, in order."""
    found = called(function, prices, *others)
    if not isinstance(found, pd.Series) or not isinstance(found.index, pd.DatetimeIndex):
        raise Hint("Your function must return a pandas Series indexed by day.")
    if found.dtype.kind not in "iuf":
        raise Hint(f"Your function must return numbers, not {found.dtype}.")
    if not (found.index.is_unique and found.index.is_monotonic_increasing):
        raise Hint("Each day must appear once, oldest first.")
    if not found.index.isin(prices.index).all():
        raise Hint("Keep the days of the price table as the index.")
    found = found.astype(float)
    if np.isinf(found).any():
        raise Hint("Some of your values are infinite: do you divide by 0, or take its logarithm?")
    return found


def ask_for_same(
    answer: object,
    right: Callable[..., ArrayLike],
    cases: Mapping[str, tuple],
    slips: Slips,
    general: str,
    axes: str = "",
    tolerance: float = 1e-5,
    rows: Sequence[str] = (),
) -> None:
    """Raise a hint unless a learner's function gives what the right one gives in every case.

    Args:
        answer: what the learner handed over.
        right: a right function.
        cases: what it is called with, by what a hint calls it, such as `For 10 steps`.
        slips: wrong functions; one that gives what the learner's does in every case is named.
        general: what a hint says where no slip is known.
        axes: what a hint calls the axes of an array; without it, the function gives one number.
        tolerance: share of a number by which it may be off, and 1e-6 more.
        rows: what a hint calls the rows of an array, to say which are off.
    """
    rights = {case: np.asarray(right(*given)) for case, given in cases.items()}

    def made(case: str) -> NDArray:
        if not axes:
            return np.asarray(called_number(answer, *cases[case], case=case, keep=True))
        return shaped(called(answer, *cases[case], case=case, keep=True), rights[case].shape, axes)

    found = {case: made(case) for case in cases}
    wrong = [case for case in cases if not close(found[case], rights[case], tolerance, 1e-6)]
    if not wrong:
        return
    case, share, off = wrong[0], 0.0, []
    if not close(made(case), found[case], tolerance, 1e-6):
        raise Hint(
            f"{case}, a second call gave another result: does anything stay from the first, or is "
            "it drawn at random?"
        )
    said = f"{case}, " if axes else f"{case} you say {found[case]:,.6g}: "
    if rows:
        pairs = zip(rows, found[case], rights[case], strict=True)
        off = [row for row, *pair in pairs if not close(*pair, tolerance, 1e-6)]
        share = 1 - len(off) / len(rows)
    for told, slip in slips.items():
        if all(close(found[one], slip(*cases[one]), tolerance, 1e-6) for one in cases):
            raise Hint(said + told, share)
    if hint := _shared_by_all(found, rights, wrong, tolerance):
        raise Hint(hint)
    if off:
        said += f"off for {', '.join(off)}: "
    elif not axes:
        said = f"{case} you say {found[case]:,.6g}, but it is {rights[case]:,.6g}. "
    raise Hint(said + general, share)


def _shared_by_all(
    found: Mapping[str, NDArray], rights: Mapping[str, NDArray], wrong: list[str], tolerance: float
) -> str:
    """What is wrong in the same way with all that a function gave, or an empty string."""
    same, alike = (
        all(close(first, other) for other in others)
        for first, *others in (found.values(), rights.values())
    )
    if len(found) > 1 and wrong == [*found] and same and not alike:
        return f"Your function gives the same in all {len(wrong)} cases tried: use every argument."
    flat = [np.concatenate([made[case].ravel() for case in wrong]) for made in (found, rights)]
    return shared_slip(*flat, tolerance, 1e-6)


def ask_for_same_series(
    answer: object,
    rights: Sequence[Callable[[pd.DataFrame], pd.Series]],
    prices: pd.DataFrame,
    slips: Slips,
    general: str,
) -> None:
    """Raise a hint unless a learner's function makes the right series of the table that it gets.

    Args:
        answer: what the learner handed over.
        rights: right functions; any of them will do.
        prices: the lesson's table; the function is also called with a different one.
        slips: wrong functions of a table.
        general: what to say where no slip is known.
    """
    other = prices.copy()
    other[:] = prices.to_numpy() * np.random.default_rng(0).uniform(0.5, 1.5, prices.shape)
    tables = (prices, other)
    found = [series_by_day(answer, table).reindex(table.index) for table in tables]

    def same(function: Callable[[pd.DataFrame], pd.Series]) -> bool:
        made = [function(table).reindex(table.index) for table in tables]
        return all(close(*pair, rtol=1e-5, atol=1e-6) for pair in zip(found, made, strict=True))

    if any(map(same, rights)):
        return
    if close(*found, rtol=1e-5, atol=0) and found[0].nunique() > 1:
        raise Hint(
            "A different table gave the same values: use your function's argument, and no table "
            "of the notebook."
        )
    for told, slip in slips.items():
        if same(slip):
            raise Hint(told)
    right = rights[0](prices).reindex(prices.index)
    missing = right.index[right.notna() & found[0].isna()]
    if len(missing) > len(right) / 2:
        raise Hint(f"{len(missing):,} days lack a value, such as {missing[0]:%Y-%m-%d}.")
    ask_for_past_only(
        lambda table: series_by_day(answer, table).shift().dropna(),
        prices,
        prices.index[min(1000, len(prices) // 2)],
        leak="It changes when later days change: does your window look ahead?",
    )
    for told, wrong in {
        "Your values are right for this table only: use your function's argument, and no table of "
        "the notebook.": (found[0], right),
        f"Only {right.count():,} days have a value: leave the others missing.": (
            found[0].where(right.notna()),
            right,
        ),
        "Your values come a day late: today's belongs to today.": (found[0], right.shift()),
    }.items():
        if close(*wrong, rtol=1e-5, atol=1e-6):
            raise Hint(told)
    day = right.index[~np.isclose(found[0], right, 1e-5, 1e-6, equal_nan=True)][0]
    raise Hint(
        f"On {day:%Y-%m-%d} you have {found[0][day]:.6g}, but it is {right[day]:.6g}: {general}"
    )


def ask_for_finite(forecast: pd.Series) -> None:
    """Raise a hint unless there is a finite forecast for every day."""
    missing = forecast.index[~np.isfinite(forecast)]
    if missing.equals(forecast.index[-1:]):
        raise Hint("The last forecast is missing: does a shift or a centred window look ahead?")
    if len(missing):
        raise Hint(
            f"Forecasts are missing or not finite: {len(missing):,} of {len(forecast):,}, the "
            f"first for {missing[0]:%Y-%m-%d}."
        )


def ask_for_past_only(
    forecast: Callable[[pd.DataFrame], pd.Series],
    prices: pd.DataFrame,
    day: pd.Timestamp,
    leak: str = "A leak: {}",
) -> None:
    """Raise a hint if forecasts up to a day move with values from that day on.

    Args:
        forecast: a learner's whole way from prices to forecasts.
        prices: what it is called with.
        day: the first day whose values are changed.
        leak: the hint on a leak; `{}` becomes what the check found.
    """
    try:
        check_past_only(forecast, prices, day)
    except LeakError as error:
        if not close(forecast(prices), forecast(prices), rtol=1e-5, atol=1e-8):
            raise Hint(
                "Your function gives different forecasts each time: set the seed inside it."
            ) from None
        raise Hint(leak.format(error)) from None
    except ValueError as error:  # no forecast so early, or none that depends on these prices
        raise Hint(str(error)) from None


def ask_for_model(answer: object) -> None:
    """Raise a hint unless an answer is a Keras model."""
    import keras  # late, as most checks need no TensorFlow

    if not isinstance(answer, keras.Model):
        raise Hint(f"Hand over the trained Keras model itself, not {type(answer).__name__}.")


def model_outputs(model: Any, inputs: NDArray, case: str) -> NDArray:  # noqa: ANN401
    """Call a learner's Keras model and take one finite number per sequence, shape (sequences,).

    Args:
        model: what `ask_for_model` has let through.
        inputs: shape (sequences, time_steps, features).
        case: what a hint calls them, such as `Given series of 9 steps`.
    """
    with learners_code(f"{case}, your model raised"):
        outputs = model(inputs)
    values = array(outputs, f"Your model must return numbers, not {_kind(outputs)}.")
    if values.size != len(inputs):
        every_step = values.shape[1:2] == inputs.shape[1:2]
        ask = "return_sequences set on the last recurrent layer" if every_step else "it Dense(1)"
        raise Hint(
            f"Give one output per sequence, not shape {values.shape} for {len(inputs)} sequences. "
            f"Look at the model's end: is {ask}?"
        )
    if not np.isfinite(values).all():
        raise Hint("Some outputs are not finite: take a smaller learning rate.")
    return values.ravel()


def parameters(model: Any) -> int:  # noqa: ANN401
    """Count the parameters of a learner's Keras model."""
    with learners_code("Your model cannot be counted:"):
        return model.count_params()


def parts(layer: Any) -> Iterator[Any]:  # noqa: ANN401 (a Keras model or layer)
    """The layers of a model and all that they are made of: other models, wrapped layers, cells."""
    lists = [getattr(layer, name, []) for name in ("layers", "cells")]
    single = [getattr(layer, name, None) for name in WRAPPED]
    for part in [*chain(*lists), *filter(None, single)]:
        yield part
        yield from parts(part)
