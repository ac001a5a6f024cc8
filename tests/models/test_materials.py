"""Built-in materials: what every entry owes, and the numbers and symmetries of each."""

from __future__ import annotations

import inspect
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.models.bloch import BlochModel
from crosscurrent.models.materials import Material, catalogue, material
from crosscurrent.models.materials import bi2se3 as bismuth_selenide
from crosscurrent.models.materials.registry import entry
from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.numerics.domains import Disk, Sphere
from crosscurrent.units import HBAR2_OVER_2M0, InputError

SX, SY, SZ = PAULI
ONE = np.eye(2)
CUTOFFS = {2: Disk(0.3), 3: Sphere(0.5)}
KEYS = list(catalogue())


def built(key: str, **parameters: object) -> BlochModel:
    one = entry(key)
    return one.build(cutoff=CUTOFFS[one.dim] if one.needs_cutoff else None, **parameters)


def general_k(model: BlochModel, points: int = 5) -> np.ndarray:
    scale = 0.1 if model.lattice is None else np.linalg.norm(model.reciprocal, axis=1).max()
    return scale * np.random.default_rng(7).uniform(-1, 1, size=(points, model.dim))


# ---- every entry ----


@pytest.mark.parametrize("key", catalogue())
def test_entry_says_where_it_comes_from(key: str) -> None:
    one = catalogue()[key]
    assert one.key == key and one.title and len(one.source) > 20
    assert one.suggested_mu and one.dim in (2, 3)
    assert all(p.meaning for p in one.parameters.values())


@pytest.mark.parametrize("key", KEYS)
def test_entry_matches_its_builder(key: str) -> None:
    one = catalogue()[key]
    arguments = inspect.signature(one.make).parameters
    keywords = {name: p.default for name, p in arguments.items() if p.kind is p.KEYWORD_ONLY}
    assert keywords.pop("cutoff", "none") == (None if one.needs_cutoff else "none")
    assert keywords == {name: p.default for name, p in one.parameters.items()}
    model = built(key)
    assert model.source == one.source and model.dim == one.dim and model.name


@pytest.mark.parametrize("key", KEYS)
def test_matrices_are_hermitian_and_dh_is_the_derivative(key: str) -> None:
    """In the convention with orbital positions in the phases, which is the one dh is covariant in."""
    model = built(key)
    k, step = general_k(model), 1e-5
    positions = getattr(model, "positions", np.zeros((model.n_states, 3)))[:, : model.dim]

    def phases(at: np.ndarray) -> np.ndarray:
        between = positions[None, :, :] - positions[:, None, :]
        return np.exp(1j * np.einsum("ki,abi->kab", at, between))

    def h(at: np.ndarray) -> np.ndarray:
        return model.matrices(at).h * phases(at)

    exact = model.matrices(k, parts=frozenset({"extra"}))
    dh = exact.extra.get("bare_dh", exact.dh)  # without the position matrix of Wannier functions
    np.testing.assert_allclose(exact.h, exact.h.conj().swapaxes(1, 2), atol=1e-13)
    scale = np.abs(dh).max()
    for axis in range(model.dim):
        shift = step * np.eye(model.dim)[axis]
        slope = (h(k + shift) - h(k - shift)) / (2 * step) / phases(k)
        np.testing.assert_allclose(dh[:, axis], slope, atol=1e-8 * scale)


@pytest.mark.parametrize("key", KEYS)
def test_spin_has_the_size_of_a_spin(key: str) -> None:
    model = built(key)
    if key == "haldane":
        assert model.spin is None
        return
    if key == "bismuth":  # Wannier functions: the matrix of a spin between them depends on k
        assert model.spin is not None and not model.spin.is_constant
        return
    top = 1.5 if key.startswith("hole-gas") else 0.5
    for operator in model.operators.values():
        assert operator.labels == ("x", "y", "z") and operator.unit == "hbar"
        assert np.linalg.eigvalsh(operator.blocks[0]).max(axis=1)[2] == pytest.approx(top)


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"unknown material 'Bi2Se'\. Did you mean 'bi2se3'"):
        material("Bi2Se")
    with pytest.raises(InputError, match="Known: bi2se3"):
        material("xxxxxxxxxx")
    with pytest.raises(InputError, match="Did you mean 'magnetization'"):
        material("bi2se3", cutoff=Sphere(1.0), magnetisation=(0, 0, 1e-3))
    with pytest.raises(InputError, match=r"k.p without a cutoff in 3D"):
        material("bi2se3")
    with pytest.raises(InputError, match="periodic and takes no cutoff"):
        material("qwz", cutoff=Disk(1.0))
    assert isinstance(entry("rashba"), Material)


def test_looking_at_the_registry_loads_no_material() -> None:
    code = (
        "import sys, crosscurrent.models.materials; print([n for n in sys.modules if 'bi2se3' in n or 'optimize' in n])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---- time reversal: U H(-k)^* U^dagger = H(k) ----

REVERSAL = {
    "bi2se3": np.kron(ONE, 1j * SY),
    "bi2se3-lattice": np.kron(ONE, 1j * SY),
    "rashba": 1j * SY,
    "kane-mele": np.kron(ONE, 1j * SY),
}


def reversal_residual(model: BlochModel, u: np.ndarray) -> float:
    k = general_k(model)
    image = u @ model.matrices(-k).h.conj() @ u.conj().T
    return float(np.abs(image - model.matrices(k).h).max())


@pytest.mark.parametrize("key", REVERSAL)
def test_time_reversal(key: str) -> None:
    u = REVERSAL[key]
    options = {"warping": True} if key == "bi2se3" else {}
    model = built(key, **options)
    assert reversal_residual(model, u) < 1e-13
    for operator in model.operators.values():  # a spin is odd
        s = operator.blocks[0]
        np.testing.assert_allclose(u @ s.conj() @ u.conj().T, -s, atol=1e-14)


@pytest.mark.parametrize(
    ("key", "options", "u"),
    [
        ("bi2se3", {"magnetization": (0.0, 0.0, 1e-3)}, REVERSAL["bi2se3"]),
        ("rashba", {"zeeman": (0.0, 1e-3, 0.0)}, 1j * SY),
        ("massive-dirac", {"velocity": 1.0}, 1j * SY),
        ("haldane", {}, ONE),
    ],
)
def test_magnetism_breaks_time_reversal(key: str, options: dict, u: np.ndarray) -> None:
    assert reversal_residual(built(key, **options), u) > 1e-3


# ---- Bi2Se3 ----


def levels(model: BlochModel, k: np.ndarray) -> np.ndarray:
    return np.linalg.eigvalsh(model.matrices(np.atleast_2d(k)).h)


def test_bi2se3_band_edges() -> None:
    model = built("bi2se3")
    np.testing.assert_allclose(levels(model, np.zeros(3))[0], [-0.2883, -0.2883, 0.2717, 0.2717], atol=1e-12)
    radial = np.linspace(0, 0.3, 1201)
    valence = levels(model, np.stack([radial, 0 * radial, 0 * radial], axis=1))[:, 1]
    assert valence.max() == pytest.approx(-0.0722, abs=5e-5)
    assert radial[valence.argmax()] == pytest.approx(0.092, abs=1e-3)
    plane = np.stack(np.meshgrid(np.linspace(0, 0.2, 101), [0.0], np.linspace(0, 0.4, 81)), axis=-1).reshape(-1, 3)
    energies = levels(model, plane)
    assert (energies[:, 2] - energies[:, 1]).min() == pytest.approx(0.4658, abs=1.5e-4)


def test_bi2se3_is_equation_10() -> None:
    """The printed matrix, element by element."""
    rng = np.random.default_rng(5)
    k, m = rng.uniform(-0.3, 0.3, size=(4, 3)), np.array([0.01, -0.02, 0.03])
    a2, b2 = 4.0, -3.0
    kx, ky, kz = k.T
    par2 = kx**2 + ky**2
    eps = -0.0083 + 5.74 * kz**2 + 30.4 * par2
    mass = -0.28 + 6.86 * kz**2 + 44.5 * par2
    a, b = (3.33 + a2 * par2), (2.26 + b2 * kz**2) * kz
    expected = np.zeros((4, 4, 4), dtype=complex)
    for at in range(4):
        plus, minus = kx[at] + 1j * ky[at], kx[at] - 1j * ky[at]
        expected[at] = [
            [-mass[at] + m[2], m[0] - 1j * m[1], b[at], a[at] * minus],
            [m[0] + 1j * m[1], -mass[at] - m[2], a[at] * plus, -b[at]],
            [b[at], a[at] * minus, mass[at] + m[2], m[0] - 1j * m[1]],
            [a[at] * plus, -b[at], m[0] + 1j * m[1], mass[at] - m[2]],
        ]
        expected[at] += eps[at] * np.eye(4)
    model = built("bi2se3", magnetization=tuple(m), a2=a2, b2=b2)
    np.testing.assert_allclose(model.matrices(k).h, expected, atol=1e-13)


def test_bi2se3_warping_is_that_of_the_source_in_another_basis() -> None:
    """C.-X. Liu et al.: Gamma_1,2,3 = sigma_1,2,3 tau_1, Gamma_4 = tau_2, Gamma_5 = tau_3, in their own basis."""
    k = np.random.default_rng(2).uniform(-0.2, 0.2, size=(6, 3))
    x, y, z = (c[:, None, None] for c in k.T)
    g1, g2, g3 = (np.kron(s, SX) for s in PAULI)
    g4, g5 = np.kron(ONE, SY), np.kron(ONE, SZ)
    par2 = x**2 + y**2
    theirs = (-0.0083 + 5.74 * z**2 + 30.4 * par2) * np.eye(4) + (-0.28 + 6.86 * z**2 + 44.5 * par2) * g5
    theirs = theirs + 2.26 * z * g4 + 3.33 * (g1 * y - g2 * x)
    theirs = theirs + 50.6 * g3 * (x**3 - 3 * x * y**2) - 113.3 * g4 * (3 * x**2 * y - y**3)
    # states (P1 up, P2 up, P1 down, P2 down) with P2 multiplied by -i and +i; then P2 before P1
    u = np.diag([1, -1j, 1, 1j])[[1, 3, 0, 2]]
    model = built("bi2se3", warping=True)
    np.testing.assert_allclose(u @ theirs @ u.conj().T, model.matrices(k).h, atol=1e-13)


def test_bi2se3_warping_leaves_a_threefold_axis() -> None:
    model = built("bi2se3", warping=True)
    k = np.array([[0.1, 0.02, 0.05]])
    for turn, same in ((2 * np.pi / 3, True), (np.pi / 3, False)):
        c, s = np.cos(turn), np.sin(turn)
        rotated = k @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
        assert np.allclose(levels(model, rotated), levels(model, k), atol=1e-12) is same
    plain = built("bi2se3")
    np.testing.assert_allclose(levels(plain, k), levels(plain, rotated), atol=1e-12)


def test_bi2se3_lattice_meets_the_kp_model_near_gamma() -> None:
    lattice, kp = built("bi2se3-lattice"), built("bi2se3")
    assert isinstance(lattice, TightBinding)
    direction = np.array([[0.5, -0.3, 0.4]])
    errors = [np.abs(lattice.matrices(s * direction).h - kp.matrices(s * direction).h).max() for s in (0.02, 0.01)]
    assert errors[0] / errors[1] == pytest.approx(8, rel=0.2)  # sin x - x is of third order
    k = general_k(lattice)
    images = k + lattice.reciprocal.sum(axis=0)
    np.testing.assert_allclose(levels(lattice, k), levels(lattice, images), atol=1e-12)
    mesh = np.stack(np.meshgrid(*[np.arange(12) / 12] * 3), axis=-1).reshape(-1, 3) @ lattice.reciprocal
    energies = levels(lattice, mesh)
    assert (energies[:, 2] - energies[:, 1]).min() > 0.3  # open over the whole zone with c = 5


def test_bi2se3_physical_spin_from_the_surface_state() -> None:
    """On the top surface the upper Dirac cone is left-handed and fully polarised, as measured."""
    model = built("bi2se3-lattice")
    layers, k = 24, 0.03
    slab = np.zeros((layers, 4, layers, 4), dtype=complex)
    for r, block in zip(model.vectors, model.hamiltonian, strict=True):
        for z in range(max(0, -r[2]), min(layers, layers - r[2])):
            slab[z, :, z + r[2]] += block * np.exp(1j * k * r[0] * model.lattice[0, 0])
    energy, states = np.linalg.eigh(slab.reshape(4 * layers, -1))
    states = states.reshape(layers, 4, -1)[:, :, 2 * layers : 2 * layers + 2]  # the two lowest above the Dirac point
    assert energy[2 * layers] - energy[2 * layers - 1] > 0.05
    height = np.einsum("z,zan->n", np.arange(layers), np.abs(states) ** 2)
    top = states[:, :, height.argmax()]
    spin = {name: np.einsum("za,iab,zb->i", top.conj(), o.blocks[0], top).real for name, o in model.operators.items()}
    np.testing.assert_allclose(spin["physical_spin"], [0, -0.5, 0], atol=0.02)
    assert abs(spin["spin"][1]) < 0.45  # sigma/2 of the printed basis is not the spin


# ---- two-dimensional models ----


def chern_number(model: BlochModel, n: int = 16) -> float:
    """Of the lower half of the bands: Fukui, Hatsugai and Suzuki's lattice field strength."""
    points = np.stack(np.meshgrid(np.arange(n), np.arange(n), indexing="ij"), axis=-1).reshape(-1, 2) / n
    h = model.matrices(points @ model.reciprocal).h
    filled = np.linalg.eigh(h)[1][:, :, : model.n_states // 2].reshape(n, n, model.n_states, -1)

    def link(axis: int) -> np.ndarray:
        overlap = np.linalg.det(filled.conj().swapaxes(2, 3) @ np.roll(filled, -1, axis=axis))
        return overlap / np.abs(overlap)

    u1, u2 = link(0), link(1)
    field = np.angle(u1 * np.roll(u2, -1, axis=0) / np.roll(u1, -1, axis=1) / u2)
    return float(field.sum() / (2 * np.pi))


@pytest.mark.parametrize(("mass", "expected"), [(-3.0, 0), (-1.0, 1), (1.0, -1), (2.5, 0)])
def test_qwz_chern_number(mass: float, expected: int) -> None:
    plus = chern_number(built("qwz", mass=-1.0))
    assert abs(plus) == pytest.approx(1, abs=1e-10)
    assert chern_number(built("qwz", mass=mass)) == pytest.approx(expected * plus, abs=1e-10)


def test_qwz_is_its_formula() -> None:
    model = built("qwz", mass=0.7, hopping=2.0, lattice_constant=3.0)
    k = general_k(model)
    x, y = (3.0 * c[:, None, None] for c in k.T)
    expected = 2.0 * (np.sin(x) * SX + np.sin(y) * SY + (0.7 + np.cos(x) + np.cos(y)) * SZ)
    np.testing.assert_allclose(model.matrices(k).h, expected, atol=1e-13)


@pytest.mark.parametrize(
    ("phi", "mass", "expected"),
    [(np.pi / 2, 0.0, 1), (-np.pi / 2, 0.0, -1), (np.pi / 2, 0.5, 1), (np.pi / 2, 0.54, 0), (0.0, 0.1, 0)],
)
def test_haldane_chern_number(phi: float, mass: float, expected: int) -> None:
    """The phase boundary is at mass = 3 sqrt(3) t_2 sin(phi) = 0.5196 eV."""
    plus = chern_number(built("haldane"), 24)
    assert abs(plus) == pytest.approx(1, abs=1e-10)
    assert chern_number(built("haldane", phi=phi, mass=mass), 24) == pytest.approx(expected * plus, abs=1e-10)


def corners(model: BlochModel) -> np.ndarray:
    """K and K' of the honeycomb lattice."""
    return np.array([[1 / 3, 2 / 3], [2 / 3, 1 / 3]]) @ model.reciprocal


@given(t2=st.floats(-0.2, 0.2), phi=st.floats(-3, 3), mass=st.floats(-1, 1))
def test_haldane_gaps_at_the_corners(t2: float, phi: float, mass: float) -> None:
    model = built("haldane", t2=t2, phi=phi, mass=mass)
    energy = levels(model, corners(model))
    shift = 3 * np.sqrt(3) * t2 * np.sin(phi)
    expected = sorted([2 * abs(mass + shift), 2 * abs(mass - shift)])
    np.testing.assert_allclose(sorted(energy[:, 1] - energy[:, 0]), expected, atol=1e-12)


@given(so=st.floats(-0.2, 0.2), v=st.floats(-1, 1))
def test_kane_mele_gap_at_the_corners(so: float, v: float) -> None:
    """|6 sqrt(3) lambda_SO - 2 lambda_v| without Rashba coupling."""
    model = built("kane-mele", lambda_so=so, lambda_v=v, lambda_r=0.0)
    energy = levels(model, corners(model))
    expected = sorted(
        [-v - 3 * np.sqrt(3) * so, -v + 3 * np.sqrt(3) * so, v - 3 * np.sqrt(3) * so, v + 3 * np.sqrt(3) * so]
    )
    np.testing.assert_allclose(energy, [expected, expected], atol=1e-12)


def test_kane_mele_has_the_lattice_symmetries_with_rashba() -> None:
    """Three-fold rotation and the mirror x -> -x, which keep A and B: the spin turns with k, as an axial vector."""
    model = built("kane-mele", lambda_r=0.3)
    k = general_k(model)

    def spin(at: np.ndarray) -> np.ndarray:
        states = np.linalg.eigh(model.matrices(at).h)[1]
        return np.einsum("kam,iab,kbm->kmi", states.conj(), model.spin.blocks[0], states).real

    c, s = np.cos(2 * np.pi / 3), np.sin(2 * np.pi / 3)
    for turn in (np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]), np.diag([-1, 1, 1])):
        image = k @ turn[:2, :2].T
        np.testing.assert_allclose(levels(model, image), levels(model, k), atol=1e-12)
        np.testing.assert_allclose(spin(image), np.linalg.det(turn) * spin(k) @ turn.T, atol=1e-10)


def test_kane_mele_spin_chern_number_and_transition() -> None:
    """Without Rashba coupling the two spins are two Haldane models of opposite sign."""
    topological = built("kane-mele", lambda_r=0.0)
    total, up = chern_number(topological, 24), spin_up_part(topological)
    assert total == pytest.approx(0, abs=1e-10)
    assert abs(chern_number(up, 24)) == pytest.approx(1, abs=1e-10)
    assert chern_number(spin_up_part(built("kane-mele", lambda_r=0.0, lambda_v=0.4)), 24) == pytest.approx(0, abs=1e-10)


def spin_up_part(model: BlochModel) -> TightBinding:
    assert isinstance(model, TightBinding)
    up = [0, 2]
    return TightBinding(
        lattice=model.cell,
        vectors=model.vectors,
        hamiltonian=model.hamiltonian[:, up][:, :, up],
        positions=model.positions[up],
        dim=2,
    )


def test_massive_dirac_bands() -> None:
    model = built("massive-dirac", velocity=2.0, mass=0.1, zeeman=(0.02, 0.0, 0.05))
    k = general_k(model)
    expected = np.sqrt((2 * k[:, 0] + 0.02) ** 2 + (2 * k[:, 1]) ** 2 + 0.15**2)
    np.testing.assert_allclose(levels(model, k), expected[:, None] * np.array([-1, 1]), atol=1e-14)


def test_rashba_bands_and_spin_texture() -> None:
    model = built("rashba")
    k = np.array([[0.02, 0.0], [0.03, -0.01]])
    length = np.linalg.norm(k, axis=1)
    free = HBAR2_OVER_2M0 / 0.05 * length**2
    np.testing.assert_allclose(levels(model, k), free[:, None] + 0.08 * length[:, None] * np.array([-1, 1]), atol=1e-14)
    upper = np.linalg.eigh(model.matrices(k).h)[1][0, :, 1]
    spin = np.einsum("a,iab,b->i", upper.conj(), model.spin.blocks[0], upper).real
    np.testing.assert_allclose(spin, [0, -0.5, 0], atol=1e-12)  # sigma_x k_y - sigma_y k_x along x


def test_rashba_conventional_spin_hall_is_universal() -> None:
    """J_y^z/E_x = e/8 pi with both bands filled, whatever the mass, the coupling and the Fermi energy."""
    for alpha, mu in ((0.08, 0.02), (0.2, 0.05)):
        model = built("rashba", alpha=alpha)
        b = HBAR2_OVER_2M0 / 0.05
        inner, outer = (np.sqrt((alpha / 2 / b) ** 2 + mu / b) + sign * alpha / 2 / b for sign in (-1, 1))
        nodes, weights = np.polynomial.legendre.leggauss(20)
        r = inner + (outer - inner) * (nodes + 1) / 2  # only the lower band counts between the two Fermi circles
        total = 0.0
        for angle in np.arange(8) * np.pi / 4:
            k = r[:, None] * np.array([np.cos(angle), np.sin(angle)])
            at = model.matrices(k, model.spin)
            energy, u = np.linalg.eigh(at.h)
            s, vx, vy = (u.conj().swapaxes(1, 2) @ o @ u for o in (at.operator[0, 2], at.dh[:, 0], at.dh[:, 1]))
            current = (s @ vy + vy @ s) / 2
            x = 2 * (current[:, 1, 0] * vx[:, 0, 1]).imag / (energy[:, 1] - energy[:, 0]) ** 2
            total += weights @ (r * x) * (outer - inner) / 2 * (2 * np.pi / 8) / (2 * np.pi) ** 2
        assert 8 * np.pi * total == pytest.approx(1.0, abs=1e-9)


def test_lattice_spin_hall_reference_parameters() -> None:
    assert bismuth_selenide.LATTICE_CONSTANTS == (4.14, 4.14, 5.0)
    assert (bismuth_selenide.R1, bismuth_selenide.R2) == (50.6, -113.3)
