"""The short-range kernel of a local-mode record: made on a grid, checked, and compared with what it was made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.physics.dipole_kernel import dipole_kernel
from crosscurrent.physics.lattice_kernel import short_range_kernel
from crosscurrent.physics.mode_projection import (
    Blocks,
    blocks_on_grid,
    cubic_average,
    grid_points,
    inversion_residual,
)
from crosscurrent.responses.conversion_report import ConversionReport, Stability
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
#: K(q), (nq, 3, 3) eV/angstrom^2, at reduced wave vectors (nq, 3).
Source = Callable[[Floats], Complexes]

#: A kernel that breaks inversion by more than this share of its largest block is refused.
_INVERSION = 1e-2
#: An off-grid error above this share of the kernel's range is worth a note.
_FOLLOWS = 0.03
#: The grid on which the kernel is compared with its source.
_BETWEEN = 6
#: The grids on which the record is checked for stability: an even one has the zone boundary, an odd one comes close to
#: it, which is where the bare dipole kernel is at its worst.
_STABLE = (12, 25)


@dataclass(frozen=True, eq=False)
class Projection:
    """How a crystal becomes a record.

    centre: element that the mode is centred on; the atom of the largest Born charge without. mode: (n, 3, 3), a pattern
    to take in place of the crystal's own soft mode. normalisation: "centre", so that the centre moves by u, or "unit
    mass", so that M is 1 amu. axis: the polar axis, x, y or z. grid: n, for the n x n x n wave vectors that
    the kernel reproduces.
    dipole: the partner kernel, "damped" (with eta) or "bare". double_counting: leaves the dipoles in the short range,
    which only reproduces records that were made so. lattice_constant: angstrom, of the record when its cell is not
    that of the force constants.
    """

    centre: str | None = None
    mode: ArrayLike | None = None
    normalisation: str = "centre"
    axis: str = "x"
    grid: int = 3
    dipole: str = "damped"
    eta: float = 1.2
    double_counting: bool = False
    lattice_constant: float | None = None

    def __post_init__(self) -> None:
        choices = {"normalisation": ("centre", "unit mass"), "axis": ("x", "y", "z"), "dipole": ("damped", "bare")}
        for key, allowed in choices.items():
            if getattr(self, key) not in allowed:
                raise InputError(f"{key} is '{getattr(self, key)}'", where=key, fix="choose from " + ", ".join(allowed))
        if not 2 <= self.grid <= 12:
            raise InputError(f"the grid is {self.grid} wide", where="grid", fix="give a number from 2 to 12, e.g. 3")
        if self.lattice_constant is not None and not self.lattice_constant > 0:
            raise InputError(f"is {self.lattice_constant}", where="lattice_constant", fix="give a length in angstrom")


def with_kernel(draft: LocalMode, source: Source, how: Projection) -> tuple[LocalMode, ConversionReport]:
    """The draft with the blocks of K_sr, checked, and the part of the report that is about the kernel."""
    zero = source(np.zeros((1, 3)))[0]
    blocks = _short_range(draft, source, zero, how)
    largest = max(float(np.abs(block).max()) for block in blocks.values())
    inversion = inversion_residual(blocks)
    if inversion > _INVERSION * largest:
        raise InputError(
            f"the kernel breaks inversion: K(R) and its transpose differ by {inversion:.3g} eV/angstrom^2",
            where=draft.name,
            fix="centre the mode on an atom at a centre of inversion, and check the symmetry of the force constants",
        )
    symmetric, change = cubic_average(blocks)
    record = replace(draft, blocks=symmetric)
    stability = _stability(record, source, zero, how)
    _check_stable(record, stability, how)
    between, span = _off_grid(record, source, zero, how)
    axis = np.array(draft.well.axis)
    field = _long_range(draft, 1e-6 * axis[None]) - _long_range(draft, np.zeros((1, 3)))
    return record, ConversionReport(
        frequencies=np.zeros(0),
        split=np.zeros(0),
        pattern=np.zeros((0, 3, 3)),
        normalisation="that of the partner record",
        curvature=float(np.trace(zero.real) / 3),
        long_range=float(axis @ field[0] @ axis),
        inversion=inversion,
        cubic=change,
        off_grid=between,
        largest=span,
        stability=stability,
        notes=_notes(between / span, how),
    )


def _notes(share: float, how: Projection) -> tuple[str, ...]:
    """What a user should know before using the kernel. share: off-grid error over the range of the kernel."""
    notes = []
    if how.double_counting:
        notes.append("the dipole interaction is counted twice, in the short range and in its partner kernel")
    if share > _FOLLOWS:
        notes.append(
            f"between the points of its grid of {how.grid} the kernel misses its source by {100 * share:.0f} % of its "
            "range; a wider grid follows it better"
        )
    return tuple(notes)


def _short_range(draft: LocalMode, source: Source, zero: Complexes, how: Projection) -> Blocks:
    """K_sr(R): on the grid, with the dipoles that the record's partner kernel will bring back taken out."""
    points = grid_points(how.grid)
    return blocks_on_grid(source(points) - zero - _subtracted(draft, points, how), how.grid)


def _subtracted(draft: LocalMode, points: Floats, how: Projection) -> Floats | float:
    if how.double_counting:
        return 0.0
    return _long_range(draft, points) - _long_range(draft, np.zeros((1, 3)))


def _long_range(draft: LocalMode, points: Floats) -> Floats:
    """K_LR at reduced wave vectors, (nq, 3, 3) eV/angstrom^2."""
    folded = points - np.round(points)
    return dipole_kernel(2 * np.pi * folded, draft.charge, draft.eps_inf, draft.volume, draft.dipole, draft.eta)


def _off_grid(record: LocalMode, source: Source, zero: Complexes, how: Projection) -> tuple[float, float]:
    """(largest difference between the record's kernel and its source between grid points, range of the eigenvalues)."""
    points = grid_points(_BETWEEN)
    wanted = source(points) - zero
    found = short_range_kernel(2 * np.pi * points, record.blocks) + _subtracted(record, points, how)
    levels = np.linalg.eigvalsh((wanted + wanted.conj().swapaxes(-1, -2)) / 2)
    return float(np.abs(found - wanted).max()), float(np.ptp(levels))


def _stability(record: LocalMode, source: Source, zero: Complexes, how: Projection) -> Stability:
    """The smallest eigenvalue of the stiffness around the ordered state, over a bulk grid."""
    points = np.concatenate([grid_points(n) for n in _STABLE])
    kernel = short_range_kernel(2 * np.pi * points, record.blocks)
    kernel = kernel + _long_range(record, points) - _long_range(record, np.zeros((1, 3)))
    levels = np.linalg.eigvalsh(kernel + record.well.stiffness)[:, 0]
    at = int(np.argmin(levels))
    uncut = source(points[at : at + 1])[0] - zero
    extra = _long_range(record, points[at : at + 1])[0] - _long_range(record, np.zeros((1, 3)))[0]
    uncut = uncut + record.well.stiffness + (extra if how.double_counting else 0.0)
    reference = float(np.linalg.eigvalsh((uncut + uncut.conj().T) / 2)[0])
    x, y, z = (float(q) for q in points[at] - np.round(points[at]))
    return Stability(float(levels[at]), (x, y, z), reference)


def _check_stable(record: LocalMode, found: Stability, how: Projection) -> None:
    if found.lowest > 0:
        return
    where = ", ".join(f"{q:.3f}" for q in found.wave_vector)
    if found.reference > 0:
        fix = f"the crystal itself is stable there ({found.reference:.3f}): use a wider grid than {how.grid}"
        if how.dipole == "bare":
            fix = "the bare dipole kernel jumps at the zone boundary: use the damped one"
    else:
        fix = (
            "the crystal itself gains energy there by a wave of the mode, so the uniform state is not its ordered one; "
            "a larger kappa, or a deeper well, would confine it"
        )
    raise InputError(
        f"the record is unstable around its ordered state: stiffness {found.lowest:.4g} eV/angstrom^2 at wave vector "
        f"({where})",
        where=record.name,
        fix=fix,
    )
