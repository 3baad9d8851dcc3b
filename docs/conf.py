"""Sphinx: the course as a site and as a book, from the stored outputs."""

from importlib.metadata import version as version_of

project = "Neural Nets and Deep Learning"
author = copyright = "the authors of the course notebooks"
version = version_of("nndl-notebooks")
book = tags.has("book")  # noqa: F821 - Sphinx gives it
# Readers of books run no scripts: their formulas are MathML, those of the site are
# typeset by MathJax.
extensions = ["myst_nb", "tools.formulas" if book else "sphinx-mathjax-offline"]
root_doc = "index"
html_theme = "sphinx_book_theme"
html_scaled_image_link = False  # a tap enlarges the figure, see site.js
html_title = project
html_theme_options = {
    # Its search field would draw a second, dead menu button (pydata 0.20).
    "navbar_persistent": [],
    "use_download_button": False,  # every page links its whole notebook
    "use_fullscreen_button": False,
    "footer_content_items": "",
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "home_page_in_toc": True,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
# Headings are linked as JupyterLab links them, so that one link serves both.
myst_heading_slug_func = "tools.docs.anchor"
html_context = {"default_mode": "auto"}
html_copy_source = False
if book:
    html_math_renderer = "mathml"
else:
    html_static_path = ["site"]
    html_css_files = ["site.css"]
    html_js_files = ["site.js", "selfcheck_data.js", "selfcheck.js"]
epub_show_urls = "no"
epub_tocdepth = 2
