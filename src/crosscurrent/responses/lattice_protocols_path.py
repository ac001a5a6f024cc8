"""Switching paths of the uniform polarization: straight through zero, and by rotation, with the energy along them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from crosscurrent.models.polar_lattice import PolarLattice, polar_lattice
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.lattice_energy import Couplings
from crosscurrent.responses.lattice_protocols import Grid, Model, slab_of
from crosscurrent.responses.lattice_protocols_labels import component, protocol_dataset
from crosscurrent.results import Quantity
from crosscurrent.units import ANGSTROM_M, InputError

Floats = NDArray[np.float64]

#: Longest displacement that is tried on a path, in units of the ordered one.
_LONGEST = 2.0
_WARNING = (
    "all cells switch together: real crystals switch by walls, at far lower fields. The straight path and the rotation "
    "are two paths of high symmetry, not the path of least energy"
)


def switching_path(model: Model, grid: Grid = (4, 4, 4), *, surfaces: bool = False, points: int = 101) -> xr.Dataset:
    """Energy of uniform states on the way from the ground state to its reverse.

    model: a record or an effective Hamiltonian. grid: cells along x, y, z; the energy per cell does not depend on it in
    a periodic box. surfaces: a slab that is open along y. points: on each path.

    Two paths over the same fraction: `straight` scales the displacement from u_0 to -u_0; `rotation` turns it, one
    component after the other, with the length of least energy in each direction. Variables: displacement and energy per
    cell along each (zero at the start), the highest energy of each as its barrier, the barrier that the record states
    or the on-site polynomial gives, and the field at which the ground state as a whole would give way along the
    straight path. Raises InputError for fewer than three points.
    """
    if points < 3:
        raise InputError(f"{points} points are no path", where="points", fix="give three or more, an odd number")
    lattice, slab = polar_lattice(model), slab_of(grid, surfaces)
    energy = _Uniform(lattice, slab)

    def straight(share: float) -> Floats:
        return np.asarray((1 - 2 * share) * lattice.ordered)

    fraction = np.linspace(0.0, 1.0, points)
    rotation = _Rotation(energy, lattice.ordered)
    start = energy(lattice.ordered)
    variables: dict[str, Quantity] = {
        "angle": Quantity(
            ("fraction",), np.degrees(fraction * rotation.whole), "degree", "angle turned on the path by rotation"
        ),
    }
    variables |= _along("straight", straight, fraction, lambda u: energy(u) - start)
    variables |= _along("rotation", rotation, fraction, lambda u: energy(u) - start)
    variables["barrier_of_model"] = Quantity((), lattice.barrier, "eV", "barrier of a cell that the model states")
    variables["homogeneous_coercive_field"] = Quantity(
        (),
        energy.steepest(),
        "V/m",
        "field at which the uniform state gives way on the straight path",
        None,
        ("uniform",),
    )
    return protocol_dataset(
        lattice,
        slab,
        variables,
        {
            "fraction": Quantity(("fraction",), fraction, "", "fraction of the path"),
            "component": component(),
        },
        quantity="switching path of the uniform polarization",
        index_order="energies per cell along the fraction of the path; displacements by component",
        method=f"energies of uniform states, {points} points a path, length of least energy on the rotation",
        status="exact for uniform states",
        warnings=(_WARNING, *lattice.warnings),
    )


def _along(
    name: str, path: Callable[[float], Floats], fraction: Floats, height: Callable[[Floats], float]
) -> dict[str, Quantity]:
    """Displacement and energy per cell along a path, and its barrier."""
    states = np.array([path(f) for f in fraction])
    heights = np.array([height(u) for u in states])
    barrier = _highest(height, path, heights, fraction)
    about = f"energy of a cell, {name}"
    return {
        f"displacement_{name}": Quantity(("fraction", "component"), states, "angstrom", f"displacement, {name}"),
        f"energy_{name}": Quantity(("fraction",), heights, "eV", about, None, ("energy", "uniform")),
        f"barrier_{name}": Quantity((), barrier, "eV", f"highest {about}", None, ("uniform",)),
    }


class _Uniform:
    """Energy per cell of a uniform state, eV, from the couplings of an actual box."""

    def __init__(self, lattice: PolarLattice, slab: Slab) -> None:
        self.lattice = lattice
        ties = lattice.couplings(slab)
        self.stiffness = _uniform_response(ties)

    def __call__(self, u: Floats) -> float:
        return float(self.lattice.on_site.energy(u)) + 0.5 * float(u @ self.stiffness @ u)

    def along(self, direction: Floats) -> Floats:
        """The displacement of least energy along a direction, (3,); zero where none lies below zero."""
        reach = _LONGEST * float(np.linalg.norm(self.lattice.ordered))
        found = minimize_scalar(
            lambda length: self(length * direction), bounds=(0.0, reach), method="bounded", options={"xatol": 1e-10}
        )
        return float(found.x) * direction if found.fun < 0 else np.zeros(3)

    def steepest(self) -> float:
        """Largest slope of the energy against the field on the straight path, V/m."""
        u0 = self.lattice.ordered
        length = float(np.linalg.norm(u0))
        n = u0 / length
        charge = float(n @ self.lattice.charge @ n)

        def slope(share: float) -> float:
            u = share * u0
            return float(n @ (self.lattice.on_site.force(u) - self.stiffness @ u))

        found = minimize_scalar(
            lambda share: -slope(share), bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-10}
        )
        # the restoring force that has to be overcome, which pulls outwards while u falls from u_0 to 0
        return -float(found.fun) / charge / ANGSTROM_M


def _uniform_response(ties: Couplings) -> Floats:
    """d(force)/du of the couplings for a uniform displacement, mean over the cells, (3, 3), with a minus sign."""
    columns = []
    for unit in np.eye(3):
        field = np.ascontiguousarray(np.broadcast_to(unit, (*ties.slab.shape, 3)))
        columns.append(-ties.force(field).mean(axis=(0, 1, 2)))
    return np.array(columns).T


class _Rotation:
    """The displacement at a fraction of the rotation, (3,) angstrom. whole: the angle turned in all."""

    def __init__(self, energy: _Uniform, ordered: Floats) -> None:
        self.energy = energy
        self.corners = _corners(ordered)
        legs = [_angle(a, b) for a, b in itertools.pairwise(self.corners)]
        self.turned = np.concatenate([[0.0], np.cumsum(legs)])

    @property
    def whole(self) -> float:
        return float(self.turned[-1])

    def __call__(self, fraction: float) -> Floats:
        angle = fraction * self.whole
        leg = min(int(np.searchsorted(self.turned, angle, side="right")) - 1, len(self.corners) - 2)
        ends = self.corners[leg], self.corners[leg + 1]
        return self.energy.along(_between(*ends, angle - float(self.turned[leg])))


def _corners(ordered: Floats) -> list[Floats]:
    """Unit vectors from u_0 to -u_0 that reverse one component at a time; a single component goes by way of another."""
    n = ordered / np.linalg.norm(ordered)
    filled = [a for a in range(3) if abs(n[a]) > 1e-9]
    if len(filled) == 1:
        side = np.zeros(3)
        side[(filled[0] + 1) % 3] = 1.0
        return [n, side, -n]
    corners = [n]
    for a in filled:
        following = corners[-1].copy()
        following[a] *= -1
        corners.append(following)
    return corners


def _angle(a: Floats, b: Floats) -> float:
    return math.acos(float(np.clip(a @ b, -1, 1)))


def _between(a: Floats, b: Floats, angle: float) -> Floats:
    """The unit vector at an angle from a towards b."""
    side = b - (a @ b) * a
    return np.asarray(math.cos(angle) * a + math.sin(angle) * side / np.linalg.norm(side))


def _highest(
    height: Callable[[Floats], float], path: Callable[[float], Floats], heights: Floats, fraction: Floats
) -> float:
    """The highest energy of a path, found between the neighbours of the highest point."""
    at = int(np.argmax(heights))
    around = float(fraction[max(at - 1, 0)]), float(fraction[min(at + 1, len(fraction) - 1)])
    found = minimize_scalar(lambda f: -height(path(f)), bounds=around, method="bounded", options={"xatol": 1e-9})
    return max(-float(found.fun), float(heights[at]))
