"""The page for instructors: what to do the day before, a plan for a day and one week by week.

All minutes come from the notes in the lessons, all seconds from `data/timings.csv`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import ceil
from pathlib import Path

from course.instructors.notes import exercises, minutes_to_teach, sections
from course.lessons.lesson import NOTEBOOKS, Lesson, LessonError, find_lessons
from course.lessons.readme import markdown_table
from course.lessons.timings import read_timings, timings_file
from course_utils.files import WORK

from jinja2 import Template

TEMPLATE = Path(__file__).with_name("page.md.j2")
PAGE = WORK / "site" / "instructors.md"

# For a day: the core lessons, whole, with the exercises that are done in class.
DAY = {"01": (1, 2), "02": (1, 2, 3), "04": (1, 2), "05": (1, 2, 3)}
DAY_BEGINS = 9 * 60
PAUSE_WITHIN = 10  # where a lesson's notes say "Break"
PAUSE, LUNCH = 15, 60
PAUSES_AFTER = (PAUSE, LUNCH, PAUSE, 0)  # the last block of a shorter day is followed by none

# Week by week: a lesson per session, with the exercises that fit.
SESSION_MINUTES, SESSION_BREAK = 90, 10
SESSION_TEACHING = SESSION_MINUTES - SESSION_BREAK
BEFORE_THE_FIRST = "00"


def page(folder: Path = NOTEBOOKS) -> str:
    """Write the text of the page, in Markdown.

    Args:
        folder: where the lessons are; the page is in a folder next to it.

    Raises:
        LessonError: notes are missing or malformed.
    """
    lessons = {lesson.number: lesson for lesson in find_lessons(folder)}
    for lesson in lessons.values():
        try:
            exercises(lesson.cells)
        except LessonError as error:
            raise LessonError(f"{lesson.path.name}: {error}") from error
    template = Template(TEMPLATE.read_text(encoding="utf-8"), keep_trailing_newline=True)
    return template.render(
        core=("", "One lesson", "Two lessons", "Three lessons", "Four lessons")[
            len(_core(lessons))
        ],
        minutes_of_the_day=sum(day_minutes(lessons)),
        break_minutes=PAUSE_WITHIN,
        pause=PAUSE,
        lunch=LUNCH if len(_core(lessons)) > 2 else 0,
        day=_day(lessons),
        left_out=_left_out(lessons),
        session=SESSION_MINUTES,
        session_break=SESSION_BREAK,
        weeks=_weeks(lessons),
        before_the_first=BEFORE_THE_FIRST if BEFORE_THE_FIRST in lessons else "",
        linked=(WORK if folder == NOTEBOOKS else folder.parent) / folder.name,
        lessons=lessons.values(),
        timings=read_timings(timings_file(folder)).lessons,
        sections=sections,
        section_table=_section_table,
        exercise_table=_exercise_table(lessons.values()),
    )


def day_minutes(lessons: Mapping[str, Lesson]) -> list[int]:
    """Minutes of teaching in each block of the day."""
    return [minutes_to_teach(lessons[number], chosen) for number, chosen in _core(lessons).items()]


def _core(lessons: Mapping[str, Lesson]) -> dict[str, tuple[int, ...]]:
    """The core lessons that the course has; one's own course may leave some out."""
    return {number: chosen for number, chosen in DAY.items() if number in lessons}


def session_exercises(lesson: Lesson) -> list[int]:
    """The numbers of the exercises that fit into a session, up to the first open one."""
    chosen: list[int] = []
    for exercise in exercises(lesson.cells):
        longer = minutes_to_teach(lesson, [*chosen, exercise.number])
        if exercise.is_open or longer > SESSION_TEACHING:
            break
        chosen.append(exercise.number)
    return chosen


def _day(lessons: Mapping[str, Lesson]) -> str:
    """The plan for a day: a block for each core lesson."""
    rows, clock = [], DAY_BEGINS
    core = _core(lessons)
    blocks = zip(core.items(), day_minutes(lessons), PAUSES_AFTER, strict=False)
    for (number, chosen), minutes, pause in blocks:
        begin, clock = clock, 5 * ceil((clock + minutes + PAUSE_WITHIN) / 5)
        when = f"{_time(begin)} to {_time(clock)}"
        rows.append((when, lessons[number].name, _in_class(chosen), minutes))
        clock += pause
    return markdown_table(("when", "lesson", "in class", "minutes"), rows, right=["minutes"])


def _left_out(lessons: Mapping[str, Lesson]) -> str:
    """The exercises and the lessons that the day has no room for."""
    core = _core(lessons).items()
    home = [f"{_named(_others(lessons[n], chosen))} of lesson {n}" for n, chosen in core]
    others = [number for number in lessons if number not in DAY and number != BEFORE_THE_FIRST]
    if others:
        home.append(f"lesson{'s' * (len(others) > 1)} {_listed(others)}")
    return "; ".join(home)


def _weeks(lessons: Mapping[str, Lesson]) -> str:
    """The plan week by week: two sessions a week, a lesson in each."""
    sessions = []
    for number, lesson in lessons.items():
        if number != BEFORE_THE_FIRST:
            chosen = session_exercises(lesson)
            minutes, home = minutes_to_teach(lesson, chosen), _named(_others(lesson, chosen))
            sessions.append((lesson.name, _in_class(chosen), minutes, home))
    rows = [(ceil(number / 2), *session) for number, session in enumerate(sessions, start=1)]
    return markdown_table(
        ("week", "lesson", "in class", "minutes", "at home"), rows, right=["minutes"]
    )


def _section_table(lesson: Lesson) -> str:
    rows = [(section.title, section.minutes) for section in sections(lesson.cells)]
    return markdown_table(("section", "minutes"), rows, right=["minutes"])


def _exercise_table(lessons: Iterable[Lesson]) -> str:
    rows = [
        (lesson.number, f"{exercise.number} {exercise.title}", exercise.minutes)
        for lesson in lessons
        for exercise in exercises(lesson.cells)
    ]
    return markdown_table(("lesson", "exercise", "minutes"), rows, right=["minutes"])


def _others(lesson: Lesson, chosen: Collection[int]) -> list[int]:
    return [e.number for e in exercises(lesson.cells) if e.number not in chosen]


def _in_class(chosen: Sequence[int]) -> str:
    return f"all sections, {_named(chosen)}"


def _named(numbers: Sequence[int]) -> str:
    if not numbers:
        return "no exercise"
    return f"exercise{'s' * (len(numbers) > 1)} {_listed(numbers)}"


def _listed(items: Sequence[object]) -> str:
    *most, last = map(str, items)
    return f"{', '.join(most)} and {last}" if most else last


def _time(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"
