"""Companion code of the course notebooks: data, figures, diagrams, course tools.

Importing this package must come before ``import keras``: Keras and TensorFlow
read their settings once, when they are loaded. TensorFlow would otherwise print
start-up lines of its C++ side into the first cell of every notebook. oneDNN
speeds up convolutions alone and keeps the memory that it has once used; only
Unit 4 turns it on. What another course has left about Keras does not count: the
notebooks need TensorFlow and all their epochs.
"""

import logging
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
for limit in "KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH":
    os.environ.pop(limit, None)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
# On a fresh computer Matplotlib says that it collects the fonts, and without a
# home that it can write to, where it keeps them: no lesson, and stored nowhere.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
