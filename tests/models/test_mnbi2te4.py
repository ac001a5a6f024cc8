"""MnBi2Te4: gaps, the k.p limit, symmetries of films and crystal, and the spin a terahertz field makes in a layer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import constants

from crosscurrent.models.bloch import BlochModel
from crosscurrent.models.materials import material
from crosscurrent.models.materials.mnbi2te4 import A1_GAP_79_MEV, LATTICE_CONSTANT, LAYER_DISTANCE
from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.units import InputError

SX, SY, SZ = PAULI
ONE = np.eye(2)


def levels(model: BlochModel, k: np.ndarray) -> np.ndarray:
    return np.linalg.eigvalsh(model.matrices(np.atleast_2d(k)).h)


def gap_at(model: BlochModel, k: np.ndarray) -> float:
    energy, filled = levels(model, k), model.n_states // 2
    return float((energy[:, filled] - energy[:, filled - 1]).min())


def general_k(model: BlochModel) -> np.ndarray:
    return np.random.default_rng(4).uniform(-0.6, 0.6, size=(6, model.dim))


# ---- numbers ----


def test_gaps_of_the_bilayer() -> None:
    """94.6 meV with the published a1; 79 meV, the first-principles gap, with the other. Both at Gamma."""
    assert gap_at(material("mnbi2te4"), np.zeros(2)) == pytest.approx(0.0946, abs=5e-5)
    assert gap_at(material("mnbi2te4", a1=A1_GAP_79_MEV), np.zeros(2)) == pytest.approx(0.079, abs=1e-7)
    mesh = np.stack(np.meshgrid(np.arange(30), np.arange(30)), axis=-1).reshape(-1, 2) / 30
    for layers in (2, 4):
        model = material("mnbi2te4", layers=layers)
        assert gap_at(model, mesh @ model.reciprocal) == pytest.approx(gap_at(model, np.zeros(2)), abs=1e-12)


def test_gap_of_the_crystal() -> None:
    """D. Zhang et al. give about 0.2 eV for the antiferromagnet."""
    model = material("mnbi2te4-bulk")
    mesh = np.stack(np.meshgrid(*[np.arange(8)] * 3), axis=-1).reshape(-1, 3) / 8
    assert gap_at(model, mesh @ model.reciprocal) == pytest.approx(0.2, abs=0.01)


def layer_spin(model: BlochModel, layer: str, n: int, terahertz: list[float]) -> np.ndarray:
    """Amplitude of the sin part at 1e7 V/m in mu_B/nm^3, (frequencies, spin, field): a plain sum of its own.

    S = 2/(d V) sum_mn 2 e hbar w Re(s_mn v*_mn)/[gap (gap^2 - (hbar w)^2)] E, m filled, n empty."""
    energies = constants.h / constants.e * 1e12 * np.array(terahertz)
    filled, weights = model.n_states // 2, model.projectors[layer]
    spin = np.stack([(weights[:, None] * s + s * weights) / 2 for s in model.spin.blocks[0]])
    total = np.zeros((len(terahertz), 3, 2))
    for row in range(n):
        k = np.column_stack([np.full(n, row), np.arange(n)]) / n @ model.reciprocal
        at = model.matrices(k)
        energy, states = np.linalg.eigh(at.h)
        low, high = states[:, :, :filled].conj().swapaxes(1, 2), states[:, :, filled:]
        s, v = (low[:, None] @ o @ high[:, None] for o in (spin, at.dh))
        gap = energy[:, None, filled:] - energy[:, :filled, None]
        p = np.einsum("kimn,kjmn->kijmn", s, v.conj()).real
        for w, photon in enumerate(energies):
            total[w] += np.einsum("kijmn,kmn->ij", p, 2 * photon / (gap * (gap**2 - photon**2)))
    area = abs(np.linalg.det(model.lattice))
    per_cubic_angstrom = total / n**2 / area / LAYER_DISTANCE * 1e7 * constants.angstrom
    return 2 * 1e3 * per_cubic_angstrom


@pytest.mark.parametrize(
    ("a1", "mesh", "expected"),
    [
        (2.7023, 240, {1.0: 3.747e-5, 5.0: 1.923e-4, 10.0: 4.200e-4, 17.0: 9.568e-4}),
        (A1_GAP_79_MEV, 240, {1.0: 4.696e-5, 5.0: 2.435e-4, 10.0: 5.534e-4}),
        (A1_GAP_79_MEV, 480, {17.0: 1.624e-3}),  # 2 THz below the gap: needs more points, and is good to 0.4 %
    ],
)
def test_staggered_spin_of_the_bilayer(a1: float, mesh: int, expected: dict[float, float]) -> None:
    """E along x makes S_y, opposite on the two layers; Y_yx = -Y_xy, and nothing else."""
    model = material("mnbi2te4", a1=a1)
    below, above = (layer_spin(model, f"layer {i}", mesh, list(expected)) for i in (1, 2))
    np.testing.assert_allclose(np.abs(below[:, 1, 0]), list(expected.values()), rtol=5e-4)
    np.testing.assert_allclose(above, -below, atol=1e-12 * np.abs(below).max())
    np.testing.assert_allclose(below[:, 0, 1], -below[:, 1, 0], rtol=1e-12)
    below[:, [1, 0], [0, 1]] = 0
    assert np.abs(below).max() < 1e-12 * min(expected.values())


def test_four_layers_are_staggered_too() -> None:
    model = material("mnbi2te4", layers=4)
    parts = [layer_spin(model, f"layer {i}", 60, [10.0])[0, 1, 0] for i in (1, 2, 3, 4)]
    np.testing.assert_allclose(parts[2:], [-parts[1], -parts[0]], rtol=1e-9)
    assert np.sign(parts[0]) == -np.sign(parts[3]) and abs(parts[0]) > 1e-4
    sublattice = layer_spin(model, "A", 60, [10.0])[0, 1, 0]
    assert sublattice == pytest.approx(parts[0] + parts[2], rel=1e-9)


# ---- form ----


def test_crystal_meets_the_kp_model_near_gamma() -> None:
    """Without exchange the layers are equal, and a Bloch sum over them has the four-band Hamiltonian, signs and all."""
    model = material("mnbi2te4-bulk", exchange=0.0)
    tx, ty, tz = PAULI

    def four_bands(kx: float, ky: float, kz: float) -> np.ndarray:
        par2 = kx**2 + ky**2
        h = 2.7232 * kz**2 * np.eye(4) + (-0.1165 + 11.9048 * kz**2 + 9.4048 * par2) * np.kron(tz, ONE)
        return h + 2.7023 * kz * np.kron(ty, ONE) + 3.1964 * np.kron(tx, ky * SX - kx * SY)

    errors = []
    for size in (0.02, 0.01):
        k = size * np.array([0.5, -0.3, 0.4])
        wave = np.kron(np.array([[1], [np.exp(1j * k[2] * LAYER_DISTANCE)]]), np.eye(4)) / np.sqrt(2)
        found = wave.conj().T @ model.matrices(k[None]).h[0] @ wave
        errors.append(np.abs(found - four_bands(*k)).max())
    assert errors[1] < 1e-4 and errors[0] / errors[1] > 7  # sin x - x is of third order


def test_crystal_is_the_film_with_its_ends_joined() -> None:
    """A plane wave of zero k_z along a ring of 2 layers: the hoppings between home and next cell add up."""
    film, crystal = material("mnbi2te4"), material("mnbi2te4-bulk")
    k = general_k(film)
    joined = crystal.matrices(np.column_stack([k, np.zeros(6)])).h
    up = film.matrices(k).h[0, :4, 4:]
    ring = film.matrices(k).h.copy()
    ring[:, 4:, :4] += up
    ring[:, :4, 4:] += up.conj().T
    np.testing.assert_allclose(joined, ring, atol=1e-14)


def test_layers_repeat_along_z() -> None:
    model = material("mnbi2te4", layers=3)
    h = model.matrices(general_k(model)).h
    first, second, third = (h[:, 4 * i : 4 * i + 4, 4 * i : 4 * i + 4] for i in range(3))
    np.testing.assert_array_equal(first, third)
    np.testing.assert_allclose(first - second, 0.06 * np.broadcast_to(np.kron(ONE, SZ), first.shape), atol=1e-15)
    assert not h[:, :4, 8:].any()
    np.testing.assert_allclose(sorted(set(model.positions[:, 2])), LAYER_DISTANCE * np.arange(3))
    assert np.linalg.norm(model.lattice, axis=1) == pytest.approx([LATTICE_CONSTANT] * 2)


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_projectors(layers: int) -> None:
    model = material("mnbi2te4", layers=layers)
    each = [model.projectors[f"layer {i + 1}"] for i in range(layers)]
    np.testing.assert_array_equal(sum(each), np.ones(4 * layers))
    np.testing.assert_array_equal(model.projectors["A"], sum(each[::2]))
    assert ("B" in model.projectors) == (layers > 1)


@pytest.mark.parametrize("layers", [0, -2, 1.5])
def test_a_film_needs_whole_layers(layers: float) -> None:
    with pytest.raises(InputError, match="whole number of layers, at least 1"):
        material("mnbi2te4", layers=layers)


# ---- symmetry: U H(Rk) U^dagger = H(k), complex conjugated for antiunitary operations ----


def residual(model: BlochModel, k: np.ndarray, image: np.ndarray, u: np.ndarray, conjugate: bool) -> float:
    h = model.matrices(k).h
    h = h.conj() if conjugate else h
    return float(np.abs(u @ h @ u.conj().T - model.matrices(image).h).max())


def flipped(layers: int) -> np.ndarray:
    """Inversion: the layers change places, and the state of Te is odd."""
    return np.kron(np.eye(layers)[::-1], np.kron(SZ, ONE))


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_inversion_times_time_reversal_in_even_films_and_inversion_in_odd_ones(layers: int) -> None:
    model = material("mnbi2te4", layers=layers)
    k = general_k(model)
    reversal = np.kron(np.eye(2 * layers), 1j * SY)
    pt = residual(model, k, k, flipped(layers) @ reversal, conjugate=True)
    p = residual(model, k, -k, flipped(layers), conjugate=False)
    t = residual(model, k, -k, reversal, conjugate=True)
    small, large = (pt, p) if layers % 2 == 0 else (p, pt)
    assert small < 1e-13 and large > 0.01 and t > 0.01
    assert residual(material("mnbi2te4", layers=layers, exchange=0.0), k, -k, reversal, conjugate=True) < 1e-13


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_threefold_axis_and_mirror_times_time_reversal(layers: int) -> None:
    """3m' of every layer: C_3z, and the mirror x -> -x with time reversal."""
    model = material("mnbi2te4", layers=layers)
    k = general_k(model)
    angle = 2 * np.pi / 3
    c, s = np.cos(angle), np.sin(angle)
    turned = k @ np.array([[c, s], [-s, c]])
    turn = np.kron(np.eye(2 * layers), np.diag(np.exp([-0.5j * angle, 0.5j * angle])))
    assert residual(model, k, turned, turn, conjugate=False) < 1e-13
    mirror = np.kron(np.eye(2 * layers), SX)
    reversal = np.kron(np.eye(2 * layers), 1j * SY)
    assert residual(model, k, k * [1, -1], mirror @ reversal, conjugate=True) < 1e-13
    assert residual(model, k, k * [-1, 1], mirror, conjugate=False) > 0.01  # sigma_z is odd in the mirror
    spin = model.spin.blocks[0]
    np.testing.assert_allclose(turn @ spin[0] @ turn.conj().T, c * spin[0] + s * spin[1], atol=1e-14)


def test_crystal_has_half_a_translation_times_time_reversal() -> None:
    model = material("mnbi2te4-bulk")
    k = general_k(model)
    reversal = np.kron(np.eye(4), 1j * SY)
    for at in k:
        # layer 1 goes to layer 2 at home, layer 2 to layer 1 one cell up
        phase = np.exp(-1j * at[2] * 2 * LAYER_DISTANCE)
        shift = np.kron(np.array([[0, phase], [1, 0]]), np.eye(4))
        h = model.matrices(-at[None]).h[0].conj()
        image = shift @ reversal @ h @ reversal.conj().T @ shift.conj().T
        np.testing.assert_allclose(image, model.matrices(at[None]).h[0], atol=1e-13)
    for at in k:  # inversion about layer 1: layer 2 goes one cell down
        inversion = np.kron(np.diag([1, np.exp(2j * at[2] * LAYER_DISTANCE)]), np.kron(SZ, ONE))
        image = inversion @ model.matrices(-at[None]).h[0] @ inversion.conj().T
        np.testing.assert_allclose(image, model.matrices(at[None]).h[0], atol=1e-13)
