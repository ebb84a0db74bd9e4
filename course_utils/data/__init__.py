"""The course's data: find the file, verify it, download it once, or use the embedded default.

`data/README.md` says where the numbers come from.
"""

from course_utils.data.price_table import read_prices
from course_utils.data.prices import load_prices
from course_utils.data.registry import tickers
from course_utils.data.sentences import load_sentence_pairs
from course_utils.data.series import read_series
from course_utils.data.shares import load_shares
from course_utils.data.texts import load_labelled_sentences, load_text
from course_utils.files import DataError
