"""Fetch and verify all data sets: ``python -m utils.datasets``."""

import sys

from utils.datasets.cache import DataUnavailable, load_arrays
from utils.datasets.images import FASHION_MNIST, MNIST
from utils.datasets.reviews import IMDB

SETS = MNIST, FASHION_MNIST, IMDB


def main() -> int:
    """Print a line for each set; return 0, or 1 if one is not to be had."""
    failed = 0
    for dataset in SETS:
        try:
            load_arrays(dataset)
            print(f"{dataset.name}: verified in {dataset.home}", flush=True)
        except (DataUnavailable, ValueError) as error:
            print(error, file=sys.stderr, flush=True)
            failed = 1
    return failed


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Stopped; nothing half-written is left behind.")
