"""Read the committed table of a study."""

from pathlib import Path

from course_utils.files import ROOT, DataError, read_noted, shown

import pandas as pd

TABLES = ROOT / "data" / "studies"


def read_study(table: str, folder: Path = TABLES) -> pd.DataFrame:
    """Read a committed table.

    Args:
        table: a study's name, one row a fit: what was fitted, what came out, in USD and days or
            as a share, and the seconds it took; or `ibm_forecasts` and `free_run_forecasts`, one
            row a day: truth, naive and classic forecasts in USD; or `volatility_forecasts`, one
            row a day: the root mean squared error of all shares in log units.
        folder: where the table is.

    Returns:
        the table; `attrs["made_by"]` holds the lines that say how it was made.

    Raises:
        DataError: the table is not there or cannot be read.
    """
    path = folder / f"{table}.csv"
    try:
        notes, frame = read_noted(path, dtype={"Date": str})
        if "Date" in frame:
            days = pd.to_datetime(frame["Date"], format="%Y-%m-%d")
            frame = frame.assign(Date=days).set_index("Date")
    except ValueError as error:
        raise DataError(
            f"The table {path.name} cannot be read ({shown(str(error), 300)}): restore the "
            f"committed one, or make it with `course study {table.removesuffix('_forecasts')}`."
        ) from error
    frame.attrs["made_by"] = notes
    return frame
