"""The anomalous Hall conductivity: Berry curvature of the occupied states, with what lies outside the Wannier space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.bloch import BlochModel
from crosscurrent.numerics.batches import Batch
from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.numerics.zone import Method
from crosscurrent.physics.bloch import pair_weights
from crosscurrent.physics.covariance import Covariance, pair
from crosscurrent.responses import gaps, labelled
from crosscurrent.responses.eigenframe import frame, points_per_batch, tolerance_of
from crosscurrent.responses.fermi import fermi_sums, running
from crosscurrent.responses.irreducible import zone_sums
from crosscurrent.responses.tensors import antisymmetric
from crosscurrent.results import Quantity, dataset

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AnomalousHallIntegrand:
    """Weighted sums of f_m Omega_m: within the model's states, and from states outside a Wannier space."""

    model: BlochModel
    mu: Floats
    temperature: float
    tolerance: float
    external: bool

    @property
    def points_per_batch(self) -> int:
        return points_per_batch(self.model.n_states, 16)

    @property
    def covariance(self) -> Mapping[str, Covariance]:
        """How each of the sums turns under an operation."""
        return dict.fromkeys(("within", "outside"), Covariance((pair(self.model.dim),), reversal=-1))

    def probing(self, mu: Floats) -> Self:
        """The same at other chemical potentials, eV, ascending."""
        return replace(self, mu=mu)

    def __call__(self, batch: Batch) -> dict[str, NDArray[Any]]:
        parts = frozenset({"curvature"} if self.external else ())
        eigen = frame(self.model, batch, None, parts, self.tolerance)
        window = eigen.window(self.mu, self.temperature)
        velocity = eigen.velocity(window.rows, window.columns)
        connection = eigen.connection(velocity, window.rows, window.columns)
        within = window.pair_sum(lambda r: pair_weights(r).sum(axis=-1), connection)
        bands = [within]
        if self.external:
            bands.append(eigen.diagonal(eigen.matrices.curvature, window.rows))
        stacked = np.concatenate(bands, axis=1).transpose(0, 2, 1)
        energies = eigen.group_energies[:, window.rows]
        total = fermi_sums(np.ascontiguousarray(stacked), energies, batch, self.mu, self.temperature)
        n_pairs = within.shape[1]
        out: dict[str, NDArray[Any]] = {"within": total[..., :n_pairs]}
        if self.external:
            out["outside"] = total[..., n_pairs:]
        out["min:band"], out["max:band"] = eigen.energies.min(axis=0), eigen.energies.max(axis=0)
        return out

    def finish(self, sums: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return running(sums, ("within", "outside"), self.temperature)


def anomalous_hall(
    model: BlochModel,
    mu: ArrayLike,
    *,
    method: Method,
    temperature: float = 0.0,
    grouping: str = "covariant",
    degeneracy: float | None = None,
    unit: str | None = None,
    thickness: float | None = None,
    run: ChunkMap = serial,
) -> xr.Dataset:
    """Anomalous Hall conductivity sigma_ij = -(e^2/hbar) epsilon_ijk int f Omega^k.

    mu: chemical potentials, eV. method: how the zone is summed. temperature: K. unit: one of units.HALL_UNITS_3D or
    _2D. thickness: angstrom, to quote a 2D model in a 3D unit.

    Returns a dataset with dims (mu, current, field): `conductivity`, and its two parts when the model has a position
    matrix: `within` (sum over the model's own states; it equals `spin_hall` with the spin replaced by -1) and `outside`
    (curvature of the Wannier space; Wang et al., PRB 74, 195118). An error stands beside each.
    """
    levels = gaps.chemical_potentials(mu)
    scale, unit = labelled.hall_unit(unit, model.dim, thickness)
    integrand = AnomalousHallIntegrand(
        model=model,
        mu=np.sort(levels),
        temperature=gaps.checked_temperature(temperature),
        tolerance=tolerance_of(grouping, degeneracy),
        external=getattr(model, "position_blocks", None) is not None,
    )
    sums = zone_sums(method, model, integrand, run)
    order = np.argsort(np.argsort(levels))
    full = {name: -scale * antisymmetric(values[:, order], model.dim) for name, values in sums.sums.items()}
    estimates = {"conductivity": sums.estimate(*((1.0, part) for part in full.values()))}
    if integrand.external:
        estimates |= {name: sums.estimate((1.0, part)) for name, part in full.items()}
    names = {
        "conductivity": "anomalous Hall conductivity",
        "within": "part from transitions within the model's states",
        "outside": "part from states outside the Wannier functions",
    }
    key = "wang2006" if integrand.external else "hall"
    variables = {
        name: Quantity(("mu", "current", "field"), e.value, unit, names[name], e.error, (key,))
        for name, e in estimates.items()
    }
    return dataset(
        variables,
        labelled.energy_and_axes(model.dim, levels),
        quantity="anomalous Hall conductivity",
        index_order="current i, field j: J_i over E_j",
        convention=labelled.CONVENTION,
        equations={key: labelled.EQUATIONS[key]},
        warnings=[
            *labelled.common_warnings(model, sums, grouping),
            *labelled.step_warning(method, sums, levels, integrand.temperature),
        ],
        **labelled.provenance(model, method, sums),
        temperature_K=integrand.temperature,
        grouping=grouping,
        degeneracy_eV=integrand.tolerance,
        **labelled.thickness_note(thickness),
    )
