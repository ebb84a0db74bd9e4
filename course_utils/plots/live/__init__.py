"""Pictures that can be touched, each with a still one where no script runs."""

from course_utils.plots.live.anatomy import network_anatomy
from course_utils.plots.live.explorers import (
    attention_explorer,
    forecast_explorer,
    gradient_explorer,
    thermostat_explorer,
    training_explorer,
)
from course_utils.plots.live.gate_explorer import gate_explorer
from course_utils.plots.live.window_cutter import window_cutter
