"""The keys of the phonon paper: each is sound, agrees with its references, and notices a broken formula."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crosscurrent.cli.reproduce import _draw
from crosscurrent.jobs import load_job
from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.limits import check_limits
from crosscurrent.jobs.reference import job_names, load_claims, load_reference, paper_keys, papers_root
from crosscurrent.jobs.reproduce import Report, reproduce
from crosscurrent.physics.phonon_spin import spin_trace, tensor
from crosscurrent.responses import phonon_spin_work

KEYS = tuple(f"kim-{name}" for name in ("fig1", "fig3", "fig4", "fig5", "fig6", "table1", "table2", "srtio3"))
#: Jobs that take seconds; with them go the checks that need them. The rest of a key takes a second or two.
SLOW = {
    "kim-fig5": ("frequency-gap", "frequency-warm"),
    "kim-fig6": (
        "one-loop",
        "t-formula",
        "t-published",
        "t-corrected",
        "gap-formula",
        "gap-published",
        "gap-corrected",
    ),
    "kim-srtio3": ("full",),
}
COARSER = {"kim-fig1": ("map", r"num = \d+", "num = 12"), "kim-fig4": ("map", r"num = \d+", "num = 5")}
#: Keys and the checks that must fail when a formula is broken.
BROKEN: dict[str, tuple[tuple[str, ...], str]] = {
    "tensor": (("kim-table1", "kim-table2", "kim-fig5"), "sigma|J_"),
    "weight": (("kim-fig6", "kim-fig1"), "thermal|exponent"),
    "vertex": (("kim-fig3",), "k at|zero line"),
}


def part_of(key: str, into: Path) -> Path:
    """The folder without its slow jobs and what rests on them; tolerances untouched."""
    folder = into / key
    # claims rest on checks that are left out here
    shutil.copytree(papers_root() / key, folder, ignore=shutil.ignore_patterns("claims.toml"))
    for name in SLOW.get(key, ()):
        (folder / f"{name}.toml").unlink()
    if key in COARSER:
        name, pattern, replacement = COARSER[key]
        path = folder / f"{name}.toml"
        text, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"))
        assert count
        path.write_text(text, encoding="utf-8")
    head, *blocks = re.split(r"(?m)^(?=\[\[)", (folder / "reference.toml").read_text(encoding="utf-8"))
    wanted = ("[[check]]", "[[figure]]", "[[figure.line]]")
    slow = [f'job = "{name}"' for name in SLOW.get(key, ())]
    kept = [b for b in blocks if b.startswith(wanted[: 1 if slow else 3]) and not any(s in b for s in slow)]
    (folder / "reference.toml").write_text(head + "".join(kept), encoding="utf-8")
    return folder


def test_the_keys() -> None:
    assert {key for key in paper_keys() if key.startswith("kim-")} == set(KEYS)


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
    for word in (f"crosscurrent reproduce {key}", reference.doi, *(f"**{c.verdict}**" for c in claims)):
        assert word in page
    assert all(f"`{figure.file}`" in page for figure in reference.figure)


@pytest.mark.parametrize("key", KEYS)
def test_numbers_agree(key: str, tmp_path: Path) -> None:
    folder = part_of(key, tmp_path / "papers")
    report = reproduce(folder, tmp_path / "out", draw=_draw)
    assert [o.check.name for o in report.outcomes if not o.passed] == []
    assert len(report.outcomes) == len(load_reference(folder).check) > 0
    for figure in report.reference.figure:
        assert (tmp_path / "out" / figure.file).read_bytes().startswith(b"\x89PNG")


def break_tensor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cross product in nu turned round."""
    right: Callable[[Any], Any] = tensor.nu
    monkeypatch.setattr(tensor, "nu", lambda q: -right(q))


def break_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    """The published phonon integral where the thermal one was asked for."""
    right: Callable[..., Any] = phonon_spin_work.phonon_integral
    monkeypatch.setattr(phonon_spin_work, "phonon_integral", lambda y, weight: right(y, "published"))


def break_vertex(monkeypatch: pytest.MonkeyPatch) -> None:
    """The longitudinal part of P in the place of the transverse one."""
    right: Callable[..., Any] = spin_trace.polarization_map

    def wrong(e: Any, p: Any, theta: Any, phi: Any) -> Any:
        return np.asarray(e) @ np.asarray(p) - right(e, p, theta, phi)

    monkeypatch.setattr(spin_trace, "polarization_map", wrong)


@pytest.mark.parametrize(("formula", "key"), [(name, key) for name, (keys, _) in BROKEN.items() for key in keys])
def test_broken_formula_fails(formula: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    {"tensor": break_tensor, "weight": break_weight, "vertex": break_vertex}[formula](monkeypatch)
    report: Report = reproduce(part_of(key, tmp_path / "papers"), tmp_path / "out")
    failed = [o.check.name for o in report.outcomes if not o.passed]
    assert failed
    assert any(re.search(BROKEN[formula][1], name) for name in failed), failed
