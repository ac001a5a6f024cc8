"""Energies and forces of local modes: each force the gradient of its energy, transforms against pair sums."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.slab import Slab, convolve
from crosscurrent.physics.lattice_energy import couplings_memory, short_range_energy, short_range_force
from crosscurrent.physics.lattice_langevin import stiffness
from crosscurrent.physics.well import Well, quartic_well

SLABS = [Slab((4, 3, 2)), Slab((3, 4, 5), 11), Slab((5, 1, 1)), Slab((3, 4, 2), open_y=False)]
FIELDS = st.integers(0, 2**32 - 1)


def slope(energy: Callable[[np.ndarray], np.ndarray], u: np.ndarray, along: np.ndarray, step: float = 1e-4) -> float:
    return float((energy(u + step * along).sum() - energy(u - step * along).sum()) / (2 * step))


@pytest.fixture(scope="module")
def record() -> LocalMode:
    return local_mode("batio3-b")


@given(seed=FIELDS, c6=st.floats(0, 1e5))
def test_well_force_is_the_gradient(seed: int, c6: float) -> None:
    rng = np.random.default_rng(seed)
    axis = rng.normal(size=3)
    x, y, z = axis / np.linalg.norm(axis)
    well = Well(-30.0, 5800.0, c6, 0.1, (x, y, z))
    u, along = 0.1 * rng.normal(size=(2, 4, 3))
    assert slope(well.energy, u, along, 1e-5) == pytest.approx(
        -float((well.force(u) * along).sum()), rel=1e-6, abs=1e-8
    )
    np.testing.assert_allclose(well.force(well.ordered), 0, atol=1e-12)
    step = 1e-5 * np.eye(3)
    curvature = [-(well.force(well.ordered + h) - well.force(well.ordered - h)) / 2e-5 for h in step]
    np.testing.assert_allclose(curvature, well.stiffness, atol=1e-4)
    third = sum(
        sign * (well.force(well.ordered + d * np.array(well.axis)) @ well.axis) for sign, d in ((1, 1e-4), (1, -1e-4))
    )
    assert -third / 1e-8 == pytest.approx(well.cubic, rel=1e-3)


def test_well_of_barium_titanate() -> None:
    """Barrier and minimum give the table's coefficients; curvature and cubic coefficient follow."""
    well = quartic_well(0.03843446, 0.07158677, 0.1)
    assert well.a2 == pytest.approx(-29.99958791, rel=3e-7)
    assert well.b4 == pytest.approx(5853.96071, rel=3e-7)
    assert well.minimum == pytest.approx(0.07158677)
    assert well.barrier == pytest.approx(0.03843446)
    assert well.curvature == pytest.approx(59.9992, abs=1e-4)
    assert well.cubic == pytest.approx(2514.40, abs=0.01)
    assert well.quartic == pytest.approx(6 * well.b4)


@pytest.mark.parametrize("slab", SLABS)
@pytest.mark.parametrize("dipole", ["damped", "bare"])
def test_coupling_force_is_the_gradient(record: LocalMode, slab: Slab, dipole: str) -> None:
    ties = record.with_kernel(record.blocks, dipole).couplings(slab)
    rng = np.random.default_rng(1)
    u, along = rng.normal(size=(2, *slab.shape, 3))
    for energy, force in ((ties.energy, ties.force), (ties.dipole_energy, ties.dipole_force)):
        assert slope(energy, u, along, 1.0) == pytest.approx(-float((force(u) * along).sum()), rel=1e-11)
    energy, force = (
        lambda x: short_range_energy(x, record.blocks, slab),
        lambda x: short_range_force(x, record.blocks, slab),
    )
    assert slope(energy, u, along, 1.0) == pytest.approx(-float((force(u) * along).sum()), rel=1e-11)
    total = short_range_energy(u, record.blocks, slab).sum() + ties.dipole_energy(u).sum()
    assert ties.energy(u).sum() == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("slab", SLABS)
@pytest.mark.parametrize("dipole", ["damped", "bare"])
def test_transform_is_the_pair_sum(record: LocalMode, slab: Slab, dipole: str) -> None:
    """One convolution and the surface term against bonds one by one, and dipoles pair by pair."""
    ties = record.with_kernel(record.blocks, dipole).couplings(slab)
    u = np.random.default_rng(2).normal(size=(2, *slab.shape, 3))
    by_pairs = short_range_force(u, record.blocks, slab) + ties.dipole_force(u)
    np.testing.assert_allclose(ties.force(u), by_pairs, rtol=0, atol=1e-12 * np.abs(by_pairs).max())
    between = np.fft.ifftn(ties.dipole, axes=(0, 1, 2)).real
    sites = np.stack(np.meshgrid(*map(np.arange, slab.shape), indexing="ij"), axis=-1).reshape(-1, 3)
    apart = (sites[:, None] - sites) % np.array(slab.transform_shape)
    pairs = between[tuple(np.moveaxis(apart, -1, 0))]
    direct = np.einsum("ijab,njb->nia", pairs, u.reshape(2, -1, 3))
    np.testing.assert_allclose(convolve(ties.dipole, u, slab).reshape(2, -1, 3), direct, atol=1e-11)


@pytest.mark.parametrize("axis", [0, 2])
@pytest.mark.parametrize("slab", SLABS)
def test_uniform_state_in_the_plane_feels_no_force(record: LocalMode, slab: Slab, axis: int) -> None:
    """What the counterterm and the surface term are for."""
    ties = record.couplings(slab)
    u = np.zeros((*slab.shape, 3))
    u[..., axis] = 0.07
    np.testing.assert_allclose(ties.force(u), 0, atol=1e-13)
    if slab.open_y:
        across = np.zeros((*slab.shape, 3))
        across[..., 1] = 0.07
        assert np.abs(ties.force(across)).max() > 0.1 or slab.shape[1] == 1


def test_surface_term_lives_at_the_surfaces(record: LocalMode) -> None:
    ties = record.couplings(Slab((4, 6, 3)))
    assert np.abs(ties.surface[1:-1]).max() < 1e-13
    assert np.abs(ties.surface[0]).max() > 1
    np.testing.assert_allclose(ties.surface, ties.surface[::-1], atol=1e-13)


@pytest.mark.parametrize("shape", [(700, 4, 3), (4, 3, 1200), (30, 20, 20)])
def test_memory_of_the_couplings(record: LocalMode, shape: tuple[int, int, int]) -> None:
    """What is told beforehand is not exceeded, and not twice too much."""
    slab = Slab(shape)
    held, most = couplings_memory(slab)
    tracemalloc.start()
    try:
        ties = record.couplings(slab)
        by_layer = stiffness(ties, record.well.stiffness, record.mass)
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert by_layer.coupling.size and held / 2 < now <= held
    assert most / 2 < peak <= most
