"""How the documentation is built: MyST pages, API pages from the docstrings, a gallery from examples/."""

from __future__ import annotations

import inspect
import os
import re
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from sphinx.addnodes import pending_xref

import crosscurrent

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

project = "crosscurrent"
author = "The crosscurrent developers"
copyright = "the crosscurrent developers, Apache-2.0"
release = version = crosscurrent.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "mathml", "sphinx_gallery.gen_gallery"]
html_math_renderer = "mathml"
exclude_patterns = ["_build", "generated", "gallery/*.ipynb", "gallery/*.py", "gallery/*.zip"]
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
# the convention page is the file at the top of the checkout, whose links point from there
suppress_warnings = ["myst.xref_missing", "config.cache"]

html_theme = "furo"
html_title = f"crosscurrent {release}"
html_static_path = ["static"]
html_css_files = ["house.css"]

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "image_scrapers": ("matplotlib",),
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "min_reported_time": 10**6,
    "abort_on_example_error": True,
    # that page would load scripts from elsewhere
    "write_computation_times": False,
}


def plain_text(app: object, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Docstrings are written to be read in an editor: keep them as they stand, without reading markup into them.

    |k|, H^* and names_ would otherwise be taken for reStructuredText. Indented paragraphs become literal blocks.
    """
    out: list[str] = []
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc("\n".join(lines))):
        rows = paragraph.splitlines()
        if any(row[:1].isspace() for row in rows):
            out += ["::", "", *("    " + row for row in rows), ""]
        else:
            quoted = (re.sub(r"`+([^`]+)`+", "\0\\1\0", row) for row in rows)
            out += [re.sub(r"([\\*|_`])", r"\\\1", row).replace("\0", "``") for row in quoted] + [""]
    # inside double backquotes nothing needs escaping
    lines[:] = [re.sub(r"``(.+?)``", lambda m: m[0].replace("\\", ""), row) for row in out]


def write_references(app: object) -> None:
    """Pages that are made of the package itself: keys of a job, help of the commands, claims, public names."""
    import api_table
    import cli_reference
    import job_reference
    import paper_reference
    import reproduced_gallery

    folder = HERE / "generated"
    folder.mkdir(exist_ok=True)
    (folder / "api_overview.md").write_text(api_table.overview(), encoding="utf-8")
    (folder / "api_names.md").write_text(api_table.page(), encoding="utf-8")
    (folder / "job_keys.md").write_text(job_reference.page(), encoding="utf-8")
    (folder / "papers.md").write_text(paper_reference.page(), encoding="utf-8")
    (folder / "reproduced.md").write_text(reproduced_gallery.page(), encoding="utf-8")
    (folder / "commands.md").write_text(cli_reference.page(), encoding="utf-8")


def pages_of_the_checkout(app: Any, tree: Any) -> None:
    """A link of a file at the top of the checkout to another file leads to the page that holds or includes that one."""
    for node in tree.findall(pending_xref):
        target = str(node.get("reftarget", ""))
        name = target.removeprefix("docs/").removesuffix(".md")
        name = name if "/" in name else name.lower()
        if target.endswith(".md") and name in app.env.found_docs and not (HERE / target).exists():
            node.attributes |= {"refdomain": "std", "reftype": "doc", "reftarget": f"/{name}", "refexplicit": True}


def setup(app: object) -> None:
    app.connect("doctree-read", pages_of_the_checkout)  # type: ignore[attr-defined]
    app.connect("builder-inited", write_references)  # type: ignore[attr-defined]
    app.connect("autodoc-process-docstring", plain_text)  # type: ignore[attr-defined]
