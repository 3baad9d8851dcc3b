"""Sphinx: the course as a site, from the stored outputs, without a network."""

project = "Neural Nets and Deep Learning: the notebooks"
extensions = ["myst_nb", "sphinx-mathjax-offline"]
root_doc = "index"
html_theme = "sphinx_book_theme"
html_title = project
html_theme_options = {
    "use_download_button": True,
    "show_toc_level": 2,
    "home_page_in_toc": True,
}
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
# Headings are linked as JupyterLab links them, so that one link serves both.
myst_heading_slug_func = "tools.docs.anchor"
# One appearance: the figures are drawn on white.
html_context = {"default_mode": "light"}
# A summary would be fetched page by page, which browsers refuse on file://.
html_show_search_summary = False
html_static_path = ["site"]
html_css_files = ["site.css"]
