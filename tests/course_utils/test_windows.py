"""Windows, splits and scalers give what a plain loop gives, and nothing from the future."""

from course_utils.evaluation import check_pool
from course_utils.windows import (
    PRICE_COLUMNS,
    fit_scaler_on,
    make_windows,
    pool_windows,
    returns_and_range,
    split_at,
    split_by_year,
    spread_origins,
    to_dollars,
    unscale,
)

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from helpers import made_up_prices
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

PRICES = made_up_prices("2014-01-01", "2017-12-29")


def windows_by_loop(series, lookback, horizon):
    windows, targets = [], []
    for end in range(lookback, len(series) - horizon + 1):
        windows.append(series[end - lookback : end])
        targets.append(series[end + horizon - 1, 0])
    return np.array(windows), np.array(targets)


@given(
    samples=st.integers(1, 30),
    lookback=st.integers(1, 12),
    horizon=st.integers(1, 5),
    features=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_windows_equal_the_plain_append_loop(samples, lookback, horizon, features, seed):
    time = samples + lookback + horizon - 1
    series = np.random.default_rng(seed).normal(size=(time, features))
    windows, targets = make_windows(series, lookback, horizon)
    expected_windows, expected_targets = windows_by_loop(series, lookback, horizon)
    assert windows.shape == (samples, lookback, features)
    np.testing.assert_array_equal(windows, expected_windows)
    np.testing.assert_array_equal(targets, expected_targets)


def test_a_series_has_one_feature_and_a_table_its_first_column_as_the_target():
    windows, targets = make_windows([1, 2, 3, 4], lookback=2)
    assert windows.tolist() == [[[1], [2]], [[2], [3]]]
    assert targets.tolist() == [3, 4]
    windows, targets = make_windows(PRICES, lookback=20)
    np.testing.assert_array_equal(windows[0], PRICES.iloc[:20])
    np.testing.assert_array_equal(targets, PRICES["Open"].iloc[20:])


def test_windows_are_a_read_only_view_of_the_series():
    series = np.arange(40.0).reshape(20, 2)
    windows, targets = make_windows(series, lookback=5)
    assert np.shares_memory(windows, series)
    with pytest.raises(ValueError, match="read-only"):
        windows[0, 0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        targets -= targets.mean()
    series[7] = -1
    assert (windows[3:8] == -1).any(axis=(1, 2)).all()
    assert targets[2] == -1


@pytest.mark.parametrize(
    ("series", "lookback", "horizon", "message"),
    [
        (np.zeros(10), 10, 1, r"10 values give no window of lookback 10 and horizon 1: take a l"),
        (np.zeros(10), 5, 6, r"10 values give no window of lookback 5 and horizon 6: take a long"),
        (np.zeros(0), 1, 1, r"0 values give no window"),
        (np.zeros(10), 0, 1, r"lookback 0 and horizon 1 must both be at least 1"),
        (np.zeros(10), 5, 0, r"lookback 5 and horizon 0 must both be at least 1"),
        (np.zeros(10), -2, 1, r"lookback -2 .* must both be at least 1"),
        ([1, 2, np.nan, 4, np.nan], 1, 1, r"position 2 is missing \(2 in all\): fill .*ffill"),
        ([[1, 2], [3, 4], [5, np.nan]], 1, 1, r"position 2 is missing \(1 in all\): fill the gaps"),
        (np.zeros((4, 3, 2)), 1, 1, r"has shape \(time,\) or \(time, features\), not \(4, 3, 2\)"),
    ],
)
def test_what_gives_no_windows_is_refused_with_what_to_do(series, lookback, horizon, message):
    with pytest.raises(ValueError, match=message):
        make_windows(series, lookback, horizon)


@settings(max_examples=50)
@given(year=st.integers(2015, 2017), lookback=st.integers(1, 250))
def test_a_split_keeps_the_year_out_of_training_and_forecasts_each_of_its_days_once(year, lookback):
    days = pd.DataFrame({"day": np.arange(len(PRICES))}, index=PRICES.index)
    train, test = split_by_year(days, year, lookback)
    pd.testing.assert_frame_equal(train, days[days.index < f"{year}-01-01"])
    pd.testing.assert_frame_equal(test.iloc[lookback:], days[days.index.year == year])
    pd.testing.assert_frame_equal(test.iloc[:lookback], train.iloc[-lookback:])
    windows, targets = make_windows(test, lookback)
    np.testing.assert_array_equal(targets, days.loc[str(year), "day"])
    assert windows[0, -1, 0] == train["day"].iloc[-1] == targets[0] - 1


def test_a_split_without_lookback_has_no_context():
    train, test = split_by_year(PRICES, 2016)
    assert train.index[-1] < pd.Timestamp("2016-01-01") <= test.index[0]


@pytest.mark.parametrize(
    ("table", "year", "lookback", "message"),
    [
        (PRICES.iloc[:0], 2017, 0, "An empty table holds no day of 2017"),
        (PRICES, 2018, 0, r"No day in 2018: the table covers 2014-01-01 to 2017-12-29\. Take a ye"),
        (PRICES.iloc[::-1], 2017, 0, r"oldest to the newest: table\.sort_index\(\)"),
        (PRICES, 2014, 0, "0 days before 2014 are too few .* lookback 0: take a later year or"),
        (PRICES, 2015, 261, "261 days before 2015 are too few .* lookback 261: take a later"),
    ],
)
def test_a_table_that_cannot_be_split_is_refused_with_what_to_do(table, year, lookback, message):
    with pytest.raises(ValueError, match=message):
        split_by_year(table, year, lookback)


def test_the_shortest_history_that_is_taken_gives_one_training_window():
    train, _ = split_by_year(PRICES, 2015, lookback=260)
    windows, _ = make_windows(train, lookback=260)
    assert len(windows) == 1


def test_the_scaler_is_fitted_to_the_training_part():
    train, _ = split_by_year(PRICES, 2016)
    scaler = fit_scaler_on(train)
    assert isinstance(scaler, MinMaxScaler)
    np.testing.assert_allclose(scaler.data_min_, train.min())
    np.testing.assert_allclose(scaler.data_max_, train.max())
    standard = fit_scaler_on(train, StandardScaler().fit(PRICES))  # it forgets what it knew
    np.testing.assert_allclose(standard.mean_, train.mean())
    np.testing.assert_allclose(standard.scale_, train.std(ddof=0))


@given(
    kind=st.sampled_from([MinMaxScaler, StandardScaler]),
    column=st.integers(0, 4),
    shape=st.sampled_from([(), (1,), (7,), (7, 1), (2, 3, 4)]),
    seed=st.integers(0, 99),
)
def test_unscaling_inverts_scaling_in_any_column(kind, column, shape, seed):
    scaler = fit_scaler_on(PRICES, kind())
    values = np.random.default_rng(seed).uniform(50, 150, shape)
    table = np.zeros((values.size, 5))
    table[:, column] = values.ravel()
    scaled = scaler.transform(pd.DataFrame(table, columns=PRICES.columns))[:, column]
    back = unscale(scaler, scaled.reshape(shape), column)
    assert np.shape(back) == shape
    np.testing.assert_allclose(back, values, rtol=1e-9)


@pytest.mark.parametrize("left_out", ["with_mean", "with_std"])
def test_what_a_scaler_leaves_out_is_not_undone(left_out):
    scaler = fit_scaler_on(PRICES, StandardScaler(**{left_out: False}))
    back = unscale(scaler, scaler.transform(PRICES)[:, 1], column=1)
    np.testing.assert_allclose(back, PRICES.iloc[:, 1], rtol=1e-9)


def test_a_scaler_of_a_different_kind_is_refused():
    with pytest.raises(TypeError, match="not RobustScaler"):
        unscale(RobustScaler().fit(PRICES), np.zeros(3))


@pytest.mark.parametrize("kind", [MinMaxScaler, StandardScaler])
def test_a_network_s_lower_precision_is_unscaled_in_double_and_by_a_fitted_scaler_only(kind):
    for type_ in ("float32", tf.bfloat16.as_numpy_dtype):
        assert unscale(fit_scaler_on(PRICES, kind()), np.zeros(3, type_)).dtype == np.float64
    with pytest.raises(ValueError, match="not fitted: take the one that fit_scaler_on returns"):
        unscale(kind(), np.zeros(3))


def test_returns_and_range_of_three_days_by_hand():
    days = pd.to_datetime(["2017-01-02", "2017-01-03", "2017-01-04"])
    prices = pd.DataFrame(
        {"Open": [10, 11, 10], "High": [12, 15, 12], "Low": [8, 9, 6], "Close": [10, 12, 9]},
        index=days,
    )
    expected = pd.DataFrame(
        {
            "return": np.log([15 / 12, 12 / 15]),
            "Open/High": np.log([11 / 15, 10 / 12]),
            "Low/High": np.log([9 / 15, 6 / 12]),
            "Close/High": np.log([12 / 15, 9 / 12]),
        },
        index=days[1:],
    )
    pd.testing.assert_frame_equal(returns_and_range(prices, "High"), expected)


@given(column=st.sampled_from(PRICE_COLUMNS), day=st.integers(1, 59), factor=st.floats(0.1, 10))
def test_future_days_never_change_earlier_returns_and_ranges(column, day, factor):
    prices = PRICES.iloc[:60]
    changed = prices.copy()
    changed.iloc[day:] *= factor
    before, after = returns_and_range(prices, column), returns_and_range(changed, column)
    pd.testing.assert_frame_equal(before.iloc[: day - 1], after.iloc[: day - 1])


@settings(max_examples=20)
@given(column=st.sampled_from(PRICE_COLUMNS), unit=st.floats(0.01, 100))
def test_returns_lead_back_to_prices_and_do_not_depend_on_the_unit(column, unit):
    table = returns_and_range(PRICES, column)
    pd.testing.assert_frame_equal(table, returns_and_range(PRICES * unit, column), atol=1e-9)
    some = table["return"].iloc[7:]
    expected = PRICES[column].loc[some.index]
    pd.testing.assert_series_equal(to_dollars(some, PRICES, column), expected, check_names=False)


@pytest.mark.parametrize("column", ["Volume", "high", "Price"])
def test_an_unknown_price_is_refused_with_the_known_ones(column):
    with pytest.raises(ValueError, match=f"{column}.*choose one of Open, High, Low, Close"):
        returns_and_range(PRICES, column)


def test_origins_are_spread_from_the_year_s_eve_to_the_last_day_with_enough_days_after_it():
    origins = spread_origins(PRICES.index, 2016, steps=20, count=5)
    assert PRICES.index[origins[0]] == pd.Timestamp("2015-12-31")
    assert origins[-1] == len(PRICES) - 1 - 20
    assert np.ptp(np.diff(origins)) <= 1
    with pytest.raises(ValueError, match="begin earlier or take fewer"):
        spread_origins(PRICES.index, 2017, steps=250, count=20)


HOURS = pd.DataFrame({"v": np.arange(50.0)}, pd.date_range("2017-03-01", periods=50, freq="h"))


@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize(
    "start", [0.8, "2017-03-02 16:00", pd.Timestamp("2017-03-02 15:30")], ids=str
)
def test_any_table_is_split_at_a_time_or_a_share(start, zone):
    train, test = split_at(HOURS.tz_localize(zone), start, lookback=3)
    assert train["v"].tolist() == [*range(40)]
    assert test["v"].tolist() == [*range(37, 50)]


@pytest.mark.parametrize("start", [0.0, 1.0, 1.5, 0.05, "2016-01-01", "2018-01-01"])
def test_a_split_without_two_parts_is_refused(start):
    with pytest.raises(ValueError, match="rows for training and"):
        split_at(HOURS, start, lookback=3)


@pytest.mark.parametrize(
    ("start", "lookback", "message"),
    [
        (2017, 3, "Write a year as text, '2017', or give a share"),
        (np.int64(2017), 3, "Write a year as text, '2017', or give a share"),
        (0.8, -5, "with lookback -5: choose .* from 0 on"),
    ],
)
def test_a_year_as_a_number_or_a_lookback_below_0_does_not_split(start, lookback, message):
    with pytest.raises(ValueError, match=message):
        split_at(HOURS, start, lookback)


def test_a_lookback_below_0_drops_no_days_of_the_year():
    days = pd.DataFrame({"price": 1.0}, pd.date_range("2016-12-01", "2017-01-31"))
    with pytest.raises(ValueError, match="a shorter lookback, from 0 on"):
        split_by_year(days, 2017, -5)


# ---------------------------------------------------------------- many series


def numbered(lengths, features=2):
    """Series whose values say which series and which day they are from."""
    days = {name: np.arange(length) for name, length in lengths.items()}
    return {
        name: np.column_stack([100 * number + days[name]] * features)
        for number, name in enumerate(lengths, start=1)
    }


@given(
    lengths=st.dictionaries(st.sampled_from("ABCD"), st.integers(8, 20), min_size=1),
    lookback=st.integers(1, 5),
    horizon=st.integers(1, 3),
)
def test_pooled_windows_are_those_of_each_series_one_after_the_other(lengths, lookback, horizon):
    series = numbered(lengths)
    windows, targets, names = pool_windows(series, lookback, horizon)
    assert len(windows) == len(targets) == len(names)
    for name, one in series.items():
        own = names == name
        np.testing.assert_array_equal(windows[own], make_windows(one, lookback, horizon)[0])
        np.testing.assert_array_equal(targets[own], make_windows(one, lookback, horizon)[1])
    check_pool(windows // 100, targets // 100)


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ({}, "0 series .* cannot be pooled"),
        (numbered({"A": 9}) | numbered({"B": 9}, features=3), r"\[2, 3\] features cannot"),
        (numbered({"A": 9, "B": 3}), "B: 3 values give no window"),
        ({"A": [1.0, np.nan, 3.0, 4.0, 5.0]}, "A: The value at position 1 is missing"),
        (
            {"A": PRICES[["High", "Low"]], "B": PRICES[["Low", "High"]]},
            r"A has \['High', 'Low'\] but B has \['Low', 'High'\]: give all the same columns",
        ),
    ],
)
def test_series_that_make_no_pool_are_refused_by_name(series, message):
    with pytest.raises(ValueError, match=message):
        pool_windows(series, 4)
