"""``.. room:: wigner.flows``: the modules of a package, in the order of its docstring."""

from __future__ import annotations

import re
from importlib import import_module

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def modules(package: str) -> dict[str, str]:
    """Names and meanings of a package's modules, from lines such as "``grid``: the lattice"."""
    text = import_module(package).__doc__ or ""
    return dict(re.findall(r"^``(\w+)``: (.+)$", text, re.MULTILINE))


class Room(SphinxDirective):
    """A section for each module that holds code."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The sections."""
        (package,) = self.arguments
        lines: list[str] = []
        for name in modules(package):
            module = import_module(f"{package}.{name}")
            if not hasattr(module, "__path__"):
                title = f"{package}.{name}"
                lines += [title, "-" * len(title), ""]
                lines += [f".. automodule:: {title}", "   :members:"]
                lines += ["   :special-members: __call__", ""]
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("room", Room)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
