"""Run the jobs of a paper, compare with its reference values, and say what becomes of its claims."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from crosscurrent.disk import parse_toml
from crosscurrent.jobs.parse import job_text, load_job, validated
from crosscurrent.jobs.reference import (
    Check,
    Claim,
    Figure,
    Probe,
    Reference,
    Scan,
    job_names,
    load_claims,
    load_reference,
)
from crosscurrent.jobs.run import run_job
from crosscurrent.jobs.store import Progress
from crosscurrent.results import convert_units
from crosscurrent.results.schema import ERROR_SUFFIX
from crosscurrent.units import InputError

Results = Mapping[str, xr.Dataset]


@dataclass(frozen=True)
class Outcome:
    """A check and what came out, a number or a label. error: the estimated one of a number, NaN when there is none."""

    check: Check
    found: float | str
    error: float

    @property
    def passed(self) -> bool:
        value = self.check.value
        if isinstance(value, str) or isinstance(self.found, str):
            return self.found == value
        if self.check.relation == "above":
            return self.found > value
        if self.check.relation == "below":
            return self.found < value
        return abs(self.found - value) <= max(self.check.atol, self.check.rtol * abs(value))


@dataclass(frozen=True)
class Verdict:
    """A claim, and whether the checks that its verdict rests on have passed."""

    claim: Claim
    stands: bool


@dataclass(frozen=True)
class Report:
    """Everything that `reproduce` found for one key."""

    key: str
    reference: Reference
    outcomes: tuple[Outcome, ...]
    verdicts: tuple[Verdict, ...]
    results: Results

    @property
    def passed(self) -> bool:
        return all(o.passed for o in self.outcomes) and all(v.stands for v in self.verdicts)

    def markdown(self) -> str:
        """The table of checks and the verdicts on the claims."""
        ref = self.reference
        lines = [f"# {ref.title}", "", ref.paper + (f", doi:{ref.doi}" if ref.doi else ""), ""]
        if self.outcomes:
            lines += [
                "| quantity | ours | error | reference | passes | source |",
                "| --- | --- | --- | --- | --- | --- |",
            ]
            lines += [_row(o) for o in self.outcomes]
        for verdict in self.verdicts:
            claim = verdict.claim
            state = claim.verdict if verdict.stands else f"{claim.verdict} (NOT CONFIRMED: its checks fail)"
            lines += ["", f"- **{state}** ({claim.where}): {claim.text} {claim.why}"]
        return "\n".join([*lines, *(["", ref.notes] if ref.notes else [])]) + "\n"


def _row(outcome: Outcome) -> str:
    check = outcome.check
    error = f"{outcome.error:.1g}" if math.isfinite(outcome.error) else ""
    unit = f" {check.unit}" if check.unit else ""
    cells = [quantity_of(check), found_of(outcome), error, reference_of(check) + unit]
    return "| " + " | ".join([*cells, "yes" if outcome.passed else "**NO**", check.source]) + " |"


def reference_of(check: Check) -> str:
    """The reference value, with the sign of the relation when it is a bound."""
    sign = {"equal": "", "above": "> ", "below": "< "}[check.relation]
    return sign + _shown(check.value)


def found_of(outcome: Outcome) -> str:
    """What came out, to six digits."""
    return _shown(outcome.found)


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def quantity_of(check: Check) -> str:
    """The check's own name, or its job, variable and place."""
    place = ", ".join(f"{k}={v}" for k, v in check.select.items())
    what = " ".join(part for part in (check.variable, check.attribute) if part)
    return check.name or f"{check.job}: {what}" + (f" ({place})" if place else "")


def reproduce(
    folder: Path,
    output: Path,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    draw: Callable[[Figure, Results, Path], None] | None = None,
    announce: Callable[[str], None] | None = None,
) -> Report:
    """Run a paper's jobs into `output`, compare, and write report.md there.

    draw: makes one figure (the caller knows how to plot; this room does not). announce: told the name of each run as it
    starts. Results that are there already are read, so a second call is quick. Raises InputError.
    """
    reference = load_reference(folder)
    claims = load_claims(folder, reference)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make this folder ({error.strerror})", where=str(output)) from error
    results: dict[str, xr.Dataset] = {}
    for name in job_names(folder):
        if _only_scanned(name, reference):
            continue
        if announce:
            announce(name)
        path = folder / f"{name}.toml"
        results[name] = run_job(
            load_job(path), output / f"{name}.nc", workers=workers, progress=progress, text=job_text(path)
        )
    for scan in reference.scan:
        if announce:
            announce(scan.name)
        results[scan.name] = run_scan(scan, folder, output, workers=workers, progress=progress)
    outcomes = tuple(evaluate(check, results) for check in reference.check)
    failed = {o.check.name for o in outcomes if not o.passed}
    verdicts = tuple(Verdict(claim, not failed & set(claim.checks)) for claim in claims)
    report = Report(folder.name, reference, outcomes, verdicts, results)
    (output / "report.md").write_text(report.markdown(), encoding="utf-8")
    for figure in reference.figure if draw else ():
        assert draw is not None
        draw(figure, results, output / figure.file)
    return report


def _only_scanned(name: str, reference: Reference) -> bool:
    """A job that only a scan refers to need not be run as it stands."""
    direct = {p.job for p in reference.check} | {line.job for f in reference.figure for line in f.line}
    return name in {scan.job for scan in reference.scan} and name not in direct


def run_scan(scan: Scan, folder: Path, output: Path, *, workers: int, progress: Progress | None) -> xr.Dataset:
    """One job for every value of one key, joined along a new dimension."""
    path = folder / f"{scan.job}.toml"
    raw = parse_toml(job_text(path), str(path))
    parts = []
    for i, value in enumerate(scan.values):
        job = validated(_with_key(raw, scan.key, value), source=str(path), folder=folder)
        parts.append(run_job(job, output / f"{scan.name}-{i:03d}.nc", workers=workers, progress=progress))
    if all("mu_from_reference" in part.coords for part in parts):
        # absolute energies shift with the reference; what the scan holds fixed is the distance from it
        parts = [_on_relative_mu(part) for part in parts]
    dim = xr.Variable(
        (scan.dim,), np.array(scan.values), {"units": scan.units, "long_name": scan.long_name or scan.dim}
    )
    return xr.concat(parts, dim=dim, join="exact", combine_attrs="drop_conflicts")


def _on_relative_mu(ds: xr.Dataset) -> xr.Dataset:
    relative = ds["mu_from_reference"].variable
    return ds.drop_vars("mu_from_reference").assign_coords(mu=("mu", relative.values, relative.attrs))


def _with_key(raw: dict[str, Any], key: str, value: float) -> dict[str, Any]:
    tables = copy.deepcopy(raw)
    *path, last = key.split(".")
    inner = tables
    for step in path:
        inner = inner.setdefault(step, {})
    inner[last] = value
    return tables


def evaluate(check: Check, results: Results) -> Outcome:
    """The number that a check asks for, its error carried along (to first order). Raises InputError."""
    if isinstance(check.value, str):
        return Outcome(check, str(_single(check, results, None).item()), math.nan)
    found, error = _number(check, results, check.unit, check.absolute)
    if check.minus is not None:
        other, other_error = _number(check.minus, results, check.unit, check.absolute)
        found, error = found - other, error + other_error
    if check.over is not None:
        other, other_error = _number(check.over, results, None, check.absolute)
        error = abs(error / other) + abs(found / other**2) * other_error
        found = found / other
    if check.absolute:
        found = abs(found)
    return Outcome(check, found, error)


def _number(probe: Probe, results: Results, unit: str | None, magnitude: bool) -> tuple[float, float]:
    """(number, its error); complex ones only as a magnitude or one part."""
    if probe.attribute:
        return _attribute(probe, results[probe.job]), math.nan
    value = _single(probe, results, unit).item()
    if probe.part is not None:
        value = getattr(value, probe.part)
    if isinstance(value, complex):
        if not magnitude:
            raise InputError(
                f"'{probe.variable}' is complex", where="reference.toml", fix="add absolute = true, or a part"
            )
        value = abs(value)
    error_name = probe.variable + ERROR_SUFFIX
    if error_name not in results[probe.job]:
        return float(value), math.nan
    error = pick(results[probe.job], Probe(job=probe.job, variable=error_name, select=probe.select), unit)
    return float(value), float(error.item())


def _single(probe: Probe, results: Results, unit: str | None) -> xr.DataArray:
    value = pick(results[probe.job], probe, unit)
    if value.size != 1:
        raise InputError(
            f"'{probe.variable}' of '{probe.job}' is not one number there",
            where="reference.toml",
            fix="select a value of " + ", ".join(str(d) for d in value.dims),
        )
    return value


def _attribute(probe: Probe, ds: xr.Dataset) -> float:
    where = f"reference.toml: {probe.job}"
    if probe.variable and probe.variable not in ds:
        raise InputError(f"no variable '{probe.variable}'", where=where, fix="there are " + ", ".join(map(str, ds)))
    attributes = ds[probe.variable].attrs if probe.variable else ds.attrs
    try:
        return float(attributes[probe.attribute])
    except (KeyError, ValueError, TypeError):
        numbers = [str(k) for k, v in attributes.items() if isinstance(v, (int, float, np.number))]
        raise InputError(
            f"no number '{probe.attribute}' among the attributes", where=where, fix="there are " + ", ".join(numbers)
        ) from None


def pick(ds: xr.Dataset, probe: Probe, unit: str | None = None) -> xr.DataArray:
    """The part of a variable that a probe selects. Raises InputError when a name or a value is not there."""
    where = f"reference.toml: {probe.job}"
    if probe.variable not in ds:
        raise InputError(f"no variable '{probe.variable}'", where=where, fix="there are " + ", ".join(map(str, ds)))
    array = (convert_units(ds, unit) if unit else ds)[probe.variable]
    for name, wanted in probe.select.items():
        if name not in array.coords:
            raise InputError(f"'{probe.variable}' has no '{name}' to select", where=where)
        coord = array.coords[name]
        hits = (
            coord.values == wanted
            if isinstance(wanted, str)
            else np.isclose(coord.values, wanted, rtol=1e-9, atol=1e-9)
        )
        if coord.ndim != 1 or np.count_nonzero(hits) != 1:
            raise InputError(f"{name} = {wanted} is not among its values", where=where)
        array = array.isel({coord.dims[0]: int(np.flatnonzero(hits)[0])})
    return array
