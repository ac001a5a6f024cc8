"""Which image a matrix element belongs to: against a search by brute force, and what must hold for any cell."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.models.wannier90.realspace import classes_of, expand, minimal_images, transform
from crosscurrent.units import InputError

TOLERANCE = 1e-5


@st.composite
def crystals(draw: st.DrawFn) -> tuple[np.ndarray, tuple[int, int, int], np.ndarray]:
    """A skewed cell, a mesh, and three centres."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    lattice = np.diag(rng.uniform(2, 6, 3)) + rng.uniform(-1.5, 1.5, (3, 3))
    if abs(np.linalg.det(lattice)) < 3.0:
        lattice = np.diag([3.0, 4.0, 5.0]) + np.triu(rng.uniform(-1.5, 1.5, (3, 3)), 1)
    grid = draw(st.tuples(*[st.integers(1, 4)] * 3))
    return lattice, grid, rng.uniform(-1, 1, (3, 3)) @ lattice


@given(crystals())
def test_nearest_images_are_nearest(crystal: tuple[np.ndarray, tuple[int, int, int], np.ndarray]) -> None:
    lattice, grid, tau = crystal
    images = minimal_images(lattice, grid, tau, TOLERANCE)
    around = np.array(list(itertools.product(range(-7, 8), repeat=3))) * np.array(grid)
    for cls in range(int(np.prod(grid))):
        r = np.array(np.unravel_index(cls, grid))
        rows = np.flatnonzero(images.classes == cls)
        for a, b in itertools.product(range(3), repeat=2):
            distance = np.linalg.norm((r + around) @ lattice + tau[b] - tau[a], axis=1)
            chosen = {tuple(v) for v in images.vectors[rows][images.weights[rows, a, b] > 0]}
            nearest = r + around[distance <= distance.min() + TOLERANCE]
            assert chosen == {tuple(v) for v in nearest}


@given(crystals(), st.booleans())
def test_images_share_each_element_and_keep_the_mesh(
    crystal: tuple[np.ndarray, tuple[int, int, int], np.ndarray], one_cell: bool
) -> None:
    """Weights of a class sum to one, so that H(k) on the mesh is returned unchanged, and stays Hermitian off it."""
    lattice, grid, tau = crystal
    images = minimal_images(lattice, grid, np.zeros_like(tau) if one_cell else tau, TOLERANCE)
    n_k = int(np.prod(grid))
    sums = np.zeros((n_k, *images.weights.shape[1:]))
    np.add.at(sums, images.classes, images.weights)
    np.testing.assert_allclose(sums, 1.0, atol=1e-12)
    kpoints = np.array(list(np.ndindex(*grid))) / np.array(grid)
    rng = np.random.default_rng(1)
    h = rng.normal(size=(n_k, 3, 3)) + 1j * rng.normal(size=(n_k, 3, 3))
    h = h + h.conj().swapaxes(1, 2)
    blocks = expand(transform(h, kpoints, grid, "test"), images)
    back = np.einsum("kr,rab->kab", np.exp(2j * np.pi * kpoints @ images.vectors.T), blocks)
    np.testing.assert_allclose(back, h, atol=1e-12)
    between = np.einsum("kr,rab->kab", np.exp(2j * np.pi * rng.uniform(size=(5, 3)) @ images.vectors.T), blocks)
    np.testing.assert_allclose(between, between.conj().swapaxes(1, 2), atol=1e-12)


@pytest.mark.parametrize(("off", "shared"), [(0.0, 2), (2e-6, 2), (2e-4, 1)])
def test_the_tolerance_decides_ties_in_angstrom(off: float, shared: int) -> None:
    """Two sites half a supercell apart along x: both images are equally near until one site moves."""
    lattice, tau = np.diag([2.0, 9.0, 9.0]), np.array([[0.0, 0, 0], [2.0 + off, 0, 0]])
    images = minimal_images(lattice, (2, 1, 1), tau, 1e-5)
    home = images.classes == 0
    assert (images.weights[home, 0, 1] > 0).sum() == shared
    assert images.undecided == {0.0: 0, 2e-6: 2, 2e-4: 0}[off]
    wide = minimal_images(lattice, (2, 1, 1), tau, 1e-3)
    assert (wide.weights[wide.classes == 0, 0, 1] > 0).sum() == 2


def test_one_cell_is_the_wigner_seitz_cell_with_degeneracies() -> None:
    """bcc with 2 x 2 x 2 points: 15 vectors, the origin once, the faces shared."""
    lattice = 1.435 * np.array([[1, 1, 1], [-1, 1, 1], [-1, -1, 1]])
    images = minimal_images(lattice, (2, 2, 2), np.zeros((4, 3)), TOLERANCE)
    assert len(images.vectors) == 15 and images.weights.shape == (15, 1, 1)
    assert images.weights.sum() == pytest.approx(8.0)
    assert sorted(np.round(1 / images.weights.ravel()).astype(int)) == [1] + [2] * 14


def test_shifted_mesh_is_refused() -> None:
    k = np.array([[0.25, 0, 0], [0.75, 0, 0]])
    with pytest.raises(InputError, match="Gamma-centred 2x1x1 mesh"):
        transform(np.zeros((2, 1, 1), complex), k, (2, 1, 1), "x.chk")


def test_a_centre_far_away_is_refused() -> None:
    with pytest.raises(InputError, match="many supercells away"):
        minimal_images(np.eye(3), (2, 2, 2), np.array([[0.0, 0, 0], [1e9, 0, 0]]), TOLERANCE)


def test_classes_wrap_negative_vectors() -> None:
    r = np.array([[-1, 0, 0], [1, -1, 2], [3, 0, -2]])
    np.testing.assert_array_equal(classes_of(r, (2, 3, 2)), classes_of(np.mod(r, [2, 3, 2]), (2, 3, 2)))
