"""Figures of the lessons that can also be touched; each takes what its still picture takes."""

from collections.abc import Mapping, Sequence

from course_utils.plots.basics import curves
from course_utils.plots.gates import thermostat
from course_utils.plots.heat_maps import attention_map
from course_utils.plots.live.explorer import Explorer
from course_utils.plots.names import COLOURS, in_words
from course_utils.plots.prices import year_and_zoom
from course_utils.plots.style import as_image, new_axes
from course_utils.thermostat import Record

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

WEIGHTS = (0.8, 0.9, 1.0, 1.1, 1.25)
"""of the units whose gradients the still picture shows"""
MOST_STEPS = 100


def gradient_explorer(weight: float = 0.9, steps: int = 50) -> Explorer:
    """Draw what is left of a gradient on its way back through the unit h_t = w h_{t-1} + x_t.

    Args:
        weight: w, 0..2, with which the live picture begins.
        steps: time steps back, 1..100, with which it begins.

    Returns:
        a picture with alternative text; where it is live, it has sliders for both.

    Raises:
        ValueError: a value is outside its range.
    """
    if not (0 <= weight <= 2 and 1 <= steps <= MOST_STEPS):
        raise ValueError(
            f"weight {weight} and steps {steps}: take a weight from 0 to 2 and 1 to {MOST_STEPS} "
            "steps."
        )
    title = "Each step back multiplies the gradient by w: it vanishes below 1 and explodes above"
    figure, axes = new_axes(title, "steps back", "gradient left (log scale)")
    left = {f"w = {w:g}": w ** np.arange(MOST_STEPS + 1) for w in WEIGHTS}
    for colour, (name, line) in zip(COLOURS, left.items(), strict=False):
        axes.semilogy(line, color=colour, label=name)
    axes.legend(frameon=False)
    ends = in_words({name: line[-1] for name, line in left.items()}, ".1g")
    still = as_image(figure, f"{title}. Left after {MOST_STEPS} steps: {ends}.")
    return Explorer(still, "unrolled", {"weight": weight, "steps": steps})


def thermostat_explorer(record: Record, title: str, lookback: int) -> Explorer:
    """Draw the temperature of a record's first series, and when the heating is on.

    Args:
        record: temperatures in °C and the heating, shape (series, time_steps).
        title: what the picture shows.
        lookback: time steps in the window that the live picture frames.

    Returns:
        a picture with alternative text; where it is live, you steer the temperature.
    """
    values = {"temperature": np.round(record.temperature[0], 3).tolist(), "lookback": lookback}
    return Explorer(thermostat(record, title), "thermostat", values)


def training_explorer(errors: pd.Series, title: str) -> Explorer:
    """Draw how far forecasts of the sine are off at each time step of a chunk.

    Args:
        errors: RMSE by time step.
        title: what the picture shows.

    Returns:
        a picture with alternative text; where it is live, two networks of eight units train on
        the sine, one with its state carried from chunk to chunk and one with it reset.
    """
    return Explorer(curves(errors.to_frame(), title, "time step", "RMSE"), "sine_network", {})


def forecast_explorer(
    truth: pd.Series, by_name: Mapping[str, pd.Series], part: slice, title: str, naive: str
) -> Explorer:
    """Draw forecasts over a year and close up, as `year_and_zoom`, with the same arguments.

    Args:
        truth: true prices indexed by day, in USD.
        by_name: name and forecast of the same days.
        part: days of the close-up.
        title: what the picture shows.
        naive: the name of the naive forecast.

    Returns:
        a picture with alternative text; where it is live, you choose the days to look at and move
        the forecasts back.
    """
    still = year_and_zoom(truth, by_name, part, title, naive)
    lines = {"truth": truth, **by_name}
    values = {
        "days": [f"{day:%d %b}" for day in truth.index],
        "lines": {name: np.round(line, 2).tolist() for name, line in lines.items()},
    }
    return Explorer(still, "forecast", values)


def attention_explorer(
    weights: ArrayLike, source: Sequence[str], target: Sequence[str], title: str
) -> Explorer:
    """Draw how much of each source word goes into each target word, as `attention_map`.

    Args:
        weights: shape (target words, source words).
        source: the words that are read.
        target: the words that are written.
        title: what the picture shows.

    Returns:
        a picture with alternative text; where it is live, you choose a word that is written.

    Raises:
        ValueError: there are not as many rows as target words, or columns as source words.
    """
    still = attention_map(weights, source, target, title)
    rounded = np.round(np.asarray(weights, dtype=float), 4).tolist()
    values = {"weights": rounded, "read": [*source], "written": [*target]}
    return Explorer(still, "attention", values)
