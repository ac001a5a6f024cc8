"""The square-lattice Rashba antiferromagnet: levels, tT, and which spin generation its symmetry leaves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.models.materials.rashba_antiferromagnet import rashba_antiferromagnet
from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.units import InputError

SX, SY, SZ = PAULI
REVERSAL = np.kron(np.eye(2), 1j * SY)
K = np.random.default_rng(8).uniform(-0.8, 0.8, size=(6, 2))


def in_site_phases(model: TightBinding, k: np.ndarray) -> np.ndarray:
    """H(k) with the positions of the sites in the phases, in which a translation by one bond only swaps A and B."""
    phases = np.exp(1j * k @ model.positions[:, :2].T)
    return phases.conj()[:, :, None] * model.matrices(k).h * phases[:, None, :]


def test_it_is_the_square_lattice_written_down() -> None:
    model = rashba_antiferromagnet(t=0.9, t2=0.2, lambda_r=0.3, lambda_r2=0.15, exchange=0.7, spacing=3.0)
    x, y = (3.0 * c[:, None, None] for c in K.T)
    near = 2 * 0.9 * (np.cos(x) + np.cos(y)) * np.eye(2) - 2 * 0.3 * (np.sin(y) * SX - np.sin(x) * SY)
    far = 4 * 0.2 * np.cos(x) * np.cos(y) * np.eye(2)
    # the four diagonals, i exp(i k.d) (sigma x d)_z
    for dx, dy in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        far = far + 1j * 0.15 * np.exp(1j * (dx * x + dy * y)) * (SX * dy - SY * dx) / np.sqrt(2)
    expected = np.block([[far + 0.7 * SZ, near], [near, far - 0.7 * SZ]])
    np.testing.assert_allclose(in_site_phases(model, K), expected, atol=1e-13)


@given(t=st.floats(0.1, 2), lambda_r=st.floats(-0.5, 0.5), m=st.floats(0.1, 2), t2=st.floats(-0.3, 0.3))
def test_levels_for_moments_along_z(t: float, lambda_r: float, m: float, t2: float) -> None:
    model = rashba_antiferromagnet(t=t, lambda_r=lambda_r, lambda_r2=0.0, exchange=m, t2=t2, spacing=1.0)
    x, y = K.T
    eps, r = 2 * t * (np.cos(x) + np.cos(y)), 2 * abs(lambda_r) * np.hypot(np.sin(x), np.sin(y))
    outer, inner = np.hypot(eps, m) + r, np.abs(np.hypot(eps, m) - r)
    expected = np.sort([-outer, -inner, inner, outer], axis=0).T + (4 * t2 * np.cos(x) * np.cos(y))[:, None]
    np.testing.assert_allclose(np.linalg.eigvalsh(model.matrices(K).h), expected, atol=1e-12)


def test_the_direct_gap_is_open_everywhere_and_known() -> None:
    model = rashba_antiferromagnet()
    mesh = np.stack(np.meshgrid(np.arange(120), np.arange(120)), axis=-1).reshape(-1, 2) / 120
    energy = np.linalg.eigvalsh(model.matrices(mesh @ model.reciprocal).h)
    assert (energy[:, 2] - energy[:, 1]).min() == pytest.approx(2 * (0.8 - 2 * np.sqrt(2) * 0.2), abs=1e-12)
    assert energy[:, 1].max() < 0.0 < energy[:, 2].min()  # mu = 0 of the catalogue lies in a gap of all k


@pytest.mark.parametrize("direction", [(0, 0, 1), (1, 0, 0), (0.3, -0.5, 2.0)])
def test_translation_times_time_reversal(direction: tuple[float, float, float]) -> None:
    """T alone and the translation alone turn the moments round; both together keep H."""
    model = rashba_antiferromagnet(direction=direction)
    swap = np.kron(SX, np.eye(2))
    h = in_site_phases(model, K)
    reversed_h = REVERSAL @ in_site_phases(model, -K).conj() @ REVERSAL.conj().T
    np.testing.assert_allclose(swap @ reversed_h @ swap, h, atol=1e-13)
    assert np.abs(reversed_h - h).max() > 0.1 and np.abs(swap @ h @ swap - h).max() > 0.1
    inverted = in_site_phases(model, -K)
    assert np.abs(inverted - h).max() > 0.1  # no inversion about a site, nor about a bond
    assert np.abs(swap @ inverted @ swap - h).max() > 0.1
    assert np.abs(swap @ REVERSAL @ h.conj() @ REVERSAL.conj().T @ swap - h).max() > 0.1  # and no PT


def test_direction_counts_and_length_does_not() -> None:
    one, two = (rashba_antiferromagnet(direction=d) for d in ((0, 1, 1), (0, 3, 3)))
    np.testing.assert_allclose(one.hamiltonian, two.hamiltonian, atol=1e-15)
    home = one.hamiltonian[~one.vectors.any(axis=1)][0]
    np.testing.assert_allclose(home[:2, :2], 0.8 * (SY + SZ) / np.sqrt(2), atol=1e-15)
    np.testing.assert_allclose(home[2:, 2:], -home[:2, :2], atol=1e-15)
    for direction in ((0, 0, 0), (1, 0), (np.nan, 0, 1)):
        with pytest.raises(InputError, match="three components that are not all zero"):
            rashba_antiferromagnet(direction=direction)


def spin_generation(model: TightBinding, photon: float = 0.05, n: int = 24) -> dict[str, np.ndarray]:
    """Sums over filled m and empty n of Im p/gap^2, Re p/[gap (gap^2 - w^2)], Im p/[gap^2 (gap^2 - w^2)], p = s v*;
    (3, spin, field) for each projection. What Upsilon 0, 1 and 2 are made of."""
    mesh = np.stack(np.meshgrid(np.arange(n), np.arange(n)), axis=-1).reshape(-1, 2) / n  # symmetric as the lattice
    at = model.matrices(mesh @ model.reciprocal)
    energy, u = np.linalg.eigh(at.h)
    low, high = u[:, :, :2].conj().swapaxes(1, 2)[:, None], u[:, None, :, 2:]
    gap = (energy[:, None, 2:] - energy[:, :2, None])[:, None, None]
    v = (low @ at.dh @ high)[:, None]
    out = {}
    for name, weights in {"total": np.ones(4), **model.projectors}.items():
        p = (low @ (weights[:, None] * model.spin.blocks[0]) @ high)[:, :, None] * v.conj()
        parts = p.imag / gap**2, p.real / gap / (gap**2 - photon**2), p.imag / gap**2 / (gap**2 - photon**2)
        out[name] = np.array([part.sum(axis=(0, 3, 4)) for part in parts]) / n**2
    return out


def test_field_and_second_derivative_make_staggered_and_first_derivative_uniform_spin() -> None:
    """Table I of Feng et al. for tT: Upsilon 0 and 2 staggered, Upsilon 1 uniform."""
    found = spin_generation(rashba_antiferromagnet())
    a, b, total = found["A"], found["B"], found["total"]
    np.testing.assert_allclose(b[[0, 2]], -a[[0, 2]], atol=1e-12)
    np.testing.assert_allclose(b[1], a[1], atol=1e-12)
    assert np.abs(total[[0, 2]]).max() < 1e-12
    for order, (i, j) in ((0, (0, 0)), (1, (0, 1)), (2, (0, 0))):
        assert abs(a[order, i, j]) > 1e-3
    # fourfold axis and mirror times time reversal of a site: diag(a, a, .), and antisymmetric for Upsilon 1
    np.testing.assert_allclose(a[:, 0, 0], a[:, 1, 1], atol=1e-12)
    np.testing.assert_allclose(a[:, 0, 1], -a[:, 1, 0], atol=1e-12)
    assert np.abs(a[1, [0, 1], [0, 1]]).max() < 1e-12 and np.abs(a[[0, 2], 0, 1]).max() < 1e-12
    assert np.abs(a[:, 2]).max() < 1e-12


def test_without_rashba_coupling_to_second_neighbours_nothing_is_left() -> None:
    """The chiral symmetry: tau_y changes the sign of H, up to the part that is a number."""
    model = rashba_antiferromagnet(lambda_r2=0.0)
    assert max(np.abs(part).max() for part in spin_generation(model).values()) < 1e-12
    h = in_site_phases(model, K)
    h = h - np.trace(h, axis1=1, axis2=2)[:, None, None] / 4 * np.eye(4)
    chiral = np.kron(SY, np.eye(2))
    np.testing.assert_allclose(chiral @ h @ chiral, -h, atol=1e-13)
