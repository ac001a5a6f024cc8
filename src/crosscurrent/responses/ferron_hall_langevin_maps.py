"""What a trajectory of a slab leaves behind block by block, and the exact symmetries that such maps have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.numerics.driven_slab import DrivenSlab
from crosscurrent.physics import lattice_observables as observables
from crosscurrent.responses.ferron_hall_maps import MIRROR_Y, Maps

Floats = NDArray[np.float64]

#: Where an observable stands on the last axis of a row: eV, eV, C/m^2, hbar, angstrom^2, eV.
SLOTS: Mapping[str, slice] = {
    "kinetic": slice(0, 1),
    "longitudinal": slice(1, 2),
    # of the ordered state taken off
    "polarization": slice(2, 5),
    "angular": slice(5, 8),
    "second": slice(8, 17),
    "virial": slice(17, 18),
}
WIDTH = 18
#: The field of each row of a block: none, the one that is asked for, and its reverse.
FIELDS = ("still", "turned", "reversed")


def row_of(record: LocalMode, u: Floats, uu: Floats, uv: Floats, vv: Floats, virial: Floats) -> Floats:
    """Means over one block as a row, (..., WIDTH).

    u: of the displacement from the ordered state, (..., 3) angstrom. uu, uv, vv: of products with it, (..., 3, 3).
    virial: of -(u.F)/3, (...) eV.
    """
    axis = np.asarray(record.well.axis)
    pieces = (
        observables.mean_kinetic_energy(vv, record.mass)[..., None],
        observables.longitudinal_kinetic_energy(vv, record.mass, axis)[..., None],
        observables.polarization(u, record.charge, record.volume),
        observables.mean_angular_momentum(uv, record.angular),
        uu.reshape(*uu.shape[:-2], 9),
        virial[..., None],
    )
    return np.concatenate(pieces, axis=-1)


def row_of_maps(record: LocalMode, maps: Maps) -> Floats:
    """The exact means of a linear trajectory as a row, (Nx, Ny, WIDTH): its mean displacement is zero. The virial is
    left out, as NaN."""
    nx, ny = maps.kinetic.shape
    second = maps.covariance.reshape(nx, ny, 9)
    columns = (maps.kinetic[..., None], maps.longitudinal[..., None], np.zeros((nx, ny, 3)), maps.angular, second)
    return np.concatenate([*columns, np.full((nx, ny, 1), np.nan)], axis=-1)


@dataclass(frozen=True)
class Symmetry:
    """Exact symmetries of a slab within one well.

    mirror_y: y -> -y, which reverses the field. rotation: by pi about the field, for a temperature that is the same
    seen from both ends. mirror_z: z -> -z. The last two are joined with u -> -u where it takes that to stay in the
    well. along_field: whether the polarization is along z.
    """

    mirror_y: bool
    rotation: bool
    mirror_z: bool
    along_field: bool

    def mirrored(self, rows: Floats) -> Floats:
        """In the mirror y -> -y; rows: (..., Nx, Ny, WIDTH)."""
        return np.asarray(rows[..., ::-1, :] * _signs(MIRROR_Y))

    def averaged(self, rows: Floats) -> Floats:
        """Over the rotation, with zero for what the mirror z -> -z forbids. Both hold in any field."""
        signs = _signs(np.array([-1.0, -1.0, 1.0]) if self.along_field else np.array([1.0, 1.0, -1.0]))
        out = np.where(signs > 0, rows, 0.0) if self.mirror_z else rows
        return np.asarray(0.5 * (out + out[..., ::-1, ::-1, :] * signs) if self.rotation else out)

    def parts(self, rows: Mapping[str, Floats]) -> dict[str, Floats]:
        """Rows by field -> rows without a field ("_0"), in the field ("") and odd in it ("_odd").

        Needs "reversed" where there is no mirror; where there is one too, both runs enter with the same weight.
        """
        mean = {name: self.averaged(field) for name, field in rows.items()}
        turned = mean["turned"]
        if self.mirror_y:
            mirrors = {name: self.mirrored(field) for name, field in mean.items()}
            turned = 0.5 * (turned + mirrors["reversed"]) if "reversed" in mean else turned
            back = self.mirrored(turned)
        else:
            back = mean["reversed"]
        out = {"": turned, "_odd": 0.5 * (turned - back)}
        if "still" in mean:
            still = mean["still"]
            out["_0"] = 0.5 * (still + mirrors["still"]) if self.mirror_y else still
        return out


def symmetry_of(record: LocalMode, problem: DrivenSlab, temperature: Floats) -> Symmetry:
    """The symmetries that the record, the damping and the temperature leave. problem: the linear one, at any field."""
    axis = np.asarray(record.well.axis)
    along, across = bool(np.all(axis[:2] == 0)), axis[2] == 0
    even = np.array_equal(problem.damping, problem.damping[::-1])
    y = even and axis[1] == 0 and problem.stiffness.mirror_y(MIRROR_Y) and _keeps(record, MIRROR_Y)
    flat = np.array([1.0, 1.0, -1.0])
    z = bool(along or across) and problem.stiffness.mirror_z(flat) and _keeps(record, flat)
    turn = z and even and problem.stiffness.inversion() == 1 and np.array_equal(temperature, temperature[::-1])
    return Symmetry(y, turn, z, along)


def _keeps(record: LocalMode, signs: Floats) -> bool:
    """Whether mass, charge and Lambda are those of the mirrored record."""
    both = np.outer(signs, signs)
    cross = np.array([signs[1] * signs[2], signs[2] * signs[0], signs[0] * signs[1]])
    kept = (
        np.allclose(record.mass * both, record.mass, rtol=0, atol=1e-12 * np.abs(record.mass).max()),
        np.allclose(record.charge * both, record.charge, rtol=0, atol=1e-12 * np.abs(record.charge).max()),
        np.allclose(
            record.angular * both * cross[:, None, None],
            record.angular,
            rtol=0,
            atol=1e-12 * np.abs(record.angular).max(),
        ),
    )
    return all(kept)


def _signs(components: Floats) -> Floats:
    """Signs of the slots, (WIDTH,), from those of the components; an angular momentum is a product of two of them."""
    x, y, z = components
    second = np.outer(components, components).ravel()
    return np.array([1.0, 1.0, x, y, z, y * z, z * x, x * y, *second, 1.0])
