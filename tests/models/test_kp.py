"""k.p models: the polynomial algebra, exact and numerical derivatives, and what is refused."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.models.bloch import Operator
from crosscurrent.models.kp import CallableKP, PolynomialKP
from crosscurrent.models.matrix_polynomial import MatrixPolynomial, wave_vector
from crosscurrent.models.spin_matrices import PAULI, spin_matrices
from crosscurrent.numerics.derivative import richardson_derivative
from crosscurrent.numerics.domains import Box, Cylinder, Disk, Sphere
from crosscurrent.units import InputError

SX, SY, SZ = PAULI


def hermitian(rng: np.random.Generator, n: int) -> np.ndarray:
    a = rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n))
    return a + a.conj().T


def random_polynomial(seed: int, dim: int, n: int = 3, degree: int = 3) -> MatrixPolynomial:
    rng = np.random.default_rng(seed)
    powers = {tuple(int(p) for p in rng.integers(0, degree + 1, dim)) for _ in range(6)}
    return MatrixPolynomial({p: hermitian(rng, n) for p in powers}, dim)


def value(polynomial: MatrixPolynomial, k: np.ndarray, n: int) -> np.ndarray:
    """The sum of monomials, written out: the independent route of these tests."""
    total = np.zeros((len(k), n, n), dtype=complex)
    for powers, c in polynomial.terms.items():
        matrix = c if c.ndim else c * np.eye(n)
        total += np.prod(k ** np.array(powers), axis=1)[:, None, None] * matrix
    return total


# ---- the algebra ----


@given(seed=st.integers(0, 10_000), dim=st.sampled_from([2, 3]))
def test_algebra_is_that_of_matrix_functions(seed: int, dim: int) -> None:
    f, g = random_polynomial(seed, dim), random_polynomial(seed + 1, dim)
    rng = np.random.default_rng(seed)
    k, a = rng.normal(size=(5, dim)), hermitian(rng, 3)
    vf, vg = value(f, k, 3), value(g, k, 3)
    np.testing.assert_allclose(value(f * g, k, 3), vf @ vg, atol=1e-6)
    np.testing.assert_allclose(value(a * f, k, 3), a @ vf, atol=1e-6)
    np.testing.assert_allclose(value(f @ a, k, 3), vf @ a, atol=1e-6)
    np.testing.assert_allclose(value(2 * f - g / 4 + 1.5, k, 3), 2 * vf - vg / 4 + 1.5 * np.eye(3), atol=1e-6)
    np.testing.assert_allclose(value(a - f, k, 3), a - vf, atol=1e-6)
    np.testing.assert_allclose(value(f**2, k, 3), vf @ vf, atol=1e-9)


def test_numbers_times_matrices_read_like_the_formula() -> None:
    kx, ky = wave_vector(2)
    h = 0.3 + 2 * kx**2 * SZ + kx * SX + ky * SY
    k = np.array([[0.4, -0.7]])
    expected = 0.3 * np.eye(2) + 2 * 0.16 * SZ + 0.4 * SX - 0.7 * SY
    np.testing.assert_allclose(value(h, k, 2)[0], expected, atol=1e-15)


@given(seed=st.integers(0, 10_000))
def test_lattice_form_replaces_k_by_sines_and_cosines(seed: int) -> None:
    f = random_polynomial(seed, 3)
    constants = np.array([4.14, 3.3, 5.0])
    vectors, blocks = f.on_lattice(constants)
    k = np.random.default_rng(seed).normal(size=(4, 3))
    on_lattice = np.einsum("kr,rab->kab", np.exp(1j * (k * constants) @ vectors.T), blocks)
    sine, square = np.sin(k * constants) / constants, 2 * (1 - np.cos(k * constants)) / constants**2
    expected = np.zeros_like(on_lattice)
    for powers, c in f.terms.items():
        p = np.array(powers)
        expected += np.prod(sine ** (p % 2) * square ** (p // 2), axis=1)[:, None, None] * c
    np.testing.assert_allclose(on_lattice, expected, atol=1e-12)


@pytest.mark.parametrize("j", [0.5, 1.0, 1.5])
def test_spin_matrices_have_the_algebra_of_spin(j: float) -> None:
    jx, jy, jz = spin_matrices(j)
    np.testing.assert_allclose(jx @ jy - jy @ jx, 1j * jz, atol=1e-14)
    np.testing.assert_allclose(jx @ jx + jy @ jy + jz @ jz, j * (j + 1) * np.eye(len(jz)), atol=1e-14)
    with pytest.raises(InputError, match="a spin is"):
        spin_matrices(0.3)


# ---- polynomial models ----


@given(seed=st.integers(0, 10_000), dim=st.sampled_from([2, 3]))
def test_polynomial_model_is_its_polynomial_and_dh_its_derivative(seed: int, dim: int) -> None:
    f = random_polynomial(seed, dim)
    model = PolynomialKP(f, cutoff=Box((1.0,) * dim))
    k = np.random.default_rng(seed).uniform(-1, 1, size=(7, dim))
    at = model.matrices(k)
    np.testing.assert_allclose(at.h, value(f, k, 3), atol=1e-11)
    step = 1e-5
    for axis in range(dim):
        shift = step * np.eye(dim)[axis]
        slope = (value(f, k + shift, 3) - value(f, k - shift, 3)) / (2 * step)
        np.testing.assert_allclose(at.dh[:, axis], slope, atol=1e-7)


def test_polynomial_model_from_a_plain_dictionary() -> None:
    model = PolynomialKP({(1, 0): SX, (0, 1): SY, (0, 0): 0.1 * SZ}, cutoff=Disk(1.0), spin=PAULI / 2)
    k = np.array([[0.3, 0.4], [0.0, 0.0]])
    np.testing.assert_allclose(np.linalg.eigvalsh(model.matrices(k).h)[:, 1], np.hypot([0.5, 0.0], 0.1))
    assert model.spin is model.operators["spin"]
    np.testing.assert_array_equal(model.matrices(k, model.spin).operator[0], PAULI / 2)
    assert model.matrices(k).operator is None
    assert model.lattice is None and model.reference_energy is None


def test_with_cutoff_changes_the_copy_only() -> None:
    model = PolynomialKP(random_polynomial(0, 3), cutoff=Sphere(0.5))
    other = model.with_cutoff(Cylinder(1.0, 2.0))
    assert model.domain == Sphere(0.5)
    assert other.domain == Cylinder(1.0, 2.0)
    k = np.ones((1, 3)) * 0.1
    np.testing.assert_array_equal(model.matrices(k).h, other.matrices(k).h)
    with pytest.raises(InputError, match="2 dimensions"):
        model.with_cutoff(Disk(1.0))


def test_polynomial_model_survives_pickling() -> None:
    model = PolynomialKP(random_polynomial(1, 2), cutoff=Disk(0.5))
    k = np.full((1, 2), 0.2)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).matrices(k).dh, model.matrices(k).dh)


@pytest.mark.parametrize(
    ("terms", "options", "message"),
    [
        ({(1, 0, 0): SX}, {}, "k.p without a cutoff in 3D"),
        ({(1, 0): SX}, {}, "k.p without a cutoff in 2D"),
        ({(1, 0): SX}, {"cutoff": Sphere(1.0)}, "3 dimensions, the model 2"),
        ({(1,): SX}, {"cutoff": Disk(1.0)}, "two- or three-dimensional"),
        ({}, {"cutoff": Disk(1.0)}, "no terms"),
        ({(1, 0): SX + 1j * SY}, {"cutoff": Disk(1.0)}, "not Hermitian"),
        ({(1, 0): SX * np.nan}, {"cutoff": Disk(1.0)}, "NaN"),
        ({(1, 0): SX, (0, 0): np.eye(3)}, {"cutoff": Disk(1.0)}, "different sizes"),
        ({(-1, 0): SX}, {"cutoff": Disk(1.0)}, "whole numbers"),
        ({(1, 0): SX, (0, 1, 0): SY}, {"cutoff": Disk(1.0)}, "whole numbers"),
        ({(1, 0): SX}, {"cutoff": Disk(1.0), "spin": spin_matrices(1.0)}, "acts on 3 states"),
        ({(1, 0): SX}, {"cutoff": Disk(1.0), "projectors": {"up": np.ones(3)}}, "projector 'up'"),
    ],
)
def test_bad_polynomials_are_refused(terms: dict, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        PolynomialKP(terms, **options)


def test_operator_on_lattice_vectors_is_refused() -> None:
    vectors = np.array([[0, 0, 0], [1, 0, 0]])
    operator = Operator(("z",), "hbar", vectors, np.zeros((2, 1, 2, 2), dtype=complex))
    model = PolynomialKP({(1, 0): SX}, cutoff=Disk(1.0))
    with pytest.raises(InputError, match="no lattice"):
        model.matrices(np.zeros((1, 2)), operator)


# ---- functions ----


def smooth(k: np.ndarray) -> np.ndarray:
    x, y = k[:, 0, None, None], k[:, 1, None, None]
    return np.sin(3 * x) * SX + np.exp(y) * x * SY + np.cos(2 * x + y) * SZ


def smooth_slope(k: np.ndarray) -> np.ndarray:
    x, y = k[:, 0, None, None], k[:, 1, None, None]
    along_x = 3 * np.cos(3 * x) * SX + np.exp(y) * SY - 2 * np.sin(2 * x + y) * SZ
    along_y = np.exp(y) * x * SY - np.sin(2 * x + y) * SZ
    return np.stack([along_x, along_y], axis=1)


POINTS = np.random.default_rng(0).uniform(-1, 1, size=(40, 2))


def test_function_with_and_without_its_derivative_agree() -> None:
    numerical = CallableKP(smooth, dim=2, cutoff=Disk(1.0))
    exact = CallableKP(smooth, dim=2, cutoff=Disk(1.0), derivative=smooth_slope, spin=PAULI / 2)
    np.testing.assert_array_equal(numerical.matrices(POINTS).h, smooth(POINTS))
    np.testing.assert_allclose(numerical.matrices(POINTS).dh, smooth_slope(POINTS), atol=1e-10)
    np.testing.assert_array_equal(exact.matrices(POINTS).dh, smooth_slope(POINTS))
    assert "Richardson" in numerical.notes[-1] and exact.notes == ()


def test_numerical_derivative_is_of_sixth_order_and_its_check_honest() -> None:
    errors = []
    for step in (0.2, 0.1):
        derivative, disagreement = richardson_derivative(smooth, POINTS, step)
        error = np.abs(derivative - smooth_slope(POINTS)).reshape(len(POINTS), -1).max(axis=1)
        assert (error <= disagreement + 1e-13).all()
        errors.append(error.max())
    assert 40 < errors[0] / errors[1] < 90  # 2^6 = 64


def kinked(k: np.ndarray) -> np.ndarray:
    return np.abs(k[:, 0])[:, None, None] * SX + k[:, 1, None, None] * SY


def test_numerical_derivative_refuses_a_kink_and_says_where() -> None:
    model = CallableKP(kinked, dim=2, cutoff=Disk(1.0))
    np.testing.assert_allclose(model.matrices(np.array([[0.5, 0.1]])).dh[0, 0], SX, atol=1e-10)
    with pytest.raises(InputError, match=r"at k = \(0.003, 0.1\) does not converge: steps .* differ by"):
        model.matrices(np.array([[0.5, 0.1], [0.003, 0.1]]))


def offset_parabola(k: np.ndarray) -> np.ndarray:
    return (500.0 + (k**2).sum(axis=1))[:, None, None] * np.eye(2) + 0.3 * k[:, 0, None, None] ** 2 * SX


def test_numerical_derivative_where_it_vanishes_is_not_mistaken_for_a_kink() -> None:
    """Rounding of a large H near a stationary point is no disagreement, in a batch of its own or not."""
    model = CallableKP(offset_parabola, dim=2, cutoff=Disk(0.001))
    np.testing.assert_allclose(model.matrices(np.array([[2e-4, -1e-4], [1e-5, 3e-5]])).dh, 0, atol=1e-3)
    np.testing.assert_allclose(model.matrices(np.array([[0.5, 0.0]])).dh[0, 0], np.eye(2) + 0.3 * SX, atol=1e-6)


def quintic(k: np.ndarray) -> np.ndarray:
    return (k[:, 0] ** 2 + k[:, 0] ** 5)[:, None, None] * SZ


def test_numerical_derivative_at_a_stationary_point_is_judged_by_its_usual_size() -> None:
    model = CallableKP(quintic, dim=2, cutoff=Disk(1.0))
    np.testing.assert_allclose(model.matrices(np.zeros((1, 2))).dh, 0, atol=1e-14)


def reversed_slope(k: np.ndarray) -> np.ndarray:
    return -smooth_slope(k)


def not_a_number(k: np.ndarray) -> np.ndarray:
    return np.where(k[:, 0, None, None] > 0.95, np.nan, smooth(k))


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (smooth, {}, "k.p without a cutoff in 2D"),
        (smooth, {"cutoff": Disk(1.0), "derivative": reversed_slope}, "the sign is reversed"),
        (smooth, {"cutoff": Disk(1.0), "derivative": lambda k: 1.01 * smooth_slope(k)}, "not the derivative of H"),
        (smooth, {"cutoff": Disk(1.0), "derivative": smooth}, r"dH/dk\(k\) has shape"),
        (smooth, {"cutoff": Disk(1.0), "step": -0.1}, "step"),
        (lambda k: k, {"cutoff": Disk(1.0)}, r"H\(k\) has shape"),
        (lambda k: 1j * smooth(k), {"cutoff": Disk(1.0)}, "H is not Hermitian at k"),
        (lambda k: np.nan * smooth(k), {"cutoff": Disk(1.0)}, "NaN"),
    ],
)
def test_bad_functions_are_refused_at_once(function: object, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        CallableKP(function, dim=2, **options)


def test_nan_met_later_is_refused_with_its_place() -> None:
    model = CallableKP(not_a_number, dim=2, cutoff=Disk(1.0), derivative=smooth_slope)
    with pytest.raises(InputError, match=r"NaN or infinite at k = \(0.97, 0\)"):
        model.matrices(np.array([[0.5, 0.0], [0.97, 0.0]]))
