"""No current depends on the phases of states, on the basis inside a degenerate group, or on that of the orbitals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.physics import bloch
from reference import projector, torus_models
from reference.bridge import Bands
from reference.projector import DOUBLETS, TRIPLET, Groups, Groups2D
from reference.torus_models import Torus
from reference.zone import Complexes, Floats, Zone

DEGENERATE = {
    "doublets": (torus_models.inversion_doublets(), DOUBLETS),
    "triplet": (torus_models.triplet(), TRIPLET),
}
NAMES = ("conventional", "liu2023", "liu2023_corrected", "topological", "torque_dipole_1", "torque_dipole_2")


def mixed(model: Torus, k: Floats, groups: Groups, seed: int) -> Complexes:
    """Eigenvectors turned by a random unitary matrix inside each group, another one at every k."""
    rng = np.random.default_rng(seed)
    states = np.linalg.eigh(model.h(k))[1]
    for group in groups:
        columns = list(group)
        for point in range(len(k)):
            states[point][:, columns] = states[point][:, columns] @ torus_models.random_unitary(rng, len(columns))
    return states


def by_group(x: Floats, groups: Groups) -> Floats:
    return np.stack([x[:, list(group)].sum(axis=1) for group in groups], axis=1)


@pytest.mark.parametrize("name", DEGENERATE)
@given(seed=st.integers(0, 10_000))
def test_any_basis_inside_a_group(name: str, seed: int) -> None:
    model, groups = DEGENERATE[name]
    k = np.random.default_rng(seed).normal(size=(4, 2))
    plain = Bands.of(model, k)
    turned = Bands.of(model, k, states=mixed(model, k, groups, seed))
    assert np.abs(turned.spin - plain.spin).max() > 1e-2
    for i, j in ((0, 1), (1, 0)):
        before, after = plain.x(i, j), turned.x(i, j)
        for part in NAMES:
            np.testing.assert_allclose(by_group(after[part], groups), by_group(before[part], groups), atol=1e-11)
    filling = len(groups[0])
    np.testing.assert_allclose(turned.shi(0, 1, filling), plain.shi(0, 1, filling), atol=1e-11)
    for quantity in (
        lambda b: bloch.berry_curvature(b.connection)[:, 0],
        lambda b: bloch.orbital_moment(b.connection, b.energies)[:, 0],
    ):
        np.testing.assert_allclose(by_group(quantity(turned), groups), by_group(quantity(plain), groups), atol=1e-11)


@pytest.mark.parametrize("name", DEGENERATE)
def test_groups_through_projectors(name: str) -> None:
    """X_D of the package, point by point, is the trace of explicit projectors and their spectral derivatives."""
    model, groups = DEGENERATE[name]
    n = 128
    g = Groups2D(model.h, Zone(model.lattice, n), groups)
    x = Bands.of(model, model.mesh(n)).x(1, 0)
    for part, formula in (
        ("liu2023", projector.published),
        ("liu2023_corrected", projector.corrected),
        ("conventional", projector.conventional),
    ):
        expected = np.stack([field.reshape(-1) for field in formula(g, model.spin, 1, 0)], axis=1)
        assert np.abs(expected).max() > 1e-2
        np.testing.assert_allclose(by_group(x[part], groups), expected, atol=1e-10)


@pytest.mark.parametrize("name", DEGENERATE)
def test_printed_formulas_depend_on_the_basis(name: str) -> None:
    """Why groups are needed: summed band by band, the published and the corrected current of a group change with the
    basis that the eigensolver happens to return."""
    model, groups = DEGENERATE[name]
    k = model.mesh(5)
    results = []
    for seed in (1, 2):
        bands = Bands.of(model, k, tolerance=1e-7, states=mixed(model, k, groups, seed))
        # diagonal spin only: what the formulas print when each band stands for itself
        diagonal = np.einsum("klmm->klm", bands.spin)[..., None] * np.eye(4)
        results.append(by_group(bands.with_spin(diagonal).x(0, 1)["liu2023_corrected"], groups))
    assert np.abs(results[0] - results[1]).max() > 1e-2


@given(seed=st.integers(0, 10_000))
def test_phases_of_single_bands(seed: int) -> None:
    model = torus_models.random_torus(seed)
    k = np.random.default_rng(seed).normal(size=(4, 2))
    turned = Bands.of(model, k, states=mixed(model, k, projector.BANDS_4, seed))
    for (part, x), y in zip(Bands.of(model, k).x(0, 1).items(), turned.x(0, 1).values(), strict=True):
        np.testing.assert_allclose(x, y, atol=1e-10 * (1 + np.abs(x).max()), err_msg=part)


@given(seed=st.integers(0, 10_000))
def test_basis_of_the_orbitals(seed: int) -> None:
    """A k-independent change of orbitals, spin matrix included, changes nothing."""
    rng = np.random.default_rng(seed)
    model = torus_models.random_torus(seed)
    other = torus_models.rotated(model, torus_models.random_unitary(rng, 4))
    k = rng.normal(size=(4, 2))
    for (part, x), y in zip(Bands.of(model, k).x(1, 0).items(), Bands.of(other, k).x(1, 0).values(), strict=True):
        np.testing.assert_allclose(x, y, atol=1e-9 * (1 + np.abs(x).max()), err_msg=part)


@given(seed=st.integers(0, 10_000), split=st.floats(1e-6, 1e-5))
def test_a_small_splitting_does_not_matter_within_the_group_width(seed: int, split: float) -> None:
    """Doublets split by less than the width give the current of the doublet, whatever the direction of the field."""
    model, groups = DEGENERATE["doublets"]
    rng = np.random.default_rng(seed)
    blocks = model.blocks.copy()
    home = int(np.flatnonzero(~model.vectors.any(axis=1))[0])
    blocks[home] += split * torus_models.random_hermitian(rng, 4)
    perturbed = Torus(model.lattice, model.vectors, blocks, model.spin)
    k = rng.normal(size=(4, 2))
    x, y = Bands.of(model, k).x(0, 1), Bands.of(perturbed, k, tolerance=1e-3).x(0, 1)
    for part in NAMES:
        np.testing.assert_allclose(by_group(x[part], groups), by_group(y[part], groups), atol=1e-3)
