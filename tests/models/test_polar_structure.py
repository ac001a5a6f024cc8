"""The polar structure of a reference: files, other orders, origins and cells, and switching paths in lambda."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from crosscurrent.models.crystal import HarmonicCrystal
from crosscurrent.models.phonopy_crystal import load_phonopy
from crosscurrent.models.phonopy_data import phonopy_file
from crosscurrent.models.polar_structure import Structure, endpoint_displacements, read_structure
from crosscurrent.models.switching_path import read_switching_path
from crosscurrent.responses.parametrize import convert_crystal, convert_phonopy
from crosscurrent.responses.soft_mode import centre_atom, soft_mode
from crosscurrent.responses.well_data import WellData
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

_POSCAR = """tetragonal
{scale}
{lattice}
O Ba Ti
3 1 1
{mode}
{places}
"""


@pytest.fixture(scope="module")
def crystal() -> HarmonicCrystal:
    return load_phonopy(phonopy_file("batio3-cubic"))


@pytest.fixture(scope="module")
def moved(crystal: HarmonicCrystal) -> Floats:
    """0.07 angstrom of the soft mode along z."""
    return 0.07 * soft_mode(crystal, centre_atom(crystal, None)).pattern[:, :, 2]


def poscar(
    crystal: HarmonicCrystal, moved: Floats, shift: Floats, *, scale: float = 1.0, cartesian: bool = False
) -> str:
    """Oxygens first, the origin elsewhere, some atoms in a neighbouring cell."""
    order = [4, 2, 3, 0, 1]
    reduced = crystal.positions + moved @ np.linalg.inv(crystal.lattice) + shift
    reduced = (reduced - np.floor(reduced))[order]
    lattice = crystal.lattice / scale
    places = reduced @ lattice if cartesian else reduced
    rows = ["\n".join(" ".join(f"{x:.12f}" for x in row) for row in table) for table in (lattice, places)]
    mode = "Selective dynamics\nCartesian" if cartesian else "Direct"
    lines = rows[1].replace("\n", " T T T\n") + " T T T" if cartesian else rows[1]
    return _POSCAR.format(scale=scale, lattice=rows[0], mode=mode, places=lines)


@pytest.mark.parametrize(
    ("shift", "scale", "cartesian"),
    [((0.0, 0.0, 0.0), 1.0, False), ((0.5, 0.5, 0.0), 1.0, False), ((0.1, 0.9, 0.33), 2.0, True)],
)
def test_displacements_whatever_the_order_and_origin(
    crystal: HarmonicCrystal, moved: Floats, tmp_path: Path, shift: tuple[float, ...], scale: float, cartesian: bool
) -> None:
    path = tmp_path / "POSCAR"
    path.write_text(poscar(crystal, moved, np.array(shift), scale=scale, cartesian=cartesian), encoding="utf-8")
    found, note = endpoint_displacements(crystal, read_structure(path))
    np.testing.assert_allclose(found - found.mean(axis=0), moved - moved.mean(axis=0), atol=1e-9)
    assert note == ""


def test_a_file_gives_the_amplitude_of_the_mode(crystal: HarmonicCrystal, moved: Floats, tmp_path: Path) -> None:
    """Polarized along z, where the record is along x: the axes are equivalent."""
    path = tmp_path / "POSCAR"
    path.write_text(poscar(crystal, moved, np.zeros(3)), encoding="utf-8")
    record, report = convert_phonopy("batio3-cubic", WellData(barrier=0.03, endpoint=path))
    assert record.well.minimum == pytest.approx(0.07, rel=1e-6) and record.well.barrier == pytest.approx(0.03)
    assert report.projection == pytest.approx(0, abs=1e-6)
    # S18 of what the mode leaves out
    off = moved.copy()
    off[1, 2] += 0.02
    kept = off - off.mean(axis=0)
    _, report = convert_crystal(crystal, WellData(barrier=0.03, endpoint=off))
    pattern = moved / 0.07 - (moved / 0.07).mean(axis=0)
    amplitude = float((kept * pattern).sum() / (pattern**2).sum())
    expected = np.linalg.norm(kept - amplitude * pattern) / np.linalg.norm(kept)
    assert report.projection == pytest.approx(float(expected), rel=1e-9)


def test_a_strained_cell_is_brought_back(crystal: HarmonicCrystal, moved: Floats) -> None:
    reduced = crystal.positions + moved @ np.linalg.inv(crystal.lattice)
    strained = Structure(crystal.lattice @ np.diag([0.99, 0.99, 1.02]), reduced, crystal.symbols)
    found, note = endpoint_displacements(crystal, strained)
    np.testing.assert_allclose(found - found[0], moved - moved[0], atol=1e-12)
    assert "strained by up to 2.00e-02" in note


def test_phonopy_yaml_as_structure(crystal: HarmonicCrystal) -> None:
    found = read_structure(phonopy_file("batio3-cubic"))
    assert found.symbols == crystal.symbols
    moves, _ = endpoint_displacements(crystal, found)
    np.testing.assert_allclose(moves, 0, atol=1e-12)


def test_a_path_in_lambda(crystal: HarmonicCrystal, moved: Floats, tmp_path: Path) -> None:
    """E(lambda) with the endpoint at lambda = 1 is E(u) with u = u_0 lambda."""
    at = np.linspace(-1.2, 1.2, 13)
    energy = 30 * (at**4 - 2 * at**2)
    rows = "\n".join(f"{x:.6f}, {e:.9f}" for x, e in zip(at, energy, strict=True))
    relative, absolute = tmp_path / "lambda.csv", tmp_path / "u.csv"
    relative.write_text(f"lambda, energy (meV)\n{rows}\n", encoding="utf-8")
    rows = "\n".join(f"{0.07 * x:.9f}, {e:.9f}" for x, e in zip(at, energy, strict=True))
    absolute.write_text(f"u (angstrom), energy (meV)\n{rows}\n", encoding="utf-8")
    assert read_switching_path(relative).relative and not read_switching_path(absolute).relative
    scaled, report = convert_crystal(crystal, WellData(path=relative, endpoint=moved))
    plain, _ = convert_crystal(crystal, WellData(path=absolute))
    assert scaled.well.minimum == pytest.approx(0.07, rel=1e-6)
    assert scaled.well.b4 == pytest.approx(plain.well.b4, rel=1e-6)
    assert report.projection == pytest.approx(0, abs=1e-9) and report.path_misfit == pytest.approx(0, abs=1e-9)
    assert convert_crystal(crystal, WellData(path=relative, u0=0.07))[0].well.b4 == pytest.approx(plain.well.b4)
    for data in (WellData(path=relative), WellData(path=absolute, u0=0.07)):
        with pytest.raises(InputError, match=r"does not say how far|given beside a barrier or minimum"):
            convert_crystal(crystal, data)


def test_refusals(crystal: HarmonicCrystal, moved: Floats, tmp_path: Path) -> None:
    path = tmp_path / "POSCAR"
    good = poscar(crystal, moved, np.zeros(3))
    for text, words in (
        (good.replace("O Ba Ti", "O Sr Ti"), "holds O O O Sr Ti where the reference has Ba Ti O O O"),
        (good.replace("O Ba Ti\n", ""), "is not a POSCAR"),
        ("\n".join(good.splitlines()[:-2]), "is not a complete POSCAR"),
        (good.replace("Direct", "Cartesian"), "is not a small distortion of the reference"),
        ("", "is empty"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=words):
            convert_phonopy("batio3-cubic", WellData(barrier=0.03, endpoint=path))
    diagonal = moved + moved[:, [2, 0, 1]]
    with pytest.raises(InputError, match="polarized along no axis"):
        convert_crystal(crystal, WellData(barrier=0.03, endpoint=diagonal))
    with pytest.raises(InputError, match="both given"):
        convert_crystal(crystal, WellData(barrier=0.03, endpoint=moved, u0=0.07))
    with pytest.raises(InputError, match="small distortion"):
        endpoint_displacements(crystal, Structure(crystal.lattice * 1.2, crystal.positions, crystal.symbols))
