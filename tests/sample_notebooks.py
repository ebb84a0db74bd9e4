"""Small notebooks, built here because nbval runs every .ipynb that it finds."""

import base64

from course.lessons.lesson import find_lessons
from course.running.store import front_end_metadata

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

NOTES = (
    "**Say** What this part is for, in a sentence that is long enough to be one.\n\n"
    "**Ask** {ask}Expect that the sum is three; answer that it is two, and let them count on "
    "their fingers until all agree.\n\n**Break** None.\n\n**Skip** Nothing, as it is short."
)
QUESTION = (
    "Now a figure. **What do you expect?** Where is the dot?\n\n"
    "<details><summary>At one</summary>✗ No: one is only the first number.</details>\n"
    "<details><summary>At two</summary>✓ Yes: one and one make two.</details>"
)
PIXEL = base64.b64encode(b"\x89PNG, or nearly so").decode()


TRAINING = """\
from course_utils.data import load_prices
from course_utils.models import recurrent
from course_utils.training import fit
import numpy as np

prices = load_prices("IBM")
model = recurrent("GRU", features=1, units=2)
model.compile("adam", "mse")
fit(model, np.ones((4, 3, 1)), np.ones(4), epochs=1).history"""
"""a cell that trains a network"""


def good_notebook():
    """Make a stored notebook that breaks no rule; tests break it in one place at a time."""
    cells = [
        new_markdown_cell(
            "# 01 A small lesson\n\nWhat it is about.\n\n**You will be able to**\n"
            "- add two numbers\n- say\n  what a sum is\n\nAnd more."
        ),
        notes(3),
        new_code_cell('opening("01")\ntotal = 1 + 1\ntotal'),
        new_markdown_cell(QUESTION),
        new_code_cell("draw(total)", metadata={"alt": "A dot at two."}),
        new_markdown_cell("## Recap\n\n- Sums are small."),
        new_markdown_cell("## What often goes wrong\n\n- Nothing."),
    ]
    cells.append(new_markdown_cell("## Exercises\n\nThere are hints."))
    cells.append(notes(6, "".join(f"Exercise {number}, 2 minutes: add. " for number in (1, 2, 3))))
    for number, goals in ((1, ["goal-1", "goal-2"]), (2, []), (3, [])):
        cells.append(new_markdown_cell(f"### Exercise {number}: a sum (easy)\n\nAdd {number}."))
        stub = {"tags": ["exercise", *goals]}
        solved = f'check("01-{number}", total)'
        cells.append(new_code_cell(solved.replace("total", "..."), metadata=stub))
        cells.append(new_code_cell(solved, metadata={"tags": ["solution"]}))
    cells.append(new_markdown_cell("## Read on\n\nA book."))
    notebook = new_notebook(
        cells=cells,
        metadata=front_end_metadata(),
    )
    code = [cell for cell in cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, 1):
        cell.execution_count = number
        cell.outputs = [
            new_output("execute_result", {"text/plain": f"{number}"}, execution_count=number)
        ]
    code[1].outputs = [new_output("display_data", {"image/png": PIXEL})]
    for cell in code[2:]:
        text = "✓ right" if "solution" in cell.metadata.tags else "✗ not yet"
        cell.outputs = [new_output("stream", name="stdout", text=text)]
    return notebook


def notes(minutes, ask=""):
    """Make the cell of notes on a section."""
    first = f"**Notes for instructors, {minutes} minute{'s' * (minutes != 1)}.**"
    text = f"{first}\n\n{NOTES.format(ask=ask)}"
    return new_markdown_cell(text, metadata={"tags": ["notes"]})


def tagged(tag, **more):
    """Make a cell's metadata."""
    return {"tags": [tag], **more}


def lesson_with_exercises(folder, *more):
    """Write and find lesson 02: two exercises that need neither data nor Keras, and notes."""
    hidden = tagged("solution", jupyter={"source_hidden": True})
    first = "## Exercises\n\nThere are solutions.\n\n### Exercise 1: a step (easy)"
    cells = [
        new_markdown_cell("# 02 A small lesson"),
        notes(1),
        new_code_cell("import numpy as np\nfrom course import check\n\nstart = 1"),
        new_code_cell("start + 1", metadata=tagged("answer")),
        new_markdown_cell(first),
        notes(10, "Exercise 1, 3 minutes: add. Exercise 3, 7 minutes: add. "),
        new_code_cell('answer = ...\n\ncheck("02-1", answer)', metadata=tagged("exercise")),
        new_code_cell(
            "helper = 0.5 * 2.0 + 1.0 * -0.4\nanswer = (helper, 0.25 * np.tanh(helper))\n\n"
            'check("02-1", answer)',
            metadata=hidden,
        ),
        new_markdown_cell("### Exercise 3: a bias (open)"),
        new_code_cell('bias_for = ...\n\ncheck("02-3", bias_for)', metadata=tagged("exercise")),
        new_code_cell(
            "def bias_for(steps):\n    forget = 0.5 ** (1 / steps)\n"
            '    return np.log(forget / (1 - forget))\n\n\ncheck("02-3", bias_for)',
            metadata=hidden,
        ),
        *more,
    ]
    for cell in cells:
        if cell.cell_type == "code":
            cell.outputs = [new_output("stream", text="said")]
    nbformat.write(new_notebook(cells=cells), folder / "02_small.ipynb")
    (lesson,) = find_lessons(folder)
    return lesson


def lesson(path, *sources):
    """Write a lesson with a title, two goals and these code cells, never executed."""
    title = f"# {path.name[:2]} Title\n\n**You will be able to**\n- do this\n- do that.\n"
    cells = [new_markdown_cell(title), *map(new_code_cell, sources)]
    path.parent.mkdir(parents=True, exist_ok=True)
    # No kernel has this name: the lessons run in this Python all the same.
    spec = {"kernelspec": {"name": "elsewhere", "display_name": "elsewhere"}}
    nbformat.write(new_notebook(cells=cells, metadata=spec), path)
    return path
