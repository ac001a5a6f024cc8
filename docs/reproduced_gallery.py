"""The gallery of reproduced figures: each with its jobs and how long they take.

The pictures are small copies of what `crosscurrent reproduce --all -o FOLDER` draws; make them anew with

    python docs/reproduced_gallery.py FOLDER
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from crosscurrent.jobs.reference import job_names, load_reference, paper_folder, paper_keys

#: Where the pictures lie, and how wide and colourful they are.
PICTURES = Path(__file__).parent / "figures" / "reproduced"
WIDTH, COLOURS = 1000, 128


def pictures(key: str) -> list[str]:
    """Names of the pictures of a key, in the order of its figures."""
    return [f"{key}-{figure.file}" for figure in load_reference(paper_folder(key)).figure]


def page() -> str:
    """The gallery in MyST; keys that draw nothing, tables and formulas, are left to the ledger."""
    return "\n".join(line for key in paper_keys() if pictures(key) for line in _section(key))


def _section(key: str) -> Iterator[str]:
    reference = load_reference(paper_folder(key))
    yield from (f"## {reference.title}", "")
    names = job_names(paper_folder(key))
    yield f"{reference.paper}. {len(names)} job{'s' if len(names) > 1 else ''}, {_time(reference.seconds)} on one core:"
    yield from ("", "```bash", f"crosscurrent reproduce {key}", "```", "")
    for name in pictures(key):
        # the page that includes this lies in docs/
        yield from (
            f"```{{image}} figures/reproduced/{name}",
            f":alt: {reference.title}, {name}",
            ":width: 100%",
            "```",
            "",
        )
    yield from _jobs(key, names)


def _jobs(key: str, names: list[str]) -> Iterator[str]:
    yield from ("```{raw} html", f"<details><summary>The job{'s' if len(names) > 1 else ''}</summary>", "```", "")
    for name in names:
        yield from (
            f"`{name}.toml`",
            "",
            "```toml",
            (paper_folder(key) / f"{name}.toml").read_text().strip(),
            "```",
            "",
        )
    yield from ("```{raw} html", "</details>", "```", "")


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(seconds, 1):.0f} s"
    return f"about {seconds / 60:.0f} minutes"


def shrink(made: Path) -> None:
    """Copies of all figures in the output folder of `reproduce --all`, small enough for the repository."""
    from PIL import Image

    PICTURES.mkdir(parents=True, exist_ok=True)
    for key in paper_keys():
        for figure, name in zip(load_reference(paper_folder(key)).figure, pictures(key), strict=True):
            with Image.open(made / key / figure.file) as whole:
                small = whole.convert("RGB")
            small.thumbnail((WIDTH, 3 * WIDTH))
            small.quantize(COLOURS).save(PICTURES / name, optimize=True)


if __name__ == "__main__":
    shrink(Path(sys.argv[1]))
