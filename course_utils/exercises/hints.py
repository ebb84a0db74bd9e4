"""What the checks of all lessons share: hints, and taking an answer apart without a traceback."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class Hint(Exception):
    """What to tell a learner whose answer is not right yet."""


def numbers(answer: object, count: int) -> NDArray:
    """Take so many finite numbers, or say what came instead."""
    asked = "One number is" if count == 1 else f"{count} numbers are"
    try:
        values = np.ravel(np.asarray(answer, dtype=float))
    except (TypeError, ValueError):
        raise Hint(f"{asked} asked for, not {type(answer).__name__}.") from None
    if len(values) != count:
        raise Hint(f"{asked} asked for, not {len(values)}.")
    if not np.isfinite(values).all():
        raise Hint("Not every number is finite: is a value missing, or divided by zero?")
    return values


def number(answer: object) -> float:
    """Take a single finite number, or say what came instead."""
    return float(numbers(answer, 1)[0])


def series_by_day(function: object, prices: pd.DataFrame) -> pd.Series:
    """Call a learner's function on prices and take a series by day, or say what came instead."""
    if not callable(function):
        raise Hint("Hand over the function itself, without calling it.")
    try:
        result = function(prices.copy())
    except Exception as error:  # whatever a learner's code raises becomes a hint
        raise Hint(f"Your function raised {type(error).__name__}: {error}") from error
    if not isinstance(result, pd.Series) or not isinstance(result.index, pd.DatetimeIndex):
        raise Hint("Your function must return a pandas Series indexed by day.")
    if not pd.api.types.is_numeric_dtype(result):
        raise Hint(f"Your function must return numbers, not {result.dtype}.")
    if not (result.index.is_unique and result.index.is_monotonic_increasing):
        raise Hint("Each day must be there once, oldest first.")
    return result
