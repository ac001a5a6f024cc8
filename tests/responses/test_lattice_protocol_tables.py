"""The tables of the page on lattice protocols, recomputed: every number is to be right to the last digit shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from crosscurrent.models.effective_hamiltonian import batio3_2010
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.models.polar_lattice import polar_lattice
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.periodic_couplings import uniform_stiffness
from crosscurrent.responses.lattice_protocols_path import switching_path
from crosscurrent.responses.lattice_protocols_wall import domain_wall

PAGE = Path(__file__).resolve().parents[2] / "docs/theory/lattice_protocols.md"
A, B = batio3_2010(), local_mode("batio3-b")


def said(row: str) -> list[str]:
    """The numbers of the row of a table that begins with these words, as they are printed."""
    (line,) = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {row}")]
    cells = [cell.strip().replace("\u2212", "-") for cell in line.strip("| \n").split("|")]
    return [cell for cell in cells if cell.lstrip("-").replace(".", "", 1).isdigit()]


def assert_printed(found: list[float], printed: list[str]) -> None:
    assert [f"{value:.{len(text.partition('.')[2])}f}" for value, text in zip(found, printed, strict=True)] == printed


@pytest.mark.parametrize("surfaces", [False, True])
def test_walls_of_the_record(surfaces: bool) -> None:
    wall = domain_wall(B, (3, 24, 2), normal="y", surfaces=surfaces)
    assert_printed([1e3 * float(wall.wall_energy), float(wall.wall_width)], said("`batio3-b`, 180"))


def test_walls_of_the_effective_hamiltonian() -> None:
    wall = domain_wall(A, (24, 2, 2))
    assert_printed([1e3 * float(wall.wall_energy), float(wall.wall_width)], said("`batio3-2010` (no strain), 109"))


@pytest.mark.parametrize(("model", "row"), [(B, "`batio3-b` | 3"), (A, "`batio3-2010` (no strain) | 1")])
def test_switching_paths(model: object, row: str) -> None:
    path = switching_path(model, points=61)  # type: ignore[arg-type]
    field = float(path.homogeneous_coercive_field) / 1e5
    assert_printed([1e3 * float(path.barrier_straight), 1e3 * float(path.barrier_rotation), field], said(row))


def test_uniform_states() -> None:
    """The lowest points of the polynomial of a uniform state."""
    stiffness = float(uniform_stiffness(polar_lattice(A).couplings(Slab((2, 2, 2), open_y=False)))[0, 0])
    uniform = A.on_site.with_stiffness(stiffness)
    lengths = np.linspace(0.0, 0.5, 200_001)
    energies = []
    for direction in ([0, 0, 1], [0, 1, 1], [1, 1, 1]):
        a, b, c, d = uniform.along(direction)
        energies.append(1e3 * float(np.polyval([d, c, b, a, 0], lengths**2).min()))
    assert_printed(energies, said("energy (meV), as computed here"))
