"""What a folder papers/<key>/ holds, and where the folders are.

<key>/
  <name>.toml       jobs, named by their file
  reference.toml    values to compare with, each with its source and tolerance; figures
  claims.toml       what the paper says, with a verdict on each sentence
  README.md         the page to read

reference.toml is one `Reference` table and claims.toml a list of `Claim`, checked like a job file.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, field

from crosscurrent.disk import parse_toml
from crosscurrent.jobs.parse import job_text
from crosscurrent.jobs.quantities import nearest
from crosscurrent.jobs.schema import Table
from crosscurrent.jobs.validate import convert
from crosscurrent.units import InputError

REFERENCE = "reference.toml"
CLAIMS = "claims.toml"
#: A key that takes more seconds than this is left out by --fast.
SLOW_SECONDS = 60.0

VerdictName = Literal["reproduces", "reproduces with correction", "depends on unpublished input", "does not hold"]
#: What can become of a claim, in the order of the summary.
VERDICTS: tuple[VerdictName, ...] = get_args(VerdictName)


class Probe(Table, frozen=True, kw_only=True):
    """One number out of a result. job: a job or a scan. select: coordinate -> value, e.g. {mu = 0.3, spin = "y"}.

    variable: its name. attribute: instead of a value, a number among the attributes of the variable (such as
    symmetry_forbidden, what symmetry forbids over the largest component) or, without a variable, of the result
    (direct_gap_eV). part: of a complex number.
    """

    job: str
    variable: str = ""
    attribute: str = ""
    part: Literal["real", "imag"] | None = None
    select: dict[str, Any] = field(default_factory=dict)


class Check(Probe, frozen=True, kw_only=True):
    """A number compared with a reference value.

    value: a number, or the text of a label (the `kind` of a mechanism). absolute: of the magnitude. minus, over:
    another number to subtract, or to divide by, first. relation: "equal" within rtol or atol, or "above" or "below"
    the value. unit: of the value; the result is converted. source: where the value comes from. name: for claims.
    """

    value: float | str
    source: str
    name: str = ""
    relation: Literal["equal", "above", "below"] = "equal"
    rtol: Annotated[float, Meta(ge=0)] = 0.0
    atol: Annotated[float, Meta(ge=0)] = 0.0
    absolute: bool = False
    unit: str | None = None
    minus: Probe | None = None
    over: Probe | None = None


class Claim(Table, frozen=True, kw_only=True):
    """A quantitative or testable statement of the paper, and what our numbers say of it.

    where: its equation, figure, table or section. why: one line. checks: names of the checks that the verdict rests on.
    command: what recomputes it, when that is not `crosscurrent reproduce KEY`, and ours: what it finds. needs: the
    input that is not published, for the verdict that says so.
    """

    where: str
    text: str
    verdict: VerdictName
    why: str
    checks: tuple[str, ...] = ()
    command: str = ""
    ours: str = ""
    needs: str = ""


class Claims(Table, frozen=True, kw_only=True):
    """The whole of claims.toml."""

    claim: tuple[Claim, ...] = ()


class Scan(Table, frozen=True, kw_only=True):
    """One job run for several values of one key; the result, under `name`, has one more dimension `dim`.

    key: path of the key in the job, e.g. "model.parameters.field".
    """

    name: str
    job: str
    key: str
    values: tuple[float, ...]
    dim: str
    units: str = ""
    long_name: str = ""


class Line(Probe, frozen=True, kw_only=True):
    """One curve: what `select` leaves, over its one remaining axis. One panel in the other kinds of figure."""

    label: str = ""


class Figure(Table, frozen=True, kw_only=True):
    """One figure, written as `file`. unit: everything is converted to it.

    kind: "curves", all lines on one pair of axes; "map", a panel a line, a component over momentum; "bands", a panel
    a line, of a job of bands, coloured by the variable (with select = {spin = "z"}) unless that is "energy";
    "direction", a panel a line, the in-plane spin that a tensor gives for every direction of the field; "mechanisms",
    the bars of the one line's job. Of metals with soft phonons: "coefficient", chi or kappa of all lines over x, and
    their ratio to the first line; "phase_map", "quadrupole" and "arrows", of the one line's job; "polarization", a
    panel a line. Of lattices: "slab", the maps of the one line's job; "channels", the same with what the modes do
    below them; "trajectories", what is odd beside the noise-free maps, with errors; "field_scan", their size over what
    was scanned; "dispersion", phonons, a panel a line. Of curves: x is the coordinate on the horizontal axis, such as
    "frequency"; absolute draws magnitudes; log draws them on two logarithmic axes. xlim, ylim: limits of the axes of
    curves and bands.
    """

    file: str
    kind: Literal[
        "curves",
        "map",
        "bands",
        "direction",
        "mechanisms",
        "coefficient",
        "phase_map",
        "quadrupole",
        "polarization",
        "arrows",
        "slab",
        "channels",
        "trajectories",
        "field_scan",
        "dispersion",
    ] = "curves"
    title: str = ""
    unit: str | None = None
    xlabel: str = ""
    ylabel: str = ""
    x: str | None = None
    absolute: bool = False
    log: bool = False
    xlim: tuple[float, float] | None = None
    ylim: tuple[float, float] | None = None
    line: tuple[Line, ...]


class Reference(Table, frozen=True, kw_only=True):
    """The whole of reference.toml. notes: free text of the report. seconds: what all jobs take on one core."""

    title: str
    paper: str
    doi: str = ""
    notes: str = ""
    seconds: Annotated[float, Meta(ge=0)] = 0.0
    check: tuple[Check, ...] = ()
    scan: tuple[Scan, ...] = ()
    figure: tuple[Figure, ...] = ()


def papers_root() -> Path:
    """The folder of papers that comes with the package."""
    return Path(str(resources.files("crosscurrent") / "papers"))


def paper_keys(root: Path | None = None) -> list[str]:
    """Every key, sorted."""
    return sorted(p.parent.name for p in (root or papers_root()).glob(f"*/{REFERENCE}"))


def paper_folder(key: str, root: Path | None = None) -> Path:
    """The folder of a key. Raises InputError with the nearest key."""
    keys = paper_keys(root)
    if key not in keys:
        known = ", ".join(keys) or "there are none"
        raise InputError(f"unknown paper '{key}'{nearest(key, keys)}", where="reproduce", fix=f"known: {known}")
    return (root or papers_root()) / key


def load_reference(folder: Path) -> Reference:
    """Read reference.toml; raises InputError for what does not fit, also for names that nothing carries."""
    path = folder / REFERENCE
    reference = convert(_tables(path), Reference, str(path))
    known = {*job_names(folder), *(scan.name for scan in reference.scan)}
    probes: list[Probe] = [*reference.check, *(line for figure in reference.figure for line in figure.line)]
    probes += [p for check in reference.check for p in (check.minus, check.over) if p is not None]
    for name in [p.job for p in probes] + [scan.job for scan in reference.scan]:
        if name not in known:
            raise InputError(f"no job or scan '{name}'{nearest(name, known)}", where=str(path))
    for probe in probes:
        if not probe.variable and not probe.attribute:
            raise InputError(f"a number of '{probe.job}' needs a variable or an attribute", where=str(path))
    return reference


def load_claims(folder: Path, reference: Reference) -> tuple[Claim, ...]:
    """Read claims.toml, empty when there is none. Raises InputError for a claim that rests on nothing."""
    path = folder / CLAIMS
    if not path.is_file():
        return ()
    claims = convert(_tables(path), Claims, str(path)).claim
    checks = {check.name for check in reference.check}
    for claim in claims:
        for name in claim.checks:
            if name not in checks:
                raise InputError(f"no check is named '{name}'{nearest(name, checks)}", where=str(path))
        unpublished = claim.verdict == "depends on unpublished input"
        if bool(claim.needs) != unpublished:
            raise InputError(f"'{claim.text}': `needs` goes with 'depends on unpublished input'", where=str(path))
        if bool(claim.command) != bool(claim.ours):
            raise InputError(f"'{claim.text}': `command` and `ours` go together", where=str(path))
        if not (claim.checks or claim.command or unpublished):
            raise InputError(f"'{claim.text}' rests on no check and no command", where=str(path))
    return claims


def _tables(path: Path) -> dict[str, Any]:
    return parse_toml(job_text(path), str(path))


def job_names(folder: Path) -> list[str]:
    """Stems of the job files."""
    return sorted(p.stem for p in folder.glob("*.toml") if p.name not in (REFERENCE, CLAIMS))
