"""The checks of lesson 10: right answers pass, known mistakes get their own hint."""

from course.exercises.lesson_10 import har_of
from course_utils.volatility import HAR
from course_utils.windows import make_windows

import numpy as np
import pandas as pd
import pytest
from exercise_verdict import assert_verdict

YEAR = 2015
DAYS = pd.bdate_range("2012-01-02", "2016-06-30")
RNG = np.random.default_rng(0)


def wandering(noise):
    values = [-4.3]
    for shock in RNG.normal(0, noise, len(DAYS) - 1):
        values.append(-4.3 + 0.97 * (values[-1] + 4.3) + shock)
    return np.array(values)


MARKET = wandering(0.1)
OWN = MARKET + RNG.normal(0, 0.4, len(DAYS))  # the market says more than the share itself
TABLE = pd.DataFrame({"log range": OWN, "return": 0.01, "gap": 0.0, "market": MARKET}, DAYS)
GIVEN = {"10-4": {"table": TABLE, "first": YEAR}}


def with_market(table, columns=("log range", "market"), first_year=YEAR):
    chosen = table[[*columns]]
    first = (table.index.year < YEAR).sum()
    train = chosen.iloc[:first] if first_year == YEAR else chosen
    model = HAR().fit(*make_windows(train, 22))
    windows, _ = make_windows(chosen.iloc[first - 22 :], 22)
    return pd.Series(model.predict(windows)[:, 0], table.index[first:])


def by_luck(table):
    forecasts = har_of(table, YEAR)
    return forecasts + 0.02 * np.random.default_rng(4).normal(size=len(forecasts))


def three_means(values):
    return [values[-1], np.mean(values[-5:]), np.mean(values[-22:])]


def quantile_loss(truth, forecast, level):
    return np.mean(
        [level * (t - f) if t > f else (1 - level) * (f - t) for t, f in zip(truth, forecast)]  # noqa: B905
    )


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("10-1", (np.log(np.log(1.02)), np.exp(np.exp(-4)) - 1), "✓"),
        ("10-1", (-3.9, 0.0185), "rounded too far"),
        ("10-1", (np.log(np.log(1.02)), 0.5), "Back again: undo both logs"),
        ("10-2", three_means, "✓"),
        ("10-2", lambda values: values[-22:].mean(), "shape (3,)"),
        ("10-2", lambda values: [values[-1], 2, values[0]], "off for week, month"),
        ("10-3", quantile_loss, "✓"),
        ("10-3", lambda truth, forecast, level: level, "Above the quantile"),
        ("10-4", with_market, "✓ No leak, and a skill of"),
        ("10-4", lambda table: har_of(table, YEAR), "HAR's own forecasts"),
        ("10-4", lambda table: with_market(table, first_year=0), "A leak"),
        ("10-4", lambda table: with_market(table) - 1, "HAR's error is smaller"),
        ("10-4", by_luck, "HAR is not beaten"),
        ("10-4", lambda table: with_market(table)[1:], "and no others"),
        ("10-4", lambda table: with_market(table).where(table["return"] < 0), "not finite"),
    ],
)
def test_an_answer_gets_its_verdict(exercise, answer, told):
    assert_verdict(exercise, answer, told, GIVEN)
