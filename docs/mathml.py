"""Formulas as MathML, which browsers draw themselves: the pages need no script from elsewhere, on line or off."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import SphinxError


def markup(latex: str, display: str) -> str:
    """The formula; a command that the converter does not know stops the build instead of standing in the page."""
    # the converter's name for the same thing
    source = latex.replace("{aligned}", "{split}")
    text: str = convert(source, display=display)
    if re.search(r"\\[A-Za-z]|<m[ion]>(&amp;|&)</m[ion]>", text):
        raise SphinxError(f"this formula does not become MathML: {latex}")
    return text


def inline(translator: Any, node: nodes.math) -> None:
    """A formula within a line."""
    translator.body.append(markup(node.astext(), "inline"))
    raise nodes.SkipNode


def display(translator: Any, node: nodes.math_block) -> None:
    """A formula on a line of its own; long ones scroll by themselves, so that a page never does on a phone."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    translator.body.append(markup(node.astext(), "block"))
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
