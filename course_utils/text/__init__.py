"""Text: words and their numbers, and the sentence pairs of a small grammar.

Networks that translate are in `course_utils.text.translation`, which loads TensorFlow; nothing
here does.
"""

from course_utils.text.vocabulary import (
    EOS,
    PAD,
    SOS,
    SPECIAL,
    UNK,
    bleu,
    decode,
    encode,
    look_up,
    unknown_words,
    vocabulary,
    word_dictionary,
    words,
)
