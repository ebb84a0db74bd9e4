"""The checks of lesson 13: right answers pass, known mistakes get their own hint."""

from pathlib import Path

from course.exercises import lesson_13
from course_utils.data import read_series

import numpy as np
import pandas as pd
import pytest
from exercise_verdict import assert_verdict
from statsmodels.datasets import co2

RNG = np.random.default_rng(0)
WEEKS = pd.date_range("1990-01-06", periods=800, freq="7D")
SEASON = 3 * np.sin(2 * np.pi * np.arange(800) / 52)
AIR = pd.DataFrame(
    {"co2": 300 + SEASON + 0.003 * np.arange(800) + RNG.normal(0, 0.3, 800).cumsum() / 5}, WEEKS
)
GAPS = AIR.mask(RNG.random((800, 1)) < 0.05)
GIVEN = {
    "13-2": {"air": AIR},
    "13-3": {"air": GAPS},
    "13-4": {"table": AIR, "season": 52},
}
DAYS = pd.date_range("2017-04-03", periods=3)
MONTHS = pd.DatetimeIndex(["2017-03-04", "2017-04-04", "2017-05-04"])
SALES = [1204.5, 1180.0, 980.25]


def sales(values=SALES, index=DAYS):
    return pd.DataFrame({"Sales": values}, index)


def test_a_year_of_51_weeks_is_not_right_on_the_air_of_the_lesson():
    air = read_series(Path(co2.__file__).with_name("co2.csv")).ffill()
    for weeks, mark in [(52, "✓"), (51, "✗")]:
        found = [(air["co2"].diff(span) ** 2).mean() ** 0.5 for span in (4, weeks)]
        assert_verdict("13-2", found, mark, {"13-2": {"air": air}})


def test_the_rival_to_beat_is_the_one_with_the_smallest_error_of_three():
    air = read_series(Path(co2.__file__).with_name("co2.csv")).ffill()
    no_season = AIR - SEASON[:, np.newaxis]
    for table, told in [
        (air, "over the same weeks, has 0.75. The third is the rival to beat."),
        (no_season, "The first is the rival to beat."),
    ]:
        found = (lesson_13._before(table, 4), lesson_13._before(table, 52))
        assert told in assert_verdict("13-2", found, "✓", {"13-2": {"air": table}})


def trend(table, ahead=0, part=0.8):
    """The last value and last year's change since then."""
    values = table["co2"]
    forecast = values.shift() + (values.shift(52) - values.shift(53))
    return (forecast if not ahead else values * 0.999)[round(part * len(table)) :]


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("13-1", sales(), "✓ Three days"),
        ("13-1", sales()[::-1], "oldest comes first"),
        ("13-1", sales(index=MONTHS), "You read months"),
        ("13-1", sales(index=[DAYS[0], pd.NaT, DAYS[2]]), "yours are 2017-04-03, NaT"),
        ("13-1", sales([1.2045, 1180, 980.25]), "a comma is the decimal mark"),
        ("13-1", sales(["a", "b", "c"]), "must be numbers"),
        ("13-1", sales()["Sales"], "that `read_series` returns"),
        ("13-1", sales().iloc[:2], "The rows must be 3 days"),
        ("13-2", (lesson_13._before(AIR, 4), lesson_13._before(AIR, 52)), "✓"),
        ("13-2", (9, lesson_13._before(AIR, 52)), "9 is too large"),
        ("13-3", lesson_13._move(GAPS["co2"]), "✓"),
        ("13-3", 9.0, "9 is too large"),
        ("13-4", trend, "✓ No leak, and a skill of"),
        ("13-4", lambda table: trend(table, ahead=1), "A leak"),
        ("13-4", lambda table: trend(table, part=0.5), "and no others"),
        ("13-4", lambda table: table["co2"].shift(2)[640:], "is still better"),
        ("13-4", lambda table: table["co2"].shift(-1)[640:], "look ahead"),
        ("13-4", lambda table: table["co2"].shift(52)[640:], "the rival itself"),
        ("13-4", lambda table: table["co2"].shift().where(WEEKS.month > 1)[640:], "are missing"),
    ],
)
def test_an_answer_gets_its_verdict(exercise, answer, told):
    assert_verdict(exercise, answer, told, GIVEN)


SMALL = AIR * 1e-9
STEPS = pd.DataFrame({"co2": np.arange(800) % 7.0}, WEEKS)


@pytest.mark.parametrize(
    ("table", "season", "told"),
    [
        (SMALL, 52, "✓ No leak, and a skill of"),
        (AIR[:30].assign(co2=np.arange(30) ** 2), 12, "✓ No leak, and a skill of 48"),
        (STEPS, 7, "In the last fifth, the value 7 before is never wrong"),
        (GAPS, 52, "one column without gaps"),
        (AIR["co2"], 52, "one column without gaps"),
        (AIR, 52.0, "a whole number of rows, from 1 to 640"),
        (AIR, 641, "a whole number of rows, from 1 to 640"),
    ],
)
def test_a_table_of_ones_own_gets_its_verdict(table, season, told):
    def change(table):
        return (1.5 * table["co2"].shift() - 0.5 * table["co2"].shift(2))[round(0.8 * len(table)) :]

    answer = trend if len(table) > 100 else change
    assert_verdict("13-4", answer, told, {"13-4": {"table": table, "season": season}})
