"""The checks of lesson 05: right answers pass, known mistakes get their own hint."""

from course.exercises import judge

import numpy as np
import pytest
from exercise_verdict import verdict
from helpers import made_up_prices

PRICES = made_up_prices("2006-01-02", "2017-12-29")
PRICES.attrs["test_year"] = 2017
rng = np.random.default_rng(0)
PATHS = 100 + rng.normal(size=(400, 60)).cumsum(axis=1)
TRUTH = 100 + (rng.normal(size=60) - 0.4) * np.sqrt(np.arange(1, 61))
GIVEN = {"05-3": {"paths": PATHS, "truth": TRUTH}, "05-4": {"prices": PRICES}}


# ---------------------------------------------------------------------- 2: the loop


def right_loop(forecast, window, steps):
    values = list(window)
    for _ in range(steps):
        values.append(forecast(np.array(values[-len(window) :])))
    return values[len(window) :]


def with_the_window(forecast, window, steps):
    return [*window, *right_loop(forecast, window, steps)]


def never_fed_back(forecast, window, steps):
    return [forecast(window) for _ in range(steps)]


def growing(forecast, window, steps):
    values = list(window)
    for _ in range(steps):
        values.append(forecast(np.array(values)))
    return values[len(window) :]


def newest_dropped(forecast, window, steps):
    window, path = list(window), []
    for _ in range(steps):
        path.append(forecast(np.array(window)))
        window = [*window[:-1], path[-1]]
    return path


def in_place(forecast, window, steps):
    path = []
    for _ in range(steps):
        path.append(forecast(window))
        window[:-1] = window[1:]
        window[-1] = path[-1]
    return path


def one_late(forecast, window, steps):
    return right_loop(forecast, window, steps + 1)[1:]


# ---------------------------------------------------------------------- 3: coverage by hand


def inside(low, high):
    low, high = np.quantile(PATHS, [low, high], axis=0)
    return ((low <= TRUTH) & (high >= TRUTH)).mean()


# ---------------------------------------------------------------------- 4: sharper bands


def sampler(spread=1.0, drift=0.0, start=None):
    def draw(past, steps, paths, rng):
        returns = np.log(past).diff().dropna()
        drawn = rng.normal(drift, spread * returns.std(), (paths, steps))
        return (start or past.iloc[-1]) * np.exp(drawn.cumsum(axis=1))

    return draw


def with_its_own(make_rng):
    return lambda past, steps, paths, rng: sampler()(past, steps, paths, make_rng())


def oracle(past, steps, paths, rng):
    """What only a leak could know: the true future, a little blurred."""
    end = len(past)
    future = PRICES["High"].iloc[end : end + steps].to_numpy()
    factor = past.iloc[-1] / PRICES["High"].iloc[end - 1]
    return factor * future * np.exp(rng.normal(0, 0.1 * np.log(past).diff().std(), (paths, steps)))


def random_walk(past, steps, paths, rng):
    """The very rival, with different draws."""
    returns = np.log(past).diff().dropna()
    drawn = rng.choice(returns - returns.mean(), (steps, paths)).T
    return past.iloc[-1] * np.exp(drawn.cumsum(axis=1))


def recent_walk(past, steps, paths, rng):
    """The lesson's solution: the noise of the last year."""
    recent = np.log(past).diff().iloc[-250:]
    drawn = rng.choice(recent - recent.mean(), (paths, steps))
    return past.iloc[-1] * np.exp(drawn.cumsum(axis=1))


# ---------------------------------------------------------------------- verdicts


def test_last_years_noise_passes_where_noise_changes_and_is_told_by_how_much():
    calmer = PRICES.copy()
    moves = np.random.default_rng(5).normal(0, 1, len(calmer))
    size = np.where(calmer.index.year < 2011, 0.015, 0.008)
    calmer["High"] = 100 * np.exp((moves * size).cumsum())
    assert "CRPS" in judge("05-4", recent_walk, prices=calmer)


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
        ("05-1", (2.56, 3), "a step changes nothing"),
        ("05-2", with_the_window, "Leave out the window"),
        ("05-2", growing, "and the window has (3,)"),
        ("05-2", in_place, "work on a copy"),
        ("05-2", lambda forecast, window, steps: window[steps], "raised IndexError"),
        ("05-2", lambda forecast, window, steps: forecast("abc"), "given a str"),
        ("05-2", lambda *given: None, "returned nothing"),
        ("05-3", 100 * inside(0.1, 0.9), "in per cent"),
        ("05-3", 1.7, "not a share"),
        ("05-3", 0.001, "over the paths"),
        ("05-4", random_walk, "not half a per cent below"),
        ("05-4", oracle, "too good to be true"),
        ("05-4", sampler(spread=3), "not half a per cent below"),
        ("05-4", sampler(drift=0.01), "not half a per cent below"),
        ("05-4", sampler(start=100.0), "scale of the prices"),
        ("05-4", lambda past, steps, paths, rng: np.ones((steps, paths)), "(paths, steps), here"),
        ("05-4", lambda past, steps, paths, rng: np.zeros((paths, steps)), "scale of the prices"),
        ("05-4", lambda past, steps, paths, rng: np.full((paths, steps), past.iloc[-1]), "a dist"),
        ("05-4", lambda *given: sampler()(*given) * np.nan, "not finite"),
        ("05-4", with_its_own(np.random.default_rng), "The same rng gave different paths"),
        ("05-4", with_its_own(lambda: np.random.default_rng(7)), "A different rng gave the same"),
    ],
)
def test_an_answer_gets_its_verdict(exercise, answer, told):
    said = verdict(exercise, answer, GIVEN)
    assert told in said
    assert said.startswith("✓") == told.startswith("✓")


def test_the_shares_that_are_told_apart_differ():
    assert 0 < inside(0.2, 0.8) < inside(0.1, 0.9) < inside(0.025, 0.975)
