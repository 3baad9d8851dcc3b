"""Sphinx: the decks, from slides/ and the stored outputs, without a network."""

import os

project = "Neural Nets and Deep Learning"
extensions = ["myst_parser", "sphinx.ext.mathjax", "tools.decks"]
root_doc = os.environ["DECKS"].split()[0]
include_patterns = [f"{name}.md" for name in os.environ["DECKS"].split()]
# A slide stands below its deck or below a section; a deck has no table of contents.
suppress_warnings = ["myst.header", "toc.not_included"]
html_theme = "theme"
html_theme_path = ["."]
html_static_path = ["static"]
pygments_style = "a11y_pygments.a11y_high_contrast_light.style.Theme"
mathjax_path = "mathjax.js"
myst_enable_extensions = ["colon_fence", "dollarmath"]
