"""Companion code of the course notebooks: data, figures, diagrams, course tools.

Importing this package sets three environment variables, unless they are set
already. It must therefore come before ``import keras``: TensorFlow reads them
once, when it is loaded, and would otherwise print start-up lines of its C++
side into the first cell of every notebook. oneDNN speeds up convolutions alone
and keeps the memory that it has once used; only Unit 4 turns it on.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
