"""The command line of the tools that write something into a folder."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path


def write(
    make: Callable[[Path], int], made: str, about: str, arguments: Sequence[str] | None
) -> Path:
    """Read a folder from the command line, let ``make`` fill it, say with how much.

    An OSError or ValueError of ``make``, which returns the number of things made, is
    said in its own words.
    """
    command = f"course.py {Path(sys.argv[0]).stem}"
    parser = argparse.ArgumentParser(prog=command, description=about)
    parser.add_argument("folder", type=Path, help="where it is written")
    folder = parser.parse_args(arguments).folder
    try:
        print(f"{make(folder)} {made}: {folder}")
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    return folder
