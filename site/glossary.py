"""The terms that lessons set in bold, each with the sentence that says what it means."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from course.lessons.lesson import Lesson, is_notes

from links import CODE, relink

BOLD = re.compile(r"\*\*(?P<words>[^*\n]+)\*\*")
SENTENCE_END = re.compile(r"(?<!et al)[.?!][)*\"]*\s+(?=[\"(*`$]*[A-Z0-9`$])")
MATH = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$", re.S)
LABELS = re.compile(
    r"You will be able to|You need first|What do you expect\??|Next"
    r"|Established here|A hint|Not established|Not asked"
)
STRESSED = {
    "00": {"full", "embedded", "What often goes wrong"},
    "01": {"(batch, time_steps, features)"},
    "02": {"scale", "input, forget, candidate, output", "one unit"},
    "03": {"no cell state", "no output gate", "no second tanh"},
    "04": {"Rung 4: a linear regression", "rungs", "mean of the five highs before it"},
    "05": {"held", "ten times the bias", "sine"}
    | {"conditional mean three steps ahead", "share of the test year's days"},
    "06": {"columns", "at most half the parameters"},
    "07": {"signal", "noise"},
    "08": {"The verb comes last"},
    "09": {"words", "pairs", "triples", "sentences"}
    | {"bits per character", "equally likely choices"},
}
"""by lesson: words in bold that are stressed, and are no terms"""


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
    """where in the cell's source the bold words stand, asterisks included"""
    sentence: str

    @property
    def anchor(self) -> str:
        """The name of this place, for links to it."""
        return f"{slug(self.term)}-in-{self.lesson.number}"


def slug(term: str) -> str:
    """A term as a part of an address."""
    return re.sub(r"\W+", "-", term.replace("²", "2").lower()).strip("-")


def find_uses(lessons: Iterable[Lesson]) -> list[Use]:
    """Find the terms of the lessons, in the lessons' order, each once a lesson.

    A term is what stands in bold and is neither one of the words that lessons share, such as
    `You need first`, nor a sentence, nor listed in `STRESSED`. A plural belongs to its singular,
    if both are there.
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
    seen = set()
    for number, cell in enumerate(lesson.cells):
        if cell["cell_type"] != "markdown" or is_notes(cell):
            continue
        source = cell["source"]
        for match in BOLD.finditer(source):
            words = match["words"]
            if (
                words.lower() in seen
                or words in STRESSED.get(lesson.number, ())
                or LABELS.fullmatch(words)
                or words[-1] in ".?!"
                or _within(match.start(), _asides(source))
            ):
                continue
            seen.add(words.lower())
            block, place = _block(source, match.start())
            yield Use(
                term=_in_a_list(words, block[:place]),
                words=words,
                lesson=lesson,
                cell=number,
                span=match.span(),
                sentence=_sentence(block, place, f"notebooks/{lesson.path.name}"),
            )


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
    """The paragraph or point of a list that holds a place, and the place in it."""
    starts = [match.end() for match in re.finditer(r"\n\s*\n|^[-*] |^#+ .*\n", source, re.M)]
    start = max((start for start in starts if start <= place), default=0)
    end = start + re.search(r"\n\s*\n|\n[-*] |\Z", source[start:]).start()
    return source[start:end], place - start


def _sentence(block: str, place: int, file: str) -> str:
    """The sentence that says what a term at this place means, as a paragraph of the glossary.

    With the sentence before, if it begins by pointing back; with the next, if it is very short;
    and of a list of clauses only the one that holds the place.
    """
    asides = _asides(block)
    ends = [end.end() for end in SENTENCE_END.finditer(block) if not _within(end.start(), asides)]
    bounds = [0, *ends, len(block)]
    first = max(n for n, start in enumerate(bounds[:-1]) if start <= place)
    last = first + 1
    if block[bounds[first] : bounds[last]].count(";") >= 3:
        start = max(match.end() for match in re.finditer(r"[;:] ", block[:place]))
        text = re.match(r"[^;.]+", block[start:]).group().replace("**", "") + "."
        text = text[0].upper() + text[1:]
    else:
        if re.match(r"(This|It|They|Or) ", block[bounds[first] :]) and first > 0:
            first -= 1
        if len(block[bounds[first] : bounds[last]].split()) < 9 and last < len(bounds) - 1:
            last += 1
        text = block[bounds[first] : bounds[last]]
    text = re.sub(r"\s*:(\s*\$\$.*)?$", ".", " ".join(text.split()))
    if text.count("(") > text.count(")"):
        text = text.removeprefix("(")
    return relink(text, file, "glossary.md").replace("**", "")
