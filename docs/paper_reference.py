"""The reproduced figures: what each paper claims and what our numbers say of it, from the package's own records."""

from __future__ import annotations

from collections.abc import Iterator

from crosscurrent.jobs.reference import load_reference, paper_folder, paper_keys


def page() -> str:
    """The claims and their verdicts in MyST."""
    return "\n".join(line for key in paper_keys() for line in _paper(key)) + "\n"


def _paper(key: str) -> Iterator[str]:
    record = load_reference(paper_folder(key))
    doi = f", doi:{record.doi}" if record.doi else ""
    yield from (f"## {key}", "", f"**{record.title}**", "", record.paper + doi, "", record.notes, "")
    yield from ("```bash", f"crosscurrent reproduce {key} -o {key}", "```", "")
    if record.claim:
        yield from ("| the paper says | verdict | our numbers |", "|---|---|---|")
        yield from (f"| {_cell(c.text)} | **{c.verdict}** | {_cell(c.evidence)} |" for c in record.claim)
        yield ""
    yield from (f"{len(record.check)} numbers are compared, each with its source and tolerance.", "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
