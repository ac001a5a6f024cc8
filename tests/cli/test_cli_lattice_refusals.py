"""Bad records, crystals, profiles and grids on the command line: one line that says why, status 2, no file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from crosscurrent.cli.app import app
from crosscurrent.models.local_mode_file import local_mode, save_local_mode
from reference.rigid_ion import Perovskite

JOB = """
[model]
kind = "local_mode"
{record}

[ferron_hall]
grid = {grid}
temperature = {temperature}
damping = {damping}
omega_B = 80
"""
SOUND = {
    "record": 'local_mode = "batio3-b"',
    "grid": "[6, 5, 3]",
    "temperature": "{ hot = 50, cold = 0, width = 0.25, smoothing = 0.125 }",
    "damping": "{ layers = 2 }",
}
WELL = ("--barrier", "0.0384", "--u0", "0.0716")


def refused(words: list[str], where: Path) -> str:
    """The one line of a command that must fail and leave the folder as it was."""
    before = {path: path.read_bytes() for path in where.rglob("*") if path.is_file()}
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2, done.output
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: "), done.output
    assert {path: path.read_bytes() for path in where.rglob("*") if path.is_file()} == before
    return lines[0]


def broken(edit: Callable[[dict[str, Any]], None], path: Path) -> str:
    """The line of a [model] table that names record B after an edit of its file."""
    save_local_mode(local_mode("batio3-b"), path)
    data = json.loads(path.read_text())
    edit(data)
    path.write_text(json.dumps(data))
    return f'file = "{path.name}"'


def _unstable(data: dict[str, Any]) -> None:
    for entry in data["short_range_eV_per_angstrom2"]:
        entry["K"] = (-np.array(entry["K"])).tolist()


def _one_sided(data: dict[str, Any]) -> None:
    """+1 at R, -1 at -R: still no sum, but no inversion."""
    for entry in data["short_range_eV_per_angstrom2"]:
        if [abs(n) for n in entry["R"]] == [1, 0, 0]:
            entry["K"][0][0] += entry["R"][0]


def _with_a_sum(data: dict[str, Any]) -> None:
    for entry in data["short_range_eV_per_angstrom2"]:
        if entry["R"] == [0, 0, 0]:
            entry["K"][1][1] += 0.5


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (_unstable, r"unstable.*eigenvalue -\d.* eV/angstrom\^2 at \(q_x, q_z\)"),
        (_one_sided, "breaks inversion"),
        (_with_a_sum, "sum"),
    ],
)
@pytest.mark.parametrize("dry", [False, True])
def test_records(edit: Callable[[dict[str, Any]], None], words: str, dry: bool, tmp_path: Path) -> None:
    job = JOB.format(**SOUND | {"record": broken(edit, tmp_path / "own.json")})
    (tmp_path / "job.toml").write_text(job)
    asked = ["run", str(tmp_path / "job.toml"), "-o", str(tmp_path / "out.nc"), *(["--dry-run"] if dry else [])]
    line = refused(asked, tmp_path)
    assert re.search(words, line), line


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"temperature": "{ hot = -3, cold = 0 }"}, r"ferron_hall\.temperature\.hot: must be 0 or more"),
        ({"temperature": "[50, 40, 10, -1, 5, 20]"}, r"ferron_hall\.temperature"),
        ({"temperature": "[1, 2, 3]"}, "the temperature has 3 values, the grid 6"),
        ({"damping": "[5, 3, 2]"}, "the damping has 3 values, the grid 5"),
        ({"damping": "{ layers = 3 }"}, "a sponge of 3 layers"),
        ({"grid": "[100001, 85, 13]", "damping": "{ layers = 10 }"}, "the grid needs .* GiB a worker and .* allowed"),
    ],
)
def test_profiles_and_grids(changes: dict[str, str], words: str, tmp_path: Path) -> None:
    (tmp_path / "job.toml").write_text(JOB.format(**SOUND | changes))
    line = refused(["run", str(tmp_path / "job.toml"), "-o", str(tmp_path / "out.nc")], tmp_path)
    assert re.search(words, line), line


@cache
def _yaml(kind: str) -> str:
    plain = Perovskite()
    if kind == "stable":
        return Perovskite(springs=plain.springs | {frozenset(("Ti", "O")): (25.0, 1.2)}).yaml()
    if kind == "not cubic":
        last_vector = re.compile(r"(\n  lattice:\n.*\n.*\n.*)4\.0{15}( \]\n  points)")
        return last_vector.sub(r"\g<1>4.100000000000000\2", plain.yaml(), count=1)
    return plain.yaml(nac=kind == "charges")


@pytest.mark.parametrize(
    ("kind", "born", "words"),
    [
        ("no charges", None, "no Born charges"),
        ("no charges", (0, 1), "BORN: holds 2 charges for a cell of 5 atoms, 3 of them independent"),
        # those of a cell that lists its atoms in another order
        ("no charges", (2, 3, 4, 0, 1), "the Born charges miss the symmetry of the cell by"),
        ("no charges", "lost", "BORN"),
        ("stable", None, "polar modes at the zone centre are stable, the lowest at"),
        ("not cubic", None, "cubic"),
    ],
)
def test_crystals(kind: str, born: Any, words: str, tmp_path: Path) -> None:
    (tmp_path / "phonopy_params.yaml").write_text(_yaml(kind))
    more = []
    if born is not None:
        more = ["--born", str(tmp_path / "BORN")]
    if isinstance(born, tuple):
        Perovskite().born_file(tmp_path / "BORN", born)
    asked = ["convert", "phonopy", str(tmp_path / "phonopy_params.yaml"), *WELL, *more, "-o", str(tmp_path / "a.json")]
    line = refused(asked, tmp_path)
    assert re.search(words, line), line


def test_a_soft_mode_that_is_not_polar(tmp_path: Path) -> None:
    """Two oxygens against each other soften below zero, while the polar mode is stiff."""
    stiff = replace(Perovskite(), springs=Perovskite().springs | {frozenset(("Ti", "O")): (25.0, 1.2)})
    site, _ = stiff.supercell()
    silent = np.zeros((3, 5, 3))
    for x, (one, other) in enumerate([(3, 4), (4, 2), (2, 3)]):
        silent[x, one, x], silent[x, other, x] = 1, -1
    # the wave of no wave vector, of every cell with every other
    stiff.__dict__["constants"] = stiff.constants - 4 * np.einsum("mix,mjy->ijxy", silent[:, site], silent[:, site])
    (tmp_path / "phonopy_params.yaml").write_text(stiff.yaml())
    asked = ["convert", "phonopy", str(tmp_path / "phonopy_params.yaml"), *WELL, "-o", str(tmp_path / "a.json")]
    line = refused(asked, tmp_path)
    assert "is not polar" in line, line
