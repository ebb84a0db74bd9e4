"""The lessons: what one is, how long it takes, and the tables that say so."""
