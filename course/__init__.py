"""What runs the course: commands, checks of exercises, copies, slides and studies.

A notebook needs two things of it: the line it opens with, and the check of an answer.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course.exercises import check
    from course.lessons.opening import opening

_PLACES = {"check": "course.exercises", "opening": "course.lessons.opening"}


def __getattr__(name: str) -> object:
    """Load what a notebook asks for; the commands need neither, and would wait for both."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
