"""Studies: many fits over seeds, years and tickers, whose small tables the lessons read.

A file a topic says what is fitted and measured, `plans` which studies there are, and `running`
how they are run, stopped, gone on with and read, and `workers` who does the work.
"""
