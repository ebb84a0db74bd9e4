"""The checks of lesson 00: right answers pass, known mistakes get their own hint."""

from course.exercises import check
from course_utils.windows import make_windows

import numpy as np
import pytest
from helpers import made_up_prices

YEAR = 2017


@pytest.fixture(scope="module")
def prices():
    table = made_up_prices("2015-01-01", "2017-12-31")
    table.attrs["test_year"] = YEAR
    return table


@pytest.fixture
def verdict(prices, capsys):
    def ask(exercise, answer):
        check(exercise, answer, prices=prices)
        return capsys.readouterr().out

    return ask


def test_the_shape_that_make_windows_gives_passes(prices, verdict):
    windows, _ = make_windows(prices[["Open", "High", "Low", "Close"]], lookback=5)
    assert verdict("00-1", windows.shape).startswith("✓")
    assert verdict("00-1", list(windows.shape)).startswith("✓")


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (lambda n: (n - 5, 5), "three axes"),
        (lambda n: (n - 5, 4, 5), "another order"),
        (lambda n: (n - 5, 60, 4), "days in a window"),
        (lambda n: (n - 5, 5, 1), "the columns"),
        (lambda n: (n, 5, 4), "only fill a window"),
        (lambda n: (n - 4, 5, 4), "One too many"),
        (lambda n: (7, 5, 4), "is off"),
        (lambda n: "abc", "whole numbers, not str"),
        (lambda n: (None, 5, 4), "whole numbers, and None is none"),
    ],
)
def test_a_known_mistake_in_the_shape_gets_its_hint(change, hint, prices, verdict):
    assert hint in verdict("00-1", change(len(prices)))


def test_the_largest_rise_passes(prices, verdict):
    rise = prices["High"].diff().loc[str(YEAR)].max()
    assert verdict("00-2", rise).startswith("✓")
    assert verdict("00-2", round(rise, 2)).startswith("✓")


@pytest.mark.parametrize(
    ("mistake", "hint"),
    [
        (lambda high, changes: high.diff().max(), "of all years"),
        (lambda high, changes: changes.min(), "largest fall: rises"),
        (lambda high, changes: -changes.min(), "without its sign"),
        (lambda high, changes: changes.mean(), "mean change"),
        (lambda high, changes: high.pct_change().loc[str(YEAR)].max(), "a share"),
        (lambda high, changes: 100 * high.pct_change().loc[str(YEAR)].max(), "in per cent"),
        (lambda high, changes: high.loc[str(YEAR)].max(), "highest price"),
        (lambda high, changes: 1e6, "too large"),
        (lambda high, changes: -1e6, "too small"),
    ],
)
def test_a_known_mistake_in_the_number_gets_its_hint(mistake, hint, prices, verdict):
    high = prices["High"].copy()
    assert hint in verdict("00-2", mistake(high, high.diff().loc[str(YEAR)]))


def test_the_naive_forecast_passes(verdict):
    assert verdict("00-3", lambda table: table["High"].shift()).startswith("✓")


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda table: table["High"], "not known before the day is over"),
        (lambda table: table["High"].shift(-1), "the future"),
        (lambda table: table["High"].shift(2), "shift by one day"),
        (lambda table: table["Close"].shift(), "That is the Close"),
        (lambda table: table["High"].diff(), "give the price"),
        (lambda table: table["High"].shift() + 1, "Some values differ"),
        (lambda table: table["High"].shift().dropna(), "one value for each"),
        (lambda table: table["High"].to_numpy(), "pandas Series"),
        (lambda table: table["high"].shift(), "raised KeyError"),
        (np.arange(3), "without calling it"),
    ],
)
def test_a_known_mistake_in_the_function_gets_its_hint(answer, hint, verdict):
    assert hint in verdict("00-3", answer)
