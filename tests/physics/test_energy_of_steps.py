"""The table of energy errors on the page on Langevin dynamics, recomputed: baths off, with and without a field."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.langevin import Langevin
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.lattice_dynamics import lattice_dynamics
from crosscurrent.physics.lattice_observables import kinetic_energy
from crosscurrent.physics.lattice_time_step import energy
from crosscurrent.physics.on_site import WellOnSite

PAGE = Path(__file__).resolve().parents[2] / "docs/theory/ferron_hall_langevin.md"
RECORD, SLAB = local_mode("batio3-b"), Slab((6, 5, 3))
STEPS = (0.005, 0.0025, 0.00125, 0.000625)
NUMBERS = tuple(range(8))


def lattice(temperature: float, damping: float, omega: float, step: float) -> Langevin:
    sites = [WellOnSite(RECORD.well)]
    bath = {"temperature": temperature, "damping": damping}
    return lattice_dynamics(RECORD.couplings(SLAB), sites, RECORD.mass, omega=omega, step=step, seed=3, **bath)


def said(row: str) -> list[float]:
    (line,) = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {row} |")]
    return [float(cell) for cell in line.strip("| ").split("|")[1:]]


@pytest.mark.parametrize(
    ("row", "omega"), [(r"$\delta E/E_\mathrm{kin}$, no field", 0.0), ("in 80 rad/ps", 80.0)], ids=["no field", "field"]
)
def test_energy_errors_are_those_of_the_page(row: str, omega: float) -> None:
    """Root mean square over 0.6 ps over the mean kinetic energy, the mean over eight trajectories that began at 50 K.

    Each is 2 to 4 digits of one seeded run, so a percent is rounding; the order is 2.
    """
    warm = lattice(50.0, 2.0, omega, 0.0025)
    state = warm.advance(warm.start(RECORD.well.ordered, realizations=NUMBERS), 600)
    u, v = state.u, warm.full_step_velocity(state)
    couplings, site, found = RECORD.couplings(SLAB), WellOnSite(RECORD.well), []
    for step in STEPS:
        engine = lattice(0.0, 0.0, omega, step)
        state, total, moving = engine.start(u, v, NUMBERS), [], []
        for _ in range(60):
            state = engine.advance(state, round(0.01 / step))
            velocity = engine.full_step_velocity(state)[:, 0]
            total.append(energy(couplings, site, RECORD.mass, state.u[:, 0], velocity))
            moving.append(kinetic_energy(velocity, RECORD.mass).sum(axis=(1, 2, 3)))
        found.append(float(np.mean(np.std(total, axis=0) / np.mean(moving, axis=0))))
    assert found == pytest.approx(said(row), rel=0.02)
    orders = np.log2(np.array(found[:-1]) / found[1:])
    assert orders == pytest.approx([2.0, 2.0, 2.0], abs=0.1)
