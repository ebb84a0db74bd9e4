"""How long each lesson took to run, measured by `make notebooks` and kept in `data/timings.csv`."""

from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass
from math import inf
from pathlib import Path

from course.lessons.lesson import NOTEBOOKS, LessonError
from course_utils.files import read_noted, write_noted


@dataclass(frozen=True)
class Timing:
    """What running one lesson took."""

    seconds: float
    peak_mib: int
    cells: int
    slowest_cell_seconds: float

    @property
    def whole_seconds(self) -> int:
        """Seconds as we say them: rounded, at least 1."""
        return max(1, round(self.seconds))


@dataclass(frozen=True)
class Timings:
    """What running the lessons took, by lesson number, and which machine measured it."""

    measured_on: Mapping[str, str]
    lessons: Mapping[str, Timing]


def timings_file(folder: Path = NOTEBOOKS) -> Path:
    """Where the timings of the lessons in a folder are kept."""
    return folder.parent / "data" / "timings.csv"


def read_timings(file: Path) -> Timings:
    """Read measured timings; there are none in a file that does not exist.

    Raises:
        LessonError: the file is damaged.
    """
    if not file.is_file():
        return Timings({}, {})
    try:
        notes, rows = read_noted(file, dtype={"lesson": str})
        parts = (note.partition(":") for note in notes)
        measured_on = {key: value.strip() for key, _, value in parts if key != "made by"}
        by_lesson = rows.set_index("lesson").to_dict("index")
        lessons = {number: Timing(**values) for number, values in by_lesson.items()}
        if not all(0 <= number < inf for each in lessons.values() for number in astuple(each)):
            raise ValueError
        if lessons:
            int(measured_on["cores"])  # a lesson's opening line says it
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LessonError(f"{file} is damaged: delete it and run `make notebooks`") from error
    return Timings(measured_on, lessons)


def write_timings(timings: Timings, file: Path) -> None:
    """Write measured timings, whole or not at all."""
    import pandas as pd

    rows = [
        {"lesson": number, **asdict(timing)} for number, timing in sorted(timings.lessons.items())
    ]
    notes = ["made by: make notebooks", *(f"{k}: {v}" for k, v in timings.measured_on.items())]
    file.parent.mkdir(parents=True, exist_ok=True)
    write_noted(file, notes, pd.DataFrame(rows), float_format="%.1f")
