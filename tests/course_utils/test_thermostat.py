"""The thermostat: what it does is what its rule says, and no window of temperatures can tell it."""

from course_utils.thermostat import OFF_ABOVE, ON_BELOW, run_thermostat, weather

import numpy as np
import pytest

RECORD = run_thermostat(weather(300, 200, np.random.default_rng(0)))


def test_the_heating_keeps_between_the_thresholds_what_it_was():
    record = run_thermostat(np.array([[-1, 0.9, -0.5, 1.2, 0.9, -0.9, -1.5, 0]]))
    assert record.heating.tolist() == [[1, 1, 1, 0, 0, 0, 1, 1]]
    assert record.age.tolist() == [[0, 1, 2, 0, 1, 2, 0, 1]]


def test_heating_and_age_are_what_a_loop_finds():
    for temperature, heating, age in zip(*RECORD, strict=True):
        on, steps = None, 0
        for now, found, since in zip(temperature, heating, age, strict=True):
            outside = now <= ON_BELOW or now >= OFF_ABOVE
            on, steps = (now <= ON_BELOW, 0) if outside else (on, steps + 1)
            assert (found, since) == (on, steps)


@pytest.mark.parametrize("start", [-0.99, 0.0, 0.99])
def test_a_series_that_starts_between_the_thresholds_is_refused(start):
    with pytest.raises(ValueError, match="between -1 and 1 °C: start it at a threshold"):
        run_thermostat(np.array([[start, -2.0]]))


def test_the_oldest_temperature_of_a_window_tells_little_once_the_last_signal_is_far_behind():
    series, step = np.nonzero(RECORD.age >= 50)
    guess = RECORD.temperature[series, step - 19] < 0
    assert (guess == RECORD.heating[series, step]).mean() == pytest.approx(0.5, abs=0.05)
