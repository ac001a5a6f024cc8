"""Phonon frequencies of a harmonic crystal along a path, with the field of the polar modes (NAC) or without it.

With it, the dipole-dipole part of the force constants is summed over all ions and the rest is interpolated (Gonze and
Lee, Phys. Rev. B 55, 10355 (1997)). Without it the force constants of the supercell are interpolated as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.crystal import HarmonicCrystal
from crosscurrent.models.special_points import Segment, special_path
from crosscurrent.physics.dynamical_matrix import THZ, frequencies
from crosscurrent.responses.soft_mode import centre_atom, check_cubic, soft_mode
from crosscurrent.results import Quantity, dataset
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

EQUATIONS = {
    "gonze1997": "Gonze and Lee, Phys. Rev. B 55, 10355 (1997): dipole-dipole force constants of all ions by Ewald's "
    "sum, and at q = 0 the limit along the path"
}
#: A wave vector this near to a reciprocal lattice vector is the zone centre, reduced.
_CENTRE = 1e-9


def phonon_dispersion(
    crystal: HarmonicCrystal,
    path: str | Sequence[tuple[str, ArrayLike]] | None = None,
    *,
    nac: bool = True,
    points: int = 200,
) -> xr.Dataset:
    """Frequencies along straight lines between corners of the zone.

    crystal: see `load_phonopy`. path: letters, "G-X-M-G-R-X, M-R" with a comma for a jump; corners (label, reduced q);
    or None for the standard path of a primitive cubic, tetragonal or orthorhombic lattice. nac: with the macroscopic
    field of the polar modes, which splits LO from TO. points: on the whole path, shared out by length.

    Returns a dataset with dims (q, mode): `frequency` in THz, rising, negative where a mode is unstable. A corner
    belongs to both of its segments, since the limit at q = 0 depends on the direction. Corners stand in the attributes
    corner_labels and corner_distances. Raises InputError for a path that is none, and without Born charges when nac.
    """
    segments = _segments(crystal, path)
    if points < 2:
        raise InputError(f"{points} points make no path", where="points", fix="give 2 or more")
    if nac:
        crystal.polar()
    else:
        crystal = replace(crystal, born=None, dielectric=None)
    reciprocal = np.asarray(2 * np.pi * np.linalg.inv(crystal.lattice).T, dtype=np.float64)
    lengths = np.array([np.linalg.norm((end - start) @ reciprocal) for _, start, _, end in segments])
    counts = np.maximum(2, np.rint(points * lengths / lengths.sum()).astype(int))
    waves: list[Floats] = [np.linspace(start, end, n) for (_, start, _, end), n in zip(segments, counts, strict=True)]
    bands = [_along(crystal, wave, reciprocal, nac) for wave in waves]
    begins = np.concatenate([[0.0], np.cumsum(lengths)])
    along = [np.linspace(a, b, n) for a, b, n in zip(begins[:-1], begins[1:], counts, strict=True)]
    owner = np.repeat(np.arange(len(segments)), counts)
    return _labelled(crystal, nac, segments, begins, np.concatenate(waves), np.concatenate(along), owner, bands)


def _segments(crystal: HarmonicCrystal, path: str | Sequence[tuple[str, ArrayLike]] | None) -> list[Segment]:
    if path is None or isinstance(path, str):
        segments = special_path(crystal.lattice, path)
    else:
        corners = [(str(label), np.asarray(q, dtype=float)) for label, q in path]
        if len(corners) < 2 or any(q.shape != (3,) or not np.isfinite(q).all() for _, q in corners):
            raise InputError("a path has two corners or more of three numbers", where="path", fix="add corners")
        segments = [(*a, *b) for a, b in pairwise(corners)]
    for first, start, second, end in segments:
        if np.abs(end - start).max() < _CENTRE:
            raise InputError(f"'{first}' and '{second}' are the same point", where="path", fix="leave one of them out")
    return segments


def _along(crystal: HarmonicCrystal, waves: Floats, reciprocal: Floats, nac: bool) -> Floats:
    """(n, 3 atoms) THz; at the zone centre the limit along the segment when the field is there."""
    out = crystal.frequencies(waves)
    centre = np.abs(waves - np.rint(waves)).max(axis=1) < _CENTRE
    if nac and centre.any():
        direction = (waves[-1] - waves[0]) @ reciprocal
        out[centre] = frequencies(crystal.limit_at_gamma(direction).astype(complex), crystal.masses)
    return out


def _corners(segments: list[Segment]) -> list[str]:
    """Labels at the ends of the segments; "X|M" where the path jumps."""
    labels = [segments[0][0]]
    for (_, _, here, at), (there, begin, _, _) in pairwise(segments):
        jump = np.abs(at - begin).max() > _CENTRE
        labels.append(f"{here}|{there}" if jump else here)
    return [*labels, segments[-1][2]]


def _labelled(
    crystal: HarmonicCrystal,
    nac: bool,
    segments: list[Segment],
    begins: Floats,
    waves: Floats,
    along: Floats,
    owner: NDArray[np.int64],
    bands: list[Floats],
) -> xr.Dataset:
    found = np.concatenate(bands)
    keys = ("gonze1997",) if nac else ()
    coords = {
        "q": Quantity(("q",), np.arange(len(along)), "", "point of the path, counted from 0"),
        "mode": Quantity(("mode",), np.arange(found.shape[1]), "", "mode, counted from 0"),
        "distance": Quantity(("q",), along, "1/angstrom", "distance along the path"),
        "segment": Quantity(("q",), owner, "", "segment of the path, counted from 0"),
    }
    for axis in range(3):
        coords[f"q{axis + 1}"] = Quantity(("q",), waves[:, axis], "", f"reduced wave vector, component {axis + 1}")
    cells = round(abs(float(np.linalg.det(crystal.supercell))))
    return dataset(
        {"frequency": Quantity(("q", "mode"), found, "THz", "phonon frequency", equations=keys)},
        coords,
        quantity="phonon dispersion " + ("with" if nac else "without") + " the field of the polar modes",
        index_order="modes in the order of their frequencies",
        convention="a frequency is omega/2 pi, and negative where omega^2 < 0; wave vectors in units of the "
        "reciprocal vectors",
        equations={key: EQUATIONS[key] for key in keys},
        model=crystal.name,
        model_source=crystal.source,
        domain=f"force constants of a supercell of {cells} cells",
        method="nearest images of each pair" + (", dipoles apart by Ewald's sum" if nac else ""),
        status="exact at the wave vectors of the supercell, interpolated between",
        warnings=crystal.notes,
        corner_labels="\n".join(_corners(segments)),
        corner_distances=np.asarray(begins),  # type: ignore[arg-type]
        nac="yes" if nac else "no",
        lowest_frequency_THz=float(found.min()),
        highest_frequency_THz=float(found.max()),
        **_soft_mode(crystal),
    )


def _soft_mode(crystal: HarmonicCrystal) -> dict[str, float]:
    """Numbers of the unstable polar mode of a cubic crystal, by the displacement of its centre; {} without one."""
    try:
        check_cubic(crystal)
        mode = soft_mode(crystal, centre_atom(crystal, None))
    except InputError:
        return {}
    mass = float(np.trace(mode.mass) / 3)
    return {
        "soft_mode_frequency_THz": mode.frequency,
        "soft_mode_mass_amu": mass,
        "soft_mode_charge_e": float(np.trace(mode.charge) / 3),
        "soft_mode_stiffness_eV_per_angstrom2": float(np.sign(mode.frequency) * mass * (mode.frequency / THZ) ** 2),
    }
