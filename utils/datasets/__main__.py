"""Fetch and verify all data sets: ``python -m utils.datasets``."""

import sys

from utils.datasets import fetch_all

try:
    sys.exit(1 if fetch_all() else 0)
except KeyboardInterrupt:
    sys.exit("Stopped; nothing half-written is left behind.")
