"""A thermostat that has to remember: what it does depends on a temperature of long ago."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ON_BELOW, OFF_ABOVE = -1.0, 1.0
"""the two thresholds, in °C"""
STAYS = 0.95
"""share of a temperature that is left after a step"""
SHOCK = 0.22
"""standard deviation of what the weather adds in a step, in °C"""


class Record(NamedTuple):
    """Temperatures, and what the heating does; all of shape (series, time_steps)."""

    temperature: NDArray[np.float64]
    """in °C"""
    heating: NDArray[np.int64]
    """1 while the heating is on, else 0"""
    age: NDArray[np.int64]
    """steps since the last temperature at or beyond a threshold: 0 where it is there now"""


def weather(series: int, time_steps: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw temperatures that wander around 0 °C, a first-order autoregression.

    Args:
        series: how many independent series.
        time_steps: steps in each.
        rng: where the weather comes from.

    Returns:
        temperatures in °C, shape (series, time_steps); each series starts at one of the two
        thresholds, so that the heating's first state can be seen.
    """
    temperature = np.empty((series, time_steps))
    temperature[:, 0] = rng.choice([ON_BELOW, OFF_ABOVE], series)
    for step in range(1, time_steps):
        temperature[:, step] = STAYS * temperature[:, step - 1] + rng.normal(0, SHOCK, series)
    return temperature


def run_thermostat(temperature: NDArray) -> Record:
    """Switch the heating on and off, step by step.

    Args:
        temperature: in °C, shape (series, time_steps), starting at or beyond a threshold.

    Returns:
        the temperatures, the heating, and the age of the last temperature that set it.

    Raises:
        ValueError: a series starts between the thresholds, where nothing says what the heating
            does.
    """
    cold, warm = temperature <= ON_BELOW, temperature >= OFF_ABOVE
    if not (cold | warm)[:, 0].all():
        raise ValueError(
            f"A series starts between {ON_BELOW:g} and {OFF_ABOVE:g} °C: start it at a threshold."
        )
    steps = np.arange(temperature.shape[1])
    last_set = np.maximum.accumulate(np.where(cold | warm, steps, 0), axis=1)
    heating = np.take_along_axis(cold, last_set, axis=1).astype(int)
    return Record(temperature, heating, steps - last_set)
