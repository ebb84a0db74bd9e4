"""The numbers of an exercise's task, in its text and in its check."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

REFERENCES = (
    r"\]\([^)]*\)",  # addresses
    r"\b(?:lesson|exercise|part|section|rung)s? \d+(?:(?: to|,| and) \d+)*",
    r"\b\d\d-\d\b",  # an exercise's name
)
NUMBER = r"(?<![\w.,])\d(?:[\d,_]*\d)?(?:\.\d+)?(?:e[+-]?\d+)?"
WORDS = ("three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
LANGUAGE = {0.0, 1.0}  # as in 0..1, and `one`


def numbers(text: str) -> set[float]:
    """Values of the numbers in a text."""
    return {float(re.sub("[,_]", "", number)) for number in re.findall(NUMBER, text)}


def numbers_of_task(text: str) -> set[float]:
    """Numbers that an exercise's text sets, in digits, or in words from three to twelve."""
    for pattern in REFERENCES:
        text = re.sub(pattern, "", text, flags=re.I)
    in_words = {float(WORDS.index(word) + 3) for word in re.findall(r"\w+", text) if word in WORDS}
    return (numbers(text) | in_words) - LANGUAGE


def numbers_of_check(file: Path, exercise: str) -> set[float]:
    """Numbers that the code of an exercise's check holds, with what it uses of its file.

    Its hints and its slips, which hold wrong answers, are left out.
    """
    tree = ast.parse(file.read_text(encoding="utf-8"))
    known = {name: node for node in tree.body for name in _names_it_defines(node)}
    todo = [node for node in tree.body if _is_check_of(node, exercise)]
    seen: list[ast.stmt] = []
    found = set()
    while todo:
        seen.append(node := todo.pop())
        for part in _without_decorators(node):
            for inner in ast.walk(part):
                if isinstance(inner, ast.Constant) and type(inner.value) in (int, float):
                    found.add(float(inner.value))
                used = known.get(inner.id) if isinstance(inner, ast.Name) else None
                if used and used not in seen and used not in todo:
                    todo.append(used)
    return found


def _names_it_defines(node: ast.stmt) -> Iterator[str]:
    """The names that a statement defines in its file; those of slips are left out."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (n.id for one in node.targets for n in ast.walk(one) if isinstance(n, ast.Name))
    elif isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) != "Slips":
        yield ast.unparse(node.target)


def _is_check_of(node: ast.stmt, exercise: str) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(one, ast.Call) and one.args and ast.unparse(one.args[0]) == repr(exercise)
        for one in node.decorator_list
    )


def _without_decorators(node: ast.stmt) -> list[ast.AST]:
    return [node.args, *node.body] if isinstance(node, ast.FunctionDef) else [node]
