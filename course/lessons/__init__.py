"""The lessons: what one is, how long it takes, and the lines and tables that say so."""
