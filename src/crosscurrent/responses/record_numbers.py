"""Numbers of a local-mode record that the formulas of the ferron Hall effect are made of."""

from __future__ import annotations

import math

import numpy as np

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.physics.lattice_units import ACCELERATION, COULOMB


def record_numbers(record: LocalMode) -> dict[str, float]:
    """Well, dipole field and estimates along the polar axis, with units in the names.

    `well_centre`: the curvature at the centre, A2. `k_parallel`, `a_parallel`: second and third derivative of the well
    at its minimum (S49, S50). `dipole_stiffness`: of the macroscopic field along the axis (S11 for q -> 0), which lifts
    a longitudinal wave along the axis to `LO_parallel`, and one across it to `LO_perpendicular`. `S55`: polarization
    per variance, `S58`: per kinetic energy along the axis.
    """
    well, axis = record.well, np.asarray(record.well.axis)
    charge, mass = float(axis @ record.charge @ axis), float(axis @ record.mass @ axis)
    permittivity = float(axis @ record.eps_inf @ axis)
    field = 4 * math.pi * COULOMB / record.volume * charge**2 / permittivity
    k, a = well.curvature, well.cubic
    slope = float(axis @ record.polarization_per_displacement @ axis)
    local = slope * a / (2 * k)

    def frequency(stiffness: float) -> float:
        return math.sqrt(stiffness * ACCELERATION / mass)

    return {
        "charge_e": charge,
        "mass_amu": mass,
        "u0_angstrom": well.minimum,
        "barrier_eV": well.barrier,
        "well_centre_eV_per_angstrom2": well.a2,
        "k_parallel_eV_per_angstrom2": k,
        "a_parallel_eV_per_angstrom3": a,
        "well_frequency_rad_per_ps": frequency(k),
        "polarization_slope_C_per_m2_angstrom": slope,
        "coulomb_eV_per_angstrom2_e2": 4 * math.pi * COULOMB / record.volume,
        "dipole_stiffness_eV_per_angstrom2": field,
        "LO_parallel_THz": frequency(k + field) / (2 * math.pi),
        "LO_perpendicular_THz": frequency(well.kappa + field) / (2 * math.pi),
        "S55_C_per_m2_angstrom2": local,
        "S58_C_per_m2_eV": 2 * local / k,
    }
