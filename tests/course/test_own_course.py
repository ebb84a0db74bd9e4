"""A folder with a `course.toml` is a course of its own: lessons in its order, and checks."""

import os
import re
from itertools import chain, groupby, repeat

from course.copies import Kind
from course.copies.make import copy_of
from course.lessons import lesson as lessons
from course.lessons.lesson import NOTEBOOKS, LessonError, choose_lessons, find_lessons
from course.lessons.opening import opening
from course_utils.files import OWN_COURSE, OWN_PLACE, ROOT, own_course

import nbformat
import pytest
from command_line import SEVERAL, course_here
from helpers import python
from nbformat.v4 import new_markdown_cell
from sample_notebooks import lesson, lesson_with_exercises

COURSE = [path.stem[3:] for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
AT = COURSE.index("free_running_generation") + 1
OUR_MARKETS = (
    'from course import opening\n\nopening("our_markets")',
    'from course.exercises import judge\n\njudge("our_markets-1", 0.25)',
)
LONG = ("run", "slides")
PAGE = (ROOT / "site" / "make_it_yours.md").read_text(encoding="utf-8")


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A course of one's own; returns a function that writes its list of lessons."""
    lesson(tmp_path / "notebooks" / "our_markets.ipynb", "1")
    monkeypatch.setattr(lessons, "OWN", tmp_path)
    lessons.left_out.cache_clear()

    def write(names):
        text = names if isinstance(names, str) else f"lessons = {[*names]}"
        (tmp_path / "course.toml").write_text(text, encoding="utf-8")

    yield write
    lessons.left_out.cache_clear()


def test_a_lesson_is_inserted_by_one_line_and_no_other_lesson_changes(own):
    own(COURSE)
    numbers = [one.number for one in find_lessons()]
    own(f"\ufefflessons = {[*COURSE[:AT], 'our_markets', *COURSE[AT:]]}")  # as Notepad saves it
    found = find_lessons()
    assert [one.number for one in found] == [*numbers[:AT], "05a", *numbers[AT:]]
    assert [one.path.stem for one in choose_lessons(["05a", "our_m", "05"])] == [
        "05_free_running_generation",
        "our_markets",
    ]


def test_a_lesson_is_known_from_another_whose_name_goes_on(own, tmp_path):
    lesson(tmp_path / "notebooks" / "our_markets_two.ipynb", "1")
    own(["our_markets", "our_markets_two"])
    for name in ("our_markets", "our_markets_two"):
        assert [one.path.stem for one in choose_lessons([name])] == [name]
        assert "to read" in opening(name).data
    assert len(choose_lessons(["our_m"])) == 2


def test_a_lesson_named_as_one_of_the_course_is_refused(own, tmp_path):
    own(["gru"])
    lesson(tmp_path / "notebooks" / "gru.ipynb", "1")
    with pytest.raises(LessonError, match=r"may be gru\.ipynb .* or the course's 03_gru\.ipynb"):
        find_lessons()


def test_a_lesson_is_dropped_by_one_line_and_links_to_it_become_words(own, tmp_path):
    link = "[hybrids](07_bidirectional_and_hybrid.ipynb#Recap) and [GRU](03_gru.ipynb)"
    linking = lesson_with_exercises(tmp_path, new_markdown_cell(link))
    own([name for name in COURSE if name != "bidirectional_and_hybrid"])
    assert "07" not in [one.number for one in find_lessons()]
    shown = copy_of(linking, Kind.STUDENT, tmp_path / "my_work").cells[-1].source
    assert shown == "hybrids and [GRU](03_gru.ipynb)"


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["gru", "our_shares"], "lists 'our_shares': put our_shares.ipynb into notebooks"),
        (["gru", "gru"], "lists a lesson twice"),
        ([], "does not list lessons"),
        (["../gru"], r"lists '\.\./gru': a name begins with one of a to z"),
        (["03_gru"], "lists '03_gru': a name .* without number"),
        (["gru", 3], "lists 3: a name"),
        ("lessons = [", "is not TOML in UTF-8 .*: write a list such as"),
        ("lessons = 'gru'", "does not list lessons: write"),
        ("lessons = 3", "does not list lessons"),
        ("lesson = ['gru']", "does not list lessons"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(own, names, problem):
    own(names)
    with pytest.raises(LessonError, match=problem):
        find_lessons()


def test_a_folder_that_lists_nothing_is_refused_with_the_variable_that_may_name_it(own, tmp_path):
    own(COURSE)
    (tmp_path / OWN_COURSE).unlink()
    with pytest.raises(LessonError, match="put it there, or unset COURSE_FOLDER"):
        find_lessons()


def test_a_course_is_found_from_its_folder_and_from_right_below_and_others_are_told(
    own, tmp_path, monkeypatch
):
    own(COURSE)
    for place, found in ((tmp_path, tmp_path), (tmp_path / "notebooks", tmp_path), (ROOT, None)):
        monkeypatch.setenv(OWN_PLACE, "")
        monkeypatch.chdir(place)
        assert own_course() == found
        assert os.environ[OWN_PLACE] == str(found or "")
    monkeypatch.chdir(tmp_path.parent)
    for home in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(home, str(tmp_path.parent))
    for place in (str(tmp_path), tmp_path.name, f"~/{tmp_path.name}"):
        monkeypatch.setenv(OWN_PLACE, place)
        assert own_course() == tmp_path
        assert os.environ[OWN_PLACE] == str(tmp_path)


def course(folder, *commands):
    """Run commands of `course` in a folder."""
    done = python(SEVERAL, *commands, cwd=folder)
    assert done.stdout.count("ended with 0") == len(commands), f"{done.stdout}{done.stderr}"


def change(path):
    """Give a lesson other code, as its new author does after writing the checks."""
    notebook = nbformat.read(path, as_version=4)
    sources = chain(OUR_MARKETS, repeat("1"))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = next(sources)
    nbformat.write(notebook, path)


@pytest.mark.slow
@pytest.mark.parametrize("by_night", [False, pytest.param(True, marks=pytest.mark.nightly)])
def test_the_blocks_of_the_page_work_from_top_to_bottom_in_an_empty_folder(by_night, tmp_path):
    """By day without a kernel and without slides."""
    (tmp_path / "notebooks").mkdir()
    for kind, text in re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.M | re.S):
        if kind:
            name = {"toml": "course.toml", "python": "notebooks/lesson_our_markets.py"}[kind]
            (tmp_path / name).write_text(text, encoding="utf-8")
            if kind == "python":
                change(tmp_path / "notebooks" / "our_markets.ipynb")
            continue
        if text.startswith("nbdime"):  # test_next_version.py runs it in a clone
            continue
        for program, lines in groupby(text.splitlines(), lambda line: line.split()[0]):
            if program == "course":
                commands = [line.removeprefix("course ") for line in lines]
                course(tmp_path, *(c for c in commands if by_night or c.split()[0] not in LONG))
            else:
                for old, new in (line.split()[1:] for line in lines):
                    (tmp_path / old).rename(tmp_path / new)
    work = {path.name for path in (tmp_path / "my_work").glob("*.ipynb")}
    assert "our_markets.ipynb" in work
    assert "07_bidirectional_and_hybrid.ipynb" not in work
    assert (tmp_path / "build" / "slides" / "05a").is_dir() == by_night
    assert "05a" in (tmp_path / "site" / "instructors.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["instructor", "student"])
def test_a_lesson_of_ones_own_is_never_overwritten_by_a_copy_of_it(own, tmp_path, kind):
    own(["our_markets"])
    before = (tmp_path / "notebooks" / "our_markets.ipynb").read_bytes()
    done = course_here("copies", kind, "--output", tmp_path / "notebooks")
    assert (done.exit_code, "holds the lessons" in done.stderr) == (2, True)
    assert course_here("copies", kind, "--output", tmp_path / "copies").exit_code == 0
    assert [path.name for path in (tmp_path / "notebooks").iterdir()] == ["our_markets.ipynb"]
    assert (tmp_path / "notebooks" / "our_markets.ipynb").read_bytes() == before
