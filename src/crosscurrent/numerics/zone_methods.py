"""The methods of a zone integral that a user names: which points are evaluated, and what the error is taken from."""

from __future__ import annotations

import math
from dataclasses import dataclass

from crosscurrent.units import InputError

#: Points of a mesh; the list of its pieces alone would take minutes beyond.
_MOST = 10**10


@dataclass(frozen=True)
class UniformMesh:
    """A Gamma-centred mesh of a periodic cell, or a midpoint mesh of a box cutoff.

    shape: points along each direction. shifted: move the periodic mesh by half a step along every axis. The error is
    twice the largest deviation of coarser meshes: the 2^dim sub-meshes of double spacing (even shapes), one of about
    half the points along each axis (odd shapes, shifted meshes, boxes), and one of about a third. The counts of the
    last two share no divisor with the shape. Sub-meshes that symmetry maps onto one another agree whatever their
    error, and so may any two meshes at a step or a kink; hence the third and the factor. What falls between the points
    of all of them stays unseen, and an axis of one point is not integrated over.
    irreducible: evaluate one point of every set that the symmetry of the model carries into one another, of a periodic
    cell; the value and its error are those of the whole mesh.
    """

    shape: tuple[int, ...]
    shifted: bool = False
    irreducible: bool = False

    def __post_init__(self) -> None:
        _check_counts(self.shape, "mesh")
        _check_points(self.shape)

    @property
    def offset(self) -> float:
        """Of the periodic mesh, in steps."""
        return 0.5 if self.shifted else 0.0

    @property
    def description(self) -> str:
        shift = ", shifted by half a step" if self.shifted else ""
        points = ", irreducible points" if self.irreducible else ""
        return "uniform mesh " + " x ".join(map(str, self.shape)) + shift + points


@dataclass(frozen=True)
class PolarGrid:
    """Gauss-Legendre in the radius (and in k_z or cos theta), trapezoidal in the angle: for k.p cutoffs.

    radial, angular: points. polar: points in cos theta (sphere) or k_z (cylinder). The error is 3 times the sum over
    the directions of the largest deviation of two grids with about a third and two thirds of the points in that
    direction.
    """

    radial: int
    angular: int
    polar: int | None = None

    def __post_init__(self) -> None:
        _check_counts(self.shape, "polar grid")
        _check_points(self.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.radial, self.angular) if self.polar is None else (self.radial, self.angular, self.polar)

    @property
    def description(self) -> str:
        return "polar grid " + " x ".join(map(str, self.shape)) + " (radial, angular[, polar])"


@dataclass(frozen=True)
class Adaptive:
    """Cells refined where the integrand asks for it: Genz-Malik rules of degree 7 with an embedded degree 5.

    rtol, atol: what decides whether a cell is cut, of the largest component of each quantity. max_evaluations: stop
    there and say so. base: cells along each direction to begin with. The error is 3 times the sum of what the rules
    of the accepted cells disagree by, and never less than what was asked for; it may be more. A step that follows
    the coordinates (the Fermi surface of an isotropic model on a disk or sphere) can lie between the same points of
    every cell and stay unseen: use a PolarGrid there.
    """

    rtol: float = 1e-3
    atol: float = 0.0
    max_evaluations: int = 2_000_000
    base: int = 4

    def __post_init__(self) -> None:
        _check_counts((self.max_evaluations, self.base), "adaptive")
        if not (self.rtol > 0 or self.atol > 0):
            raise InputError("an adaptive integral needs rtol or atol above zero", where="zone")

    @property
    def description(self) -> str:
        return f"adaptive Genz-Malik cells, rtol {self.rtol:g}, atol {self.atol:g}, base {self.base}"


Method = UniformMesh | PolarGrid | Adaptive


def _check_counts(counts: tuple[int, ...], what: str) -> None:
    if any(int(c) != c or c < 1 for c in counts):
        raise InputError(f"{what} needs positive whole numbers, got {tuple(counts)}", where="zone")


def _check_points(shape: tuple[int, ...]) -> None:
    if math.prod(shape) > _MOST:
        raise InputError(
            f"{' x '.join(map(str, shape))} are {math.prod(shape):.1e} points, and {_MOST:.0e} are the most",
            where="zone",
            fix='give a coarser mesh, or method = "adaptive"',
        )
