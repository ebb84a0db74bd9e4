"""Running `course` in the tests' own process, where a process of its own would take a second."""

from course.commands import app

from typer.testing import CliRunner


def course_here(*arguments):
    """Run a command of `course`; returns its exit_code, stdout and stderr."""
    return CliRunner().invoke(app, [*map(str, arguments)])
