"""What is measured on a lattice of local modes, from displacements and velocities or from their covariances.

Bustamante Lopez, Brehm and Juraschek, "Ferron Hall effect" (2026), Eq. (1) and S42 to S58. Displacements angstrom,
velocities angstrom/ps; the last axis is the component.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.driven_slab import LayerOperator
from crosscurrent.physics.lattice_units import ACCELERATION, HBAR, POLARIZATION
from crosscurrent.physics.well import Well
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

#: When the mean displacement has settled, relative to the minimum of the well, and after how many attempts it has to.
_SETTLED, _ATTEMPTS = 1e-12, 200


def polarization_per_displacement(charge: Floats, volume: float) -> Floats:
    """dP/du = Z/Omega, (3, 3) C/m^2 per angstrom, S14. charge: Z, (3, 3) e. volume: Omega, angstrom^3."""
    return np.asarray(charge / volume * POLARIZATION)


def polarization(u: Floats, charge: Floats, volume: float) -> Floats:
    """P = Z u/Omega, (..., 3) C/m^2, S42."""
    return np.asarray(u @ charge.T / volume * POLARIZATION)


def kinetic_energy(v: Floats, mass: Floats) -> Floats:
    """v.M.v/2, (...) eV, S22."""
    return np.asarray(np.einsum("...a,ab,...b->...", v, mass, v) / (2 * ACCELERATION))


def angular_momentum(u: Floats, v: Floats, angular: Floats) -> Floats:
    """L_k = u.Lambda^(k).v, (..., 3) hbar, S33."""
    return np.asarray(np.einsum("...a,kab,...b->...k", u, angular, v) / HBAR)


def mean_kinetic_energy(vv: Floats, mass: Floats) -> Floats:
    """The mean of `kinetic_energy` from <v v^T>, (..., 3, 3)."""
    return np.asarray(np.einsum("...ab,ab->...", vv, mass) / (2 * ACCELERATION))


def longitudinal_kinetic_energy(vv: Floats, mass: Floats, axis: Floats) -> Floats:
    """M_par <v_par^2>/2, (...) eV, S56."""
    along = np.einsum("a,...ab,b->...", axis, vv, axis)
    return np.asarray(axis @ mass @ axis * along / (2 * ACCELERATION))


def mean_angular_momentum(uv: Floats, angular: Floats) -> Floats:
    """The mean of `angular_momentum` from <u v^T>, (..., 3, 3)."""
    return np.asarray(np.einsum("...ab,kab->...k", uv, angular) / HBAR)


def mean_shift(variance: Floats, well: Well, stiffness: LayerOperator, root: Floats) -> Floats:
    """<delta u>(x, y) = Phi^-1 [-(a_par/2) <du_par^2>] e_par, (Nx, Ny, 3) angstrom: S52 with the whole stiffness.

    variance: <du_par^2>, (Nx, Ny) angstrom^2, uniform along z. stiffness: D = M^(-1/2) Phi M^(-1/2), rad^2/ps^2. root:
    M^(-1/2). The neighbours and dipoles share the shift, which S53 leaves out.
    """
    push = -(well.cubic / 2) * variance
    return np.asarray(_moved(push, np.asarray(well.axis), stiffness, root))


def mean_displacement(variance: Floats, third: Floats, well: Well, stiffness: LayerOperator, root: Floats) -> Floats:
    """<delta u>(x, y), (Nx, Ny, 3) angstrom, where the mean force vanishes: S51 with the fluctuations kept.

    Phi <delta u> = k_par <delta u_par> - <V'> with <V'> that of a Gaussian of this mean and variance, plus <V^(4)>/6
    times the third cumulant. variance, third: of du_par, (Nx, Ny) angstrom^2 and angstrom^3. The lowest order is
    `mean_shift`.

    Raises InputError where no mean settles: the ordered state does not survive such fluctuations.
    """
    axis = np.asarray(well.axis)
    mean = np.zeros((*variance.shape, 3))
    for _ in range(_ATTEMPTS):
        along = mean @ axis
        slope = well.averaged(1, along, variance) + well.averaged(4, along, variance) * third / 6
        new = _moved(well.curvature * along - slope, axis, stiffness, root)
        off, mean = float(np.abs(new - mean).max()), new
        if off <= _SETTLED * well.minimum:
            return mean
        if not off < well.minimum:
            break
    raise InputError(
        "the ordered state does not settle: the fluctuations are as large as the displacement that orders",
        where="temperature",
        fix="use a lower temperature",
    )


def _moved(push: Floats, axis: Floats, stiffness: LayerOperator, root: Floats) -> Floats:
    """Phi^-1 of a force along the axis that is uniform along z, (Nx, Ny) eV/angstrom: (Nx, Ny, 3) angstrom."""
    nx, ny = push.shape
    force = push[..., None] * (root @ axis) * ACCELERATION
    spectrum = np.fft.rfft(force, axis=0).reshape(-1, 3 * ny, 1)
    moved = [np.linalg.solve(stiffness.matrix(q, 0), each) for q, each in enumerate(spectrum)]
    shift = np.fft.irfft(np.array(moved).reshape(-1, ny, 3), n=nx, axis=0)
    return np.asarray(shift @ root.T)


def local_shift_polarization(variance: Floats, well: Well, charge: Floats, volume: float) -> Floats:
    """-(Z_par/Omega) (a_par/2 k_par) <du_par^2>, C/m^2, S55: the shift of a well without neighbours."""
    return np.asarray(-_along(well, charge, volume) * well.cubic / (2 * well.curvature) * variance)


def harmonic_shift_polarization(kinetic: Floats, well: Well, charge: Floats, volume: float) -> Floats:
    """-(Z_par a_par/Omega k_par^2) KE_par, C/m^2, S58: S55 with the variance that equipartition in the well would
    give."""
    return np.asarray(-_along(well, charge, volume) * well.cubic / well.curvature**2 * kinetic)


def _along(well: Well, charge: Floats, volume: float) -> float:
    """Z_par/Omega, C/m^2 per angstrom."""
    axis = np.asarray(well.axis)
    return float(axis @ charge @ axis / volume * POLARIZATION)


def energy_current(vg: Floats) -> Floats:
    """J_a = (1/2) sum_R R_a J_{i->i+R}, (...) eV/ps through a cell along axis a.

    vg: <v g^T>, (..., 3, 3), with g the probe `current_a`, mass-weighted. In a steady state the current of a bond, S30,
    is J_{i->i+R} = <v_i.K(R) (u_{i+R} - u_i)>: <v_i.K u_i> vanishes as the derivative of something constant, and <u_i.K
    v_j> is minus <v_i.K u_j>.
    """
    return np.asarray(0.5 * np.einsum("...aa->...", vg) / ACCELERATION)


def power(vg: Floats) -> Floats:
    """<v.F>, (...) eV/ps, of a force whose probe g is -M^(-1/2) F; vg: <v g^T>, mass-weighted. S26, S28."""
    return np.asarray(-np.einsum("...aa->...", vg) / ACCELERATION)


def well_power(uv: Floats, stiffness: Floats) -> Floats:
    """<v.F> of the linearised well, S27, (...) eV/ps. uv: <u v^T>. stiffness: (3, 3) eV/angstrom^2.

    Minus the rate of change of the mean energy in the well, so nothing in a steady state.
    """
    return np.asarray(-np.einsum("...ba,ab->...", uv, stiffness))


def torque(ug: Floats, angular: Floats, root: Floats) -> Floats:
    """<u.Lambda^(k) M^-1 F>, (..., 3) hbar/ps, of a force whose probe g is -M^(-1/2) F: the terms of S38.

    ug: <w g^T>, mass-weighted. root: M^(-1/2).
    """
    return np.asarray(-np.einsum("...ab,kab->...k", ug, root @ angular @ root) / HBAR)


def well_torque(uu: Floats, stiffness: Floats, mass: Floats, angular: Floats) -> Floats:
    """The torque of the linearised well, S39, (..., 3) hbar/ps. uu: <u u^T>. stiffness: (3, 3) eV/angstrom^2."""
    lever = angular @ np.linalg.inv(mass) @ stiffness
    return np.asarray(-np.einsum("...ab,kab->...k", uu, lever) * (ACCELERATION / HBAR))


def magnetic_torque(uv: Floats, turn: Floats, root: Floats, angular: Floats) -> Floats:
    """<u.Lambda^(k) M^-1 G v>, S41, (..., 3) hbar/ps; uv: <u v^T>. turn: Omega_B C. Zero for an isotropic mass."""
    lever = angular @ root @ turn @ np.linalg.inv(root)
    return np.asarray(np.einsum("...ab,kab->...k", uv, lever) / HBAR)


def bath_power(kinetic: Floats, damping: Floats, thermal: Floats) -> Floats:
    """-2 gamma KE + 3 gamma k_B T, eV/ps, S32. thermal: k_B T in eV; all broadcast over (Nx, Ny)."""
    return np.asarray(-2 * damping * kinetic + 3 * damping * thermal)
