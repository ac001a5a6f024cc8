"""Dipole kernels: Ewald constants, their limits, and the surface values of the counterterm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.dipole_kernel import dipole_kernel
from crosscurrent.physics.lattice_kernel import counterterm, slab_dipole_kernel
from crosscurrent.physics.lattice_units import ACCELERATION, COULOMB, HBAR, POLARIZATION
from reference.ewald_sum import ewald_tensor

CHARGE, EPS, VOLUME = 19.76637 * np.eye(3), 6.869406 * np.eye(3), 63.293954
ANGLES = st.lists(st.floats(-3.1, 3.1), min_size=3, max_size=3)


def test_units() -> None:
    """The constants of the literature in these units."""
    assert pytest.approx(9648.5332, rel=1e-8) == ACCELERATION
    assert pytest.approx(14.399645, rel=1e-7) == COULOMB
    assert pytest.approx(6.3507799, rel=1e-8) == HBAR
    assert pytest.approx(16.0217663, rel=1e-8) == POLARIZATION


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ((0, 0, 0), (-4 * np.pi / 3,) * 3),
        ((1, 0, 0), (9.68744, -4.84372, -4.84372)),
        ((1, 1, 0), (2.67679, 2.67679, -5.35358)),
        ((1, 1, 1), (0, 0, 0)),
    ],
)
def test_ewald_constants(q: tuple[int, ...], expected: tuple[float, ...]) -> None:
    """Dipole sums of the simple cubic lattice at Gamma, X, M and R (Cohen and Keffer), a^-3."""
    tensor = ewald_tensor(np.pi * np.array(q))
    np.testing.assert_allclose(np.diag(tensor), expected, atol=6e-6)
    np.testing.assert_allclose(tensor, np.diag(np.diag(tensor)), atol=1e-12)


@given(q=ANGLES)
def test_ewald_sum_does_not_depend_on_its_splitting(q: list[float]) -> None:
    np.testing.assert_allclose(ewald_tensor(q, 1.5), ewald_tensor(q, 2.2), atol=1e-9)


def test_ewald_sum_is_a_sum_over_dipoles() -> None:
    """At M and R the signs alternate, so that cubes of growing size converge; the mean of two removes the surface."""
    q = np.array([np.pi, np.pi, 0.0])
    sums = []
    for n in (10, 11):
        r = np.stack(np.meshgrid(*[np.arange(-n, n + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        r = r[(r**2).sum(axis=1) > 0]
        d = np.sqrt((r**2).sum(axis=1))
        phase = np.cos(r @ q) / d**3
        sums.append(
            np.einsum("r,rab->ab", phase, np.eye(3) - 3 * r[:, :, None] * r[:, None, :] / d[:, None, None] ** 2)
        )
    np.testing.assert_allclose(np.mean(sums, axis=0), ewald_tensor(q), atol=0.02)


@given(q=ANGLES)
def test_damped_equals_bare_for_long_waves(q: list[float]) -> None:
    """Up to the on-site constant that the counterterm removes."""
    small = 1e-3 * np.array(q)
    difference = dipole_kernel(small, CHARGE, EPS, VOLUME) - dipole_kernel(small, CHARGE, EPS, VOLUME, "bare")
    # of order K q^2 from the Gaussian
    np.testing.assert_allclose(
        difference, dipole_kernel(np.zeros(3), CHARGE, EPS, VOLUME), atol=200 * (small @ small) + 1e-9
    )


def test_bare_kernel_is_the_printed_one() -> None:
    """S11 with tensors for Z and eps, written out."""
    z, eps = np.array([[3.0, 0.2, 0], [0.1, 4.0, 0], [0, 0.3, 5.0]]), np.diag([2.0, 3.0, 4.0])
    q = np.array([0.3, -0.7, 1.1])
    p = z.T @ q
    expected = 4 * np.pi * COULOMB / 50.0 * np.outer(p, p) / (q @ eps @ q)
    np.testing.assert_allclose(dipole_kernel(q, z, eps, 50.0, "bare"), expected, rtol=1e-13)
    with pytest.raises(ValueError, match="unknown dipole kernel"):
        dipole_kernel(q, z, eps, 50.0, "screened")


@pytest.mark.parametrize("kernel", ["bare", "damped"])
def test_kernel_is_real_in_real_space(kernel: str) -> None:
    """Also on grids with an even number of cells, whose Nyquist planes stand for both signs."""
    slab = Slab((4, 3, 6))
    values = slab_dipole_kernel(slab, CHARGE, EPS, VOLUME, kernel, 1.2)
    in_space = np.fft.ifftn(values, axes=(0, 1, 2))
    assert np.abs(in_space.imag).max() < 1e-12 * np.abs(in_space).max()
    # and even under every mirror, with the sign of its components
    mirrored = in_space[-np.arange(4) % 4] * np.outer([-1, 1, 1], [-1, 1, 1])
    np.testing.assert_allclose(mirrored, in_space, atol=1e-12)


def test_counterterm() -> None:
    """0.3439 in the bulk, 0.2812 in the surface layer, for the components in the plane."""
    slab = Slab((6, 31, 3))
    c = counterterm(slab_dipole_kernel(slab, CHARGE, EPS, VOLUME, "damped", 1.2), slab)
    np.testing.assert_allclose(np.diag(c[15]), 0.343932, atol=2e-6)
    np.testing.assert_allclose(np.diag(c[0]), [0.281183, 0.343932, 0.281183], atol=2e-6)
    np.testing.assert_allclose(c, c[::-1], atol=1e-14)
    bare = counterterm(slab_dipole_kernel(slab, CHARGE, EPS, VOLUME, "bare", 1.2), slab)
    np.testing.assert_allclose(bare, 0, atol=1e-12)
