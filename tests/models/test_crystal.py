"""phonopy files -> harmonic crystal: every file tells the same crystal, and that is the one known in closed form."""

from __future__ import annotations

import gzip
import lzma
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import constants

from crosscurrent.models.crystal import HarmonicCrystal, neutral_charges
from crosscurrent.models.phonopy_crystal import load_phonopy
from crosscurrent.physics.dynamical_matrix import commensurate_points, frequencies, gamma_modes
from crosscurrent.physics.ewald import dipole_force_constants
from crosscurrent.physics.force_constants import exchange_partners, symmetrized
from crosscurrent.units import InputError
from reference.rigid_ion import MASSES, POSITIONS, SYMBOLS, Perovskite

Floats = NDArray[np.float64]

WAVES = np.array([[0, 0, 0], [0.5, 0, 0], [0.13, -0.21, 0.37], [0.4, 0.45, -0.3], [1 / 3, 0, 1 / 3]])


@pytest.fixture(scope="module")
def toy() -> Perovskite:
    return Perovskite()


@pytest.fixture(scope="module")
def exact(toy: Perovskite) -> NDArray[np.complex128]:
    return toy.exact(WAVES)


def written(folder: Path, text: str, name: str = "phonopy_params.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("kind", ["compact", "full", "forces"])
def test_interpolation_finds_springs_and_dipoles(
    toy: Perovskite, exact: NDArray[np.complex128], tmp_path: Path, kind: str
) -> None:
    """From a supercell of 2 x 2 x 2, at any wave vector: nothing of the dipoles is folded or cut."""
    crystal = load_phonopy(written(tmp_path, toy.yaml(constants=kind)))
    assert crystal.name == "BaTiO3"
    assert crystal.notes == ()
    assert np.abs(crystal.force_constants(WAVES) - exact).max() < 1e-9
    assert crystal.frequencies(WAVES) == pytest.approx(frequencies(exact, MASSES), abs=1e-5)


def test_without_charges_the_dipoles_are_folded(toy: Perovskite, exact: NDArray[np.complex128], tmp_path: Path) -> None:
    """What the Ewald sum is for: with the supercell alone only its own wave vectors are right."""
    crystal = load_phonopy(written(tmp_path, toy.yaml(nac=False)))
    found = crystal.force_constants(WAVES)
    assert crystal.born is None
    assert np.abs(found - exact)[:2].max() < 1e-9
    assert np.abs(found - exact)[2:].max() > 0.1


@pytest.mark.parametrize("files", ["FORCE_CONSTANTS full", "FORCE_CONSTANTS compact", "FORCE_SETS"])
@pytest.mark.parametrize("named", [True, False])
def test_text_files_beside_the_yaml(
    toy: Perovskite, exact: NDArray[np.complex128], tmp_path: Path, files: str, named: bool
) -> None:
    folder = tmp_path / "elsewhere" if named else tmp_path
    folder.mkdir(exist_ok=True)
    path = written(tmp_path, toy.yaml(constants="none", nac=False), "phonopy.yaml")
    kind = files.split()[0]
    if kind == "FORCE_SETS":
        made = toy.force_sets_file(folder / kind)
    else:
        made = toy.force_constants_file(folder / kind, compact="compact" in files)
    born = toy.born_file(folder / "BORN")
    keys = {"born": born, kind.lower(): made} if named else {}
    crystal = load_phonopy(path, **keys)
    assert np.abs(crystal.force_constants(WAVES) - exact).max() < 1e-9


def test_rows_of_atoms_in_any_cell(tmp_path: Path) -> None:
    """Compact force constants name the atoms of their rows; these need not stand in the first cell."""
    long = Perovskite(shape=(3, 1, 1))
    first, second = (load_phonopy(written(tmp_path, long.yaml(cell=cell))) for cell in (0, 1))
    assert np.abs(first.constants - second.constants).max() < 1e-12
    assert np.abs(first.constants - first.constants[:, ::-1]).max() > 1


def test_born_of_all_atoms_or_of_the_independent_ones(toy: Perovskite, tmp_path: Path) -> None:
    path = written(tmp_path, toy.yaml(nac=False))
    for atoms in ((0, 1, 2), (0, 1, 2, 3, 4)):
        crystal = load_phonopy(path, born=toy.born_file(tmp_path / "BORN", atoms))
        born, dielectric = crystal.polar()
        assert np.abs(born - toy.born).max() < 1e-12
        assert np.abs(dielectric - toy.dielectric).max() < 1e-12


def test_packed_files(toy: Perovskite, tmp_path: Path) -> None:
    text = toy.yaml().encode()
    (tmp_path / "a.yaml.xz").write_bytes(lzma.compress(text))
    (tmp_path / "a.yaml.gz").write_bytes(gzip.compress(text))
    (tmp_path / "cut.xz").write_bytes(lzma.compress(text)[:-200])
    one, two = (load_phonopy(tmp_path / name) for name in ("a.yaml.xz", "a.yaml.gz"))
    assert np.array_equal(one.constants, two.constants)
    with pytest.raises(InputError, match="truncated"):
        load_phonopy(tmp_path / "cut.xz")


def test_atomic_units_are_converted(toy: Perovskite, exact: NDArray[np.complex128], tmp_path: Path) -> None:
    """The same crystal written by a code that counts in bohr and rydberg."""
    bohr = constants.physical_constants["Bohr radius"][0] * 1e10
    rydberg = constants.physical_constants["Rydberg constant times hc in eV"][0]
    units = '  calculator: qe\n\nphysical_unit:\n  atomic_mass: "AMU"\n  length: "au"\n  force_constants: "Ry/au^2"\n'

    class Rescaled(Perovskite):
        @property
        def constants(self) -> Floats:  # type: ignore[override]
            return toy.constants / rydberg * bohr**2

        @property
        def lattice(self) -> Floats:
            return toy.lattice / bohr

    crystal = load_phonopy(written(tmp_path, Rescaled().yaml(units=units)))
    assert crystal.lattice == pytest.approx(toy.lattice, rel=1e-12)
    assert np.abs(crystal.force_constants(WAVES) - exact).max() < 1e-7


def test_limit_at_gamma_is_the_limit(toy: Perovskite, tmp_path: Path) -> None:
    crystal = load_phonopy(written(tmp_path, toy.yaml()))
    direction = np.array([1.0, 2.0, -0.5])
    near = crystal.force_constants(1e-6 * direction)[0]
    assert np.abs(near - crystal.limit_at_gamma(direction)).max() < 1e-3
    assert np.abs(near - crystal.force_constants([[0, 0, 0]])[0]).max() > 1


def test_drift_is_taken_out_of_the_forces(toy: Perovskite, exact: NDArray[np.complex128], tmp_path: Path) -> None:
    class Drifting(Perovskite):
        def displaced(self, length: float = 0.01) -> list[tuple[int, Floats, Floats]]:
            return [(atom, u, forces + 0.002 * u) for atom, u, forces in toy.displaced(length)]

    path = written(tmp_path, Drifting().yaml(constants="forces"))
    crystal = load_phonopy(path)
    assert "sum rules" in crystal.notes[0]
    assert np.abs(crystal.force_constants([[0, 0, 0]])[0].sum(axis=1)).max() < 1e-12
    assert np.abs(crystal.force_constants(WAVES) - exact).max() < 3e-3
    raw = load_phonopy(path, symmetrize=False)
    assert np.abs(raw.force_constants([[0, 0, 0]])[0].sum(axis=1)).max() > 1e-2


def test_symmetrized_force_constants_obey_both_sum_rules_and_exchange() -> None:
    supercell = np.array([[0, 1, 2], [2, 0, 1], [1, 1, 0]])
    crystal = random_crystal(supercell, seed=5)
    found = symmetrized(crystal.constants, crystal.site, crystal.shift, supercell)
    rows, columns = exchange_partners(crystal.site, crystal.shift, supercell)
    assert np.abs(found.sum(axis=1)).max() < 1e-13
    assert np.abs(found - found[rows, columns].swapaxes(-1, -2)).max() < 1e-13
    again = symmetrized(found, crystal.site, crystal.shift, supercell)
    assert np.abs(again - found).max() < 1e-13


def test_symmetry_leaves_force_constants_alone_that_have_it() -> None:
    """Bonds between any atoms and their reverse, folded into a supercell that is not its own mirror image."""
    supercell = np.array([[0, 1, 2], [2, 0, 1], [1, 1, 0]])
    crystal = random_crystal(supercell, seed=3)
    rng = np.random.default_rng(9)
    constants = np.zeros_like(crystal.constants)

    def column(kind: int, vector: NDArray[np.int64]) -> int:
        reduced = (crystal.shift - vector) @ np.linalg.inv(supercell)
        return int(np.flatnonzero((crystal.site == kind) & (np.abs(reduced - np.rint(reduced)) < 1e-9).all(axis=1))[0])

    for one, other in ((0, 0), (0, 1), (1, 1)):
        for vector in rng.integers(-3, 4, size=(4, 3)):
            matrix = rng.normal(size=(3, 3))
            # the same spring seen from both ends, and on site what a shift of all needs
            for a, b, step in ((one, other, vector), (other, one, -vector)):
                constants[a, column(b, step)] += matrix + matrix.T
                constants[a, column(a, 0 * step)] -= matrix + matrix.T
    found = symmetrized(constants, crystal.site, crystal.shift, supercell)
    assert np.abs(found - constants).max() < 1e-13


@pytest.mark.parametrize("shape", [(3, 1, 1), (1, 2, 3)])
def test_dipoles_alone_leave_nothing_to_interpolate(shape: tuple[int, int, int]) -> None:
    """Force constants of ions in a long supercell, by one sum over it: at every wave vector those of the small cell."""
    crystal = random_crystal(np.diag(shape), seed=8)
    charges = np.random.default_rng(8).normal(size=(2, 3, 3))
    charges[1] = -charges[0]
    eps = np.diag([4.0, 5.0, 6.0])
    places = (crystal.positions[crystal.site] + crystal.shift) / shape
    whole = dipole_force_constants(
        np.diag(shape) @ crystal.lattice, places, charges[crystal.site], eps, np.zeros((1, 3))
    )[0].real
    rows = [int(np.flatnonzero((crystal.site == s) & ~crystal.shift.any(axis=1))[0]) for s in (0, 1)]
    ions = replace(crystal, constants=whole[rows], born=charges, dielectric=eps)
    expected = dipole_force_constants(crystal.lattice, crystal.positions, charges, eps, WAVES)
    assert np.abs(ions.force_constants(WAVES) - expected).max() < 1e-11


@pytest.mark.parametrize("supercell", [np.diag([2, 1, 3]), np.array([[0, 1, 2], [2, 0, 1], [1, 1, 0]])])
def test_commensurate_points_of_any_supercell(supercell: NDArray[np.int64]) -> None:
    """Waves that fit: exp(2 pi i q.R) = 1 for the supercell's vectors; there the supercell needs no interpolation."""
    points = commensurate_points(supercell)
    assert len(points) == round(abs(np.linalg.det(supercell)))
    assert np.abs(points @ supercell.T - np.rint(points @ supercell.T)).max() < 1e-12
    crystal = random_crystal(supercell, seed=2)
    direct = np.zeros((len(points), 2, 2, 3, 3), dtype=complex)
    for atom, (kind, vector) in enumerate(zip(crystal.site, crystal.shift, strict=True)):
        phases = np.exp(2j * np.pi * points @ vector)[:, None, None, None]
        direct[:, :, kind] += phases * crystal.constants[:, atom]
    assert np.abs(crystal.force_constants(points) - direct).max() < 1e-12
    assert np.array_equal(crystal.commensurate, points)


def random_crystal(supercell: NDArray[np.int64], seed: int, **keys: object) -> HarmonicCrystal:
    """Two atoms, any force constants."""
    rng = np.random.default_rng(seed)
    size = round(abs(np.linalg.det(supercell)))
    found: dict[tuple[int, ...], NDArray[np.int64]] = {}
    vectors = np.stack(np.meshgrid(*[np.arange(-4, 5)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    for vector in sorted(vectors, key=lambda v: int(v @ v)):
        label = tuple(np.round(np.mod(vector @ np.linalg.inv(supercell) + 1e-9, 1), 6))
        found.setdefault(label, vector)
    assert len(found) == size
    shift = np.tile(np.array(list(found.values())), (2, 1))
    site = np.repeat([0, 1], size)
    values: dict[str, object] = {
        "lattice": 4 * np.eye(3) + rng.normal(size=(3, 3)) * 0.3,
        "positions": np.array([[0, 0, 0], [0.45, 0.52, 0.55]]),
        "symbols": ("A", "B"),
        "masses": np.array([10.0, 20.0]),
        "supercell": supercell,
        "site": site,
        "shift": shift,
        "constants": rng.normal(size=(2, 2 * size, 3, 3)),
    }
    return HarmonicCrystal(**(values | keys))  # type: ignore[arg-type]


def test_modes_at_gamma_diagonalise_the_dynamical_matrix(toy: Perovskite) -> None:
    matrix = toy.exact(np.zeros((1, 3)))[0].real
    levels, vectors = gamma_modes(matrix, MASSES)
    moves = vectors / np.sqrt(MASSES)[:, None]
    forces = np.einsum("stxy,aty->asx", matrix, moves)
    rate = (2 * np.pi * levels) ** 2 * np.sign(levels) * constants.atomic_mass / constants.e * 1e4
    assert forces == pytest.approx(rate[:, None, None] * moves * MASSES[:, None], abs=1e-6)
    assert np.einsum("asx,bsx->ab", vectors, vectors) == pytest.approx(np.eye(15), abs=1e-12)


# ---- refusals ----


def refused(path: Path, what: str, **keys: Path) -> None:
    with pytest.raises(InputError, match=what):
        load_phonopy(path, **keys)  # type: ignore[arg-type]


def test_refuses_files_that_are_not_there_or_not_phonopy(tmp_path: Path) -> None:
    refused(tmp_path / "none.yaml", "no such file")
    refused(written(tmp_path, "a: 1\n"), "no section 'primitive_cell'")
    (tmp_path / "b.yaml").write_bytes(b"\x89HDF\0\0\0")
    refused(tmp_path / "b.yaml", "binary")
    (tmp_path / "c.yaml").write_bytes(b"phonopy: \xff\xfe\n")
    refused(tmp_path / "c.yaml", "not a text file")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("symbol: Ti # 2", "symbol: Zr # 2", "does not repeat"),
        ("mass: 47.867000", "mass: heavy", "numbers are needed"),
        ("mass: 47.867000", "mass: -1.0", "not above 0"),
        ("shape: [ 5, 40 ]", "shape: [ 5, 39 ]", "numbers are needed"),
        ("  elements:", "  things:", "numbers are needed"),
        ("  points:", "  atoms:", "no points"),
        ("phonopy:\n", "phonopy:\n  calculator: siesta\n", "which units siesta"),
        ("\nprimitive_cell", "\nphysical_unit:\n  length: furlong\n\nprimitive_cell", "unknown unit"),
        ("\nprimitive_cell", "\nphysical_unit:\n  atomic_mass: kg\n\nprimitive_cell", "masses are in"),
    ],
)
def test_refuses_a_damaged_file(toy: Perovskite, tmp_path: Path, old: str, new: str, what: str) -> None:
    text = toy.yaml()
    assert old in text
    refused(written(tmp_path, text.replace(old, new, 1)), what)


def test_refuses_forces_that_are_missing_or_too_few(toy: Perovskite, tmp_path: Path) -> None:
    bare = written(tmp_path, toy.yaml(constants="none"))
    refused(bare, "neither force constants nor forces")
    text = toy.yaml(constants="forces")
    at = text.rindex("- atom: 17")
    refused(written(tmp_path, text[:at]), "do not reach all three directions")
    refused(written(tmp_path, text[: text.index("- atom: 17")]), "no displaced atom is equivalent")
    refused(written(tmp_path, text.replace("- atom: 17", "- atom: 99", 1)), "displaces atom 99")
    with pytest.raises(InputError, match="both given"):
        load_phonopy(bare, force_constants=bare, force_sets=bare)


def test_refuses_text_files_of_another_calculation(toy: Perovskite, tmp_path: Path) -> None:
    path = written(tmp_path, toy.yaml(constants="none"))
    whole = toy.force_constants_file(tmp_path / "fc", compact=True).read_text()
    for text, what in (
        (whole.replace("5 40", "5 39", 1), "holds more than its header"),
        (whole[: len(whole) // 2], "cut off|is truncated"),
        (whole.replace("\n1 2\n", "\n1 3\n", 1), "out of order"),
        (whole.replace("0.0", "zero", 1), "not a number"),
    ):
        refused(path, what, force_constants=written(tmp_path, text, "fc2"))
    sets = toy.force_sets_file(tmp_path / "fs").read_text()
    for text, what in (
        (sets.replace("40", "135", 1), "is for 135 atoms"),
        ("\n".join(sets.split("\n")[:100]) + "\n", "truncated"),
        ("0.01 0 0 0.5 0 0\n" * 40, "all atoms at once"),
    ):
        refused(path, what, force_sets=written(tmp_path, text, "fs2"))


def test_refuses_born_of_another_cell(toy: Perovskite, tmp_path: Path) -> None:
    path = written(tmp_path, toy.yaml(nac=False))
    good = toy.born_file(tmp_path / "b").read_text().splitlines()
    for lines, what in (
        ([*good[:2], *good[3:]], "2 charges for a cell of 5 atoms, 3 of them independent"),
        ([good[0], good[1], good[3], good[4], good[2]], "symmetry of the cell|sum to"),
        ([*good[:4], good[4].replace("-5.0", "-9.0")], "sum to"),
        ([good[0], good[1]], "1 tensors"),
        ([*good[:4], good[4] + " 1.0"], "10 numbers"),
        ([*good[:4], "a b c"], "line 5"),
        ([*good[:4], f"1e20 {good[4].split(maxsplit=1)[1]}"], "line 5: holds a number that no charge"),
        ([*good[:4], f"98765 {good[4].split(maxsplit=1)[1]}"], r"a Born charge of 9.88e\+04 e"),
        (["27.2", *good[1:]], "conversion factor"),
    ):
        refused(path, what, born=written(tmp_path, "\n".join(lines) + "\n", "BORN2"))


def test_refuses_a_supercell_that_is_another(toy: Perovskite, tmp_path: Path) -> None:
    text = toy.yaml()
    shifted = text.replace("8.000000000000000", "8.100000000000000")
    refused(written(tmp_path, shifted), "does not repeat")


def test_charges_far_from_neutral_are_none_of_this_cell() -> None:
    charges = np.stack([np.eye(3) * 2.0, -np.eye(3) * 1.99])
    fixed, note = neutral_charges(charges, "BORN")
    assert np.abs(fixed.sum(axis=0)).max() < 1e-15
    assert "1.00e-02" in note
    printed = np.stack([np.eye(3) * 2.0, -np.eye(3) * 1.99999])
    kept, note = neutral_charges(printed, "BORN")
    assert note == ""
    assert np.array_equal(kept, printed)
    with pytest.raises(InputError, match="sum to 1 e"):
        neutral_charges(np.stack([np.eye(3) * 2.0, -np.eye(3)]), "BORN")


def test_crystal_refuses_arrays_that_disagree() -> None:
    good = random_crystal(np.diag([2, 1, 1]), seed=1)
    with pytest.raises(InputError, match="constants has the shape"):
        replace(good, constants=good.constants[:, :-1])
    with pytest.raises(InputError, match="come together"):
        replace(good, dielectric=np.eye(3))
    with pytest.raises(InputError, match="no Born charges"):
        good.limit_at_gamma([1, 0, 0])


# ---- real data ----


def real(shared_data: Path, name: str) -> Path:
    path = shared_data / "phonopy" / name
    if not path.is_file():
        pytest.skip(f"no {name} in the test data")
    return path


def test_cubic_barium_titanate(shared_data: Path) -> None:
    """PBEsol force constants of the ALAMODE example (T. Tadano, MIT), 2 x 2 x 2."""
    crystal = load_phonopy(real(shared_data, "BaTiO3_cubic_2x2x2_phonopy_params.yaml"))
    assert crystal.symbols == SYMBOLS
    assert crystal.positions == pytest.approx(POSITIONS)
    levels = crystal.frequencies([[0, 0, 0]])[0]
    expected = np.repeat([-5.967, 0, 5.334, 8.631, 13.913], 3)
    assert levels == pytest.approx(expected, abs=1e-3)
    assert np.abs(levels[3:6]).max() < 1e-4


def test_cubic_strontium_titanate_from_forces(shared_data: Path) -> None:
    """Displacements and forces of phonopy's own test data (A. Togo, BSD-3), 3 x 3 x 3."""
    crystal = load_phonopy(real(shared_data, "phonopy_SrTiO3.yaml"))
    levels = crystal.frequencies([[0, 0, 0]])[0]
    assert levels[:3] == pytest.approx([-2.377] * 3, abs=5e-4)
    assert np.abs(levels[3:6]).max() < 1e-4
