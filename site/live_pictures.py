"""Places on a page for the pictures of `course_utils/plots/live` that can be touched."""

from course.studies.one_step import year_of_forecasts
from course_utils.plots.live import forecast_explorer
from course_utils.studies import read_study

PLACE = (
    '<div class="live-picture" data-picture="{}" hidden>'
    '<script type="application/json">{}</script></div>'
)


def live_picture(module: str, values: str) -> str:
    """The place that the page's script fills, with the data that the picture shows.

    Args:
        module: the name of a module in `course_utils/plots/live`, without `.js`.
        values: what the module shows and begins with, as JSON.
    """
    return PLACE.format(module, values)


def live_forecasts() -> str:
    """The place of the front page's picture: a year of forecasts of IBM's high."""
    of_2017 = read_study("ibm").query("column == 'High' and year == 2017")
    explorer = forecast_explorer(**year_of_forecasts(of_2017))
    return live_picture(explorer.module, explorer.text())
