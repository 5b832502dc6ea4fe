"""How Sphinx builds the site: `python -m sphinx -W docs site`."""

from isolint import __version__

project = "isolint"
release = __version__
extensions = ["myst_parser"]
myst_heading_anchors = 3
# Shown in GitHub and on the site alike: plain Markdown, and links to other pages by their file.
myst_enable_extensions: list[str] = []
html_theme = "furo"
html_title = f"isolint {release}"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
nitpicky = True
