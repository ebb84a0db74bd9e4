"""Is a forecast any good, is it real, and did it see the future?

Errors of point forecasts, tests and intervals of their differences, scores of forecasts that are
distributions, leak checks, and a placebo.
"""

from course_utils.evaluation.certainty import (
    diebold_mariano,
    paired_difference,
    skill_interval,
)
from course_utils.evaluation.distributions import (
    bands,
    conformal,
    coverage,
    coverage_by_group,
    crps,
    pinball,
    pit,
)
from course_utils.evaluation.errors import (
    error_by_horizon,
    lag,
    lag_profile,
    mae,
    rmse,
    score_table,
    skill,
)
from course_utils.evaluation.leaks import (
    LeakError,
    check_past_only,
    check_pool,
    check_scaler,
    check_split,
)
from course_utils.evaluation.placebo import placebo
