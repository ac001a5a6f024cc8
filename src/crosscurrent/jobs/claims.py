"""The ledger of claims: every statement of the papers with a verdict and our values beside, and the record of those.

The record is a JSON file with, for every key, what its checks gave, and the version and date of that run. It comes with
the package, so that the ledger can be read without computing anything again.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

import msgspec

from crosscurrent.jobs.reference import VERDICTS, Claim, Reference, load_claims, load_reference
from crosscurrent.jobs.reproduce import Outcome, Report, found_of
from crosscurrent.jobs.schema import Table
from crosscurrent.results.schema import package_version
from crosscurrent.units import InputError

RECORD = "claims_record.json"
#: As many values of one claim are shown.
SHOWN = 4
COLUMNS = ("where", "the paper says", "verdict", "our values", "why")
_STYLE = (
    "body{font-family:sans-serif;max-width:80rem;margin:2rem auto;padding:0 1rem;line-height:1.4}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #bbb;padding:.3rem .5rem;text-align:left;"
    "vertical-align:top}td:nth-child(3){font-weight:bold}"
)


class Recorded(Table, frozen=True, kw_only=True):
    """What the checks of one key gave, by their names, in which version and on which day."""

    version: str
    date: str
    values: dict[str, float | str]


@dataclass(frozen=True)
class Page:
    """One key of the ledger. recorded: None when nothing was ever computed. fresh: computed just now."""

    key: str
    reference: Reference
    claims: tuple[Claim, ...]
    recorded: Recorded | None
    fresh: bool = False


def record_of(report: Report) -> Recorded:
    """What a report found, to fourteen digits, with version and date of today."""
    values = {o.check.name: _rounded(o.found) for o in report.outcomes if o.check.name}
    return Recorded(version=package_version(), date=datetime.date.today().isoformat(), values=values)


def _rounded(value: float | str) -> float | str:
    return value if isinstance(value, str) else float(f"{value:.14g}")


def load_record(path: Path) -> dict[str, Recorded]:
    """Read a record, empty when there is none. Raises InputError for one that does not fit."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Recorded])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"this is no record of claims ({error})", where=str(path)) from error


def save_record(path: Path, reports: Iterable[Report]) -> None:
    """Write what the reports found into the record, and leave the other keys of it as they are."""
    record = load_record(path) | {report.key: record_of(report) for report in reports}
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(dict(sorted(record.items()))), indent=1) + b"\n")
    except OSError as error:
        raise InputError(f"cannot write this file ({error.strerror})", where=str(path)) from error


def ledger(
    folders: Iterable[Path], record: Mapping[str, Recorded], reports: Mapping[str, Report] | None = None
) -> tuple[Page, ...]:
    """The pages of these keys: with what was computed just now where there is a report, else with what is recorded."""
    pages = []
    for folder in folders:
        reference = load_reference(folder)
        report = (reports or {}).get(folder.name)
        recorded = record_of(report) if report else record.get(folder.name)
        pages.append(Page(folder.name, reference, load_claims(folder, reference), recorded, report is not None))
    return tuple(pages)


def confirmed(page: Page, claim: Claim) -> bool | None:
    """Whether the values bear the verdict out; None when the page has none for it."""
    if page.recorded is None or not claim.checks:
        return None
    checks = {c.name: c for c in page.reference.check}
    values = page.recorded.values
    return all(n in values and Outcome(checks[n], values[n], float("nan")).passed for n in claim.checks)


def values_of(page: Page, claim: Claim) -> str:
    """Our values for one claim, in one line."""
    if claim.command:
        return f"{claim.ours}, by `{claim.command}`"
    if not claim.checks:
        return f"none: needs {claim.needs}"
    if page.recorded is None:
        return "not computed yet"
    checks = {c.name: c for c in page.reference.check}
    parts = []
    for name in claim.checks[:SHOWN]:
        value, unit = page.recorded.values.get(name), checks[name].unit
        shown = "missing" if value is None else found_of(Outcome(checks[name], value, float("nan")))
        parts.append(f"{name}: {shown}" + (f" {unit}" if unit else ""))
    more = len(claim.checks) - len(parts)
    return "; ".join([*parts, *([f"and {more} more"] if more else [])])


def _row(page: Page, claim: Claim) -> tuple[str, ...]:
    state = confirmed(page, claim)
    verdict = claim.verdict + (" (NOT CONFIRMED: its checks fail)" if state is False else "")
    why = claim.why + (f" Needs {claim.needs}." if claim.needs and claim.checks else "")
    return tuple(" ".join(cell.split()) for cell in (claim.where, claim.text, verdict, values_of(page, claim), why))


def _stamp(page: Page) -> str:
    if page.recorded is None:
        return "Nothing is recorded for this key yet."
    how = "computed" if page.fresh else "recorded"
    return f"Values {how} with version {page.recorded.version} on {page.recorded.date}."


def summary(pages: Iterable[Page]) -> dict[str, int]:
    """How many claims there are of each verdict."""
    counts = Counter(claim.verdict for page in pages for claim in page.claims)
    return {name: counts[name] for name in VERDICTS}


def ledger_markdown(pages: tuple[Page, ...]) -> str:
    """The ledger as markdown, one table a key; headings begin at the second level."""

    def lines() -> Iterator[str]:
        counts = summary(pages)
        yield from ("| verdict | claims |", "|---|---|")
        yield from (f"| {name} | {n} |" for name, n in counts.items())
        yield from (f"| **all** | **{sum(counts.values())}** |", "")
        for page in pages:
            paper = page.reference.paper + (f", doi:{page.reference.doi}" if page.reference.doi else "")
            yield from (f"## {page.key}", "", f"**{page.reference.title}**", "", paper, "")
            yield from ("```bash", f"crosscurrent reproduce {page.key}", "```", "", _stamp(page), "")
            yield from ("| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|")
            for claim in page.claims:
                cells = [cell.replace("|", r"\|") for cell in _row(page, claim)]
                cells[2] = f"**{cells[2]}**"
                yield "| " + " | ".join(cells) + " |"
            yield ""

    return "\n".join(lines())


def ledger_html(pages: tuple[Page, ...]) -> str:
    """The ledger as one web page that needs nothing else."""

    def lines() -> Iterator[str]:
        yield '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Claims</title>'
        yield f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><h1>Claims</h1>'
        yield "<p>" + ", ".join(f"{name}: {n}" for name, n in summary(pages).items()) + "</p>"
        for page in pages:
            yield f"<h2>{escape(page.key)}</h2><p><b>{escape(page.reference.title)}</b><br>"
            yield f"{escape(page.reference.paper)}</p><p><code>crosscurrent reproduce {escape(page.key)}</code></p>"
            yield f"<p>{escape(_stamp(page))}</p><table><tr>" + "".join(f"<th>{c}</th>" for c in COLUMNS) + "</tr>"
            for claim in page.claims:
                yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _row(page, claim)) + "</tr>"
            yield "</table>"
        yield "</body></html>"

    return "\n".join(lines()) + "\n"
