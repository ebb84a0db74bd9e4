"""Which studies there are, and what each of them fits."""

from collections.abc import Callable, Sequence

from course.studies import (
    apple,
    characters,
    free_running,
    hybrid,
    memory,
    one_step,
    sweeps,
    synthetic,
    translation,
)
from course.studies import bands as distributions
from course.studies.fits import Fit

PLANS: dict[str, Callable[[], Sequence[Fit]]] = {
    "ibm": one_step.ibm,
    "tickers": one_step.all_tickers,
    "cells": one_step.cells,
    "memory": memory.plan,
    "free_run": free_running.free_run,
    "horizons": free_running.horizons,
    "bands": distributions.plan,
    "synthetic": synthetic.plan,
    "apple": apple.plan,
    "sweeps": sweeps.plan,
    "hybrid": hybrid.plan,
    "composition": translation.composition,
    "multi30k": translation.plan,
    "characters": characters.plan,
}


def plan(study: str) -> list[Fit]:
    """List the fits of a study, the longest first.

    Args:
        study: a key of `PLANS`.

    Returns:
        the fits.

    Raises:
        ValueError: there is no such study.
    """
    if study not in PLANS:
        *others, last = PLANS
        raise ValueError(f"No study {study!r}: choose {', '.join(others)} or {last}.")
    return list(PLANS[study]())
