"""Scans are equal whatever the way; layers on them train, save and respect masks."""

from course_utils import parallel
from course_utils.parallel import (
    CHUNK,
    LinearRNN,
    MinGRU,
    Positions,
    attention_step,
    linear_scan,
    scan_chunks,
    scan_doubling,
    scan_loop,
    transformer_block,
)

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

RNG = np.random.default_rng(0)
SEQUENCES = RNG.normal(size=(3, 7, 2)).astype("float32")
LAYERS = {
    "MinGRU": lambda **options: MinGRU(4, gate_bias=-1.0, **options),
    "LinearRNN": lambda **options: LinearRNN(4, **options),
}
any_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)


def step_by_step(decay, inputs):
    states, state = np.empty_like(inputs), np.zeros_like(inputs[:, 0])
    for step in range(inputs.shape[1]):
        states[:, step] = state = decay[:, step] * state + inputs[:, step]
    return states


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 5 * CHUNK + 3), st.integers(1, 4)),
    limits=st.sampled_from([(0, 0), (0, 1e-3), (0, 1), (0.999, 1), (1, 1), (-1, 1)]),
    kind=st.sampled_from(["float32", "float64"]),
    seed=st.integers(0, 99),
)
def test_all_scans_have_the_same_states(shape, limits, kind, seed):
    rng = np.random.default_rng(seed)
    decay, inputs = rng.uniform(*limits, shape).astype(kind), rng.normal(size=shape).astype(kind)
    expected = step_by_step(decay.astype(float), inputs.astype(float))
    for scan in (scan_loop, scan_doubling, scan_chunks, linear_scan):
        found = scan(tf.constant(decay), tf.constant(inputs))
        assert found.dtype == kind
        np.testing.assert_allclose(found, expected, atol=1e-5 * max(1, np.abs(expected).max()))


@pytest.mark.slow
@pytest.mark.parametrize("scan", [scan_doubling, scan_chunks, linear_scan])
@pytest.mark.parametrize("time_steps", [3, 10])
def test_a_scan_has_the_loop_s_gradients_also_under_xla(scan, time_steps, monkeypatch):
    monkeypatch.setattr(parallel, "CHUNK", 4)  # the fewer steps in a chunk, the less to compile
    shape = (2, time_steps, 3)
    given = [tf.constant(RNG.uniform(0, 1, shape)), tf.constant(RNG.normal(size=shape))]

    def gradients(way):
        with tf.GradientTape() as tape:
            tape.watch(given)
            total = tf.reduce_sum(tf.sin(way(*given)))
        return tape.gradient(total, given)

    expected = gradients(scan_loop)
    for found in (gradients(scan), tf.function(gradients, jit_compile=True)(scan)):
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_min_gru_is_its_equation():
    layer = MinGRU(4, return_sequences=True, gate_bias=-1.0)
    found = layer(SEQUENCES)
    np.testing.assert_array_equal(layer.bias, [-1] * 4 + [0] * 4)
    gate, candidate = np.split(SEQUENCES @ layer.kernel.numpy() + layer.bias.numpy(), 2, axis=-1)
    z = 1 / (1 + np.exp(-gate))
    np.testing.assert_allclose(found, step_by_step(1 - z, z * candidate), atol=1e-6)


def test_a_linear_rnn_keeps_its_states_of_one_size_whatever_it_forgets():
    layer = LinearRNN(50, return_sequences=True)
    noise = np.random.default_rng(0).normal(size=(300, 400, 1)).astype("float32")
    size = np.std(layer(noise)[:, -1], axis=0) / np.abs(layer.kernel[0])
    np.testing.assert_allclose(size, 1, rtol=0.25)  # a unit that forgets slowly is not full yet


@any_layer
def test_a_masked_step_leaves_the_state_as_it_was(make):
    layer = make()
    padded = np.concatenate([SEQUENCES[:, :3], 9 * SEQUENCES[:, :2], SEQUENCES[:, 3:]], axis=1)
    mask = np.ones(padded.shape[:2], bool)
    mask[:, 3:5] = False
    np.testing.assert_allclose(layer(padded, mask=mask), layer(SEQUENCES), atol=1e-6)
    assert layer.compute_mask(padded, mask) is None
    assert make(return_sequences=True).compute_mask(padded, mask) is mask


@any_layer
def test_one_graph_for_all_lengths_gives_the_same_states(make):
    layer = make(return_sequences=True)
    expected = layer(SEQUENCES)
    unknown = tf.function(layer, input_signature=[tf.TensorSpec((None, None, 2))])
    np.testing.assert_allclose(unknown(SEQUENCES), expected, atol=1e-6)
    decay, inputs = layer.gates(SEQUENCES[:, 0])
    assert decay.shape == inputs.shape == expected[:, 0].shape


@pytest.mark.slow
@any_layer
def test_a_layer_learns_is_saved_and_loads_for_any_length(make, tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "CHUNK", 4)
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((None, 2)), make(return_sequences=True), make()])
    model.add(layers.Dense(1))
    model.compile(keras.optimizers.Adam(0.01), "mse")
    inputs = np.random.default_rng(0).normal(size=(192, 5, 2))  # in whole batches, two chunks
    losses = model.fit(inputs, inputs[:, -3:, 0].sum(axis=1), epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    for length in (3, 9):
        others = np.tile(inputs, (1, 2, 1))[:, :length]
        np.testing.assert_allclose(loaded(others), model(others), 1e-5)


# ---------------------------------------------------------------------------------- attention


def in_numpy(x, layer):
    """Causal self-attention of one sequence, shape (time_steps, features), from its equation."""
    query, b_query, key, b_key, value, b_value, out, b_out = layer.get_weights()
    kernels = [(query, b_query), (key, b_key), (value, b_value)]
    q, k, v = (np.einsum("tf,fhs->hts", x, kernel) + bias[:, None] for kernel, bias in kernels)
    scores = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
    scores[:, np.triu_indices(len(x), 1)[0], np.triu_indices(len(x), 1)[1]] = -np.inf
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.einsum("hts,hsf->tf", weights @ v, out) + b_out


def random_attention(features=6, heads=2):
    layer = layers.MultiHeadAttention(heads, features // heads)
    layer.build((None, None, features), (None, None, features))
    layer.set_weights([RNG.normal(size=weight.shape) for weight in layer.weights])
    return layer


@pytest.mark.parametrize("time_steps", [1, 5])
def test_causal_attention_is_its_equation_whole_and_step_by_step(time_steps):
    layer, x = random_attention(), RNG.normal(size=(2, time_steps, 6)).astype("float32")
    whole = layer(x, x, use_causal_mask=True)
    np.testing.assert_allclose(whole, [in_numpy(one, layer) for one in x], rtol=1e-4, atol=1e-4)
    cache = tf.zeros((2, time_steps + 3, 2, 3)), tf.zeros((2, time_steps + 3, 2, 3))
    for step in range(time_steps):
        found, cache = attention_step(layer, x[:, step], cache, step)
        np.testing.assert_allclose(found, whole[:, step], rtol=1e-4, atol=1e-4)


def test_waves_are_exact_in_every_precision():
    far = np.zeros((1, 3000, 8), "float32")
    exact = Positions(dtype="float64")(far)
    for policy in ("float32", "mixed_float16", "mixed_bfloat16"):
        found = tf.cast(Positions(dtype=policy)(far), "float64")
        np.testing.assert_allclose(found, exact, atol=5e-3)


@pytest.mark.parametrize("features", [1, 3])
def test_an_odd_number_of_features_has_no_positions(features):
    with pytest.raises(ValueError, match=f"an even number of features, not {features}: put"):
        Positions()(keras.Input((None, features)))


def test_a_block_sees_where_a_step_is_and_nothing_of_later_ones(tmp_path):
    inputs = keras.Input((None, 8))
    model = keras.Model(inputs, transformer_block(Positions()(inputs), heads=2))
    x = np.tile(RNG.normal(size=8), (1, 6, 1)).astype("float32")
    before = model(x).numpy()
    assert np.abs(before[:, 2] - before[:, 4]).max() > 0.01  # the same input at another place
    x[:, 4:] += 1
    after = model(x).numpy()
    np.testing.assert_allclose(after[:, :4], before[:, :4], atol=1e-6)
    assert np.abs(after[:, 4:] - before[:, 4:]).max() > 0.01
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(loaded(x), after, atol=1e-6)
