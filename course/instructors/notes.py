"""The notes for instructors in a lesson: what to say in each section, and the minutes it takes.

They are cells tagged `notes`, right after the cell with the section's heading.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from course.lessons.lesson import Lesson, LessonError, is_notes

OPENING, EXERCISES = "Opening", "Exercises"
WITHOUT_NOTES = ("Recap", "What often goes wrong", "Read on")
FIRST_LINE = r"\*\*Notes for instructors, (\d+) minutes?\.\*\*"
EXERCISE_MINUTES = r"\bExercise (\d+), (\d+) minutes?:"


@dataclass(frozen=True)
class Section:
    """A section of a lesson, the minutes it takes to teach, and the text of its notes."""

    title: str
    minutes: int
    notes: str


@dataclass(frozen=True)
class Exercise:
    """An exercise, its title with the level in brackets, and the minutes it takes."""

    number: int
    title: str
    minutes: int

    @property
    def is_open(self) -> bool:
        """Whether it has no end: such an exercise is for home."""
        return self.title.endswith("(open)")


def sections(cells: Sequence[Mapping]) -> list[Section]:
    """The sections of a lesson that have notes: its opening, its numbered ones, the exercises.

    Raises:
        LessonError: a section lacks its notes, notes lack a section, or a first line its minutes.
    """
    found = []
    for place, cell in enumerate(cells):
        if is_notes(cell):
            continue
        notes = list(takewhile(is_notes, cells[place + 1 :]))
        titles = [OPENING] if place == 0 else _titles(cell)
        if len(notes) != len(titles):
            raise LessonError(
                f"{len(notes)} cells tagged notes after cell {place}, but its sections are "
                f"{titles or 'none'}: put one for each right after the cell with the heading"
            )
        found += [_section(*pair) for pair in zip(titles, notes, strict=True)]
    return found


def exercises(cells: Sequence[Mapping]) -> list[Exercise]:
    """The exercises of a lesson, with the minutes that the notes on them give.

    Raises:
        LessonError: the notes do not give the minutes of exactly these exercises, or their sum.
    """
    text = "\n".join(_prose(cell) for cell in cells)
    titles = {int(n): title for n, title in re.findall(r"^###? Exercise (\d+): (.*\S)", text, re.M)}
    noted = [section for section in sections(cells) if section.title == EXERCISES]
    minutes = {
        int(number): int(minutes)
        for section in noted
        for number, minutes in re.findall(EXERCISE_MINUTES, section.notes)
    }
    in_all = sum(section.minutes for section in noted)
    if minutes.keys() != titles.keys() or sum(minutes.values()) != in_all:
        raise LessonError(
            f"the notes on `## {EXERCISES}` give {in_all} minutes in all and {minutes} for the "
            f"exercises {sorted(titles)}: write `Exercise 1, 5 minutes:` for each, to that sum"
        )
    return [Exercise(number, titles[number], minutes[number]) for number in sorted(titles)]


def minutes_to_teach(lesson: Lesson, chosen: Collection[int]) -> int:
    """Minutes for all sections of a lesson and the chosen exercises, given by their numbers."""
    taught = [one.minutes for one in sections(lesson.cells) if one.title != EXERCISES]
    worked = [one.minutes for one in exercises(lesson.cells) if one.number in chosen]
    return sum(taught) + sum(worked)


def _titles(cell: Mapping) -> list[str]:
    """Titles of the sections that begin in a cell and need notes."""
    titles = re.findall(r"^## (.*\S)", _prose(cell), re.M)
    return [title for title in titles if title not in WITHOUT_NOTES]


def _section(title: str, cell: Mapping) -> Section:
    first, _, rest = cell["source"].partition("\n")
    match = re.fullmatch(FIRST_LINE, first)
    if not match or not int(match[1]):
        raise LessonError(
            f"the notes on {title!r} begin with {first!r}: begin with "
            "`**Notes for instructors, 12 minutes.**` on a line of its own"
        )
    return Section(title, int(match[1]), rest.strip())


def _prose(cell: Mapping) -> str:
    return cell["source"] if cell["cell_type"] == "markdown" else ""
