"""Sums over an irreducible mesh: what every response with a known rule under symmetry calls instead of `integrate`."""

from __future__ import annotations

import math

import numpy as np

from crosscurrent.models.bloch import BlochModel
from crosscurrent.numerics.chunks import ChunkMap
from crosscurrent.numerics.irreducible import Reduction, orbits
from crosscurrent.numerics.zone import Method, UniformMesh, ZoneSums, integrate
from crosscurrent.responses.zone_symmetry import CovariantIntegrand, moves, zone_symmetry
from crosscurrent.units import InputError

#: Points of a mesh up to which its orbits are counted for an estimate.
_COUNTED = 4_000_000


def zone_sums(method: Method, model: BlochModel, integrand: CovariantIntegrand, run: ChunkMap) -> ZoneSums:
    """`integrate`, over the irreducible points when the method says so. Raises InputError as `zone_symmetry`."""
    if not (isinstance(method, UniformMesh) and method.irreducible):
        return integrate(method, model.domain, integrand, run)
    return integrate(method, model.domain, integrand, run, mesh_reduction(method, model, integrand))


def mesh_reduction(method: UniformMesh, model: BlochModel, integrand: CovariantIntegrand) -> Reduction:
    """The symmetry of an integrand, for a mesh. Raises InputError as `zone_symmetry`, and when the mesh has none."""
    reduction = zone_symmetry(model, integrand).reduction
    if not moves(reduction.on_mesh(method.shape, method.offset).whole):
        raise InputError(
            f"none of the {len(reduction)} operations that this sum has carries the mesh into itself",
            where="zone.irreducible",
            fix="take equal numbers of points along equivalent axes, or shifted = false",
        )
    return reduction


def irreducible_points(method: UniformMesh, model: BlochModel, integrand: CovariantIntegrand) -> int:
    """How many points an irreducible mesh evaluates, those of its coarser meshes left out. Raises InputError."""
    fitting = mesh_reduction(method, model, integrand).on_mesh(method.shape, method.offset)
    size = math.prod(method.shape)
    if size <= _COUNTED:
        return len(orbits(fitting, method.shape, method.offset)[0])
    # almost every point of a fine mesh is a general one
    return size // len(np.unique(fitting.whole, axis=0))
