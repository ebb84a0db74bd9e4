"""What runs the course: commands, checks of exercises, copies, slides and studies.

A notebook needs two things of it: the line it opens with, and the check of an answer.
"""

from course.exercises import check
from course.lessons.opening import opening
