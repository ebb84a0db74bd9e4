"""`course lab`: your own copies of the lessons, in JupyterLab."""

import os
from pathlib import Path

from course.commands import copies
from course.copies import Kind
from course.lessons.lesson import choose_lessons

import typer

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
SETTINGS = Path(__file__).with_name("jupyter")  # no grader's menus, no question about news


def lab(ctx: typer.Context) -> None:
    """Bring your copies of the lessons in my_work up to date, and open JupyterLab there.

    Other options are passed to JupyterLab, for example --no-browser or --port=9000.
    """
    from jupyterlab.labapp import LabApp  # here, as it takes a second to load

    work = copies.MY_WORK
    for line in copies.bring(choose_lessons([]), Kind.STUDENT, work):
        typer.echo(line)
    typer.echo("JupyterLab opens there; stop it with Ctrl-C.")
    paths = [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    # Its root is the course's folder, so that links from the lessons to its other files work.
    places = [f"--ServerApp.root_dir={work.parent}", f"--LabApp.default_url=/lab/tree/{work.name}"]
    LabApp.launch_instance([*places, *ctx.args])
