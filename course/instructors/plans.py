"""The page for instructors: what to do the day before, plans for a day and for five weeks, minutes.

All minutes come from the notes in the lessons, all seconds from `data/timings.csv`.
"""

from collections.abc import Iterable, Sequence
from math import ceil
from pathlib import Path

from course.instructors import notes as teaching
from course.instructors.notes import minutes_to_teach
from course.lessons.lesson import NOTEBOOKS, Lesson, LessonError, find_lessons
from course.lessons.timings import read_timings, timings_file

PAGE = NOTEBOOKS.parent / "site" / "instructors.md"

# For a day: the core lessons, whole, with the exercises that are done in class.
DAY = {"01": (1, 2), "02": (1, 2, 3), "04": (1, 2), "05": (1, 2, 3)}
DAY_BEGINS = 9 * 60
PAUSE_WITHIN = 10  # where a lesson's notes say "Break"
PAUSES_AFTER = (15, 60, 15, 0)  # the second is for lunch

# For five weeks: a lesson a session, with the exercises that fit, and a last one for open ones.
SESSION_MINUTES, SESSION_BREAK = 90, 10
BEFORE_THE_FIRST = "00"

BEGINNING = """\
# For instructors

<!-- Made by `course plan`: change the notes in the lessons, and run it again. -->

Each section of a lesson has a cell tagged `notes`: minutes to teach it, what to say first, what to
ask and which wrong answers to expect, where to break, and what to skip when time is short. The
minutes below are the sums of these; they hold reading, running and questions.

## The day before

| command | what for |
| --- | --- |
| `course doctor` | on every machine of the class: a line that begins with FIX says what to do |
| `course data get` | downloads the prices once; from then on nothing needs a network |
| `course warm` | keeps the lessons' trainings, so that nobody waits for them in class |
| `course copies instructor` | your own copies, with these notes and with open solutions |
| `course slides` | slides of all lessons |

Read the notes of a lesson once before you teach it."""


def page(folder: Path = NOTEBOOKS) -> str:
    """The text of the page, in Markdown.

    Args:
        folder: where the lessons are; the page lies in a folder beside it.

    Raises:
        LessonError: notes are missing or malformed, or a lesson that a plan names is not there.
    """
    lessons = {lesson.number: lesson for lesson in find_lessons(folder)}
    if absent := DAY.keys() - lessons.keys():
        raise LessonError(f"the plan for a day needs lessons {_listed(sorted(absent))}")
    for lesson in lessons.values():
        try:
            teaching.exercises(lesson.cells)
        except LessonError as error:
            raise LessonError(f"lesson {lesson.number}: {error}") from error
    parts = [
        BEGINNING,
        "## A day",
        *_day(lessons),
        "## Five weeks",
        *_weeks(lessons),
        "## Minutes by lesson",
        *_lessons(lessons.values(), folder),
        "## Exercises",
        "Minutes for each. A wrong answer gets a hint, and the solution is folded below.",
        _exercises(lessons.values()),
    ]
    return "\n\n".join(parts) + "\n"


def day_minutes(lessons: dict[str, Lesson]) -> list[int]:
    """Minutes of teaching in each block of the day."""
    return [minutes_to_teach(lessons[number], chosen) for number, chosen in DAY.items()]


def session_exercises(lesson: Lesson) -> list[int]:
    """The exercises for a session of the five weeks: as many as fit, and no open one."""
    chosen: list[int] = []
    for exercise in teaching.exercises(lesson.cells):
        longer = minutes_to_teach(lesson, [*chosen, exercise.number])
        if exercise.is_open or longer > SESSION_MINUTES - SESSION_BREAK:
            break
        chosen.append(exercise.number)
    return chosen


def _day(lessons: dict[str, Lesson]) -> list[str]:
    """The plan for a day: a block for each core lesson."""
    taught = day_minutes(lessons)
    rows, clock = [], DAY_BEGINS
    for (number, chosen), minutes, pause in zip(DAY.items(), taught, PAUSES_AFTER, strict=True):
        begin, clock = clock, _round(clock + minutes + PAUSE_WITHIN)
        work = f"all sections, {_named(chosen)}"
        rows.append((f"{_time(begin)} to {_time(clock)}", _name(lessons[number]), work, minutes))
        clock += pause
    left = {n: _others(lessons[n], chosen) for n, chosen in DAY.items()}
    other = [number for number in lessons if number not in DAY and number != BEFORE_THE_FIRST]
    lunch = max(PAUSES_AFTER)
    return [
        f"Four lessons in {sum(taught)} minutes of teaching. Each block holds a break of "
        f"{PAUSE_WITHIN} minutes, where the notes say so; between the blocks there are "
        f"{min(filter(None, PAUSES_AFTER))} minutes, and {lunch} for lunch. Learners do lesson "
        f"{BEFORE_THE_FIRST} before.",
        _table(("when", "lesson", "in class", "minutes"), rows),
        "Left out, for home: "
        + "; ".join(f"{_named(rest)} of lesson {n}" for n, rest in left.items())
        + f"; lessons {_listed(other)}. When you fall behind, each note says what to skip.",
    ]


def _weeks(lessons: dict[str, Lesson]) -> list[str]:
    """The plan for five weeks: two sessions a week, the last one for open exercises."""
    taught = [lesson for number, lesson in lessons.items() if number != BEFORE_THE_FIRST]
    rows = []
    for session, lesson in enumerate(taught, start=1):
        chosen = session_exercises(lesson)
        work, minutes = f"all sections, {_named(chosen)}", minutes_to_teach(lesson, chosen)
        home = _named(_others(lesson, chosen))
        rows.append((ceil(session / 2), _name(lesson), work, minutes, home))
    last = "learners show an open exercise, or a lesson on data of their own"
    room = SESSION_MINUTES - SESSION_BREAK
    rows.append((ceil((len(rows) + 1) / 2), "Own work", last, room, ""))
    return [
        f"Two sessions a week of {SESSION_MINUTES} minutes, a lesson each, with at least "
        f"{SESSION_BREAK} for arriving and for a break. Learners do lesson {BEFORE_THE_FIRST} "
        "before the first one.",
        _table(("week", "lesson", "in class", "minutes", "at home"), rows),
    ]


def _lessons(lessons: Iterable[Lesson], folder: Path) -> list[str]:
    """A table of sections for each lesson."""
    timings = read_timings(timings_file(folder)).lessons
    parts = []
    for lesson in lessons:
        found = teaching.sections(lesson.cells)
        total = sum(section.minutes for section in found)
        timing = timings.get(lesson.number)
        run = f"{max(1, round(timing.seconds))} s" if timing else "not timed"
        parts += [
            f"### [{_name(lesson)}](../{folder.name}/{lesson.path.name})",
            f"To teach: {total} minutes. To read: {lesson.minutes_to_read}. To run: {run}.",
            _table(("section", "minutes"), [(one.title, one.minutes) for one in found]),
        ]
    return parts


def _exercises(lessons: Iterable[Lesson]) -> str:
    rows = [
        (lesson.number, f"{exercise.number} {exercise.title}", exercise.minutes)
        for lesson in lessons
        for exercise in teaching.exercises(lesson.cells)
    ]
    return _table(("lesson", "exercise", "minutes"), rows)


def _others(lesson: Lesson, chosen: Sequence[int]) -> list[int]:
    return [e.number for e in teaching.exercises(lesson.cells) if e.number not in chosen]


def _name(lesson: Lesson) -> str:
    return f"{lesson.number} {lesson.title}"


def _named(exercises: Sequence[int]) -> str:
    if not exercises:
        return "no exercise"
    return f"exercise{'s' * (len(exercises) > 1)} {_listed(exercises)}"


def _listed(items: Sequence[object]) -> str:
    *most, last = map(str, items)
    return f"{', '.join(most)} and {last}" if most else last


def _round(minutes: int) -> int:
    """A time of day, up to the next five minutes."""
    return 5 * ceil(minutes / 5)


def _time(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; columns of minutes are right-aligned."""
    lines = [head, ["---:" if name == "minutes" else "---" for name in head], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
