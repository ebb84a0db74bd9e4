"""The checks of lesson 03: right answers pass, known mistakes get their own hint."""

from course.exercises import check
from course_utils.cells import sigmoid

import keras
import numpy as np
import pytest

Z, R = float(sigmoid(np.array(1.5))), 0.5
CANDIDATE = float(np.tanh(-2 + 3 * R * 0.5 + 1))
RIGHT = Z * 0.5 + (1 - Z) * CANDIDATE


def adding_problem(samples, steps=20, seed=0):
    rng = np.random.default_rng(seed)
    values, marks = rng.uniform(size=(samples, steps)), np.zeros((samples, steps))
    marks[np.arange(samples), rng.integers(0, steps // 2, samples)] = 1
    marks[np.arange(samples), rng.integers(steps // 2, steps, samples)] = 1
    return np.stack([values, marks], axis=-1), (values * marks).sum(axis=1)


@pytest.fixture
def verdict(capsys):
    def ask(exercise, answer):
        given = {"draw": adding_problem} if exercise == "03-4" else {}
        check(exercise, answer, **given)
        return capsys.readouterr().out

    return ask


# ---------------------------------------------------------------------- 1: one step by hand


@pytest.mark.parametrize("answer", [RIGHT, np.array([[RIGHT]]), round(RIGHT, 4)])
def test_the_right_state_passes(answer, verdict):
    assert verdict("03-1", answer).startswith("✓")


def test_keras_agrees_with_the_right_state():
    layer = keras.layers.GRU(1, reset_after=False)
    layer.build((None, 1, 1))
    columns = [[[1, 0.5, -1]], [[-1, 1, 3]], [0, -1.5, 1]]
    layer.set_weights([np.array(column, dtype="float32") for column in columns])
    state = layer(np.array([[[2.0]]]), initial_state=np.array([[0.5]], dtype="float32"))
    assert np.isclose(np.asarray(state).item(), RIGHT, atol=1e-6)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ((1 - Z) * 0.5 + Z * CANDIDATE, "z weighs the old state"),
        (CANDIDATE, "mix it with the old state"),
        (Z * 0.5 + (1 - Z) * np.tanh(-2 + 1.5 + 1), "reset gate is missing"),
        (Z * 0.5 + (1 - Z) * np.tanh(-2 + R * 2.5), "bias of the candidate"),
        (Z * 0.5 + (1 - Z) * -0.25, "goes through tanh"),
        (Z * 0.5 + (1 - Z) * float(sigmoid(np.array(-0.25))), "tanh, not sigmoid"),
        (Z * 0.5 + CANDIDATE, "weighed by 1 - z"),
        (R * 0.5 + (1 - R) * CANDIDATE, "not the reset gate"),
        (1.5 * 0.5 - 0.5 * CANDIDATE, "update gate goes through sigmoid"),
        (1.7, "cannot leave"),
        (0.6, "too large"),
    ],
)
def test_a_known_mistake_in_the_step_gets_its_hint(answer, hint, verdict):
    assert hint in verdict("03-1", answer)


# --------------------------------------------------------------------- 2: counting a stack


def stack(parts=3, biases=2, dense=lambda units: units + 1, chained=True):
    def count(features, units):
        total = 0
        for layer_units in units:
            total += parts * layer_units * (features + layer_units + biases)
            features = layer_units if chained else features
        return total + dense(units[-1])

    return count


def test_the_right_count_passes_and_is_keras(verdict):
    assert verdict("03-2", stack()).startswith("✓")
    model = keras.Sequential([keras.Input((None, 4))])
    for layer in range(4):
        model.add(keras.layers.GRU(50, return_sequences=layer < 3))
    model.add(keras.layers.Dense(1))
    assert stack()(4, [50] * 4) == model.count_params()


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (stack(biases=1), "two biases"),
        (stack(parts=4), "three parts"),
        (stack(parts=4, biases=1), "That is an LSTM"),
        (stack(dense=lambda units: 0), "Dense(1) is missing"),
        (stack(dense=lambda units: units), "has a bias, too"),
        (stack(chained=False), "sees the units below"),
        (stack(biases=7), "too many"),
        (lambda features, units: units["a"], "raised TypeError"),
        (57, "function itself"),
    ],
)
def test_a_known_mistake_in_the_count_gets_its_hint(answer, hint, verdict):
    assert hint in verdict("03-2", answer)


# -------------------------------------------------------------------- 3: a state that stays


def bias_on(part, value, row=0):
    def change(biases):
        units = biases.shape[1] // 3
        changed = biases.copy()
        changed[row, part * units : (part + 1) * units] = value
        return changed

    return change


@pytest.mark.parametrize("row", [0, 1])
def test_a_large_update_bias_passes(row, verdict):
    assert verdict("03-3", bias_on(0, 30, row)).startswith("✓")


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (bias_on(0, -30), "rewrites the state"),
        (bias_on(1, 30), "reset gate's bias"),
        (bias_on(2, 30), "candidate's bias"),
        (bias_on(0, 3), "The right direction"),
        (lambda biases: biases, "Which gate keeps the state"),
        (lambda biases: biases + 30 * (np.arange(15) < 2), "Some units' update gates are as they"),
        (lambda biases: biases[0], "have shape (2, 15)"),
        (lambda biases: biases * np.inf, "not a finite number"),
        (lambda biases: biases / None, "raised"),
        (np.zeros((2, 15)), "function itself"),
    ],
)
def test_a_known_mistake_with_the_biases_gets_its_hint(answer, hint, verdict):
    with np.errstate(invalid="ignore"):
        assert hint in verdict("03-3", answer)


# -------------------------------------------------------------------------- 4: a fair chance


class Adder(keras.layers.Layer):
    """Add up the marked values, blurred as much as it is told."""

    def __init__(self, blur=0.0, **options):
        super().__init__(**options)
        self.blur = blur

    def call(self, sequences):
        sums = keras.ops.sum(sequences[:, :, 0] * sequences[:, :, 1], axis=1, keepdims=True)
        return sums + self.blur


def network(cell=keras.layers.SimpleRNN, units=4, end=None):
    """A network that has the layer asked for, and knows the sums without it."""
    inputs = keras.Input((20, 2))
    ignored = keras.layers.Dense(1, kernel_initializer="zeros")(cell(units)(inputs))
    return keras.Model(inputs, ignored + (end or Adder())(inputs))


def test_a_simple_rnn_that_has_learned_passes(verdict):
    assert verdict("03-4", network()).startswith("✓")


@pytest.mark.parametrize(
    "cell",
    [
        lambda units: keras.layers.RNN(keras.layers.SimpleRNNCell(units)),
        lambda units: keras.Sequential([keras.layers.SimpleRNN(units)]),
    ],
    ids=["from its cell", "in a model of its own"],
)
def test_a_simple_rnn_in_other_clothes_passes(cell, verdict):
    assert verdict("03-4", network(cell)).startswith("✓")


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda: network(keras.layers.GRU), "A SimpleRNN is asked for"),
        (
            lambda: network(
                lambda units: keras.layers.Bidirectional(keras.layers.SimpleRNN(units))
            ),
            "the model has Adder, Bidirectional",
        ),
        (lambda: network(units=40), "more than 1,100"),
        (lambda: network(end=Adder(blur=0.35)), "on the way"),
        (lambda: network(end=Adder(blur=1.0)), "not learned to remember"),
        (lambda: network(end=Adder(blur=float("nan"))), "not finite"),
        (
            lambda: keras.Sequential([keras.Input((20, 3)), keras.layers.SimpleRNN(1)]),
            "does not take (20, 2)",
        ),
        (
            lambda: keras.Sequential([keras.Input((20, 2)), keras.layers.SimpleRNN(5)]),
            "One forecast a sequence",
        ),
        (lambda: "a trained model", "trained Keras model, not str"),
    ],
)
def test_a_known_mistake_in_the_training_gets_its_hint(answer, hint, verdict):
    assert hint in verdict("03-4", answer())
