"""The checks of lesson 05: right answers pass, known mistakes get their own hint."""

import numpy as np
import pytest
from exercise_verdict import assert_verdict
from helpers import made_up_prices

PRICES = made_up_prices("2006-01-02", "2017-12-29")
PRICES.attrs["test_year"] = 2017
rng = np.random.default_rng(0)
PATHS = 100 + rng.normal(size=(400, 60)).cumsum(axis=1)
TRUTH = 100 + (rng.normal(size=60) - 0.4) * np.sqrt(np.arange(1, 61))
GIVEN = {
    "05-3": {"paths": PATHS, "truth": TRUTH},
    "05-4": {"errors": np.log(PRICES["High"]).diff().dropna()},
}


# ---------------------------------------------------------------------- 2: the loop


def right_loop(forecast, window, steps):
    values = list(window)
    for _ in range(steps):
        values.append(forecast(np.array(values[-len(window) :])))
    return values[len(window) :]


def with_the_window(forecast, window, steps):
    return [*window, *right_loop(forecast, window, steps)]


def growing(forecast, window, steps):
    values = list(window)
    for _ in range(steps):
        values.append(forecast(np.array(values)))
    return values[len(window) :]


def into_an_earlier_list(forecast, window, steps, path=[]):  # noqa: B006
    path += right_loop(forecast, window, steps)
    return path


def in_place(forecast, window, steps):
    path = []
    for _ in range(steps):
        path.append(forecast(window))
        window[:-1] = window[1:]
        window[-1] = path[-1]
    return path


# ---------------------------------------------------------------------- 3: coverage by hand


def inside(low, high):
    low, high = np.quantile(PATHS, [low, high], axis=0)
    return ((low <= TRUTH) & (high >= TRUTH)).mean()


# ---------------------------------------------------------------------- 4: conformal intervals


def half_width(errors, level):
    rank = int(np.ceil((len(errors) + 1) * level))
    return np.sort(np.abs(errors))[rank - 1] if rank <= len(errors) else np.inf


# ---------------------------------------------------------------------- verdicts


def test_conformal_intervals_hold_what_they_claim_in_the_long_run():
    """Of ten errors of one kind, the last is within the half width of the others in 8 of 10."""
    draws = np.random.default_rng(0).normal(size=(4000, 10))
    held = [abs(draw[-1]) <= half_width(draw[:-1], 0.8) for draw in draws]
    assert np.mean(held) == pytest.approx(0.8, abs=0.02)


def test_the_right_pair_is_what_the_process_does():
    """Feed a biased forecast back until nothing changes any more."""
    value = 5.0
    means = [value := 0.8 * value for _ in range(3)]
    assert means[-1] == pytest.approx(2.56)
    for _ in range(200):
        value = 0.8 * value + 0.1
    assert value == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("05-1", (2.56, 0.5), "✓"),
        ("05-2", right_loop, "✓"),
        ("05-2", lambda *given: np.array(right_loop(*given)), "✓"),
        ("05-3", inside(0.1, 0.9), "✓"),
        ("05-1", (2.7, 0.5), "keeps 0.8"),
        ("05-1", (2.56, -0.5), "Resting point: The size is right, but the sign is wrong"),
        ("05-1", (2.56, 3), "a step changes nothing"),
        ("05-2", with_the_window, "Leave out the window"),
        ("05-2", into_an_earlier_list, "of an earlier call"),
        ("05-2", growing, "and the window has (3,)"),
        ("05-2", in_place, "work on a copy"),
        ("05-2", lambda forecast, window, steps: forecast("abc"), "given a str"),
        ("05-3", 100 * inside(0.1, 0.9), "in per cent"),
        ("05-3", 1.7, "not a share"),
        ("05-3", 0.001, "over the paths"),
        ("05-4", half_width, "✓"),
        ("05-4", lambda errors, level: 7.0 * level, "count to the k-th"),
        ("05-4", lambda errors, level: "wide", "0.6, your function must return one number, or"),
        ("05-4", lambda *given: "inf" if given[1] == 0.9 else half_width(*given), "0.9, your"),
        ("05-4", lambda errors, level: min(half_width(errors, level), 9), "return `np.inf`"),
    ],
)
def test_an_answer_gets_its_verdict(exercise, answer, told):
    assert_verdict(exercise, answer, told, GIVEN)


def test_the_shares_that_are_told_apart_differ():
    assert 0 < inside(0.2, 0.8) < inside(0.1, 0.9) < inside(0.025, 0.975)
