"""Copies of the lessons, made from the stored notebooks, for learners, instructors and graders.

A copy is delivered into a folder without ever changing what its reader has written there.
"""

from enum import StrEnum


class Kind(StrEnum):
    """Whom a copy is for."""

    STUDENT = "student"
    INSTRUCTOR = "instructor"
    SOLUTION = "solution"
    NBGRADER = "nbgrader"
    COLAB = "colab"
