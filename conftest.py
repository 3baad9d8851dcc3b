"""Hands the notebooks to the strict comparison in tools/strict.py.

It stands at the top because pytest asks only the conftest files above a notebook.
"""

pytest_plugins = ["tools.strict"]
