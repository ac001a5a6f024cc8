"""Dipole sums over all ions: published lattice sums, identities that fix every phase and factor, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from crosscurrent.physics.ewald import dipole_force_constants, dipole_tensor, dressed, macroscopic_tensor
from crosscurrent.physics.lattice_units import COULOMB
from crosscurrent.units import InputError
from reference import rigid_ion
from reference.ewald_sum import ewald_tensor

Floats = NDArray[np.float64]


def crystal(seed: int, n: int = 3) -> tuple[Floats, Floats, Floats, Floats]:
    """A triclinic cell with ions anywhere: (lattice, positions, permittivity, three wave vectors)."""
    rng = np.random.default_rng(seed)
    lattice = 4 * np.eye(3) + rng.normal(size=(3, 3)) * 0.6
    slots = np.array([[0, 0, 0], [0.5, 0.45, 0.1], [0.1, 0.5, 0.55], [0.55, 0.1, 0.5]])[:n]
    root = np.eye(3) * 2.2 + rng.normal(size=(3, 3)) * 0.3
    return lattice, slots + rng.normal(size=(n, 3)) * 0.03, root @ root.T, rng.uniform(-0.5, 0.5, size=(3, 3))


@example(seed=3, splitting=0.25)  # no reciprocal vector is near
@given(seed=st.integers(0, 10_000), splitting=st.floats(0.25, 1.6))
def test_split_between_the_two_sums_does_not_matter(seed: int, splitting: float) -> None:
    lattice, positions, eps, q = crystal(seed)
    q[0] = 0
    balanced = dipole_tensor(lattice, positions, q, eps)
    other = dipole_tensor(lattice, positions, q, eps, splitting=splitting)
    assert np.abs(other - balanced).max() < 1e-13 * max(1.0, np.abs(balanced).max())


def test_lattice_sums_of_the_simple_cubic_lattice() -> None:
    """Gamma (tin foil) -4 pi/3; X and M as published for the effective Hamiltonian of perovskites; R by symmetry 0."""
    points = [[0, 0, 0], [0.5, 0, 0], [0.5, 0.5, 0], [0.5, 0.5, 0.5]]
    sums = dipole_tensor(np.eye(3), [[0.3, 0.1, 0.7]], points)[:, 0, 0].real
    expected = [[-4 * np.pi / 3] * 3, [9.68744, -4.84372, -4.84372], [2.67679, 2.67679, -5.35358], [0, 0, 0]]
    assert np.abs(sums[:, range(3), range(3)] - expected).max() < 5e-6
    assert np.abs(sums - sums * np.eye(3)).max() < 1e-12


def test_lorentz_corrections_of_the_perovskite_structure() -> None:
    """J. C. Slater, Phys. Rev. 78, 748 (1950): fields of the sublattices beyond 4 pi/3, units of 1/a^3."""
    sums = dipole_tensor(np.eye(3), rigid_ion.POSITIONS, [[0, 0, 0]])[0].real + 4 * np.pi / 3 * np.eye(3)
    titanium_oxygen, oxygen_oxygen, barium = sums[1, 4], sums[3, 4], sums[0, 1]
    assert np.diag(titanium_oxygen) == pytest.approx([15.041, 15.041, -30.082], abs=2e-3)
    assert np.diag(oxygen_oxygen) == pytest.approx([8.668, -4.334, -4.334], abs=1e-3)
    assert np.abs(barium).max() < 1e-12


@given(seed=st.integers(0, 10_000))
def test_permittivity_is_a_change_of_coordinates(seed: int) -> None:
    """In coordinates d' = eps^(-1/2) d the medium is the vacuum: T = eps^(-1/2) T' eps^(-1/2) / sqrt(det eps)."""
    lattice, positions, eps, q = crystal(seed)
    values, vectors = np.linalg.eigh(eps)
    root = vectors @ np.diag(values**-0.5) @ vectors.T
    vacuum = dipole_tensor(lattice @ root, positions, q)
    expected = root @ vacuum @ root / np.sqrt(np.linalg.det(eps))
    assert np.abs(dipole_tensor(lattice, positions, q, eps) - expected).max() < 1e-13


@given(seed=st.integers(0, 10_000))
def test_a_supercell_folds_its_wave_vectors(seed: int) -> None:
    """Ions of a doubled cell feel at q = 0 what the primitive cell has at q = 0 and at its zone boundary."""
    lattice, positions, eps, _ = crystal(seed)
    doubled = np.diag([2.0, 1, 1]) @ lattice
    places = np.concatenate([positions, positions + [1, 0, 0]]) / [2, 1, 1]
    whole = dipole_tensor(doubled, places, [[0, 0, 0]], eps)[0]
    parts = dipole_tensor(lattice, positions, [[0, 0, 0], [0.5, 0, 0]], eps)
    n = len(positions)
    # the term of zero wave vector is missing once on either side
    assert np.abs(whole[:n, :n] - (parts[0] + parts[1]) / 2).max() < 1e-13
    assert np.abs(whole[:n, n:] - (parts[0] - parts[1]) / 2).max() < 1e-13


@given(seed=st.integers(0, 10_000))
def test_phases_belong_to_lattice_vectors_only(seed: int) -> None:
    lattice, positions, eps, q = crystal(seed)
    tensor = dipole_tensor(lattice, positions, q, eps)
    assert np.abs(dipole_tensor(lattice, positions, q + [1, -2, 3], eps) - tensor).max() < 1e-12
    assert np.abs(tensor - tensor.conj().transpose(0, 2, 1, 4, 3)).max() < 1e-13
    assert np.abs(tensor - tensor.transpose(0, 1, 2, 4, 3)).max() < 1e-13
    moved = positions.copy()
    moved[1] += [1, 0, -1]
    # the second ion of cell R is now counted to the cell at R - (1, 0, -1)
    phase = np.exp(-2j * np.pi * q @ [1, 0, -1])[:, None, None]
    assert np.abs(dipole_tensor(lattice, moved, q, eps)[:, 0, 1] - phase * tensor[:, 0, 1]).max() < 1e-12


@given(seed=st.integers(0, 10_000))
def test_limit_of_long_waves_is_the_macroscopic_field(seed: int) -> None:
    lattice, positions, eps, q = crystal(seed)
    direction = q[0] @ np.linalg.inv(lattice).T
    gap = dipole_tensor(lattice, positions, 1e-5 * q[:1], eps) - dipole_tensor(lattice, positions, [[0, 0, 0]], eps)
    field = macroscopic_tensor(abs(np.linalg.det(lattice)), eps, direction)
    assert np.abs(gap[0].real - field).max() < 1e-7
    assert np.abs(gap[0].imag).max() < 1e-3


def test_agrees_with_the_sum_for_one_dipole_a_cell() -> None:
    """A second implementation, for the simple cubic lattice alone."""
    q = np.random.default_rng(3).uniform(-0.5, 0.5, size=(20, 3))
    one = dipole_tensor(2.5 * np.eye(3), [[0, 0, 0]], q, 3 * np.eye(3))[:, 0, 0] * 2.5**3 * 3
    assert np.abs(one - ewald_tensor(2 * np.pi * q)).max() < 1e-10


@given(seed=st.integers(0, 10_000))
def test_a_shift_of_all_ions_costs_nothing(seed: int) -> None:
    lattice, positions, eps, q = crystal(seed)
    charges = np.random.default_rng(seed).normal(size=(3, 3, 3)) * 3
    charges -= charges.mean(axis=0)
    forces = dipole_force_constants(lattice, positions, charges, eps, np.concatenate([np.zeros((1, 3)), q]))
    assert np.abs(forces[0].sum(axis=1)).max() < 1e-12 * np.abs(forces).max()
    difference = forces[1:] - COULOMB * dressed(dipole_tensor(lattice, positions, q, eps), charges)
    apart = ~np.eye(3, dtype=bool)
    assert np.abs(difference[:, apart]).max() < 1e-12
    assert np.abs(difference - difference[:1]).max() < 1e-12


def test_charges_dress_polarization_first() -> None:
    """p_mu = Z_mu,nu u_nu: an asymmetric Z tells its two indices apart."""
    tensor = np.diag([1.0, 0, 0])[None, None].astype(complex)
    charge = np.array([[[0, 2.0, 0], [0, 0, 0], [0, 0, 0]]])
    assert np.allclose(dressed(tensor, charge)[0, 0], np.diag([0, 4.0, 0]))


@pytest.mark.parametrize(
    ("eps", "what"),
    [(np.array([[5, 1, 0], [0, 5, 0], [0, 0, 5.0]]), "not symmetric"), (np.diag([5, 5, -1.0]), "not positive")],
)
def test_refuses_a_permittivity_that_is_none(eps: Floats, what: str) -> None:
    with pytest.raises(InputError, match=what):
        dipole_tensor(np.eye(3), [[0, 0, 0]], [[0, 0, 0]], eps)


def test_refuses_ions_at_one_place_and_no_direction() -> None:
    with pytest.raises(InputError, match="same place"):
        dipole_tensor(np.eye(3), [[0, 0, 0], [1, 0, 0]], [[0, 0, 0]])
    with pytest.raises(InputError, match="direction"):
        macroscopic_tensor(1.0, np.eye(3), [0, 0, 0])
