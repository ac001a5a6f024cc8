"""Is a record stable on a given slab? The check that has to pass before anything is run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.numerics.slab import Slab
from crosscurrent.numerics.slab_stability import LowestMode, lowest_mode
from crosscurrent.physics.lattice_energy import Couplings
from crosscurrent.physics.lattice_langevin import stiffness
from crosscurrent.physics.lattice_units import ACCELERATION
from crosscurrent.units import InputError

#: Force on the ordered state, relative to k_par u_0, that still counts as none.
_AT_REST = 1e-9
#: A mode with less than this share of its weight in the two outermost layers on each side is one of the bulk.
_SURFACE = 0.7
#: A mode softer than this fraction of the stiffest has no restoring force worth the name.
_SOFT = 1e-10


@dataclass(frozen=True, eq=False)
class Stability:
    """lowest: eigenvalue of the stiffness, eV/angstrom^2, with tensor masses as in `check_stability`.

    frequency: of the fastest mode, rad/ps, which limits a time step to below 2/frequency. mode: where the lowest is.
    """

    lowest: float
    frequency: float
    mode: LowestMode


def check_stability(record: LocalMode, slab: Slab, couplings: Couplings | None = None) -> Stability:
    """The lowest eigenvalue of the stiffness around the ordered state, over every wave vector of the slab.

    With tensor masses the eigenvalue is that of M^(-1/2) Phi M^(-1/2), times the mean mass. couplings: of the record on
    the slab, when they are there already. Raises InputError when the ordered state is not an equilibrium of the slab,
    or is unstable, with the eigenvalue, its wave vector and what may be wrong.
    """
    ties = couplings if couplings is not None else record.couplings(slab)
    where = record.name or "local mode"
    _check_at_rest(record, ties, where)
    dynamical = stiffness(ties, record.well.stiffness, record.mass)
    found = lowest_mode(dynamical, slab.shape[2])
    lowest = found.value * float(np.trace(record.mass)) / 3 / ACCELERATION
    if found.value <= _SOFT * found.highest:
        raise InputError(_refusal(found, lowest, slab), where=where, fix=_remedy(record))
    return Stability(lowest, float(np.sqrt(found.highest)), found)


def _check_at_rest(record: LocalMode, couplings: Couplings, where: str) -> None:
    ordered = np.broadcast_to(record.well.ordered, (*couplings.slab.shape, 3))
    force = float(np.abs(couplings.force(np.ascontiguousarray(ordered))).max())
    scale = record.well.curvature * record.well.minimum
    if force <= _AT_REST * scale:
        return
    across = abs(record.well.axis[1]) > 1e-6
    raise InputError(
        f"the ordered state is not an equilibrium of this slab: a force of {force:.3g} eV/angstrom acts on it",
        where=where,
        fix="the polarization has to lie in the plane of the slab, which is open along y; turn the axis to x or z"
        if across
        else "the dipole kernel has to be symmetric under y -> -y for the axis chosen",
    )


def _refusal(found: LowestMode, lowest: float, slab: Slab) -> str:
    q_x, q_z = (q / (2 * np.pi) for q in found.wave_vector)
    edge = float(found.layers[:2].sum() + found.layers[-2:].sum())
    place = "at the surfaces" if edge > _SURFACE and slab.shape[1] > 4 else "inside the slab"
    return (
        f"the ordered state is unstable: the stiffness has the eigenvalue {lowest:.4g} eV/angstrom^2 at "
        f"(q_x, q_z) = ({q_x:.4g}, {q_z:.4g}) 2 pi/a, a mode {place}; {found.unstable} of {found.total} wave vectors "
        "have a negative one. A run would blow up"
    )


def _remedy(record: LocalMode) -> str:
    if record.dipole == "bare":
        return (
            "the bare dipole kernel jumps at the zone boundary: a short range made by subtracting it on a coarse grid "
            "does not cancel it in between. Use the damped kernel with a short range made for it"
        )
    return (
        "the short-range blocks have to be the residual for this dipole kernel and eta; blocks made for the bare "
        "kernel, or projected without removing the dipoles first, do not fit"
    )
