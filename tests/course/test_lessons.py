"""What a lesson says about itself comes from its own file and the measured timings."""

import json
import re

from course.lessons.lesson import (
    CODE_LINES_A_MINUTE,
    WORDS_A_MINUTE,
    LessonError,
    UnknownLessonError,
    choose_lessons,
    find_lessons,
    is_notes,
    read_notebook,
)
from course.lessons.opening import opening
from course.lessons.readme import SUMMARIES, lesson_table, markdown_table, summary, with_table
from course.lessons.timings import Timing, Timings, read_timings, timings_file, write_timings
from course_utils.data import registry

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from sample_notebooks import QUESTION, good_notebook, lesson

MEASURED_ON = {"cores": "2", "python": "3.12.1", "tensorflow": "2.20.0", "keras": "3.10.0"}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    nbformat.write(good_notebook(), folder / "01_small.ipynb")
    lesson(folder / "02_other.ipynb", "1")
    return folder


def test_lessons_are_found_in_order_with_number_title_and_what_they_are_about(folder):
    (folder / "notes.ipynb").write_text("{}", encoding="utf-8")
    first, second = find_lessons(folder)
    assert (first.number, first.name, first.path.name) == (
        "01",
        "01 A small lesson",
        "01_small.ipynb",
    )
    assert first.about == "What it is about."
    assert second.number == "02"


def test_lessons_and_data_are_found_from_anywhere(tmp_path, monkeypatch):
    before = find_lessons(), registry.registry()
    monkeypatch.chdir(tmp_path)
    assert (find_lessons(), registry.registry()) == before


def test_minutes_to_read_follow_from_words_and_code_lines(tmp_path):
    short = lesson(tmp_path / "01_short.ipynb", "x = 1")
    words = " ".join(["word"] * (5 * WORDS_A_MINUTE))
    code = "x = 1\n" * (3 * CODE_LINES_A_MINUTE)
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(words), nbformat.v4.new_code_cell(code)]
    )
    nbformat.write(notebook, tmp_path / "02_long.ipynb")
    minutes = {found.path.name: found.minutes_to_read for found in find_lessons(tmp_path)}
    assert minutes == {short.name: 1, "02_long.ipynb": 8}


def test_verdicts_on_answers_to_choose_do_not_count_as_reading(tmp_path):
    long = QUESTION.replace("Yes: ", "Yes: and " * WORDS_A_MINUTE)
    nbformat.write(new_notebook(cells=[new_markdown_cell(long)]), tmp_path / "01_asks.ipynb")
    assert find_lessons(tmp_path)[0].minutes_to_read == 1


def test_notes_do_not_count_as_reading(tmp_path):
    notebook = good_notebook()
    for place in ("01_with.ipynb", "02_without.ipynb"):
        nbformat.write(notebook, tmp_path / place)
        notebook.cells = [cell for cell in notebook.cells if not is_notes(cell)]
    notebook.cells[0].source += " word" * 2 * WORDS_A_MINUTE
    nbformat.write(notebook, tmp_path / "03_longer.ipynb")
    plain, without, longer = (one.minutes_to_read for one in find_lessons(tmp_path))
    assert plain == without == longer - 2


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        *((name, ["02"]) for name in (["02"], ["2"], ["02_other"], ["02_o"])),
        (["2", "1", "02"], ["01", "02"]),
        ([], ["01", "02"]),
    ],
)
def test_lessons_are_chosen_by_number_or_beginning_in_course_order(folder, names, numbers):
    assert [found.number for found in choose_lessons(names, folder)] == numbers


@pytest.mark.parametrize("name", ["3", "other", "", "-1", "02_other_x"])
def test_an_unknown_lesson_is_refused_with_the_known_ones(folder, name):
    with pytest.raises(UnknownLessonError, match="01_small, 02_other"):
        choose_lessons([name], folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"cells": []}', '{"cells": [1]}'])
def test_a_damaged_notebook_is_named(folder, text):
    (folder / "03_damaged.ipynb").write_text(text, encoding="utf-8")
    with pytest.raises(LessonError, match="03_damaged"):
        find_lessons(folder)


SOUND = {
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# 03 Sound"},
        {"cell_type": "code", "id": "a", "metadata": {}, "source": "1"}
        | {"outputs": [], "execution_count": None},
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"metadata": {}, "nbformat"', '"nbformat"'),
        ('"nbformat": 4, ', ""),
        ('"nbformat": 4', '"nbformat": 5'),
        ('"nbformat": 4', '"nbformat": 3'),
        ('"outputs": []', '"outputs": null'),
        ('"outputs": [], ', ""),
        ("Sound", "Sound\\ud800"),
    ],
)
def test_a_notebook_that_is_damaged_inside_is_named_when_it_is_read_as_a_whole(tmp_path, old, new):
    path = tmp_path / "03_sound.ipynb"
    text = json.dumps(SOUND)
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(
        LessonError, match=r"03_sound\.ipynb is not a notebook of format 4 \(.+\): "
    ):
        read_notebook(path)


def test_what_another_editor_adds_to_a_cell_does_no_harm(tmp_path):
    path = tmp_path / "03_sound.ipynb"
    path.write_text(json.dumps(SOUND).replace('"outputs"', '"colour": "blue", "outputs"'))
    assert len(read_notebook(path).cells) == 2


def test_cells_that_share_an_id_get_the_same_ids_each_time(tmp_path, recwarn):
    path = tmp_path / "03_sound.ipynb"
    path.write_text(json.dumps(SOUND), encoding="utf-8")
    for _ in range(2):
        assert [cell.id for cell in read_notebook(path).cells] == ["a", "cell-1-again"]
    assert not recwarn.list


def test_two_lessons_with_the_same_number_are_refused(folder):
    lesson(folder / "02_twin.ipynb", "1")
    with pytest.raises(LessonError, match=r"02_twin.* have the same number"):
        find_lessons(folder)


def test_timings_come_back_as_written_and_have_no_date(tmp_path):
    file = tmp_path / "data" / "timings.csv"
    timings = Timings(MEASURED_ON, {"01": Timing(12.3, 456, 7, 8.9), "02": Timing(0.4, 99, 1, 0.1)})
    write_timings(timings, file)
    assert read_timings(file) == timings
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# made by: make notebooks\n# cores: 2\n")
    assert not re.search(r"\d{4}-\d\d-\d\d", text)
    assert [path.name for path in file.parent.iterdir()] == ["timings.csv"]


def test_damaged_timings_are_refused_and_absent_ones_are_none(tmp_path):
    file = tmp_path / "timings.csv"
    assert read_timings(file).lessons == {}
    columns = b"lesson,seconds,peak_mib,cells,slowest_cell_seconds\n"
    for content in (b"lesson,seconds\n01,fast\n", b"\xff\xfe", columns + b"01,1,2,3,4\n"):
        file.write_bytes(content)
        with pytest.raises(LessonError, match="make notebooks"):
            read_timings(file)


def test_opening_and_table_say_what_was_measured(folder):
    assert "not yet timed" in opening("01", folder).data
    timings = Timings(MEASURED_ON, {"01": Timing(33.6, 812, 5, 9.0)})
    write_timings(timings, timings_file(folder))
    assert opening("1", folder).data == (
        "**2 minutes** to read, **34 seconds** to run on 2 cores, 812 MiB of memory "
        "(measured by `make notebooks`)"
    )
    nbformat.write(good_notebook(), folder / "32_new.ipynb")
    *_, first, _, new = lesson_table(folder).splitlines()
    assert first == (
        f"| [01 A small lesson](notebooks/01_small.ipynb) | {SUMMARIES['01']} | 2 min | 34 s |"
    )
    assert new.endswith("(notebooks/32_new.ipynb) | What it is about. | 2 min | not timed |")


def test_a_lesson_is_summed_up_in_a_sentence_of_at_most_20_words():
    lessons = find_lessons()
    assert SUMMARIES.keys() <= {found.number for found in lessons}
    for found in lessons:
        assert re.fullmatch(r"[A-Z][^.!?]*\.", summary(found)), found.name
        assert len(summary(found).split()) <= 20, found.name


def test_a_table_in_markdown_aligns_numbers_right_and_escapes_bars():
    assert markdown_table(["what", "s"], [("a | b", 1), ("c", 2.5)], right=["s"]).splitlines() == [
        "| what | s |",
        "| --- | ---: |",
        r"| a \| b | 1 |",
        "| c | 2.5 |",
    ]


def test_the_table_replaces_the_old_one_and_nothing_else():
    readme = "before <!-- lessons -->\nold\n<!-- /lessons --> after"
    once = with_table(readme, "| new |")
    assert once == "before <!-- lessons -->\n| new |\n<!-- /lessons --> after"
    assert with_table(once, "| new |") == once
    with pytest.raises(LessonError, match="put them back"):
        with_table("no markers", "| new |")
