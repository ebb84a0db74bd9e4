"""What comes in wrong is refused with a sentence, in every function: see `test_wrong_input.py`."""

from datetime import date

from course_utils.checks import as_numbers, check_days, check_fits, check_same_days
from course_utils.evaluation import (
    crps,
    diebold_mariano,
    error_by_horizon,
    lag,
    rmse,
    score_table,
    skill_interval,
)
from course_utils.features import technical_features
from course_utils.models import CloseAndGap, Persistence, WindowRegression, recurrent
from course_utils.training import fit
from course_utils.volatility import HAR, CloseAndVolatility
from course_utils.windows import fit_scaler_on, make_windows, unscale

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from helpers import made_up_prices

PRICES = made_up_prices("2015-01-01", "2017-12-29")
DAYS = {
    "newest first": (PRICES[::-1], r"oldest to the newest: table\.sort_index\(\)"),
    "doubled": (PRICES.iloc[[0, *range(len(PRICES))]], "2015-01-01 is there more than once"),
    "text": (PRICES.set_axis(PRICES.index.strftime("%Y-%m-%d")), "index holds text"),
    "dates": (PRICES.set_axis([*PRICES.index.date]), "index holds dates, not days"),
    "periods": (PRICES.to_period("D"), r"periods, not days: table\.to_timestamp\(\)"),
}


@pytest.mark.parametrize(("table", "message"), DAYS.values(), ids=DAYS)
def test_days_out_of_order_doubled_or_of_another_kind_are_refused(table, message):
    check_days(PRICES)
    with pytest.raises(ValueError, match=message):
        check_days(table)


@pytest.mark.parametrize("value", [np.inf, "1,234", date(2017, 1, 3)], ids=str)
@pytest.mark.parametrize("take", [technical_features, lambda table: make_windows(table, 5)])
def test_infinite_values_and_what_is_no_number_are_refused(take, value):
    table = PRICES.astype(object)
    table.iloc[9, :4] = value
    with pytest.raises(ValueError, match=r"infinite|finite number|which is not a number"):
        take(table)


def test_a_table_that_is_no_table_or_lacks_days_is_refused():
    with pytest.raises(TypeError, match="not ndarray"):
        check_days(PRICES.to_numpy())
    with pytest.raises(ValueError, match=r"holds integers, not days: set its dates as index"):
        check_days(PRICES.reset_index())
    with pytest.raises(ValueError, match=r"notna\(\)"):
        check_days(PRICES.set_axis([pd.NaT, *PRICES.index[1:]]))


def test_numbers_keep_their_type_and_gaps_become_nan():
    assert as_numbers(np.arange(3)).dtype.kind == "i"
    np.testing.assert_array_equal(as_numbers([1, None]), [1, np.nan])
    np.testing.assert_array_equal(as_numbers(pd.Series([1, None], dtype="Int64")), [1, np.nan])


def test_lengths_of_time_are_no_numbers():
    with pytest.raises(ValueError, match="not a number: convert it"):
        as_numbers(pd.Series(pd.to_timedelta([1, 2], unit="D")))


@pytest.mark.parametrize("column", ["Close", 5, -6, 0.5])
def test_an_unknown_column_of_a_scaler_is_refused(column):
    with pytest.raises(ValueError, match=r"name it by its position .* from 0 to 4"):
        unscale(fit_scaler_on(PRICES), [0.5], column)


@pytest.mark.parametrize("score", [rmse, lag, lambda *pair: score_table(pair[0], {"a": pair[1]})])
@pytest.mark.parametrize("change", [lambda p: p[::-1], lambda p: p.shift(freq="D")])
def test_days_that_differ_are_not_scored(score, change):
    truth = PRICES["Close"]
    assert rmse(truth, truth.to_numpy()) == 0
    with pytest.raises(ValueError, match=r"Row 0 is 2015-01-01 in one and .* in the other"):
        score(truth, change(truth))
    with pytest.raises(ValueError, match="infinite"):
        score(truth, truth.replace(truth.iloc[3], np.inf))


def test_errors_need_one_forecast_a_day():
    truth = PRICES["Close"].iloc[:40]
    assert rmse(truth, truth.to_numpy()[:, np.newaxis]) == 0
    with pytest.raises(ValueError, match=r"shape \(40,\) but forecasts of \(20, 2\)"):
        rmse(truth, truth.to_numpy().reshape(20, 2))


def against_zeros(compare):
    return lambda truth, forecast: compare(truth, forecast, np.zeros(len(truth)))


@pytest.mark.parametrize(
    "judge", [lag, against_zeros(diebold_mariano), against_zeros(skill_interval)]
)
@pytest.mark.parametrize("part", ["Close", ["Close"]], ids=["series", "table"])
def test_what_depends_on_neighbours_takes_days_oldest_first_only(judge, part):
    truth = PRICES[part]
    forecast = truth.shift(fill_value=100.0)
    judge(truth, forecast)
    for pair in ((truth[::-1], forecast[::-1]), (truth.to_numpy(), forecast[::-1])):
        with pytest.raises(ValueError, match="oldest to the newest"):
            judge(*pair)


def test_origins_that_differ_are_not_scored():
    truth = PRICES[["High", "Low"]]
    with pytest.raises(ValueError, match="Row 0 is 2015-01-01 in one"):
        error_by_horizon(truth, {"naive": truth[::-1]}, [1])


def test_samples_of_other_days_are_not_scored():
    with pytest.raises(ValueError, match="Row 0"):
        crps(PRICES["Close"], PRICES[::-1][["High", "Low"]])
    check_same_days(PRICES["Close"], PRICES)


MONTHS, NEXT_HIGHS = make_windows(PRICES[["High", "Low", "Close"]].iloc[:90], 22)


@pytest.mark.parametrize("model", [WindowRegression(2), CloseAndGap(), HAR(), CloseAndVolatility()])
def test_a_forecaster_takes_one_finite_target_for_each_window(model):
    expected = model.fit(MONTHS, NEXT_HIGHS).predict(MONTHS)
    column = NEXT_HIGHS[:, np.newaxis]
    np.testing.assert_array_equal(model.fit(MONTHS, column).predict(MONTHS), expected)
    for targets, message in (
        (NEXT_HIGHS[:1], r"68 windows but targets of shape \(1,\): cut both with make_windows"),
        (column.repeat(2, axis=1), r"68 windows but targets of shape \(68, 2\)"),
        (np.where(np.arange(68) == 3, np.nan, NEXT_HIGHS), "missing values"),
        (["a word"] * 68, "not a number"),
    ):
        with pytest.raises(ValueError, match=message):
            model.fit(MONTHS, targets)


@pytest.mark.parametrize("windows", [np.ones((3, 4)), np.full((3, 4, 1), np.inf)])
def test_naive_forecasts_take_windows_of_finite_numbers_only(windows):
    for answer in (
        Persistence().predict,
        WindowRegression().fit(np.ones((2, 2, 1)), [1, 2]).predict,
    ):
        with pytest.raises(ValueError, match=r"cut them with make_windows|infinite"):
            answer(windows)


WINDOWS, TARGETS = make_windows(PRICES[["High", "Low", "Close"]], 5)


def network(units=1, loss="mse", sequences=False, built=True):
    layers = [keras.layers.GRU(3, return_sequences=sequences), keras.layers.Dense(units)]
    model = keras.Sequential([keras.Input((None, 3)), *layers] if built else layers)
    model.compile("adam", loss)
    return model


@pytest.mark.parametrize(
    ("model", "windows", "targets", "message"),
    [
        (network(sequences=True), WINDOWS, TARGETS, r"\(samples, 5, 1\), but the targets"),
        (network(sequences=True, built=False), WINDOWS, TARGETS, "return_sequences=False"),
        (network(), WINDOWS, np.tile(TARGETS[:, None], 3), r"have \(samples, 3\)"),
        (network(3), WINDOWS, TARGETS, "outputs have shape"),
        (network(), WINDOWS.swapaxes(1, 2), TARGETS, "order of the axes"),
        (network(built=False), WINDOWS.swapaxes(1, 2), TARGETS, r"use windows\.swapaxes\(1, 2\)"),
        (network(built=False), WINDOWS[:, :, :1].swapaxes(1, 2), TARGETS, "their time steps last"),
    ],
)
def test_shapes_that_would_be_broadcast_are_refused_before_training(
    model, windows, targets, message
):
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        fit(model, windows, targets, epochs=1, quiet=True)
    for weights, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weights, old)


def test_shapes_that_belong_together_are_let_pass():
    check_fits(network(), WINDOWS, TARGETS)
    check_fits(network(), WINDOWS, TARGETS[:, np.newaxis])
    check_fits(network(), tf.constant(WINDOWS), tf.constant(TARGETS))
    check_fits(network(4, "sparse_categorical_crossentropy"), WINDOWS, TARGETS)
    check_fits(network(3, lambda truth, given: truth - given), WINDOWS, TARGETS)
    check_fits(network(sequences=True), WINDOWS, WINDOWS[:, :, :1])
    unbuilt = network(built=False)
    check_fits(unbuilt, WINDOWS, TARGETS)
    assert not unbuilt.built  # nor drawn from: a check must not change what is trained
    check_fits(network(built=False), np.ones((4, 5, 3)), np.ones(4))  # it runs either way
    check_fits(recurrent("GRU", 3, 2), WINDOWS, TARGETS)  # not compiled: Keras says so
