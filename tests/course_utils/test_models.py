"""Naive forecasts and networks are asked in one way, and are what the lessons say they are."""

import inspect

from course_utils.fused import FusedLSTM
from course_utils.generation import free_run, hold_others
from course_utils.models import (
    CELLS,
    EWMA,
    CloseAndGap,
    CloseAndRecentGap,
    Drift,
    Mean,
    Persistence,
    Seasonal,
    WindowRegression,
    computed_by,
    recurrent,
)
from course_utils.windows import make_windows

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

NAIVE = [Persistence(), Drift(), Mean(), EWMA()]


def random_windows(samples, lookback, features, seed=0):
    return np.random.default_rng(seed).normal(100, 10, (samples, lookback, features))


any_windows = st.builds(
    random_windows, st.integers(1, 9), st.integers(2, 9), st.integers(1, 3), st.integers(0, 99)
)


def test_naive_forecasts_by_hand():
    windows = np.array([[[1.0, 9], [2, 9], [6, 9]], [[5.0, 0], [5, 0], [2, 0]]])
    assert Persistence().predict(windows).tolist() == [[6], [2]]
    assert Drift().predict(windows).tolist() == [[8.5], [0.5]]
    assert Mean().predict(windows).tolist() == [[3], [4]]
    assert EWMA(0.5).predict(windows).ravel() == pytest.approx([29 / 7, 23 / 7])
    assert Drift().predict(windows.astype("uint8")).tolist() == [[8.5], [0.5]]
    for naive in (Persistence(), Drift(), Mean(), EWMA(), Seasonal(2)):
        assert not np.shares_memory(naive.predict(windows), windows)


def test_close_and_gap_adds_one_constant_to_the_close():
    windows = np.array([[[9.0, 8, 5]], [[9.0, 8, 6]], [[9.0, 8, 7]]])
    model = CloseAndGap().fit(windows, np.array([6.0, 8, 7]))  # gaps of 1, 2 and 0
    assert model.predict(windows).tolist() == [[6], [7], [8]]


def test_close_and_recent_gap_adds_the_mean_gap_of_the_window_to_its_last_close():
    windows = np.array([[[9.0, 8, 5], [7, 5, 6], [9, 6, 8]]])  # gaps of 7 - 5 and 9 - 6
    assert CloseAndRecentGap().fit(windows, np.array([9.0])).predict(windows).tolist() == [[10.5]]
    with pytest.raises(ValueError, match="one day has no gap"):
        CloseAndRecentGap().predict(windows[:, :1])


def test_an_average_of_decaying_weights_lies_between_the_last_value_and_the_mean():
    windows = random_windows(4, 6, 1)
    np.testing.assert_allclose(EWMA(1).predict(windows), Mean().predict(windows))
    np.testing.assert_allclose(EWMA(1e-9).predict(windows), Persistence().predict(windows))
    with pytest.raises(ValueError, match="is not a share"):
        EWMA(1.5)


@given(windows=any_windows, offset=st.floats(-100, 100), factor=st.floats(0.1, 10))
def test_naive_forecasts_follow_a_change_of_unit(windows, offset, factor):
    for model in NAIVE:
        np.testing.assert_allclose(
            model.predict(factor * windows + offset),
            factor * model.predict(windows) + offset,
            rtol=1e-9,
            atol=1e-6,
        )


@pytest.mark.parametrize("cell", ["SimpleRNN", "LSTM", "GRU"])
def test_networks_and_naive_forecasts_are_asked_alike_and_answer_in_one_shape(cell):
    windows = random_windows(4, 6, 3)
    regression = WindowRegression().fit(windows, windows[:, -1, 0])
    network = recurrent(cell, features=3, units=2)
    for model in [*NAIVE, regression, network]:
        assert model.predict(windows, verbose=0).shape == (4, 1)
    for model in [*NAIVE, regression]:
        assert inspect.signature(model.predict).parameters["verbose"].default == 0


def expected_parameters(cell, features, units):
    return {
        "SimpleRNN": units * (features + units) + units,
        "LSTM": 4 * (units * (features + units) + units),
        # Keras' GRU resets after the matrix product (reset_after), which takes a second bias.
        "GRU": 3 * (units * (features + units) + 2 * units),
    }[cell]


@pytest.mark.parametrize("cell", ["SimpleRNN", "LSTM", "GRU"])
@pytest.mark.parametrize(("features", "units"), [(1, 1), (4, 7), (1, 50)])
def test_parameters_are_as_many_as_the_formulas_say(cell, features, units):
    model = recurrent(cell, features, units)
    assert model.layers[0].count_params() == expected_parameters(cell, features, units)
    assert model.layers[-1].count_params() == units + 1


def test_the_classic_network_is_four_lstm_layers_each_with_dropout_and_one_output():
    model = recurrent("LSTM", features=1, units=50, layers=4, dropout=0.2)
    kinds = [type(layer) for layer in model.layers]
    assert kinds == [keras.layers.LSTM, keras.layers.Dropout] * 4 + [keras.layers.Dense]
    assert [layer.return_sequences for layer in model.layers[:-1:2]] == [True, True, True, False]
    assert {layer.rate for layer in model.layers[1:-1:2]} == {0.2}
    first = expected_parameters("LSTM", 1, 50)
    assert model.count_params() == first + 3 * expected_parameters("LSTM", 50, 50) + 51 == 71_051


def test_a_network_takes_windows_of_any_length_and_comes_uncompiled():
    model = recurrent("GRU", features=2, units=2)
    assert model.input_shape == (None, None, 2)
    assert model.output_shape == (None, 1)
    assert not model.compiled


def test_several_cells_make_a_hybrid_of_one_layer_each_in_their_order():
    model = recurrent(("LSTM", "GRU"), features=3, units=7)
    assert [type(layer).__name__ for layer in model.layers] == ["LSTM", "GRU", "Dense"]
    assert [layer.return_sequences for layer in model.layers[:2]] == [True, False]


def test_both_directions_have_twice_the_units_and_the_weights_of_two_layers():
    one, two = (recurrent("GRU", 3, 7, bidirectional=both) for both in (False, True))
    assert two.layers[0].count_params() == 2 * one.layers[0].count_params()
    assert two.layers[0].output.shape == (None, 14)


def gradients(layer, sequences):
    """Output and gradients, with a loss in which no two outputs count alike."""
    with tf.GradientTape() as tape:
        tape.watch(sequences)
        output = layer(sequences, training=True)
        loss = tf.reduce_sum(
            output * tf.reshape(tf.range(tf.size(output), dtype="float32"), output.shape)
        )
    return [output, *tape.gradient(loss, [sequences, *layer.trainable_weights])]


@pytest.mark.parametrize("time_steps", [1, 2, 9])
@pytest.mark.parametrize("options", [{}, {"return_sequences": True}, {"go_backwards": True}])
def test_the_fused_lstm_has_keras_outputs_and_gradients(time_steps, options):
    sequences = tf.constant(random_windows(3, time_steps, 2) / 100, "float32")
    plain, fused = keras.layers.LSTM(4, **options), FusedLSTM(4, **options)
    rng = np.random.default_rng(1)
    for layer in (plain, fused):
        layer.build(sequences.shape)
    weights = [rng.normal(size=weight.shape) for weight in plain.weights]
    plain.set_weights(weights)
    fused.set_weights(weights)
    pairs = zip(gradients(plain, sequences), gradients(fused, sequences), strict=True)
    for expected, found in pairs:
        np.testing.assert_allclose(
            found, expected, rtol=1e-4, atol=1e-5 * abs(expected).numpy().max()
        )


@pytest.mark.parametrize(
    "options",
    [{"activation": "relu"}, {"dropout": 0.5}, {"return_state": True}, {"use_bias": False}],
)
def test_the_fused_lstm_leaves_to_keras_what_it_cannot_do(options):
    sequences = tf.constant(random_windows(3, 5, 2) / 100, "float32")
    plain, fused = (kind(4, **options, seed=0) for kind in (keras.layers.LSTM, FusedLSTM))
    plain.build(sequences.shape)
    fused.build(sequences.shape)
    fused.set_weights(plain.get_weights())
    pairs = zip(
        tf.nest.flatten(plain(sequences, training=True)),
        tf.nest.flatten(fused(sequences, training=True)),
        strict=True,
    )
    for expected, found in pairs:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.slow
def test_the_fused_lstm_trains_like_keras_and_compiles_under_xla_for_a_free_run():
    windows = random_windows(32, 6, 2)  # one batch: a rest would be compiled, too
    windows, targets = (windows - 100) / 10, windows[:, -1, 0] / 100
    losses = {}
    for cell in ("LSTM", "FusedLSTM"):
        keras.utils.set_random_seed(0)
        model = recurrent(cell, features=2, units=4)
        model.compile("adam", "mse")
        losses[cell] = model.fit(windows, targets, epochs=3, verbose=0).history["loss"]
    np.testing.assert_allclose(losses["FusedLSTM"], losses["LSTM"], rtol=1e-4)
    path = free_run(model, windows[0], steps=3, rule=hold_others)
    assert np.isfinite(path).all()


@pytest.mark.parametrize(
    ("cell", "layers", "message"),
    [
        ("Transformer", 1, "No cell 'Transformer': choose one of SimpleRNN, LSTM, GRU"),
        ("LSTM", 0, "without a recurrent layer cannot learn"),
    ],
)
def test_an_unknown_cell_and_a_network_without_layers_are_refused(cell, layers, message):
    with pytest.raises(ValueError, match=message):
        recurrent(cell, features=1, layers=layers)


def test_a_line_through_one_day_is_refused():
    with pytest.raises(ValueError, match="no slope: take a lookback of at least 2"):
        Drift().predict(random_windows(2, 1, 1))


@settings(max_examples=30)
@given(lookback=st.integers(2, 6), features=st.integers(1, 3), seed=st.integers(0, 99))
def test_last_day_regression_ignores_all_but_the_last_day(lookback, features, seed):
    windows = random_windows(20, lookback, features, seed)
    targets = windows[:, -1].sum(axis=1) + 1
    other_past = windows.copy()
    other_past[:, :-1] = random_windows(20, lookback - 1, features, seed + 100)
    model = WindowRegression().fit(windows, targets)
    np.testing.assert_array_equal(model.predict(windows), model.predict(other_past))
    np.testing.assert_array_equal(
        model.predict(windows), WindowRegression().fit(other_past, targets).predict(windows)
    )


@pytest.mark.parametrize("days", [0, -1])
def test_a_regression_on_no_day_is_refused(days):
    with pytest.raises(ValueError, match=f"{days} days is too few: ask for at least 1"):
        WindowRegression(days)


def test_last_day_regression_finds_a_linear_rule_and_returns_itself():
    windows = random_windows(30, 4, 2)
    model = WindowRegression()
    assert model.fit(windows, 3 * windows[:, -1, 0] - windows[:, -1, 1] + 5) is model
    unseen = random_windows(8, 4, 2, seed=1)
    expected = 3 * unseen[:, -1, :1] - unseen[:, -1, 1:] + 5
    np.testing.assert_allclose(model.predict(unseen), expected)


@pytest.mark.slow
def test_how_a_layer_is_computed_is_read_from_what_tensorflow_runs():
    paths = {"LSTM": "a loop", "GRU": "a loop", "SimpleRNN": "a loop", "FusedLSTM": "one operation"}
    if tf.config.list_physical_devices("GPU"):
        paths |= dict.fromkeys(["LSTM", "GRU", "FusedLSTM"], "cuDNN")
    assert {name: computed_by(cell(2)) for name, cell in CELLS.items()} == paths


@pytest.mark.parametrize("horizon", [1, 3, 24])
def test_the_seasonal_naive_forecast_is_the_value_of_a_season_before_the_target(horizon):
    windows, targets = make_windows(np.arange(100.0), 30, horizon)
    assert (Seasonal(24, horizon).predict(windows)[:, 0] == targets - 24).all()


@pytest.mark.parametrize(
    ("period", "horizon", "message"), [(24, 25, "at least the horizon"), (52, 1, "at least 52")]
)
def test_a_season_that_no_window_reaches_is_refused(period, horizon, message):
    windows, _ = make_windows(np.arange(100.0), 30)
    with pytest.raises(ValueError, match=message):
        Seasonal(period, horizon).predict(windows)


def test_weights_in_bfloat16_are_refused_with_the_policy_that_works():
    keras.config.set_dtype_policy("bfloat16")
    try:
        with pytest.raises(ValueError, match="mixed_bfloat16"):
            recurrent("GRU", 1)
    finally:
        keras.config.set_dtype_policy("float32")
