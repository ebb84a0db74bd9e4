"""README's table of the lessons, and how the project writes any table in Markdown."""

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from course.lessons.lesson import NOTEBOOKS, Lesson, LessonError, find_lessons
from course.lessons.timings import read_timings, timings_file

TABLE_START, TABLE_END = "<!-- lessons -->", "<!-- /lessons -->"

SUMMARIES = {
    "00": "Check your machine, and learn how a lesson and its exercises work.",
    "01": "Build the smallest network that keeps the order of a series, and carry its memory on.",
    "02": "Measure why a simple recurrent network forgets, and take apart the cell that remembers.",
    "03": "Build a cell with one state and three parts, and see a task that needs a memory.",
    "04": "Build the usual forecast of prices, find out why it loses, and build one that wins.",
    "05": "Feed forecasts back for a whole year, and measure how far they can be trusted.",
    "06": "Choose inputs and settings, and judge them by the best forecast that is possible.",
    "07": "Find out what bidirectional and hybrid networks see, and whether they forecast better.",
    "08": "Translate sentences with an encoder and a decoder, and see what attention is for.",
    "09": "Let a network guess what comes next, write texts and melodies, and measure the result.",
    "10": "Forecast how far a price will move: from one share, from all at once, and with bands.",
    "11": "Read reviews of any length, and describe pictures that the course draws.",
    "12": "Measure what waiting costs, and what networks that do not wait gain and lose.",
    "13": "Go from a CSV file of your own to its next value, and say how good that forecast is.",
}
"""for lessons whose first sentence below the title does not say what they are about"""


def markdown_table(
    head: Sequence[str], rows: Iterable[Sequence[object]], right: Collection[str] = ()
) -> str:
    """Write a table in Markdown.

    Args:
        head: the names of the columns.
        rows: a cell per column each; a bar in a cell is escaped.
        right: the names of the columns that are aligned right, as numbers are.
    """
    bars = ["---:" if name in right else "---" for name in head]
    lines = [[str(cell).replace("|", r"\|") for cell in line] for line in (head, bars, *rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def summary(lesson: Lesson) -> str:
    """What a lesson is about, in a sentence."""
    first_sentence = re.split(r"(?<=[.!?]) ", lesson.about)[0]
    return SUMMARIES.get(lesson.number, first_sentence)


def lesson_table(folder: Path = NOTEBOOKS) -> str:
    """README's table of the lessons in a folder: what each is about, and what it costs."""
    timings = read_timings(timings_file(folder)).lessons
    rows = []
    for lesson in find_lessons(folder):
        timing = timings.get(lesson.number)
        link = f"[{lesson.name}]({folder.name}/{lesson.path.name})"
        run = f"{timing.whole_seconds} s" if timing else "not timed"
        rows.append((link, summary(lesson), f"{lesson.minutes_to_read} min", run))
    costs = ("to read", "to run")
    return markdown_table(("lesson", "what it is about", *costs), rows, right=costs)


def with_table(readme: str, table: str, start: str = TABLE_START, end: str = TABLE_END) -> str:
    """README's text with a table, or a list, between its two markers.

    Raises:
        LessonError: the markers are not there.
    """
    before, found, rest = readme.partition(start)
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise LessonError(f"README.md lacks the lines {start} and {end}: put them back")
    return f"{before}{start}\n{table}\n{end}{after}"
