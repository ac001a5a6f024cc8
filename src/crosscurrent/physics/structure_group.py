"""The magnetic group of a crystal or a layer, from its structure and moments (spglib), as Cartesian operations.

Moments are axial vectors that move with the lattice: spin-orbit coupling is assumed, also where they all lie along z.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import spglib
from numpy.typing import ArrayLike, NDArray

from crosscurrent.physics.magnetic_groups import MagneticGroup, identify
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Moments beyond this are not moments of an atom but another unit, mu_B.
_LARGEST_MOMENT = 50.0
#: No component of a lattice vector comes near this, angstrom, and no fraction of it is meant by more.
_LONGEST = 1e6
#: Empty space put between the images of a layer, angstrom, beside twice its thickness.
_VACUUM = 20.0
# older releases report failure by returning None
_SPGLIB_ERROR: type[Exception] = getattr(spglib, "SpglibError", RuntimeError)


@dataclass(frozen=True, eq=False)
class SpaceOperations:
    """The operations of a magnetic space group, one of every set that differs by lattice vectors, identity included.

    whole: (n, 3, 3) and shifts: (n, 3), f -> W f + w for positions f in units of the lattice. time_reversal: (n,).
    rotations: (n, 3, 3), Cartesian. permutation: (n, n_sites), the site to which each site is carried. lattice: (3, 3)
    rows, angstrom, the nearest to the given one that has them all to rounding. number: BNS.
    """

    whole: Integers
    shifts: Floats
    time_reversal: NDArray[np.bool_]
    rotations: Floats
    permutation: Integers
    lattice: Floats
    number: str


def structure_group(
    lattice: ArrayLike,
    positions: ArrayLike,
    species: Sequence[str] | Sequence[int],
    moments: ArrayLike | None = None,
    *,
    dim: int = 3,
    symprec: float = 1e-5,
    moment_tolerance: float = 1e-3,
) -> MagneticGroup:
    """The point operations of the magnetic space group and how each permutes the sites.

    lattice: (3, 3), rows in angstrom. positions: (n, 3), in units of the lattice vectors. species: one name or number a
    site. moments: along z (n,), Cartesian (n, 3), in mu_B; none for a nonmagnetic crystal, whose group then
    holds time reversal. dim: 2 for a layer with a and b in the plane x, y and vacuum along c, of which only operations
    are kept that carry the one layer onto itself. symprec: angstrom. moment_tolerance: mu_B; smaller differences of
    moments are none.

    Sites count from 0 in the order given. Raises InputError when the arrays do not fit together, moments are not finite
    or smaller than the tolerance, atoms coincide, or a layer does not lie in the plane.
    """
    found = space_operations(
        lattice, positions, species, moments, dim=dim, symprec=symprec, moment_tolerance=moment_tolerance
    )
    rotations, flags, permutation = found.rotations, found.time_reversal, found.permutation
    # centring translations repeat an operation; those that move sites differently stay
    rows = np.column_stack([np.rint(1e6 * rotations.reshape(len(flags), 9)).astype(np.int64), flags, permutation])
    keep = np.sort(np.unique(rows, axis=0, return_index=True)[1])
    return MagneticGroup(
        name=identify(rotations, flags),
        rotations=rotations[keep],
        time_reversal=flags[keep],
        permutation=permutation[keep],
        site_labels=tuple(str(kind) for kind in species),
        source=f"structure of {len(species)} atoms, magnetic space group {found.number} (BNS)"
        + (" of the isolated layer" if dim == 2 else ""),
    )


def space_operations(
    lattice: ArrayLike,
    positions: ArrayLike,
    species: Sequence[str] | Sequence[int],
    moments: ArrayLike | None = None,
    *,
    dim: int = 3,
    symprec: float = 1e-5,
    moment_tolerance: float = 1e-3,
) -> SpaceOperations:
    """Arguments and errors as of `structure_group`. Of a layer the third components belong to a cell of its own."""
    cell = _checked_lattice(lattice)
    sites = _checked_positions(positions, species)
    vectors = _checked_moments(moments, len(sites), species, moment_tolerance)
    kinds = [list(dict.fromkeys(species)).index(kind) for kind in species]
    if dim == 2:
        cell, sites = _isolated(cell, sites)
    elif dim != 3:
        raise InputError(f"{dim} dimensions", where="structure.dim", fix="choose 2 or 3")
    if not symprec > 0:
        raise InputError(f"symprec = {symprec:g}", where="structure.symprec", fix="give a length above 0, angstrom")
    whole, shifts, flags, number = _operations(cell, sites, kinds, vectors, symprec, moment_tolerance)
    permutation = _permutation(cell, sites, whole, shifts, symprec)
    rotations = _cartesian(cell, whole, symprec)
    keep = np.ones(len(flags), dtype=bool) if dim == 3 else np.all(np.abs(rotations[:, 2, :2]) < 1e-6, axis=1)
    # R L^T = L^T W for rows L, exactly: the mean of R^-1 L^T W over a group has it
    exact = np.mean(rotations.swapaxes(1, 2) @ cell.T @ whole, axis=0).T
    return SpaceOperations(whole[keep], shifts[keep], flags[keep], rotations[keep], permutation[keep], exact, number)


def _checked_lattice(lattice: ArrayLike) -> Floats:
    cell = _numbers(lattice, "lattice")
    # before anything is multiplied: an absurd number would overflow
    if cell.size and np.abs(cell).max() > _LONGEST:
        raise InputError(
            f"a lattice vector with a component of {np.abs(cell).max():g} angstrom",
            where="structure.lattice",
            fix="rows, in angstrom",
        )
    if cell.shape != (3, 3) or abs(np.linalg.det(cell)) < 1e-6:
        raise InputError(
            "a lattice is three vectors that do not lie in one plane",
            where="structure.lattice",
            fix="rows, in angstrom",
        )
    return cell


def _checked_positions(positions: ArrayLike, species: Sequence[str] | Sequence[int]) -> Floats:
    sites = _numbers(positions, "positions")
    if sites.ndim != 2 or sites.shape[1] != 3 or not len(sites):
        raise InputError("positions are three numbers a site", where="structure.positions", fix="fractions of a, b, c")
    if np.abs(sites).max() > _LONGEST:
        raise InputError(
            f"a position of {np.abs(sites).max():g}", where="structure.positions", fix="fractions of a, b, c"
        )
    if len(species) != len(sites):
        raise InputError(
            f"{len(species)} species for {len(sites)} positions", where="structure.species", fix="one a site"
        )
    return sites


def _checked_moments(
    moments: ArrayLike | None, n: int, species: Sequence[str] | Sequence[int], tolerance: float
) -> Floats:
    """(n, 3)."""
    if moments is None:
        return np.zeros((n, 3))
    values = _numbers(moments, "moments")
    if values.ndim == 1:
        values = np.stack([np.zeros_like(values), np.zeros_like(values), values], axis=1)
    if values.ndim != 2 or values.shape[1] != 3:
        raise InputError("a moment is a number along z or three numbers", where="structure.moments", fix="in mu_B")
    if len(values) != n:
        raise InputError(
            f"{len(values)} moments for {n} sites ({', '.join(map(str, species))})",
            where="structure.moments",
            fix="give one a site in the order of the positions, 0 for the nonmagnetic ones",
        )
    # before anything is squared: an absurd number would overflow
    if np.abs(values).max() > _LARGEST_MOMENT:
        raise InputError(f"a moment of {np.abs(values).max():g} mu_B", where="structure.moments", fix="give mu_B")
    size = np.linalg.norm(values, axis=1)
    small = (size > 0) & (size <= tolerance)
    if small.any():
        raise InputError(
            f"the moment {size[small].max():g} mu_B of site {int(np.argmax(small))} is not above the tolerance of "
            f"{tolerance:g}, so it would count as none",
            where="structure.moments",
            fix="give 0, or a smaller moment_tolerance",
        )
    return values


def _numbers(values: ArrayLike, key: str) -> Floats:
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"{key} are not an array of numbers", where=f"structure.{key}") from error
    if not np.all(np.isfinite(array)):
        raise InputError(f"{key} hold a number that is not finite", where=f"structure.{key}")
    return array


def _isolated(cell: Floats, sites: Floats) -> tuple[Floats, Floats]:
    """The layer alone: c along z and so long that no operation along it exists by the choice of the box."""
    if np.abs(cell[:2, 2]).max() > 1e-6:
        raise InputError(
            "the layer does not lie in the plane x, y", where="structure.lattice", fix="rotate the structure"
        )
    # the layer is what lies between the two ends of the largest gap
    heights = np.sort(sites[:, 2] % 1.0)
    gaps = np.diff(np.append(heights, heights[0] + 1.0))
    bottom = heights[(int(np.argmax(gaps)) + 1) % len(heights)]
    up = (sites[:, 2] - bottom + 1e-9) % 1.0
    place = np.column_stack([sites[:, :2], up]) @ cell
    box = cell.copy()
    box[2] = [0.0, 0.0, 2 * np.ptp(place[:, 2]) + _VACUUM + np.pi]
    return box, place @ np.linalg.inv(box)


def _operations(
    cell: Floats, sites: Floats, kinds: Sequence[int], moments: Floats, symprec: float, tolerance: float
) -> tuple[Integers, Floats, NDArray[np.bool_], str]:
    """Rotations and translations in units of the lattice, time reversal, and the BNS number."""
    arguments: Any = (cell, sites, kinds, moments)  # the stub asks for lists, which spglib makes arrays of
    failure = "atoms coincide within symprec, or the structure cannot be analysed"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # spglib changes how it reports failures
            found = spglib.get_magnetic_symmetry(arguments, symprec=symprec, mag_symprec=tolerance)
            if found is None or not len(found["rotations"]):
                raise InputError(failure, where="structure", fix="check the positions, or change symprec")
            rotations, shifts, flags = (found[key] for key in ("rotations", "translations", "time_reversals"))
            kind = spglib.get_magnetic_spacegroup_type_from_symmetry(rotations, shifts, flags, cell, symprec)
    except _SPGLIB_ERROR as error:
        raise InputError(
            failure + f" ({error})", where="structure", fix="check the positions, or change symprec"
        ) from error
    return rotations.astype(np.int64), shifts, flags.astype(bool), kind.bns_number if kind is not None else "?"


def _permutation(cell: Floats, sites: Floats, whole: Integers, shifts: Floats, symprec: float) -> Integers:
    """(n, n_sites), where each operation carries each site."""
    out = np.empty((len(whole), len(sites)), dtype=np.int64)
    for n, (w, shift) in enumerate(zip(whole, shifts, strict=True)):
        apart = (sites @ w.T + shift)[:, None] - sites[None]
        distance = np.linalg.norm((apart - np.rint(apart)) @ cell, axis=-1)
        out[n] = np.argmin(distance, axis=1)
        if len(set(out[n])) < len(sites) or distance[np.arange(len(sites)), out[n]].max() > max(20 * symprec, 1e-3):
            raise InputError(
                "an operation that was found does not carry every atom to another",
                where="structure.symprec",
                fix="take a smaller symprec",
            )
    return out


def _cartesian(cell: Floats, whole: Integers, symprec: float) -> Floats:
    """Orthogonal matrices of the operations, also when the lattice has its symmetry only to a few digits.

    The metric is averaged over the group, and the lattice replaced by the nearest one with that metric. Operations that
    are within the precision of the structure of those in a standard orientation are set to them.
    """
    metric = np.mean([w.T @ (cell @ cell.T) @ w for w in whole], axis=0)
    values, axes = np.linalg.eigh(metric)
    root = (axes * np.sqrt(values)) @ axes.T
    u, _, v = np.linalg.svd(np.linalg.inv(root) @ cell)
    rows = root @ (u @ v)
    rotations = rows.T @ whole @ np.linalg.inv(rows.T)
    exact = np.array([0.0, 0.5, 1.0, np.sqrt(0.75), np.sqrt(0.5), 1 / 3, 2 / 3, np.sqrt(8) / 3, np.sqrt(2) / 3])
    exact = np.concatenate([exact, -exact[1:]])
    nearest = exact[np.argmin(np.abs(rotations[..., None] - exact), axis=-1)]
    # never by more than a tenth of a degree: a crystal that is turned by more was meant so
    close = np.abs(rotations - nearest).max() < min(10 * symprec / np.linalg.norm(cell, axis=1).min() + 1e-9, 2e-3)
    orthogonal = np.allclose(nearest @ nearest.swapaxes(1, 2), np.eye(3), atol=1e-12)
    return np.asarray(nearest if close and orthogonal else rotations)
