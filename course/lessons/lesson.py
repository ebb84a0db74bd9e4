"""What a lesson is, how long it takes, and the lines that say so.

Times to run and memory are measured by `make notebooks` and kept in `data/timings.csv`; times to
read follow from the text. No minute or mebibyte is typed by hand.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from pathlib import Path

from course_utils.files import ROOT

NOTEBOOKS = ROOT / "notebooks"

WORDS_A_MINUTE = 200
CODE_LINES_A_MINUTE = 10

GOALS_LINE = "**You will be able to**"


class LessonError(ValueError):
    """A lesson, or a file about the lessons, is not what it must be."""


class UnknownLessonError(LessonError):
    """No lesson bears this name."""


@dataclass(frozen=True)
class Lesson:
    """A notebook of the course, `NN_name.ipynb`, whose first cell is its title and its goals."""

    number: str
    path: Path
    title: str

    @cached_property
    def cells(self) -> list[dict]:
        """The notebook's cells as they are stored, the source of each a string."""
        return read_cells(self.path)

    @property
    def goals(self) -> list[str]:
        """The bullets under the line `**You will be able to**` in the first cell."""
        return goals_in(self.cells[0]["source"])

    @property
    def minutes_to_read(self) -> int:
        """Minutes for the text and the code at the rates above, rounded up; notes do not count."""
        words = lines = 0
        for cell in self.cells:
            if is_notes(cell):
                continue
            if cell["cell_type"] == "markdown":
                words += len(re.findall(r"\w[\w'’.,-]*", cell["source"]))
            elif cell["cell_type"] == "code":
                lines += sum(bool(line.strip()) for line in cell["source"].splitlines())
        return max(1, ceil(words / WORDS_A_MINUTE + lines / CODE_LINES_A_MINUTE))


def goals_in(first_cell: str) -> list[str]:
    """Bullets after the goals line, each joined to one line, up to the first other paragraph."""
    goals: list[str] = []
    for line in first_cell.partition(GOALS_LINE)[2].splitlines()[1:]:
        if re.match(r"[-*] ", line):
            goals.append(line[2:].strip())
        elif line.startswith("  ") and goals:
            goals[-1] += " " + line.strip()
        elif line.strip():
            break
    return [goal.rstrip(".;, ") for goal in goals]


def tags_of(cell: Mapping) -> list[str]:
    """The tags of a cell, such as `exercise` or `solution`."""
    return cell["metadata"].get("tags", [])


def is_notes(cell: Mapping) -> bool:
    """Whether a cell is for instructors only."""
    return "notes" in tags_of(cell)


def read_cells(path: Path) -> list[dict]:
    """Read a notebook's cells without nbformat, whose import costs a lesson a second.

    Raises:
        LessonError: the file is not a notebook.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for cell in cells:
            if not isinstance(cell["cell_type"], str) or not isinstance(tags_of(cell), list):
                raise TypeError
        return [{**cell, "source": "".join(cell["source"])} for cell in cells]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LessonError(f"{path.name} is not a notebook: restore it from git") from error


def find_lessons(folder: Path = NOTEBOOKS) -> list[Lesson]:
    """List the lessons in a folder, in order.

    Raises:
        LessonError: two lessons bear the same number, or a file is not a notebook.
    """
    lessons: dict[str, Lesson] = {}
    for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        number = path.name[:2]
        if number in lessons:
            raise LessonError(f"{path.name} and {lessons[number].path.name} bear one number")
        cells = read_cells(path)
        if not cells:
            raise LessonError(f"{path.name} holds no cell: restore it from git")
        heading = cells[0]["source"].partition("\n")[0]
        title = re.sub(rf"^#\s+{number}\W*", "", heading).strip() or path.stem[3:]
        lessons[number] = Lesson(number, path, title)
    return list(lessons.values())


def choose_lessons(names: Iterable[str], folder: Path = NOTEBOOKS) -> list[Lesson]:
    """The lessons meant by numbers (`04`, `4`) or beginnings of file names; all, if none is named.

    Raises:
        UnknownLessonError: a name that means no lesson; the message lists those there are.
        LessonError: there is no lesson at all.
    """
    lessons = find_lessons(folder)
    if not lessons:
        raise LessonError(f"{folder} holds no lesson: a lesson is a file NN_name.ipynb")
    chosen = set()
    for name in names:
        number = name.zfill(2) if name.isdecimal() else None
        meant = {
            lesson
            for lesson in lessons
            if lesson.number == number
            or (not number and name and lesson.path.name.startswith(name))
        }
        if not meant:
            known = ", ".join(lesson.path.stem for lesson in lessons)
            raise UnknownLessonError(f"no lesson {name!r}: there are {known}")
        chosen |= meant
    return [lesson for lesson in lessons if not chosen or lesson in chosen]
