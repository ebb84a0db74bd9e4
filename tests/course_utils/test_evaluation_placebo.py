"""The placebo: a walk on which nothing can be learned, in the shape of prices."""

from course_utils.evaluation import placebo, skill
from course_utils.recipes import RECIPES, forecast

import numpy as np
import pandas as pd
import pytest

YEARS = {"first": "2010-01-01", "last": "2017-12-29"}


def test_it_has_the_shape_of_a_price_table_and_a_seed_gives_the_same_again():
    walk = placebo(3)
    assert walk.columns.tolist() == ["Open", "High", "Low", "Close", "Volume"]
    prices = walk[["Open", "Close", "Low", "High"]]
    assert (walk["High"] == prices.max(axis=1)).all()
    assert (walk["Low"] == prices.min(axis=1)).all()
    assert walk.attrs["test_year"] == 2017
    pd.testing.assert_frame_equal(walk, placebo(3))
    assert not walk.equals(placebo(4))


@pytest.mark.parametrize("overnight", [0, 0.25, 1])
def test_a_day_moves_as_much_as_it_should_and_its_share_falls_overnight(overnight):
    walk = np.log(placebo(0, overnight))
    day, night = walk["Close"].diff().iloc[1:], (walk["Open"] - walk["Close"].shift()).iloc[1:]
    assert day.std() == pytest.approx(0.012, rel=0.05)
    assert abs(day.mean()) < 3 * day.sem()
    assert (night.var() / day.var()) == pytest.approx(overnight, abs=0.03)


def test_a_regression_gains_on_the_high_of_a_walk_and_nothing_on_its_close():
    gains = {"High": [], "Close": []}
    for seed in range(8):
        walk = placebo(seed, **YEARS)
        for column, found in gains.items():
            forecasts = forecast(RECIPES["linear, last day"], walk, column, 2017, 0)
            naive = walk[column].shift().loc[forecasts.index]
            found.append(skill(walk[column].loc[forecasts.index], forecasts, naive))
    assert min(gains["High"]) > 0.1
    assert abs(np.mean(gains["Close"])) < 0.01


def test_a_share_above_one_is_refused():
    with pytest.raises(ValueError, match="from 0 to 1"):
        placebo(0, overnight=25)
