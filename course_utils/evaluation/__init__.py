"""Is a forecast any good, is it real, and did it see the future?

Errors and tests of point forecasts, scores of forecasts that are distributions, leak checks.
"""

from course_utils.evaluation.distributions import bands, coverage, crps
from course_utils.evaluation.errors import (
    Comparison,
    diebold_mariano,
    error_by_horizon,
    lag,
    lag_profile,
    rmse,
    score_table,
    skill,
)
from course_utils.evaluation.leaks import LeakError, check_past_only, check_scaler, check_split
