"""Pictures of shapes: what a caption says is what is drawn, and some combinations are kept."""

from course_utils import pictures as p
from course_utils.text import words

import numpy as np
import pytest

PICTURES, TABLE = p.captioned_pictures({"train": 300, "valid": 30, "test": 60})


def shape(text, place):
    return p.Shape(*text.split(), *place)


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ([(12, 12)], "a small red circle"),
        ([(6, 10), (17, 14)], "a small red circle above a large blue cross"),
        ([(10, 6), (14, 17)], "a small red circle to the left of a large blue cross"),
    ],
)
def test_a_caption_names_the_upper_or_left_shape_first(places, said):
    scene = [*map(shape, ("small red circle", "large blue cross"), places)]
    assert p.caption(scene) == said


@pytest.mark.parametrize(
    ("kind", "pixels"), [("square", 25), ("circle", 21), ("triangle", 13), ("cross", 9)]
)
def test_a_small_shape_covers_the_pixels_that_it_should(kind, pixels):
    picture = p.draw([shape(f"small green {kind}", (12, 12))])
    covered = (picture != 1).any(axis=-1)
    assert covered.sum() == pixels
    assert np.unique(picture[covered], axis=0).tolist() == [pytest.approx(p.COLOURS["green"])]
    assert (covered[:, 1:] == covered[:, :0:-1]).all()  # the same on both sides of its column


def test_a_picture_shows_the_colours_of_its_caption_the_upper_or_left_one_first():
    centres = np.indices((p.SIDE, p.SIDE))
    for picture, caption in zip(PICTURES, TABLE["caption"], strict=True):
        named = [word for word in words(caption) if word in p.COLOURS]
        places = [
            centres[:, np.isclose(picture, p.COLOURS[colour], atol=1e-3).all(axis=-1)]
            for colour in named
        ]
        assert all(place.size for place in places)
        assert sum(place.shape[1] for place in places) >= (picture != 1).any(axis=-1).sum()
        if len({*named}) == 2:
            first, second = (place.mean(axis=1) for place in places)
            axis = 1 if " left " in caption else 0
            assert first[axis] < second[axis]
            assert second[axis] - first[axis] > abs(second[1 - axis] - first[1 - axis])


def test_only_test_pictures_show_held_out_combinations():
    kept = "|".join(" ".join(pair) for pair in p.held_out())
    found = TABLE["caption"].str.contains(kept).groupby(TABLE["part"]).mean()
    assert found.to_dict() == {"train": 0, "valid": 0, "test": 1}


def test_pictures_are_the_same_again_and_none_is_there_twice():
    again, table = p.captioned_pictures({"train": 300, "valid": 30, "test": 60})
    assert table.equals(TABLE)
    np.testing.assert_array_equal(again, PICTURES)
    assert len(np.unique(PICTURES.reshape(len(PICTURES), -1), axis=0)) == len(PICTURES)
