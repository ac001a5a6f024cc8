"""Upsilon 0, 1, 2 against the linear density matrix in a fixed basis, and the closed forms of Dirac electrons."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.numerics.eigen import rotate
from crosscurrent.physics import bloch
from crosscurrent.physics import spin_generation as physics

SEEDS = st.integers(0, 2**32 - 1)


def random_hermitian(rng, *shape):
    a = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    return a + a.conj().swapaxes(-1, -2)


def occupied_tensors(h, dh, spin, n_occupied, z):
    """(Upsilon0, Upsilon1, Upsilon2, chi), the first (L, dim), the others (L, dim, n_omega), of one k point."""
    energies, states = np.linalg.eigh(h)
    v, s = rotate(states[None], dh[None]), rotate(states[None], spin[None])
    rows, columns = slice(0, n_occupied), slice(n_occupied, None)
    gaps = (energies[None, columns] - energies[rows, None])[None]
    inverse = bloch.inverse_gaps(gaps, np.ones_like(gaps, dtype=bool))
    v, s = v[..., rows, columns], s[..., rows, columns]
    first, second = physics.static_weights(*physics.pair_products(s, v), inverse)
    kernel = physics.resonance(inverse, z)
    one, two = (np.einsum("kljmn,kmnw->ljw", weights, kernel) for weights in (first, second))
    chi = physics.kubo_pairs(s, v, inverse, z).sum(axis=(3, 4))[0]
    return -second.sum(axis=(-1, -2))[0], one, two, chi


@given(SEEDS, st.sampled_from([0.0, 0.07]))
def test_sum_of_tensors_is_the_kubo_formula(seed, eta):
    rng = np.random.default_rng(seed)
    h, dh, spin = random_hermitian(rng, 5, 5), random_hermitian(rng, 2, 5, 5), random_hermitian(rng, 3, 5, 5)
    gap = np.diff(np.linalg.eigvalsh(h))[1]
    z = np.array([0.0, 0.3, 0.8]) * gap + 1j * eta
    zero, one, two, chi = occupied_tensors(h, dh, spin, 2, z)
    total = physics.susceptibility(zero[..., None], one, two, z)
    np.testing.assert_allclose(total, chi, rtol=0, atol=1e-12 * np.abs(chi).max())


def density_matrix_response(hamiltonian, k, spin, n_occupied, z, direction):
    """Tr(s delta rho) per field: z drho = [H, drho] + i d_k rho0 solved in the basis of the model, rho0 differentiated
    numerically. No eigenvector of H(k) and no Berry connection enter, only projectors."""

    def projector(at):
        _, u = np.linalg.eigh(hamiltonian(at))
        return u[:, :n_occupied] @ u[:, :n_occupied].conj().T

    step = 2e-3 * np.eye(2)[direction]
    # fourth-order central difference
    slope = (8 * (projector(k + step) - projector(k - step)) - projector(k + 2 * step) + projector(k - 2 * step)) / (
        12 * 2e-3
    )
    h = hamiltonian(k)
    n = len(h)
    commutator = np.kron(h, np.eye(n)) - np.kron(np.eye(n), h.T)
    response = []
    for one in z:
        drho = np.linalg.solve(one * np.eye(n * n) - commutator, 1j * slope.ravel()).reshape(n, n)
        response.append([np.trace(s @ drho) for s in spin])
    return np.array(response).T


@pytest.mark.parametrize("seed", range(4))
def test_kubo_agrees_with_the_density_matrix_in_a_fixed_basis(seed):
    rng = np.random.default_rng(seed)
    terms = random_hermitian(rng, 3, 4, 4)
    spin = random_hermitian(rng, 3, 4, 4)

    def hamiltonian(k):
        return terms[0] + np.sin(k[0]) * terms[1] + np.cos(k[1]) * terms[2]

    k = np.array([0.3, 0.9])
    dh = np.stack([np.cos(k[0]) * terms[1], -np.sin(k[1]) * terms[2]])
    gap = np.diff(np.linalg.eigvalsh(hamiltonian(k)))[1]
    z = np.array([0.2 * gap + 0.03j, 0.7 * gap + 0.03j])
    zero, one, two, chi = occupied_tensors(hamiltonian(k), dh, spin, 2, z)
    for direction in range(2):
        other = density_matrix_response(hamiltonian, k, spin, 2, z, direction)
        np.testing.assert_allclose(chi[:, direction], other, rtol=0, atol=2e-8 * np.abs(chi).max())
        total = physics.susceptibility(zero[:, direction, None], one[:, direction], two[:, direction], z)
        np.testing.assert_allclose(total, other, rtol=0, atol=2e-8 * np.abs(chi).max())


def paper_formulas(h, dh, spin, n_occupied, omega, e):
    """Eqs. (2), (7), (8) of the paper word by word, per band and summed over the occupied, with its charge e < 0."""
    energies, states = np.linalg.eigh(h)
    v, s = rotate(states[None], dh[None])[0], rotate(states[None], spin[None])[0]
    out = np.zeros((3, len(spin), 2))
    for n in range(n_occupied):
        for m in range(len(h)):
            if m == n:
                continue
            w_nm = energies[n] - energies[m]
            connection = 1j * v[:, m, n] / (energies[n] - energies[m])
            product = s[:, n, m][:, None] * connection[None, :]
            out[0] += -e * 2 * product.real / w_nm
            out[1] += -2 * e * product.imag / (w_nm**2 - omega**2)
            out[2] += 2 * e * product.real / (w_nm * (w_nm**2 - omega**2))
    return out


@pytest.mark.parametrize("seed", range(3))
def test_the_charge_of_the_paper_is_minus_ours(seed):
    rng = np.random.default_rng(seed)
    h, dh, spin = random_hermitian(rng, 5, 5), random_hermitian(rng, 2, 5, 5), random_hermitian(rng, 3, 5, 5)
    levels = np.linalg.eigvalsh(h)
    omega = 0.1 * np.diff(levels).min()
    zero, one, two, _ = occupied_tensors(h, dh, spin, 2, np.array([omega]))
    ours = np.stack([zero, one[..., 0], two[..., 0]])
    theirs = paper_formulas(h, dh, spin, 2, omega, e=-1.0)
    scale = np.abs(theirs).max(axis=(1, 2), keepdims=True)
    assert np.abs((ours - theirs) / scale).max() < 1e-10
    positive = paper_formulas(h, dh, spin, 2, omega, e=+1.0)
    assert np.abs((ours + positive) / scale).max() < 1e-10


V, DELTA, OMEGA = 3.29, 0.15, 0.15


def helical_dirac(k):
    """H = v sigma.(k x z) + Delta sigma_z and its derivative (hbar = 1)."""
    sx, sy, sz = PAULI
    return V * (k[1] * sx - k[0] * sy) + DELTA * sz, V * np.stack([-sy, sx])


def dirac_forms(k, v_power=3, printed_element=False):
    """Corrected Eq. (12) for the lower band with spin hbar sigma; e of the paper is -1 and its H_E = -e E.r."""
    kx, ky = k
    e = -1.0
    eps = np.sqrt(V**2 * (kx**2 + ky**2) + DELTA**2)
    mass = DELTA**2 / V**2
    below = kx if printed_element else ky
    denominator = eps**3 * (4 * eps**2 - OMEGA**2)
    zero = e * V * DELTA / (2 * eps**3) * np.eye(2)
    one = e * V**v_power / denominator * np.array([[-kx * ky, kx**2 + mass], [-(below**2 + mass), kx * ky]])
    two = -e * V * DELTA / (2 * denominator) * np.eye(2)
    return zero, one, two


@pytest.mark.parametrize("k", [(0.02, 0.05), (-0.11, 0.03), (0.0, 0.0), (0.4, -0.7)])
def test_dirac_electrons_have_the_corrected_form_of_eq_12(k):
    h, dh = helical_dirac(np.array(k))
    zero, one, two, _ = occupied_tensors(h, dh, PAULI, 1, np.array([OMEGA]))
    for ours, form in zip((zero, one[..., 0], two[..., 0]), dirac_forms(np.array(k)), strict=True):
        np.testing.assert_allclose(ours[:2], form, rtol=0, atol=1e-13 * np.abs(form).max())


@pytest.mark.parametrize("misprint", [{"v_power": 2}, {"printed_element": True}])
def test_eq_12_as_printed_is_wrong(misprint):
    """v^2 has the wrong dimension and the element (2, 1) the wrong component of k."""
    k = np.array([0.02, 0.05])
    h, dh = helical_dirac(k)
    _, one, _, _ = occupied_tensors(h, dh, PAULI, 1, np.array([OMEGA]))
    printed = dirac_forms(k, **misprint)[1]
    assert np.abs(one[:2, :, 0] - printed).max() > 0.1 * np.abs(printed).max()
    # without the square brackets' asymmetry a rotation by 90 degrees would not map the tensor on itself
    turned = dirac_forms(np.array([-k[1], k[0]]), **misprint)[1]
    r = np.array([[0.0, -1.0], [1.0, 0.0]])
    covariant = np.abs(turned - r @ printed @ r.T).max() < 1e-12 * np.abs(printed).max()
    assert covariant == ("printed_element" not in misprint)


def test_pairs_of_one_group_have_no_weight():
    inverse = np.zeros((1, 1, 1))
    first, second = physics.static_weights(np.ones((1, 3, 2, 1, 1)), np.ones((1, 3, 2, 1, 1)), inverse)
    kernel = physics.resonance(inverse, np.array([0.3]))
    assert not first.any()
    assert not second.any()
    assert np.isfinite(kernel).all()
