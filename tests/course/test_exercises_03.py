"""The checks of lesson 03: right answers pass, known mistakes get their own hint."""

from course_utils.cells import sigmoid
from course_utils.windows import make_windows

import keras
import numpy as np
import pytest
from exercise_verdict import assert_verdict

Z, R = float(sigmoid(np.array(1.5))), 0.5
CANDIDATE = float(np.tanh(-2 + 3 * R * 0.5 + 1))


def mixed(candidate, z=Z):
    return z * 0.5 + (1 - z) * candidate


RIGHT = mixed(CANDIDATE)


def adding_problem(samples, steps=20, seed=0):
    rng = np.random.default_rng(seed)
    values, marks = rng.uniform(size=(samples, steps)), np.zeros((samples, steps))
    marks[np.arange(samples), rng.integers(0, steps // 2, samples)] = 1
    marks[np.arange(samples), rng.integers(steps // 2, steps, samples)] = 1
    return np.stack([values, marks], axis=-1), (values * marks).sum(axis=1)


GIVEN = {"03-4": {"draw": adding_problem}}


def stack(parts=3, biases=2, dense=lambda units: units + 1, chained=True):
    def count(features, units):
        total = 0
        for layer_units in units:
            total += parts * layer_units * (features + layer_units + biases)
            features = layer_units if chained else features
        return total + dense(units[-1])

    return count


def bias_on(part, value, row=0):
    def change(biases):
        units = biases.shape[1] // 3
        changed = biases.copy()
        changed[row, part * units : (part + 1) * units] = value
        return changed

    return change


def long_window(lookback=lambda age: age.max() + 1):
    def cost(age, units):
        (series, steps), back = age.shape, lookback(age)
        return back, units * (back + 1) + units + 1, series * (steps - back + 1)

    return cost


class Adder(keras.layers.Layer):
    """Adds up the marked values, off by a constant blur."""

    def __init__(self, blur=0.0, noise=0.0, **options):
        super().__init__(**options)
        self.blur, self.noise = blur, noise

    def call(self, sequences):
        sums = keras.ops.sum(sequences[:, :, 0] * sequences[:, :, 1], axis=1, keepdims=True)
        return sums + self.blur + self.noise * (sequences[:, 0, :1] - 0.5)


def network(cell=keras.layers.SimpleRNN, units=4, blur=0.0, scale=1.0, noise=0.0):
    """A network that has a recurrent layer, and knows the sums without it."""
    inputs = keras.Input((20, 2))
    ignored = keras.layers.Dense(1, kernel_initializer="zeros")(cell(units)(inputs))
    return keras.Model(inputs, ignored + scale * Adder(blur, noise)(inputs))


class Unbuilt(keras.Model):
    """Keras never makes the weights of a model with a `__call__` of its own."""

    def __init__(self):
        super().__init__()
        self.recurrent = keras.layers.SimpleRNN(4)

    def __call__(self, sequences):
        return (sequences[:, :, 0] * sequences[:, :, 1]).sum(axis=1)


def bidirectional(units):
    return keras.layers.Bidirectional(keras.layers.SimpleRNN(units))


def alone(units, features=2):
    return keras.Sequential([keras.Input((20, features)), keras.layers.SimpleRNN(units)])


def test_the_right_state_is_that_of_keras():
    layer = keras.layers.GRU(1, reset_after=False)
    layer.build((None, 1, 1))
    columns = [[[1, 0.5, -1]], [[-1, 1, 3]], [0, -1.5, 1]]
    layer.set_weights([np.array(column, dtype="float32") for column in columns])
    state = layer(np.array([[[2.0]]]), initial_state=np.array([[0.5]], dtype="float32"))
    assert np.isclose(np.asarray(state).item(), RIGHT, atol=1e-6)


def test_the_right_count_is_that_of_keras():
    model = keras.Sequential([keras.Input((None, 4))])
    for layer in range(4):
        model.add(keras.layers.GRU(50, return_sequences=layer < 3))
    model.add(keras.layers.Dense(1))
    assert stack()(4, [50] * 4) == model.count_params()


def test_the_cost_is_that_of_keras_and_of_windows_cut():
    age = np.zeros((3, 40), int)
    age[1, 20] = 11
    lookback, parameters, windows = long_window()(age, 8)
    dense = [keras.Input((lookback,)), keras.layers.Dense(8), keras.layers.Dense(1)]
    assert parameters == keras.Sequential(dense).count_params()
    assert windows == 3 * len(make_windows(np.arange(41.0), lookback)[0])


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("03-1", RIGHT, "✓"),
        ("03-1", np.array([[RIGHT]]), "✓"),
        ("03-1", round(RIGHT, 4), "✓"),
        ("03-2", stack(), "✓"),
        ("03-3", bias_on(0, 30, row=0), "✓"),
        ("03-3", bias_on(0, 30, row=1), "✓"),
        ("03-4", network(), "✓"),
        ("03-4", network(lambda units: keras.layers.RNN(keras.layers.SimpleRNNCell(units))), "✓"),
        ("03-4", network(lambda units: keras.Sequential([keras.layers.SimpleRNN(units)])), "✓"),
        ("03-5", long_window(), "✓ 400 series of 200 steps need a window of 200: 6,465 parameters"),
        ("03-5", lambda age, units: np.array(long_window()(age, units), float), "✓"),
        ("03-5", long_window(lambda age: age.shape[1] + 7), "find the window first"),
        ("03-5", lambda age, units: age.max() + 1, "must return shape (3,)"),
        ("03-1", 1.7, "cannot leave"),
        ("03-1", 0.6, "too large"),
        ("03-2", stack(biases=7), "it is 8,001"),
        ("03-3", bias_on(0, -30), "rewrites the state"),
        ("03-3", bias_on(1, 30), "reset gate's bias"),
        ("03-3", bias_on(2, 30), "candidate's bias"),
        ("03-3", bias_on(0, 1), "The right direction"),
        ("03-3", lambda biases: bias_on(0, 30)(bias_on(0, -30, 1)(biases)), "yours cancel"),
        ("03-3", lambda biases: biases, "biases unchanged"),
        ("03-3", lambda biases: biases + 30 * (np.arange(15) < 2), "Some units' update gates"),
        ("03-3", lambda biases: biases[0], "(2, 3 * units), here (2, 15), not (15,)"),
        ("03-3", lambda biases: biases + np.inf, "not finite"),
        ("03-4", network(keras.layers.GRU), "Use a SimpleRNN"),
        ("03-4", network(bidirectional), "your model has Adder, Bidirectional"),
        ("03-4", network(units=40), "more than 1,100"),
        ("03-4", network(blur=1.0), "about 1 × sum +1.00"),
        ("03-4", network(scale=-1.0), "about -1 × sum"),
        ("03-4", network(noise=1.2), "on the way"),
        ("03-4", network(noise=2), "not learned to remember"),
        ("03-4", network(blur=float("nan")), "not finite"),
        ("03-4", keras.Sequential(), "your model has no layers"),
        ("03-4", alone(1, features=3), "sequences of shape (20, 2), your model raised"),
        ("03-4", alone(5), "one output per sequence"),
        ("03-4", Unbuilt(), "Your model cannot be counted: ValueError"),
        ("03-4", "a trained model", "trained Keras model itself, not str"),
    ],
)
def test_an_answer_gets_its_verdict(exercise, answer, told):
    assert_verdict(exercise, answer, told, GIVEN)
