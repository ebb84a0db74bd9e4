"""What a command needs beyond what lessons need, and how to install it."""

from course_utils.files import HERE, PACKAGE

EXTRAS = {
    "distributed": "cluster",
    "mathjax": "site",
    "nbgrader": "grading",
    "sphinx_revealjs": "site",
    "tensorflow": "cpu",
}
"""the extra that brings a module"""


def how_to_install(extra: str) -> str:
    """The command that installs an extra of the course, in a clone or elsewhere."""
    course = f'-e ".[{extra}]"' if HERE.work == HERE.root else f'"{PACKAGE}[{extra}]"'
    return f"pip install {course}"
