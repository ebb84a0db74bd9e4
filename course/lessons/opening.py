"""The line that each lesson opens with: what it costs to read and to run."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.display import Markdown
from course.lessons.lesson import NOTEBOOKS, choose_lessons
from course.lessons.timings import read_timings, timings_file


def opening(number: str, folder: Path = NOTEBOOKS) -> "Markdown":
    """The line a lesson opens with: what it will cost to read and to run."""
    from IPython.display import Markdown

    (lesson,) = choose_lessons([number], folder)
    timings = read_timings(timings_file(folder))
    minutes = lesson.minutes_to_read
    reading = f"**{minutes} minute{'s' * (minutes != 1)}** to read"
    timing = timings.lessons.get(lesson.number)
    if timing is None:
        return Markdown(f"{reading}; not yet timed: `make notebooks` measures that")
    seconds = max(1, round(timing.seconds))
    n = timings.measured_on["cores"]
    return Markdown(
        f"{reading}, **{seconds} second{'s' * (seconds != 1)}** to run on {n} "
        f"core{'s' * (n != '1')}, {timing.peak_mib} MiB of memory (measured by `make notebooks`)"
    )
