"""Docstrings of this project are plain text: bars and stars in them are mathematics, not markup."""

from __future__ import annotations

import re

from sphinx.application import Sphinx
from sphinx.domains.python import PyObject
from sphinx.util.docfields import TypedField
from sphinx.util.inspect import TypeAliasForwardRef

# What is markup all the same: names within backticks, with a role before them or without.
LITERAL = re.compile(r"(``.+?``|:\w+:`.+?`)")
MATHEMATICS = re.compile(r"([|*\\]|_(?=\W|$)|`)")
# What numpy's NDArray is, where a signature names it by way of a Callable or an alias of ours.
NDARRAY = re.compile(r"~?numpy\.ndarray\[.*?_ScalarT\]\]")


def plain(line: str) -> str:
    """A line in which nothing but names within backticks is markup."""
    parts = LITERAL.split(line)
    return "".join(
        part if k % 2 else MATHEMATICS.sub(r"\\\1", part) for k, part in enumerate(parts)
    )


def laid_out(lines: list[str]) -> list[str]:
    """Lines with indented paragraphs as they stand: formulas and commands on lines of their own.

    Sections, such as Parameters, begin with an underlined heading: what they indent is text.
    """
    result: list[str] = []
    in_section = literal = False
    for k, line in enumerate(lines):
        underlined = k + 1 < len(lines) and re.fullmatch("-{3,}", lines[k + 1].strip())
        in_section |= bool(underlined and line.strip())
        indented = line.startswith("    ") and not in_section
        if indented and not literal:
            result += ["", "::", ""]
        elif literal and line.strip() and not indented:
            result.append("")
        literal = indented or (literal and not line.strip())
        result.append(line if literal else plain(line))
    return result


def process(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Before napoleon reads them.

    What stands before a colon in the first line of a property it takes for a type: an empty comment
    goes before it.
    """
    lines[:] = (["..", ""] if what == "property" else []) + laid_out(lines)


def shortened(
    app: Sphinx, what: str, name: str, obj: object, options: object, given: str, result: str
) -> tuple[str, str]:
    """A signature, arguments and result, with NDArray in place of what it stands for."""
    first, second = (NDARRAY.sub("NDArray", part) if part else part for part in (given, result))
    return first, second


def setup(app: Sphinx) -> dict[str, bool]:
    """Have autodoc ask; what docstrings say of types is prose too, and its words are no links."""
    for field in PyObject.doc_field_types:
        field.rolename = field.bodyrolename = ""
        if isinstance(field, TypedField):
            field.typerolename = ""
    TypeAliasForwardRef.__repr__ = lambda alias: alias.name  # in unions, too
    app.connect("autodoc-process-docstring", process, priority=400)
    app.connect("autodoc-process-signature", shortened)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
