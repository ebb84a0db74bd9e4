"""The checks of lesson 05: right answers pass, known mistakes get their own hint."""

from course.exercises import check

import numpy as np
import pytest
from helpers import made_up_prices

PRICES = made_up_prices("2006-01-02", "2017-12-29")
PRICES.attrs["test_year"] = 2017
rng = np.random.default_rng(0)
PATHS = 100 + rng.normal(size=(400, 60)).cumsum(axis=1)
TRUTH = 100 + (rng.normal(size=60) - 0.4) * np.sqrt(np.arange(1, 61))


@pytest.fixture
def verdict(capsys):
    given = {"05-3": {"paths": PATHS, "truth": TRUTH}, "05-4": {"prices": PRICES}}

    def ask(exercise, answer):
        check(exercise, answer, **given.get(exercise, {}))
        return capsys.readouterr().out

    return ask


# ---------------------------------------------------------------------- 1: the long run


def test_the_right_pair_passes(verdict):
    assert verdict("05-1", (2.56, 0.5)).startswith("✓")


def test_the_right_pair_is_what_the_process_does():
    """Feed a biased forecast back until nothing changes any more."""
    value = 5.0
    means = [value := 0.8 * value for _ in range(3)]
    assert means[-1] == pytest.approx(2.56)
    for _ in range(200):
        value = 0.8 * value + 0.1
    assert value == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("pair", "hint"),
    [
        ((4.0, 0.5), "one step ahead"),
        ((3.2, 0.5), "two steps"),
        ((2.048, 0.5), "four steps"),
        ((2.0, 0.5), "of what is left"),
        ((2.7, 0.5), "keeps 0.8"),
        ((2.56, 0.1), "what one step adds"),
        ((2.56, 0.125), "divide by 1 - 0.8"),
        ((2.56, 0.4), "first 0.1 counts"),
        ((2.56, 3), "a step changes nothing"),
    ],
)
def test_known_mistakes_about_the_long_run_get_their_hint(pair, hint, verdict):
    assert hint in verdict("05-1", pair)


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


def raising(forecast, window, steps):
    return window[steps]


def test_the_right_loop_passes(verdict):
    assert verdict("05-2", right_loop).startswith("✓")
    assert verdict("05-2", lambda *given: np.array(right_loop(*given))).startswith("✓")


@pytest.mark.parametrize(
    ("loop", "hint"),
    [
        (with_the_window, "Leave out the window"),
        (never_fed_back, "feed each forecast back"),
        (growing, "and the window has 3"),
        (newest_dropped, "drop the oldest"),
        (in_place, "work on a copy"),
        (one_late, "the first value should be"),
        (raising, "raised IndexError"),
        (lambda *given: None, "returned nothing"),
    ],
)
def test_known_mistakes_in_the_loop_get_their_hint(loop, hint, verdict):
    assert hint in verdict("05-2", loop)


# ---------------------------------------------------------------------- 3: coverage by hand


def inside(low, high):
    low, high = np.quantile(PATHS, [low, high], axis=0)
    return ((low <= TRUTH) & (high >= TRUTH)).mean()


def test_the_right_share_passes(verdict):
    assert 0 < inside(0.2, 0.8) < inside(0.1, 0.9) < inside(0.025, 0.975)
    assert verdict("05-3", inside(0.1, 0.9)).startswith("✓")


@pytest.mark.parametrize(
    ("share", "hint"),
    [
        (inside(0.2, 0.8), "lie 60%"),
        (inside(0.025, 0.975), "95% band"),
        ((np.quantile(PATHS, 0.8, axis=0) >= TRUTH).mean(), "two edges"),
        (1 - inside(0.1, 0.9), "outside"),
        (100 * inside(0.1, 0.9), "not per cent"),
        (60 * inside(0.1, 0.9), "number of days"),
        (1.7, "no share"),
        (0.001, "over the paths"),
    ],
)
def test_known_mistakes_about_the_share_get_their_hint(share, hint, verdict):
    assert hint in verdict("05-3", share)


# ---------------------------------------------------------------------- 4: sharper bands


def sampler(spread=1.0, drift=0.0, start=None, scale=None):
    def draw(past, steps, paths, rng):
        returns = np.log(past).diff().dropna()
        spread_now = spread * (scale or returns.std())
        drawn = rng.normal(drift, spread_now, (paths, steps))
        return (start or past.iloc[-1]) * np.exp(drawn.cumsum(axis=1))

    return draw


def oracle(past, steps, paths, rng):
    """What only a leak could know: the true future, a little blurred."""
    end = len(past)
    future = PRICES["High"].iloc[end : end + steps].to_numpy()
    factor = past.iloc[-1] / PRICES["High"].iloc[end - 1]
    return factor * future * np.exp(rng.normal(0, 0.001, (paths, steps)))


def random_walk(past, steps, paths, rng):
    """The very rival, with other draws."""
    returns = np.log(past).diff().dropna()
    drawn = rng.choice(returns - returns.mean(), (steps, paths)).T
    return past.iloc[-1] * np.exp(drawn.cumsum(axis=1))


def recent_walk(past, steps, paths, rng):
    """The lesson's solution: the noise of the last year."""
    recent = np.log(past).diff().iloc[-250:]
    drawn = rng.choice(recent - recent.mean(), (paths, steps))
    return past.iloc[-1] * np.exp(drawn.cumsum(axis=1))


def test_last_year_s_noise_passes_where_noise_changes_and_says_by_how_much(capsys):
    calmer = PRICES.copy()
    moves = np.random.default_rng(5).normal(0, 1, len(calmer))
    size = np.where(calmer.index.year < 2011, 0.015, 0.008)
    calmer["High"] = 100 * np.exp((moves * size).cumsum())
    check("05-4", recent_walk, prices=calmer)
    text = capsys.readouterr().out
    assert text.startswith("✓")
    assert "CRPS" in text


@pytest.mark.parametrize(
    ("function", "hint"),
    [(random_walk, "not half a per cent below"), (oracle, "too good to be true")],
)
def test_neither_the_rival_itself_nor_a_look_at_the_future_passes(function, hint, verdict):
    assert hint in verdict("05-4", function)


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (sampler(spread=3), "not half a per cent below"),
        (sampler(drift=0.01), "not half a per cent below"),
        (lambda past, steps, paths, rng: np.ones((steps, paths)), "Shape (paths, steps)"),
        (lambda past, steps, paths, rng: np.zeros((paths, steps)), "scale of the prices"),
        (sampler(start=100.0), "scale of the prices"),
        (lambda *given: sampler()(*given) * np.nan, "not every price is finite"),
        (
            lambda past, steps, paths, rng: sampler()(past, steps, paths, np.random.default_rng()),
            "draw from `rng`",
        ),
        (
            lambda past, steps, paths, rng: sampler()(past, steps, paths, np.random.default_rng(7)),
            "another rng gave the same paths",
        ),
        (
            lambda past, steps, paths, rng: np.full((paths, steps), past.iloc[-1]),
            "a distribution is asked for",
        ),
    ],
)
def test_known_mistakes_in_sampling_get_their_hint(function, hint, verdict):
    assert hint.lower() in verdict("05-4", function).lower()
