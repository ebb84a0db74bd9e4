"""Build the site: `make site`, or `python site/build.py` where there is no make.

It lays out the pages in `build/site-source`, each made from the file that holds its text, and has
Sphinx turn them into `build/site`. Only what has changed is written and read again. No notebook is
run.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from pkgutil import iter_modules

from course.copies.audiences import without
from course.copies.colab import repository
from course.instructors import plans
from course.lessons.lesson import Lesson, find_lessons, read_notebook
from course.lessons.timings import timings_file
from course_utils.files import ROOT, WORK, write_whole
from course_utils.machine import cores
from course_utils.studies import TABLES

import cheat_sheet
import facts
import nbformat
from glossary import entries, find_uses
from jinja2 import Environment, StrictUndefined, select_autoescape
from lesson_pages import lesson_page
from links import relink
from live_pictures import live_forecasts

SITE = ROOT / "site"
SOURCE, OUTPUT, MEMORY = (WORK / "build" / name for name in ("site-source", "site", "site-memory"))
INTERNAL = {"checks", "files", "machine", "warm"}
"""modules of `course_utils` that no lesson needs to know, and that have no page"""


def pages(lessons: list[Lesson], address: str | None) -> dict[str, str]:
    """The text of every page, by its file."""
    uses = find_uses(lessons)
    environment = Environment(
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=select_autoescape(default_for_string=False),  # the pages are Markdown
    )
    environment.globals |= vars(facts) | {
        "glossary_entries": entries(uses),
        "repository": address,
        "live_forecasts": live_forecasts,
        "modules": modules(),
        "whole_way": cheat_sheet.whole_way,
        "messages": cheat_sheet.messages,
    }
    made = {}
    for file in sorted(SITE.glob("*.md")):
        if file.name == plans.PAGE.name and plans.PAGE.is_file():
            file = plans.PAGE  # of one's own course
        text = environment.from_string(file.read_text(encoding="utf-8")).render()
        made[file.name] = relink(text, f"site/{file.name}", file.name, address)
    card = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    made["data.md"] = relink(card, "data/README.md", "data.md", address)
    for lesson in lessons:
        notebook = lesson_page(lesson, uses, address)
        made[f"notebooks/{lesson.path.name}"] = nbformat.writes(notebook)
    for module in modules():
        made[f"api/{module}.md"] = api_page(module)
    return made


def modules() -> list[str]:
    """The modules and packages of `course_utils` that have a page."""
    found = {module.name for module in iter_modules([str(ROOT / "course_utils")])}
    return sorted(found - INTERNAL)


def api_page(module: str) -> str:
    """A page with a module's docstrings, or those of a package and all its modules."""
    folder = ROOT / "course_utils" / module
    inner = [path.relative_to(folder).with_suffix("") for path in sorted(folder.rglob("[!_]*.py"))]
    parts = {f"# course_utils.{module}": f"course_utils.{module}"}
    for path in inner:
        name = ".".join(path.parts)
        parts[f"## {name}"] = f"course_utils.{module}.{name}"
    directive = "```{{eval-rst}}\n.. automodule:: {}\n   :members:\n   :ignore-module-all:\n```\n"
    return "\n".join(f"{head}\n\n{directive.format(name)}" for head, name in parts.items())


def lay_out(made: dict[str, str]) -> None:
    """Write the pages that have changed, and the files that they show or offer; remove the rest."""
    files = {name: text.encode() for name, text in made.items()}
    for path in [*filter(Path.is_file, TABLES.iterdir()), timings_file()]:
        files[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    for name, content in files.items():
        path = SOURCE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)
    for path in SOURCE.rglob("*"):
        name = path.relative_to(SOURCE)
        if path.is_file() and name.as_posix() not in files:
            path.unlink()
            (OUTPUT / name).with_suffix(".html").unlink(missing_ok=True)


def offer_notebooks(lessons: list[Lesson]) -> None:
    """Let readers download the lessons as they are stored, not as their pages need them."""
    for lesson in lessons:
        notebook = without(read_notebook(lesson.path), {"notes"})
        write_whole(OUTPUT / "_sources" / "notebooks" / lesson.path.name, nbformat.writes(notebook))


def main() -> int:
    """Build the site; returns 0 if all is well, and Sphinx's exit code if not."""
    lessons = find_lessons()
    lay_out(pages(lessons, repository()))
    options = ["-b", "html", "-W", "--keep-going", "-q", "-j", str(cores()), "-c", str(SITE)]
    options += ["-d", str(MEMORY), str(SOURCE), str(OUTPUT)]
    # In a process of its own, where conf.py is the first to import what it documents.
    code = subprocess.run([sys.executable, "-m", "sphinx", *options], check=False).returncode
    if code:
        # Otherwise the next run would not read these pages again, and not warn of them.
        shutil.rmtree(MEMORY, ignore_errors=True)
        return code
    offer_notebooks(lessons)
    print(f"look at {OUTPUT / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
