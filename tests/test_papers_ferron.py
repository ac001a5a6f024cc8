"""The ferron Hall keys: sound, with verdicts on every number; the quick ones run, and a broken formula is noticed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crosscurrent.cli.reproduce import _draw
from crosscurrent.jobs import load_job
from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.limits import check_limits
from crosscurrent.jobs.reference import job_names, load_claims, load_reference, paper_keys, papers_root
from crosscurrent.jobs.reproduce import reproduce
from crosscurrent.physics import well
from crosscurrent.responses import ferron_hall

KEYS = tuple(f"ferron-{name}" for name in ("fig3", "fig3-md", "figS1", "figS2", "omega", "sensitivity", "tables"))
QUICK = ("ferron-tables", "ferron-fig3", "ferron-figS1")
#: Minutes; a smaller slab stands for it here.
FULL = "ferron-figS2"
#: Minutes of trajectories, which the tests of the response stand for.
TRAJECTORIES = "ferron-fig3-md"


def test_the_keys() -> None:
    assert {key for key in paper_keys() if key.startswith("ferron-")} == set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_key_is_complete(key: str) -> None:
    folder = papers_root() / key
    reference = load_reference(folder)
    for name in job_names(folder):
        check_limits(prepare(load_job(folder / f"{name}.toml")))
    claims = load_claims(folder, reference)
    assert len({c.name for c in reference.check}) == len(reference.check)
    # every number that is compared carries a verdict
    assert {name for claim in claims for name in claim.checks} == {c.name for c in reference.check}
    page = (folder / "README.md").read_text(encoding="utf-8")
    for word in (f"crosscurrent reproduce {key}", *(f"**{c.verdict}**" for c in claims)):
        assert word in page
    assert all(f"`{figure.file}`" in page for figure in reference.figure)


@pytest.mark.parametrize("key", QUICK)
def test_numbers_agree(key: str, tmp_path: Path) -> None:
    report = reproduce(papers_root() / key, tmp_path / "out", draw=_draw)
    assert [o.check.name for o in report.outcomes if not o.passed] == []
    for figure in report.reference.figure:
        assert (tmp_path / "out" / figure.file).read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
@pytest.mark.parametrize("key", [key for key in KEYS if key not in (*QUICK, FULL, TRAJECTORIES)])
def test_slow_numbers_agree(key: str, tmp_path: Path) -> None:
    report = reproduce(papers_root() / key, tmp_path / "out", draw=_draw)
    assert [o.check.name for o in report.outcomes if not o.passed] == []


def test_channels_on_a_smaller_slab(tmp_path: Path) -> None:
    """The nine panels, and the checks that rest on symmetry alone."""
    folder = tmp_path / "papers" / FULL
    shutil.copytree(papers_root() / FULL, folder)
    job, reference = folder / "slab.toml", folder / "reference.toml"
    text = job.read_text(encoding="utf-8").replace("[101, 85, 13]", "[17, 9, 2]").replace("layers = 10", "layers = 3")
    job.write_text(text.replace("0.10", "0.25").replace("0.05", "0.12"), encoding="utf-8")
    words = reference.read_text(encoding="utf-8")
    for old, new in {
        "x = 58": "x = 11",
        "x = 42": "x = 5",
        "x = 45": "x = 7",
        "x = 55": "x = 9",
        "x = 50": "x = 8",
    }.items():
        words = words.replace(old, new)
    for old, new in {"y = 84": "y = 8", "y = 83": "y = 7", "y = 42": "y = 4"}.items():
        words = words.replace(old, new)
    reference.write_text(words, encoding="utf-8")
    report = reproduce(folder, tmp_path / "out", draw=_draw)
    failed = {o.check.name for o in report.outcomes if not o.passed}
    symmetric = {o.check.name for o in report.outcomes if "the other" in o.check.name}
    assert len(symmetric) == 8 and not failed & symmetric
    assert (tmp_path / "out" / "figS2.png").read_bytes().startswith(b"\x89PNG")


def test_broken_well_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cubic coefficient without its factor of two."""
    right: Callable[[Any], float] = well.Well.cubic.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(well.Well, "cubic", property(lambda self: right(self) / 2))
    report = reproduce(papers_root() / "ferron-tables", tmp_path / "out")
    failed = [o.check.name for o in report.outcomes if not o.passed]
    assert failed == ["a_parallel_eV_per_angstrom3", "S55_C_per_m2_angstrom2", "S58_C_per_m2_eV"]


def test_reversed_field_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A velocity that turns the other way: on a small slab, against the same slab with the right sense."""
    folder = tmp_path / "papers" / "ferron-fig3"
    shutil.copytree(papers_root() / "ferron-fig3", folder, ignore=shutil.ignore_patterns("claims.toml"))
    path = folder / "slab.toml"
    text, count = re.subn(r"grid = .*", "grid = [41, 5, 2]", path.read_text(encoding="utf-8"))
    text = text.replace("layers = 10", "layers = 2")
    assert count == 1
    path.write_text(text, encoding="utf-8")
    (folder / "reference.toml").write_text('title = "t"\npaper = "p"\n', encoding="utf-8")

    def odd(name: str) -> float:
        ds = reproduce(folder.parent / "ferron-fig3", tmp_path / name).results
        return float(ds["slab"].kinetic_energy_odd[28, 0])

    plain = odd("plain")
    right = ferron_hall.gyration
    monkeypatch.setattr(ferron_hall, "gyration", lambda omega: right(-omega))
    assert plain > 0
    assert odd("reversed") == pytest.approx(-plain, rel=1e-9)
