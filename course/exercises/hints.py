"""What the checks of all lessons share: hints, and taking an answer apart without a traceback."""

from collections.abc import Iterator
from itertools import chain
from textwrap import shorten
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

WRAPPED = ("cell", "layer", "forward_layer", "backward_layer")
"""where Keras' layers keep what they wrap"""


class Hint(Exception):
    """What to tell a learner whose answer is not right yet."""


def said(error: BaseException) -> str:
    """An error's type and message in one short line."""
    try:
        message = shorten(str(error), 200)
    except Exception:  # the error is of a learner's class, which may not know how to be printed
        message = ""
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def ask_for_function(answer: object) -> None:
    """Say so if an answer is no function."""
    if not callable(answer):
        raise Hint("Hand over the function itself, without calling it.")


def called(function: object, *given: object, case: str = "") -> object:
    """Call a learner's function and take what it returns, or say what went wrong.

    Args:
        function: what the learner handed over.
        given: its arguments.
        case: what to name them in a hint, such as `For 9 values`.
    """
    ask_for_function(function)
    your = f"{case}, your" if case else "Your"
    try:
        found = function(*given)
    except (Exception, SystemExit) as error:  # whatever a learner's code raises becomes a hint
        raise Hint(f"{your} function raised {said(error)}") from None
    if found is None:
        raise Hint(f"{your} function returned nothing: end it with `return`.")
    return found


def array(found: object, asked: str = "Your function must return an array of numbers.") -> NDArray:
    """Take an array of numbers, or say what is asked for."""
    try:
        return np.asarray(found, dtype=float)
    except Exception:  # an answer may define its own way to an array
        raise Hint(asked) from None


def parts(layer: Any) -> Iterator[Any]:  # noqa: ANN401 (a Keras model or layer)
    """The layers of a model and all that they are made of: other models, wrapped layers, cells."""
    lists = [getattr(layer, name, []) for name in ("layers", "cells")]
    single = [getattr(layer, name, None) for name in WRAPPED]
    for part in [*chain(*lists), *filter(None, single)]:
        yield part
        yield from parts(part)


def numbers(answer: object, count: int) -> NDArray:
    """Take so many finite numbers, or say what came instead."""
    asked = "One number is" if count == 1 else f"{count} numbers are"
    values = np.ravel(array(answer, f"{asked} asked for, not {type(answer).__name__}."))
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
    result = called(function, prices.copy())
    if not isinstance(result, pd.Series) or not isinstance(result.index, pd.DatetimeIndex):
        raise Hint("Your function must return a pandas Series indexed by day.")
    if not pd.api.types.is_numeric_dtype(result):
        raise Hint(f"Your function must return numbers, not {result.dtype}.")
    if not (result.index.is_unique and result.index.is_monotonic_increasing):
        raise Hint("Each day must be there once, oldest first.")
    return result
