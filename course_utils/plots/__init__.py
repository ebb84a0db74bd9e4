"""Every figure of the course in one style; each has a text for those who cannot see it.

Truth is always the same black and the naive forecast the same grey; other colours are Okabe and
Ito's (2008), which colour-blind readers can tell apart.
"""

from course_utils.plots.basics import chunks, curves, five_types, three_parts, unrolled
from course_utils.plots.cells import gated_cells, lstm_cell, two_directions
from course_utils.plots.gates import (
    clipping,
    gradients,
    kept,
    learning_curves,
    memory,
    ratios,
    thermostat,
)
from course_utils.plots.generation import by_horizon, fan, free_runs, lineup
from course_utils.plots.growth import growth
from course_utils.plots.heat_maps import attention_map, gate_heat_map, influence, written
from course_utils.plots.pictures import captioned, looked_at
from course_utils.plots.prices import (
    by_year,
    errors,
    forecasts,
    lag_profiles,
    leaks,
    lessons_at_a_glance,
    placebos,
    price_history,
    year_and_zoom,
)
from course_utils.plots.text import (
    bits_by_epoch,
    piano_roll,
    shares_known,
    surprise,
    temperatures,
    writing_loop,
)
from course_utils.plots.translation import encoder_to_decoder, scores_by_length
from course_utils.plots.tuning import importance, reach, search, sweep
from course_utils.plots.volatility import breathing, pit_histograms
