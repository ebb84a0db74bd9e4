"""Figures of prices, forecasts and their errors: lessons 00 and 04."""

from collections.abc import Mapping
from itertools import cycle

from course_utils.checks import as_numbers, check_days
from course_utils.plots.names import COLOURS, NAIVE, TRUTH, colours_of, in_words
from course_utils.plots.style import (
    as_image,
    brief_days,
    day_axes,
    legend_outside,
    new_axes,
    new_panels,
)

import numpy as np
import pandas as pd
from IPython.display import Image


def price_history(prices: pd.DataFrame, column: str, test_year: int) -> Image:
    """Draw a price over all years, the test year set apart.

    Args:
        prices: a price table, in USD.
        column: the price to draw.
        test_year: the year whose background is shaded.

    Returns:
        a picture with alternative text.
    """
    check_days(prices, kind=pd.DataFrame)
    series = prices[column].loc[: f"{test_year}-12-31"]
    train, test = series[series.index.year < test_year], series[series.index.year == test_year]
    title = (
        f"{prices.attrs.get('ticker', '')} {column}: {len(train):,} days to learn from, "
        f"{len(test)} days of {test_year} to be tested on"
    )
    figure, axes = new_axes(title, "", "USD per share")
    axes.plot(train, color=TRUTH, linewidth=0.9)
    axes.plot(test, color=COLOURS[1], linewidth=1.1)
    axes.axvspan(test.index[0], test.index[-1], color=COLOURS[1], alpha=0.12, linewidth=0)
    axes.text(test.index[0], series.min(), f"test: {test_year} ", ha="right", color=COLOURS[1])
    return as_image(
        figure,
        f"Line of the daily {column} from {series.index[0]:%Y} to {test_year}, between "
        f"{series.min():.0f} and {series.max():.0f} dollars; {test_year} is shaded as test year.",
    )


def forecasts(
    truth: pd.Series, by_name: Mapping[str, pd.Series], title: str, naive: str | None = None
) -> Image:
    """Draw forecasts over the truth.

    Args:
        truth: true prices indexed by day, in USD.
        by_name: name and forecast of the same days.
        title: what the picture shows.
        naive: the name of the naive forecast among them, if it is there.

    Returns:
        a picture with alternative text.

    Raises:
        TypeError: a line is not a series of pandas.
        ValueError: a line does not run over days, or holds something else than numbers.
    """
    _check_lines(truth, by_name)
    figure, axes = day_axes(title)
    axes.plot(truth, color=TRUTH, linewidth=1.4, label="truth")
    colours = colours_of(by_name, naive)
    for name, forecast in by_name.items():
        axes.plot(forecast, color=colours[name], linewidth=1.4, label=name)
    axes.legend(frameon=False, ncols=len(by_name) + 1, loc="best")
    return as_image(
        figure,
        f"{title}. Lines of the truth and of {', '.join(by_name)} from {truth.index[0]:%d %B %Y} "
        f"to {truth.index[-1]:%d %B %Y}.",
    )


def year_and_zoom(
    truth: pd.Series, by_name: Mapping[str, pd.Series], part: slice, title: str, naive: str
) -> Image:
    """Draw forecasts over a year, as tutorials do, and a part of it close up.

    Args:
        truth: true prices indexed by day, in USD.
        by_name: name and forecast of the same days.
        part: days of the close-up.
        title: what the picture shows.
        naive: the name of the naive forecast, whether it is among them or not.

    Returns:
        a picture with alternative text.

    Raises:
        TypeError: a line is not a series of pandas.
        ValueError: a line does not run over days, or holds something else than numbers; or the
            truth has no day in the part.
    """
    _check_lines(truth, by_name)
    shown = truth[part]
    if shown.empty:
        first, last = (f"{day:%Y-%m-%d}" for day in truth.index[[0, -1]])
        raise ValueError(
            f"The truth runs from {first} to {last}, with no day from {part.start} to {part.stop}: "
            "choose another part."
        )
    figure, panels = new_panels(title, 3.9, 1, 2)
    colours = colours_of(by_name, naive)
    for axes, days in zip(panels, (slice(None), part), strict=True):
        axes.plot(truth[days], color=TRUTH, linewidth=1.4, label="truth")
        for name, forecast in by_name.items():
            axes.plot(forecast[days], color=colours[name], linewidth=1.4, label=name)
        axes.grid(axis="y", alpha=0.25)
        brief_days(axes)
    panels[0].axvspan(shown.index[0], shown.index[-1], color=NAIVE, alpha=0.15, linewidth=0)
    panels[0].set_ylabel("USD per share")
    panels[0].set_title("the whole year", fontsize=10)
    panels[1].set_title("the shaded days", fontsize=10)
    names = panels[0].get_legend_handles_labels()
    figure.legend(*names, loc="outside lower center", ncols=len(by_name) + 1, frameon=False)
    return as_image(
        figure,
        f"{title}. Lines of the truth and of {', '.join(by_name)} through {truth.index[0]:%Y}, and "
        f"from {shown.index[0]:%d %B} to {shown.index[-1]:%d %B} close up.",
    )


def _check_lines(truth: pd.Series, by_name: Mapping[str, pd.Series]) -> None:
    """Refuse lines that do not run over days, or hold something else than numbers."""
    for series in (truth, *by_name.values()):
        check_days(series, kind=pd.Series)
        as_numbers(series)


def lag_profiles(by_name: Mapping[str, pd.Series], title: str, naive: str) -> Image:
    """Draw how well each forecast's moves follow the true moves of the days before.

    Args:
        by_name: name and profile, as `evaluation.lag_profile` returns it.
        title: what the picture shows.
        naive: the name of the naive forecast among them.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "days late", "correlation of daily moves")
    colours = colours_of(by_name, naive)
    for name, profile in by_name.items():
        axes.plot(profile, "o-", color=colours[name], label=f"{name}: {profile.idxmax()}")
        axes.plot(profile.idxmax(), profile.max(), "o", markersize=11, color=colours[name])
    axes.set_xticks(by_name[naive].index)
    axes.legend(frameon=False, title="best at (days)")
    best = "; ".join(f"{name} {profile.idxmax()} days" for name, profile in by_name.items())
    return as_image(figure, f"{title}: each line's peak is its delay, {best}.")


def errors(
    table: pd.DataFrame, naive: float, title: str, rival: tuple[str, float] | None = None
) -> Image:
    """Draw the median RMSE of several forecasts as bars, each run a dot, with naive as a line.

    Blue beats naive, orange loses to it, grey is within one per cent of it.

    Args:
        table: columns `recipe`, in the order to draw, and `rmse` in USD, one row per run.
        naive: the naive forecast's RMSE on the same days, in USD.
        title: what the picture shows.
        rival: the name and RMSE of another forecast that is to be beaten, for a second line.

    Returns:
        a picture with alternative text.
    """
    by_name = dict(list(table.groupby("recipe", sort=False)["rmse"]))
    medians = {name: runs.median() for name, runs in by_name.items()}
    height = 0.55 * len(medians) + 1.5
    figure, axes = new_axes(title, "RMSE in USD, lower is better", "", height)
    widest = max(naive, table["rmse"].max())
    for row, (name, runs) in enumerate(reversed(by_name.items())):
        tie = abs(medians[name] / naive - 1) < 0.01
        colour = NAIVE if tie else COLOURS[0] if medians[name] < naive else COLOURS[1]
        axes.barh(row, medians[name], color=colour, alpha=0.75, height=0.6)
        axes.plot(runs, np.full(len(runs), row), "o", color=TRUTH, markersize=4, alpha=0.7)
        # The number is right of the bar, of the dots, and of the naive line where that is near.
        near = runs.max() < naive < runs.max() + 0.15 * widest
        axes.text(naive if near else runs.max(), row, f"  {medians[name]:.2f}", va="center")
    axes.set_yticks(range(len(medians)), reversed(medians))
    axes.axvline(naive, color=NAIVE, linewidth=2)
    axes.text(naive, len(medians) - 0.35, f"  naive {naive:.2f}", color=NAIVE, va="center")
    if rival:
        axes.axvline(rival[1], color=COLOURS[2], linewidth=1.6, linestyle="--")
        place = {"color": COLOURS[2], "va": "center", "ha": "right"}
        axes.text(rival[1], len(medians) - 0.35, f"{rival[0]} {rival[1]:.2f}  ", **place)
    axes.set_xlim(0, widest * 1.1)
    axes.set_ylim(-0.6, len(medians) - 0.05)
    lines = {"naive": naive} | (dict([rival]) if rival else {})
    values, lines = in_words(medians, ".2f"), in_words(lines, ".2f")
    return as_image(figure, f"{title}. Bars of the median RMSE in dollars: {values}; {lines}.")


def placebos(table: pd.DataFrame, real: Mapping[str, float], title: str) -> Image:
    """Draw skills on random walks as dots, one row a kind of walk, and real ones as lines.

    Args:
        table: one column a kind of walk, one row a walk; skills as shares.
        real: name and skill of real forecasts.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "skill against the same as yesterday, %", "", 2.9)
    rows = list(reversed(table.columns))
    for row, kind in enumerate(rows):
        axes.plot(100 * table[kind], np.full(len(table), row), "o", color=COLOURS[1], alpha=0.5)
    colours = cycle((COLOURS[0], TRUTH, *COLOURS[2:]))
    for (name, skill), colour in zip(real.items(), colours, strict=False):
        axes.axvline(100 * skill, color=colour, linewidth=2, label=f"{name}: {skill:.0%}")
    axes.set_yticks(range(len(rows)), rows)
    axes.set_ylim(-0.5, len(rows) - 0.5)
    axes.grid(axis="x", alpha=0.25)
    axes.legend(frameon=False, loc="lower right")
    values = "; ".join(
        f"{kind} {table[kind].min():.0%} to {table[kind].max():.0%}" for kind in table
    )
    return as_image(figure, f"{title}. Dots: {values}. Lines: {in_words(real, '.0%')}.")


def by_year(table: pd.DataFrame, title: str) -> Image:
    """Draw each recipe's RMSE as a share of the naive forecast's, year by year.

    Args:
        table: columns `recipe`, `year`, `rmse` and `naive` in USD, one row per run.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    table = table.assign(share=100 * table["rmse"] / table["naive"])
    figure, axes = new_axes(title, "", "RMSE, naive = 100 %")
    axes.axhline(100, color=NAIVE, linewidth=2, label="naive")
    by_name = dict(list(table.groupby("recipe", sort=False)))
    for name, colour in colours_of(by_name).items():
        runs = by_name[name]
        axes.plot(runs["year"], runs["share"], "o", color=colour, markersize=4, alpha=0.5)
        axes.plot(runs.groupby("year")["share"].median(), color=colour, label=name)
    axes.set_xticks(sorted(table["year"].unique()))
    legend_outside(axes)
    values = "; ".join(f"{name} {runs['share'].median():.0f} %" for name, runs in by_name.items())
    return as_image(figure, f"{title}. RMSE as a share of naive, median over all years: {values}.")


def leaks(table: pd.DataFrame, title: str) -> Image:
    """Draw honest errors next to leaking ones, and next to an honest control where there is one.

    Args:
        table: index the leak's name; columns `honest`, `leaking` and `control`, RMSE as a share of
            naive, missing where a leak has no control.
        title: what the picture shows.

    Returns:
        a picture with alternative text.
    """
    figure, axes = new_axes(title, "", "RMSE, naive = 100 %")
    places = np.arange(len(table))
    white = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    colours = {"honest": COLOURS[0], "leaking": COLOURS[1], "control": COLOURS[5]}
    for shift, (column, colour) in zip((-0.27, 0, 0.27), colours.items(), strict=True):
        known = table[column].notna().to_numpy()
        label = "control, honest" if column == "control" else column
        heights = 100 * table[column][known]
        bars = axes.bar(places[known] + shift, heights, 0.26, color=colour, label=label)
        axes.bar_label(bars, fmt="%.0f %%", padding=3, bbox=white)
    axes.axhline(100, color=NAIVE, linewidth=2, label="naive", zorder=0.5)
    axes.set_xticks(places, table.index)
    axes.margins(y=0.2)
    axes.legend(frameon=False, ncols=2, loc="upper right")
    values = "; ".join(
        f"{' '.join(name.split())}: {in_words(row.dropna(), '.0%')}"
        for name, row in table.iterrows()
    )
    return as_image(figure, f"{title}. RMSE as a share of naive. {values}.")


def lessons_at_a_glance(reading: pd.Series) -> Image:
    """Draw the lessons in order with the minutes that each takes to read.

    Args:
        reading: minutes, indexed by the lesson's name.

    Returns:
        a picture with alternative text.
    """
    title = f"{len(reading)} lessons, about {reading.sum() / 60:.1f} hours of reading"
    figure, axes = new_axes(title, "minutes to read", "", height=0.35 * len(reading) + 1.3)
    bars = axes.barh(reading.index, reading, color=COLOURS[0], alpha=0.75, height=0.6)
    axes.bar_label(bars, padding=4)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.08 * reading.max())
    return as_image(figure, f"{title}. Bars of minutes: {in_words(reading, '')}.")
