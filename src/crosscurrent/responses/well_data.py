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

#: From this share of its amplitude along another axis on, an endpoint is polarized along a diagonal.
_ACROSS = 0.7


@dataclass(frozen=True, eq=False)
class WellData:
    """What is known of the double well along the polar axis, per cell.

    Either barrier (eV) with u0 (angstrom) or with endpoint, or path. u0: displacement of the centre atom by the mode in
    the polar state. endpoint: the polar structure, as a file (POSCAR, phonopy's YAML) or as displacements of all atoms,
    (n, 3) angstrom; it is projected on the mode. path: a switching path, or its CSV file; u is the displacement of the
    centre atom by the mode, and a path in lambda needs u0 or an endpoint, which is lambda = 1. sextic: fits three
    coefficients to the path instead of matching its barrier and minimum. kappa: transverse confinement, eV/angstrom^2.
    """

    barrier: float | None = None
    u0: float | None = None
    endpoint: ArrayLike | str | Path | None = None
    path: SwitchingPath | str | Path | None = None
    sextic: bool = False
    kappa: float = 0.1


def resolved_well(data: WellData, mode: SoftMode, axis: int) -> tuple[Well, float, float]:
    """(well for the coordinate in which the centre moves by u, misfit of the path, projection residual).

    Files of endpoints have to be read before, see `endpoint_displacements`.
    """
    x, y, z = (float(n) for n in np.eye(3)[axis])
    direction = (x, y, z)
    u0, residual = data.u0, float("nan")
    if data.endpoint is not None:
        if u0 is not None:
            raise InputError(
                "the well is not determined: u0 and an endpoint are both given", where="well", fix="give one of them"
            )
        u0, residual = _amplitude(np.asarray(data.endpoint, dtype=float), mode, axis)
    if data.path is not None:
        return *_of_path(data, u0, direction), residual
    if data.sextic:
        raise InputError("a sextic well needs a path", where="well", fix="give the switching path, or leave out sextic")
    if data.barrier is None or u0 is None:
        raise InputError(
            "the well is not determined", where="well", fix="give barrier with u0, barrier with endpoint, or path"
        )
    if not (data.barrier > 0 and u0 > 0):
        raise InputError(
            f"barrier = {data.barrier} eV and u0 = {u0} angstrom",
            where="well",
            fix="both are above 0: the polar state lies below the centre, at a finite displacement",
        )
    return quartic_well(data.barrier, u0, data.kappa, direction), float("nan"), residual


def _of_path(data: WellData, u0: float | None, direction: tuple[float, float, float]) -> tuple[Well, float]:
    """(well, misfit of the path)."""
    assert data.path is not None
    path = data.path if isinstance(data.path, SwitchingPath) else read_switching_path(data.path)
    if data.barrier is not None or (not path.relative and u0 is not None):
        raise InputError("a path is given beside a barrier or minimum", where="well", fix="give one of them")
    if path.relative and u0 is None:
        raise InputError(
            "a path in lambda does not say how far the atoms move", where="well", fix="give u0 or an endpoint as well"
        )
    scale = u0 if path.relative and u0 is not None else 1.0
    moved, energy = path.displacement * scale, path.energy - path.centre
    if data.sextic:
        well = sextic_well(moved, energy, data.kappa, direction)
    else:
        well = quartic_well(path.barrier, path.minimum * scale, data.kappa, direction)
    return well, misfit(well, moved, energy)


def _amplitude(endpoint: Floats, mode: SoftMode, axis: int) -> tuple[float, float]:
    """(u0, projection residual); the endpoint may be polarized along any of the three axes, which are equivalent."""
    if endpoint.shape != mode.pattern.shape[:2] or not np.abs(endpoint).max(initial=0.0) > 0:
        raise InputError(
            f"the endpoint has the shape {endpoint.shape}, or no atom moves",
            where="well, endpoint",
            fix=f"give the displacements of {len(mode.pattern)} atoms from the cubic reference, angstrom",
        )
    found = [projected_endpoint(endpoint, mode.pattern, along) for along in range(3)]
    sizes = sorted(abs(amplitude) for amplitude, _ in found)
    if sizes[1] > _ACROSS * sizes[2]:
        raise InputError(
            f"the endpoint is polarized along no axis of the crystal: {sizes[2]:.3g} and {sizes[1]:.3g} angstrom",
            where="well, endpoint",
            fix="the well is one along an axis: give the tetragonal structure",
        )
    amplitude, residual = max(found, key=lambda one: abs(one[0]))
    return abs(amplitude), residual
