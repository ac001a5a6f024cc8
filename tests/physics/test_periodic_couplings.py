"""Couplings of an effective Hamiltonian on a box: against dipole sums of whole supercells, and pair by pair."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from crosscurrent.models.effective_hamiltonian import batio3_2010
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.effective_hamiltonian import effective_stiffness, short_range_couplings
from crosscurrent.physics.ewald import dipole_tensor
from crosscurrent.physics.lattice_energy import Couplings
from crosscurrent.physics.lattice_units import ACCELERATION, COULOMB
from crosscurrent.physics.periodic_couplings import (
    effective_couplings,
    ewald_kernel,
    mode_frequencies,
    uniform_stiffness,
)
from reference.ewald_sum import ewald_tensor

P = batio3_2010()
DIPOLES = (P.charge, P.dielectric, P.lattice_constant)


def couplings(*shape: int, surfaces: bool = False) -> Couplings:
    nx, ny, nz = shape
    return effective_couplings(Slab((nx, ny, nz), open_y=surfaces), P.j, *DIPOLES)


def test_force_is_that_of_all_dipoles_of_a_supercell() -> None:
    """A random 4 x 4 x 4 box as one cell of 64 dipoles, summed by the other Ewald code."""
    ties = couplings(4, 4, 4)
    u = np.random.default_rng(0).normal(size=(4, 4, 4, 3)) * 0.1
    sites = np.array(list(itertools.product(range(4), repeat=3))) / 4
    tensor = dipole_tensor(4 * P.lattice_constant * np.eye(3), sites, np.zeros((1, 3)))[0].real
    expected = -COULOMB * P.charge**2 / P.dielectric * np.einsum("ijab,jb->ia", tensor, u.reshape(-1, 3))
    np.testing.assert_allclose(ties.dipole_force(u).reshape(-1, 3), expected, rtol=0, atol=1e-10)


def test_short_range_is_a_sum_over_neighbours() -> None:
    ties = couplings(4, 3, 5)
    u = np.random.default_rng(1).normal(size=(4, 3, 5, 3)) * 0.1
    expected = np.zeros_like(u)
    for vector, block in short_range_couplings(P.j).items():
        expected -= np.roll(u, [-r for r in vector], axis=(0, 1, 2)) @ block.T
    np.testing.assert_allclose(ties.force(u) - ties.dipole_force(u), expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("shape", [(4, 4, 4), (3, 5, 2), (1, 1, 1)])
def test_kernel_does_not_depend_on_how_it_is_summed(shape: tuple[int, int, int]) -> None:
    slab = Slab(shape, open_y=False)
    scale = COULOMB * P.charge**2 / P.dielectric / P.lattice_constant**3
    np.testing.assert_allclose(ewald_kernel(slab, *DIPOLES), scale * ewald_tensor(slab.wave_vectors(), 2.1), atol=1e-10)


def test_kernel_is_the_stiffness_less_the_self_energy() -> None:
    ties = couplings(3, 4, 2)
    q = ties.slab.wave_vectors().reshape(-1, 3) / (2 * np.pi)
    expected = effective_stiffness(q, 0.0, P.j, *DIPOLES).reshape(ties.kernel.shape)
    np.testing.assert_allclose(ties.kernel, expected, atol=1e-10)


def test_uniform_mode_of_batio3() -> None:
    """kappa_2 + K(0)/2 is the curvature that was fitted to first principles on its own: -1.51821 eV/angstrom^2."""
    stiffness = uniform_stiffness(couplings(2, 2, 2))
    np.testing.assert_allclose(stiffness, stiffness[0, 0] * np.eye(3), atol=1e-10)
    assert P.kappa2 + stiffness[0, 0] / 2 == pytest.approx(-1.51821042, abs=3e-5)
    np.testing.assert_allclose(uniform_stiffness(couplings(1, 1, 1)), stiffness, atol=1e-10)


def test_force_is_the_derivative_of_the_energy() -> None:
    for surfaces in (False, True):
        ties = couplings(3, 4, 2, surfaces=surfaces)
        rng = np.random.default_rng(2)
        u, v = rng.normal(size=(2, 3, 4, 2, 3))
        slope = (ties.energy(u + 1e-3 * v).sum() - ties.energy(u - 1e-3 * v).sum()) / 2e-3
        assert -(ties.force(u) * v).sum() == pytest.approx(slope, rel=1e-9)


def test_frequencies_of_a_box_are_those_of_its_whole_matrix() -> None:
    """All eigenvalues of the 3N x 3N matrix, column by column from forces; for a record with its counterterm too."""
    record = local_mode("batio3-b")
    slab = Slab((3, 2, 3), open_y=False)
    for ties, on_site, mass in (
        (couplings(3, 2, 3), P.on_site.hessian(np.full(3, 0.085)), P.mass * np.eye(3)),
        (record.couplings(slab), record.well.stiffness, record.mass),
    ):
        size = 3 * slab.cells
        columns = [ties.force(unit.reshape(3, 2, 3, 3)).ravel() for unit in np.eye(size)]
        matrix = np.kron(np.eye(slab.cells), on_site) - np.array(columns).T
        values = np.linalg.eigvalsh(matrix) * ACCELERATION / mass[0, 0]
        lowest, highest, q = mode_frequencies(ties, on_site, mass)
        np.testing.assert_allclose([lowest, highest], [values[0], values[-1]], rtol=1e-9)
        assert q.shape == (3,)
