"""Real-space files to matrices on the lattice vectors of the model: lattice, centres and images."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.wannier90 import realspace
from crosscurrent.models.wannier90.files import Floats, Integers
from crosscurrent.models.wannier90.hoppings import Hoppings, checked_lattice, read_wsvec
from crosscurrent.models.wannier90.listings import Win, read_centres
from crosscurrent.units import InputError

Complexes = NDArray[np.complex128]
PathLike = str | Path


@dataclass
class Parts:
    """What either route collects: matrices by name on common vectors, and how they came about."""

    lattice: Floats
    centres: Floats
    vectors: Integers
    values: dict[str, Complexes]
    grid: realspace.Grid | None
    notes: list[str] = field(default_factory=list)


def from_hoppings(
    hoppings: Hoppings,
    wsvec: PathLike | None,
    centres: PathLike | None,
    lattice: ArrayLike | None,
    win: Win | None,
    wigner_seitz: bool,
    tie_tolerance: float,
    dim: int,
) -> Parts:
    cell = _lattice(hoppings, lattice, win)
    tau, notes = _centres(hoppings, centres)
    raw = {"hamiltonian": hoppings.hamiltonian}
    if hoppings.position is not None:
        raw["position"] = hoppings.position
    grid = win.grid if win is not None else None
    if grid is not None and not realspace.fits_grid(hoppings, grid):
        raise InputError(
            f"its vectors and degeneracies are not those of the mesh {grid} of {win.path if win else ''}",
            where=hoppings.path,
            fix="take both files from the same run; the list of vectors may be incomplete",
        )
    placed_by_pair = wigner_seitz and wsvec is None and np.ptp(tau, axis=0).max() > tie_tolerance
    layered = dim == 2 and bool(hoppings.vectors[:, 2].any())
    if grid is None and (placed_by_pair or layered):
        grid = realspace.infer_grid(hoppings)
    if wsvec is not None:
        listed = read_wsvec(wsvec, hoppings)
        placed = {key: realspace.place(value, listed) for key, value in raw.items()}
        vectors, values = placed["hamiltonian"][0], {key: p[1] for key, p in placed.items()}
        notes.append(f"images of each pair from {Path(wsvec).name}")
    elif placed_by_pair:
        assert grid is not None
        images = realspace.minimal_images(cell, grid, tau, tie_tolerance)
        values = {key: realspace.expand(realspace.fold(value, hoppings, grid), images) for key, value in raw.items()}
        vectors = images.vectors
        notes.append(image_note(True, tie_tolerance, images))
    else:
        vectors, values = hoppings.vectors, {}
        for key, value in raw.items():
            values[key] = value / hoppings.degeneracy.reshape(-1, *([1] * (value.ndim - 1)))
        notes.append("matrix elements on the lattice vectors of the file, divided by their degeneracies")
    return Parts(cell, tau, vectors, values, grid, notes)


def image_note(wigner_seitz: bool, tolerance: float, images: realspace.Images) -> str:
    rule = "nearest images of each pair" if wigner_seitz else "one Wigner-Seitz cell for all pairs"
    note = f"{rule}, ties within {tolerance:g} angstrom"
    if images.undecided:
        note += f" ({images.undecided} pairs would tie differently at a tolerance ten times larger or smaller)"
    return note


def _lattice(hoppings: Hoppings, lattice: ArrayLike | None, win: Win | None) -> Floats:
    given = None
    if lattice is not None:
        given = np.asarray(lattice, dtype=float)
        if given.shape != (3, 3):
            raise InputError(f"the lattice needs three rows of three numbers, got {given.shape}", where="lattice")
        checked_lattice(given, "lattice")
    elif win is not None and win.lattice is not None:
        given = win.lattice
    known = hoppings.lattice
    if known is None and given is None:
        raise InputError(
            "does not hold the lattice vectors", where=hoppings.path, fix="give lattice = [[...], [...], [...]] or win"
        )
    if known is not None and given is not None and np.abs(known - given).max() > 1e-4:
        raise InputError("its lattice differs from the one given", where=hoppings.path, fix="drop one of the two")
    if known is not None:
        return known
    assert given is not None
    return given


def _centres(hoppings: Hoppings, centres: PathLike | None) -> tuple[Floats, list[str]]:
    n = hoppings.n_states
    if hoppings.position is not None:
        home = np.flatnonzero(~hoppings.vectors.any(axis=1))
        if not home.size:
            raise InputError("the vector R = 0 is missing", where=hoppings.path, fix="write the file again")
        diagonal = np.diagonal(hoppings.position[home[0]], axis1=1, axis2=2).real
        return diagonal.T / hoppings.degeneracy[home[0]], []
    if centres is None:
        return np.zeros((n, 3)), ["no _centres.xyz: all Wannier centres taken at the origin"]
    tau = read_centres(centres)
    if len(tau) != n:
        raise InputError(
            f"holds {len(tau)} Wannier centres where {hoppings.path} has {n} functions",
            where=str(centres),
            fix="take both files from the same run",
        )
    return tau, []
