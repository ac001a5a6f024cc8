"""Couplings of a published effective Hamiltonian: seven short-range numbers and point dipoles summed by Ewald's method.

Zhong, Vanderbilt and Rabe, Phys. Rev. B 52, 6301 (1995), Sec. II. They come in the form that the dynamics of polar
modes uses, one kernel K(q) on the wave vectors of a box: K(q) = J(q) + k_e Z*^2/(eps a^3) T(q). At q = 0 the
uniform field is left out (tin-foil boundaries), so a field that is applied is the mean field in the box.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfc

from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.dipole_kernel import dipole_kernel
from crosscurrent.physics.effective_hamiltonian import short_range_couplings
from crosscurrent.physics.lattice_energy import Couplings
from crosscurrent.physics.lattice_kernel import short_range_kernel
from crosscurrent.physics.lattice_langevin import inverse_root
from crosscurrent.physics.lattice_units import ACCELERATION, COULOMB

Floats = NDArray[np.float64]

#: Ewald's parameter times the lattice constant, that of the damped kernel; the reciprocal sum then ends at two shells.
_SPLITTING = 1.2
#: Lattice vectors on each side in the real-space sum: erfc(1.2 * 6) is below 1e-23.
_SHELLS = 5


def ewald_kernel(slab: Slab, charge: float, dielectric: float, lattice_constant: float) -> Floats:
    """k_e Z*^2/(eps a^3) T(q) of point dipoles on the wave vectors of a box, (Nx, length_y, Nz, 3, 3) eV/angstrom^2.

    charge: e. dielectric: eps_inf. lattice_constant: angstrom, of a simple cubic lattice. The sum over lattice vectors
    is folded into the box and transformed at once, which is exact at its wave vectors.
    """
    one, volume = np.eye(3), lattice_constant**3
    long = dipole_kernel(slab.wave_vectors(), charge * one, dielectric * one, volume, "damped", _SPLITTING)
    shape = slab.transform_shape
    folded = np.zeros((*shape, 3, 3))
    vectors = [v for v in itertools.product(range(-_SHELLS, _SHELLS + 1), repeat=3) if any(v)]
    index = tuple(np.array(vectors).T % np.array(shape)[:, None])
    np.add.at(folded, index, _screened_dipoles(np.array(vectors, dtype=float), _SPLITTING))
    # the lattice is its own mirror image, so the transform is real
    short = np.fft.fftn(folded, axes=(0, 1, 2)).real
    # the Gaussian of a dipole acts on itself
    short -= 4 * _SPLITTING**3 / (3 * math.sqrt(math.pi)) * one
    return np.asarray(long + COULOMB * charge**2 / (dielectric * volume) * short)


def effective_couplings(
    slab: Slab, j: ArrayLike, charge: float, dielectric: float, lattice_constant: float
) -> Couplings:
    """J(q) and the Ewald dipoles on a box or a slab; the on-site energy kappa_2 u^2 is not in it.

    j: (7,) eV/angstrom^2. The rest is as in `ewald_kernel`. In a slab with open y the bonds that leave it are missing,
    and the dipoles see its images at the distance of the padding.
    """
    dipole = ewald_kernel(slab, charge, dielectric, lattice_constant)
    near = short_range_kernel(slab.wave_vectors(), short_range_couplings(j))
    nothing = np.zeros((slab.shape[1], 3, 3))
    return Couplings(slab, near + dipole, dipole, nothing, nothing.copy())


def uniform_stiffness(couplings: Couplings) -> Floats:
    """K(0) less the local term, (3, 3) eV/angstrom^2: the energy of a uniform state of a box is u.K.u/2 per cell."""
    return np.asarray(couplings.kernel[0, 0, 0].real - couplings.local.mean(axis=0))


def mode_frequencies(couplings: Couplings, on_site: Floats, mass: Floats) -> tuple[float, float, Floats]:
    """(lowest, highest eigenvalue, wave vector of the lowest) of M^(-1/2) [K(q) + on_site] M^(-1/2) in a periodic box.

    on_site: second derivatives of the on-site potential, (3, 3) eV/angstrom^2. Eigenvalues in rad^2/ps^2, wave vector
    (3,) in radians a cell.
    """
    root = inverse_root(mass)
    matrix = couplings.kernel - couplings.local.mean(axis=0) + on_site
    values = np.linalg.eigvalsh(root @ matrix @ root) * ACCELERATION
    at = np.unravel_index(np.argmin(values[..., 0]), values.shape[:-1])
    return float(values.min()), float(values.max()), couplings.slab.wave_vectors()[at]


def _screened_dipoles(r: Floats, eta: float) -> Floats:
    """-grad grad erfc(eta r)/r, (n, 3, 3), for r (n, 3) in lattice constants."""
    d = np.sqrt((r**2).sum(axis=-1))
    gauss = 2 * eta / math.sqrt(math.pi) * np.exp(-((eta * d) ** 2))
    across = erfc(eta * d) / d**3 + gauss / d**2
    along = 3 * erfc(eta * d) / d**5 + gauss * (2 * eta**2 + 3 / d**2) / d**2
    return np.asarray(across[:, None, None] * np.eye(3) - along[:, None, None] * r[:, :, None] * r[:, None, :])
