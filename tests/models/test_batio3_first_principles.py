"""From abinit's derivatives to force constants and to the record batio3-lda: the files of the run, and a known crystal.

The frequencies of anaddb, abinit's own interpolation, are the independent numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from itertools import product
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from crosscurrent.models.crystal import HarmonicCrystal
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.models.local_mode_stability import check_stability
from crosscurrent.models.phonopy_crystal import load_phonopy
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.dynamical_matrix import frequencies
from crosscurrent.physics.force_constants import cell_operations
from crosscurrent.responses.parametrize import convert_phonopy
from crosscurrent.responses.well_data import WellData
from reference.rigid_ion import MASSES, POSITIONS, SYMBOLS, Perovskite

FOLDER = ("examples", "first_principles", "batio3")
STARS = [(0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.5, 0.5, 0.0), (0.5, 0.5, 0.5)]
#: The barrier and minimum of record B.
WELL = WellData(barrier=0.03843446, u0=0.07158677)


@pytest.fixture(scope="module")
def example(repository: Path) -> Iterator[tuple[ModuleType, ModuleType]]:
    """(ddb, harmonic) of the example, which is no package."""
    names = ("ddb", "harmonic")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(repository.joinpath(*FOLDER)))
        yield tuple(import_module(name) for name in names)  # type: ignore[misc]
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def result(repository: Path) -> Path:
    return repository.joinpath(*FOLDER, "result")


@pytest.fixture(scope="module")
def databases(result: Path) -> list[Path]:
    return [result / f"{name}_DDB" for name in ("gamma", "x", "m", "r")]


@pytest.fixture(scope="module")
def crystal(result: Path) -> HarmonicCrystal:
    return load_phonopy(result / "phonopy_params.yaml")


# ---- a crystal known in closed form ----


def known(example: tuple[ModuleType, ModuleType], order: list[int]) -> tuple[object, Perovskite]:
    """(header, crystal) with the atoms in some order."""
    p = Perovskite()
    symbols = [SYMBOLS[i] for i in order]
    kinds = [("Ba", "Ti", "O").index(symbol) for symbol in symbols]
    header = example[0].Header(p.lattice, POSITIONS[order], kinds, symbols, MASSES[order], np.zeros(5))
    return header, p


def test_stars_give_the_force_constants_of_the_supercell(
    example: tuple[ModuleType, ModuleType], tmp_path: Path
) -> None:
    """Four wave vectors against a supercell that was never Fourier transformed."""
    header, p = known(example, [0, 1, 2, 3, 4])
    at = dict(zip(STARS, p.exact(np.array(STARS)), strict=True))
    made = example[1].assembled(header, at, p.born, p.dielectric, 2)
    expected = p.constants.reshape(5, 8, 40, 3, 3)[:, 0]
    np.testing.assert_allclose(made.constants()[2], expected, atol=1e-10)
    assert max(made.residuals.symmetry, made.residuals.drift, made.residuals.charge) < 1e-10
    (tmp_path / "phonopy_params.yaml").write_text(example[1].phonopy_yaml(made))
    read = load_phonopy(tmp_path / "phonopy_params.yaml")
    between = np.array([[0.25, 0, 0], [0.1, 0.2, 0.3]])
    np.testing.assert_allclose(read.frequencies(between), frequencies(p.exact(between), MASSES), atol=1e-9)


def test_any_member_of_a_star_will_do(example: tuple[ModuleType, ModuleType]) -> None:
    """Another order of the atoms, and other members of the stars of X and M."""
    order = [3, 0, 4, 1, 2]
    header, p = known(example, order)
    stars = [STARS[0], (0.0, 0.0, 0.5), (0.0, -0.5, 0.5), STARS[3]]
    phi = p.exact(np.array(stars))[:, order][:, :, order]
    made = example[1].assembled(header, dict(zip(stars, phi, strict=True)), p.born[order], p.dielectric, 2)
    expected = p.constants.reshape(5, 8, 5, 8, 3, 3)[:, 0][order][:, order].reshape(5, 40, 3, 3)
    np.testing.assert_allclose(made.constants()[2], expected, atol=1e-10)


def test_a_star_that_is_missing_is_named(example: tuple[ModuleType, ModuleType]) -> None:
    header, p = known(example, [0, 1, 2, 3, 4])
    at = dict(zip(STARS[:3], p.exact(np.array(STARS[:3])), strict=True))
    with pytest.raises(ValueError, match=r"leads to \(0\.5, 0\.5, 0\.5\)"):
        example[1].assembled(header, at, p.born, p.dielectric, 2)


def test_a_broken_symmetry_and_sum_rule_are_reported(example: tuple[ModuleType, ModuleType]) -> None:
    header, p = known(example, [0, 1, 2, 3, 4])
    phi = p.exact(np.array(STARS))
    phi[:, 1, 1] += 0.2 * np.eye(3)  # Ti is held in its place
    at = dict(zip(STARS, phi, strict=True))
    made = example[1].assembled(header, at, p.born + 0.01 * np.eye(3), p.dielectric, 2)
    assert made.residuals.drift == pytest.approx(0.2)
    assert made.residuals.charge == pytest.approx(0.05)
    assert np.abs(made.born.sum(axis=0)).max() < 1e-12
    assert np.abs(made.constants()[2].sum(axis=1)).max() < 1e-10
    phi[1, 0, 0] += np.diag([0.0, 0.3, 0.0])  # y and z are alike at X = (1/2, 0, 0)
    assert example[1].assembled(header, at, p.born, p.dielectric, 2).residuals.symmetry == pytest.approx(0.15)


# ---- the files of the run ----


def test_the_force_constants_are_those_of_the_databases(
    example: tuple[ModuleType, ModuleType], databases: list[Path], result: Path, tmp_path: Path
) -> None:
    (tmp_path / "again.yaml").write_text(example[1].phonopy_yaml(example[1].load(databases)))
    again, shipped = (load_phonopy(path) for path in (tmp_path / "again.yaml", result / "phonopy_params.yaml"))
    for key in ("lattice", "positions", "masses", "constants", "born", "dielectric"):
        np.testing.assert_allclose(getattr(again, key), getattr(shipped, key), rtol=0, atol=1e-11)


def test_the_force_constants_have_the_space_group(crystal: HarmonicCrystal) -> None:
    """Every operation of the crystal, on every pair of atoms: a wave vector put in the wrong place would show."""
    cells = list(product(range(2), repeat=3))
    column = {(int(s), *map(int, v)): j for j, (s, v) in enumerate(zip(crystal.site, crystal.shift, strict=True))}
    assert len(column) == 40
    operations = cell_operations(crystal.lattice, crystal.positions, [0, 1, 2, 2, 2])
    assert len(operations.rotations) == 48
    for rotation, to in zip(*operations, strict=True):
        moved = (crystal.positions @ rotation.T)[:, None] + np.array(cells) @ rotation.T
        home = np.rint(moved - crystal.positions[to][:, None]).astype(int)
        for a in range(5):
            for b in range(5):
                for cell, image in zip(cells, home[b], strict=True):
                    at = column[(int(to[b]), *((image - home[a][0]) % 2))]
                    before = crystal.constants[a, column[(b, *cell)]]
                    after = crystal.constants[to[a], at]
                    np.testing.assert_allclose(after, rotation @ before @ rotation.T, atol=1e-9)


def test_what_was_imposed_is_small(example: tuple[ModuleType, ModuleType], databases: list[Path]) -> None:
    left = example[1].load(databases).residuals
    assert left.symmetry < 1e-3
    assert left.exchange < 1e-3
    assert left.drift < 5e-3
    assert 0.1 < left.charge < 0.2


#: anaddb 9.6.2 on the same databases, THz (6579.683920502 times its hartrees): on and between the wave vectors of the
#: grid, and in the limit q -> 0 along x.
ANADDB: dict[tuple[float, ...], list[float]] = {
    (0.5, 0.5, 0.5): [*[4.16830] * 3, *[5.69905] * 3, 11.69901, 11.69901, *[12.23235] * 3, *[12.93012] * 3, 23.05467],
    (0.25, 0.0, 0.0): [
        *[-1.97943, -1.97943, 2.77725, 2.77725, 3.74297, 5.77100, 5.77100, 7.21550, 9.53653, 9.53653, 9.62032],
        *[14.05749, 14.05749, 14.92350, 20.33258],
    ],
    (0.1, 0.2, 0.3): [
        *[2.28827, 2.93194, 3.43069, 4.10092, 6.38595, 6.91439, 7.32425, 8.14179, 8.69397, 10.08614, 10.89415],
        *[13.64326, 14.10456, 15.01536, 20.60017],
    ],
    (): [
        *[-2.72235, -2.72235, 0.0, 0.0, 0.0, 5.40529, 5.50613, 5.50613, 8.97425, 8.97425, 8.97425, 13.94985],
        *[14.44129, 14.44129, 20.26407],
    ],
}


def test_frequencies_are_those_of_anaddb(
    crystal: HarmonicCrystal, databases: list[Path], example: tuple[ModuleType, ModuleType]
) -> None:
    """An interpolation that shares no code with this one, with abinit's own masses."""
    own = replace(crystal, masses=example[0].read_header(databases[0]).masses)
    for q, theirs in ANADDB.items():
        ours = own.frequencies([q])[0] if q else frequencies(own.limit_at_gamma([1, 0, 0]).astype(complex), own.masses)
        np.testing.assert_allclose(ours, theirs, atol=2e-5)


# ---- the record ----


def test_the_record_is_made_of_the_shipped_force_constants(result: Path) -> None:
    record, report = convert_phonopy(result / "phonopy_params.yaml", WELL)
    bundled = local_mode("batio3-lda")
    for key in ("charge", "mass", "angular", "eps_inf", "volume", "lattice_constant"):
        np.testing.assert_allclose(getattr(bundled, key), getattr(record, key), rtol=0, atol=1e-8)
    assert bundled.blocks.keys() == record.blocks.keys()
    for vector, block in bundled.blocks.items():
        np.testing.assert_allclose(block, record.blocks[vector], rtol=0, atol=2e-8)
    b = local_mode("batio3-b").well
    assert (bundled.well.a2, bundled.well.b4) == pytest.approx((b.a2, b.b4), rel=1e-6)
    assert report.inversion < 1e-9


def test_the_record_is_stable_on_the_slab_of_the_demo() -> None:
    assert check_stability(local_mode("batio3-lda"), Slab((41, 31, 9))).lowest == pytest.approx(0.1, rel=1e-6)
