"""The ledger of claims: what each paper says and what our numbers say of it, from the package's own records."""

from __future__ import annotations

from crosscurrent.jobs.claims import RECORD, ledger, ledger_markdown, load_record
from crosscurrent.jobs.reference import paper_folder, paper_keys, papers_root


def page() -> str:
    """The ledger in MyST, with the recorded values."""
    return ledger_markdown(ledger([paper_folder(key) for key in paper_keys()], load_record(papers_root() / RECORD)))
