"""Mathematics as MathML: browsers draw it by themselves, without a script and a network."""

from __future__ import annotations

from xml.etree import ElementTree

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def mathml(latex: str, display: str) -> str:
    """A formula; raises ``ElementTree.ParseError`` where the converter left LaTeX in it."""
    text = convert(latex, display=display)
    ElementTree.fromstring(text)
    if "\\" in text:
        raise ElementTree.ParseError(f"LaTeX is left in the MathML of {latex}")
    return text


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """A formula in a line of text."""
    translator.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """A formula on a line of its own, its number at the right: what stands after ``\\qquad``."""
    formula, _, number = node.astext().partition(r"\qquad")
    translator.body.append('<div class="formula">')
    translator.body.append(mathml(formula, "block"))
    translator.body.append(f"<span>{number.strip()}</span></div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Make it a renderer of Sphinx."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    app.add_css_file("site.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
