"""What a lesson is: a stored notebook with a number and a title, found by either."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from math import ceil
from pathlib import Path
from string import ascii_lowercase
from typing import TYPE_CHECKING

from course_utils.files import OWN, OWN_COURSE, OWN_PLACE, ROOT, shown

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOTEBOOKS = ROOT / "notebooks"

WORDS_A_MINUTE = 200
CODE_LINES_A_MINUTE = 10
OPTION = r"<details><summary>(.+?)</summary>(.+?)</details>"
"""an answer to choose, and the verdict on it, which any front-end unfolds without a script"""
DAMAGE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""what reading something else than a notebook may raise"""


class LessonError(ValueError):
    """A lesson, or a file about the lessons, is not what it must be."""


class UnknownLessonError(LessonError):
    """No lesson has this name."""


@dataclass(frozen=True)
class Lesson:
    """A notebook, `NN_name.ipynb` or one's own `name.ipynb`, that begins with its title."""

    number: str
    path: Path
    title: str
    cells: list[dict] = field(compare=False, repr=False)
    """as they are stored, except that the source of each is one string"""

    @property
    def name(self) -> str:
        """The number and the title."""
        return f"{self.number} {self.title}"

    @property
    def about(self) -> str:
        """The paragraph below the title, as one line; empty if there is none."""
        below_title = self.cells[0]["source"].partition("\n")[2]
        return " ".join(below_title.strip().partition("\n\n")[0].split())

    @property
    def exercises(self) -> list[str]:
        """The names of its exercises, in order."""
        stubs = [cell["source"] for cell in self.cells if "exercise" in tags_of(cell)]
        return [name for stub in stubs for name in re.findall(r'check\("([^"]+)"', stub)]

    @property
    def minutes_to_read(self) -> int:
        """Minutes at the rates above, rounded up; notes, More and verdicts are left out."""
        words = lines = 0
        for cell in self.cells:
            if is_notes(cell) or "more" in tags_of(cell):
                continue
            if cell["cell_type"] == "markdown":
                text = re.sub(OPTION, r"\1", cell["source"])
                words += len(re.findall(r"\w[\w'’.,-]*", text))
            elif cell["cell_type"] == "code":
                lines += sum(bool(line.strip()) for line in cell["source"].splitlines())
        return max(1, ceil(words / WORDS_A_MINUTE + lines / CODE_LINES_A_MINUTE))


def tags_of(cell: Mapping) -> list[str]:
    """The tags of a cell, such as `exercise` or `solution`."""
    return cell["metadata"].get("tags", [])


def is_notes(cell: Mapping) -> bool:
    """Whether a cell is for instructors only."""
    return "notes" in tags_of(cell)


def lessons_in(folder: Path) -> list[Lesson]:
    """List the lessons that a folder holds, by number.

    Raises:
        LessonError: two lessons have the same number, or a file is not a notebook.
    """
    lessons: dict[str, Lesson] = {}
    for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        number = path.name[:2]
        if number in lessons:
            raise LessonError(f"{path.name} and {lessons[number].path.name} have the same number")
        lessons[number] = _lesson(path, number)
    return list(lessons.values())


def find_lessons(folder: Path = NOTEBOOKS) -> list[Lesson]:
    """List the lessons in a folder, in order; in a course of one's own, those that it lists.

    Raises:
        LessonError: as for `lessons_in`, or `course.toml` lists what is not there.
    """
    found = lessons_in(folder)
    return _listed(found, OWN) if OWN and folder == NOTEBOOKS else found


@cache
def left_out() -> frozenset[str]:
    """File names of the course's lessons that a course of one's own does not list."""
    listed = {lesson.path for lesson in find_lessons()} if OWN else set()
    return frozenset(path.name for path in NOTEBOOKS.glob("*.ipynb") if OWN and path not in listed)


def _lesson(path: Path, number: str) -> Lesson:
    cells = read_cells(path)
    heading = cells[0]["source"].partition("\n")[0]
    title = re.sub(rf"^#\s+(?:{number}\W*)?", "", heading).strip()
    return Lesson(number, path, title or re.sub(r"^\d\d_", "", path.stem), cells)


def _listed(lessons: list[Lesson], own: Path) -> list[Lesson]:
    """The lessons that a `course.toml` lists by name, in its order.

    A lesson of the course keeps its number, which the others mention. One's own lesson gets that of
    the lesson before it, and a letter, as `05a`.
    """
    file = own / OWN_COURSE
    by_name = {lesson.path.stem[3:]: lesson for lesson in lessons}
    found: list[Lesson] = []
    for name in _names(file):
        path = own / "notebooks" / f"{name}.ipynb"
        if name in by_name and path.is_file():
            raise LessonError(
                f"{file.name} lists {name!r}, which may be {path.name} in notebooks or the "
                f"course's {by_name[name].path.name}: give your lesson another name"
            )
        if name in by_name:
            found.append(by_name[name])
        elif path.is_file():
            letters = sum(not lesson.number.isdecimal() for lesson in found)
            before = next((one.number for one in reversed(found) if one.number.isdecimal()), "00")
            found.append(_lesson(path, f"{before}{ascii_lowercase[letters % 26]}"))
        else:
            raise LessonError(
                f"{file.name} lists {name!r}: put {path.name} into notebooks, or choose from "
                f"{', '.join(by_name)}"
            )
    if len({lesson.path for lesson in found}) < len(found):
        raise LessonError(f"{file.name} lists a lesson twice: name each once")
    return found


def _names(file: Path) -> list[str]:
    such = 'lessons = ["start_here", "gru"]'
    try:
        names = tomllib.loads(file.read_text(encoding="utf-8-sig")).get("lessons")
    except OSError as error:
        raise LessonError(
            f"{file} cannot be read ({error.strerror}): put it there, or unset {OWN_PLACE}"
        ) from error
    except ValueError as error:
        raise LessonError(
            f"{file} is not TOML in UTF-8 ({error}): write a list such as `{such}`"
        ) from error
    if not isinstance(names, list) or not names:
        raise LessonError(f"{file} does not list lessons: write `{such}` at its top, for instance")
    for name in names:
        if not re.fullmatch(r"[a-z]\w*", str(name)):
            raise LessonError(
                f"{file.name} lists {name!r}: a name begins with one of a to z, and goes on in "
                "letters, digits and _, without number and ending, as gru does for 03_gru.ipynb"
            )
    return names


def choose_lessons(names: Iterable[str], folder: Path = NOTEBOOKS) -> list[Lesson]:
    """Find lessons by numbers (`04`, `4`), file names or their beginnings; all, if none is named.

    Raises:
        UnknownLessonError: a name matches no lesson; the message lists the lessons there are.
        LessonError: the folder has no lesson.
    """
    lessons = find_lessons(folder)
    if not lessons:
        raise LessonError(f"{folder} holds no lesson: a lesson is a file NN_name.ipynb")
    chosen = set()
    for name in names:
        start = name.zfill(2) if name.isdecimal() else name
        exact = {lesson for lesson in lessons if start in (lesson.number, lesson.path.stem)}
        meant = exact or {one for one in lessons if start and one.path.name.startswith(start)}
        if not meant:
            known = ", ".join(lesson.path.stem for lesson in lessons)
            raise UnknownLessonError(f"no lesson {name!r}: there are {known}")
        chosen |= meant
    return [lesson for lesson in lessons if not chosen or lesson in chosen]


def read_notebook(path: Path) -> "NotebookNode":
    """Read a lesson with nbformat, whether or not an editor began it with a byte-order mark.

    Cells without an id, as Colab saves them, or with that of a cell above get one that is the same
    each time.

    Raises:
        LessonError: it is not a notebook of format 4.
    """
    import nbformat  # here, as it takes a second to load

    try:
        stored = json.loads(path.read_text(encoding="utf-8-sig"))
        if stored["nbformat"] != nbformat.v4.nbformat:
            raise ValueError(f"its format is {stored['nbformat']}")
        json.dumps(stored, ensure_ascii=False).encode()  # no half of a character
        ids = set()
        for number, cell in enumerate(stored["cells"]):
            given = cell.get("id", f"cell-{number}")
            cell["id"] = f"cell-{number}-again" if given in ids else given
            ids.add(cell["id"])
        stored["nbformat_minor"] = 5  # the first version with ids
        notebook = nbformat.v4.to_notebook(stored)
        nbformat.validate(notebook, relax_add_props=True)
    except (*DAMAGE, nbformat.ValidationError) as error:
        raise LessonError(
            f"{path.name} is not a notebook of format 4 ({shown(str(error), 100)}): save it in "
            "JupyterLab, or restore it from git"
        ) from error
    return notebook


def read_cells(path: Path) -> list[dict]:
    """Read a notebook's cells, at least one, without nbformat: its import takes a second."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8-sig"))["cells"]
        for cell in cells:
            if not isinstance(cell["cell_type"], str) or not isinstance(tags_of(cell), list):
                raise TypeError
        read = [{**cell, "source": "".join(cell["source"])} for cell in cells]
    except DAMAGE as error:
        why = shown(str(error), 100) or type(error).__name__
        raise LessonError(
            f"{path.name} is not a notebook in UTF-8 ({why}): repair it, or save your part of it "
            "elsewhere and restore it from git"
        ) from error
    if not read:
        raise LessonError(f"{path.name} holds no cell: restore it from git")
    return read
