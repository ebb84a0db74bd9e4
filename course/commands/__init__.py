"""What people type: `course run`, `lab`, `copies`, `progress` and the others below."""

import sys
from io import TextIOWrapper

from course.commands import (
    check_exercise,
    check_lesson,
    copies,
    data,
    doctor,
    lab,
    plan,
    progress,
    run,
    slides,
    solution,
    study,
    warm,
)
from course.commands.extras import EXTRAS, how_to_install
from course.lessons.lesson import LessonError, UnknownLessonError
from course.studies.workers import StudyError
from course_utils.files import DataError

import typer
from typer.core import TyperGroup


class OneLineErrors(TyperGroup):
    """Commands that end with one line on an expected error, and with code 2 on a wrong name."""

    def invoke(self, ctx: typer.Context) -> object:
        """Run the command; errors that say what to do need no traceback."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
                stream.reconfigure(errors="replace")  # some files on Windows cannot hold a "✓"
        try:
            return super().invoke(ctx)
        except UnknownLessonError as error:
            raise typer.BadParameter(str(error)) from error
        except ModuleNotFoundError as error:
            module = (error.name or "").partition(".")[0]
            if module not in EXTRAS:
                raise
            remedy = how_to_install(EXTRAS[module])
            typer.echo(f"Error: {module} is missing: {remedy}", err=True)
            raise typer.Exit(1) from error
        except BrokenPipeError:
            raise  # the reader, such as `head`, has enough: Typer ends without a word
        except PermissionError as error:
            remedy = "work in a copy of the course that is yours"
            options = self.commands[ctx.invoked_subcommand].params
            if "output" in {option.name for option in options}:
                remedy += ", or name a folder of yours in --output"
            typer.echo(f"Error: you may not write or read {error.filename}: {remedy}", err=True)
            raise typer.Exit(1) from error
        except (DataError, LessonError, StudyError, OSError) as error:
            said = str(error)
            if isinstance(error, OSError) and error.filename:
                said = f"{error.filename} cannot be read or written: {error.strerror}"
            typer.echo(f"Error: {said}", err=True)
            raise typer.Exit(1) from error


app = typer.Typer(
    cls=OneLineErrors,
    help="Run the lessons, manage their data, check this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(run.run)
app.command(context_settings=lab.PASS_ON)(lab.lab)
app.command()(copies.copies)
app.add_typer(data.app, name="data")
app.command()(doctor.doctor)
app.command()(plan.plan)
app.command()(study.study)
app.command()(slides.slides)
app.command()(check_exercise.check_exercise)
app.command()(check_lesson.check_lesson)
app.command()(solution.solution)
app.command()(progress.progress)
app.command()(warm.warm)
