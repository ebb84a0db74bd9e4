"""What a lesson is, how long it takes, and the lines that say so.

Times to run and memory are measured by `make notebooks` and kept in `data/timings.csv`; times to
read follow from the text. No minute or mebibyte is typed by hand.
"""

import csv
import importlib.metadata
import json
import os
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from functools import cached_property
from glob import escape
from math import ceil, inf
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.display import Markdown

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"

WORDS_A_MINUTE = 200
CODE_LINES_A_MINUTE = 10

GOALS_LINE = "**You will be able to**"
TABLE_START, TABLE_END = "<!-- lessons -->", "<!-- /lessons -->"


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


@dataclass(frozen=True)
class Timing:
    """What running one lesson took."""

    seconds: float
    peak_mib: int
    cells: int
    slowest_cell_seconds: float


@dataclass(frozen=True)
class Timings:
    """What running the lessons took, by lesson number, and on what it was measured."""

    measured_on: Mapping[str, str]
    lessons: Mapping[str, Timing]


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


def cores() -> int:
    """Number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def this_machine() -> dict[str, str]:
    """What a timing depends on: cores, and the versions of Python, TensorFlow and Keras."""
    return {
        "cores": str(cores()),
        "python": platform.python_version(),
        "tensorflow": _version("tensorflow", "tensorflow-cpu"),
        "keras": _version("keras"),
    }


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


def timings_file(folder: Path = NOTEBOOKS) -> Path:
    """Where the timings of the lessons in a folder are kept."""
    return folder.parent / "data" / "timings.csv"


def read_timings(file: Path) -> Timings:
    """Read measured timings; a file that is not there holds none.

    Raises:
        LessonError: the file is damaged.
    """
    if not file.is_file():
        return Timings({}, {})
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        comments = [line[1:].partition(":") for line in lines if line.startswith("#")]
        measured_on = {key.strip(): value.strip() for key, _, value in comments}
        measured_on.pop("made by", None)
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        lessons = {
            row["lesson"]: Timing(
                float(row["seconds"]),
                int(row["peak_mib"]),
                int(row["cells"]),
                float(row["slowest_cell_seconds"]),
            )
            for row in rows
        }
        if not all(0 <= number < inf for each in lessons.values() for number in astuple(each)):
            raise ValueError
        if lessons:
            measured_on["cores"]  # a lesson's opening line says it
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise LessonError(f"{file} is damaged: delete it and run `make notebooks`") from error
    return Timings(measured_on, lessons)


def write_timings(timings: Timings, file: Path) -> None:
    """Write measured timings, whole or not at all."""
    lines = ["# made by: make notebooks"]
    lines += [f"# {key}: {value}" for key, value in timings.measured_on.items()]
    lines += ["lesson,seconds,peak_mib,cells,slowest_cell_seconds"]
    lines += [
        f"{number},{timing.seconds:.1f},{timing.peak_mib},{timing.cells},"
        f"{timing.slowest_cell_seconds:.1f}"
        for number, timing in sorted(timings.lessons.items())
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, "\n".join(lines) + "\n")


def write_whole(file: Path, text: str) -> None:
    """Write a text file so that a reader finds the old text or the new one, never a part.

    Two processes may write it at once. What one that was killed left is removed by the next.
    """
    import psutil

    for left in file.parent.glob(f".{escape(file.name)}.*.part"):
        writer = left.name.split(".")[-2]
        if not (writer.isdecimal() and psutil.pid_exists(int(writer))):
            left.unlink(missing_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


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


def _version(*names: str) -> str:
    """Version of the first of these packages that is installed."""
    for name in names:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "not installed"
