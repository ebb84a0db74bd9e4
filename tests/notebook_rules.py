"""What a stored lesson must be: each rule takes a notebook and lists what breaks it."""

import base64
import re
from math import ceil
from statistics import median
from urllib.parse import unquote, urlsplit

from course_utils import lessons
from course_utils.cli.execute import code_cells
from course_utils.cli.store import machine_paths, output_texts

MAX_IMAGE_BYTES = 60_000
LINK = r"(?:\]\(|^\[[^\]]+\]:)\s*<?([^\s)>#]+)"  # [text](link) or [name]: link
HEADINGS = ("## Recap", "## What often goes wrong", "## Read on")


def executed_in_order(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    return [] if counts == [*range(1, len(counts) + 1)] else [f"execution counts {counts}"]


def no_errors(notebook):
    return [output.ename for output in outputs(notebook) if output.output_type == "error"]


def nothing_on_stderr(notebook):
    return [
        output.text
        for output in outputs(notebook)
        if output.output_type == "stream" and output.name == "stderr"
    ]


def no_widget_state(notebook):
    found = ["widgets in the metadata"] if "widgets" in notebook.metadata else []
    views = [output for output in outputs(notebook) if "widget-view" in " ".join(data(output))]
    return found + ["a widget's view" for _ in views]


def no_machine_paths(notebook):
    return machine_paths(notebook)


def plain_kernelspec(notebook):
    name = notebook.metadata.get("kernelspec", {}).get("name")
    return [] if name == "python3" else [f"kernelspec {name}"]


def minimal_metadata(notebook):
    extra = set(notebook.metadata) - {"kernelspec", "language_info", "widgets"}
    extra |= set(notebook.metadata.get("language_info", {})) - {"name"}
    return [f"metadata {sorted(extra)}"] if extra else []


def full_data(notebook):
    texts = [text for cell in notebook.cells for _, text in output_texts(cell)]
    return [text for text in texts if re.search(r"embedded (sample|default)", text)]


def short_cells(notebook):
    lines = sorted(len(cell.source.splitlines()) for cell in code_cells(notebook))
    if not lines:
        return ["no code cell"]
    found = [] if median(lines) <= 7 else [f"median of {median(lines)} lines"]
    nine_tenths = lines[ceil(0.9 * len(lines)) - 1]
    return found + ([] if nine_tenths <= 20 else [f"nine in ten have up to {nine_tenths} lines"])


def title_and_goals(notebook):
    first = notebook.cells[0].source if notebook.cells else ""
    found = [] if re.match(r"# \d\d \S", first) else ["the first cell is no title `# NN ...`"]
    goals = r"^\*\*You will be able to\*\*[^\n]*\n+[-*] \S"
    return found + ([] if re.search(goals, first, re.M) else ["no goals in the first cell"])


def headings(notebook):
    found = [line for _, line in heading_lines(notebook)]
    return [f"no `{heading}`" for heading in HEADINGS if heading not in found]


def exercises_with_solutions(notebook):
    lines = heading_lines(notebook)
    starts = [place for place, line in lines if re.match(r"###? Exercise\b", line)]
    problems = [] if len(starts) >= 3 else [f"{len(starts)} exercises, not 3"]
    for start in starts:
        end = min((place for place, _ in lines if place > start), default=len(notebook.cells))
        tags = [cell.metadata.get("tags", []) for cell in notebook.cells[start:end]]
        problems += [
            f"no {wanted} after cell {start}"
            for wanted in ("exercise", "solution")
            if not any(wanted in cell_tags for cell_tags in tags)
        ]
    return problems


def links_to_files(notebook):
    """Links to files of the course, which are relative to the folder of the lessons."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    prose = [re.sub(r"(`+).*?\1", "", text, flags=re.S) for text in texts]
    links = [link for text in prose for link in re.findall(LINK, text, re.M)]
    return [
        f"{link} is not there"
        for link in links
        if not urlsplit(link).scheme and not (lessons.NOTEBOOKS / unquote(link)).exists()
    ]


def checked_exercises(notebook):
    """A stub is told that it is none yet, a solution that it is right."""
    marks = {"exercise": "✗ ", "solution": "✓ "}
    return [
        f"the check of the {tag} `{cell.source.splitlines()[0]}` does not say {mark}"
        for cell in code_cells(notebook)
        for tag, mark in marks.items()
        if tag in cell.metadata.get("tags", [])
        and not any(output.get("text", "").startswith(mark) for output in cell.outputs)
    ]


def alt_texts(notebook):
    return [
        f"no alt text in `{cell.source.splitlines()[0]}`"
        for cell in code_cells(notebook)
        for output in cell.outputs
        if "image/png" in data(output)
        and not output.metadata.get("image/png", {}).get("alt", "").strip()
        and not cell.metadata.get("alt", "").strip()
    ]


def small_images(notebook):
    sizes = [
        len(base64.b64decode(content))
        for output in outputs(notebook)
        for kind, content in data(output).items()
        if kind in ("image/png", "image/jpeg")
    ]
    return [f"an image of {size:,} bytes" for size in sizes if size > MAX_IMAGE_BYTES]


def outputs(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def data(output):
    return output.get("data", {})


def heading_lines(notebook):
    """Headings of the markdown cells, each with its cell's place."""
    return [
        (place, line.strip())
        for place, cell in enumerate(notebook.cells)
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if re.match(r"#{1,6} ", line)
    ]


RULES = (
    executed_in_order,
    no_errors,
    nothing_on_stderr,
    no_widget_state,
    no_machine_paths,
    plain_kernelspec,
    minimal_metadata,
    full_data,
    short_cells,
    title_and_goals,
    headings,
    exercises_with_solutions,
    checked_exercises,
    links_to_files,
    alt_texts,
    small_images,
)
