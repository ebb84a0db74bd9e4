"""Technical features are what their formulas say, and know nothing of the days that follow."""

from course_utils.features import rsi, technical_features

import numpy as np
import pandas as pd
import pytest
from helpers import made_up_prices
from hypothesis import given, settings
from hypothesis import strategies as st

PRICES = made_up_prices("2016-01-04", "2016-12-30")
COLUMNS = list(PRICES)
moves = st.lists(st.floats(-5, 5), min_size=2, max_size=60)


def by_day(values):
    return pd.Series(list(values), pd.bdate_range("2017-01-02", periods=len(values)), dtype=float)


def rsi_by_loop(values, days):
    """Mean upward and downward moves, each new one weighing 1 / days, the first as it is."""
    found, up, down = [np.nan], None, None
    for number in range(1, len(values)):
        move = values[number] - values[number - 1]
        rise, fall = max(move, 0), max(-move, 0)
        up = rise if up is None else up + (rise - up) / days
        down = fall if down is None else down + (fall - down) / days
        if number < days:
            found.append(np.nan)
        else:
            found.append(100 * up / (up + down) if up + down else 50)
    return found


# ---------------------------------------------------------------------- RSI


@pytest.mark.parametrize("days", [1, 2, 3, 14, 50])
@pytest.mark.parametrize("column", COLUMNS)
def test_rsi_is_what_a_plain_loop_gives(column, days):
    found = rsi(PRICES[column], days)
    pd.testing.assert_index_equal(found.index, PRICES.index)
    np.testing.assert_allclose(found, rsi_by_loop(PRICES[column].tolist(), days), rtol=1e-9)


def test_rsi_of_five_days_by_hand():
    # Moves +2, -1, 0, +3; with days 2, up: 2, 1, 0.5, 1.75 and down: 0, 0.5, 0.25, 0.125.
    found = rsi(by_day([10, 12, 11, 11, 14]), days=2)
    assert found.isna().tolist() == [True, True, False, False, False]
    assert found.iloc[2:].tolist() == pytest.approx([100 * 2 / 3, 100 * 2 / 3, 100 * 14 / 15])


@pytest.mark.parametrize(
    ("prices", "value"),
    [
        (np.arange(1.0, 31), 100),
        (1.01 ** np.arange(30), 100),
        (np.arange(30.0, 0, -1), 0),
        (0.9 ** np.arange(30), 0),
        (np.full(30, 7.0), 50),
    ],
)
def test_rsi_is_100_rising_0_falling_and_50_where_nothing_moves(prices, value):
    found = rsi(by_day(prices))
    assert found.iloc[:14].isna().all()
    assert (found.iloc[14:] == value).all()


def test_rsi_of_one_day_says_whether_the_last_move_was_upwards():
    assert rsi(by_day([5, 6, 5, 5, 8]), days=1).iloc[1:].tolist() == [100, 0, 50, 100]


@pytest.mark.parametrize("length", [0, 1, 14])
def test_rsi_of_too_few_prices_is_missing_everywhere(length):
    found = rsi(by_day(np.arange(float(length))))
    assert len(found) == length
    assert found.isna().all()


@given(moves=moves, days=st.integers(1, 20))
def test_rsi_lies_between_0_and_100(moves, days):
    found = rsi(by_day(np.cumsum(moves)), days)
    assert found.isna().sum() == min(days, len(moves))
    assert found.dropna().between(0, 100).all()


@given(
    days=st.integers(1, 20),
    unit=st.floats(1e-3, 1e3),
    seed=st.integers(0, 99),
)
def test_rsi_is_the_same_in_any_unit(days, unit, seed):
    prices = by_day(100 * np.exp(np.random.default_rng(seed).normal(0, 0.02, 60).cumsum()))
    pd.testing.assert_series_equal(rsi(unit * prices, days), rsi(prices, days), rtol=1e-6)


@given(days=st.integers(1, 20), seed=st.integers(0, 99))
def test_rsi_of_the_mirrored_price_is_the_rest_to_100(days, seed):
    prices = by_day(np.random.default_rng(seed).normal(size=60).cumsum())
    pd.testing.assert_series_equal(rsi(-prices, days), 100 - rsi(prices, days), rtol=1e-6)


@pytest.mark.parametrize("days", [0, -3])
def test_rsi_without_days_is_refused(days):
    with pytest.raises(ValueError, match=rf"RSI over {days} days has nothing to look at: take at"):
        rsi(PRICES["Close"], days)


# ---------------------------------------------------------------------- the table


def test_features_of_a_short_series_by_hand():
    close = [10.0, 12.0, 11.0, 13.0, 16.0]
    found = technical_features(pd.DataFrame({"Close": by_day(close)}), lag=2, days=3, rsi_days=1)
    assert list(found) == ["Close", "lag 2", "mean 3", "std 3", "RSI"]
    expected = pd.DataFrame(
        {
            "Close": [11.0, 13.0, 16.0],
            "lag 2": [10.0, 12.0, 11.0],
            "mean 3": [11.0, 12.0, 40 / 3],
            "std 3": [1.0, 1.0, np.sqrt(((11 - 40 / 3) ** 2 + (13 - 40 / 3) ** 2 + 64 / 9) / 2)],
            "RSI": [0.0, 100.0, 100.0],
        },
        index=by_day(close).index[2:],
    )
    pd.testing.assert_frame_equal(found, expected)


def test_the_lesson_s_features_are_those_of_the_last_days_of_each_day():
    found = technical_features(PRICES)
    assert list(found) == ["Close", "lag 5", "mean 10", "std 10", "RSI"]
    pd.testing.assert_index_equal(found.index, PRICES.index[14:])
    close = PRICES["Close"].to_numpy()
    for day in (14, 15, 100, len(close) - 1):
        last = close[day - 9 : day + 1]
        row = found.loc[PRICES.index[day]]
        expected = [close[day], close[day - 5], last.mean(), last.std(ddof=1)]
        assert row.iloc[:4].tolist() == pytest.approx(expected, rel=1e-9)
        assert row["RSI"] == pytest.approx(rsi_by_loop(close[: day + 1].tolist(), 14)[-1])


@pytest.mark.parametrize("column", COLUMNS)
def test_column_0_is_the_price_that_is_described(column):
    found = technical_features(PRICES, column)
    assert found.columns[0] == column
    pd.testing.assert_series_equal(found[column], PRICES[column].iloc[14:], check_freq=False)


def test_the_prices_are_left_as_they_are():
    before = PRICES.copy()
    technical_features(PRICES)
    pd.testing.assert_frame_equal(PRICES, before)


@settings(max_examples=200)
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


@pytest.mark.parametrize("day", range(15, len(PRICES), 40))
def test_days_that_are_cut_off_never_change_a_feature_before_them(day):
    whole, cut = technical_features(PRICES), technical_features(PRICES.iloc[:day])
    pd.testing.assert_frame_equal(cut, whole.iloc[: day - 14], check_freq=False)


# ---------------------------------------------------------------------- refusals


def test_a_missing_price_is_refused_by_its_date():
    prices = PRICES.copy()
    prices.iloc[[30, 50], 3] = np.nan
    message = rf"{prices.index[30]:%Y-%m-%d} is missing: fill gaps from the past first.*ffill"
    for describe in (lambda: rsi(prices["Close"]), lambda: technical_features(prices)):
        with pytest.raises(ValueError, match=message):
            describe()
    technical_features(prices, "High")


def test_an_unknown_column_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="No column 'close': choose one of Open, High, Low, Close"):
        technical_features(PRICES, "close")


@pytest.mark.parametrize("count", [0, 1, 14])
def test_too_few_days_are_refused(count):
    with pytest.raises(ValueError, match=f"{count} days are too few for these features: take more"):
        technical_features(PRICES.iloc[:count])
    assert len(technical_features(PRICES.iloc[:15])) == 1


@pytest.mark.parametrize("wrong", [{"lag": 0}, {"lag": -1}, {"days": 1}, {"days": 0}])
def test_a_lag_into_the_future_and_a_window_without_spread_are_refused(wrong):
    with pytest.raises(ValueError, match="must be at least 1 and 2"):
        technical_features(PRICES, **wrong)
