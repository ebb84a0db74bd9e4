"""The cells written by hand are Keras' cells: same weights, same states, to 1e-5."""

import warnings

from course_utils import cells
from course_utils.cells import (
    GRUWeights,
    LSTMGates,
    LSTMWeights,
    Part,
    RNNWeights,
    gru_step,
    lstm_step,
    remember,
    rnn_backward,
    rnn_step,
    sigmoid,
    unroll,
    weights_of,
)

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

few = settings(max_examples=15)
sizes = st.integers(1, 6)
seeds = st.integers(0, 999)


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def built(kind, seed, batch_shape, **options):
    """Build a Keras layer whose biases are random too, so that a misplaced one shows."""
    layer = kind(**options)
    layer.build(batch_shape)
    rng = np.random.default_rng(seed)
    layer.set_weights([rng.normal(0, 0.5, weight.shape) for weight in layer.get_weights()])
    return layer


def layer(kind, **options):
    made = kind(3, **options)
    made.build((None, 4, 2))
    return made


def same(ours, keras_tensor):
    np.testing.assert_allclose(ours, np.asarray(keras_tensor), atol=1e-5)


KINDS = [
    (layers.SimpleRNN, {"activation": st.sampled_from(["tanh", "relu", "linear"])}),
    (layers.LSTM, {"unit_forget_bias": st.booleans()}),
    (layers.GRU, {"reset_after": st.booleans()}),
]


@pytest.mark.slow
@settings(max_examples=30)
@given(
    data=st.data(), units=sizes, features=sizes, batch=sizes, steps=st.integers(1, 8), seed=seeds
)
def test_unrolled_cells_equal_the_keras_layer(data, units, features, batch, steps, seed):
    kind, own_options = data.draw(st.sampled_from(KINDS))
    flags = dict.fromkeys(["use_bias", "return_sequences", "return_state"], st.booleans())
    options = data.draw(st.fixed_dictionaries(own_options | flags))
    inputs = normal(seed, batch, steps, features)
    layer = built(kind, seed, inputs.shape, units=units, **options)
    states = [normal(seed + i, batch, units) for i in (1, 2)][: 1 + (kind is layers.LSTM)]
    states = states if data.draw(st.booleans()) else []
    ours = unroll(inputs, weights_of(layer), *states)
    theirs = layer(
        inputs.astype("float32"), initial_state=[s.astype("float32") for s in states] or None
    )
    if options["return_state"]:
        theirs, last_hidden, *last_cell = theirs
        same(ours.hidden_states[:, -1], last_hidden)
        if kind is layers.LSTM:
            same(ours.cell_states[:, -1], *last_cell)
    same(ours.hidden_states if options["return_sequences"] else ours.hidden_states[:, -1], theirs)


@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_freshly_initialised_layers_are_matched_over_many_steps(kind):
    keras.utils.set_random_seed(1)
    layer = getattr(layers, kind)(50, return_sequences=True)
    inputs = normal(0, 3, 60, 2).astype("float32")
    theirs = layer(inputs)
    same(unroll(inputs, weights_of(layer)).hidden_states, theirs)


def test_weights_are_cut_in_keras_order_into_documented_shapes():
    layer = built(layers.LSTM, 0, (None, 3, 2), units=4)
    weights = weights_of(layer)
    parts = (weights.input, weights.forget, weights.candidate, weights.output)
    for name, array in zip(vars(parts[0]), layer.get_weights(), strict=True):
        joined = np.concatenate([getattr(part, name) for part in parts], axis=-1)
        np.testing.assert_array_equal(joined, array)
    assert {(p.kernel.shape, p.recurrent_kernel.shape) for p in parts} == {((2, 4), (4, 4))}
    assert {p.kernel.dtype for p in parts} == {np.dtype(float)}


def test_taking_weights_leaves_the_layer_as_it_is():
    layer = built(layers.GRU, 0, (None, 3, 2), units=4)
    before = layer.get_weights()
    weights = weights_of(layer)
    weights.update.bias[:] = 99
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


# By hand, with numbers.


def part(kernel, recurrent_kernel, bias):
    """Weights of one unit on one feature."""
    return Part(np.array([[kernel]]), np.array([[recurrent_kernel]]), np.array([bias]))


def gates(**values):
    return LSTMGates(**{name: np.array([[value]]) for name, value in values.items()})


def test_rnn_step_by_hand():
    weights = RNNWeights(part(0.5, -1.0, 0.1))
    assert rnn_step([[2.0]], [[0.6]], weights)[0, 0] == pytest.approx(np.tanh(1 - 0.6 + 0.1))
    assert rnn_step([[2.0]], [[2.0]], RNNWeights(part(0.5, -1.0, 0.1), "relu")) == 0


def test_an_lstm_forgets_and_keeps_as_its_gates_say():
    _, c = remember(np.array([[5.0]]), gates(forget=0.0, input=0.5, candidate=0.8, output=1.0))
    assert c == pytest.approx(0.5 * 0.8)
    h, c = remember(np.array([[5.0]]), gates(forget=1.0, input=0.0, candidate=0.8, output=0.3))
    assert c == 5
    assert h == pytest.approx(0.3 * np.tanh(5))


def test_lstm_step_by_hand_with_biases_that_open_and_shut_the_gates():
    nothing, open_, shut = part(0.0, 0.0, 0.0), part(0.0, 0.0, 40.0), part(0.0, 0.0, -40.0)
    keeps = LSTMWeights(input=shut, forget=open_, candidate=nothing, output=nothing)
    h, c, g = lstm_step([[7.0]], [[0.2]], [[1.5]], keeps)
    assert c == pytest.approx(1.5)
    assert h == pytest.approx(0.5 * np.tanh(1.5))
    assert (g.forget, g.output) == (pytest.approx(1), pytest.approx(0.5))
    learns = part(1.0, 2.0, -0.5)
    forgets = LSTMWeights(input=nothing, forget=shut, candidate=learns, output=open_)
    h, c, g = lstm_step([[0.3]], [[0.2]], [[1.5]], forgets)
    assert g.candidate == pytest.approx(np.tanh(0.3 + 0.4 - 0.5))
    assert c == pytest.approx(0.5 * np.tanh(0.2))
    assert h == pytest.approx(np.tanh(0.5 * np.tanh(0.2)))


def test_gru_step_by_hand_differs_between_its_two_variants():
    update, reset = part(0.0, 0.0, 0.0), part(0.0, 0.0, np.log(1 / 3))  # z = 1/2, r = 1/4
    candidate = part(1.0, 2.0, 0.1)
    before = GRUWeights(update, reset, candidate)
    h, g = gru_step([[0.3]], [[0.8]], before)
    assert g.candidate == pytest.approx(np.tanh(0.3 + (0.8 / 4) * 2 + 0.1))
    assert h == pytest.approx(0.8 / 2 + g.candidate / 2)
    after = GRUWeights(update, reset, candidate, recurrent_bias=np.array([-0.6]))
    h, g = gru_step([[0.3]], [[0.8]], after)
    assert g.candidate == pytest.approx(np.tanh(0.3 + (0.8 * 2 - 0.6) / 4 + 0.1))
    assert h == pytest.approx(0.8 / 2 + g.candidate / 2)


def test_sigmoid_is_exact_and_silent_at_any_size():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = sigmoid(np.array([-1e308, -1000.0, 0, np.log(3), 1000, 1e308]))
    assert values == pytest.approx([0, 0, 0.5, 0.75, 1, 1])


# Backwards.


@few
@given(
    activation=st.sampled_from(["tanh", "relu", "linear"]),
    sizes=st.tuples(*[st.integers(1, 5)] * 4),
    seed=seeds,
)
def test_the_backward_pass_equals_the_tape(activation, sizes, seed):
    batch, steps, features, units = sizes
    shape = (batch, steps, features)
    options = {"units": units, "activation": activation, "dtype": "float64"}
    layer = built(layers.SimpleRNN, seed, shape, return_sequences=True, **options)
    inputs, mix = tf.constant(normal(seed, *shape)), normal(seed, batch, steps, units)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        loss = tf.reduce_sum(layer(inputs) * mix)
    *theirs, to_inputs = tape.gradient(loss, [*layer.trainable_weights, inputs])
    ours, to_our_inputs = rnn_backward(inputs.numpy(), weights_of(layer), mix)
    for name, gradient in zip(vars(ours), theirs, strict=True):
        np.testing.assert_allclose(getattr(ours, name), gradient, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(to_our_inputs, to_inputs, rtol=1e-6, atol=1e-6)


# What must hold for any weights.


def test_weights_may_be_lists_of_numbers():
    part = Part([[1], [2]], [[3]], [4])
    assert [each.dtype for each in vars(part).values()] == [float] * 3
    arrays = Part(np.array([[1.0], [2.0]]), np.array([[3.0]]), np.array([4.0]))
    states = [unroll(np.ones((2, 5, 2)), RNNWeights(one)).hidden_states for one in (part, arrays)]
    np.testing.assert_array_equal(*states)


def random_weights(kind, units, features, seed):
    rng = np.random.default_rng(seed)

    def one():
        shapes = ((features, units), (units, units), (units,))
        return Part(*(rng.normal(0, 0.5, shape) for shape in shapes))

    return {
        "rnn": lambda: RNNWeights(one()),
        "lstm": lambda: LSTMWeights(one(), one(), one(), one()),
        "gru": lambda: GRUWeights(one(), one(), one()),
        "gru after": lambda: GRUWeights(one(), one(), one(), rng.normal(size=units)),
    }[kind]()


def drawn(*kinds):
    return st.builds(random_weights, st.sampled_from(kinds), sizes, sizes, seeds)


gated_weights = drawn("lstm", "gru", "gru after")
any_weights = drawn("rnn", "lstm", "gru", "gru after")


def inputs_for(weights, batch=2, time_steps=5):
    features = cells._any_part(weights).kernel.shape[0]
    return normal(7, batch, time_steps, features)


@few
@given(weights=gated_weights)
def test_gates_lie_between_zero_and_one_and_candidates_between_minus_one_and_one(weights):
    for name, values in vars(unroll(inputs_for(weights), weights).gates).items():
        low = -1 if name == "candidate" else 0
        assert ((values > low) & (values < 1)).all(), name


@few
@given(weights=gated_weights, seed=seeds)
def test_gates_and_states_recombine_at_every_step(weights, seed):
    lstm = isinstance(weights, LSTMWeights)
    start = normal(seed, 2, weights.candidate.bias.size)
    run = unroll(inputs_for(weights), weights, **{"cell_state" if lstm else "hidden_state": start})
    states, g = run.cell_states if lstm else run.hidden_states, run.gates
    before = np.concatenate([start[:, np.newaxis], states[:, :-1]], axis=1)
    if lstm:
        np.testing.assert_allclose(states, g.forget * before + g.input * g.candidate)
        np.testing.assert_allclose(run.hidden_states, g.output * np.tanh(states))
    else:
        np.testing.assert_allclose(states, g.update * before + (1 - g.update) * g.candidate)


@few
@given(weights=any_weights, cut=st.integers(1, 4))
def test_carrying_the_state_over_a_cut_changes_nothing(weights, cut):
    inputs = inputs_for(weights)
    whole = unroll(inputs, weights)
    first = unroll(inputs[:, :cut], weights)
    states = [first.hidden_states[:, -1]]
    if first.cell_states is not None:
        states.append(first.cell_states[:, -1])
    second = unroll(inputs[:, cut:], weights, *states)
    joined = np.concatenate([first.hidden_states, second.hidden_states], axis=1)
    np.testing.assert_allclose(joined, whole.hidden_states, rtol=1e-12, atol=1e-12)


# Errors.

RNN = random_weights("rnn", 3, 2, 0)
LSTM = random_weights("lstm", 3, 2, 0)
GRU = random_weights("gru", 3, 2, 0)
HOLE = np.ones((1, 4, 2))
HOLE[0, 2, 1] = np.nan


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: unroll(np.ones((4, 2)), RNN), r"\(4, 2\), expected \(batch, time_steps, features"),
        (lambda: unroll(np.ones((1, 0, 2)), RNN), r"\(1, 0, 2\) have no time step"),
        (lambda: unroll(np.ones((1, 4, 3)), GRU), r"x has shape \(1, 3\).* here \(1, 2\)"),
        (lambda: unroll(HOLE, LSTM), r"inputs has nan at position \(0, 2, 1\): fill"),
        (lambda: unroll(np.ones((1, 4, 2)), RNN, np.ones((2, 3))), r"\(2, 3\).* here \(1, 3\)"),
        (
            lambda: unroll(np.ones((1, 4, 2)), LSTM, cell_state=np.ones((1, 2))),
            r"cell_state has shape \(1, 2\), expected \(batch, units\), here \(1, 3\)",
        ),
        (lambda: unroll(np.ones((1, 4, 2)), GRU, cell_state=np.ones((1, 3))), "Only an LSTM"),
        (
            lambda: rnn_backward(np.ones((1, 4, 2)), RNN, np.ones((1, 3))),
            r"gradients have shape \(1, 3\), expected that of all states, \(1, 4, 3\)",
        ),
        (lambda: rnn_step(np.ones(2), np.ones((1, 3)), RNN), r"x has shape \(2,\)"),
        (lambda: rnn_step(1.0, np.ones((1, 3)), RNN), r"x has shape \(\)"),
        (lambda: rnn_step(np.ones((0, 2)), np.ones((0, 3)), RNN), r"x has shape \(0, 2\)"),
        (lambda: gru_step(np.ones((1, 2)), np.full((1, 3), np.inf), GRU), "hidden_state has inf"),
    ],
)
def test_wrong_shapes_and_missing_values_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (layers.Dense(3), "Dense is not a SimpleRNN, LSTM or GRU"),
        (layers.LSTMCell(3), "LSTMCell is not a SimpleRNN, LSTM or GRU"),
        (keras.Sequential(), r"Sequential is not .* for example model.layers"),
        (layers.Bidirectional(layers.GRU(3)), "pass layer.forward_layer"),
    ],
)
def test_what_is_no_recurrent_layer_is_refused(made, message):
    with pytest.raises(TypeError, match=message):
        weights_of(made)


def test_layers_whose_weights_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="LSTM has no weights yet: call it on one batch"):
        weights_of(layers.LSTM(3))
    with pytest.raises(ValueError, match="LSTM has activation 'relu', but these cells know tanh"):
        weights_of(layer(layers.LSTM, activation="relu"))
    with pytest.raises(ValueError, match=r"recurrent_activation 'hard_sigmoid'.* sigmoid"):
        weights_of(layer(layers.GRU, recurrent_activation="hard_sigmoid"))
    with pytest.raises(ValueError, match="know tanh or relu or linear"):
        weights_of(layer(layers.SimpleRNN, activation="elu"))


def test_the_parts_of_a_bidirectional_layer_are_taken_one_by_one():
    both = layers.Bidirectional(layers.GRU(3), merge_mode="concat")
    inputs = normal(0, 2, 5, 2).astype("float32")
    theirs = both(inputs)
    forward = unroll(inputs, weights_of(both.forward_layer)).hidden_states[:, -1]
    backward = unroll(inputs[:, ::-1], weights_of(both.backward_layer)).hidden_states[:, -1]
    same(np.concatenate([forward, backward], axis=1), theirs)


def test_a_class_derived_from_a_layer_counts_as_that_layer():
    class Renamed(layers.LSTM):
        pass

    assert isinstance(weights_of(layer(Renamed)), LSTMWeights)
