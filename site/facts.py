"""What the pages say in numbers, computed from the committed tables when the site is built."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from course.lessons.lesson import CODE_LINES_A_MINUTE, WORDS_A_MINUTE, Lesson, find_lessons
from course.lessons.timings import Timings, read_timings, timings_file
from course.studies.plans import PLANS
from course_utils.files import ROOT
from course_utils.studies import TABLES, read_study

import pandas as pd

CLASSIC = ["classic LSTM", "classic GRU"]
RUNGS = [*CLASSIC, "GRU on levels", "GRU on returns", "GRU on returns and range"]
WITHOUT_MEMORY = "linear, last day"
BENCH = ROOT / "benchmarks" / "results.csv"


@dataclass(frozen=True)
class Runs:
    """Some trainings of a study."""

    table: pd.DataFrame

    def of(self, **wanted: object) -> "Runs":
        """Those whose columns have these values; a list means any of them."""
        table = self.table
        for column, values in wanted.items():
            table = table[table[column].isin(values if isinstance(values, list) else [values])]
        if table.empty:
            raise ValueError(f"no training with {wanted}: the table has changed, so must the page")
        return Runs(table)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.table)

    @property
    def better(self) -> int:
        """How many have a smaller error than the naive forecast."""
        return int((self.table["rmse"] < self.table["naive"]).sum())

    @property
    def worse(self) -> int:
        """How many have a larger error than the naive forecast."""
        return int((self.table["rmse"] > self.table["naive"]).sum())

    @property
    def skill(self) -> float:
        """The median share of the naive error that is removed."""
        return float((1 - self.table["rmse"] / self.table["naive"]).median())

    def years(self) -> tuple[int, int]:
        """In how many years the median error is below the naive one, and of how many."""
        by_year = self.table.groupby("year")[["rmse", "naive"]].median()
        return int((by_year["rmse"] < by_year["naive"]).sum()), len(by_year)

    def median(self, column: str) -> float:
        """A column's median."""
        return float(self.table[column].median())

    def least(self, column: str) -> float:
        """A column's smallest value."""
        return float(self.table[column].min())

    def most(self, column: str) -> float:
        """A column's largest value."""
        return float(self.table[column].max())


@dataclass(frozen=True)
class Study:
    """A committed table, and the lines that say how it was made."""

    file: Path
    runs: Runs

    @property
    def about(self) -> str:
        """What its plan says about it, in a sentence."""
        plan = PLANS[self.made_by.split()[-1]]
        return (plan.__doc__ or "").partition("\n")[0]

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
        """The tickers whose prices it rests on, each with the beginning of its checksum."""
        said = [re.sub(r"sha256 (\w{8})\w*", r"(\1…)", line) for line in self._said("data")]
        return ", ".join(said) or "none"

    @property
    def absent(self) -> list[str]:
        """Tickers that were not at hand."""
        return [name for line in self._said("not at hand") for name in line.split(", ")]

    @property
    def minutes(self) -> float | None:
        """What its trainings took together, one core each; nothing in a table of forecasts."""
        table = self.runs.table
        if "seconds an epoch" in table:  # `seconds` are those since it was last resumed
            return (table["epochs"] * table["seconds an epoch"]).sum() / 60
        return table["seconds"].sum() / 60 if "seconds" in table else None

    def _said(self, what: str) -> list[str]:
        lines = [line.partition(": ") for line in self.runs.table.attrs["made_by"]]
        return [text for key, _, text in lines if key == what]


def study(name: str) -> Study:
    """Read a committed table."""
    return Study(TABLES / f"{name}.csv", Runs(read_study(name)))


def studies() -> list[Study]:
    """All committed tables."""
    return [study(file.stem) for file in sorted(TABLES.glob("*.csv"))]


def table(head: Sequence[str], rows: Sequence[Sequence[object]], numbers_from: int = 1) -> str:
    """A Markdown table whose columns are numbers, aligned right, from one of them on."""
    bars = ["---:" if place >= numbers_from else "---" for place in range(len(head))]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in [head, bars, *rows])


def comparison(runs: Runs, names: Sequence[str]) -> str:
    """A Markdown table of recipes beside the naive forecast."""
    rows = []
    for name in names:
        some = runs.of(recipe=name)
        rows.append(
            [name, some.count, usd(some.median("rmse")), share(some.skill, sign=True), some.better]
        )
    head = ["", "trainings", "median error", "skill", "better than naive"]
    return table(head, rows)


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
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if not found:
        raise ValueError(f"README.md has no section {heading!r} any more, and the site shows it")
    return found[1].strip()


def picture() -> dict[str, str]:
    """README's picture: its file, alternative text and caption."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(
        r"^!\[(?P<alt>[^\]]+)\]\((?P<file>[^)]+)\)\n+\*(?P<caption>.+)\*$", text, re.M
    )
    if not found:
        raise ValueError("README.md has no picture with a caption any more, and the site shows it")
    return found.groupdict()


def lesson_cards() -> str:
    """A Markdown list of the lessons: title, minutes, what each is about."""
    timings = read_timings(timings_file())
    return "\n".join(_card(lesson, timings) for lesson in find_lessons())


def _card(lesson: Lesson, timings: Timings) -> str:
    about = lesson.cells[0]["source"].split("\n\n")[1].replace("\n", " ").replace("**", "")
    costs = f"{lesson.minutes_to_read} minutes to read"
    if timing := timings.lessons.get(lesson.number):
        costs += f", {max(1, round(timing.seconds))} seconds to run"
    link = f"[{lesson.number} {lesson.title}](../notebooks/{lesson.path.name})"
    return f"- {link}\n\n  {about}\n\n  {costs}\n"


def timing_table() -> str:
    """A Markdown table of what the lessons take."""
    timings = read_timings(timings_file())
    rows = []
    for lesson in find_lessons():
        link = f"[{lesson.number} {lesson.title}](../notebooks/{lesson.path.name})"
        if timing := timings.lessons.get(lesson.number):
            run = [f"{timing.seconds:.1f} s", f"{timing.slowest_cell_seconds:.1f} s"]
            run += [f"{timing.peak_mib} MiB"]
        else:
            run = ["not timed"] * 3
        rows.append([link, f"{lesson.minutes_to_read} min", *run])
    return table(["lesson", "to read", "to run", "slowest cell", "peak memory"], rows)


def hours_to_read() -> float:
    """Hours to read all lessons."""
    return sum(lesson.minutes_to_read for lesson in find_lessons()) / 60


@dataclass(frozen=True)
class Question:
    """What `make bench` measured about one thing to do."""

    rows: pd.DataFrame

    @property
    def text(self) -> str:
        """What was to be done."""
        return self.rows["text"].iloc[0]

    @property
    def table(self) -> str:
        """A Markdown table of the ways to do it, with their notes where there are any."""
        shown = ["ratio", "seconds", "CPU seconds", "first", "MiB", "GPU ratio", "note"]
        shown = [name for name in shown if self.rows[name].any()]
        return table(["", *shown], self.rows[["way", *shown]].to_numpy().tolist())


def _bench() -> pd.DataFrame:
    return pd.read_csv(BENCH, comment="#", keep_default_na=False, dtype=str)


def bench_questions() -> list[Question]:
    """All that `make bench` measured, in its order."""
    return [Question(rows) for _, rows in _bench().groupby("question", sort=False)]


def bench_header() -> list[str]:
    """The lines that say on what was measured, and what the columns are."""
    lines = BENCH.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("# ") for line in lines if line.startswith("# ")]


def bench_seconds(question: str, way: str) -> str:
    """How long a way took in `make bench`."""
    rows = _bench()
    (found,) = rows.loc[(rows["question"] == question) & (rows["way"] == way), "seconds"]
    return f"{float(found):.0f}"


def plan_size(study: str) -> dict[str, int]:
    """How many fits, tickers and years a study has where all data is at hand."""
    fits = PLANS[study]()
    return {
        "fits": len(fits),
        "tickers": len({fit.ticker for fit in fits}),
        "years": len({fit.year for fit in fits}),
    }


def most_memory() -> int:
    """MiB that the hungriest lesson takes."""
    return max(timing.peak_mib for timing in read_timings(timings_file()).lessons.values())


def context() -> dict[str, object]:
    """What the pages of the site may use."""
    own = [study, studies, table, comparison, usd, share, readme, picture, lesson_cards]
    own += [timing_table, hours_to_read, find_lessons]
    own += [bench_questions, bench_header, bench_seconds, plan_size, most_memory]
    return {function.__name__: function for function in own} | {
        "measured_on": read_timings(timings_file()).measured_on,
        "reading_speed": (WORDS_A_MINUTE, CODE_LINES_A_MINUTE),
        "CLASSIC": CLASSIC,
        "RUNGS": RUNGS,
        "WITHOUT_MEMORY": WITHOUT_MEMORY,
    }
