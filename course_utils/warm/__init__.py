"""Trainings kept by `course warm`, so that a lesson run live need not wait for them."""
