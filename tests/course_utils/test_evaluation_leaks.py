"""Each leak check passes what is honest and catches the leaks that it is there for."""

from course_utils.evaluation import (
    LeakError,
    check_past_only,
    check_pool,
    check_scaler,
    check_split,
)
from course_utils.models import WindowRegression
from course_utils.training import forecast_year
from course_utils.windows import (
    fit_scaler_on,
    make_windows,
    returns_and_range,
    split_by_year,
    to_dollars,
    unscale,
)

import numpy as np
import pandas as pd
import pytest
from helpers import made_up_prices
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

PRICES = made_up_prices("2015-06-01", "2017-12-29")
TRAIN, _ = split_by_year(PRICES, 2017)

# ---------------------------------------------------------------- the split

DAYS = pd.DataFrame({"day": np.arange(len(PRICES))}, index=PRICES.index)
FIRST_TEST_DAY = len(TRAIN)


@given(
    year=st.integers(2016, 2017),
    lookback=st.integers(1, 60),
    horizon=st.integers(1, 10),
    shuffle=st.booleans(),
)
def test_an_honest_split_passes_even_shuffled_within_its_training_part(
    year, lookback, horizon, shuffle
):
    train, test = split_by_year(DAYS, year, lookback)
    windows, targets = make_windows(train, lookback, horizon)
    if shuffle:
        order = np.random.default_rng(0).permutation(len(targets))
        windows, targets = windows[order], targets[order]
    assert check_split(windows, targets, *make_windows(test, lookback, horizon)) is None


def honest_test(year=2017, horizon=1):
    return make_windows(split_by_year(DAYS, year, 20)[1], 20, horizon)


def shuffled_before_the_split():
    windows, targets = make_windows(DAYS, 20)
    order = np.random.default_rng(0).permutation(len(targets))
    train, test = order[:FIRST_TEST_DAY], order[FIRST_TEST_DAY:]
    return windows[train], targets[train], windows[test], targets[test]


def horizon_crosses_the_split():
    """Keep every window from before the year, though its target five days on is not."""
    windows, targets = make_windows(DAYS, 20, horizon=5)
    before = windows[:, -1, 0] < FIRST_TEST_DAY
    return windows[before], targets[before], *honest_test(horizon=5)


def cut_first_and_split_by_position():
    """Training targets stop before the test targets, but after the first forecast is made."""
    windows, targets = make_windows(DAYS, 20, horizon=5)
    first = FIRST_TEST_DAY - 20
    return windows[:first], targets[:first], windows[first:], targets[first:]


def one_day_too_many():
    return *make_windows(DAYS.iloc[: FIRST_TEST_DAY + 1], 20), *honest_test()


def trained_on_later_years():
    return *make_windows(DAYS[DAYS.index.year != 2016], 20), *honest_test(2016)


def windows_alone_reach_into_the_test_days():
    windows, _ = make_windows(DAYS, 20)
    return windows, np.arange(20, FIRST_TEST_DAY), *honest_test()


@pytest.mark.parametrize(
    "leak",
    [
        shuffled_before_the_split,
        horizon_crosses_the_split,
        cut_first_and_split_by_position,
        one_day_too_many,
        trained_on_later_years,
        windows_alone_reach_into_the_test_days,
    ],
)
def test_check_split_catches(leak):
    with pytest.raises(LeakError, match="split by time first, then cut windows"):
        check_split(*leak())


def test_check_split_refuses_a_missing_target_that_would_hide_a_later_day():
    train = np.array([[0, 1], [1, 2]]), np.array([2, 9, np.nan])
    with pytest.raises(ValueError, match="missing values"):
        check_split(*train, np.array([[1, 2], [2, 3]]), np.array([3, 4]))


# ---------------------------------------------------------------- the scaler


@pytest.fixture(params=[MinMaxScaler, StandardScaler])
def kind(request):
    return request.param


@pytest.mark.parametrize("columns", [["High"], list(PRICES.columns)], ids=str)
def test_a_scaler_of_the_training_part_passes_as_table_or_array_in_any_precision(kind, columns):
    train = TRAIN[columns]
    assert check_scaler(fit_scaler_on(train, kind()), train) is None
    assert check_scaler(kind().fit(train.to_numpy()), train) is None
    assert check_scaler(kind().fit(train), train.to_numpy()) is None
    assert check_scaler(kind().fit(train.astype("float32")), train) is None


def test_a_scaler_that_is_not_fitted_does_not_pass(kind):
    with pytest.raises(ValueError, match="fit it, and check it before it is saved"):
        check_scaler(kind(), TRAIN)


@pytest.mark.parametrize("fitted_on", [TRAIN, PRICES, None])
def test_what_keeps_no_statistic_does_not_pass(kind, fitted_on):
    pipeline = make_pipeline(kind())
    if fitted_on is not None:
        pipeline.fit(fitted_on)
        check_scaler(pipeline[0], fitted_on)
    with pytest.raises(ValueError, match=r"Pipeline keeps no statistic .* pass the scaler itself"):
        check_scaler(pipeline, TRAIN)
    columns = ColumnTransformer([("prices", kind(), [0, 1])])
    with pytest.raises(ValueError, match="ColumnTransformer keeps no statistic"):
        check_scaler(columns.fit(PRICES.to_numpy()), TRAIN)


def test_a_scaler_of_returns_around_0_passes_however_their_mean_was_summed(kind):
    returns = returns_and_range(TRAIN, "High")
    centred = returns - returns.mean()
    by_rows = kind().fit(np.ascontiguousarray(centred))
    by_columns = kind().fit(np.asfortranarray(centred))
    in_parts = kind().partial_fit(centred.iloc[:99]).partial_fit(centred.iloc[99:])
    for scaler in (by_rows, by_columns, in_parts):
        assert check_scaler(scaler, centred) is None


RETURNS = returns_and_range(PRICES, "High")


KNOWN = {
    "all years": (PRICES, TRAIN),
    "test year": (PRICES.loc["2017"], TRAIN),
    "20 test days": (PRICES.iloc[: len(TRAIN) + 20], TRAIN),
    "half": (TRAIN.iloc[: len(TRAIN) // 2], TRAIN),
    "one column": (TRAIN.assign(Low=PRICES["Low"].max()), TRAIN),
    "other columns": (TRAIN[["High"]], TRAIN),
    "returns": (RETURNS, split_by_year(RETURNS, 2017)[0]),
}


@pytest.mark.parametrize(("known", "train"), KNOWN.values(), ids=KNOWN)
def test_check_scaler_catches(kind, known, train):
    with pytest.raises(LeakError, match="fit it on the training part only"):
        check_scaler(kind().fit(known), train)


# ---------------------------------------------------------------- the whole way

DAY = "2017-03-01"


def yesterday(table):
    return table["High"].shift()


def linear_on_returns_and_range(table):
    table = table.ffill()
    features = returns_and_range(table, "High")
    returns = forecast_year(features, 2017, 20, lambda w, t: WindowRegression().fit(w, t))
    return to_dollars(returns, table, "High")


def ridge(table, scaler):
    """Regress on scaled values, with a penalty: unlike plain regression it feels the scale."""
    scaled = scaler.transform(table[["High"]])
    train = scaled[: int((table.index.year < 2017).sum())]
    windows, targets = make_windows(train, 5)
    model = Ridge(alpha=5).fit(windows[:, :, 0], targets)
    windows, _ = make_windows(scaled, 5)
    forecasts = unscale(scaler, model.predict(windows[:, :, 0]))
    return pd.Series(forecasts, table.index[5:]).loc["2017":]


def ridge_scaled_by_the_past(table):
    table = table.ffill()
    return ridge(table, StandardScaler().fit(table.loc[:"2016", ["High"]]))


def with_gaps(table):
    gaps = table.copy()
    place = table.index.get_loc(DAY)
    gaps.iloc[place - 3 : place] = np.nan
    gaps.iloc[place + 5 : place + 8] = np.nan
    return gaps


HONEST = {
    "yesterday": yesterday,
    "week before": lambda table: table["High"].rolling(5).mean().shift().dropna(),
    "gaps filled": lambda table: yesterday(table.ffill()),
    "linear": linear_on_returns_and_range,
    "ridge": ridge_scaled_by_the_past,
}
TABLES = {
    "prices": PRICES,
    "whole numbers": PRICES.astype({"Volume": "int64"}),
    "single precision": PRICES.astype("float32"),
    "text": PRICES.assign(Name="IBM"),
    "gaps": with_gaps(PRICES),
}


@pytest.mark.parametrize("forecast", HONEST.values(), ids=HONEST)
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_an_honest_forecast_passes_on_any_table_and_the_table_stays_as_it_was(forecast, table):
    before = table.copy()
    assert check_past_only(forecast, table, DAY) is None
    pd.testing.assert_frame_equal(table, before)


def test_an_honest_forecast_of_values_below_0_passes():
    assert check_past_only(lambda table: table["return"].shift(), RETURNS, DAY) is None


def gaps_filled_in_place(table):
    place = table.index.get_loc(DAY)
    table.iloc[place - 3 : place] = table.iloc[place].to_numpy()
    return yesterday(table)


def regression_on_all_years(table):
    windows, targets = make_windows(table[["High"]], 5)
    model = WindowRegression().fit(windows, targets)
    return pd.Series(model.predict(windows)[:, 0], table.index[5:]).loc["2017":]


LEAKS = {
    "today": lambda table: table["High"],
    "tomorrow": lambda table: table["High"].shift(-1),
    "centred mean": lambda table: table["High"].rolling(5, center=True).mean().shift(),
    "mean with today": lambda table: table["High"].rolling(5).mean(),
    "same day's feature": lambda table: yesterday(table) + table["Open"] - table["Close"].shift(),
    "gaps filled from the future": lambda table: yesterday(with_gaps(table).bfill()),
    "gaps filled in place": gaps_filled_in_place,
    "gaps interpolated": lambda table: yesterday(with_gaps(table).interpolate()),
    "maximum of all": lambda table: yesterday(table) / table["High"].max(),
    "scaler of all": lambda table: ridge(table, StandardScaler().fit(table[["High"]])),
    "minmax scaler of all": lambda table: ridge(table, MinMaxScaler().fit(table[["High"]])),
    "regression on all": regression_on_all_years,
    "days vanish": lambda table: yesterday(table)[table["High"] > table["High"].mean()],
    "days appear": lambda table: yesterday(table)[table["High"] < table["High"].mean()],
}


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_check_past_only_catches(leak):
    table = PRICES.copy()
    with pytest.raises(LeakError, match=rf"(?i)forecasts up to {DAY} moved"):
        check_past_only(leak, table, DAY)
    pd.testing.assert_frame_equal(table, PRICES)


def test_the_message_names_the_first_forecast_that_moved():
    with pytest.raises(LeakError, match="the first for 2017-02-27"):
        check_past_only(lambda table: table["High"].shift(-2), PRICES, DAY)


@pytest.mark.parametrize(
    ("forecast", "day", "message"),
    [
        (linear_on_returns_and_range, "2016-12-30", "No forecast for 2016-12-30 or before: choose"),
        (LEAKS["tomorrow"], "2017-12-30", "ends before 2017-12-30: choose an earlier"),
        (LEAKS["tomorrow"], "2018-06-01", "ends before 2018-06-01: choose an earlier"),
        (lambda table: PRICES["High"].shift(), DAY, "does it use another one, from outside"),
        (lambda table: PRICES["High"].rolling(5, center=True).mean(), DAY, "another one"),
        (lambda table: table["High"] * 0 + 100.0, DAY, "another one"),
    ],
)
def test_nothing_to_check_is_an_error_and_not_a_pass(forecast, day, message):
    with pytest.raises(ValueError, match=message):
        check_past_only(forecast, PRICES, day)


UP = PRICES["Close"].diff() > 0
WORDS = {
    "bool": UP,
    "missing": UP.astype("boolean").mask(UP.index.day == 1),
    "text": UP.map({True: "up", False: "down"}),
    "category": UP.map({True: "up", False: "down"}).astype("category"),
    "objects": UP.astype(object).where(UP, None),
    "days": UP.map({True: PRICES.index[0], False: PRICES.index[1]}),
}


@pytest.mark.parametrize("column", WORDS.values(), ids=WORDS)
def test_a_leak_through_a_column_that_holds_no_numbers_is_seen(column):
    table = PRICES.assign(up=column, name="IBM", empty=None)
    first = column[column.notna()].iloc[0]

    def forecast(table, days=1):
        rises = (table["up"] == first).fillna(False).astype(float)
        return rises.shift(days).dropna()

    check_past_only(forecast, table, DAY)
    with pytest.raises(LeakError, match="the first for 2017-02-28"):
        check_past_only(lambda table: forecast(table, -1), table, DAY)
    with pytest.raises(LeakError, match="1 of"):
        check_past_only(lambda table: yesterday(table) + forecast(table, 0), table, DAY)


def test_days_in_a_time_zone_are_checked_like_any_others():
    table = PRICES.tz_localize("America/New_York")
    assert check_past_only(yesterday, table, DAY) is None
    assert check_past_only(yesterday, table, pd.Timestamp(DAY, tz="America/New_York")) is None
    with pytest.raises(LeakError):
        check_past_only(LEAKS["tomorrow"], table, DAY)


def test_a_leak_through_zeros_is_seen_as_in_a_series_of_rain():
    days = pd.date_range("2017-01-01", periods=40)
    rain = pd.DataFrame({"mm": np.where(np.arange(40) % 3 == 0, 5.0, 0.0)}, days)
    check_past_only(lambda table: table["mm"].shift(), rain, days[19])
    with pytest.raises(LeakError, match="moved"):
        check_past_only(lambda table: table["mm"], rain, days[19])


# ---------------------------------------------------------------- many series


@pytest.mark.parametrize(("lookback", "horizon", "crossing"), [(3, 1, 3), (3, 2, 4), (1, 1, 1)])
def test_windows_cut_from_series_laid_end_to_end_are_caught(lookback, horizon, crossing):
    """The way that is wrong: one long series of all shares, and windows from that."""
    end_to_end = np.repeat([1, 2], 10)
    with pytest.raises(LeakError, match=f"{crossing} of .* at position {11 - lookback - horizon}:"):
        check_pool(*make_windows(end_to_end, lookback, horizon))
