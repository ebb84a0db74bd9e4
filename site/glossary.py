"""The terms that lessons set in bold, each with the sentence that says what it means."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from course.lessons.lesson import Lesson, is_notes

from links import CODE, relink

BOLD = re.compile(r"\*\*(?P<words>[^*\n]+)\*\*")
SENTENCE_END = re.compile(r"(?<!et al)[.?!][)*\"]*\s+(?=[\"(*`$]*[A-Z0-9`$])")
MATH = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$", re.S)
POINTS_BACK = re.compile(r"(This|It|They|Or) ")
LABELS = re.compile(
    r"You will be able to|You need first|What do you expect\??|Next"
    r"|Established here|A hint|Not established|Not asked"
)
"""words in bold that many lessons share"""
STRESSED = {
    "00": ["full", "embedded", "What often goes wrong"],
    "01": ["(batch, time_steps, features)"],
    "02": ["scale", "input, forget, candidate, output", "one unit"],
    "03": ["no cell state", "no output gate", "no second tanh"],
    "04": ["Rung 4: linear regressions", "rungs", "mean of the five highs before it"],
    "05": [
        "held",
        "ten times the bias",
        "sine",
        "conditional mean three steps ahead",
        "share of the test year's days",
    ],
    "06": ["columns", "at most half the parameters"],
    "07": ["signal", "noise"],
    "08": ["The verb comes last"],
    "09": [
        "words",
        "pairs",
        "triples",
        "sentences",
        "bits per character",
        "equally likely choices",
    ],
    "10": [
        "constant width",
        "last year's width",
        "HAR's width",
        "Gaussian head",
        "quantile head",
        "wild",
        "High",
        "log range",
        "mean pinball loss",
        "split conformal",
        "placebo",
    ],
    "11": ["denied", "main clause", "asides", "in front", "sorted by length", "folds"],
    "12": ["thermostat", "recall", "characters"],
}
"""by lesson: words in bold that are stressed and are not terms"""


@dataclass(frozen=True)
class Use:
    """A place where a lesson sets a term in bold."""

    term: str
    """as the glossary lists it"""
    words: str
    """as the lesson writes it"""
    lesson: Lesson
    cell: int
    span: tuple[int, int]
    """where the bold words are in the cell's source, asterisks included"""
    sentence: str

    @property
    def anchor(self) -> str:
        """The name of this place, for links to it."""
        return f"{slug(self.term)}-in-{self.lesson.number}"


def slug(term: str) -> str:
    """A term as a part of an address."""
    return re.sub(r"\W+", "-", term.replace("²", "2").lower()).strip("-")


def find_uses(lessons: Iterable[Lesson]) -> list[Use]:
    """Find the terms of the lessons, in the lessons' order, each once per lesson.

    Bold words are a term unless many lessons share them, such as `You need first`, or they are a
    sentence, or `STRESSED` lists them. A plural belongs to its singular if both appear.
    """
    uses = [use for lesson in lessons for use in _uses_in(lesson)]
    terms = {use.term for use in uses}
    plurals = {f"{term}{end}": term for term in terms for end in ("s", "es")}
    first: dict[str, Use] = {}
    for use in uses:
        whole = replace(use, term=plurals.get(use.term, use.term))
        first.setdefault(whole.anchor, whole)
    return list(first.values())


def entries(uses: Iterable[Use]) -> str:
    """The body of Sphinx's glossary: each term once, with its sentences and links to them."""
    by_term: dict[str, dict[str, list[Use]]] = {}
    for use in uses:
        by_term.setdefault(use.term, {}).setdefault(use.sentence, []).append(use)
    lines = []
    for term in sorted(by_term, key=lambda term: (slug(term), term)):
        lines += [term]
        for sentence, places in by_term[term].items():
            links = ", ".join(f"[lesson {use.lesson.number}](#{use.anchor})" for use in places)
            lines += [f"  {sentence} *({links})*", ""]
    return "\n".join(lines)


def linked(source: str, uses: Iterable[Use]) -> str:
    """A cell's source with its terms linked to the glossary, which can link back to each."""
    for use in sorted(uses, key=lambda use: use.span, reverse=True):
        start, end = use.span
        term = f"[**{{term}}`{use.words} <{use.term}>`**]{{#{use.anchor}}}"
        source = source[:start] + term + source[end:]
    return source


def _uses_in(lesson: Lesson) -> Iterator[Use]:
    """The first use of every term in a lesson."""
    seen = {words.lower() for words in STRESSED.get(lesson.number, ())}
    for number, cell in enumerate(lesson.cells):
        if cell["cell_type"] != "markdown" or is_notes(cell):
            continue
        source = cell["source"]
        asides = _asides(source)
        for match in BOLD.finditer(source):
            words = match["words"]
            is_term = not LABELS.fullmatch(words) and words[-1] not in ".?!"
            if words.lower() in seen or not is_term or _within(match.start(), asides):
                continue
            seen.add(words.lower())
            block, place = _block(source, match.start())
            sentence = relink(
                _sentence(block, place), f"notebooks/{lesson.path.name}", "glossary.md"
            )
            term = _in_a_list(words, block[:place])
            yield Use(term, words, lesson, number, match.span(), sentence.replace("**", ""))


def _asides(text: str) -> list[tuple[int, int]]:
    """Where code and formulas are."""
    return [match.span() for kind in (CODE, MATH) for match in kind.finditer(text)]


def _within(place: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in spans)


def _in_a_list(words: str, before: str) -> str:
    """A term as a list writes it: small, unless its capital is its own, as in Adam or RMSE."""
    starts = not before.strip() or before.rstrip()[-1] in ".?!:"
    return words[0].lower() + words[1:] if starts and words[1:].islower() else words


def _block(source: str, place: int) -> tuple[str, int]:
    """The paragraph or item of a list that contains a place, and the place in it."""
    starts = [match.end() for match in re.finditer(r"\n\s*\n|^[-*] |^#+ .*\n", source, re.M)]
    start = max((start for start in starts if start <= place), default=0)
    end = start + re.search(r"\n\s*\n|\n[-*] |\Z", source[start:]).start()
    return source[start:end], place - start


def _sentence(block: str, place: int) -> str:
    """What a block says about the term at a place in it, as a paragraph of the glossary."""
    asides = _asides(block)
    ends = [end.end() for end in SENTENCE_END.finditer(block) if not _within(end.start(), asides)]
    bounds = [0, *ends, len(block)]
    number = max(n for n, start in enumerate(bounds[:-1]) if start <= place)
    if block[bounds[number] : bounds[number + 1]].count(";") >= 3:
        text = _clause(block, place)
    else:
        text = _with_context(block, bounds, number)
    text = re.sub(r"\s*:(\s*\$\$.*)?$", ".", " ".join(text.split()))
    return text.removeprefix("(") if text.count("(") > text.count(")") else text


def _clause(block: str, place: int) -> str:
    """In a list of clauses, the one at a place, as a sentence."""
    start = max((match.end() for match in re.finditer(r"[;:] ", block[:place])), default=0)
    text = re.match(r"[^;.]+", block[start:]).group().replace("**", "")
    return f"{text[0].upper()}{text[1:]}."


def _with_context(block: str, bounds: list[int], number: int) -> str:
    """A sentence, with the one before if it points back, and with the next if it is very short."""
    first, last = number, number + 1
    if POINTS_BACK.match(block, bounds[first]) and first > 0:
        first -= 1
    if len(block[bounds[first] : bounds[last]].split()) < 9 and last < len(bounds) - 1:
        last += 1
    return block[bounds[first] : bounds[last]]
