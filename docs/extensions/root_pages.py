"""Pages that stand beside the README, as pages of the site: docs has a stub for each."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

FILES = {"contributing": "CONTRIBUTING.md", "changes": "CHANGELOG.md"}


def moved(text: str) -> str:
    """A page of the root with the links that it has as a page of docs."""
    text = text.replace("](docs/", "](")
    for page, name in FILES.items():
        text = text.replace(f"]({name})", f"]({page}.md)")
    return text


def read(app: Sphinx, page: str, source: list[str]) -> None:
    """The file in place of its stub."""
    if page in FILES:
        path = Path(app.srcdir).parent / FILES[page]
        app.env.note_dependency(path)
        source[0] = moved(path.read_text(encoding="utf-8"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Have Sphinx ask."""
    app.connect("source-read", read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
