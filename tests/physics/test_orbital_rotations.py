"""Orbitals and spins under operations: representations, and what Wannier90 calls its orbitals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.physics.magnetic_groups import point_group
from crosscurrent.physics.orbital_rotations import (
    NAMES,
    harmonic_rotation,
    orbital_rotation,
    orbitals,
    spin_rotation,
)
from crosscurrent.units import InputError

ONE, OTHER = (Rotation.random(random_state=n).as_matrix() for n in (1, 2))


def test_harmonics_are_a_representation() -> None:
    for a, b in ((ONE, OTHER), (-ONE, OTHER), (ONE, np.diag([1.0, 1.0, -1.0]))):
        d = harmonic_rotation(a)
        np.testing.assert_allclose(d @ d.T, np.eye(16), atol=1e-13)
        np.testing.assert_allclose(harmonic_rotation(a @ b), d @ harmonic_rotation(b), atol=1e-13)


def test_p_orbitals_turn_like_a_vector() -> None:
    order = [NAMES.index(n) for n in ("px", "py", "pz")]
    np.testing.assert_allclose(harmonic_rotation(ONE)[np.ix_(order, order)], ONE, atol=1e-14)


def test_d_orbitals_turn_like_a_symmetric_tensor() -> None:
    """d_xy is the tensor (xy + yx)/2: a quarter turn about z makes it -d_xy; one about x makes d_xz of it."""
    d = harmonic_rotation(Rotation.from_rotvec([0, 0, np.pi / 2]).as_matrix())
    assert d[NAMES.index("dxy"), NAMES.index("dxy")] == pytest.approx(-1)
    d = harmonic_rotation(Rotation.from_rotvec([np.pi / 2, 0, 0]).as_matrix())
    assert d[NAMES.index("dxz"), NAMES.index("dxy")] == pytest.approx(1)
    # and z^2 becomes y^2 = -z^2/2 - (x^2 - y^2) sqrt(3)/2
    assert d[NAMES.index("dz2"), NAMES.index("dz2")] == pytest.approx(-0.5)
    assert d[NAMES.index("dx2-y2"), NAMES.index("dz2")] == pytest.approx(-np.sqrt(0.75))


@pytest.mark.parametrize("time_reversal", [False, True])
@pytest.mark.parametrize("matrix", [ONE, -ONE, np.diag([1.0, 1.0, -1.0]), np.diag([-1.0, -1.0, 1.0]), np.eye(3)])
def test_spins_turn_like_an_axial_vector(matrix: np.ndarray, time_reversal: bool) -> None:
    """g sigma_a g^-1 = sum_b sigma_b R_ba det(R) (-1)^theta, with the complex conjugate for an antiunitary g."""
    u = spin_rotation(matrix, time_reversal)
    sigma = np.array(PAULI)
    turned = u @ (sigma.conj() if time_reversal else sigma) @ u.conj().T
    sign = (-1 if time_reversal else 1) * np.linalg.det(matrix)
    np.testing.assert_allclose(turned, sign * np.einsum("ba,bij->aij", matrix, sigma), atol=1e-12)
    np.testing.assert_allclose(u @ u.conj().T, np.eye(2), atol=1e-14)


@pytest.mark.parametrize(
    ("text", "group"),
    [("sp3", "-43m"), ("sp3d2", "m-3m"), ("sp2", "-6m2"), ("sp3d", "-6m2"), ("sp", "mmm"), ("t2g", "m-3m")],
)
def test_hybrids_turn_into_one_another(text: str, group: str) -> None:
    coefficients = orbitals(text)
    np.testing.assert_allclose(coefficients @ coefficients.T, np.eye(len(coefficients)), atol=1e-14)
    # the hexagonal hybrids have a lobe along x, which the mirrors of the name leave alone after a turn by 30 degrees
    turn = Rotation.from_rotvec([0, 0, np.pi / 6 if text in ("sp2", "sp3d") else 0.0]).as_matrix()
    for rotation in point_group(group).rotated(turn).rotations:
        found = orbital_rotation(coefficients, rotation)
        np.testing.assert_allclose(found @ found.T, np.eye(len(found)), atol=1e-12)
        if text != "t2g":
            assert set(np.rint(np.abs(found)).ravel()) == {0.0, 1.0}
            np.testing.assert_allclose(np.abs(found), np.rint(np.abs(found)), atol=1e-12)


def test_a_list_is_put_in_the_order_of_wannier90() -> None:
    np.testing.assert_array_equal(orbitals("dxy; sp3d2, dxz,dyz"), orbitals("sp3d2;dxz;dyz;dxy"))
    np.testing.assert_array_equal(orbitals("p").argmax(axis=1), [NAMES.index(n) for n in ("pz", "px", "py")])


@pytest.mark.parametrize("text", ["", "g", "s; s", "p; px"])
def test_lists_that_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="orbital"):
        orbitals(text)


def test_an_operation_that_leads_out_of_the_set_is_refused() -> None:
    with pytest.raises(InputError, match="carries one of these orbitals into others"):
        orbital_rotation(orbitals("px, py"), ONE)
