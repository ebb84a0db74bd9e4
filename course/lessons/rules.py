"""What a stored lesson must be: each rule takes a notebook and lists, in words, what breaks it."""

import base64
import re
from collections.abc import Collection, Iterable, Mapping
from copy import deepcopy
from itertools import takewhile
from math import ceil, isclose
from pathlib import Path
from statistics import median
from urllib.parse import unquote, urlsplit

from course.exercises import file_of_checks, named
from course.exercises.task import NUMBER, numbers, numbers_of_check, numbers_of_task
from course.instructors import notes
from course.lessons.lesson import NOTEBOOKS, OPTION, LessonError, is_notes, read_notebook
from course.lessons.lesson import tags_of as tags
from course.running.execute import code_cells
from course.running.store import (
    as_a_browser_writes,
    front_end_metadata,
    machine_paths,
    output_texts,
)
from course_utils.files import OWN

from nbformat import NotebookNode

FOLDERS = (NOTEBOOKS, OWN / "notebooks") if OWN else (NOTEBOOKS,)
"""where lessons are, which copies bring together"""
MAX_IMAGE_BYTES, MAX_SOUND_CHARACTERS = 60_000, 200_000
LINK = r"(?:\]\(|^\[[^\]]+\]:)\s*<?([^\s)>]+)"  # [text](link) or [name]: link
READ_ON = "## Read on"
HEADINGS = ("## Recap", "## What often goes wrong", READ_ON)
GOALS_LINE = "**You will be able to**"
NOTE_WORDS = range(40, 111)
NOTE_PARTS = ("Say", "Ask", "Break", "Skip")
CHECKS = r"\bassert|\bcheck_\w+"
EXPECTED = r"\bExercise (\d+), \d+ minutes?: expect ((?:[^;.]|\.\d)+)"
COMMON_STEMS = {"the", "and", "for", "that", "with", "its", "not", "are", "one", "all", "each"}
PREDICTION = "**What do you expect"
COUNTING = 12  # whole numbers up to this need no code
NOT_PROSE = (
    r"\$\$.*?\$\$|\$.*?\$",  # formulas
    r"^#.*$",  # headings
    r"\]\([^)]*\)",  # addresses
    r'"[^"\n]*"',  # what others say
    r"\b(?:lesson|exercise|part|section)s? \d+(?:(?: to|,| and) \d+)*",
    r"\b\d+ minutes?\b",  # of the notes
)


def executed_in_order(notebook: NotebookNode) -> list[str]:
    """All code cells have been run once, from top to bottom."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    return [] if counts == [*range(1, len(counts) + 1)] else [f"execution counts {counts}"]


def no_errors(notebook: NotebookNode) -> list[str]:
    """No cell ended in an error."""
    return [output.ename for output in outputs(notebook) if output.output_type == "error"]


def nothing_on_stderr(notebook: NotebookNode) -> list[str]:
    """No cell wrote a warning or anything else to stderr."""
    return [output.text for output in outputs(notebook) if output.get("name") == "stderr"]


def no_widget_state(notebook: NotebookNode) -> list[str]:
    """No widget is stored: pages cannot show one."""
    found = ["widgets in the metadata"] if "widgets" in notebook.metadata else []
    views = [output for output in outputs(notebook) if "widget-view" in " ".join(data(output))]
    return found + ["a widget's view" for _ in views]


def metadata_of_a_front_end(notebook: NotebookNode) -> list[str]:
    """The metadata is what JupyterLab writes, so that opening a lesson does not change it."""
    found, wanted = deepcopy(notebook.metadata), front_end_metadata()
    found.pop("widgets", None)  # a rule of its own
    for metadata in (found, wanted):
        metadata.get("language_info", {}).pop("version", None)
    problems = [] if found == wanted else [f"metadata {found}"]
    for cell in code_cells(notebook):
        hidden = cell.metadata.get("jupyter", {}).get("outputs_hidden", False)
        if cell.metadata.get("collapsed", False) != hidden:
            problems.append("outputs_hidden without collapsed, or the reverse")
    if any(str(data(one)) != str(as_a_browser_writes(data(one))) for one in outputs(notebook)):
        problems.append("a number such as 1.0, which a browser writes as 1")
    return problems


def full_data(notebook: NotebookNode) -> list[str]:
    """The stored outputs come from the full data, not from the embedded sample."""
    texts = [text for cell in notebook.cells for text in output_texts(cell)]
    return [text for text in texts if re.search(r"embedded (sample|default)", text)]


def short_cells(notebook: NotebookNode) -> list[str]:
    """Cells are short: a median of at most 7 lines, and nine in ten at most 20."""
    lines = sorted(len(cell.source.splitlines()) for cell in code_cells(notebook))
    if not lines:
        return ["no code cell"]
    found = [] if median(lines) <= 7 else [f"median of {median(lines)} lines"]
    nine_tenths = lines[ceil(0.9 * len(lines)) - 1]
    return found + ([] if nine_tenths <= 20 else [f"nine in ten have up to {nine_tenths} lines"])


def title_and_goals(notebook: NotebookNode) -> list[str]:
    """The first cell has the title `# NN ...`, and the goals as a list."""
    first = notebook.cells[0].source
    number = opened_as(notebook)
    title = f"# {number} " if number.isdecimal() else "# "  # one's own needs no number
    found = (
        [] if re.match(rf"{title}\S", first) else [f"the first cell is not a title `{title}...`"]
    )
    return found + ([] if count_goals(first) else ["no goals in the first cell"])


def count_goals(first_cell: str) -> int:
    """How many bullets come after the goals line, up to the first other paragraph."""
    goals = 0
    for line in first_cell.partition(GOALS_LINE)[2].splitlines()[1:]:
        if re.match(r"[-*] \S", line):
            goals += 1
        elif line.strip() and not (line.startswith("  ") and goals):
            break
    return goals


def headings(notebook: NotebookNode) -> list[str]:
    """The headings that end a lesson are there."""
    found = [line for _, line in heading_lines(notebook)]
    return [f"no `{heading}`" for heading in HEADINGS if heading not in found]


def exercises_with_solutions(notebook: NotebookNode) -> list[str]:
    """There are at least three exercises, each with its stub and its solution."""
    exercises = exercise_ranges(notebook)
    problems = [] if len(exercises) >= 3 else [f"{len(exercises)} exercises, not 3"]
    return problems + [
        f"no {wanted} after `{first_line(heading)}`"
        for heading, *cells in exercises
        for wanted in ("exercise", "solution")
        if not any(wanted in tags(cell) for cell in cells)
    ]


def opened_and_checked_by_name(notebook: NotebookNode, name: str = "") -> list[str]:
    """The lesson says `opening("NAME")`, and Exercise 1 calls `check("NAME-1", ...)`, and so on.

    Args:
        notebook: without checks of its own, one's own lesson may call those of another.
        name: what the file's name demands, if that is known.
    """
    name = name or opened_as(notebook)
    problems = [] if name and name == opened_as(notebook) else [f'no `opening("{name or "NAME"}")`']
    begins = re.escape(name) if name.isdecimal() or file_of_checks(name) else '[^"]+'
    return problems + [
        f'no `check("{name or "NAME"}-{number}", ...)` in `{first_line(cell)}`'
        for heading, *cells in exercise_ranges(notebook)
        for number in re.findall(r"^###? Exercise (\d+)", heading.source, re.M)
        for cell in cells
        if {"exercise", "solution"}.intersection(tags(cell))
        if not re.search(rf'\bcheck\("{begins}-{number}"', cell.source)
    ]


def no_untagged_solution(notebook: NotebookNode) -> list[str]:
    """Each check and all code of a solution is tagged, or it would reach learners."""
    problems = []
    for _, *cells in exercise_ranges(notebook):
        kinds = [{"exercise", "solution"}.intersection(tags(cell)) for cell in cells]
        tagged = [place for place, kind in enumerate(kinds) if kind]
        between = range(tagged[0], tagged[-1]) if tagged else ()
        problems += [
            f"`{first_line(cell)}` is tagged neither exercise nor solution"
            for place, cell in enumerate(cells)
            if cell.cell_type == "code" and not kinds[place]
            if place in between or re.search(r"\bcheck\(", cell.source)
        ]
    return problems


def goals_practised(notebook: NotebookNode) -> list[str]:
    """Each goal has a cell tagged `goal-N`: an exercise, a check, or an answer to a prediction."""
    goals = count_goals(notebook.cells[0].source)
    practised, problems, asked = set(), [], False
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and not is_notes(cell):
            asked = PREDICTION in cell.source
        found = {int(one[1]) for tag in tags(cell) if (one := re.fullmatch(r"goal-(\d+)", tag))}
        practised |= found
        checked = asked or "exercise" in tags(cell) or re.search(CHECKS, cell.source)
        if found and not (cell.cell_type == "code" and checked):
            problems.append(f"goal {found} where nothing is practised: `{cell.source[:50]}`")
    if not goals:  # another rule
        return []
    wanted = {*range(1, goals + 1)}
    problems += [f"goal {goal} is practised nowhere" for goal in sorted(wanted - practised)]
    return problems + [f"there is no goal {goal}" for goal in sorted(practised - wanted)]


def answers_to_choose(notebook: NotebookNode) -> list[str]:
    """A **What do you expect?** offers answers: one ✓, the others ✗, each with its reason."""
    texts = [cell.source for cell in notebook.cells if not is_notes(cell)]
    asked = [text for text in texts if PREDICTION in text and "<details>" in text]
    problems = [] if asked else ["no question offers answers"]
    for text in asked:
        verdicts = [verdict.split() or [""] for _, verdict in re.findall(OPTION, text)]
        marks = sorted(words[0] for words in verdicts)
        if len(marks) != text.count("<details>") or marks != ["✓", *"✗" * (len(marks) - 1)]:
            problems.append(f"not one ✓ among ✗ in `{text[-60:]}`")
        problems += [f"no reason in `{' '.join(one)}`" for one in verdicts if len(one) < 6]
    return problems


def numbers_of_the_code(notebook: NotebookNode) -> list[str]:
    """A number in prose is also in the code, in its outputs, or among the works to read on."""
    prose, _, works = markdown(notebook).partition(READ_ON)
    known = numbers(code_and_outputs(notebook)) | numbers(works)
    prose = text_outside_code(prose)
    for pattern in NOT_PROSE:
        prose = re.sub(pattern, "", prose, flags=re.M | re.I)
    shares = " ".join(re.findall(rf"{NUMBER}(?= ?%| per cent)", prose))
    others = re.sub(rf"{NUMBER}(?= ?%| per cent)", "", prose)
    unknown = [n for n in numbers(others) if not is_among(n, known)]
    unknown += [n for n in numbers(shares) if not is_among(n, known | {100 * n for n in known})]
    return [
        f"{number:g} is in prose, and neither in the code nor in its outputs"
        for number in sorted(unknown)
        if not (number <= COUNTING and number.is_integer())
    ]


def numbers_of_a_task(notebook: NotebookNode) -> list[str]:
    """A number in an exercise's text is also in its check, or in the code below the text."""
    checks, problems = file_of_checks(name_of(notebook)), []
    for exercise in exercise_ranges(notebook):
        task = takewhile(lambda cell: cell.cell_type == "markdown", exercise)
        told = "\n".join(cell.source for cell in task if not is_notes(cell))
        found = re.search(r"^###? Exercise (\w+).*\n?([\s\S]*)", told, re.M)
        if not found:
            such = "number it, as in `### Exercise 1: a sum`"
            problems.append(f"`{first_line(exercise[0])}` has no number: {such}")
            continue
        number, text = found.groups()
        code = [cell.source for cell in exercise if cell.cell_type == "code"]
        known = numbers("\n".join(code))
        if checks:
            known |= numbers_of_check(checks, f"{name_of(notebook)}-{number}")
        problems += [
            f"{one:g} is in the text of exercise {number}, and neither in its check nor in its code"
            for one in sorted(numbers_of_task(text))
            if not (is_among(one, known) or is_among(one / 100, known))
        ]
    return problems


def notes_for_instructors(notebook: NotebookNode) -> list[str]:
    """Each section has its notes, of a readable length, in four parts."""
    try:
        notes.exercises(notebook.cells)
    except LessonError as error:
        return [str(error)]
    problems = []
    for section in notes.sections(notebook.cells):
        words = len(section.notes.split())
        if words not in NOTE_WORDS:
            problems.append(f"the notes on {section.title} have {words} words")
        if re.findall(r"^\*\*(\w+)\*\*", section.notes, re.M) != [*NOTE_PARTS]:
            problems.append(f"the notes on {section.title} are not in parts {NOTE_PARTS}")
    return problems


def expected_answers(notebook: NotebookNode) -> list[str]:
    """A wrong answer that notes tell instructors to expect has a slip that speaks of it."""
    problems = []
    for exercise, expected in re.findall(EXPECTED, markdown(notebook)):
        try:
            told = " ".join(named(f"{name_of(notebook)}-{exercise}").slips)
        except ValueError as error:
            problems.append(f"the notes speak of exercise {exercise}, which has no check: {error}")
            continue
        if told and not stems(expected) & stems(told):
            problems.append(f"exercise {exercise} knows no slip like `{expected}`")
    return problems


def stems(text: str) -> set[str]:
    """The beginnings of the words of a text that are long enough to mean something."""
    return {word[:4] for word in re.findall(r"[\w.²]{3,}", text.lower())} - COMMON_STEMS


def links_to_files(notebook: NotebookNode) -> list[str]:
    """Links to files of the course lead to files that are there."""
    dead = [dead_links(markdown(notebook), folder) for folder in FOLDERS]
    return [link for link in dead[0] if all(link in others for others in dead)]


def links_to_headings(notebook: NotebookNode) -> list[str]:
    """Links to a heading lead to one that is there."""
    own = heading_ids(notebook)
    return [one for folder in FOLDERS for one in dead_anchors(markdown(notebook), folder, own)]


def dead_links(text: str, folder: Path) -> list[str]:
    """Links of a text whose file is not there, seen from a folder."""
    return [
        f"{link} is not there"
        for link, _ in links(text)
        if link and not (folder / unquote(link)).exists()
    ]


def dead_anchors(text: str, folder: Path, own: Collection[str]) -> list[str]:
    """Links whose file exists, but not the heading that they name."""
    problems = []
    for link, anchor in links(text):
        path = folder / unquote(link)
        if anchor and path.suffix in ("", ".md", ".ipynb") and path.exists():
            known = heading_ids(path) if link else own
            if unquote(anchor) not in known:
                problems.append(f"{link}#{anchor} names no heading")
    return problems


def links(text: str) -> list[tuple[str, str]]:
    """Address and anchor of each link of a text that leads to no other site."""
    found = [urlsplit(link) for link in re.findall(LINK, text_outside_code(text), re.M)]
    return [(link.path, link.fragment) for link in found if not link.scheme]


def markdown(notebook: NotebookNode) -> str:
    """All text cells of a notebook as one text."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def checked_exercises(notebook: NotebookNode) -> list[str]:
    """The check of a stub says that it is not right yet, that of a solution that it is right."""
    marks = {"exercise": "✗ ", "solution": "✓ "}
    return [
        f"the check of the {tag} `{first_line(cell)}` does not say {mark}"
        for cell in code_cells(notebook)
        for tag, mark in marks.items()
        if tag in tags(cell)
        and not any(f"\n{mark}" in f"\n{output.get('text', '')}" for output in cell.outputs)
    ]


def alt_texts(notebook: NotebookNode) -> list[str]:
    """Each picture has a text for those who cannot see it."""
    return [
        f"no alt text in `{first_line(cell)}`"
        for cell in code_cells(notebook)
        for output in cell.outputs
        if "image/png" in data(output)
        and not output.metadata.get("image/png", {}).get("alt", "").strip()
        and not cell.metadata.get("alt", "").strip()
    ]


def small_images(notebook: NotebookNode) -> list[str]:
    """No picture is larger than 60,000 bytes."""
    sizes = [
        len(base64.b64decode(content))
        for output in outputs(notebook)
        for kind, content in data(output).items()
        if kind in ("image/png", "image/jpeg")
    ]
    return [f"an image of {size:,} bytes" for size in sizes if size > MAX_IMAGE_BYTES]


def sounds(notebook: NotebookNode) -> list[str]:
    """A sound is described in its cell's metadata, as a picture is, and does not take much room."""
    found = [
        (cell, page)
        for cell in code_cells(notebook)
        for page in (data(output).get("text/html", "") for output in cell.outputs)
        if "<audio" in page
    ]
    return [
        f"a sound without a description, or of {len(page):,} characters"
        for cell, page in found
        if not cell.metadata.get("alt", "").strip() or len(page) > MAX_SOUND_CHARACTERS
    ]


def name_of(notebook: NotebookNode) -> str:
    """What begins the names of a lesson's exercises: its number, or the name of one's own."""
    called = [re.search(r'\bcheck\("([^"]+)-', cell.source) for cell in code_cells(notebook)]
    return next((found[1] for found in called if found), opened_as(notebook))


def opened_as(notebook: NotebookNode) -> str:
    """The number or the name with which a lesson opens; empty if it does not."""
    opened = [re.search(r'\bopening\("([^"]+)"\)', cell.source) for cell in code_cells(notebook)]
    return next((found[1] for found in opened if found), "")


def first_line(cell: NotebookNode) -> str:
    """What a cell is called in a message."""
    return cell.source.partition("\n")[0]


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    """All outputs of a notebook."""
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def data(output: Mapping) -> Mapping:
    """What an output shows, by kind."""
    return output.get("data", {})


def heading_lines(notebook: NotebookNode) -> list[tuple[int, str]]:
    """Headings of the markdown cells, each with its cell's place."""
    return [
        (place, line.strip())
        for place, cell in enumerate(notebook.cells)
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if re.match(r"#{1,6} ", line)
    ]


def exercise_ranges(notebook: NotebookNode) -> list[list[NotebookNode]]:
    """The cells of each exercise, from its heading to the next one."""
    lines = heading_lines(notebook)
    starts = [place for place, line in lines if re.match(r"###? Exercise\b", line)]
    ends = [place for place, _ in lines] + [len(notebook.cells)]
    return [notebook.cells[start : min(e for e in ends if e > start)] for start in starts]


def text_outside_code(text: str) -> str:
    """A text without its code."""
    return re.sub(r"(`+).*?\1", "", text, flags=re.S)


def is_among(number: float, known: Iterable[float]) -> bool:
    """Whether a number is one of others, but for its last digits."""
    return any(isclose(number, one) for one in known)


def code_and_outputs(notebook: NotebookNode) -> str:
    """All text of the code: sources, checks, textual outputs, alt texts; no progress bars."""
    checks = file_of_checks(name_of(notebook))
    texts = [checks.read_text(encoding="utf-8")] if checks else []
    for cell in code_cells(notebook):
        texts += [cell.source, cell.metadata.get("alt", "")]
        texts += output_texts(cell)
        texts += [str(output.get("metadata", "")) for output in cell.outputs]
    return "\n".join(line for text in texts for line in text.splitlines() if "%|" not in line)


def heading_ids(path_or_notebook: Path | NotebookNode) -> set[str]:
    """What a link can name after its #, as JupyterLab makes it, or GitHub for a page."""
    if isinstance(path_or_notebook, Path) and path_or_notebook.suffix == ".md":
        text = path_or_notebook.read_text(encoding="utf-8")
        titles = [title.lower() for title in re.findall(r"^#{1,6} (.*\S)", text, re.M)]
        return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}
    notebook = path_or_notebook
    if isinstance(notebook, Path):
        notebook = read_notebook(notebook)
    titles = [line.lstrip("#").strip() for _, line in heading_lines(notebook)]
    return {re.sub(r"[`*]", "", title).replace(" ", "-") for title in titles}


RULES = (
    executed_in_order,
    no_errors,
    nothing_on_stderr,
    no_widget_state,
    machine_paths,
    metadata_of_a_front_end,
    full_data,
    short_cells,
    title_and_goals,
    headings,
    exercises_with_solutions,
    opened_and_checked_by_name,
    no_untagged_solution,
    checked_exercises,
    goals_practised,
    answers_to_choose,
    numbers_of_the_code,
    numbers_of_a_task,
    notes_for_instructors,
    expected_answers,
    links_to_files,
    links_to_headings,
    alt_texts,
    small_images,
    sounds,
)


def problems(notebook: NotebookNode, name: str) -> dict[str, list[str]]:
    """What a notebook lacks: for each rule that it breaks, what the rule demands, and where.

    Args:
        notebook: of one lesson.
        name: that of its file, without the ending.
    """
    if not notebook.cells:
        return {"A lesson has cells.": ["there is no cell"]}
    name = name[:2] if re.match(r"\d\d_", name) else name
    by_name = {opened_and_checked_by_name: {"name": name}}
    broken = {
        (rule.__doc__ or "").partition("\n")[0]: rule(notebook, **by_name.get(rule, {}))
        for rule in RULES
    }
    return {demand: found for demand, found in broken.items() if found}
