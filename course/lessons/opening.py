"""The line that each lesson opens with: what it costs to read and to run."""

from pathlib import Path
from typing import TYPE_CHECKING

from course.lessons.lesson import NOTEBOOKS, choose_lessons
from course.lessons.timings import read_timings, timings_file

if TYPE_CHECKING:
    from IPython.display import Markdown


def opening(number: str, folder: Path = NOTEBOOKS) -> "Markdown":
    """Say how many minutes a lesson takes to read, how many seconds to run, and how much memory.

    Args:
        number: the lesson's, such as `04`, or the name of one's own.
        folder: where the lessons are.

    Raises:
        LessonError: there is no such lesson, or the measured timings are damaged.
    """
    from IPython.display import Markdown  # here, as the commands need no IPython

    (lesson,) = choose_lessons([number], folder)
    timings = read_timings(timings_file(folder))
    reading = f"**{_counted(lesson.minutes_to_read, 'minute')}** to read"
    timing = timings.lessons.get(lesson.number)
    if timing is None:
        how = ": `make notebooks` measures that" if lesson.number.isdecimal() else ""
        return Markdown(f"{reading}; not yet timed{how}")
    cores = _counted(int(timings.measured_on["cores"]), "core")
    return Markdown(
        f"{reading}, **{_counted(timing.whole_seconds, 'second')}** to run on {cores}, "
        f"{timing.peak_mib} MiB of memory (measured by `make notebooks`)"
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
