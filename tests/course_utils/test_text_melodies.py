"""Melodies: bars that add up, notes in range, no tune twice, text and back, and a soft sound."""

from itertools import pairwise

from course_utils.text import melodies as m

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

MELODIES = {title: m.read_notes(written) for title, written in m.TUNES.items()}
KEYS = range(-6, 6)
notes = st.tuples(st.integers(m.LOWEST, m.HIGHEST), st.integers(1, 8))


@pytest.mark.parametrize("title", m.TUNES)
def test_bars_add_up(title):
    """The last bar may lack what comes before the first one."""
    first, *inner, last = [
        sum(length for _, length in m.read_notes(bar)) for bar in m.TUNES[title].split("|")
    ]
    (whole,) = set(inner)
    assert whole in (6, 8)
    assert first == last == whole or first + last == whole


def test_no_tune_is_there_twice_and_none_is_the_beginning_of_another():
    texts = sorted(m.as_text(melody).strip() for melody in MELODIES.values())
    assert len(texts) >= 40
    assert not [one for one, other in pairwise(texts) if other.startswith(one[:16])]


def test_every_tune_has_letters_in_twelve_keys_and_is_read_back():
    for melody in MELODIES.values():
        for key in KEYS:
            moved = [(pitch + key, length) for pitch, length in melody]
            assert m.from_text(m.as_text(melody, key)) == moved


def test_the_first_notes_of_ode_to_joy():
    e, f, g = 64, 65, 67
    assert MELODIES["Ode to Joy"][:4] == [(e, 2), (e, 2), (f, 2), (g, 2)]
    assert m.read_notes("c' | f#3 g,4") == [(72, 2), (66, 3), (55, 4)]
    assert m.as_text([(m.LOWEST, 2), (m.LOWEST + 2, 8)]) == "A2C8\n"


def test_what_is_no_note_is_named_or_passed_over():
    with pytest.raises(ValueError, match="'h' is not a note"):
        m.read_notes("c h")
    with pytest.raises(ValueError, match="Pitch 83 has no letter: stay between 46 and 82"):
        m.as_text([(77, 2)], 6)
    with pytest.raises(ValueError, match="A note of 9 eighths has no digit"):
        m.as_text([(60, 9)])
    with pytest.raises(ValueError, match="without notes"):
        m.sound([])
    assert m.from_text("A22\nBC3 9") == [(46, 2), (48, 3)]


@given(st.lists(notes, min_size=1, max_size=5))
def test_a_sound_is_soft_as_long_as_its_notes_and_begins_and_ends_in_silence(melody):
    made = m.sound(melody)
    assert np.isclose(np.abs(made).max(), m.SOFT)
    seconds = m.EIGHTH * sum(length for _, length in melody)
    assert len(made) == pytest.approx(seconds * m.SOUND_RATE, abs=len(melody))
    np.testing.assert_allclose(made[[0, -1]], 0, atol=1e-6)


def test_an_a_swings_440_times_a_second():
    made = m.sound([(69, 8)])
    loudest = np.abs(np.fft.rfft(made)).argmax() * m.SOUND_RATE / len(made)
    assert loudest == pytest.approx(440, abs=1)
