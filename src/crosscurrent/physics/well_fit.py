"""The on-site double well from what is known of a switching path: barrier and minimum, or the path itself.

Bustamante Lopez, Brehm and Juraschek, "Ferron Hall effect" (2026), supplement S15 to S17 and Table S9: the quartic that
has the barrier and the minimum of the path, and its misfit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crosscurrent.physics.well import Well
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Axis = tuple[float, float, float]


def sextic_well(displacement: Floats, energy: Floats, kappa: float, axis: Axis) -> Well:
    """Least squares of a2, b4, c6 to a path, V(0) = 0. displacement: (n,) angstrom. energy: (n,) eV above u = 0.

    Raises InputError when the fit is not bounded from below, as that of Table S9's path, or has no minimum off the
    centre.
    """
    moved = displacement != 0
    if len(np.unique(np.abs(displacement[moved]))) < 3:
        raise InputError(
            "a sextic needs energies at three or more distances from the centre",
            where="switching path",
            fix="add points, or use the quartic well",
        )
    powers = np.stack([displacement**2 / 2, displacement**4 / 4, displacement**6 / 6], axis=1)
    scale = np.abs(powers).max(axis=0)
    a2, b4, c6 = np.linalg.lstsq(powers / scale, energy, rcond=None)[0] / scale
    if c6 <= 0:
        raise InputError(
            f"the sextic fit is not bounded from below (c6 = {c6:.4g} eV/angstrom^6)",
            where="switching path",
            fix="use the quartic well that matches barrier and minimum",
        )
    if a2 >= 0:
        raise InputError(
            f"the sextic fit has its minimum at the centre (a2 = {a2:.4g} eV/angstrom^2)",
            where="switching path",
            fix="use the quartic well that matches barrier and minimum",
        )
    return Well(float(a2), float(b4), float(c6), kappa, axis)


def misfit(well: Well, displacement: Floats, energy: Floats) -> float:
    """Root mean square of V_on(u) - E(u), eV, both counted from u = 0. displacement, energy: (n,)."""
    modelled = well.energy(displacement[:, None] * np.asarray(well.axis))
    return float(np.sqrt(np.mean((modelled - energy) ** 2)))


def rescaled_well(well: Well, factor: float) -> Well:
    """The well of a coordinate u' = factor u: the same energies at the same displacements of the atoms."""
    square = factor**2
    return Well(well.a2 / square, well.b4 / square**2, well.c6 / square**3, well.kappa / square, well.axis)
