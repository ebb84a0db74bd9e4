"""Build the site: `make site`, or `python site/build.py` where there is no make.

It lays out the pages in `build/site-source`, each made from where its text is, and has Sphinx turn
them into `build/site`. Only what has changed is written, and so read again. No notebook is run.
"""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

from course.copies.audiences import without
from course.lessons.lesson import Lesson, find_lessons
from course.lessons.timings import timings_file
from course_utils.files import ROOT, write_whole
from course_utils.machine import cores

import facts
import nbformat
from glossary import entries, find_uses
from jinja2 import Environment, StrictUndefined, select_autoescape
from lesson_pages import lesson_page
from links import relink, repository

SITE = ROOT / "site"
SOURCE, OUTPUT, MEMORY = (ROOT / "build" / name for name in ("site-source", "site", "site-memory"))


def pages(found: list[Lesson], address: str | None) -> dict[str, str]:
    """The text of every page, by its file."""
    uses = find_uses(found)
    environment = Environment(
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=select_autoescape(default_for_string=False),  # the pages are Markdown
    )
    environment.globals |= facts.context() | {
        "glossary_entries": entries(uses),
        "repository": address,
        "modules": modules(),
        "there_is": lambda name: (SITE / name).is_file(),
    }
    made = {}
    for file in sorted(SITE.glob("*.md")):
        text = environment.from_string(file.read_text(encoding="utf-8")).render()
        made[file.name] = relink(text, f"site/{file.name}", file.name, address)
    card = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    made["data.md"] = relink(card, "data/README.md", "data.md", address)
    for lesson in found:
        notebook = lesson_page(lesson, uses, address)
        made[f"notebooks/{lesson.path.name}"] = nbformat.writes(notebook)
    for module in modules():
        made[f"api/{module}.md"] = api_page(module)
    return made


def modules() -> list[str]:
    """The modules and packages of `course_utils` that have a page."""
    here = (ROOT / "course_utils").iterdir()
    return sorted(
        path.stem
        for path in here
        if (path.suffix == ".py" or (path / "__init__.py").is_file())
        and not path.stem.startswith("_")
    )


def api_page(module: str) -> str:
    """A page with a module's docstrings, or those of a package and all its modules.

    Checks of exercises are left out: they say what the exercises ask to find.
    """
    folder = ROOT / "course_utils" / module
    names = [f"course_utils.{module}"]
    if folder.is_dir():
        names += [
            f"{names[0]}.{path.stem}"
            for path in sorted(folder.glob("*.py"))
            if not path.stem.startswith(("_", "lesson_")) and _public(path)
        ]
    text = f"# {names[0]}\n"
    for name in names:
        heading = f"\n## {name.rpartition('.')[2]}\n" if name != names[0] else ""
        text += (
            f"{heading}\n```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n"
            "   :ignore-module-all:\n```\n"
        )
    return text


def _public(path: Path) -> bool:
    """Whether a module has something for others to call."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    kinds = (ast.FunctionDef, ast.ClassDef)
    return any(isinstance(node, kinds) and not node.name.startswith("_") for node in body)


def lay_out(made: dict[str, str]) -> None:
    """Write the pages that have changed, and the files that they show or offer; remove the rest."""
    files = {name: text.encode() for name, text in made.items()}
    for path in (ROOT / "data" / "studies").iterdir():
        files[f"data/studies/{path.name}"] = path.read_bytes()
    files["data/timings.csv"] = timings_file().read_bytes()
    for name, content in files.items():
        path = SOURCE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)
    for path in SOURCE.rglob("*"):
        if path.is_file() and path.relative_to(SOURCE).as_posix() not in files:
            path.unlink()
            (OUTPUT / path.relative_to(SOURCE)).with_suffix(".html").unlink(missing_ok=True)


def offer_notebooks(found: list[Lesson]) -> None:
    """Let readers download the lessons as they are stored, not as their pages need them."""
    for lesson in found:
        notebook = without(nbformat.read(lesson.path, as_version=4), {"notes"})
        write_whole(OUTPUT / "_sources" / "notebooks" / lesson.path.name, nbformat.writes(notebook))


def main() -> int:
    """Build the site; returns 0 if all is well, and Sphinx's exit code if not."""
    found = find_lessons()
    lay_out(pages(found, repository()))
    jobs = str(cores())
    options = ["-b", "html", "-W", "--keep-going", "-q", "-j", jobs, "-c", str(SITE)]
    options += ["-d", str(MEMORY), str(SOURCE), str(OUTPUT)]
    # In a process of its own, where conf.py is the first to import what it documents.
    code = subprocess.run([sys.executable, "-m", "sphinx", *options], check=False).returncode
    if code:
        shutil.rmtree(
            MEMORY, ignore_errors=True
        )  # or the next run would not read, and not warn of, the same pages
        return code
    offer_notebooks(found)
    print(f"look at {OUTPUT / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
