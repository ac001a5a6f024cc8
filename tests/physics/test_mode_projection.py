"""Projection of the atoms on one mode a cell: sums over atoms by hand, real space against wave vectors, symmetry."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from crosscurrent.physics.effective_hamiltonian import effective_stiffness, short_range_couplings
from crosscurrent.physics.mode_projection import (
    blocks_on_grid,
    centred_shares,
    cubic_average,
    grid_points,
    inversion_residual,
    mode_angular_momentum,
    mode_charge,
    mode_mass,
    mode_wave,
    projected_endpoint,
    projected_stiffness,
)
from crosscurrent.physics.well import Well, quartic_well
from crosscurrent.physics.well_fit import misfit, rescaled_well, sextic_well
from crosscurrent.units import InputError
from reference.rigid_ion import MASSES, POSITIONS, Perovskite

Floats = NDArray[np.float64]

#: Table S7 of the paper: Ba, Ti, O perpendicular, O perpendicular, O parallel of the z-polar member.
TABLE_S7 = (0.007454, 1.0, -0.770274, -1.515269)


def paper_pattern() -> Floats:
    pattern = np.zeros((5, 3, 3))
    barium, titanium, across, along = TABLE_S7
    for x in range(3):
        pattern[0, x, x], pattern[1, x, x] = barium, titanium
        for oxygen in range(3):
            pattern[2 + oxygen, x, x] = along if oxygen == x else across
    return pattern


def paper_born() -> Floats:
    """Table S4, cubic."""
    born = np.zeros((5, 3, 3))
    born[0], born[1] = 2.74964 * np.eye(3), 7.46679 * np.eye(3)
    for oxygen in range(3):
        born[2 + oxygen] = np.diag([-5.91902 if x == oxygen else -2.14870 for x in range(3)])
    return born


def test_charge_mass_and_angular_momentum_of_the_published_mode() -> None:
    """Tables S7 and S9; the mass and Lambda follow from the pattern and standard masses, to its digits."""
    pattern = paper_pattern()
    assert mode_charge(paper_born(), pattern) == pytest.approx(19.76637 * np.eye(3), abs=5e-6)
    assert mode_mass(MASSES, pattern) == pytest.approx(103.5941 * np.eye(3), abs=2e-3)
    angular = mode_angular_momentum(MASSES, pattern)
    assert angular[2, 0, 1] == pytest.approx(94.7144, abs=2e-3)
    levi_civita = np.zeros((3, 3, 3))
    levi_civita[[0, 1, 2], [1, 2, 0], [2, 0, 1]], levi_civita[[0, 2, 1], [2, 1, 0], [1, 0, 2]] = 1, -1
    assert angular == pytest.approx(angular[2, 0, 1] * levi_civita, abs=1e-9)


@given(seed=st.integers(0, 1000))
def test_projections_are_those_of_the_moving_atoms(seed: int) -> None:
    """With atoms at v u and velocities v u': dipole, kinetic energy, and m r x v about the centre of mass."""
    rng = np.random.default_rng(seed)
    pattern, masses, born = rng.normal(size=(4, 3, 3)), rng.uniform(1, 50, size=4), rng.normal(size=(4, 3, 3))
    u, v = rng.normal(size=(2, 3))
    places, speeds = pattern @ u, pattern @ v
    assert mode_charge(born, pattern) @ u == pytest.approx(sum(born[s] @ places[s] for s in range(4)))
    assert v @ mode_mass(masses, pattern) @ v == pytest.approx((masses[:, None] * speeds**2).sum())
    still, calm = (x - (masses @ x) / masses.sum() for x in (places, speeds))
    expected = (masses[:, None] * np.cross(still, calm)).sum(axis=0)
    angular = mode_angular_momentum(masses, pattern)
    assert np.array([u @ angular[k] @ v for k in range(3)]) == pytest.approx(expected)


def test_atoms_are_shared_between_the_modes_around_them() -> None:
    atoms, vectors, shares = centred_shares(4 * np.eye(3), POSITIONS, 1)
    assert [int((atoms == s).sum()) for s in range(5)] == [8, 1, 2, 2, 2]
    assert np.bincount(atoms, weights=shares) == pytest.approx(np.ones(5))
    assert {tuple(v) for v in vectors[atoms == 2]} == {(0, 0, 0), (1, 0, 0)}
    # every share has its mirror image through the centre
    places = POSITIONS[atoms] + vectors - POSITIONS[1]
    assert {tuple(p) for p in places} == {tuple(-p) for p in places}


def test_stiffness_is_the_energy_of_modes_in_real_space() -> None:
    """u_i on a few cells of a periodic lattice: sum over atoms of the supercell = (1/N) sum_q u(q)* K(q) u(q)."""
    toy, n = Perovskite(), 2
    pattern, shares = paper_pattern(), centred_shares(4 * np.eye(3), POSITIONS, 1)
    site, shift = toy.supercell()
    cells = [tuple(map(int, c)) for c in shift[site == 0]]
    u = np.random.default_rng(4).normal(size=(n, n, n, 3))
    moved = np.zeros((len(site), 3))
    for atom, vector, share in zip(*shares, strict=True):
        for cell in cells:
            target = cells.index(tuple(int(x) for x in (np.array(cell) + vector) % n))
            moved[np.flatnonzero(site == atom)[target]] += share * pattern[atom] @ u[cell]
    energy = np.einsum("ix,ijxy,jy->", moved, toy.constants, moved)
    points = grid_points(n)
    stiffness = projected_stiffness(mode_wave(pattern, shares, points), toy.exact(points))
    waves = np.array([sum(u[cell] * np.exp(-2j * np.pi * q @ cell) for cell in cells) for q in points])
    assert energy == pytest.approx(np.einsum("qa,qab,qb->", waves.conj(), stiffness, waves).real / n**3, rel=1e-12)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_blocks_reproduce_the_kernel_on_their_grid(n: int) -> None:
    points = grid_points(n)
    kernel = effective_stiffness(points, 1.0, [1, 2, 3, 4, 5, 6, 7], 10.0, 5.0, 4.0)
    blocks = blocks_on_grid((kernel - kernel[0]).astype(complex), n)
    again = sum(np.exp(2j * np.pi * points @ r)[:, None, None] * block for r, block in blocks.items())
    assert np.abs(again - (kernel - kernel[0])).max() < 1e-12 * np.abs(kernel).max()
    assert np.abs(sum(blocks.values())).max() < 1e-13 * np.abs(kernel).max()
    assert inversion_residual(blocks) < 1e-12 * np.abs(kernel).max()
    for vector, block in blocks.items():
        assert np.abs(blocks[tuple(-r for r in vector)] - block).max() < 1e-12 * np.abs(kernel).max()


def test_assigning_each_atom_to_one_cell_breaks_inversion() -> None:
    """S6 read literally; with shares the same crystal keeps its inversion."""
    toy, points = Perovskite(), grid_points(3)
    whole = (np.arange(5), np.zeros((5, 3), dtype=np.int64), np.ones(5))
    halves = centred_shares(toy.lattice, POSITIONS, 1)
    residuals = []
    for shares in (whole, halves):
        stiffness = projected_stiffness(mode_wave(paper_pattern(), shares, points), toy.exact(points))
        residuals.append(inversion_residual(blocks_on_grid(stiffness, 3)))
    assert residuals[0] > 1
    assert residuals[1] < 1e-12


def test_cubic_average_keeps_what_is_cubic_and_mends_what_is_not() -> None:
    blocks = {(0, 0, 0): 3 * np.eye(3)} | short_range_couplings([1, 2, 3, 4, 5, 6, 7])
    mean, change = cubic_average(blocks)
    assert change < 1e-14
    bent = {vector: block.copy() for vector, block in blocks.items()}
    bent[1, 0, 0] += np.array([[0, 0.2, 0], [0, 0, 0], [0, 0, 0]])
    mended, change = cubic_average(bent)
    assert change == pytest.approx(0.2)
    assert all(np.abs(mended[v] - mean[v]).max() < 1e-14 for v in product((-1, 0, 1), repeat=3))


def test_couplings_of_the_effective_hamiltonian_by_hand() -> None:
    """J(q) along (q, 0, 0): bonds along q pick cos q, all others count as they stand."""
    j = np.array([1.0, 20, 300, 4e3, 5e4, 6e5, 7e6])
    c = np.cos(2 * np.pi * 0.2)
    found = sum(np.exp(2j * np.pi * 0.2 * r[0]) * block for r, block in short_range_couplings(j).items())
    along = 2 * c * j[1] + 4 * j[0] + 8 * c * j[2] + 4 * j[3] + 8 * c * j[5]
    across = 2 * c * j[0] + 2 * j[1] + 2 * j[0] + 4 * c * (j[2] + j[3]) + 4 * j[2] + 8 * c * j[5]
    assert found == pytest.approx(np.diag([along, across, across]), abs=1e-6)
    diagonal = sum(np.exp(2j * np.pi * 0.2 * (r[0] + r[1])) * block for r, block in short_range_couplings(j).items())
    s = np.sin(2 * np.pi * 0.2) ** 2
    assert diagonal[0, 1] == pytest.approx(-4 * s * j[4] - 8 * s * j[6])


@given(amplitude=st.floats(0.01, 0.2), shift=st.floats(-0.1, 0.1), noise=st.floats(0, 0.02))
def test_endpoint_is_projected_by_least_squares(amplitude: float, shift: float, noise: float) -> None:
    """A rigid shift of the polar structure is none of its polarization; the residual is what the mode cannot do."""
    pattern = paper_pattern()
    rest = np.random.default_rng(1).normal(size=(5, 3))
    rest -= rest.mean(axis=0)
    along = pattern[:, :, 2] - pattern[:, :, 2].mean(axis=0)
    rest -= along * (rest * along).sum() / (along**2).sum()
    endpoint = amplitude * pattern[:, :, 2] + shift * np.array([0, 0, 1.0]) + noise * rest
    found, residual = projected_endpoint(endpoint, pattern, 2)
    assert found == pytest.approx(amplitude)
    length = np.hypot(noise * np.linalg.norm(rest), amplitude * np.linalg.norm(along))
    assert residual == pytest.approx(noise * np.linalg.norm(rest) / length, abs=1e-12)


# ---- wells ----


def test_published_well_is_matched_to_its_barrier() -> None:
    """S15 and Table S9."""
    well = quartic_well(0.03843446, 0.07158677, 0.1)
    assert (well.a2, well.b4) == pytest.approx((-29.99958791, 5853.96071), rel=3e-7)


def test_sextic_fit_returns_the_well_that_made_the_path() -> None:
    made = Well(-30.0, 4000.0, 2e5, 0.1)
    u = np.linspace(-0.1, 0.1, 21)
    energy = made.energy(u[:, None] * [1, 0, 0])
    found = sextic_well(u, energy, 0.1, (1.0, 0.0, 0.0))
    assert (found.a2, found.b4, found.c6) == pytest.approx((made.a2, made.b4, made.c6), rel=1e-8)
    assert misfit(found, u, energy) < 1e-12
    quartic = quartic_well(made.barrier, made.minimum, 0.1)
    assert misfit(quartic, u, energy) == pytest.approx(
        np.sqrt(np.mean((quartic.energy(u[:, None] * [1, 0, 0]) - energy) ** 2))
    )


def test_sextic_without_a_bottom_is_refused() -> None:
    """As in the paper, whose unconstrained fit had a negative c6."""
    u = np.linspace(0, 0.08, 9)
    energy = Well(-60.0, 16000.0, -3e5, 0.1).energy(u[:, None] * [1, 0, 0])
    with pytest.raises(InputError, match="not bounded from below"):
        sextic_well(u, energy, 0.1, (1.0, 0.0, 0.0))
    with pytest.raises(InputError, match="minimum at the centre"):
        sextic_well(u, 10 * u**2 + 1e5 * u**6, 0.1, (1.0, 0.0, 0.0))
    with pytest.raises(InputError, match="three or more distances"):
        sextic_well(u[:3], energy[:3], 0.1, (1.0, 0.0, 0.0))


@given(factor=st.floats(0.05, 20))
def test_rescaled_well_has_the_same_energies(factor: float) -> None:
    well = Well(-30.0, 4000.0, 2e5, 0.1, (0.0, 1.0, 0.0))
    u = np.random.default_rng(0).normal(size=(5, 3)) * 0.1
    assert rescaled_well(well, factor).energy(factor * u) == pytest.approx(well.energy(u), rel=1e-10)
