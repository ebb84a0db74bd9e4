"""A first cell that brings the course to where TensorFlow is and the course is not, as in Colab."""

import importlib.metadata

from course_utils.files import PACKAGE

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

BRING = """\
# Colab and Kaggle lack the course. This brings it, and leaves their TensorFlow as it is.
from importlib.util import find_spec

if not find_spec("course_utils"):
    %pip install --quiet "{}"
"""


def bringing_the_course(notebook: NotebookNode) -> NotebookNode:
    """Put, in place, a cell before all others that installs the course unless it is there."""
    cell = new_code_cell(BRING.format(_source()).rstrip(), id="bring-the-course")
    notebook.cells.insert(0, cell)
    return notebook


def repository() -> str | None:
    """Address of the course's repository, once `pyproject.toml` names it."""
    lines = importlib.metadata.metadata(PACKAGE).get_all("Project-URL") or []
    return dict(line.split(", ", 1) for line in lines).get("Repository")


def _source() -> str:
    """What pip is to install: the course from its repository, or this version from an index."""
    if address := repository():
        return f"{PACKAGE} @ git+{address}"
    return f"{PACKAGE}=={importlib.metadata.version(PACKAGE)}"
