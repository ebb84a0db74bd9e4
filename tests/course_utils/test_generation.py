"""The compiled loop gives what a person would get by calling `predict` step by step."""

from functools import partial

from course_utils import generation, stepping
from course_utils.generation import free_run, hold_others, sample_paths
from course_utils.models import recurrent

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers, ops

DAILY = pd.Series(np.arange(8.0), pd.date_range("2017-01-02", periods=8))
carried_or_not = pytest.mark.parametrize("carry_state", [False, True])


def restless(model):
    """Draw weights that are large enough for the forecasts to move."""
    rng = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(rng.normal(0, 0.7, weight.shape))
    return model


def network(cell="GRU", features=1, **options):
    return restless(recurrent(cell, features, units=6, dropout=0.2, **options))


def stack(*stacked):
    return restless(keras.Sequential([keras.Input((None, 1)), *stacked]))


def functional(time_steps=None):
    inputs = keras.Input((time_steps, 1))
    return restless(keras.Model(inputs, layers.Dense(1)(layers.GRU(3)(inputs))))


@pytest.fixture(scope="module")
def model():
    """One network for several tests, so that its loops are compiled once."""
    return network()


def some_history(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def by_predict(model, history, steps, grow, rule=None):
    """Do what `predict` does once per step; `grow` keeps the whole past in the window.

    `predict` itself would compile each network for each test.
    """
    window, path = history.copy(), []
    for _ in range(steps):
        forecast = np.reshape(model(window, training=False), (len(window), -1))[:, -1:]
        row = window[:, -1].copy()
        row = np.asarray(rule(row, forecast)) if rule else np.hstack([forecast, row[:, 1:]])
        window = np.concatenate([window[:, 0 if grow else 1 :], row[:, np.newaxis]], axis=1)
        path.append(forecast[:, 0])
    return np.stack(path, axis=1)


WAYS = {
    # name: network, carry_state
    "the other features held, re-fed": (partial(network, features=3), False),
    "a forecast at every step, re-fed": (
        lambda: stack(layers.SimpleRNN(4, return_sequences=True), layers.Dense(1)),
        False,
    ),
    "a functional network of its own time steps, re-fed": (partial(functional, 7), False),
    "states of two kinds, carried": (partial(network, ("LSTM", "GRU")), True),
    "layers that treat every step alike, carried": (
        lambda: stack(
            layers.SimpleRNN(4, return_sequences=True),
            layers.LayerNormalization(),
            layers.Dense(3),
            layers.Activation("tanh"),
            layers.SimpleRNN(4),
            layers.Dense(1),
        ),
        True,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("build", "carry_state"), WAYS.values(), ids=WAYS)
def test_a_free_run_equals_the_loop_of_predict(build, carry_state):
    """Re-fed it is the window moved on; carried it is the whole sequence run again each step."""
    model = build()
    history = some_history(3, 9, model.input_shape[-1])
    read = history[:, -(model.input_shape[1] or 9) :]
    expected = by_predict(model, read, 4, grow=carry_state)
    found = free_run(model, history, 4, carry_state=carry_state, rule=hold_others)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.ptp(expected, axis=1).min() > 1e-3  # equal because right, not because constant


@pytest.mark.slow
@carried_or_not
def test_the_rule_says_how_the_other_features_continue(carry_state):
    def fade(row, forecast):
        return ops.concatenate([forecast, 0.5 * row[:, 1:]], axis=-1)

    model, history = network(features=2), some_history(2, 7, 2)
    expected = by_predict(model, history, 4, carry_state, lambda *pair: fade(*map(np.array, pair)))
    found = free_run(model, history, 4, carry_state=carry_state, rule=fade)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert not np.allclose(found, by_predict(model, history, 4, carry_state))


@pytest.mark.slow
@carried_or_not
def test_networks_of_any_precision_run_free(carry_state, precision):
    model, history = network(), some_history(2, 7, 1)
    expected = by_predict(model, history, 4, carry_state)
    found = free_run(model, history, 4, carry_state=carry_state)
    np.testing.assert_allclose(found, expected, atol=1e-6 if precision == "float64" else 0.05)
    assert found.dtype == ("float64" if precision == "float64" else "float32")


@pytest.mark.slow
def test_many_starts_at_once_are_each_start_alone(model):
    history = some_history(45, 8, 1)  # as many as others sample paths, so compiled once
    together = free_run(model, history, 5)
    alone = [free_run(model, start, 5) for start in history]
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_array_equal(free_run(model, history[0, :, 0], 5), alone[0])


@pytest.mark.slow
def test_only_the_last_rows_of_a_longer_history_are_read(model):
    history = some_history(20, 1)
    expected = free_run(model, history[-8:], 5)
    np.testing.assert_array_equal(free_run(model, history, 5, lookback=8), expected)


@pytest.mark.slow
def test_the_loop_is_compiled_once_and_anew_for_another_layer_but_not_for_further_training(capfd):
    model, history = network("SimpleRNN"), some_history(8, 1)
    for _ in range(8):
        before = free_run(model, history, 5)
    model.layers[-1].bias.assign([3.0])
    after = free_run(model, history, 5)
    assert np.abs(after - before).min() > 1
    run = stepping.compiled(generation._refed, model, rule=hold_others)
    assert run.experimental_get_tracing_count() == 1
    assert "WARNING" not in capfd.readouterr().err
    model.add(layers.Dense(1, kernel_initializer="zeros"))
    np.testing.assert_array_equal(free_run(model, history, 5), np.zeros(5))


# ---------------------------------------------------------------------- sampled paths


@pytest.mark.slow
@carried_or_not
def test_residuals_of_zero_sample_the_free_run_itself(carry_state, model):
    history = some_history(3, 8, 1)
    paths = sample_paths(model, history, 5, [0.0], 15, seed=0, carry_state=carry_state)
    expected = by_predict(model, history, 5, grow=carry_state)
    assert paths.shape == (3, 15, 5)
    np.testing.assert_allclose(paths, np.repeat(expected[:, np.newaxis], 15, axis=1), atol=1e-5)


@pytest.mark.slow
def test_each_step_is_the_forecast_plus_a_residual_and_their_sum_is_fed_back(model):
    history, residuals = some_history(8, 1), np.array([-0.5, 0.25, 1.0])
    paths = sample_paths(model, history, 5, residuals, 45, seed=3)
    whole = np.concatenate([np.tile(history[:, 0], (45, 1)), paths], axis=1)
    windows = np.lib.stride_tricks.sliding_window_view(whole, 8, axis=1)[:, :-1]
    errors = paths.ravel() - model(windows.reshape(-1, 8, 1)).numpy()[:, 0]
    assert np.abs(errors[:, np.newaxis] - residuals).min(axis=1).max() < 1e-5


@pytest.mark.slow
def test_a_seed_repeats_the_paths_and_a_different_one_gives_different_paths(model):
    history = some_history(8, 1)
    one, same, other = (
        sample_paths(model, history, 5, [-1.0, 1.0], 45, seed=seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    assert len(np.unique(one, axis=0)) > 20  # 2 ** 5 are possible


# ---------------------------------------------------------------------- what is refused


def stateful(nested=False):
    inner = [layers.GRU(3, stateful=True), layers.Dense(1)]
    inner = [keras.Sequential(inner)] if nested else inner
    return keras.Sequential([keras.Input(batch_shape=(1, 8, 1)), *inner])


class OwnClass(keras.Model):
    def call(self, inputs):
        return inputs[:, -1]


CARRIED = {"carry_state": True}
BACKWARDS = layers.GRU(3, go_backwards=True)


@pytest.mark.parametrize(
    ("build", "changed", "message"),
    [
        (stateful, {}, "is stateful"),
        (stateful, CARRIED, "is stateful"),
        (partial(stateful, nested=True), {}, "is stateful"),
        (partial(network, bidirectional=True), CARRIED, r"\(Bidirectional\) cannot go forward"),
        (lambda: stack(BACKWARDS, layers.Dense(1)), CARRIED, r"\(GRU\) cannot go forward one step"),
        (lambda: stack(layers.Conv1D(3, 2), layers.GRU(1)), CARRIED, r"\(Conv1D\) cannot go"),
        (lambda: stack(layers.GRU(3), layers.Dense(2)), {}, "forecasts 2 numbers"),
        (lambda: keras.Sequential([layers.GRU(3)]), {}, "not built"),
        (network, {"lookback": 9}, "lookback of 9 must be at least 1 and at most the history's 8"),
        (network, {"lookback": 0}, "lookback of 0"),
        (partial(functional, 9), {}, "lookback of 9 must be at least 1 and at most the history's"),
        (partial(functional, 8), {"lookback": 4}, "takes 8 time steps, not a lookback of 4"),
        (partial(network, features=2), {}, "has 1 features, but the model was built for 2"),
        (network, {"history": np.zeros((2, 2, 2, 1))}, "A history has shape"),
        (network, {"history": [1, np.nan, 3]}, r"position 1 is missing \(1 in all\)"),
        (network, {"history": [1, 2, 3, np.inf]}, "position 3 is missing"),
        (network, {"history": ["1", "2", "3"]}, "'1', which is not a number"),
        (network, {"history": DAILY[::-1]}, "oldest to the newest"),
        (network, {"history": DAILY.to_frame()[::-1]}, "oldest to the newest"),
        (network, {"steps": 0}, "0 steps is too few: ask for at least 1"),
    ],
)
def test_what_cannot_be_generated_is_refused_with_the_reason(build, changed, message):
    given = {"history": some_history(8, 1), "steps": 5, "rule": hold_others} | changed
    with pytest.raises(ValueError, match=message):
        free_run(build(), **given)


def test_several_features_need_a_rule():
    with pytest.raises(ValueError, match=r"sees 2 features .*rule=hold_others"):
        free_run(network(features=2), some_history(8, 2), 5)


@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        (lambda: np.zeros(3), {}, "sequential or functional Keras model, not ndarray"),
        (OwnClass, {}, "sequential or functional Keras model, not OwnClass"),
        (functional, CARRIED, r"Only a keras\.Sequential can go forward one step at a time"),
    ],
)
def test_only_keras_models_run_free_and_only_sequential_ones_carry_a_state(build, options, message):
    with pytest.raises(TypeError, match=message):
        free_run(build(), some_history(8, 1), 5, **options)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"paths": 0}, "0 paths is too few"),
        ({"residuals": []}, "at least one"),
        ({"residuals": [0.1, np.nan]}, "finite numbers"),
    ],
)
def test_paths_need_a_number_and_residuals(changed, message):
    given = {"residuals": [0.0], "paths": 2} | changed
    with pytest.raises(ValueError, match=message):
        sample_paths(network(), some_history(8, 1), 5, **given, seed=0)
