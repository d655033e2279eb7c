"""Pages as a site has them: links with titles, and those that stand beside the README.

In docs a link names the file, as who reads the files wants it, and a stub stands for each page of
the root.
"""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx

FILES = {"contributing": "CONTRIBUTING.md", "changes": "CHANGELOG.md"}


def titled(text: str) -> str:
    """A page whose links to other pages have their titles in place of the names of files."""
    return re.sub(r"\[(?:docs/)?[\w-]+\.md\]\((?=[\w-]+\.md)", "[](", text)


def moved(text: str) -> str:
    """A page of the root with the links that it has as a page of docs."""
    text = text.replace("](docs/", "](")
    for page, name in FILES.items():
        text = text.replace(f"]({name})", f"]({page}.md)")
    return text


def read(app: Sphinx, page: str, source: list[str]) -> None:
    """What Sphinx reads in place of what stands in docs."""
    if page in FILES:
        path = Path(app.srcdir).parent / FILES[page]
        app.env.note_dependency(path)
        source[0] = moved(path.read_text(encoding="utf-8"))
    source[0] = titled(source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Have Sphinx ask."""
    app.connect("source-read", read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
