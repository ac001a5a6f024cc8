"""The linear trajectories that stand beside those of the whole lattice: which harmonic well keeps closest to it.

A control variate may have any exact mean, so the twin need not be the lattice at rest. Fluctuations of the anharmonic
lattice turn more slowly or faster than those of the harmonic one, and two that drift apart in phase explain each other
no longer. A little more or less stiffness along the axis makes the twin keep step, as in a self-consistent harmonic
theory; here it is found from the trajectories themselves, the bubble of two cubic terms with its memory included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.chunks import ChunkMap
from crosscurrent.numerics.driven_slab import DrivenSlab
from crosscurrent.numerics.slab_stability import lowest_mode
from crosscurrent.numerics.steady_state import steady_state
from crosscurrent.physics.lattice_langevin import driven_slab, gyration
from crosscurrent.responses.ferron_hall_langevin_maps import row_of_maps
from crosscurrent.responses.ferron_hall_langevin_run import Trajectories
from crosscurrent.responses.ferron_hall_langevin_sampling import APART
from crosscurrent.responses.ferron_hall_maps import maps_of

Floats = NDArray[np.float64]

#: Change of the stiffness, of k_par, that shows what a change does; the largest that is taken; and to what it is
#: rounded, so that machines whose last bits differ take the same twin.
_TRIAL, _MOST, _ROUND = -0.02, 0.2, 1e-4
#: Damping times until the two are compared, for as long again, and steps from one comparison to the next.
_SETTLED, _EVERY = 3.0, 20


def closest_twin(trajectories: Trajectories, run: ChunkMap) -> Trajectories:
    """The same, with the twin's stiffness that keeps it closest to the whole lattice; unchanged without a twin."""
    if not trajectories.twin:
        return trajectories
    (found,) = run("twin", _Pilot(trajectories), [None])
    chosen = replace(trajectories, twin_change=float(found["change"]))
    # a twin has to have a steady state, and at this step
    modes = lowest_mode(_problem(chosen, 0.0).stiffness, chosen.slab.shape[2])
    return chosen if modes.value > 0 and modes.highest < (2 / chosen.step) ** 2 else trajectories


def twin_rows(trajectories: Trajectories, fields: Sequence[str], run: ChunkMap) -> dict[str, Floats]:
    """Exact means of the twins by field, as rows (Nx, Ny, WIDTH)."""
    rows = {}
    for name, omega in zip(fields, trajectories.omegas, strict=True):
        problem = _problem(trajectories, omega)
        state = steady_state(problem, stage=f"twin-{name}", run=run)
        maps = maps_of(trajectories.record, problem, state, trajectories.temperature)
        rows[name] = row_of_maps(trajectories.record, maps)
    return rows


def _problem(trajectories: Trajectories, omega: float) -> DrivenSlab:
    """What the twin is, at the step of the trajectories."""
    record, slab = trajectories.record, trajectories.slab
    return driven_slab(
        record.couplings(slab),
        trajectories.twin_well(trajectories.twin_change),
        record.mass,
        trajectories.damping,
        gyration(omega),
        step=trajectories.step,
    )


@dataclass(frozen=True, eq=False)
class _Pilot:
    """One realization of the whole lattice and of two linear ones in the last of the fields, and what follows of it."""

    trajectories: Trajectories

    def __call__(self, _: None) -> dict[str, Floats]:
        """The change of stiffness, eV/angstrom^2, that leaves the least mean square of the difference in velocity.

        To first order in the change it is a regression on the difference that the trial makes.
        """
        run = self.trajectories
        trial = _TRIAL * run.record.well.curvature
        langevin = run.dynamics([run.well(), run.harmonic(0.0), run.harmonic(trial)], run.omegas[-1:] * 3)
        steps = int(_SETTLED / float(run.damping.min()) / run.step)
        state = langevin.advance(langevin.start(0.0, 0.0, (APART,)), steps)
        wanted, moved = 0.0, 0.0
        for _step in range(0, steps, _EVERY):
            state = langevin.advance(state, _EVERY)
            whole, rest, tried = np.asarray(state.v[0], dtype=float)
            wanted += float(((whole - rest) * (tried - rest)).sum())
            moved += float(((tried - rest) ** 2).sum())
        share = _TRIAL * wanted / moved if moved > 0 else 0.0
        rounded = round(min(max(share, -_MOST), _MOST) / _ROUND) * _ROUND
        return {"change": np.array(rounded * run.record.well.curvature)}
