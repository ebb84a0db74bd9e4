"""Technical features are what their formulas say, and know nothing of the days that follow."""

from course_utils.features import rsi, technical_features

import numpy as np
import pandas as pd
import pytest
from helpers import made_up_prices
from hypothesis import given
from hypothesis import strategies as st

PRICES = made_up_prices("2016-01-04", "2016-12-30")
COLUMNS = ["Open", "High", "Low", "Close"]
DAYS = 14


def by_day(values):
    return pd.Series(list(values), pd.bdate_range("2017-01-02", periods=len(values)), dtype=float)


def rsi_by_loop(values):
    """Mean upward and downward moves, each new one weighing 1 / 14, the first as it is."""
    found, up, down = [np.nan], None, None
    for number in range(1, len(values)):
        move = values[number] - values[number - 1]
        rise, fall = max(move, 0), max(-move, 0)
        up = rise if up is None else up + (rise - up) / DAYS
        down = fall if down is None else down + (fall - down) / DAYS
        if number < DAYS:
            found.append(np.nan)
        else:
            found.append(100 * up / (up + down) if up + down else 50)
    return found


# ---------------------------------------------------------------------- RSI


@pytest.mark.parametrize("column", COLUMNS)
def test_rsi_is_what_a_plain_loop_gives(column):
    found = rsi(PRICES[column])
    pd.testing.assert_index_equal(found.index, PRICES.index)
    np.testing.assert_allclose(found, rsi_by_loop(PRICES[column].tolist()), rtol=1e-9)


@pytest.mark.parametrize(
    ("prices", "value"), [(np.arange(30), 100), (0.9 ** np.arange(30), 0), (np.full(30, 7.0), 50)]
)
def test_rsi_is_100_rising_0_falling_and_50_where_nothing_moves(prices, value):
    assert (rsi(by_day(prices)).iloc[DAYS:] == value).all()


@given(moves=st.lists(st.floats(-5, 5), max_size=60))
def test_rsi_is_between_0_and_100_and_missing_on_the_first_14_days(moves):
    found = rsi(by_day(np.cumsum(moves)))
    assert found.isna().tolist() == [day < DAYS for day in range(len(moves))]
    assert found.dropna().between(0, 100).all()


@given(unit=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
def test_rsi_is_the_same_in_any_unit_and_mirrored_for_the_mirrored_price(unit, seed):
    prices = by_day(100 * np.exp(np.random.default_rng(seed).normal(0, 0.02, 60).cumsum()))
    pd.testing.assert_series_equal(rsi(unit * prices), rsi(prices), rtol=1e-6)
    pd.testing.assert_series_equal(rsi(-prices), 100 - rsi(prices), rtol=1e-6)


# ---------------------------------------------------------------------- the table


@pytest.mark.parametrize("column", COLUMNS)
def test_the_features_are_those_of_the_last_days_of_each_day(column):
    before = PRICES.copy()
    found = technical_features(PRICES, column)
    pd.testing.assert_frame_equal(PRICES, before)
    assert list(found) == [column, "lag 5", "mean 10", "std 10", "RSI"]
    pd.testing.assert_index_equal(found.index, PRICES.index[DAYS:])
    price = PRICES[column].to_numpy()
    for day in (DAYS, 15, 100, len(price) - 1):
        last = price[day - 9 : day + 1]
        row = found.loc[PRICES.index[day]]
        expected = [price[day], price[day - 5], last.mean(), last.std(ddof=1)]
        assert row.iloc[:4].tolist() == pytest.approx(expected, rel=1e-9)
        assert row["RSI"] == pytest.approx(rsi_by_loop(price[: day + 1].tolist())[-1])


@given(
    column=st.sampled_from(COLUMNS),
    day=st.integers(15, len(PRICES) - 1),
    poison=st.one_of(st.floats(1e-3, 1e6), st.integers(0, 99)),
)
def test_prices_from_a_day_on_never_change_a_feature_before_it(column, day, poison):
    """Poison the future, with one number or with noise, in every column of the table."""
    changed = PRICES.copy()
    if isinstance(poison, float):
        changed.iloc[day:] = poison
    else:
        shape = changed.iloc[day:].shape
        changed.iloc[day:] *= np.random.default_rng(poison).uniform(0.01, 100, shape)
    before, after = technical_features(PRICES, column), technical_features(changed, column)
    pd.testing.assert_frame_equal(after.iloc[: day - 14], before.iloc[: day - 14], rtol=0, atol=0)
    assert (after.iloc[day - 14] != before.iloc[day - 14]).any()


# ---------------------------------------------------------------------- refusals


def test_a_missing_price_is_refused_by_its_position():
    prices = PRICES.copy()
    prices.loc[prices.index[[30, 50]], "Close"] = np.nan
    message = r"position 30 is missing \(2 in all\): fill gaps from the past first.*ffill"
    by_step = prices["Close"].reset_index(drop=True)
    for describe in (lambda: rsi(by_step), lambda: technical_features(prices)):
        with pytest.raises(ValueError, match=message):
            describe()
    technical_features(prices, "High")


def test_an_unknown_price_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="No price 'close': choose one of Open, High, Low, Close"):
        technical_features(PRICES, "close")


@pytest.mark.parametrize("count", [0, 1, 14])
def test_too_few_days_are_refused(count):
    with pytest.raises(ValueError, match=f"{count} days are too few for these features: take more"):
        technical_features(PRICES.iloc[:count])
    assert len(technical_features(PRICES.iloc[:15])) == 1
