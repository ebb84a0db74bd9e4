"""Seeds trained together are the networks that each seed alone leads to."""

from course_utils import seeds
from course_utils.evaluation import skill
from course_utils.models import recurrent
from course_utils.seeds import Stack, fit_seeds
from course_utils.training import fit
from course_utils.warm import state_of

import keras
import numpy as np
import pytest
import tensorflow as tf

rng = np.random.default_rng(0)
WINDOWS = rng.normal(size=(150, 6, 2))
TARGETS = WINDOWS[:, -1, 0] * WINDOWS[:, -2, 1] + rng.normal(0, 0.1, 150)
SEEDS = (0, 3)


def builder(cell="GRU", dropout=0.0, optimizer="adam", layers=1, features=2):
    def build():
        network = recurrent(cell, features, units=5, layers=layers, dropout=dropout)
        network.compile(optimizer, "mse")
        return network

    return build


def network(*hidden, loss="mse", activation=None, optimizer="sgd", outputs=1, **compiled):
    last = keras.layers.Dense(outputs, activation)
    model = keras.Sequential([keras.Input((6, 2)), *hidden, last])
    model.compile(optimizer, loss, **compiled)
    return model


BUILDERS = [
    builder("SimpleRNN", optimizer="sgd", layers=2),
    builder("FusedLSTM", optimizer="rmsprop"),  # a kind of LSTM, so both take its path
    builder("GRU", optimizer="adamw"),
    lambda: network(keras.layers.Dense(3), keras.layers.GRU(2)),
]


@pytest.fixture(autouse=True)
def two_calls_for_three_batches(monkeypatch):
    monkeypatch.setattr(seeds, "STEPS_PER_CALL", 2)


def alone(build, seed, epochs, targets=TARGETS):
    keras.utils.set_random_seed(seed)
    network = build()
    network.run_eagerly = True  # a few batches take less time than compiling
    fit(network, WINDOWS, targets, epochs=epochs, batch_size=64, quiet=True)
    return network


@pytest.mark.slow
@pytest.mark.parametrize("build", BUILDERS)
def test_epochs_together_end_in_the_state_and_the_losses_of_each_seed_alone(build):
    networks = fit_seeds(build, WINDOWS, TARGETS, seeds=SEEDS, epochs=2, batch_size=64)
    for seed, network in zip(SEEDS, networks, strict=True):
        each = alone(build, seed, 2)
        for one, other in zip(state_of(network), state_of(each), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)
        assert network.history.history["loss"] == pytest.approx(each.history.history["loss"], 1e-4)


@pytest.mark.slow
def test_each_sample_may_have_several_targets():
    def build():
        last = {"activation": "softmax", "outputs": 2}
        return network(keras.layers.SimpleRNN(3), loss="categorical_crossentropy", **last)

    targets = np.eye(2)[(TARGETS > 0).astype(int)]
    (trained,) = fit_seeds(build, WINDOWS, targets, seeds=[0], epochs=1, batch_size=64)
    losses = alone(build, 0, 1, targets).history.history["loss"]
    assert trained.history.history["loss"] == pytest.approx(losses, 1e-4)


@pytest.mark.slow
def test_training_with_another_number_of_samples_shows_a_bar_and_compiles_nothing(capsys):
    build = BUILDERS[0]  # the test above may have compiled it
    for samples in (150, 130):
        data = WINDOWS[:samples], TARGETS[:samples]
        fit_seeds(build, *data, seeds=SEEDS, epochs=1, batch_size=64)
        assert "training: 100%" in capsys.readouterr().out
    assert Stack.of([build(), build()]).steps.experimental_get_tracing_count() == 1


def test_networks_of_other_features_are_not_taken_for_the_same():
    one, two, again = (Stack.of([builder(features=features)()]) for features in (1, 2, 1))
    assert one is again
    assert one is not two
    assert [stack.weights[0].shape[1] for stack in (one, two)] == [1, 2]


def test_a_function_of_the_same_name_is_not_taken_for_the_same():
    def stack(factor):
        def scaled(values):
            return factor * values

        return Stack.of([network(keras.layers.GRU(2), activation=scaled)])

    assert stack(1) is not stack(3)


@pytest.mark.slow
def test_dropout_together_leaves_out_other_values_in_each_network_and_learns(capsys):
    build = builder("SimpleRNN", dropout=0.5)
    same = fit_seeds(build, WINDOWS, TARGETS, seeds=(1, 1), epochs=30, batch_size=64, quiet=True)
    assert capsys.readouterr().out == ""
    one, other, untrained = (network(WINDOWS)[:, 0] for network in (*same, build()))
    assert not np.allclose(one, other)
    for trained in (one, other):
        assert skill(TARGETS, trained, untrained) > 0


@pytest.mark.slow
def test_dropout_leaves_out_the_same_values_each_time():
    build = builder("SimpleRNN", dropout=0.5)
    one, again = (fit_seeds(build, WINDOWS, TARGETS, seeds=(1, 2), epochs=1) for _ in range(2))
    assert [each.history.history for each in one] == [each.history.history for each in again]


@pytest.mark.parametrize(
    ("optimizer", "bidirectional", "named"),
    [
        ("adam", True, r"together with Bidirectional: .* with training\.fit"),
        (keras.optimizers.Lamb(), False, "together with Lamb"),
        (keras.optimizers.Adam(global_clipnorm=1.0), False, "together with global_clipnorm"),
        (None, False, "compile it in `build`"),
    ],
)
def test_what_cannot_be_trained_together_is_named(optimizer, bidirectional, named):
    def build():
        network = recurrent("GRU", features=2, units=2, bidirectional=bidirectional)
        if optimizer:
            network.compile(optimizer, "mse")
        return network

    with pytest.raises(ValueError, match=named):
        fit_seeds(build, WINDOWS, TARGETS, seeds=SEEDS, epochs=1)


@pytest.mark.parametrize(
    ("layer", "loss", "named"),
    [
        (keras.layers.SimpleRNN(2, activation="relu"), "mse", "together with activation='relu': "),
        (keras.layers.GRU(2, reset_after=False), "mse", "together with reset_after=False"),
        (keras.layers.LSTM(2, kernel_regularizer="l2"), "mse", "together with kernel_regularizer="),
        (keras.layers.GRU(2, trainable=False), "mse", "together with trainable=False"),
        (keras.layers.GRU(2), keras.losses.MeanSquaredError(), r"the object MeanSquaredError\(\)"),
        (keras.layers.GRU(2, dtype="mixed_bfloat16"), "mse", "together with mixed_bfloat16"),
        (keras.layers.GRU(2), lambda truth, found: (truth - found)[:, 0], "one number per sample"),
        (keras.layers.GRU(2), lambda truth, found: tf.reduce_mean(found), "one number per sample"),
    ],
)
def test_options_that_would_be_passed_over_are_named(layer, loss, named):
    with pytest.raises(ValueError, match=named):
        fit_seeds(lambda: network(layer, loss=loss), WINDOWS, TARGETS, seeds=SEEDS, epochs=1)


def test_one_network_for_all_seeds_is_refused():
    network = builder()()
    with pytest.raises(ValueError, match="build a new one at each call"):
        fit_seeds(lambda: network, WINDOWS, TARGETS, seeds=SEEDS, epochs=1)


def test_weights_of_losses_and_some_weights_without_decay_are_named():
    optimizer = keras.optimizers.AdamW()
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    for options, named in [
        ({"optimizer": optimizer}, "together with exclude_from_weight_decay"),
        ({"loss_weights": 5.0}, "together with loss_weights"),
    ]:
        with pytest.raises(ValueError, match=named):
            fit_seeds(lambda o=options: network(**o), WINDOWS, TARGETS, seeds=SEEDS, epochs=1)


def test_no_seed_is_refused():
    with pytest.raises(ValueError, match="take at least one"):
        fit_seeds(builder(), WINDOWS, TARGETS, seeds=(), epochs=1)
