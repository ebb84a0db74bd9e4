"""The studies fit what they say they fit."""

from course.studies.memory import recall_task
from course.studies.plans import PLANS, plan
from course_utils.recipes import BUDGET, RECIPES, Recipe, table_for

import numpy as np
import pytest
from helpers import made_up_prices
from hypothesis import given
from hypothesis import strategies as st


def test_cells_of_one_budget_have_the_same_number_of_parameters_within_3_percent():
    from course_utils.models import recurrent

    counts = [
        recurrent(RECIPES[name].cell, 4, RECIPES[name].units).layers[0].count_params()
        for name in BUDGET
    ]
    assert max(counts) <= 1.03 * min(counts)


@pytest.mark.parametrize("name", ["GRU on levels", "GRU on returns"])
@pytest.mark.parametrize("column", ["Foo", "Volume"])
def test_what_is_no_price_is_refused(name, column):
    with pytest.raises(ValueError, match="No price"):
        table_for(RECIPES[name], made_up_prices("2015-01-01", "2015-02-01"), column)


def test_features_that_nobody_knows_are_refused():
    with pytest.raises(ValueError, match="No features 'level': choose levels, returns or range"):
        table_for(Recipe("level"), made_up_prices("2015-01-01", "2015-02-01"), "High")


@given(samples=st.integers(1, 50), distance=st.integers(1, 30), seed=st.integers(0, 99))
def test_the_memory_task_asks_for_the_marked_bit_and_for_nothing_else(samples, distance, seed):
    inputs, first = recall_task(samples, distance, np.random.default_rng(seed))
    assert inputs.shape == (samples, distance + 1, 2)
    assert set(np.unique(inputs[:, :, 0])) <= {-1.0, 1.0}
    np.testing.assert_array_equal(inputs[:, 0, 1], 1)
    np.testing.assert_array_equal(inputs[:, 1:, 1], 0)
    np.testing.assert_array_equal(2 * first - 1, inputs[:, 0, 0])


@pytest.mark.parametrize("study", PLANS)
def test_no_plan_holds_a_fit_twice(study):
    fits = plan(study)
    assert len(set(fits)) == len(fits) > 0
