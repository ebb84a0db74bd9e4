"""Running `course` in the tests' own process, or several commands in a process of their own."""

from course.commands import app

from typer.testing import CliRunner

SEVERAL = """
import sys
from course.commands import app
for command in sys.argv[1:]:
    try:
        app(command.split())
    except SystemExit as end:
        print(f"\\nended with {end.code}", flush=True)
"""
"""a program that runs several commands of `course`, one after the other, in one process"""


def course_here(*arguments):
    """Run a command of `course`; returns its exit_code, stdout and stderr."""
    return CliRunner().invoke(app, [*map(str, arguments)])
