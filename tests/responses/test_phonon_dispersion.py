"""Phonon dispersions against the supercell itself, the dielectric function, and limits at the zone centre."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.models.crystal import HarmonicCrystal
from crosscurrent.models.phonopy_crystal import load_phonopy
from crosscurrent.models.phonopy_data import phonopy_file, phonopy_names
from crosscurrent.physics.dynamical_matrix import THZ, gamma_modes
from crosscurrent.physics.force_constants import supercell_columns
from crosscurrent.physics.lattice_units import COULOMB
from crosscurrent.responses.phonon_dispersion import phonon_dispersion
from crosscurrent.results import load, save
from crosscurrent.results.schema import check_schema
from crosscurrent.units import InputError

Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def crystal() -> HarmonicCrystal:
    return load_phonopy(phonopy_file("batio3-cubic"))


@pytest.fixture(scope="module")
def plain(crystal: HarmonicCrystal) -> xr.Dataset:
    return phonon_dispersion(crystal, nac=False, points=60)


@pytest.fixture(scope="module")
def polar(crystal: HarmonicCrystal) -> xr.Dataset:
    return phonon_dispersion(crystal, points=60)


def at(ds: xr.Dataset, q: tuple[float, float, float]) -> Floats:
    """The frequencies at the first point of the path with this wave vector."""
    away = sum(abs(ds[f"q{i + 1}"].values - q[i]) for i in range(3))
    assert away.min() < 1e-12
    return np.asarray(ds.frequency.values[int(away.argmin())])


def test_without_the_field_the_supercell_itself(crystal: HarmonicCrystal, plain: xr.Dataset) -> None:
    """All modes of the 40 atoms, diagonalised at once: those of G once, of X and M three times, of R once."""
    site, shift, size = crystal.site, crystal.shift, len(crystal.site)
    matrix = np.zeros((size, size, 3, 3))
    for atom in range(size):
        columns = supercell_columns(site, shift + shift[atom], site, shift, crystal.supercell)
        matrix[atom, columns] = crystal.constants[site[atom]]
    weight = 1 / np.sqrt(crystal.masses[site])
    scaled = (matrix * (weight[:, None] * weight)[..., None, None]).swapaxes(1, 2).reshape(3 * size, 3 * size)
    squares = np.linalg.eigvalsh((scaled + scaled.T) / 2)
    corners = {(0, 0, 0): 1, (0, 0.5, 0): 3, (0.5, 0.5, 0): 3, (0.5, 0.5, 0.5): 1}
    found = np.concatenate([np.repeat(at(plain, q), times) for q, times in corners.items()])
    np.testing.assert_allclose(
        np.sort(np.sign(found) * (found / THZ) ** 2), np.sort(squares), atol=1e-10 * np.abs(squares).max()
    )


def test_the_field_leaves_the_waves_of_the_supercell_alone(plain: xr.Dataset, polar: xr.Dataset) -> None:
    for q in ((0, 0.5, 0), (0.5, 0.5, 0), (0.5, 0.5, 0.5)):
        np.testing.assert_allclose(at(polar, q), at(plain, q), atol=1e-8)
    assert float(np.abs(polar.frequency[1] - plain.frequency[1]).max()) > 1.0
    assert polar.attrs["lowest_frequency_THz"] == pytest.approx(-5.967, abs=1e-3)


def dielectric(crystal: HarmonicCrystal, direction: Floats, squares: Floats) -> Floats:
    """n.eps(omega).n = eps_inf + (4 pi k_e/Omega) sum_m (p_m.n)^2/(omega_m^2 - omega^2), modes without the field."""
    born, eps = crystal.polar()
    levels, vectors = gamma_modes(crystal.force_constants(np.zeros((1, 3)))[0].real, crystal.masses)
    moves = vectors / np.sqrt(crystal.masses)[:, None]
    dipoles = np.einsum("a,sax,msx->m", direction, born, moves)
    own = np.sign(levels) * (levels / THZ) ** 2
    strength = 4 * math.pi * COULOMB / crystal.volume * dipoles**2
    active = strength > 1e-9 * strength.max()
    return np.asarray(
        direction @ eps @ direction + (strength[active] / (own[active] - np.asarray(squares)[:, None])).sum(axis=1)
    )


@pytest.mark.parametrize("corner", [(0.0, 0.5, 0.0), (0.5, 0.5, 0.0), (0.3, 0.1, -0.2)])
def test_longitudinal_modes_are_zeros_of_the_dielectric_function(
    crystal: HarmonicCrystal, corner: tuple[float, ...]
) -> None:
    """In each direction, for an eps_inf that is not isotropic: Lyddane, Sachs and Teller."""
    other = replace(crystal, dielectric=np.diag([6.0, 7.5, 9.0]) + 0.3 * (np.ones((3, 3)) - np.eye(3)))
    found = phonon_dispersion(other, [("G", (0, 0, 0)), ("Q", corner)], points=2)
    direction = np.array(corner) / np.linalg.norm(corner)
    split, plain = found.frequency.values[0], other.frequencies([[0.0, 0.0, 0.0]])[0]
    squares, before = (np.sign(f) * (f / THZ) ** 2 for f in (split, plain))
    # the field adds one number to the trace
    born, eps = other.polar()
    added = np.sum((direction @ born) ** 2 / crystal.masses[:, None]) / (direction @ eps @ direction)
    assert squares.sum() - before.sum() == pytest.approx(4 * math.pi * COULOMB / crystal.volume * added, rel=1e-9)
    moved = [s for s in squares if np.abs(s - before).min() > 1e-6]
    assert len(moved) == 3
    for square in moved:
        below, above = dielectric(other, direction, np.array([square * 0.999999, square * 1.000001]))
        assert below * above < 0


def test_the_limit_continues_the_path(crystal: HarmonicCrystal) -> None:
    """A short way from the centre the frequencies of the optical modes are those of the limit."""
    found = phonon_dispersion(crystal, [("G", (0, 0, 0)), ("q", (1e-4, 2e-4, 0))], points=2)
    np.testing.assert_allclose(found.frequency[0, 5:], found.frequency[1, 5:], atol=1e-4)
    np.testing.assert_allclose(found.frequency[0, :2], found.frequency[1, :2], atol=1e-4)


def test_labels(tmp_path: Path, polar: xr.Dataset, plain: xr.Dataset) -> None:
    check_schema(polar)
    assert polar.attrs["corner_labels"].split("\n") == ["G", "X", "M", "G", "R", "X|M", "R"]
    corners = polar.attrs["corner_distances"]
    side = math.pi / 3.985549
    np.testing.assert_allclose(np.diff(corners)[:4] / side, [1, 1, math.sqrt(2), math.sqrt(3)], rtol=1e-6)
    # each segment has both of its ends
    assert np.count_nonzero(polar.distance.values == corners[1]) == 2
    assert polar.attrs["nac"] == "yes" and "soft_mode_stiffness_eV_per_angstrom2" not in plain.attrs
    assert polar.attrs["soft_mode_stiffness_eV_per_angstrom2"] == pytest.approx(-15.079, abs=2e-3)
    save(polar, tmp_path / "a.nc")
    xr.testing.assert_identical(load(tmp_path / "a.nc").frequency, polar.frequency)


def test_the_data_of_the_package(crystal: HarmonicCrystal) -> None:
    assert phonopy_names() == ["batio3-cubic"]
    folder = phonopy_file("batio3-cubic").parent
    assert "MIT License" in (folder / "LICENSE-batio3-cubic.txt").read_text(encoding="utf-8")
    assert phonopy_file("own.yaml") == Path("own.yaml")
    assert crystal.symbols == ("Ba", "Ti", "O", "O", "O")


def test_refusals(crystal: HarmonicCrystal) -> None:
    bare = replace(crystal, born=None, dielectric=None)
    for asked, words in (
        (lambda: phonon_dispersion(bare), "no Born charges"),
        (lambda: phonon_dispersion(crystal, points=1), "1 points make no path"),
        (lambda: phonon_dispersion(crystal, [("G", (0, 0, 0))]), "two corners or more"),
        (lambda: phonon_dispersion(crystal, [("G", (0, 0, 0)), ("G", (0, 0, 0))]), "the same point"),
        (lambda: phonon_dispersion(crystal, "G-Q"), "'Q' is no corner"),
    ):
        with pytest.raises(InputError, match=words):
            asked()
    assert phonon_dispersion(bare, "G-X", nac=False, points=5).attrs["nac"] == "no"
