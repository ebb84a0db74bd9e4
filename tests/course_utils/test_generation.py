"""The compiled loop gives what a person would get by calling `predict` step by step."""

from course_utils.generation import free_run, hold_others, sample_paths
from course_utils.models import recurrent

import keras
import numpy as np
import pytest
from keras import ops

NETWORKS = {
    "SimpleRNN": ("SimpleRNN", 1, 1),
    "LSTM": ("LSTM", 1, 1),
    "GRU": ("GRU", 1, 1),
    "stacked LSTM": ("LSTM", 3, 1),
    "stacked GRU, three features": ("GRU", 2, 3),
    "hybrid": (("LSTM", "GRU"), 1, 1),
}


def network(cell="GRU", layers=1, features=1, **options):
    """A network whose random weights are large enough for its forecasts to move."""
    model = recurrent(cell, features, units=6, layers=layers, dropout=0.2, **options)
    rng = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    return model


def some_history(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def by_predict(model, history, steps, grow, rule=None):
    """Call `model.predict` once a step; `grow` keeps the whole past in the window."""
    window, path = history.copy(), []
    for _ in range(steps):
        forecast = model.predict(window, verbose=0).reshape(len(window), -1)[:, -1:]
        row = window[:, -1].copy()
        row = np.asarray(rule(row, forecast)) if rule else np.hstack([forecast, row[:, 1:]])
        window = np.concatenate([window[:, 0 if grow else 1 :], row[:, np.newaxis]], axis=1)
        path.append(forecast[:, 0])
    return np.stack(path, axis=1)


@pytest.mark.parametrize(("cell", "layers", "features"), NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("carry_state", [False, True])
def test_a_free_run_equals_the_loop_of_predict(cell, layers, features, carry_state):
    """Re-fed it is the window moved on; carried it is the whole sequence run again each step."""
    model, history = network(cell, layers, features), some_history(3, 9, features)
    expected = by_predict(model, history, 12, grow=carry_state)
    found = free_run(model, history, 12, carry_state=carry_state, rule=hold_others)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.ptp(expected, axis=1).min() > 1e-3  # equal because right, not because constant


@pytest.mark.parametrize("carry_state", [False, True])
def test_the_rule_says_how_the_other_features_go_on(carry_state):
    def fade(row, forecast):
        return ops.concatenate([forecast, 0.5 * row[:, 1:]], axis=-1)

    model, history = network(features=2), some_history(2, 7, 2)
    expected = by_predict(model, history, 8, carry_state, lambda *pair: fade(*map(np.array, pair)))
    found = free_run(model, history, 8, carry_state=carry_state, rule=fade)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    held = free_run(model, history, 8, carry_state=carry_state, rule=hold_others)
    assert not np.allclose(found, held)


def test_a_bidirectional_and_a_functional_model_can_be_re_fed():
    two_ways = network(bidirectional=True)
    inputs = keras.Input((9, 1))
    functional = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Flatten()(inputs)))
    history = some_history(2, 9, 1)
    for model in (two_ways, functional):
        expected = by_predict(model, history, 5, grow=False)
        np.testing.assert_allclose(free_run(model, history, 5), expected, atol=1e-5)


@pytest.mark.parametrize("carry_state", [False, True])
def test_layers_that_treat_every_step_alike_may_stand_between(carry_state):
    layers = [
        keras.layers.GRU(4, return_sequences=True),
        keras.layers.LayerNormalization(),
        keras.layers.Dense(3),
        keras.layers.Activation("tanh"),
        keras.layers.LSTM(4),
        keras.layers.Dense(1),
    ]
    model, history = keras.Sequential([keras.Input((None, 1)), *layers]), some_history(2, 6, 1)
    expected = by_predict(model, history, 5, grow=carry_state)
    found = free_run(model, history, 5, carry_state=carry_state)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("carry_state", [False, True])
def test_a_model_that_forecasts_every_step_is_asked_for_the_last(carry_state):
    model = keras.Sequential(
        [
            keras.Input((None, 1)),
            keras.layers.SimpleRNN(4, return_sequences=True),
            keras.layers.Dense(1),
        ]
    )
    history = some_history(2, 6, 1)
    expected = by_predict(model, history, 5, grow=carry_state)
    found = free_run(model, history, 5, carry_state=carry_state)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_many_starts_at_once_are_each_start_alone():
    model, history = network(), some_history(5, 8, 1)
    together = free_run(model, history, 10)
    alone = [free_run(model, start, 10) for start in history]
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_array_equal(free_run(model, history[0, :, 0], 10), alone[0])


def test_only_the_last_rows_of_a_longer_history_are_read():
    model, history = network(), some_history(20, 1)
    np.testing.assert_array_equal(
        free_run(model, history, 6, lookback=5), free_run(model, history[-5:], 6)
    )
    fixed = keras.Sequential([keras.Input((5, 1)), *model.layers])
    np.testing.assert_array_equal(free_run(fixed, history, 6), free_run(model, history[-5:], 6))


def test_training_on_changes_what_is_generated_and_so_does_another_layer():
    model, history = network(), some_history(8, 1)
    before = free_run(model, history, 5)
    model.layers[-1].bias.assign([3.0])
    after = free_run(model, history, 5)
    assert np.abs(after - before).min() > 1
    model.add(keras.layers.Dense(1, kernel_initializer="zeros"))
    np.testing.assert_array_equal(free_run(model, history, 5), np.zeros(5))


# ---------------------------------------------------------------------- sampled paths


@pytest.mark.parametrize("carry_state", [False, True])
def test_residuals_of_zero_sample_the_free_run_itself(carry_state):
    model, history = network(), some_history(3, 8, 1)
    paths = sample_paths(model, history, 10, [0.0], 4, seed=0, carry_state=carry_state)
    expected = free_run(model, history, 10, carry_state=carry_state)
    assert paths.shape == (3, 4, 10)
    np.testing.assert_allclose(paths, np.repeat(expected[:, np.newaxis], 4, axis=1), atol=1e-6)


def test_each_step_is_the_forecast_plus_a_residual_and_their_sum_is_fed_back():
    model, history = network(), some_history(8, 1)
    residuals = np.array([-0.5, 0.25, 1.0])
    for path in sample_paths(model, history, 6, residuals, 20, seed=3):
        whole = np.concatenate([history[:, 0], path])
        windows = np.lib.stride_tricks.sliding_window_view(whole, 8)[:-1, :, np.newaxis]
        errors = path - model.predict(windows, verbose=0)[:, 0]
        assert np.abs(errors[:, np.newaxis] - residuals).min(axis=1).max() < 1e-5


def test_a_seed_repeats_the_paths_and_another_gives_others():
    model, history = network(), some_history(8, 1)
    one, same, other = (
        sample_paths(model, history, 5, [-1.0, 1.0], 50, seed=seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    assert len(np.unique(one, axis=0)) > 20  # 2 ** 5 are possible


# ---------------------------------------------------------------------- what is refused


def stateful():
    layers = [keras.layers.GRU(3, stateful=True), keras.layers.Dense(1)]
    return keras.Sequential([keras.Input(batch_shape=(1, 8, 1)), *layers])


def nested_stateful():
    inner = keras.Sequential(stateful().layers)
    return keras.Sequential([keras.Input(batch_shape=(1, 8, 1)), inner])


class OwnClass(keras.Model):
    def call(self, inputs):
        return inputs[:, -1]


def backwards():
    layers = [keras.layers.GRU(3, go_backwards=True), keras.layers.Dense(1)]
    return keras.Sequential([keras.Input((None, 1)), *layers])


def convolutional():
    layers = [keras.layers.Conv1D(3, 2), keras.layers.GRU(3), keras.layers.Dense(1)]
    return keras.Sequential([keras.Input((None, 1)), *layers])


def two_outputs():
    return keras.Sequential([keras.Input((8, 1)), keras.layers.GRU(3), keras.layers.Dense(2)])


@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        (stateful, {}, "is stateful"),
        (stateful, {"carry_state": True}, "is stateful"),
        (
            lambda: network(bidirectional=True),
            {"carry_state": True},
            r"\(Bidirectional\) cannot go forward",
        ),
        (backwards, {"carry_state": True}, r"\(GRU\) cannot go forward one step"),
        (convolutional, {"carry_state": True}, r"\(Conv1D\) cannot go forward"),
        (two_outputs, {}, "forecasts 2 numbers"),
        (network, {"lookback": 9}, "A history of 8 is shorter than the lookback of 9"),
        (network, {"lookback": -1}, "lookback of -1"),
        (network, {"lookback": 0}, "lookback of 0"),
        (nested_stateful, {}, "is stateful"),
        (lambda: keras.Sequential([keras.layers.GRU(3)]), {}, "not built"),
        (lambda: network(features=2), {}, "has 1 features, but the model was built for 2"),
    ],
)
def test_what_cannot_be_generated_is_refused_with_the_reason(build, options, message):
    with pytest.raises(ValueError, match=message):
        free_run(build(), some_history(8, 1), 5, **options)


def test_a_history_shorter_than_the_model_s_time_steps_is_refused():
    model = keras.Sequential([keras.Input((9, 1)), keras.layers.GRU(3), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="8 is shorter than the lookback of 9"):
        free_run(model, some_history(8, 1), 5)
    with pytest.raises(ValueError, match="takes 9 time steps, not a lookback of 4"):
        free_run(model, some_history(12, 1), 5, lookback=4)


def test_several_features_need_a_rule():
    with pytest.raises(ValueError, match=r"sees 2 features .*rule=hold_others"):
        free_run(network(features=2), some_history(8, 2), 5)


@pytest.mark.parametrize("missing", [np.nan, np.inf])
def test_a_missing_value_is_refused_and_named_by_its_position(missing):
    history = some_history(8, 1)
    history[3] = missing
    with pytest.raises(ValueError, match="position 3 is missing"):
        free_run(network(), history, 5)


def test_only_keras_models_run_free_and_only_sequential_ones_carry_a_state():
    with pytest.raises(TypeError, match="not ndarray"):
        free_run(np.zeros(3), some_history(8, 1), 5)
    with pytest.raises(TypeError, match="sequential or functional"):
        free_run(OwnClass(), some_history(8, 1), 5)
    inputs = keras.Input((None, 1))
    functional = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.GRU(3)(inputs)))
    with pytest.raises(TypeError, match=r"needs a keras\.Sequential"):
        free_run(functional, some_history(8, 1), 5, carry_state=True)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"steps": 0}, "0 steps"),
        ({"history": np.zeros((2, 2, 2, 1))}, "A history has shape"),
        ({"paths": 0}, "0 paths"),
        ({"residuals": []}, "at least one"),
        ({"residuals": [0.1, np.nan]}, "finite numbers"),
    ],
)
def test_senseless_requests_are_refused(changed, message):
    given = {"history": some_history(8, 1), "steps": 5, "residuals": [0.0], "paths": 2} | changed
    with pytest.raises(ValueError, match=message):
        sample_paths(network(), **given, seed=0)


def test_the_loop_is_compiled_once_and_warns_of_nothing(capfd):
    from course_utils.generation import _compiled

    model, history = network(), some_history(8, 1)
    _compiled.cache_clear()
    for _ in range(8):
        free_run(model, history, 5)
    assert _compiled.cache_info().misses == 1
    run = _compiled(model, tuple(model.layers), False, hold_others)
    assert run.experimental_get_tracing_count() == 1
    assert "WARNING" not in capfd.readouterr().err
