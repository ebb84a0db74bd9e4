"""Which studies there are."""

from course.studies import (
    apple,
    bands,
    characters,
    composition,
    free_running,
    lengths,
    memory,
    multi30k,
    one_step,
    sentiment,
    sweeps,
    synthetic,
    thermostat,
    together,
    volatility,
    without_waiting,
)
from course.studies.study import Study

STUDIES = {
    study.name: study
    for study in (
        one_step.IBM,
        one_step.WIDE,
        one_step.TICKERS,
        one_step.RIVALS_OF_A_HIGH,
        together.TOGETHER,
        one_step.CELLS,
        memory.MEMORY,
        thermostat.THERMOSTAT,
        free_running.FREE_RUN,
        free_running.FREE_RUN_LSTM,
        free_running.HORIZONS,
        bands.BANDS,
        bands.WALKS,
        synthetic.SYNTHETIC,
        apple.APPLE,
        sweeps.SWEEPS,
        one_step.HYBRIDS,
        composition.COMPOSITION,
        multi30k.MULTI30K,
        characters.CHARACTERS,
        volatility.VOLATILITY,
        sentiment.PADDING,
        sentiment.SENTIMENT,
        lengths.LENGTHS,
        without_waiting.WITHOUT_WAITING,
    )
}


def find_study(name: str) -> Study:
    """Find a study by its name.

    Raises:
        ValueError: there is no such study.
    """
    if name not in STUDIES:
        *others, last = STUDIES
        raise ValueError(f"No study {name!r}: choose {', '.join(others)} or {last}.")
    return STUDIES[name]
