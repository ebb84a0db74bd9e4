"""Fixtures that several test files share."""

import gc
import os
from functools import partial

from course import exercises
from course.exercises.record import solved_here

import pytest
from browser import (  # noqa: F401 (pytest finds fixtures and hooks here)
    browser,
    context,
    leave_out_without_a_browser,
    page,
    pytest_terminal_summary,
)
from helpers import python
from hypothesis import settings

# The same examples each time, so that a red test is red again; more and different ones with
# COURSE_FUZZ=3000. And no time limit, which a busy machine would break.
FUZZ = "COURSE_FUZZ" in os.environ
settings.register_profile(
    "course", derandomize=not FUZZ, max_examples=100 if FUZZ else 50, deadline=None
)
settings.load_profile("course")


def pytest_collection_modifyitems(config, items):
    """Put lessons, the site and files with slow tests first: both workers end with short files."""
    leave_out_without_a_browser(config, items)
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def turn(item):
        path = item.path
        return path.suffix != ".ipynb", path.parent.name != "site", path not in slow

    items.sort(key=turn)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Keep the garbage collector from walking over TensorFlow and all else that loads now."""
    gc.disable()
    found = yield
    gc.freeze()
    gc.enable()
    return found


@pytest.fixture(autouse=True)
def fresh_kernel():
    """Forget what other tests have tried: each test is a kernel of its own."""
    exercises._wrong_tries.clear()
    solved_here.clear()


@pytest.fixture
def course(monkeypatch):
    """Run `course` as people do, in a process of its own; returns the finished process."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # with it set, kernels leave file descriptor 2 alone
    return partial(python, "from course.commands import app; app()")


@pytest.fixture
def csv_file(tmp_path):
    """Return a function that writes text or bytes to a real file."""

    def write(content, name="own.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
