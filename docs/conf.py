"""How Sphinx makes the site of these pages; scripts/docs runs it. Nothing is fetched."""

import sys
from pathlib import Path

import wigner

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "extensions"))

project = "Wigner–BGK"
author = copyright = "The Wigner–BGK developers"
version = release = wigner.__version__
language = "en"

extensions = [
    "myst_parser",  # pages in Markdown
    "sphinx.ext.autodoc",  # pages on modules, from their docstrings
    "sphinx.ext.napoleon",  # sections of docstrings as numpy has them
    "mathml",
    "plain_docstrings",
    "rooms",
    "pages",
]
exclude_patterns = ["extensions", "cluster"]
highlight_language = "none"  # of blocks that do not name one: formulas and output

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_type_aliases = {name: name for name in ("NDArray", "ArrayLike", "Pair", "Variables")}
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
napoleon_google_docstring = False
napoleon_custom_sections = [("Attributes", "params_style")]  # names are no links
napoleon_use_rtype = False
toc_object_entries = False
nitpicky = True  # what docstrings refer to is there
nitpick_ignore_regex = [
    ("py:class", r".*"),  # types in signatures, which other packages have
    ("py:.*", r"_\w+"),  # private names, which are on no page
]

linkcheck_timeout, linkcheck_retries, linkcheck_workers = 10, 1, 8  # scripts/docs --links

html_theme = "furo"
html_static_path = ["static"]
html_title = "Wigner–BGK"
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
