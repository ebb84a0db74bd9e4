"""Places on a page for the pictures of `course_utils/plots/live` that can be touched."""

import json
from typing import Any

from course.studies.one_step import year_of_forecasts
from course_utils.studies import read_study

DAYS_TO_CUT = 80
PLACE = '<div class="live-picture" data-picture="{}" hidden>{}</div>'
DATA = '<script type="application/json">{}</script>'


def live_picture(name: str) -> str:
    """The place that the page's script fills, with the data that the picture shows.

    Args:
        name: of a module in `course_utils/plots/live`, without `.js`.
    """
    shown = _data(name)
    return PLACE.format(name, DATA.format(json.dumps(shown)) if shown else "")


def _data(name: str) -> dict[str, Any] | None:
    if name not in ("forecast", "window_cutter"):
        return None
    lines = year_of_forecasts(read_study("ibm").query("column == 'High' and year == 2017"))
    truth = lines["truth"]
    if name == "window_cutter":
        return {"name": "IBM's daily high of 2017", "values": list(truth[:DAYS_TO_CUT])}
    days = [f"{day:%d %b}" for day in truth.index]
    return {"days": days, "lines": {each: list(line) for each, line in lines.items()}}
