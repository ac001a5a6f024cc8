"""Bands, Berry curvature, orbital moment and spin of every band: along a path, at points, or on a mesh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.bloch import AXES, BlochModel, Operator
from crosscurrent.numerics.batches import GridRows
from crosscurrent.numerics.chunks import ChunkMap, at_points, joined, serial
from crosscurrent.numerics.domains import Box, Cell
from crosscurrent.numerics.eigen import group_means
from crosscurrent.numerics.grids import nodes
from crosscurrent.numerics.mapping import to_k
from crosscurrent.numerics.zone import Method, UniformMesh
from crosscurrent.physics import bloch
from crosscurrent.responses import gaps, labelled
from crosscurrent.responses.eigenframe import Eigenframe, points_per_batch, tolerance_of
from crosscurrent.results import Quantity, dataset
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

#: Components of an axial vector: only z exists in two dimensions.
_AXIAL = {2: ("z",), 3: AXES}


@dataclass(frozen=True)
class GeometryWork:
    """Energies, curvature, moment and spin at a batch of points (nk, dim); group averages inside degenerate groups."""

    model: BlochModel
    operator: Operator | None
    tolerance: float

    def __call__(self, k: Floats) -> dict[str, NDArray[Any]]:
        step = points_per_batch(self.model.n_states, 16)
        return joined(self._batch(k[start : start + step]) for start in range(0, len(k), step))

    def _batch(self, k: Floats) -> dict[str, NDArray[Any]]:
        parts = frozenset({"curvature"})
        eigen = Eigenframe(self.model.matrices(k, self.operator, parts), self.tolerance)
        connection = eigen.connection(eigen.velocity())
        curvature = bloch.berry_curvature(connection)
        if eigen.matrices.curvature is not None:
            curvature = curvature + eigen.diagonal(eigen.matrices.curvature)
        vectors = {"berry_curvature": curvature, "orbital_moment": bloch.orbital_moment(connection, eigen.energies)}
        if self.operator is not None:
            vectors["spin_expectation"] = eigen.operator_diagonal()
        out = {name: _group_average(v, eigen).transpose(0, 2, 1) for name, v in vectors.items()}
        return {"energy": eigen.energies, **out}


def _group_average(values: Any, eigen: Eigenframe) -> Any:
    """(nk, C, n) with every degenerate group at its mean: the trace is all that does not depend on the basis."""
    if not eigen.has_groups:
        return values
    return np.stack([group_means(values[:, c], eigen.labels) for c in range(values.shape[1])], axis=1)


def band_geometry(
    model: BlochModel,
    where: Method | ArrayLike,
    *,
    spin: Operator | NDArray[np.complex128] | str | None = None,
    degeneracy: float | None = None,
    run: ChunkMap = serial,
) -> xr.Dataset:
    """Energy, Berry curvature, orbital magnetic moment and spin of every band, resolved in k.

    where: a UniformMesh (of a periodic cell or a box cutoff), or points (nk, dim), Cartesian, 1/angstrom. spin: as in
    `spin_hall`; left out when the model has none. degeneracy: eV, as in `spin_hall`; quantities of degenerate bands are
    averages over their group.

    Returns a dataset with dims (k1, k2[, k3], band) or (k, band), vectors with a last dim `axis` or `spin`. Berry
    curvature in angstrom^2, moment in Bohr magnetons. Raises InputError for other methods.
    """
    points, dims, shape = k_points(model, where)
    operator = None if spin is None and model.spin is None else gaps.spin_operator(model, spin)
    work = GeometryWork(model, operator, tolerance_of("covariant", degeneracy))
    values = at_points(run, work, points)
    coords = k_coordinates(model, points, dims, shape)
    return _labelled(model, operator, values, dims, shape, coords)


def bands(
    model: BlochModel,
    path: Sequence[tuple[str, ArrayLike]],
    points: int = 200,
    *,
    spin: Operator | NDArray[np.complex128] | str | None = None,
) -> xr.Dataset:
    """Bands along straight lines between labelled corners.

    path: (label, k) with Cartesian k, 1/angstrom. points: on the whole path, shared out by length. spin: as in
    `spin_hall`. Returns a dataset with dims (k, band) and the coordinate `distance`, 1/angstrom; corners are in the
    attributes corner_labels and corner_distances.
    """
    corners = np.array([np.asarray(k, dtype=float) for _, k in path])
    if len(path) < 2 or corners.ndim != 2 or corners.shape[1] != model.dim:
        raise InputError(
            f"a path needs at least two corners of {model.dim} components", where="bands.path", fix="add corners"
        )
    lengths = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    if not (lengths > 0).all():
        raise InputError("two neighbouring corners of the path are the same point", where="bands.path")
    at = np.concatenate([[0.0], np.cumsum(lengths)])
    distance = np.unique(np.concatenate([np.linspace(0.0, at[-1], max(points, 2)), at]))
    k = np.stack([np.interp(distance, at, corners[:, axis]) for axis in range(model.dim)], axis=1)
    operator = None if spin is None and model.spin is None else gaps.spin_operator(model, spin)
    values = GeometryWork(model, operator, tolerance_of("covariant", None))(k)
    coords = k_coordinates(model, k, ("k",), (len(k),))
    coords["distance"] = Quantity(("k",), distance, "1/angstrom", "distance along the path")
    return _labelled(
        model,
        operator,
        values,
        ("k",),
        (len(k),),
        coords,
        corner_labels="\n".join(label for label, _ in path),
        corner_distances=np.asarray(at),
    )


def k_points(model: BlochModel, where: Method | ArrayLike) -> tuple[Floats, tuple[str, ...], tuple[int, ...]]:
    """(points, names of the dimensions, their sizes)."""
    if isinstance(where, UniformMesh):
        if where.irreducible:
            raise InputError(
                "bands of a degenerate group have no symmetry of their own, so this map has no irreducible mesh",
                where="zone.irreducible",
                fix="remove it",
            )
        if len(where.shape) != model.dim:
            raise InputError(f"the mesh needs {model.dim} numbers, got {len(where.shape)}", where="zone.mesh")
        dims = tuple(f"k{axis + 1}" for axis in range(model.dim))
        if isinstance(model.domain, Cell):
            rows = range(int(np.prod(where.shape[:-1])))
            return model.grid_points(GridRows(where.shape, rows, where.offset)), dims, where.shape
        if isinstance(model.domain, Box):
            axes = [nodes("midpoint", n)[0] for n in where.shape]
            cube = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, model.dim)
            return to_k(model.domain, cube)[0], dims, where.shape
    if isinstance(where, np.ndarray | list | tuple):
        points = np.asarray(where, dtype=float)
        if points.ndim == 2 and points.shape[1] == model.dim and np.isfinite(points).all():
            return points, ("k",), (len(points),)
    raise InputError(
        "k-resolved output needs a uniform mesh of a periodic cell or a box, or a list of points",
        where="band_geometry",
        fix=f"give UniformMesh(...) or points of shape (nk, {model.dim})",
    )


def k_coordinates(
    model: BlochModel, points: Floats, dims: tuple[str, ...], shape: tuple[int, ...]
) -> dict[str, Quantity]:
    """The Cartesian components of the points, (n, dim) 1/angstrom, on the dimensions of a map."""
    return {
        f"k{axis}": Quantity(dims, points[:, i].reshape(shape), "1/angstrom", f"k_{axis}")
        for i, axis in enumerate(AXES[: model.dim])
    }


def _labelled(
    model: BlochModel,
    operator: Operator | None,
    values: dict[str, NDArray[Any]],
    dims: tuple[str, ...],
    shape: tuple[int, ...],
    coords: dict[str, Quantity],
    **notes: Any,
) -> xr.Dataset:
    n = model.n_states
    about = {
        "energy": ("eV", "band energy", (), ()),
        "berry_curvature": ("angstrom^2", "Berry curvature", ("axis",), ("wang2006",)),
        "orbital_moment": ("mu_B", "orbital magnetic moment", ("axis",), ("sundaram1999",)),
        "spin_expectation": ("hbar", "expectation value of the spin", ("spin",), ()),
    }
    variables = {}
    for name, array in values.items():
        unit, long_name, last, keys = about[name]
        variables[name] = Quantity(
            (*dims, "band", *last), array.reshape(*shape, n, *array.shape[2:]), unit, long_name, equations=keys
        )
    coords = {
        **coords,
        "band": Quantity(("band",), np.arange(n), "", "band, counted from 0"),
        "axis": Quantity(("axis",), np.array(_AXIAL[model.dim]), "", "component of the axial vector"),
    }
    if operator is not None:
        coords["spin"] = Quantity(("spin",), np.array(operator.labels), "", "component of the spin")
    notes_of_model = list(getattr(model, "notes", ()))
    if getattr(model, "position_blocks", None) is not None:
        notes_of_model.append("the orbital moment leaves out states outside the Wannier functions")
    return dataset(
        variables,
        coords,
        quantity="band geometry" if "distance" not in coords else "bands along a path",
        index_order="axial vectors: component k of Omega^k and m^k",
        convention=labelled.CONVENTION,
        equations={key: labelled.EQUATIONS[key] for key in ("wang2006", "sundaram1999")},
        model=model.name,
        model_source=model.source,
        domain=model.domain.description,
        method=f"{len(coords['kx'].values.ravel())} k points",  # type: ignore[union-attr]
        status="exact at each k",
        warnings=notes_of_model,
        **notes,
    )
