"""Training learns, repeats itself under a seed and stays quiet; a forecast of a year is honest."""

import re

from course_utils.evaluation import check_past_only
from course_utils.models import Persistence, WindowRegression, recurrent
from course_utils.training import fit, forecast_year
from course_utils.windows import make_windows

import keras
import numpy as np
import pandas as pd
import pytest
from helpers import made_up_prices
from sklearn.preprocessing import MinMaxScaler, StandardScaler

PRICES = made_up_prices("2015-06-01", "2018-01-31")


def linear(windows, targets):
    return WindowRegression().fit(windows, targets)


def easy_task():
    """Return windows and targets: the target is the last value of each window."""
    windows = np.random.default_rng(0).normal(size=(32, 3, 1))
    return windows, windows[:, -1, 0].copy()


def tiny_network(seed):
    keras.utils.set_random_seed(seed)
    model = recurrent("SimpleRNN", features=1, units=3, dropout=0.1)
    model.compile(keras.optimizers.Adam(0.02), "mse")
    return model


def train_tiny(seed, eagerly=False, **options):
    model = tiny_network(seed)
    model.run_eagerly = eagerly
    history = fit(model, *easy_task(), epochs=3, batch_size=16, **options)
    return model.get_weights(), history.history["loss"]


@pytest.mark.slow
def test_quiet_training_lowers_the_loss_the_seed_alone_decides_how_and_nothing_is_written(capfd):
    (weights, loss), (again, loss_again), (other, _) = (
        train_tiny(seed, eagerly=True, quiet=True) for seed in (7, 7, 8)
    )
    assert len(loss) == 3
    assert loss[-1] < loss[0]
    assert loss == loss_again
    for one, two, three in zip(weights, again, other, strict=True):
        np.testing.assert_array_equal(one, two)
        assert not np.array_equal(one, three)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_step_of_training_is_traced_once():
    model = tiny_network(seed=0)
    model.compile("adam", "mse", metrics=["mae"])
    traced, step = [], model.train_step
    model.train_step = lambda data: traced.append(data) or step(data)
    fit(model, *easy_task(), epochs=2, batch_size=10, quiet=True)
    assert len(traced) == 1


@pytest.mark.slow
def test_training_writes_one_bar_to_stdout_and_nothing_to_stderr(capfd):
    train_tiny(seed=0, label="my network")
    out, err = capfd.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    last_state = out.split("\r")[-1]
    assert re.fullmatch(r"my network: 100%.*3/3.*loss=.*\n", last_state)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("as_validation", [False, True])
def test_missing_values_are_refused_before_they_become_a_loss_of_nan(place, as_validation):
    values = easy_task()
    values[place][5] = np.nan
    given = (easy_task(), values) if as_validation else (values, None)
    with pytest.raises(ValueError, match="infinite ones: fill or drop them first"):
        fit(tiny_network(0), *given[0], validation=given[1], epochs=1)


def test_windows_and_targets_of_unequal_number_are_refused():
    windows, targets = easy_task()
    with pytest.raises(ValueError, match="32 windows but 31 targets: cut both with make_windows"):
        fit(tiny_network(0), windows, targets[:-1], epochs=1)


@pytest.mark.parametrize("year", [2016, 2017, 2018])
def test_a_forecast_has_exactly_the_days_of_its_year(year):
    forecast = forecast_year(PRICES, year, 20, linear)
    pd.testing.assert_index_equal(forecast.index, PRICES.loc[str(year)].index)
    assert forecast.notna().all()


@pytest.mark.parametrize("scaler", [None, StandardScaler(), MinMaxScaler()])
def test_a_forecast_equals_the_same_steps_by_hand(scaler):
    table = PRICES[["High", "Close"]]
    values = table.to_numpy()
    first = int((table.index.year < 2017).sum())
    last = int((table.index.year < 2018).sum())
    lookback = 5
    known = np.column_stack([values[lookback - 1 : first - 1], np.ones(first - lookback)])
    rule, *_ = np.linalg.lstsq(known, values[lookback:first, 0])
    expected = np.column_stack([values[first - 1 : last - 1], np.ones(last - first)]) @ rule
    forecast = forecast_year(table, 2017, lookback, linear, scaler)
    np.testing.assert_allclose(forecast, expected, rtol=1e-9)


@pytest.mark.parametrize("scaler", [None, MinMaxScaler()])
def test_the_trainer_sees_the_scaled_training_part_alone(scaler):
    seen = {}

    def spy(windows, targets):
        seen["windows"], seen["targets"] = windows, targets
        return Persistence()

    forecast_year(PRICES[["High"]], 2017, 10, spy, scaler)
    train = PRICES.loc[:"2016", ["High"]]
    if scaler is None:
        scaled = (train - train.mean()) / train.std(ddof=0)
    else:
        scaled = (train - train.min()) / (train.max() - train.min())
    windows, targets = make_windows(scaled, 10)
    np.testing.assert_allclose(seen["windows"], windows, atol=1e-12)
    np.testing.assert_allclose(seen["targets"], targets, atol=1e-12)


def test_several_models_forecast_as_each_by_itself():
    models = [Persistence(), linear(*make_windows(PRICES, 20))]
    table = forecast_year(PRICES, 2017, 20, lambda *_: models)
    for column, model in enumerate(models):
        alone = forecast_year(PRICES, 2017, 20, lambda *_, model=model: model)
        np.testing.assert_array_equal(table[column], alone)


class Answering:
    """A model that makes of the right forecasts what `change` makes of them."""

    def __init__(self, change):
        self.change = change

    def predict(self, windows, verbose=0):
        return self.change(windows[:, -1, :1])


@pytest.mark.parametrize(
    ("trained", "error", "message"),
    [
        (None, TypeError, "must return the model, not NoneType"),
        (keras.callbacks.History(), TypeError, "must return the model, not History"),
        ([Persistence(), None], TypeError, "must return the model, not NoneType"),
        (Answering(lambda right: right[:10]), ValueError, r"shape \(10, 1\) from 260 windows"),
        (Answering(np.ravel), ValueError, r"shape \(260,\) .* return .* shape \(260, 1\)"),
        (Answering(lambda right: right.repeat(3, axis=1)), ValueError, r"shape \(260, 3\)"),
        (Answering(lambda right: None), ValueError, r"shape \(\)"),
    ],
)
def test_a_year_is_forecast_by_a_model_with_one_number_for_each_window(trained, error, message):
    as_list = Answering(lambda right: right.tolist())
    same = forecast_year(PRICES, 2017, 20, lambda *_: as_list)
    pd.testing.assert_series_equal(same, forecast_year(PRICES, 2017, 20, lambda *_: Persistence()))
    with pytest.raises(error, match=message):
        forecast_year(PRICES, 2017, 20, lambda *_: trained)


@pytest.mark.parametrize("day", ["2017-01-02", "2017-06-15", "2017-12-29"])
def test_future_values_never_change_past_forecasts(day):
    check_past_only(lambda table: forecast_year(table, 2017, 20, linear), PRICES, day)


def test_a_year_not_in_the_table_and_a_gap_are_refused():
    with pytest.raises(ValueError, match="No day in 2019"):
        forecast_year(PRICES, 2019, 20, linear)
    gap = PRICES.copy()
    gap.iloc[30, 1] = np.nan
    with pytest.raises(ValueError, match="position 30 is missing"):
        forecast_year(gap, 2017, 20, linear)
