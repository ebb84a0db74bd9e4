"""Who gets which cells of a lesson: one stored notebook, a copy for each audience."""

from nbconvert.preprocessors import ClearOutputPreprocessor, TagRemovePreprocessor
from nbformat import NotebookNode


def student(notebook: NotebookNode) -> NotebookNode:
    """Drop, in place, what would tell an answer: solutions, notes, and the outputs of cells.

    Without outputs, nobody reads a result before guessing it, and a lesson that was only run again
    gives the same copy as before.
    """
    notebook = without(notebook, {"solution", "answer", "notes"})
    return ClearOutputPreprocessor().preprocess(notebook, {})[0]


def unfolded(notebook: NotebookNode) -> NotebookNode:
    """Open, in place, the cells that a stored lesson folds."""
    for cell in notebook.cells:
        for key in ("jupyter", "collapsed"):
            cell.metadata.pop(key, None)
    return notebook


def without(notebook: NotebookNode, tags: set[str]) -> NotebookNode:
    """Drop, in place, the cells that have one of these tags."""
    return TagRemovePreprocessor(remove_cell_tags=tags).preprocess(notebook, {})[0]
