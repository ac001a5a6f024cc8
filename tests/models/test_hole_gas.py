"""The two-dimensional hole gas: variational subbands, levels and spin Hall numbers of the published model."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from crosscurrent.models.kp import PolynomialKP
from crosscurrent.models.materials import hole_gas as holes
from crosscurrent.models.spin_matrices import spin_matrices
from crosscurrent.numerics.domains import Disk
from crosscurrent.physics import quantum_well as well
from crosscurrent.units import HBAR2_OVER_2M0, InputError

#: beta_h, beta_l at d = 25 nm
BETA = {
    ("GaAs", 1e6): (-3.43556, -1.15290),
    ("InAs", 1e6): (-2.72493, -0.36033),
    ("InSb", 1e6): (-2.58518, -0.19088),
    ("Ge", 1e6): (-3.25077, -0.55494),
    ("GaAs", 2e6): (-5.00337, -2.07445),
    ("InAs", 2e6): (-4.15579, -0.71036),
    ("InSb", 2e6): (-3.98607, -0.38016),
    ("Ge", 2e6): (-4.78467, -1.07481),
}


def trial(beta: float, u: np.ndarray, weights: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Eq. (12), normalised by quadrature, and its derivative d/dz, at u = z/d + 1/2."""
    phi = np.sin(np.pi * u) * np.exp(-beta * u)
    slope = (np.pi * np.cos(np.pi * u) - beta * np.sin(np.pi * u)) * np.exp(-beta * u) / width
    norm = np.sqrt(weights @ phi**2)
    return phi / norm, slope / norm


@pytest.mark.parametrize(
    ("beta_1", "beta_2"), [(-3.4, -1.1), (1.7, -0.4), (0.0, 2e-4), (9e-4, 1.1e-3), (-12.0, -3.0), (0.015, 0.021)]
)
def test_subband_integrals_equal_quadrature(beta_1: float, beta_2: float) -> None:
    d = 250.0
    nodes, weights = np.polynomial.legendre.leggauss(80)
    u, w = (nodes + 1) / 2, weights * d / 2
    (phi, slope), (other, other_slope) = trial(beta_1, u, w, d), trial(beta_2, u, w, d)
    assert well.mean_position(beta_1, d) == pytest.approx(w @ (d * (u - 0.5) * phi**2), abs=1e-10)
    spread = (w @ (u**2 * phi**2)) - (w @ (u * phi**2)) ** 2
    assert well._variance(beta_1) == pytest.approx(spread, rel=1e-11)
    assert well.mean_kz2(beta_1, d) == pytest.approx(w @ slope**2, rel=1e-11)
    assert well.overlap(beta_1, beta_2) == pytest.approx(w @ (phi * other), rel=1e-12)
    assert well.kappa(beta_1, beta_2, d) == pytest.approx(w @ (phi * other_slope), abs=1e-14)


@pytest.mark.parametrize("force", [1e-6, -1e-4, 2e-4, 1e-2])
def test_variational_beta_minimises_the_energy(force: float) -> None:
    stiffness, d = HBAR2_OVER_2M0 * 2.65, 250.0
    beta = well.variational_beta(stiffness, force, d)
    found = minimize_scalar(lambda b: well.subband_energy(b, stiffness, force, d), bracket=(beta - 1, beta + 1))
    assert beta == pytest.approx(found.x, abs=2e-5 * max(1, abs(beta)))
    assert well.variational_beta(stiffness, 0.0, d) == 0.0
    with pytest.raises(InputError, match="no bound subband"):
        well.variational_beta(-stiffness, force, d)


@pytest.mark.parametrize(("material", "field"), BETA)
def test_published_wells(material: str, field: float) -> None:
    levels = holes.subbands(material, field)
    assert (levels.beta_h, levels.beta_l) == pytest.approx(BETA[material, field], abs=6e-6)


def test_overlap_and_kappa_of_gaas() -> None:
    levels = holes.subbands("GaAs", 1e6)
    assert levels.overlap == pytest.approx(0.93209, abs=6e-6)
    assert 10 * levels.kappa == pytest.approx(-0.04255, abs=6e-6)  # 1/nm


def test_levels_of_gaas_at_a_general_k() -> None:
    """These fix the (-3/2, -1/2) element: with minus the conjugate instead, the levels pair up."""
    model = holes.hole_gas("GaAs", magnetization=0.0)
    levels = np.linalg.eigvalsh(model.matrices(np.array([[0.03, 0.01]])).h[0]) * 1e3
    np.testing.assert_allclose(levels, [7.718, 17.539, 38.926, 48.747], atol=6e-4)


def test_spin_operator_is_j_between_subbands() -> None:
    levels = holes.subbands("GaAs")
    s = holes.spin_operator(levels).blocks[0]
    np.testing.assert_allclose(np.diag(s[2]), [1.5, -1.5, 0.5, -0.5])
    assert s[0][0, 2] == pytest.approx(np.sqrt(3) / 2 * levels.overlap)
    assert s[0][2, 3] == pytest.approx(1.0)
    flat = holes.spin_operator(holes.subbands("GaAs", field=0.0)).blocks[0]  # equal functions: the full spin 3/2
    np.testing.assert_allclose(flat[0] @ flat[1] - flat[1] @ flat[0], 1j * flat[2], atol=1e-12)


def test_symmetries() -> None:
    """Time reversal exp(-i pi J_y) K without magnetization; four-fold rotation of the cubic crystal always."""
    k = np.random.default_rng(3).uniform(-0.05, 0.05, size=(6, 2))
    order = [0, 3, 1, 2]
    # exp(-i pi J_y)|m> = (-1)^(J-m) |-m>
    reversal = np.zeros((4, 4))
    for row, column, sign in [(3, 0, 1), (2, 1, -1), (1, 2, 1), (0, 3, -1)]:
        reversal[row, column] = sign
    reversal = reversal[np.ix_(order, order)]
    free = holes.hole_gas("GaAs", magnetization=0.0)
    image = reversal @ free.matrices(-k).h.conj() @ reversal.T
    np.testing.assert_allclose(image, free.matrices(k).h, atol=1e-12)
    turned = np.stack([-k[:, 1], k[:, 0]], axis=1)
    rotation = np.diag(np.exp(-0.5j * np.pi * np.array([1.5, -1.5, 0.5, -0.5])))
    model = holes.hole_gas("Ge")
    image = rotation @ model.matrices(k).h @ rotation.conj().T
    np.testing.assert_allclose(image, model.matrices(turned).h, atol=1e-12)


def test_gate_field_splits_the_subbands_and_no_field_does_not() -> None:
    k = np.array([[0.02, 0.007]])
    split = np.linalg.eigvalsh(holes.hole_gas("GaAs", magnetization=0.0).matrices(k).h[0])
    flat = np.linalg.eigvalsh(holes.hole_gas("GaAs", field=0.0, magnetization=0.0).matrices(k).h[0])
    assert split[1] - split[0] > 1e-3
    assert flat[1] - flat[0] < 1e-12


@pytest.mark.parametrize("material", holes.LUTTINGER)
def test_reference_energy_is_the_band_bottom(material: str) -> None:
    model = holes.hole_gas(material)
    k = np.stack(np.meshgrid(np.linspace(0, 0.15, 40), np.linspace(0, 0.15, 40)), axis=-1).reshape(-1, 2)
    lowest = np.linalg.eigvalsh(model.matrices(k).h)[:, 0]
    assert lowest[0] == pytest.approx(model.reference_energy, abs=1e-12)
    assert lowest.min() >= model.reference_energy - 1e-12


def test_unknown_material() -> None:
    with pytest.raises(InputError, match=r"no Luttinger parameters for 'Si'.*GaAs"):
        holes.hole_gas("Si")


def fermi_radii(model: PolynomialKP, mu: float, direction: np.ndarray, outside: float) -> np.ndarray:
    """Where each band crosses mu along the directions (na, 2), (na, n), by bisection; 0 for a band above mu."""
    low, high = np.zeros((len(direction), model.n_states)), np.full((len(direction), model.n_states), outside)
    for _ in range(45):
        middle = (low + high) / 2
        k = (middle[:, :, None] * direction[:, None, :]).reshape(-1, 2)
        energy = np.linalg.eigvalsh(model.matrices(k).h).reshape(len(direction), model.n_states, model.n_states)
        filled = np.einsum("amm->am", energy) < mu
        low, high = np.where(filled, middle, low), np.where(filled, high, middle)
    return low


def spin_hall_by_band_sums(model: PolynomialKP, mu: float, outside: float) -> np.ndarray:
    """Published, corrected and conventional J_y^z/E_x in units of e: each band integrated up to its Fermi line."""
    n, na = model.n_states, 32
    nodes, weights = np.polynomial.legendre.leggauss(48)
    angle = (np.arange(na) + 0.5) * 2 * np.pi / na
    direction = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    radii = fermi_radii(model, mu, direction, outside)
    total = np.zeros(3)
    for m in range(n):
        r = radii[:, m, None] * (nodes + 1) / 2
        measure = (r * radii[:, m, None] * weights / 2 * (2 * np.pi / na) / (2 * np.pi) ** 2).ravel()
        at = model.matrices((r[:, :, None] * direction[:, None, :]).reshape(-1, 2), model.spin)
        energy, states = np.linalg.eigh(at.h)
        bra = states.conj().swapaxes(1, 2)
        s, vx, vy = (bra @ o @ states for o in (at.operator[0, 2], at.dh[:, 0], at.dh[:, 1]))
        others = [b for b in range(n) if b != m]
        gap = energy[:, m, None] - energy[:, others]
        rx, ry = 1j * vx[:, m, others] / gap, 1j * vy[:, m, others] / gap  # R_mn; R_nm is the conjugate
        w = (1j * (ry * rx.conj() - rx * ry.conj())).real
        spin = np.einsum("kbb->kb", s).real
        current = (s @ vy + vy @ s) / 2
        conventional = 2 * ((current[:, others, m] * vx[:, m, others]).imag / gap**2).sum(axis=1)
        rows = [(w * spin[:, others]).sum(axis=1), w.sum(axis=1) * spin[:, m], conventional]
        total += [measure @ row for row in rows]
    return total


@pytest.mark.parametrize(
    ("material", "field", "expected"),
    [
        ("GaAs", 1e6, (-0.3886, 0.3880, 0.4957)),
        ("GaAs", 2e6, (-0.3594, 0.3799, 0.4871)),
        ("InAs", 1e6, (-0.3968, 0.3967, 0.5439)),
        ("InAs", 2e6, (-0.3949, 0.3959, 0.5377)),
        ("InSb", 1e6, (-0.3967, 0.3971, 0.5988)),
        ("Ge", 1e6, (-0.3644, 0.3824, 0.5096)),
        ("Ge", 2e6, (-0.3156, 0.3569, 0.4436)),
    ],
)
def test_spin_hall_numbers(material: str, field: float, expected: tuple[float, float, float]) -> None:
    """The independent route to the table: Fermi energy from the band bottom, any disk that holds the Fermi sea."""
    model = holes.hole_gas(material, field=field, cutoff=Disk(0.08))
    mu = model.reference_energy + holes.FERMI_ENERGY[material]
    edge = np.linalg.eigvalsh(model.matrices(np.array([[0.08, 0.0], [0.0565, 0.0565]])).h)[:, 0]
    assert (edge > mu).all()
    found = spin_hall_by_band_sums(model, mu, 0.08)
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_j_matrices_order() -> None:
    """m = 3/2, -3/2, 1/2, -1/2: raising leads from 1/2 to 3/2 and from -3/2 to -1/2."""
    levels = holes.subbands("GaAs", field=0.0)
    jx, jy, _ = holes.spin_operator(levels).blocks[0]
    raising = jx + 1j * jy
    full = spin_matrices(1.5)[0] + 1j * spin_matrices(1.5)[1]
    assert raising[0, 2] == pytest.approx(full[0, 1])
    assert raising[3, 1] == pytest.approx(full[2, 3])
