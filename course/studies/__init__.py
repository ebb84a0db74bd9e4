"""Studies: many fits over seeds, years and tickers, whose small tables the lessons read.

`study` says what a study is, and `catalogue` which ones there are; each topic has a file of what
is fitted and measured. `running` runs, stops and resumes a study, and `workers` does the fits.
"""
