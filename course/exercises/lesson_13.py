"""Checks of lesson 13, your own data."""

from collections.abc import Callable
from numbers import Integral

from course.exercises.answers import (
    array,
    ask_for_finite,
    ask_for_past_only,
    number,
    numbers,
    series_by_day,
)
from course.exercises.hints import Hint, Slips, close, diagnosis, exercise, off, worked_out
from course_utils.evaluation import diebold_mariano, rmse, skill

import pandas as pd

AHEAD, YEAR = 4, 52
TOO_GOOD = 0.8
NEAR = 0.004
"""share by which the errors of exercise 2 move with the first weeks; 51 weeks move them more"""
_SALES = {"2017-04-03": 1204.5, "2017-04-04": 1180.0, "2017-04-05": 980.25}


@exercise(
    "13-1",
    "Call `read_series` with the path alone: what it cannot decide, it asks.",
    "03/04/2017 may be two days. Which of them makes each row the day after the row above?",
    "One option says whether the day comes first; the decimal mark is found without you.",
)
def _two_readings(answer: object) -> str:
    if not isinstance(answer, pd.DataFrame) or not isinstance(answer.index, pd.DatetimeIndex):
        raise Hint("Hand over the table that `read_series` returns, indexed by date.")
    days = [str(day)[:10] for day in answer.index]  # a missing one has no format
    if days == ["2017-03-04", "2017-04-04", "2017-05-04"] or "2017-03-01" in days:
        raise Hint("You read months: here the day comes first, then the month.")
    if sorted(days) == [*_SALES] != days:
        raise Hint("The days are right, but out of order: the oldest comes first.")
    if days != [*_SALES]:
        yours = ", ".join(days[:9]) or "none"
        raise Hint(f"The rows must be 3 days from 2017-04-03 on; yours are {yours}.")
    if answer.shape[1] != 1:
        raise Hint(f"Hand over one column, the sales, not {answer.shape[1]}.")
    if not close(array(answer, "The sales must be numbers."), [[one] for one in _SALES.values()]):
        raise Hint("The days are right and the sales are not: a comma is the decimal mark here.")
    return "Three days in April, and sales with a decimal comma."


def _before(
    air: pd.DataFrame, weeks: int, first: int = YEAR + AHEAD - 1, score: Callable = rmse
) -> float:
    """Score of the value so many weeks ago, over the weeks that windows of a year have as target.

    The score is the RMSE, unless a slip has its own.
    """
    values = air.iloc[:, 0]
    first = max(first, weeks)
    return score(values.iloc[first:], values.shift(weeks).iloc[first:])


def _both(air: pd.DataFrame, **options: object) -> tuple[float, float]:
    return _before(air, AHEAD, **options), _before(air, YEAR, **options)


_OTHER_RIVALS: Slips = {
    "The first is a week ago, not four: windows and rival need the same horizon.": (
        lambda air: (_before(air, 1), _before(air, YEAR))
    ),
    "The second has a period of 12, as for months: a year has 52 weeks.": (
        lambda air: (_before(air, AHEAD), _before(air, 12))
    ),
    "The second is of 55 weeks ago: hand the horizon to `Seasonal`, too.": (
        lambda air: (_before(air, AHEAD), _before(air, YEAR + AHEAD - 1))
    ),
    "These are mean squared errors: take their roots.": (
        lambda air: (_before(air, AHEAD) ** 2, _before(air, YEAR) ** 2)
    ),
    "The second is four weeks off: the target's week last year is 52 before it.": (
        lambda air: (_before(air, AHEAD), _before(air, YEAR - AHEAD))
    ),
    "The second is of 365 rows ago, but a row is a week: a year has 52.": (
        lambda air: (_before(air, AHEAD), _before(air, 365))
    ),
    "These are mean absolute errors: take the root of the mean square.": lambda air: _both(
        air, score=lambda truth, forecast: (truth - forecast).abs().mean()
    ),
    "These are standard deviations, which leave the mean error out: take root mean squares.": (
        lambda air: _both(air, score=lambda truth, forecast: (truth - forecast).std())
    ),
    "These are mean errors, in which misses cancel: square them first.": lambda air: _both(
        air, score=lambda truth, forecast: (truth - forecast).mean()
    ),
    "These are errors of the last fifth: take all weeks.": lambda air: _both(
        air, first=round(0.8 * len(air))
    ),
}


@exercise(
    "13-2",
    "Cut windows of a year with `horizon=4`: then each target lies four weeks after its window.",
    "`Persistence` and `Seasonal` answer to `predict`; the second wants the horizon, too.",
    "`rmse` of the targets and of each forecast, in parts per million.",
    slips=_OTHER_RIVALS,
)
def _two_rivals(answer: object, air: pd.DataFrame) -> str:
    found = numbers(answer, 2)
    right = _both(air)
    if close(found, right, rtol=NEAR):
        errors = (*right, _before(air.diff(AHEAD), YEAR, first=YEAR + AHEAD))
        best = ("first", "second", "third")[errors.index(min(errors))]
        return (
            f"{errors[0]:.2f} and {errors[1]:.2f}. A third rival, the last value plus last year's "
            f"change over the same weeks, has {errors[2]:.2f}. The {best} is the rival to beat."
        )
    slips = worked_out(_OTHER_RIVALS, air=air)
    raise Hint(
        diagnosis(found, right, slips, rtol=0.02)
        or f"They are off: {off(*next(p for p in zip(found, right) if not close(*p, rtol=NEAR)))} "  # noqa: B905
        "Forecast four weeks ahead, from windows of 52 weeks."
    )


def _move(values: pd.Series) -> float:
    return float((values.diff() ** 2).mean() ** 0.5)


_OTHER_ERRORS: Slips = {
    "That counts the filled weeks, which nobody measured, and the weeks after them.": (
        lambda air: _move(air.iloc[:, 0].ffill())
    ),
    "Some of your differences reach over a gap of several weeks: take those of one week only.": (
        lambda air: _move(air.iloc[:, 0].dropna())
    ),
    "That fills gaps with values from after them.": lambda air: _move(air.iloc[:, 0].interpolate()),
    "That is the mean squared error: take its root.": lambda air: _move(air.iloc[:, 0]) ** 2,
    "That is the mean size of the changes: square before the mean.": (
        lambda air: float(air.iloc[:, 0].diff().abs().mean())
    ),
    "The change is from the week before, not from four weeks ago.": (
        lambda air: float((air.iloc[:, 0].diff(4) ** 2).mean() ** 0.5)
    ),
    "The change is from the week before, not from a year ago.": (
        lambda air: float((air.iloc[:, 0].diff(52) ** 2).mean() ** 0.5)
    ),
    "That is the mean change, in which signs cancel: square before the mean.": (
        lambda air: float(air.iloc[:, 0].diff().mean())
    ),
    "You filled gaps with 0, which looks like a fall of hundreds.": (
        lambda air: _move(air.iloc[:, 0].fillna(0))
    ),
    "You divided by all weeks: divide by those with both values.": lambda air: float(
        ((air.iloc[:, 0].diff() ** 2).sum() / len(air)) ** 0.5
    ),
    "That is the deviation of the changes: the error is the root of their mean square.": (
        lambda air: float(air.iloc[:, 0].diff().std())
    ),
    "That is the number of missing weeks.": lambda air: int(air.iloc[:, 0].isna().sum()),
    "Weeks that were filled themselves still count in yours: they too must be measured.": (
        lambda air: float(
            (air.iloc[:, 0].ffill().diff()[air.iloc[:, 0].shift().notna()] ** 2).mean() ** 0.5
        )
    ),
}


@exercise(
    "13-3",
    "The error of that rival is the change since the week before.",
    "`diff` of the table with gaps is missing wherever one of the two weeks is.",
    "Drop what is missing after the differences, not before; then root, mean, square.",
    slips=_OTHER_ERRORS,
)
def _measured_weeks(answer: object, air: pd.DataFrame) -> str:
    found, right = number(answer), _move(air.iloc[:, 0])
    if close(found, right, rtol=1e-5):
        filled = _move(air.iloc[:, 0].ffill())
        return f"{right:.3f}; with the filled weeks it would look like {filled:.3f}."
    slips = worked_out(_OTHER_ERRORS, air=air)
    raise Hint(
        diagnosis(found, right, slips, rtol=1e-4)
        or f"{off(found, right)} Use the weeks for which both values were measured."
    )


@exercise(
    "13-4",
    "Write the steps of part 6 inside the function, with a table as its only argument.",
    "The last fifth begins at row round(0.8 * number of rows): split there, by its time.",
    "Forecast changes, and add each to the last value known. A season in the lookback may help.",
)
def _own_file(answer: object, table: pd.DataFrame, season: int) -> str:
    _ask_for_table(table, season)
    found = series_by_day(answer, table)
    values = table.iloc[:, 0]
    rows = table.index[round(0.8 * len(table)) :]
    if not found.index.equals(rows):
        raise Hint(f"Forecast each of the {len(rows)} rows of the last fifth, and no others.")
    ask_for_finite(found)
    ask_for_past_only(lambda given: series_by_day(answer, given), table, rows[len(rows) // 2])
    truth = values.loc[rows]
    rivals = {"the last value": values.shift(), f"the value {season} before": values.shift(season)}
    errors = {name: rmse(truth, rival.loc[rows]) for name, rival in rivals.items()}
    name = min(errors, key=errors.__getitem__)
    rival = rivals[name].loc[rows]
    if errors[name] == 0:
        raise Hint(f"In the last fifth, {name} is never wrong: take a table that is harder.")
    gain = skill(truth, found, rival)
    if rmse(found, rival) < 1e-4 * errors[name]:
        raise Hint(f"That is the rival itself, {name}: forecast something of your own.")
    if gain <= 0:
        raise Hint(f"No leak, but the skill is {gain:.1%}: {name} is still better.")
    if gain > TOO_GOOD:
        raise Hint(
            f"A skill of {gain:.0%} is too good to be true: use the table that the function is "
            "given, and nothing else of the notebook."
        )
    right = f"No leak, and a skill of {gain:.1%} against {name}"
    try:
        p_value = diebold_mariano(truth, found, rival).p_value
    except ValueError as error:
        return f"{right}, but is it more than chance? {error}"
    sure = "more than chance gives" if p_value < 0.05 else "which chance may give as well"
    return f"{right}, {sure} (p-value {p_value:.2g})."


def _ask_for_table(table: object, season: object) -> None:
    if not isinstance(table, pd.DataFrame) or table.shape[1] != 1 or table.isna().any(axis=None):
        raise Hint("`my_table` is a table of one column without gaps, as `read_series` returns.")
    most = round(0.8 * len(table))
    if not isinstance(season, Integral) or not 0 < season <= most:
        raise Hint(f"`my_season` is a whole number of rows, from 1 to {most}.")
