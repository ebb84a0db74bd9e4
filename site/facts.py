"""What the pages say in numbers, computed from the committed tables when the site is built.

The pages are Jinja templates and may use every name of this module.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from course.lessons.lesson import CODE_LINES_A_MINUTE, WORDS_A_MINUTE, Lesson, find_lessons
from course.lessons.readme import markdown_table
from course.lessons.timings import Timing, read_timings, timings_file
from course.studies.catalogue import STUDIES
from course.studies.study import Fit
from course_utils.files import ROOT, read_noted
from course_utils.studies import TABLES, read_study

import pandas as pd

CLASSIC = ["classic LSTM", "classic GRU"]
RUNGS = [*CLASSIC, "GRU on levels", "GRU on returns", "GRU on returns and range"]
WITHOUT_MEMORY = "linear, last day"
README = (ROOT / "README.md").read_text(encoding="utf-8")
TIMINGS = read_timings(timings_file())
BENCH_LINES, BENCH = read_noted(
    ROOT / "benchmarks" / "results.csv", keep_default_na=False, dtype=str
)
READING_SPEED = f"{WORDS_A_MINUTE} words or {CODE_LINES_A_MINUTE} lines of code per minute"


@dataclass(frozen=True)
class Runs:
    """Some training runs of a study, one row each."""

    table: pd.DataFrame

    def __getitem__(self, column: str) -> pd.Series:
        """A column of the table."""
        return self.table[column]

    def of(self, **wanted: object) -> "Runs":
        """Those whose columns have these values; a list means any of them.

        Raises:
            ValueError: there are none.
        """
        table = self.table
        for column, values in wanted.items():
            table = table[table[column].isin(values if isinstance(values, list) else [values])]
        if table.empty:
            raise ValueError(
                f"no training run with {wanted}: the table has changed, so the page must change too"
            )
        return Runs(table)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.table)

    @property
    def better(self) -> int:
        """How many have a smaller error than the naive forecast."""
        return int((self["rmse"] < self["naive"]).sum())

    @property
    def worse(self) -> int:
        """How many have a larger error than the naive forecast."""
        return int((self["rmse"] > self["naive"]).sum())

    @property
    def skill(self) -> float:
        """The median share of the naive error that is removed."""
        return float((1 - self["rmse"] / self["naive"]).median())

    def years(self) -> tuple[int, int]:
        """In how many years the median error is below the naive one, and of how many."""
        by_year = self.table.groupby("year")[["rmse", "naive"]].median()
        return int((by_year["rmse"] < by_year["naive"]).sum()), len(by_year)

    def beats(self, recipe: str, rival: str) -> int:
        """In how many years of a ticker a recipe's error is below a rival's."""
        errors = self.table.pivot_table("rmse", ["ticker", "year"], "recipe")
        return int((errors[recipe] < errors[rival]).sum())

    def different(self, column: str) -> int:
        """How many different values a column has."""
        return self.table[column].nunique()


@dataclass(frozen=True)
class Study:
    """A committed table, and the lines that say how it was made."""

    name: str

    @cached_property
    def runs(self) -> Runs:
        """The table's rows."""
        return Runs(read_study(self.name))

    @property
    def about(self) -> str:
        """What is fitted, in a sentence."""
        return STUDIES[self.made_by.split()[-1]].about

    @property
    def fits(self) -> Sequence[Fit]:
        """What it fits if all data is available."""
        return STUDIES[self.name].fits()

    @property
    def made_by(self) -> str:
        """The command that made it."""
        return self._said("made by")[0]

    @property
    def versions(self) -> str:
        """The versions that made it."""
        return self._said("versions")[0]

    @property
    def data(self) -> str:
        """The tickers whose prices it uses, each with the beginning of its checksum."""
        said = [re.sub(r"sha256 (\w{8})\w*", r"(\1…)", line) for line in self._said("data")]
        return ", ".join(said) or "none"

    @property
    def absent(self) -> list[str]:
        """Tickers whose prices were not available."""
        return [name for line in self._said("not at hand") for name in line.split(", ")]

    @property
    def minutes(self) -> float | None:
        """What its training runs took together, one core each; None for a table of forecasts."""
        table = self.runs.table
        if "seconds an epoch" in table:  # `seconds` counts only from where it was last resumed
            return (table["epochs"] * table["seconds an epoch"]).sum() / 60
        return table["seconds"].sum() / 60 if "seconds" in table else None

    def _said(self, what: str) -> list[str]:
        lines = [line.partition(": ") for line in self.runs.table.attrs["made_by"]]
        return [text for key, _, text in lines if key == what]


def studies() -> list[Study]:
    """All committed tables."""
    return [Study(file.stem) for file in sorted(TABLES.glob("*.csv"))]


def comparison(runs: Runs, recipes: Iterable[str]) -> str:
    """A Markdown table that compares recipes with the naive forecast."""
    rows = []
    for recipe in recipes:
        some = runs.of(recipe=recipe)
        skill = share(some.skill, sign=True)
        rows.append([recipe, some.count, usd(some["rmse"].median()), skill, some.better])
    head = ["", "training runs", "median error", "skill", "better than naive"]
    return markdown_table(head, rows, right=head[1:])


def ranges_won(recipe: str, rival: str) -> tuple[int, int]:
    """In how many pairs of a share and a year a way to forecast ranges beats another, and of all.

    Several seeds count with their mean error; years that one of them lacks are left out.
    """
    table = read_study("volatility")
    shares = [name for name in table if name.isupper()]
    errors = table.groupby(["recipe", "year"])[shares].mean()
    gains = (errors.loc[rival] - errors.loc[recipe]).dropna()
    return int((gains > 0).to_numpy().sum()), gains.size


def usd(value: float) -> str:
    """Dollars and cents."""
    return f"{value:.2f} dollars"


def share(value: float, sign: bool = False) -> str:
    """A share in per cent; with its sign also a decimal, and a minus that can be seen."""
    return f"{value:{'+.1%' if sign else '.0%'}}".replace("-", "−")


def readme(heading: str) -> str:
    """A section of the README, without its heading.

    Raises:
        ValueError: there is no such section.
    """
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", README, re.M | re.S)
    if not found:
        raise ValueError(f"README.md has no section {heading!r} any more, and the site shows it")
    return found[1].strip()


def pictures() -> list[dict[str, str]]:
    """README's pictures: file, alternative text and caption of each.

    Raises:
        ValueError: there is none.
    """
    captioned = r"^!\[(?P<alt>[^\]]+)\]\((?P<file>[^)]+)\)\n+\*(?P<caption>.+)\*$"
    found = [match.groupdict() for match in re.finditer(captioned, README, re.M)]
    if not found:
        raise ValueError("README.md has no picture with a caption any more, and the site shows it")
    return found


def _timed_lessons() -> list[tuple[Lesson, str, Timing | None]]:
    """Each lesson with a Markdown link to it and its timing, if there is one."""
    found = []
    for lesson in find_lessons():
        link = f"[{lesson.name}](../notebooks/{lesson.path.name})"
        found.append((lesson, link, TIMINGS.lessons.get(lesson.number)))
    return found


def lesson_cards() -> str:
    """A Markdown list of the lessons: title, what each is about, minutes and seconds."""
    cards = []
    for lesson, link, timing in _timed_lessons():
        costs = f"{lesson.minutes_to_read} minutes to read"
        if timing:
            costs += f", {timing.whole_seconds} seconds to run"
        cards.append(f"- {link}\n\n  {lesson.about.replace('**', '')}\n\n  {costs}\n")
    return "\n".join(cards)


def timing_table() -> str:
    """A Markdown table of how long the lessons take."""
    rows = []
    for lesson, link, timing in _timed_lessons():
        run = ["not timed"] * 3
        if timing:
            seconds = (timing.seconds, timing.slowest_cell_seconds)
            run = [*(f"{each:.1f} s" for each in seconds), f"{timing.peak_mib} MiB"]
        rows.append([link, f"{lesson.minutes_to_read} min", *run])
    head = ["lesson", "to read", "to run", "slowest cell", "peak memory"]
    return markdown_table(head, rows, right=head[1:])


def bench_questions() -> list[tuple[str, str]]:
    """All that `make bench` measured: each question with a table of its ways, in Markdown."""
    found = []
    for _, rows in BENCH.groupby("question", sort=False):
        columns = ["ratio", "seconds", "CPU seconds", "first", "MiB", "GPU ratio", "note"]
        shown = [name for name in columns if rows[name].any()]
        ways = rows[["way", *shown]].to_numpy().tolist()
        found.append((rows["text"].iloc[0], markdown_table(["", *shown], ways, right=shown)))
    return found


def bench_seconds(question: str, way: str) -> str:
    """How long a way took in `make bench`."""
    is_it = (BENCH["question"] == question) & (BENCH["way"] == way)
    (found,) = BENCH.loc[is_it, "seconds"]
    return f"{float(found):.0f}"
