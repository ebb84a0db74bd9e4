"""The checks of lesson 01: right answers pass, known mistakes get their own hint."""

import re

from course_utils.windows import make_windows

import keras
import numpy as np
import pytest
from exercise_verdict import assert_verdict

HALF_LIFE_3 = 0.5 ** (1 / 3)


def rising_or_falling(count, steps, seed):
    chance = np.random.default_rng(seed)
    rises = chance.integers(0, 2, count)
    trend = np.outer(2 * rises - 1, np.linspace(-1, 1, steps))
    level, noise = chance.normal(size=(count, 1)), chance.normal(0, 0.5, (count, steps))
    return (trend + level + noise)[..., np.newaxis], rises


GIVEN = {"01-4": {"make": rising_or_falling}}


class Judge(keras.Model):
    """A model that judges series by a function of their values, without any layer."""

    def __init__(self, judge):
        super().__init__()
        self.judge = judge

    def __call__(self, series):
        return self.judge(series[:, :, 0])

    def count_params(self):
        return 11


class Loop(keras.Model):
    """A cell in a loop, untrained."""

    def __init__(self):
        super().__init__()
        self.cell = keras.layers.GRUCell(1)
        self.dense = keras.layers.Dense(1, "sigmoid", kernel_initializer="zeros")

    def call(self, series):
        state = keras.ops.zeros((len(series), 1))
        for step in range(series.shape[1]):
            state, _ = self.cell(series[:, step], [state])
        return self.dense(state)


def slope(values):
    centred = np.arange(values.shape[1]) - (values.shape[1] - 1) / 2
    return values @ centred


def rises(values):
    return (slope(values) > 0).astype(float)


def raises(*_):
    raise ValueError("no such length")


def cut_with(windows=lambda w: w, targets=lambda t: t):
    def changed(series, lookback, horizon):
        all_windows, all_targets = make_windows(series, lookback, horizon)
        return windows(all_windows), targets(all_targets)

    return changed


def with_a_leak(series, lookback, horizon):
    windows, _ = make_windows(series, lookback, horizon)
    return windows, windows[:, -1, 0]


def as_if_horizon_1(series, lookback, horizon):
    windows, _ = make_windows(series, lookback, horizon)
    return windows, series[lookback : lookback + len(windows)]


def without_recurrence():
    layers = [keras.layers.Conv1D(1, 2), keras.layers.GlobalAveragePooling1D()]
    return keras.Sequential([keras.Input((None, 1)), *layers, keras.layers.Dense(1, "sigmoid")])


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("01-1", 563, "✓"),
        ("01-1", np.int64(563), "✓"),
        ("01-2", (1 - HALF_LIFE_3, HALF_LIFE_3, 0), "✓"),
        ("01-2", [0.206, 0.794, 0], "✓"),
        ("01-3", make_windows, "✓"),
        ("01-3", lambda *given: list(make_windows(*given)), "✓"),
        ("01-3", lambda *given: [one.astype("float32") for one in make_windows(*given)], "✓"),
        ("01-4", Judge(rises), "✓"),
        ("01-4", Judge(lambda values: rises(values)[:, np.newaxis]), "✓"),
        ("01-1", 2000, "too large"),
        ("01-1", 1, "too small"),
        ("01-2", (1, 0.5), "3 numbers, not 2"),
        ("01-2", None, "3 numbers, not NoneType"),
        ("01-2", ("0.206", 0.794, 0), "3 numbers, not a tuple of str, float, int"),
        ("01-2", (0.2, 1.0, 0), "never fades"),
        ("01-2", (0.2, -0.8, 0), "sign"),
        ("01-2", (0.5, 0.5, 0), "at every step"),
        ("01-2", (0.1, 0.9, 0), "After three steps"),
        ("01-2", (0.2, HALF_LIFE_3, 0.1), "average of zeros"),
        ("01-2", (1, HALF_LIFE_3, 0), "tends to 24"),
        ("01-3", 3, "function itself"),
        ("01-3", raises, "raised ValueError: no such length"),
        ("01-3", lambda *_: None, "returned nothing"),
        ("01-3", lambda *_: [1, 2, 3], "two things"),
        ("01-3", lambda *_: ([[1, 2], [3]], [1]), "differ in length"),
        ("01-3", cut_with(windows=lambda w: w[:, :, 0]), "feature axis"),
        ("01-3", cut_with(targets=lambda t: t[:, np.newaxis]), "(samples,)"),
        ("01-3", cut_with(windows=lambda w: w[:-1]), "and targets for"),
        ("01-3", cut_with(lambda w: w[:-1], lambda t: t[:-1]), "is missing"),
        ("01-3", cut_with(lambda w: w[2:], lambda t: t[2:]), "Count them"),
        ("01-3", cut_with(windows=lambda w: w[:, 1:]), "have shape"),
        ("01-3", cut_with(windows=lambda w: w[:, ::-1]), "run backwards"),
        ("01-3", cut_with(windows=lambda w: w + 1), "window 0 should hold the series from"),
        ("01-3", cut_with(windows=np.round), "beginning with"),
        ("01-3", lambda *given: (make_windows(*given)[0],) * 2, "targets have shape"),
        ("01-3", lambda *_: (1, 2), "windows have shape ()"),
        ("01-3", with_a_leak, "last value of its own window"),
        ("01-3", as_if_horizon_1, "use the horizon"),
        ("01-3", cut_with(targets=lambda t: t + 1), "position"),
        ("01-4", "a model", "Keras model itself"),
        ("01-4", without_recurrence(), "recurrent layer: your network has Conv1D, Dense, Global"),
        ("01-4", Loop(), "It guesses"),  # a loop over a cell does recur
        ("01-4", Judge(raises), "leave the length open"),
        ("01-4", Judge(lambda values: values / 100), "return_sequences"),
        ("01-4", Judge(lambda values: {"rises": values}), "must return numbers, not dict"),
        ("01-4", Judge(lambda values: rises(values) * np.nan), "not finite"),
        ("01-4", Judge(lambda v: 1 - rises(v)), "labels turned round"),
        ("01-4", Judge(slope), "not within 0..1"),
        ("01-4", Judge(lambda values: values[:, 0] * 0 + 0.3), "is any output above 0.5"),
        ("01-4", Judge(lambda values: rises(values[:, :2])), "guesses"),
        ("01-4", Judge(lambda v: abs(rises(v) - v.shape[1] % 2)), "odd and even lengths differ"),
        ("01-4", Judge(lambda v: rises(v) * (v.shape[1] < 30)), "at which it is worst"),
    ],
)
def test_an_answer_gets_its_verdict_and_not_the_solution(exercise, answer, told):
    said = assert_verdict(exercise, answer, told, GIVEN)
    assert said.startswith("✓") or not re.search(r"\b563\b|0\.79|0\.206", said)
