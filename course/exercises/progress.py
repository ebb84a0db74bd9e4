"""What a person reads below a right answer: how far they are in the lesson, and what comes next."""

from collections.abc import Collection

from course.lessons.lesson import LessonError, find_lessons


def how_far(exercise: str, solved: Collection[str]) -> str:
    """Count what is solved of an exercise's lesson, and name the next exercise or lesson.

    Args:
        exercise: the one that was just solved.
        solved: all that are solved.

    Returns:
        a line, or nothing where the exercise is in no lesson that can be read.
    """
    try:
        lessons = find_lessons()
    except (LessonError, OSError):
        return ""
    here = next((one for one in lessons if exercise in one.exercises), None)
    if here is None:
        return ""
    asked = len(here.exercises)
    if left := [name for name in here.exercises if name not in solved]:
        done = asked - len(left)
        return f"  {done} of this lesson's {asked} exercises solved; next: {left[0]}\n"
    place = lessons.index(here)
    others = lessons[place + 1 :] + lessons[:place]
    later = (f"; next: lesson {one.name}" for one in others if {*one.exercises} - {*solved})
    following = next(later, ", and those of all other lessons")
    return f"  All {asked} of this lesson's exercises solved{following}\n"
