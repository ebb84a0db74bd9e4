"""What the checks of all lessons share: hints, and taking an answer apart without a traceback."""

import numpy as np
import pandas as pd


class Hint(Exception):
    """What to tell a learner whose answer is not right yet."""


def number(answer: object) -> float:
    """Take a single finite number, or say what came instead."""
    try:
        values = np.ravel(np.asarray(answer, dtype=float))
    except (TypeError, ValueError):
        raise Hint(f"A number is asked for, not {type(answer).__name__}.") from None
    if len(values) != 1:
        raise Hint(f"One number is asked for, not {len(values)}: take the error of all days.")
    if not np.isfinite(values[0]):
        raise Hint("The number is not finite: is a value missing where you average?")
    return float(values[0])


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
