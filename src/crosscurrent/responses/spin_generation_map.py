"""Where in momentum space the spin comes from: Upsilon 0, 1, 2 resolved in k."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.bloch import BlochModel, Operator
from crosscurrent.numerics.chunks import ChunkMap, at_points, joined, serial
from crosscurrent.numerics.irreducible import Reduction, orbits, unfolded
from crosscurrent.numerics.zone import Method, UniformMesh
from crosscurrent.physics import bloch
from crosscurrent.physics.spin_generation import TENSORS
from crosscurrent.responses import gaps
from crosscurrent.responses import spin_generation_labels as labels
from crosscurrent.responses.band_geometry import k_coordinates, k_points
from crosscurrent.responses.eigenframe import ALL, Eigenframe, tolerance_of
from crosscurrent.responses.irreducible import mesh_reduction
from crosscurrent.responses.projections import projections_of
from crosscurrent.responses.spin_generation import checked_frequencies, chosen_tensors, occupation, require_below_gap
from crosscurrent.responses.spin_generation_integrand import SpinGenerationIntegrand, SpinGenerationKernel
from crosscurrent.results import Quantity, dataset
from crosscurrent.units import HBAR_EV_S, InputError

Floats = NDArray[np.float64]

_UNITS = {"upsilon0": "hbar angstrom/V", "upsilon1": "hbar angstrom s/V", "upsilon2": "hbar angstrom s^2/V"}


@dataclass(frozen=True)
class MapWork:
    """The tensors at a batch of points (nk, dim): of the occupied states, or of one band."""

    kernel: SpinGenerationKernel
    mu: Floats
    temperature: float
    tolerance: float
    by_count: bool
    band: int | None

    def __call__(self, k: Floats) -> dict[str, NDArray[Any]]:
        step = self.kernel.points_per_batch
        return joined(self._batch(k[start : start + step]) for start in range(0, len(k), step))

    def _batch(self, k: Floats) -> dict[str, NDArray[Any]]:
        eigen = Eigenframe(self.kernel.model.matrices(k, self.kernel.operator), self.tolerance)
        if self.by_count:
            eigen.count_bands()
        self._require_below_gap(eigen, k)
        if self.band is not None:
            flat = self.kernel.pairs(eigen, slice(self.band, self.band + 1), ALL, False)[:, 0]
            return self.kernel.split(flat)
        window = eigen.window(self.mu, self.temperature)
        flat = np.zeros((len(k), 1))
        if window.low:
            flat = flat + self.kernel.pairs(eigen, slice(0, window.low), slice(window.low, window.n_states), True)[:, 0]
        if window.high > window.low:
            rows = slice(window.low, window.high)
            f = bloch.occupations(eigen.group_energies[:, rows], self.mu, self.temperature)[0]
            flat = flat + np.einsum("km,kmc->kc", f, self.kernel.pairs(eigen, rows, ALL, False))
        if flat.shape[1] == 1:
            flat = np.zeros((len(k), sum(int(np.prod(self.kernel.shape(n))) for n in self.kernel.wanted)))
        return self.kernel.split(flat)

    def _require_below_gap(self, eigen: Eigenframe, k: Floats) -> None:
        """Raises InputError for a frequency that reaches a resonance at one of these points, unless it is broadened."""
        z = self.kernel.z
        if np.iscomplexobj(z) or not z.size or z.max() == 0:
            return
        if self.band is not None:
            row = slice(self.band, self.band + 1)
            gap = np.where(eigen.apart(row, ALL), np.abs(eigen.gaps(row, ALL)), np.inf).min(axis=(1, 2))
        else:
            filled = (eigen.group_energies <= self.mu[0]).sum(axis=1)
            padded = np.pad(eigen.energies, ((0, 0), (1, 1)), constant_values=((0, 0), (-np.inf, np.inf)))
            above = np.take_along_axis(padded, filled[:, None] + 1, 1)
            gap = (above - np.take_along_axis(padded, filled[:, None], 1))[:, 0]
        at = int(np.argmin(gap))
        if z.max() >= (1 - 1e-9) * gap[at]:
            place = ", ".join(f"{x:.4f}" for x in k[at])
            raise InputError(
                f"omega = {z.max():.6g} eV is not below the gap, {gap[at]:.6g} eV at k = ({place}) 1/angstrom",
                where="omega",
                fix="stay below the gap, or give a level broadening eta",
            )


def spin_generation_map(
    model: BlochModel,
    mu: float | None,
    omega: ArrayLike | None,
    where: Method | ArrayLike,
    *,
    filling: int | None = None,
    band: int | None = None,
    spin: Operator | NDArray[np.complex128] | str | None = None,
    projections: Sequence[str] | Mapping[str, Floats] | str = (),
    tensors: Sequence[str] | None = None,
    temperature: float = 0.0,
    eta: float = 0.0,
    degeneracy: float | None = None,
    run: ChunkMap = serial,
) -> xr.Dataset:
    """Upsilon 0, 1, 2 at every k: the occupied-empty sum, or the tensor of one band (Feng et al., Eqs. (2), (7), (8)).

    where: a UniformMesh (of a periodic cell or a box cutoff), or points (nk, dim), Cartesian, 1/angstrom. mu, filling:
    one of them; neither with `band`, the index of a single band. The rest is as in `spin_generation`.

    Returns a dataset with dims (k1, k2[, k3] or k, omega, spin, field, projection) in hbar angstrom/V (times s, s^2),
    without the 1/(2 pi)^dim of the integral. Raises InputError as `spin_generation`; the frequency of a single band has
    to stay below its distance from every other group of bands, at each of the points.
    """
    mesh = where if isinstance(where, UniformMesh) and where.irreducible else None
    points, dims, shape = k_points(model, where if mesh is None else replace(mesh, irreducible=False))
    operator = gaps.spin_operator(model, spin)
    energies, wanted = checked_frequencies(omega), chosen_tensors(tensors, omega, False)
    temperature, eta = gaps.checked_temperature(temperature), gaps.checked_width(eta, "eta")
    levels = _level(model, mu, filling, band, temperature)
    notes: dict[str, Any] = {}
    if band is None:
        seen = occupation(model, levels, temperature, filling)
        require_below_gap(seen, energies, eta, temperature)
        notes = {} if seen.gap is None else {"direct_gap_eV": seen.gap.gap, "direct_gap_THz": seen.gap.frequency}
    kernel = SpinGenerationKernel(
        model, operator, projections_of(model, projections), energies if eta == 0 else energies + 1j * eta, wanted
    )
    work = MapWork(kernel, levels, temperature, tolerance_of("covariant", degeneracy), filling is not None, band)
    if mesh is None:
        values = at_points(run, work, points)
    else:
        values, notes["irreducible"] = _unfolded(work, mesh, points, run)
    variables = {name: _variable(name, values[name], kernel, dims, shape) for name in wanted}
    coords = {**k_coordinates(model, points, dims, shape), **labels.coordinates(kernel, energies)}
    return dataset(
        variables,
        coords,
        quantity="spin generation resolved in momentum",
        index_order="spin i, field j: S_i over E_j and its time derivatives",
        convention=labels.CONVENTION,
        equations={key: labels.EQUATIONS[key] for key in {k for v in variables.values() for k in v.equations}},
        model=model.name,
        model_source=model.source,
        domain=model.domain.description,
        method=f"{len(points)} k points",
        status="complete",
        warnings=[*getattr(model, "notes", ()), *labels.basis_warning(model)],
        temperature_K=temperature,
        eta_eV=eta,
        degeneracy_eV=work.tolerance,
        states=f"band {band}" if band is not None else f"filling {filling}" if filling else f"mu = {mu} eV",
        **notes,
    )


def _unfolded(work: MapWork, mesh: UniformMesh, points: Floats, run: ChunkMap) -> tuple[dict[str, Floats], str]:
    """The map of the whole mesh from that of its irreducible points, and what the result says of it."""
    if work.band is not None:
        raise InputError(
            "one band of a degenerate group has no symmetry of its own", where="zone.irreducible", fix="remove it"
        )
    integrand = SpinGenerationIntegrand(work.kernel, work.mu, work.temperature, work.tolerance, work.by_count)
    reduction: Reduction = mesh_reduction(mesh, work.kernel.model, integrand)
    fitting = reduction.on_mesh(mesh.shape, mesh.offset)
    chosen, _ = orbits(fitting, mesh.shape, mesh.offset)
    values = unfolded(fitting, mesh.shape, mesh.offset, chosen, at_points(run, work, points[chosen]))
    return values, f"{len(chosen)} of {len(points)} points; {reduction.title}"


def _level(model: BlochModel, mu: float | None, filling: int | None, band: int | None, temperature: float) -> Floats:
    if band is not None:
        if mu is not None or filling is not None:
            raise InputError("a single band has no chemical potential and no filling", where="band")
        if not 0 <= band < model.n_states:
            raise InputError(f"there is no band {band}", where="band", fix=f"choose from 0 to {model.n_states - 1}")
        return np.zeros(1)
    levels = gaps.chemical_potentials(mu) if filling is None else gaps.checked_filling(model, mu, filling, temperature)
    if len(levels) != 1:
        raise InputError("a map belongs to one chemical potential", where="mu", fix="give one energy")
    return levels


def _variable(
    name: str, values: Floats, kernel: SpinGenerationKernel, dims: tuple[str, ...], shape: tuple[int, ...]
) -> Quantity:
    """(nk, P, L, J[, omega][, 2]) to (*shape[, omega], L, J, P)."""
    order = TENSORS.index(name)
    scaled = values * HBAR_EV_S**order
    if len(kernel.shape(name)) == 5:
        scaled = scaled[..., 0] + 1j * scaled[..., 1]
    moved = np.moveaxis(scaled, 1, 3)
    if order:
        moved = np.moveaxis(moved, 4, 1)
    long_name, key = labels.ABOUT[name]
    frequency = ("omega",) if order else ()
    return Quantity(
        (*dims, *frequency, "spin", "field", "projection"),
        moved.reshape(*shape, *moved.shape[1:]),
        _UNITS[name],
        long_name,
        equations=(key,),
    )
