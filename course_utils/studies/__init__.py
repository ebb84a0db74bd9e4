"""Studies: many fits over seeds, years and tickers, whose small tables the lessons read.

A file a topic says what is fitted and measured, `plans` which studies there are, and `running`
how they are run, stopped, gone on with and read.
"""

from course_utils.studies.running import read_study, run_study

__all__ = ["read_study", "run_study"]
