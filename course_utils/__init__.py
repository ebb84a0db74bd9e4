"""The small package that the lessons of this course call.

Importing it loads no TensorFlow. It sets the environment variables that Keras and TensorFlow read
only once, while they load: the backend, and silence for TensorFlow's start-up lines. It also
leaves out one warning of TensorFlow's, about models built one after another; all others are shown.
"""

import logging
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

# Lessons build many models in one kernel. TensorFlow takes that for a mistake from the fifth on.
logging.getLogger("tensorflow").addFilter(
    lambda record: "triggered tf.function retracing" not in record.getMessage()
)

__version__ = "0.1.0"
