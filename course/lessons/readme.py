"""README's table of the lessons."""

from pathlib import Path

from course.lessons.lesson import NOTEBOOKS, LessonError, find_lessons
from course.lessons.timings import read_timings, timings_file

TABLE_START, TABLE_END = "<!-- lessons -->", "<!-- /lessons -->"


def lesson_table(folder: Path = NOTEBOOKS) -> str:
    """README's markdown table of the lessons: goals, minutes to read, seconds to run, memory."""
    timings = read_timings(timings_file(folder))
    lines = [
        "| lesson | you will be able to | to read | to run | peak memory |",
        "|---|---|---:|---:|---:|",
    ]
    for lesson in find_lessons(folder):
        timing = timings.lessons.get(lesson.number)
        run, memory = (
            (f"{max(1, round(timing.seconds))} s", f"{timing.peak_mib} MiB")
            if timing
            else ("not timed", "not timed")
        )
        link = f"[{lesson.number} {lesson.title}]({folder.name}/{lesson.path.name})"
        goals = "; ".join(lesson.goals).replace("|", r"\|")
        lines.append(f"| {link} | {goals} | {lesson.minutes_to_read} min | {run} | {memory} |")
    return "\n".join(lines)


def with_table(readme: str, table: str) -> str:
    """README's text with the table between its two markers.

    Raises:
        LessonError: the markers are not there.
    """
    before, start, rest = readme.partition(TABLE_START)
    _, end, after = rest.partition(TABLE_END)
    if not (start and end):
        raise LessonError(f"README.md lacks the lines {TABLE_START} and {TABLE_END}: put them back")
    return f"{before}{start}\n{table}\n{end}{after}"
