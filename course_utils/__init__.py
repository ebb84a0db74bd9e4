"""The small package that the lessons of this course call.

Importing it loads no TensorFlow, and sets three environment variables that must be in place
before Keras is imported: the backend, and silence for TensorFlow's start-up lines.
"""

import logging
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
# Lessons build many models in one kernel; TensorFlow takes each new one for a mistake and says so.
logging.getLogger("tensorflow").addFilter(lambda record: record.levelno >= logging.ERROR)

__version__ = "0.1.0"
