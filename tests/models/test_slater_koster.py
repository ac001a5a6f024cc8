"""Slater-Koster models: the two-centre table, the laws of distance, and crystals whose levels are known otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.spatial.transform import Rotation

from crosscurrent.models.materials.bismuth_slater_koster import E_P, E_S, SHELLS, SPIN_ORBIT, THIRD_INTEGRALS
from crosscurrent.models.radial_laws import RadialLaw
from crosscurrent.models.slater_koster import (
    Atom,
    ExactShells,
    ExponentialShells,
    PowerLaw,
    Stepped,
    TwoCentre,
    slater_koster,
)
from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.physics.two_centre import P_MOMENTUM, p_spin_orbit, two_centre_block
from crosscurrent.units import InputError

SP3 = TwoCentre(ss=-1.3, sp=1.7, pp_sigma=2.1, pp_pi=-0.6, ps=1.1)
EQUAL = TwoCentre(ss=-1.3, sp=1.7, pp_sigma=2.1, pp_pi=-0.6)
seeds = st.integers(0, 2**32 - 1)


def levels(model: TightBinding, k: np.ndarray) -> np.ndarray:
    return np.linalg.eigvalsh(model.matrices(np.atleast_2d(k)).h)


def two_element_crystal(
    turn: np.ndarray, cell_change: np.ndarray | None = None, first: str = "A", **options: object
) -> TightBinding:
    """A crystal without symmetry, three atoms of two elements, rotated by `turn`, in another cell when asked."""
    lattice = np.array([[4.0, 0.3, -0.2], [0.5, 3.7, 0.1], [-0.4, 0.6, 4.4]])
    sites = np.array([[0.1, 0.0, 0.2], [1.9, 1.7, 0.4], [0.3, 2.0, 2.3]]) @ turn.T
    kinds = ("A", "B", "A")
    energies = {"A": (-8.0, -1.0, 0.9), "B": (-12.0, -3.0, 0.4)}
    atoms = [Atom(tuple(r), *energies[kind], kind) for r, kind in zip(sites.tolist(), kinds, strict=True)]
    mixed = PowerLaw(2.5, SP3 if first == "A" else SP3.reversed(), reach=4.8)
    laws: Mapping[tuple[str, str], RadialLaw] = {
        ("A", "A"): PowerLaw(3.0, EQUAL, reach=5.2, exponent=3.0),
        ("B", "B"): PowerLaw(3.0, EQUAL.scaled(0.7), reach=4.6),
        ("A", "B") if first == "A" else ("B", "A"): mixed,
    }
    if cell_change is not None:
        lattice = cell_change @ lattice
    return slater_koster(lattice=lattice @ turn.T, atoms=atoms, hoppings=laws, **options)


# ---- the table ----


@given(seeds)
def test_two_centre_table_is_the_rotated_bond_along_z(seed: int) -> None:
    """In the frame of the bond there are only sigma and pi; everything else is the rotation of a vector."""
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    bond = np.diag([SP3.ss, SP3.pp_pi, SP3.pp_pi, SP3.pp_sigma])
    bond[0, 3], bond[3, 0] = SP3.sp, -SP3.ps
    of_orbitals = np.eye(4)
    of_orbitals[1:, 1:] = turn
    found = two_centre_block(turn @ [0, 0, 1], SP3.ss, SP3.sp, SP3.ps, SP3.pp_sigma, SP3.pp_pi)
    np.testing.assert_allclose(found, of_orbitals @ bond @ of_orbitals.T, atol=1e-13)


@given(seeds)
def test_momentum_of_p_orbitals_turns_them(seed: int) -> None:
    """exp(-i theta.L) is the rotation by theta, which fixes the sign of L; the sign of L.S depends on it."""
    vector = np.random.default_rng(seed).uniform(-2, 2, size=3)
    turned = expm(-1j * np.einsum("i,ijk->jk", vector, P_MOMENTUM))
    np.testing.assert_allclose(turned, Rotation.from_rotvec(vector).as_matrix(), atol=1e-12)


def test_spin_orbit_splits_p_into_quartet_and_doublet() -> None:
    coupling = 1.5
    matrix = p_spin_orbit(coupling, PAULI)
    np.testing.assert_allclose(np.linalg.eigvalsh(matrix), [-1.0] * 2 + [0.5] * 4, atol=1e-14)
    # 2 lambda/3 L.S with J = L + S: L.S = (J^2 - 2 - 3/4) / 2
    total = np.array(
        [np.kron(m, np.eye(2)) + np.kron(np.eye(3), s / 2) for m, s in zip(P_MOMENTUM, PAULI, strict=True)]
    )
    squared = sum(j @ j for j in total)
    np.testing.assert_allclose(matrix, 2 * coupling / 3 * (squared - 2.75 * np.eye(6)) / 2, atol=1e-14)


# ---- symmetry of the built model ----


@given(seeds)
def test_a_turned_crystal_has_the_same_levels(seed: int) -> None:
    random = np.random.default_rng(seed)
    turn = Rotation.random(rng=random).as_matrix()
    k = random.uniform(-1, 1, size=(3, 3))
    straight, turned = two_element_crystal(np.eye(3)), two_element_crystal(turn)
    np.testing.assert_allclose(levels(turned, k @ turn.T), levels(straight, k), atol=1e-11)


@given(st.integers(-3, 3), st.integers(-3, 3), st.integers(-3, 3))
def test_levels_do_not_depend_on_the_cell(i: int, j: int, m: int) -> None:
    """A long cell of the same lattice has its neighbours many cells away; all of them have to be found."""
    shear = np.array([[1, i, j], [0, 1, m], [0, 0, 1]])
    k = np.random.default_rng(1).uniform(-1, 1, size=(3, 3))
    plain, sheared = two_element_crystal(np.eye(3)), two_element_crystal(np.eye(3), shear)
    np.testing.assert_allclose(levels(sheared, k), levels(plain, k), atol=1e-11)


def test_atoms_far_outside_the_cell_hop_the_same() -> None:
    lattice, law = np.diag([3.0, 3.1, 3.2]), PowerLaw(3.0, EQUAL, reach=4.0)
    near = [Atom((0, 0, 0), -5.0, 0.0, 0.4), Atom((1.4, 1.5, 1.3), -5.0, 0.3, 0.4)]
    far = [near[0], Atom((1.4 + 12, 1.5 - 6.2, 1.3 + 3.2), -5.0, 0.3, 0.4)]
    k = np.random.default_rng(2).uniform(-1, 1, size=(4, 3))
    one, other = (slater_koster(lattice=lattice, atoms=atoms, hoppings=law) for atoms in (near, far))
    np.testing.assert_allclose(levels(other, k), levels(one, k), atol=1e-12)


def test_time_reversal_and_spin() -> None:
    model = two_element_crystal(np.eye(3))
    k = np.random.default_rng(3).uniform(-1, 1, size=(4, 3))
    u = np.kron(np.eye(model.n_states // 2), 1j * PAULI[1])
    image = u @ model.matrices(-k).h.conj() @ u.conj().T
    np.testing.assert_allclose(image, model.matrices(k).h, atol=1e-13)
    bands = levels(model, k)
    assert np.abs(bands[:, ::2] - bands[:, 1::2]).max() > 1e-3  # no inversion: the pairs of Kramers are split
    spin = model.spin.blocks[0]
    np.testing.assert_allclose(spin[0] @ spin[1] - spin[1] @ spin[0], 1j * spin[2], atol=1e-14)
    # with spin-orbit coupling off, spin is conserved: the same levels twice
    assert np.abs(spin @ model.hamiltonian[0] - model.hamiltonian[0] @ spin).max() > 0.1


@pytest.mark.parametrize("first", ["A", "B"])
def test_a_pair_of_elements_may_be_named_either_way(first: str) -> None:
    reference = two_element_crystal(np.eye(3))
    named = two_element_crystal(np.eye(3), first=first)
    k = np.random.default_rng(4).uniform(-1, 1, size=(3, 3))
    np.testing.assert_allclose(named.matrices(k).h, reference.matrices(k).h, atol=1e-13)


# ---- crystals with known levels ----


def test_cubic_s_band() -> None:
    atom = Atom((0, 0, 0), s=-2.0)
    law = ExactShells({2.0: TwoCentre(ss=-0.7)})
    model = slater_koster(lattice=2 * np.eye(3), atoms=[atom], hoppings=law)
    k = np.random.default_rng(5).uniform(-1, 1, size=(6, 3))
    expected = -2.0 - 1.4 * np.cos(2 * k).sum(axis=1)
    np.testing.assert_allclose(levels(model, k), np.stack([expected, expected], axis=1), atol=1e-13)


def test_graphene_pi_bands() -> None:
    """p_z decouples: +-V_pp pi |f(k)|, 3 V at Gamma and zero at K."""
    bond, v = 1.42, -2.6
    a = np.sqrt(3) * bond
    lattice = np.array([[a, 0], [a / 2, a * np.sqrt(3) / 2]])
    atoms = [Atom((0, 0, 0), p=0.5), Atom((0, bond * 1.0, 0), p=0.5)]
    law = ExactShells({bond: TwoCentre(pp_pi=v, pp_sigma=5.0)}, tolerance=0.1)
    model = slater_koster(lattice=lattice, atoms=atoms, hoppings=law, dim=2)
    pz = [4, 5, 10, 11]  # (p_x, p_y, p_z) x spin of each atom
    corner = np.array([[0.0, 0.0], [4 * np.pi / (3 * a), 0.0]])
    h = model.matrices(corner).h[np.ix_([0, 1], pz, pz)]
    np.testing.assert_allclose(np.linalg.eigvalsh(h)[0], [0.5 + 3 * v] * 2 + [0.5 - 3 * v] * 2, atol=1e-12)
    np.testing.assert_allclose(np.linalg.eigvalsh(h)[1], [0.5] * 4, atol=1e-12)
    assert np.abs(model.matrices(corner).h[:, pz][:, :, [0, 1, 2, 3, 6, 7, 8, 9]]).max() < 1e-14


def test_zincblende_levels() -> None:
    """Closed forms at Gamma and X. At X, s of one element meets p_x of the other: sp and ps have a pair each."""
    a, (es_a, ep_a, es_c, ep_c) = 5.65, (-8.3, 1.0, -2.6, 3.6)
    lattice = a / 2 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    atoms = [Atom((0, 0, 0), es_a, ep_a, species="As"), Atom((a / 4,) * 3, es_c, ep_c, species="Ga")]
    law = ExactShells({a * np.sqrt(3) / 4: SP3})
    model = slater_koster(lattice=lattice, atoms=atoms, hoppings={("As", "Ga"): law})

    def pair(one: float, other: float, coupling: float) -> list[float]:
        split = np.hypot((one - other) / 2, coupling)
        return [(one + other) / 2 - split, (one + other) / 2 + split]

    xx = 4 / 3 * (SP3.pp_sigma + 2 * SP3.pp_pi)
    xy = 4 / 3 * (SP3.pp_sigma - SP3.pp_pi)
    gamma = pair(es_a, es_c, 4 * SP3.ss) + 3 * pair(ep_a, ep_c, xx)
    x_point = pair(es_a, ep_c, 4 * SP3.sp / np.sqrt(3)) + pair(es_c, ep_a, 4 * SP3.ps / np.sqrt(3))
    x_point += 2 * pair(ep_a, ep_c, xy)
    found = levels(model, np.array([[0, 0, 0], [2 * np.pi / a, 0, 0]]))[:, ::2]
    np.testing.assert_allclose(found, [sorted(gamma), sorted(x_point)], atol=1e-12)


def test_bulk_bismuth_is_the_known_semimetal() -> None:
    """Liu and Allen fitted to experiment: a gap of 13.6 meV at L, and T above L by 38.5 meV (Isaacson, Williams, PR
    185, 682 (1969)). Their integrals are given to 1 meV, which is what these numbers are good for."""
    a, c, u = 4.5332, 11.7967, 0.2341
    lattice = np.array(
        [[-a / 2, -a / np.sqrt(12), c / 3], [a / 2, -a / np.sqrt(12), c / 3], [0, a / np.sqrt(3), c / 3]]
    )
    atoms = [Atom((0, 0, z), E_S, E_P, SPIN_ORBIT) for z in (-u * c, u * c)]
    law = ExactShells({**SHELLS, a: THIRD_INTEGRALS})
    model = slater_koster(lattice=lattice, atoms=atoms, hoppings=law)
    # six, six and twelve neighbours: on each atom three of the first and three of the second shell
    lengths = np.linalg.norm((model.vectors @ lattice)[:, None] + model.positions[[0, 8]] - model.positions[0], axis=-1)
    hops = np.abs(model.hamiltonian[:, 2:8, [2, 3, 4, 5, 6, 7]]).max(axis=(1, 2)) > 1e-9
    assert hops.sum() == 1 + 6
    assert np.isclose(lengths[:, 0][hops], a, atol=1e-3).sum() == 6
    t, l = levels(model, np.array([[0.5, 0.5, 0.5], [0, 0, 0.5]]) @ model.reciprocal)  # noqa: E741
    np.testing.assert_allclose(l[::2], l[1::2], atol=1e-12)
    assert 1e3 * (l[10] - l[9]) == pytest.approx(13.6, abs=3)
    assert 1e3 * (t[9] - l[10]) == pytest.approx(38.5, abs=3)


# ---- laws of distance ----


def test_exponential_goes_through_its_shells_and_is_straight_on_a_log_scale() -> None:
    law = ExponentialShells(SHELLS, reach=4.0)
    for distance, integrals in SHELLS.items():
        found = law(distance)
        assert (found.ss, found.sp, found.pp_sigma, found.pp_pi) == pytest.approx(
            (integrals.ss, integrals.sp, integrals.pp_sigma, integrals.pp_pi), rel=1e-14
        )
        assert found.ps == found.sp
    distances = np.array([2.9, 3.2, 3.5, 3.8])
    logs = np.log([[-law(d).ss, law(d).sp, law(d).pp_sigma, -law(d).pp_pi] for d in distances.tolist()])
    np.testing.assert_allclose(np.diff(logs, n=2, axis=0), 0, atol=1e-12)


def test_exponential_with_three_shells_and_absent_integrals() -> None:
    law = ExponentialShells({d: TwoCentre(pp_sigma=v) for d, v in ((1.0, 8.0), (2.0, 2.0), (4.0, 0.5))}, reach=9.0)
    assert [law(d).pp_sigma for d in (0.5, 1.5, 3.0, 6.0)] == pytest.approx([16.0, 4.0, 1.0, 0.125])
    assert law(3.0) == TwoCentre(pp_sigma=law(3.0).pp_sigma)


def test_steps_and_reaches() -> None:
    near, far = PowerLaw(1.0, TwoCentre(ss=1.0), reach=2.0), ExactShells({3.0: TwoCentre(ss=0.1)}, tolerance=0.2)
    law = Stepped((near, far))
    assert law.reach == pytest.approx(3.2)
    assert [law(d).ss for d in (1.0, 2.0, 2.5, 2.9, 3.1)] == pytest.approx([1.0, 0.25, 0.0, 0.1, 0.1])
    assert law(4.0) == TwoCentre()


@pytest.mark.parametrize("a", [2.1 * np.sqrt(2), 3.0, 2.1 * np.sqrt(3), np.pi])
@pytest.mark.parametrize("stepped", [False, True])
def test_bonds_of_the_length_of_a_reach_all_hop(a: float, stepped: bool) -> None:
    """Their computed lengths differ in the last digit."""
    for reach in (a, np.nextafter(a, 0), np.nextafter(a, 9)):
        law: RadialLaw = PowerLaw(2.0, EQUAL, reach=reach)
        if stepped:
            law = Stepped((law, PowerLaw(2.0, TwoCentre(), reach=1.3 * reach)))
        lattice = Rotation.from_rotvec([0.3, 1.1, -0.4]).apply(a * np.eye(3))
        model = slater_koster(lattice=lattice, atoms=[Atom((0.1, 0.7, 0.3), -5.0, 0.0)], hoppings=law)
        assert len(model.vectors) == 7
        k = np.random.default_rng(8).uniform(-1, 1, size=(2, 3))
        expected = -5.0 + 2 * EQUAL.ss * (2.0 / a) ** 2 * np.cos(k @ lattice.T).sum(axis=1)
        np.testing.assert_allclose(model.matrices(k).h[:, 0, 0].real, expected, atol=1e-8)


# ---- what the model tells, and what is refused ----


def test_projectors_add_up() -> None:
    atoms = [Atom((0, 0, 0), -5.0, 0.0, species="P"), Atom((1.5, 0, 0), s=-3.0, species="H"), Atom((0, 1.5, 0), p=1.0)]
    laws = {("P", "H"): PowerLaw(1.5, SP3, reach=2.0), ("X", "P"): PowerLaw(1.5, SP3, reach=2.0)}
    model = slater_koster(lattice=6 * np.eye(3), atoms=atoms, hoppings=laws)
    assert model.n_states == 8 + 2 + 6
    assert list(model.projectors) == ["atom 1", "atom 2", "atom 3", "s", "p", "P", "H", "X"]
    for names in (["atom 1", "atom 2", "atom 3"], ["s", "p"], ["P", "H", "X"]):
        np.testing.assert_array_equal(sum(model.projectors[name] for name in names), np.ones(16))
    np.testing.assert_array_equal(model.projectors["s"], [1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(model.positions[8:11], [[1.5, 0, 0], [1.5, 0, 0], [0, 1.5, 0]])
    assert any("two-centre" in note for note in model.notes)


LAW = PowerLaw(1.5, EQUAL, reach=2.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Atom((0, 0, 0)), "neither s nor p"),
        (lambda: Atom((0, 0, np.nan), s=0.0), "three finite coordinates"),
        (lambda: Atom((0, 0), s=0.0), "three finite coordinates"),
        (lambda: TwoCentre(ss=np.inf), "NaN or infinite"),
        (lambda: ExponentialShells({2.0: EQUAL}, reach=3.0), "2 or more shells"),
        (
            lambda: ExponentialShells({2.0: EQUAL, 3.0: TwoCentre(ss=-1.0)}, reach=3.0),
            "changes sign, or vanishes.*Stepped",
        ),
        (lambda: ExactShells({2.0: EQUAL, 2.05: EQUAL}), "overlap within the tolerance"),
        (lambda: ExactShells({-2.0: EQUAL}), "positive distances"),
        (lambda: PowerLaw(0.0, EQUAL, reach=3.0), "must be positive"),
        (lambda: Stepped((LAW, PowerLaw(1.0, EQUAL, reach=1.0))), r"must grow, got \[2.0, 1.0\]"),
        (lambda: slater_koster(lattice=4 * np.eye(3), atoms=[], hoppings=LAW), "no atoms"),
        (lambda: slater_koster(lattice=[4, 4, 4], atoms=[Atom((0, 0, 0), 0.0)], hoppings=LAW), "lattice has shape"),
        (lambda: slater_koster(lattice=np.eye(2), atoms=[Atom((0, 0, 0), 0.0)], hoppings=LAW), "lattice has shape"),
        (
            lambda: slater_koster(
                lattice=4 * np.eye(3), atoms=[Atom((0, 0, 0), 0.0), Atom((0, 4, 4), 0.0)], hoppings=LAW
            ),
            "atoms 1 and 2 are 0.000 angstrom apart.*Cartesian",
        ),
        (
            lambda: slater_koster(lattice=4 * np.eye(3), atoms=[Atom((0, 0, 0), 0.0)], hoppings={("X", "Y"): LAW}),
            r"hoppings for \('X', 'Y'\), but the atoms are \['X'\]",
        ),
        (
            lambda: slater_koster(
                lattice=4 * np.eye(3),
                atoms=[Atom((0, 0, 0), 0.0), Atom((2, 0, 0), 0.0, species="Y")],
                hoppings={("X", "Y"): LAW, ("Y", "X"): LAW},
            ),
            "given twice",
        ),
        (
            lambda: slater_koster(
                lattice=2 * np.eye(3), atoms=[Atom((0, 0, 0), 0.0, 0.0)], hoppings=PowerLaw(1.5, SP3, reach=2.0)
            ),
            r"ps = .* differs from sp = .*Leave ps out",
        ),
        (
            lambda: slater_koster(
                lattice=2 * np.eye(3), atoms=[Atom((0, 0, 0), 0.0)], hoppings=PowerLaw(1.0, EQUAL, reach=np.inf)
            ),
            "has reach inf",
        ),
    ],
)
def test_refused(make: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()  # type: ignore[operator]


def test_the_example_of_the_documentation_runs(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (repository / "docs/slater_koster.md").read_text(encoding="utf-8")
    code = re.findall(r"^```python\n(.*?)^```", page, flags=re.M | re.S)[0]
    names: dict[str, object] = {}
    exec(compile(code, "slater_koster.md", "exec"), names)
    printed = capsys.readouterr().out.strip()
    assert printed == "gap at L: 12.1 meV"
    assert "12.1 meV" in page.split(code)[1]
    assert "conventional" in names["result"]  # type: ignore[operator]
