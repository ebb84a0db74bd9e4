"""Melodies: folk tunes, carols and other tunes sung before 1890, as notes, as text and as sound.

The tunes were written down for this course, without words or chords, each without a key signature:
in C major or A minor.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Note = tuple[int, int]
"""A pitch, as MIDI numbers it (60 is the middle C), and a length in eighths."""

TUNES = {
    "Ode to Joy": "e e f g | g f e d | c c d e | e3 d1 d4 | e e f g | g f e d | c c d e | "
    "d3 c1 c4 | d d e c | d e1 f1 e c | d e1 f1 e d | c d g,4 | e e f g | g f e d | c c d e | "
    "d3 c1 c4",
    "Twinkle, Twinkle, Little Star": "c c g g | a a g4 | f f e e | d d c4 | g g f f | e e d4 | "
    "g g f f | e e d4 | c c g g | a a g4 | f f e e | d d c4",
    "Frère Jacques": "c d e c | c d e c | e f g4 | e f g4 | g1 a1 g1 f1 e c | g1 a1 g1 f1 e c | "
    "c g, c4 | c g, c4",
    "Alle meine Entchen": "c1 d1 e1 f1 g g | a1 a1 a1 a1 g4 | a1 a1 a1 a1 g4 | f1 f1 f1 f1 e e | "
    "d1 d1 d1 d1 c4",
    "Hänschen klein": "g e e4 | f d d4 | c d e f | g g g4 | g e e4 | f d d4 | c e g g | c8 | "
    "d d d d | d e f4 | e e e e | e f g4 | g e e4 | f d d4 | c e g g | c8",
    "Mary Had a Little Lamb": "e d c d | e e e4 | d d d4 | e g g4 | e d c d | e e e e | d d e d | "
    "c8",
    "London Bridge": "g3 a1 g f | e f g4 | d e f4 | e f g4 | g3 a1 g f | e f g4 | d4 g4 | e c6",
    "Au clair de la lune": "c c c d | e4 d4 | c e d d | c8 | c c c d | e4 d4 | c e d d | c8 | "
    "d d d d | a,4 a,4 | d c b, a, | g,8 | c c c d | e4 d4 | c e d d | c8",
    "Row, Row, Row Your Boat": "c3 c3 | c d1 e3 | e d1 e f1 | g6 | c'1 c'1 c'1 g1 g1 g1 | "
    "e1 e1 e1 c1 c1 c1 | g f1 e d1 | c6",
    "Three Blind Mice": "e3 d3 | c6 | e3 d3 | c6 | g3 f f1 | e6 | g3 f f1 | e5 g1 | "
    "c' c'1 b1 a1 b1 | c' g1 g g1 | c'1 c'1 c'1 b1 a1 b1 | c' g1 g g1 | c' c'1 b1 a1 b1 | "
    "c'1 g1 g1 g f1 | e3 d3 | c6",
    "Yankee Doodle": "c c d e | c e d g, | c c d e | c4 b,4 | c c d e | f e d c | b, g, a, b, | "
    "c4 c4 | a,3 b,1 a, g, | a, b, c4 | g,3 a,1 g, f, | e,4 g,4 | a,3 b,1 a, g, | a, b, c a, | "
    "g, c b, d | c4 c4",
    "Oh! Susanna": "c1 d1 | e g g3 a1 | g e c3 d1 | e e d c | d6 c1 d1 | e g g3 a1 | g e c3 d1 | "
    "e e d d | c8 | f4 f4 | a a4 a | g g e c | d6 c1 d1 | e g g3 a1 | g e c3 d1 | e e d d | c6",
    "Silent Night": "g3 a1 g | e6 | g3 a1 g | e6 | d'4 d' | b6 | c'4 c' | g6 | a4 a | c'3 b1 a | "
    "g3 a1 g | e6 | a4 a | c'3 b1 a | g3 a1 g | e6 | d'4 d' | f'3 d'1 b | c'6 | e'6 | c' g e | "
    "g3 f1 d | c6",
    "Jingle Bells": "e e e4 | e e e4 | e g c3 d1 | e8 | f f f3 f1 | f e e e1 e1 | e d d e | "
    "d4 g4 | e e e4 | e e e4 | e g c3 d1 | e8 | f f f3 f1 | f e e e1 e1 | g g f d | c8",
    "Deck the Halls": "g3 f1 e d | c d e c | d1 e1 f1 d1 e3 d1 | c b, c4 | g3 f1 e d | c d e c | "
    "d1 e1 f1 d1 e3 d1 | c b, c4 | d3 e1 f d | e3 f1 g d | e1 f#1 g a1 b1 c' | b a g4 | "
    "g3 f1 e d | c d e c | a1 a1 a1 a1 g3 f1 | e d c4",
    "Auld Lang Syne": "g, | c3 c1 c e | d3 c1 d e | c3 c1 e g | a6 a | g3 e1 e c | d3 c1 d e | "
    "c3 a,1 a, g, | c6 a | g3 e1 e c | d3 c1 d a | g3 e1 e g | a6 c' | g3 e1 e c | d3 c1 d e | "
    "c3 a,1 a, g, | c6",
    "Greensleeves": "a, | c4 d | e3 f1 e | d4 b, | g,3 a,1 b, | c4 a, | a,3 g#,1 a, | b,4 g#, | "
    "e,4 a, | c4 d | e3 f1 e | d4 b, | g,3 a,1 b, | c3 b,1 a, | g#,3 f#,1 g#, | a,6 | a,6 | g6 | "
    "g3 f#1 e | d4 b, | g,3 a,1 b, | c4 a, | a,3 g#,1 a, | b,4 g#, | e,6 | g6 | g3 f#1 e | "
    "d4 b, | g,3 a,1 b, | c3 b,1 a, | g#,3 f#,1 g#, | a,6 | a,4",
    "Hot Cross Buns": "e d c4 | e d c4 | c1 c1 c1 c1 d1 d1 d1 d1 | e d c4",
    "Go Tell Aunt Rhody": "e4 e d | c4 c4 | d4 d4 | f e d c | g4 g f | e4 e4 | d c d e | c8",
    "Long, Long Ago": "c c1 d1 e e1 f1 | g a1 g1 e4 | g f1 e1 d4 | f e1 d1 c4 | c c1 d1 e e1 f1 | "
    "g a1 g1 e4 | g f1 e1 d4 | f e1 d1 c4 | g f1 e1 d g,1 g,1 | f e1 d1 c4 | "
    "g f1 e1 d g,1 g,1 | f e1 d1 c4 | c c1 d1 e e1 f1 | g a1 g1 e4 | g f1 e1 d e1 d1 | c8",
    "Clementine": "c1 c1 | c g, e1 e1 | e c c1 e1 | g g f1 e1 | d4 d1 e1 | f f e1 d1 | "
    "e c c1 e1 | d g, b,1 d1 | c4",
    "For He's a Jolly Good Fellow": "c1 | e e1 e1 d1 e1 | f3 e e1 | d d1 d1 c1 d1 | e3 c d1 | "
    "e e1 e1 d1 e1 | f3 a a1 | g1 g1 g1 f d1 | c5",
    "Pop Goes the Weasel": "c c1 d d1 | e1 g1 e1 c g,1 | c c1 d d1 | e3 c g,1 | c c1 d d1 | "
    "e1 g1 e1 c3 | a3 d f1 | e3 c3",
    "Sur le pont d'Avignon": "c c c4 | d d d4 | e f g c | b, c d g, | c c c4 | d d d4 | e f g c | "
    "d b, c4",
    "O Tannenbaum": "g, | c1 c1 c d | e1 e1 e e | d1 e1 f b, | d c g, | c1 c1 c d | e1 e1 e e | "
    "d1 e1 f b, | d c3 g1 | g1 e1 a3 g1 | g1 f1 f3 f1 | f1 d1 g3 f1 | f1 e1 e g, | c1 c1 c d | "
    "e1 e1 e e | d1 e1 f b, | d c",
    "Summ, summ, summ": "g f e4 | d1 e1 f1 d1 c4 | e1 f1 g1 e1 d1 e1 f1 d1 | "
    "e1 f1 g1 e1 d1 e1 f1 d1 | g f e4 | d1 e1 f1 d1 c4",
    "Minuet by Petzold": "g c1 d1 e1 f1 | g c c | a f1 g1 a1 b1 | c' c c | f g1 f1 e1 d1 | "
    "e f1 e1 d1 c1 | b, c1 d1 e1 c1 | d6 | g c1 d1 e1 f1 | g c c | a f1 g1 a1 b1 | c' c c | "
    "f g1 f1 e1 d1 | e f1 e1 d1 c1 | d e1 d1 c1 b,1 | c6",
    "Emperor's hymn by Haydn": "c3 d1 e d | f e d1 b,1 c | a g f e | d e1 c1 g4 | c3 d1 e d | "
    "f e d1 b,1 c | a g f e | d e1 c1 g4 | d e d1 b,1 g, | f e d1 b,1 g, | g f e3 e1 | "
    "f#3 f#1 g4 | c'3 b1 b1 a1 g | a3 g1 g1 f1 e | d e1 f1 g1 a1 f1 d1 | c e1 d1 c4",
    "Camptown Races": "g g e g | a g e4 | e d6 | e d6 | g g e g | a g e4 | d4 e d | c8 | "
    "c3 c1 e g | c'8 | a3 a1 c' a | g8 | g g e g | a g e4 | d e1 f1 e d | c8",
    "Old Folks at Home": "e4 d1 c1 e1 d1 | c c' a1 c'3 | g4 e c | d8 | e4 d1 c1 e1 d1 | "
    "c c' a1 c'3 | g e1 c1 d d | c8 | b3 c'1 d' g | g3 a1 g c' | c' a f a | g8 | "
    "e4 d1 c1 e1 d1 | c c' a1 c'3 | g e1 c1 d d | c8",
    "My Bonnie": "g, | e3 d1 c | d c a, | g, e,4 | e,4 g, | e3 d1 c | c b, c | d6 | d4 g, | "
    "e3 d1 c | d c a, | g, e,4 | e,4 g, | a, d c | b, a, b, | c6 | c4",
    "O du lieber Augustin": "g3 a1 g1 f1 | e c c | d g, g, | e c c | g3 a1 g1 f1 | e c c | "
    "d g, g, | c6 | d g, g, | e c c | d g, g, | e c c | g3 a1 g1 f1 | e c c | d g, g, | c6",
    "The First Noel": "e1 d1 | c3 d1 e1 f1 | g4 a1 b1 | c' b a | g4 a1 b1 | c' b a | g a b | "
    "c' g f | e4 e1 d1 | c3 d1 e1 f1 | g4 c'1 b1 | a4 a | g6 | c' b a | g a b | c' g f | e4",
    "Joy to the World": "c'4 b3 a1 | g6 f | e4 d4 | c6 g | a6 a | b6 b | c'6 c' | c' b a g | "
    "g3 f1 e c' | c' b a g | g3 f1 e e | e e e e1 f1 | g6 f1 e1 | d d d d1 e1 | f6 e1 d1 | "
    "c c'4 a | g3 f1 e f | e4 d4 | c8",
    "Good King Wenceslas": "c c c d | c c g,4 | a, g, a, b, | c4 c4 | c c c d | c c g,4 | "
    "a, g, a, b, | c4 c4 | g f e d | e d c4 | a, g, a, b, | c4 c4 | g, g, a, b, | c c d4 | "
    "g f e d | c4 f4 | c8",
    "Adeste fideles": "c | c4 g, c | d4 g,4 | e d e f | e4 d c | c4 b, a, | b, c d e | "
    "b,4 a,3 g,1 | g,6 g | g4 f e | f4 e4 | d e c d | b,3 a,1 g, c | c b, c d | c4 g, e | "
    "e d e f | e4 d e | f e d c | b,4 c f | e4 d3 c1 | c6",
    "Sakura": "a a b4 | a a b4 | a b c' b | a b1 a1 f4 | e c e f | e e1 c1 b,4 | a b c' b | "
    "a b1 a1 f4 | e c e f | e e1 c1 b,4 | a a b4 | a a b4 | e f b1 a1 f | e8",
    "Korobeiniki": "e b,1 c1 d c1 b,1 | a, a,1 c1 e d1 c1 | b,3 c1 d e | c a, a,4 | "
    "d3 f1 a g1 f1 | e3 c1 e d1 c1 | b, b,1 c1 d e | c a, a,4",
    "God Save the King": "c c d | b,3 c1 d | e e f | e3 d1 c | d c b, | c6 | g g g | g3 f1 e | "
    "f f f | f3 e1 d | e f1 e1 d1 c1 | e3 f1 g | a1 f1 e d | c6",
    "Skip to My Lou": "e e c c | e e g4 | d d b, b, | d d f4 | e e c c | e e g4 | d e1 f1 e d | "
    "c4 c4",
    "Bingo": "g, | c c g, g, | a, a, g,4 | c c d d | e4 c4 | e4 e4 | f f f4 | d4 d4 | e e e4 | "
    "c4 c4 | d d d c | b, g, a, b, | c4 c",
    "Alle Vögel sind schon da": "c3 e1 g c' | a c'1 a1 g4 | f3 g1 e c | d4 c4 | g g f f | "
    "e g1 e1 d4 | g g f f | e g1 e1 d4 | c3 e1 g c' | a c'1 a1 g4 | f3 g1 e c | d4 c4",
    "Ihr Kinderlein, kommet": "g1 | g e1 g1 g e1 g1 | f d1 f1 e3 g1 | g e1 g1 g e1 g1 | "
    "f d1 f1 e3 e1 | d d1 d1 f f1 f1 | e e1 e1 a3 a1 | g g1 g1 c' g1 e1 | g f1 d1 c3",
}
"""Title and notes. A note is a letter, `'` for an octave up or `,` for one down, and its length in
eighths, 2 if none is given; `|` ends a bar. `c` is the middle C."""

WHITE = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
"""Semitones from c: the white keys of a piano."""
LOWEST, HIGHEST = 46, 82
"""The pitches that have a letter: the tunes' own, and room for six semitones down and five up."""
SOUND_RATE = 8_000
"""Numbers a second in a sound: enough for a melody, and small to store."""
EIGHTH, SOFT = 0.18, 0.25
"""Seconds in an eighth, and the largest number in a sound, where 1 is as loud as can be."""


def read_notes(written: str) -> list[Note]:
    """Read a tune as it is written in `TUNES`.

    Args:
        written: notes such as `c`, `f#3` or `g,4`, with a space between them; bars are optional.

    Returns:
        pitch and length of each note.

    Raises:
        ValueError: something is not a note.
    """
    notes = []
    for one in written.replace("|", " ").split():
        found = re.fullmatch(r"([a-g])(#?)([',]?)([1-8]?)", one)
        if not found:
            raise ValueError(f"{one!r} is not a note: write one such as c, f#3 or g,4.")
        letter, sharp, octave, length = found.groups()
        pitch = 60 + WHITE[letter] + len(sharp) + {"": 0, "'": 12, ",": -12}[octave]
        notes.append((pitch, int(length or 2)))
    return notes


def as_text(notes: Sequence[Note], semitones: int = 0) -> str:
    """Write a melody as text: for each note a letter for its pitch and a digit for its length.

    Args:
        notes: pitch and length of each note.
        semitones: how far to move the melody up, or down if negative.

    Returns:
        the text, with a new line at its end.

    Raises:
        ValueError: a note is then too low or too high to have a letter, or has no length from 1 to
            8 eighths.
    """
    moved = [(pitch + semitones, length) for pitch, length in notes]
    outside = [pitch for pitch, _ in moved if not LOWEST <= pitch <= HIGHEST]
    if outside:
        raise ValueError(
            f"Pitch {outside[0]} has no letter: stay between {LOWEST} and {HIGHEST}, by moving the "
            "melody up or down by fewer semitones."
        )
    if odd := {length for _, length in moved} - {*range(1, 9)}:
        raise ValueError(f"A note of {min(odd)} eighths has no digit: take 1 to 8 eighths.")
    return "".join(f"{chr(ord('A') + pitch - LOWEST)}{length}" for pitch, length in moved) + "\n"


def from_text(text: str) -> list[Note]:
    """Read a melody's text, and pass over what is not a letter with a digit after it."""
    last = chr(ord("A") + HIGHEST - LOWEST)
    found = re.findall(rf"([A-{last}])([1-8])", text)
    return [(ord(letter) - ord("A") + LOWEST, int(length)) for letter, length in found]


def sound(notes: Sequence[Note]) -> NDArray:
    """Make a soft sound of a melody: a tone and two overtones a note, which fade in and out.

    Args:
        notes: pitch and length of each note.

    Returns:
        numbers from -`SOFT` to `SOFT`, `SOUND_RATE` of them a second, shape (numbers,).

    Raises:
        ValueError: there is no note.
    """
    if not notes:
        raise ValueError("A melody without notes makes no sound: take at least one note.")
    tones = []
    for pitch, length in notes:
        seconds = np.arange(0, length * EIGHTH, 1 / SOUND_RATE)
        turns = 440 * 2 ** ((pitch - 69) / 12) * seconds  # equal temperament; A is 440 Hz
        tone = sum(np.sin(2 * np.pi * k * turns) / k**2 for k in (1, 2, 3))
        fade = np.minimum(1, np.minimum(seconds, seconds[-1] - seconds) / 0.02)
        tones.append(tone * fade * np.exp(-1.5 * seconds))
    whole = np.concatenate(tones)
    return SOFT * whole / np.abs(whole).max()
