"""What a user knows of the double well, and the on-site potential that follows from it for a mode."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.switching_path import SwitchingPath, read_switching_path
from crosscurrent.physics.mode_projection import projected_endpoint
from crosscurrent.physics.well import Well, quartic_well
from crosscurrent.physics.well_fit import misfit, sextic_well
from crosscurrent.responses.soft_mode import SoftMode
from crosscurrent.units import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WellData:
    """What is known of the double well along the polar axis, per cell.

    Either barrier (eV) with u0 (angstrom) or with endpoint, or path. u0: displacement of the centre atom by the mode in
    the polar state. endpoint: (n, 3) angstrom, displacements of all atoms in the polar state, which is projected on the
    mode. path: a switching path, or its CSV file; u is the displacement of the centre atom by the mode. sextic: fits
    three coefficients to the path instead of matching its barrier and minimum. kappa: transverse confinement,
    eV/angstrom^2.
    """

    barrier: float | None = None
    u0: float | None = None
    endpoint: ArrayLike | None = None
    path: SwitchingPath | str | Path | None = None
    sextic: bool = False
    kappa: float = 0.1


def resolved_well(data: WellData, mode: SoftMode, axis: int) -> tuple[Well, float, float]:
    """(well for the coordinate in which the centre moves by u, projection residual, misfit of the path)."""
    x, y, z = (float(n) for n in np.eye(3)[axis])
    direction = (x, y, z)
    if data.path is not None:
        if data.barrier is not None or data.u0 is not None or data.endpoint is not None:
            raise InputError("a path is given beside a barrier or minimum", where="well", fix="give one of them")
        path = data.path if isinstance(data.path, SwitchingPath) else read_switching_path(data.path)
        energy = path.energy - path.centre
        if data.sextic:
            well = sextic_well(path.displacement, energy, data.kappa, direction)
        else:
            well = quartic_well(path.barrier, path.minimum, data.kappa, direction)
        return well, float("nan"), misfit(well, path.displacement, energy)
    if data.sextic:
        raise InputError("a sextic well needs a path", where="well", fix="give the switching path, or leave out sextic")
    if data.barrier is None or (data.u0 is None) == (data.endpoint is None):
        raise InputError(
            "the well is not determined", where="well", fix="give barrier with u0, barrier with endpoint, or path"
        )
    u0, residual = data.u0, float("nan")
    if data.endpoint is not None:
        u0, residual = _amplitude(np.asarray(data.endpoint, dtype=float), mode, axis)
    if not (data.barrier > 0 and u0 is not None and u0 > 0):
        raise InputError(
            f"barrier = {data.barrier} eV and u0 = {u0} angstrom",
            where="well",
            fix="both are above 0: the polar state lies below the centre, at a finite displacement",
        )
    return quartic_well(data.barrier, u0, data.kappa, direction), residual, float("nan")


def _amplitude(endpoint: Floats, mode: SoftMode, axis: int) -> tuple[float, float]:
    if endpoint.shape != mode.pattern.shape[:2] or not np.abs(endpoint).max(initial=0.0) > 0:
        raise InputError(
            f"the endpoint has the shape {endpoint.shape}, or no atom moves",
            where="well, endpoint",
            fix=f"give the displacements of {len(mode.pattern)} atoms from the cubic reference, angstrom",
        )
    amplitude, residual = projected_endpoint(endpoint, mode.pattern, axis)
    return abs(amplitude), residual
