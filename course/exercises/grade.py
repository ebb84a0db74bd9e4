"""What a locked cell of a graded copy runs: the checks, fresh from their files, and the points.

A learner's code has run in the same process before, and may have changed anything in it. So a
locked cell runs this file itself, the checks are loaded anew for it, and what they rest on is
compared with the same things in a fresh process, before and after the check. This stops changes
that somebody makes in passing; against one who takes over the kernel, no code inside it helps.
"""

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from types import ModuleType

CHECKS = "course.exercises"
RESTS_ON = ("course", "course_utils", "numpy", "pandas")
"""packages whose functions a check calls"""
IN_A_FRESH_PROCESS = """
import json, sys
from importlib import import_module
from course.exercises.grade import described
import_module(sys.argv[1])
json.dump(described(), sys.stdout)
"""


class NotRightError(Exception):
    """No points: an answer is not right, or was not graded; shown as one line."""

    def _render_traceback_(self) -> list[str]:
        """What Jupyter shows in place of a traceback, which would hold the server's paths."""
        return [str(self)]


def grade(points: float, exercise: str, answer: object, **given: object) -> float:
    """Give points for an answer, as nbgrader reads them off a cell's result.

    Args:
        points: for a right answer.
        exercise: its name, such as `04-1`.
        answer: what the exercise asks for.
        given: what the exercise starts from, such as `prices=prices`.

    Returns:
        the points, or a part of them for an answer that is nearly right.

    Raises:
        NotRightError: the answer is wrong, or what judges it has been changed.
    """
    checks = f"{CHECKS}.lesson_{exercise.rpartition('-')[0]}"
    import_module(checks)  # so that the same modules are loaded here and there
    original = _original(checks)
    _refuse_changes(exercise, original)
    with _fresh_checks() as hints, redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        try:
            told, share = import_module(CHECKS).judge(exercise, answer, **given), 1.0
        except hints.Hint as hint:
            told, share = str(hint), hint.share
    _refuse_changes(exercise, original)  # an answer that is a function has run in the meantime
    if not share:
        raise NotRightError(f"✗ Exercise {exercise}: not right. {told}")
    earned = round(points * share, 1)
    mark, verdict = ("✓", "right") if share == 1 else ("◐", f"{earned:g} of {points:g} points")
    print(f"{mark} Exercise {exercise}: {verdict}. {told}")
    return earned


@contextmanager
def _fresh_checks() -> Iterator[ModuleType]:
    """Load the checks from their files; the modules that a learner has seen are back afterwards."""
    course = sys.modules["course"]
    seen = {name: sys.modules.pop(name) for name in [*sys.modules] if _is_in(name, CHECKS)}
    try:
        yield import_module(f"{CHECKS}.hints")
    finally:
        for name in [*sys.modules]:
            if _is_in(name, CHECKS):
                del sys.modules[name]
        sys.modules.update(seen)
        course.exercises = seen.get(CHECKS)


def _refuse_changes(exercise: str, original: dict[str, str]) -> None:
    now = described()
    changed = [name for name, text in original.items() if now.get(name, text) != text]
    if changed:
        names = ", ".join(sorted(changed, key=len)[:3]) + " and others" * (len(changed) > 3)
        raise NotRightError(
            f"✗ Exercise {exercise}: not graded, because a cell changed {names}. Take that out, "
            "restart the kernel and run all cells."
        )


def _original(checks: str) -> dict[str, str]:
    """What `described` says where no learner's code has run."""
    command = [sys.executable, "-P", "-c", IN_A_FRESH_PROCESS, checks]
    done = subprocess.run(command, capture_output=True, check=True)
    return json.loads(done.stdout)


def described() -> dict[str, str]:
    """A digest of each function, and each number of ours, in the modules that checks rest on."""
    found = {}
    for name, module in [*sys.modules.items()]:
        if any(_is_in(name, package) for package in RESTS_ON):
            for key, value in [*vars(module).items()]:
                found |= _digests(f"{name}.{key}", value)
                if isinstance(value, type) and value.__module__ == name:
                    for part, inner in [*vars(value).items()]:
                        found |= _digests(f"{name}.{key}.{part}", inner)
    return found


def _digests(name: str, value: object) -> dict[str, str]:
    ours = name.startswith("course") and "__" not in name
    if callable(value) or (ours and isinstance(value, (int, float, str, tuple))):
        return {name: hashlib.sha256(_words(value).encode()).hexdigest()}
    return {}


def _words(value: object) -> str:
    """What a function is and what it does; what is wrapped is described after its wrapper."""
    if not callable(value):
        return repr(value)
    body = ""
    if code := getattr(value, "__code__", None):
        constants = [*code.co_consts, *(getattr(value, "__defaults__", None) or ())]
        plain = [one for one in constants if isinstance(one, (int, float, str))]
        body = f"{code.co_code.hex()} {code.co_names} {code.co_filename} {plain}"
    if isinstance(value, type):  # whatever is put in front of an inherited method
        inherited = {part for base in value.__mro__[1:] for part in vars(base)}
        own = (part for part, method in vars(value).items() if callable(method))
        body = str(sorted(inherited.intersection(own)))
    name = getattr(value, "__name__", "")
    inner = getattr(value, "__wrapped__", None) or getattr(value, "__func__", None)
    return f"{type(value)} {name} {body} {_words(inner) if inner else ''}"


def _is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
