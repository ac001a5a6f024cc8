"""Papers: reference values compared, claims judged, scans joined; and every folder that ships is sound."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from crosscurrent.jobs import load_job
from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.reference import Check, Probe, job_names, load_reference, paper_folder, paper_keys, papers_root
from crosscurrent.jobs.reproduce import evaluate, pick, reproduce
from crosscurrent.units import InputError

JOB = """
response = "anomalous_hall"
[model]
material = "hole-gas-gaas"
[anomalous_hall]
mu = [0.01, 0.02]
mu_from = "reference"
[zone]
method = "polar"
radial = 8
angular = 4
"""
REFERENCE = """
title = "A toy paper"
paper = "Somebody, Journal 1, 1 (2000)"
doi = "10.1/1"

[[scan]]
name = "gate"
job = "holes"
key = "model.parameters.field"
values = [1e6, 2e6]
dim = "gate_field"
units = "V/m"

[[check]]
name = "sum rule"
job = "holes"
variable = "conductivity"
select = { mu_from_reference = 0.01, current = "x", field = "x" }
value = 0.0
atol = 1e-9
source = "symmetry"

[[check]]
name = "scan"
job = "gate"
variable = "conductivity"
select = { mu = 0.02, gate_field = 2e6, current = "y", field = "y" }
value = 1.0
relation = "below"
source = "symmetry"

[[figure]]
file = "fig.png"
title = "A figure"
[[figure.line]]
job = "gate"
variable = "conductivity"
select = { mu = 0.02, current = "x", field = "y" }
label = "GaAs"
"""
CLAIMS = """
[[claim]]
where = "Fig. 1"
text = "The diagonal part vanishes."
verdict = "reproduces"
why = "See the table."
checks = ["sum rule", "scan"]

[[claim]]
where = "Eq. (7)"
text = "A sign is wrong."
verdict = "reproduces with correction"
why = "Dimensions."
command = "python -c 'print(2)'"
ours = "2"
"""


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    folder = tmp_path / "papers" / "toy-fig1"
    folder.mkdir(parents=True)
    (folder / "holes.toml").write_text(JOB)
    (folder / "reference.toml").write_text(REFERENCE)
    (folder / "claims.toml").write_text(CLAIMS)
    return folder


def change(folder: Path, old: str, new: str, file: str = "reference.toml") -> None:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_reproduce_runs_compares_and_reports(paper: Path, tmp_path: Path) -> None:
    drawn: list[str] = []
    told: list[str] = []
    report = reproduce(
        paper,
        tmp_path / "out",
        draw=lambda figure, found, path: drawn.append(f"{path.name}: {found[figure.line[0].job].sizes['gate_field']}"),
        announce=told.append,
    )
    assert report.passed
    assert [o.passed for o in report.outcomes] == [True, True]
    assert [v.stands for v in report.verdicts] == [True, True]
    assert drawn == ["fig.png: 2"]
    assert told == ["holes", "gate"]
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"holes.nc", "gate-000.nc", "gate-001.nc", "report.md"}
    text = (tmp_path / "out" / "report.md").read_text()
    for part in (
        "# A toy paper",
        "doi:10.1/1",
        "| sum rule |",
        "**reproduces** (Fig. 1)",
        "**reproduces with correction**",
        "< 1",
    ):
        assert part in text


def test_second_call_reads_what_is_there(paper: Path, tmp_path: Path) -> None:
    reproduce(paper, tmp_path / "out")
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "out").glob("*.nc")}
    reproduce(paper, tmp_path / "out")
    assert {p.name: p.stat().st_mtime_ns for p in (tmp_path / "out").glob("*.nc")} == before


def test_failing_check_takes_the_verdict_with_it(paper: Path, tmp_path: Path) -> None:
    change(paper, "value = 0.0", "value = 5.0")
    report = reproduce(paper, tmp_path / "out")
    assert not report.passed
    assert [o.passed for o in report.outcomes] == [False, True]
    assert [v.stands for v in report.verdicts] == [False, True]
    assert "NOT CONFIRMED" in report.markdown()
    assert "**NO**" in report.markdown()


def test_scan_keeps_the_distance_from_the_reference(paper: Path, tmp_path: Path) -> None:
    """Absolute energies move with the gate field; the scan is at fixed energy above the band bottom."""
    report = reproduce(paper, tmp_path / "out")
    scan = report.results["gate"]
    np.testing.assert_array_equal(scan["mu"], [0.01, 0.02])
    np.testing.assert_array_equal(scan["gate_field"], [1e6, 2e6])
    assert scan["gate_field"].attrs["units"] == "V/m"
    np.testing.assert_array_equal(scan["conductivity"][0], report.results["holes"]["conductivity"])
    assert not np.array_equal(scan["conductivity"][0], scan["conductivity"][1])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('job = "gate"\nvariable', 'job = "gaet"\nvariable', "no job or scan 'gaet' (did you mean 'gate'?)"),
        ("atol", "atoll", "check[0].atoll: unknown key (did you mean 'atol'?)"),
        ("atol = 1e-9", "atol = -1", "check[0].atol: must be 0 or more"),
        ('title = "A toy paper"', "", "title: this key is required"),
        ("[[check]]", "[[check", "not valid TOML"),
        (
            'variable = "conductivity"\nselect = { mu_from',
            'variable = "conduct"\nselect = { mu_from',
            "no variable 'conduct'",
        ),
        ("mu_from_reference = 0.01", "mu_from_reference = 0.011", "mu_from_reference = 0.011 is not among"),
        ('current = "y", field = "y"', 'current = "z", field = "y"', "current = z is not among"),
        ('gate_field = 2e6, current = "y"', 'current = "y"', "select a value of gate_field"),
        ('gate_field = 2e6, current = "y"', 'gate = 2e6, current = "y"', "has no 'gate' to select"),
    ],
)
def test_reference_that_does_not_fit(paper: Path, tmp_path: Path, old: str, new: str, words: str) -> None:
    change(paper, old, new)
    with pytest.raises(InputError) as caught:
        reproduce(paper, tmp_path / "out")
    assert words.lower() in str(caught.value).lower()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('["sum rule", "scan"]', '["sum rul"]', "no check is named 'sum rul' (did you mean 'sum rule'?)"),
        ('"reproduces"', '"true"', "claim[0].verdict: 'true' is not known"),
        ('"reproduces"', '"artefact"', "claim[0].verdict: 'artefact' is not known"),
        ('checks = ["sum rule", "scan"]', "", "rests on no check and no command"),
        ('"reproduces"', '"depends on unpublished input"', "`needs` goes with"),
        ('ours = "2"', "", "`command` and `ours` go together"),
        ('where = "Fig. 1"', "", "claim[0].where: this key is required"),
        ('[[claim]]\nwhere = "Eq', '[[claim]\nwhere = "Eq', "not valid TOML"),
    ],
)
def test_claims_that_do_not_fit(paper: Path, tmp_path: Path, old: str, new: str, words: str) -> None:
    change(paper, old, new, "claims.toml")
    with pytest.raises(InputError) as caught:
        reproduce(paper, tmp_path / "out")
    assert words.lower() in str(caught.value).lower()


# ------------------------------------------------------------------------------------------------ checks
def results_with(value: float, error: float | None) -> dict[str, xr.Dataset]:
    attrs = {"units": "(hbar/e) S/cm", "long_name": "a"}
    data = {"a": (("mu",), [value, 10.0], attrs)}
    if error is not None:
        data["a_error"] = (("mu",), [error, 1.0], attrs)
    return {"job": xr.Dataset(data, {"mu": ("mu", [0.0, 0.3], {"units": "eV", "long_name": "mu"})})}


def check(value: float, **more: object) -> Check:
    return Check(job="job", variable="a", select={"mu": 0.0}, value=value, source="here", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (check(100.0, rtol=0.01), True),
        (check(101.0, rtol=0.011), True),
        (check(102.0, rtol=0.01), False),
        (check(100.5, atol=0.6), True),
        (check(100.5, atol=0.4), False),
        (check(100.0), True),
        (check(100.0 + 1e-12), False),
        (check(99.0, relation="above"), True),
        (check(100.0, relation="above"), False),
        (check(101.0, relation="below"), True),
        (check(100.0, relation="below"), False),
        (check(20000.0, rtol=1e-12, unit="(hbar/2e) S/m"), True),
    ],
)
def test_relations_and_tolerances(given: Check, passed: bool) -> None:
    assert evaluate(given, results_with(100.0, 0.5)).passed is passed


def test_nan_passes_no_check() -> None:
    for relation in ("equal", "above", "below"):
        assert not evaluate(check(0.0, relation=relation, atol=1e9), results_with(math.nan, None)).passed


def test_differences_and_ratios_carry_the_error() -> None:
    other = Probe(job="job", variable="a", select={"mu": 0.3})
    found = evaluate(check(90.0, minus=other), results_with(100.0, 0.5))
    assert (found.found, found.error) == (90.0, 1.5)
    found = evaluate(check(10.0, over=other), results_with(100.0, 0.5))
    # d(a/b) = da/b + a db/b^2
    assert (found.found, found.error) == (10.0, pytest.approx(0.05 + 1.0))
    assert math.isnan(evaluate(check(0.0), results_with(100.0, None)).error)


def test_pick_leaves_the_axes_that_are_not_selected() -> None:
    array = pick(results_with(100.0, 0.5)["job"], Probe(job="job", variable="a"))
    np.testing.assert_array_equal(array, [100.0, 10.0])


# ------------------------------------------------------------------------------------------------ what ships
def test_unknown_paper_is_refused_with_the_nearest(paper: Path) -> None:
    with pytest.raises(InputError, match=r"unknown paper 'toy-fig2' \(did you mean 'toy-fig1'\?\)"):
        paper_folder("toy-fig2", paper.parent)
    assert paper_keys(paper.parent) == ["toy-fig1"]


@pytest.mark.parametrize("key", paper_keys())
def test_every_paper_that_ships_is_sound(key: str) -> None:
    folder = papers_root() / key
    reference = load_reference(folder)
    assert (folder / "README.md").is_file()
    assert reference.check
    assert all(c.source for c in reference.check)
    for name in job_names(folder):
        prepare(load_job(folder / f"{name}.toml"))
