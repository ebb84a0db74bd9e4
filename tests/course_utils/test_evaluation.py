"""Metrics agree with hand calculations, and each leak check catches the leaks it is there for."""

import warnings

from course_utils.evaluation import (
    LeakError,
    check_past_only,
    check_scaler,
    check_split,
    diebold_mariano,
    lag,
    lag_profile,
    rmse,
    score_table,
    skill,
)
from course_utils.models import WindowRegression
from course_utils.training import forecast_year
from course_utils.windows import (
    fit_scaler_on,
    make_windows,
    returns_and_range,
    split_by_year,
    unscale,
)

import numpy as np
import pandas as pd
import pytest
from helpers import made_up_prices
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import Ridge
from sklearn.preprocessing import MinMaxScaler, StandardScaler

PRICES = made_up_prices("2015-06-01", "2017-12-29")
TRAIN, _ = split_by_year(PRICES, 2017)
SCALERS = [MinMaxScaler, StandardScaler]


def random_walk(days, seed=0):
    return np.random.default_rng(seed).normal(size=days).cumsum()


# ---------------------------------------------------------------- errors


def test_rmse_by_hand():
    assert rmse([1, 2, 3], [1, 4, 2]) == pytest.approx(np.sqrt(5 / 3))


@given(days=st.integers(1, 40), seed=st.integers(0, 99))
def test_a_column_against_a_row_does_not_broadcast(days, seed):
    truth, forecast = np.random.default_rng(seed).normal(size=(2, days))
    expected = np.sqrt(np.mean((truth - forecast) ** 2))
    assert rmse(truth, forecast[:, np.newaxis]) == pytest.approx(expected)
    assert rmse(truth[:, np.newaxis], pd.Series(forecast)) == pytest.approx(expected)


def test_skill_is_0_for_naive_1_for_perfect_and_negative_for_worse():
    truth = random_walk(50)
    naive = truth + 1
    assert skill(truth, naive, naive) == 0
    assert skill(truth, truth, naive) == 1
    assert skill(truth, truth + 0.75, naive) == pytest.approx(0.25)
    assert skill(truth, truth + 3, naive) == pytest.approx(-2)


METRICS = {
    "rmse": rmse,
    "skill": lambda truth, forecast: skill(truth, forecast, np.zeros_like(truth)),
    "lag": lag,
    "score_table": lambda truth, forecast: score_table(truth, {"naive": forecast}),
    "diebold_mariano, forecast": lambda t, f: diebold_mariano(t, f, np.zeros_like(t)),
    "diebold_mariano, rival": lambda t, f: diebold_mariano(t, np.zeros_like(t), f),
}


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_unequal_lengths_are_refused(metric):
    with pytest.raises(ValueError, match="40 true values but 39 forecasts: they must be the same"):
        metric(random_walk(40), random_walk(39, seed=1))


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
@pytest.mark.parametrize("place", [0, 20, 39])
def test_missing_values_are_refused_and_never_become_a_score(metric, place):
    truth, forecast = random_walk(40), random_walk(40, seed=1)
    gap = forecast.copy()
    gap[place] = np.nan
    with pytest.raises(ValueError, match=r"(?i)missing|nan"):
        metric(truth, gap)
    gap = truth.copy()
    gap[place] = np.nan
    with pytest.raises(ValueError, match=r"(?i)missing|nan"):
        metric(gap, forecast)


# ---------------------------------------------------------------- delays


@given(
    delay=st.integers(0, 5),
    seed=st.integers(0, 999),
    offset=st.floats(-50, 50),
    factor=st.floats(0.1, 10),
)
def test_a_planted_delay_is_found_whatever_the_offset_and_size_of_moves(
    delay, seed, offset, factor
):
    walk = random_walk(205, seed)
    truth, late = walk[5:], walk[5 - delay : 205 - delay]
    profile = lag_profile(truth, offset + factor * late)
    assert list(profile.index) == list(range(11))
    assert lag(truth, offset + factor * late) == delay
    assert profile[delay] == pytest.approx(1)


def test_a_noisy_copy_of_yesterday_is_one_day_late():
    walk = random_walk(300)
    noise = np.random.default_rng(1).normal(0, 0.5, 299)
    assert lag(walk[1:], walk[:-1] + noise) == 1


def test_the_largest_delay_tried_is_a_choice():
    walk = random_walk(120)
    assert lag(walk[20:], walk[:-20], max_lag=25) == 20
    assert lag_profile(walk, walk, max_lag=3).index.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("moves", [0, 0.1, 1], ids=["constant", "rounding line", "exact line"])
def test_a_forecast_whose_moves_never_differ_has_no_delay(moves):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="no delay"):
            lag(random_walk(100), 30 + moves * np.arange(100))


def test_too_few_days_for_a_delay_are_refused():
    assert lag(random_walk(13), random_walk(13)) == 0
    with pytest.raises(ValueError, match="12 days are too few to look for delays up to 10"):
        lag(random_walk(12), random_walk(12))


def test_score_table_has_its_columns_in_order_and_a_row_per_forecast_in_the_given_order():
    truth = PRICES["High"].loc["2017"]
    naive = PRICES["High"].shift().loc["2017"]
    forecasts = {"same as yesterday": naive, "zebra": truth + 0.01, "ape": naive.to_numpy() + 3}
    table = score_table(truth, forecasts)
    assert list(table.columns) == ["RMSE", "skill", "lag"]
    assert list(table.index) == ["same as yesterday", "zebra", "ape"]
    assert table["lag"].tolist() == [1, 0, 1]
    assert table["lag"].dtype.kind == "i"
    assert table["skill"].iloc[0] == 0
    for name, forecast in forecasts.items():
        assert table.loc[name, "RMSE"] == rmse(truth, forecast)
        assert table.loc[name, "skill"] == skill(truth, forecast, naive)


# ---------------------------------------------------------------- Diebold and Mariano


def diebold_mariano_by_hand(truth, forecast, rival):
    gains = (truth - rival) ** 2 - (truth - forecast) ** 2
    n = len(gains)
    days_back = int(4 * (n / 100) ** (2 / 9))
    deviations = gains - gains.mean()
    long_run = deviations @ deviations / n
    for k in range(1, days_back + 1):
        weight = 1 - k / (days_back + 1)  # Bartlett's, which keeps the variance positive
        long_run += 2 * weight * (deviations[k:] @ deviations[:-k]) / n
    statistic = gains.mean() / np.sqrt(long_run / (n - 1))
    return gains.mean(), statistic, 2 * stats.t.sf(abs(statistic), n - 1)


@given(days=st.integers(10, 400), seed=st.integers(0, 999))
def test_diebold_mariano_equals_the_formula_of_newey_and_west(days, seed):
    rng = np.random.default_rng(seed)
    truth, noise = rng.normal(size=(2, days))
    forecast, rival = noise.cumsum() / 9, rng.normal(0, 1.2, days)
    expected = diebold_mariano_by_hand(truth, forecast, rival)
    np.testing.assert_allclose(diebold_mariano(truth, forecast, rival), expected, rtol=1e-8)


@given(days=st.integers(10, 100), seed=st.integers(0, 999))
def test_swapping_forecast_and_rival_flips_the_gain_and_keeps_p(days, seed):
    truth, forecast, rival = np.random.default_rng(seed).normal(size=(3, days))
    one = diebold_mariano(truth, forecast, rival)
    other = diebold_mariano(truth, rival, forecast)
    np.testing.assert_allclose(one, [-other.gain, -other.statistic, other.p_value])
    assert one.gain == pytest.approx(rmse(truth, rival) ** 2 - rmse(truth, forecast) ** 2)


def test_between_equals_p_is_uniform_and_5_percent_fall_below_5_percent():
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(400, 3, 250))
    p_values = np.array([diebold_mariano(*draw).p_value for draw in draws])
    assert 0.02 < (p_values < 0.05).mean() < 0.09
    shares = np.histogram(p_values, bins=5, range=(0, 1))[0] / 400
    assert shares.min() > 0.13
    assert shares.max() < 0.28


def test_a_clearly_better_forecast_is_told_from_its_rival():
    rng = np.random.default_rng(0)
    truth = random_walk(250)
    result = diebold_mariano(truth, truth + rng.normal(0, 1, 250), truth + rng.normal(0, 2, 250))
    assert result.gain > 0
    assert result.statistic > 0
    assert result.p_value < 1e-6


def test_two_forecasts_that_are_the_same_are_refused():
    truth = random_walk(50)
    with pytest.raises(ValueError, match="are the same, or one better by the same"):
        diebold_mariano(truth, truth + 1, (truth + 1)[:, np.newaxis])


@pytest.mark.parametrize("kind", [MinMaxScaler, StandardScaler])
def test_two_forecasts_that_differ_by_rounding_are_refused(kind):
    high = PRICES[["High"]]
    scaler = kind().fit(high)
    naive = high["High"].shift().iloc[1:]
    there_and_back = unscale(scaler, scaler.transform(high)[:-1, 0].astype("float32"))
    with pytest.raises(ValueError, match="nothing to test"):
        diebold_mariano(high["High"].iloc[1:], there_and_back, naive)


# ---------------------------------------------------------------- leaks: the split

DAYS = pd.DataFrame({"day": np.arange(len(PRICES))}, index=PRICES.index)
FIRST_TEST_DAY = int((PRICES.index.year < 2017).sum())


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


HONEST_TEST = make_windows(split_by_year(DAYS, 2017, 20)[1], 20)


def shuffled_before_the_split():
    windows, targets = make_windows(DAYS, 20)
    order = np.random.default_rng(0).permutation(len(targets))
    train, test = order[:FIRST_TEST_DAY], order[FIRST_TEST_DAY:]
    return windows[train], targets[train], windows[test], targets[test]


def horizon_crosses_the_split():
    """Keep every window that lies before the year, though its target five days on does not."""
    windows, targets = make_windows(DAYS, 20, horizon=5)
    before = windows[:, -1, 0] < FIRST_TEST_DAY
    test = make_windows(split_by_year(DAYS, 2017, 20)[1], 20, horizon=5)
    return windows[before], targets[before], *test


def cut_first_and_split_by_position():
    """Training targets stop before the test targets, but after the first forecast is made."""
    windows, targets = make_windows(DAYS, 20, horizon=5)
    first = FIRST_TEST_DAY - 20
    return windows[:first], targets[:first], windows[first:], targets[first:]


def one_day_too_many():
    windows, targets = make_windows(DAYS.iloc[: FIRST_TEST_DAY + 1], 20)
    return windows, targets, *HONEST_TEST


def trained_on_later_years():
    windows, targets = make_windows(DAYS[DAYS.index.year != 2016], 20)
    return windows, targets, *make_windows(split_by_year(DAYS, 2016, 20)[1], 20)


def windows_alone_reach_into_the_test_days():
    windows, _ = make_windows(DAYS, 20)
    return windows, np.arange(20, FIRST_TEST_DAY), *HONEST_TEST


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


# ---------------------------------------------------------------- leaks: the scaler


@pytest.mark.parametrize("kind", SCALERS)
@pytest.mark.parametrize("columns", [["High"], list(PRICES.columns)], ids=str)
def test_a_scaler_of_the_training_part_passes_as_table_or_array(kind, columns):
    train = TRAIN[columns]
    assert check_scaler(fit_scaler_on(train, kind()), train) is None
    assert check_scaler(kind().fit(train.to_numpy()), train) is None
    assert check_scaler(kind().fit(train), train.to_numpy()) is None


@pytest.mark.parametrize("kind", SCALERS)
def test_a_scaler_that_is_not_fitted_passes_nowhere(kind):
    with pytest.raises(ValueError, match="fit it, and check it before it is saved"):
        check_scaler(kind(), TRAIN)


@pytest.mark.parametrize("kind", SCALERS)
def test_a_scaler_fitted_in_single_precision_passes(kind):
    assert check_scaler(kind().fit(TRAIN.astype("float32")), TRAIN) is None


@pytest.mark.parametrize("kind", SCALERS)
def test_a_scaler_of_returns_around_0_passes_however_their_mean_was_summed(kind):
    returns = returns_and_range(TRAIN, "High")
    centred = returns - returns.mean()
    by_rows = kind().fit(np.ascontiguousarray(centred))
    by_columns = kind().fit(np.asfortranarray(centred))
    in_parts = kind().partial_fit(centred.iloc[:99]).partial_fit(centred.iloc[99:])
    for scaler in (by_rows, by_columns, in_parts):
        assert check_scaler(scaler, centred) is None


@pytest.mark.parametrize("kind", SCALERS)
@pytest.mark.parametrize(
    "known",
    [
        PRICES,
        PRICES.loc["2017"],
        PRICES.iloc[: len(TRAIN) + 20],
        TRAIN.iloc[: len(TRAIN) // 2],
        TRAIN.assign(Low=PRICES["Low"].max()),
        TRAIN[["High"]],
    ],
    ids=["all years", "test year", "20 test days", "half", "one column", "other columns"],
)
def test_check_scaler_catches(kind, known):
    with pytest.raises(LeakError, match="fit it on the training part only"):
        check_scaler(kind().fit(known), TRAIN)


@pytest.mark.parametrize("kind", SCALERS)
def test_check_scaler_catches_returns_of_all_years(kind):
    returns = returns_and_range(PRICES, "High")
    train, _ = split_by_year(returns, 2017)
    with pytest.raises(LeakError):
        check_scaler(kind().fit(returns), train)


# ---------------------------------------------------------------- leaks: the whole way

DAY = "2017-03-01"


def yesterday(table):
    return table["High"].shift()


def average_of_the_week_before(table):
    return table["High"].rolling(5).mean().shift().dropna()


def gaps_filled_from_the_past(table):
    return yesterday(table.ffill())


def linear_on_returns_and_range(table):
    table = table.ffill()
    returns = forecast_year(
        returns_and_range(table, "High"), 2017, 20, lambda w, t: WindowRegression().fit(w, t)
    )
    return table["High"].shift().loc[returns.index] * np.exp(returns)


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


HONEST = [
    yesterday,
    average_of_the_week_before,
    gaps_filled_from_the_past,
    linear_on_returns_and_range,
    ridge_scaled_by_the_past,
]


def with_gaps(table):
    gaps = table.copy()
    place = table.index.get_loc(DAY)
    gaps.iloc[place - 3 : place] = np.nan
    gaps.iloc[place + 5 : place + 8] = np.nan
    return gaps


TABLES = {
    "prices": PRICES,
    "whole numbers": PRICES.astype({"Volume": "int64"}),
    "single precision": PRICES.astype("float32"),
    "text": PRICES.assign(Name="IBM"),
    "gaps": with_gaps(PRICES),
}


@pytest.mark.parametrize("forecast", HONEST)
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_an_honest_forecast_passes_on_any_table_and_the_table_stays_as_it_was(forecast, table):
    before = table.copy()
    assert check_past_only(forecast, table, DAY) is None
    pd.testing.assert_frame_equal(table, before)


def test_an_honest_forecast_of_values_below_0_passes():
    returns = returns_and_range(PRICES, "High")
    assert check_past_only(lambda table: table["return"].shift(), returns, DAY) is None


def today(table):
    return table["High"]


def tomorrow(table):
    return table["High"].shift(-1)


def centred_rolling_mean(table):
    return table["High"].rolling(5, center=True).mean().shift()


def rolling_mean_with_today(table):
    return table["High"].rolling(5).mean()


def feature_of_the_same_day(table):
    return table["High"].shift() + 0.1 * (table["Open"] - table["Close"].shift())


def gaps_filled_from_the_future(table):
    return yesterday(with_gaps(table).bfill())


def gaps_filled_from_the_future_in_place(table):
    place = table.index.get_loc(DAY)
    table.iloc[place - 3 : place] = table.iloc[place].to_numpy()
    return yesterday(table)


def gaps_filled_by_interpolation(table):
    return yesterday(with_gaps(table).interpolate())


def divided_by_the_maximum_of_all(table):
    return table["High"].shift() / table["High"].max()


def scaler_of_all_years(table):
    return ridge(table, StandardScaler().fit(table[["High"]]))


def minmax_scaler_of_all_years(table):
    return ridge(table, MinMaxScaler().fit(table[["High"]]))


def regression_on_all_years(table):
    windows, targets = make_windows(table[["High"]], 5)
    model = WindowRegression().fit(windows, targets)
    return pd.Series(model.predict(windows)[:, 0], table.index[5:]).loc["2017":]


def days_chosen_by_the_average_of_all_some_vanish(table):
    return yesterday(table)[table["High"] > table["High"].mean()]


def days_chosen_by_the_average_of_all_some_appear(table):
    return yesterday(table)[table["High"] < table["High"].mean()]


@pytest.mark.parametrize(
    "leak",
    [
        today,
        tomorrow,
        centred_rolling_mean,
        rolling_mean_with_today,
        feature_of_the_same_day,
        gaps_filled_from_the_future,
        gaps_filled_from_the_future_in_place,
        gaps_filled_by_interpolation,
        divided_by_the_maximum_of_all,
        scaler_of_all_years,
        minmax_scaler_of_all_years,
        regression_on_all_years,
        days_chosen_by_the_average_of_all_some_vanish,
        days_chosen_by_the_average_of_all_some_appear,
    ],
)
def test_check_past_only_catches(leak):
    with pytest.raises(LeakError, match=rf"(?i)forecasts up to {DAY} moved"):
        check_past_only(leak, PRICES.copy(), DAY)


def test_a_real_gap_filled_in_place_from_the_future_is_caught_and_stays_a_gap():
    def fill_in_place(table):
        table.bfill(inplace=True)
        return table["High"].shift().dropna()

    table = with_gaps(PRICES)
    before = table.copy()
    with pytest.raises(LeakError):
        check_past_only(fill_in_place, table, DAY)
    pd.testing.assert_frame_equal(table, before)


def test_the_message_names_the_first_forecast_that_moved():
    with pytest.raises(LeakError, match="the first for 2017-02-27"):
        check_past_only(lambda table: table["High"].shift(-2), PRICES, DAY)


def test_nothing_to_check_is_an_error_and_not_a_pass():
    with pytest.raises(ValueError, match="No forecast for 2016-12-30 or before: choose a later"):
        check_past_only(linear_on_returns_and_range, PRICES, "2016-12-30")
    for after_the_end in ("2017-12-30", "2018-06-01"):
        with pytest.raises(ValueError, match=f"ends before {after_the_end}: choose an earlier"):
            check_past_only(tomorrow, PRICES, after_the_end)


def test_days_of_a_time_zone_are_checked_as_any_others():
    table = PRICES.tz_localize("America/New_York")
    assert check_past_only(yesterday, table, DAY) is None
    assert check_past_only(yesterday, table, pd.Timestamp(DAY, tz="America/New_York")) is None
    with pytest.raises(LeakError):
        check_past_only(tomorrow, table, DAY)


# ---------------------------------------------------------------- what a stranger tried


@pytest.mark.parametrize(
    "forecast",
    [
        lambda table: PRICES["High"].shift(),
        lambda table: PRICES["High"].rolling(5, center=True).mean(),
        lambda table: table["High"] * 0 + 100.0,
    ],
    ids=["another table", "another table, and a leak", "a constant"],
)
def test_check_past_only_refuses_a_function_that_does_not_use_its_table(forecast):
    with pytest.raises(ValueError, match="does it use another one, from outside of it"):
        check_past_only(forecast, PRICES, "2017-06-01")


def test_a_forecast_that_never_moves_has_a_row_without_a_lag():
    truth = PRICES["High"].iloc[:50]
    table = score_table(truth, {"naive": truth.shift().bfill(), "held": truth * 0 + truth.iloc[0]})
    assert table["lag"].isna().tolist() == [False, True]


def test_forecasts_that_drift_evenly_or_settle_have_no_lag_either():
    truth, days = PRICES["High"].iloc[:100], np.arange(100)
    forecasts = {
        "naive": truth.shift().bfill(),
        "held drift": truth.iloc[0] + 0.05 * days,
        "settled": np.where(days < 5, 150 + 10 * 0.5**days, 150.0),
    }
    assert score_table(truth, forecasts)["lag"].isna().tolist() == [False, True, True]


def test_a_table_of_nothing_and_a_truth_that_stands_still_are_refused():
    with pytest.raises(ValueError, match="nothing to compare"):
        score_table(PRICES["High"], {})
    with pytest.raises(ValueError, match="has no delay"):
        lag(np.ones(50), random_walk(50))


def test_degenerate_comparisons_are_refused():
    truth = np.arange(30.0)
    with pytest.raises(ValueError, match="nothing left to gain"):
        skill(truth, truth + 1, truth)
    with pytest.raises(ValueError, match="too few for a test"):
        diebold_mariano(truth[:5], truth[:5] + 1, truth[:5] - 2)
    with pytest.raises(ValueError, match="nothing to test"):
        diebold_mariano(truth, truth + 1, truth + 2)
