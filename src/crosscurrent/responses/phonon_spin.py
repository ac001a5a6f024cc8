"""Spin conductivity that soft phonons mediate in a metal beside a ferroelectric instability (RA one-loop model)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.paraelectric_metal import ParaelectricMetal
from crosscurrent.numerics.chunks import ChunkMap, serial
from crosscurrent.responses.gaps import suggestion
from crosscurrent.responses.phonon_one_loop import checked_level, one_loop_conductivity
from crosscurrent.responses.phonon_spin_labels import labelled
from crosscurrent.responses.phonon_spin_question import Axes, Question, checked_axes
from crosscurrent.responses.phonon_spin_work import LEVELS, Column, PhononSpinWork
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
EasyAxis = Literal["easy_axis", "easy_plane"]

#: Points a chunk: of the closed forms, and of the levels that integrate at each point.
_CHEAP, _DEAR = 4000, 40


def phonon_spin(
    metal: ParaelectricMetal,
    temperature: ArrayLike,
    gap: ArrayLike,
    q: ArrayLike,
    *,
    q_unit: str = "1/angstrom",
    level: str = "auto",
    weight: Literal["thermal", "published"] = "thermal",
    vertex: Literal["corrected", "published"] = "corrected",
    dimension: int = 3,
    axis: EasyAxis = "easy_axis",
    omega: ArrayLike | None = None,
    tolerance: float = 1e-2,
    run: ChunkMap = serial,
) -> xr.Dataset:
    """sigma^l_ij(q): spin current J_i of spin l over the field E_j of wave vector q, at every temperature, gap and q.

    metal: see `paraelectric_metal`. temperature: K, one or many. gap: E_g of the phonons, eV, one or many. q: (n,
    dimension) or one vector, in `q_unit`, "1/angstrom" or "k_F". level: "analytic" (Kim-Chung, Eq. (19)),
    "fermi_surface" (any q l and k l, electrons at the Fermi surface), "second_order" (order q^2, exact in k), "full"
    (Eq. (15) at any q), or "auto", the cheapest whose model error is below `tolerance`; "one_loop" is everything of
    order g^2, with what the others drop: see `one_loop_conductivity` for its result. weight: of the phonons, "thermal"
    or as "published"; vertex: of the charge current, "corrected", or as "published", which adds the spurious
    coefficient kappa. dimension: 3, or 2 with an easy `axis` or easy plane of the spin. omega: photon energies, eV;
    static when None.

    Returns a dataset with chi and conductivity = chi (nu_ij + nu_ji), dims (temperature, gap, wavevector[, omega],
    current, field, spin), an error beside each that holds the numerical one and that of the level, the level used, and
    the numbers that tell whether it applies. Raises InputError for values out of range, and for q of 2 k_F or more.
    """
    _check_choices(level, weight, vertex, dimension, axis, tolerance)
    if level == "one_loop":
        checked_level(weight, vertex, dimension, omega)
        return one_loop_conductivity(metal, temperature, gap, q, q_unit=q_unit, tolerance=tolerance, run=run)
    axes = checked_axes(metal, temperature, gap, q, q_unit, dimension, omega)
    _check_level(level, dimension, axes)
    work = PhononSpinWork(metal, level, weight, vertex, dimension, float(tolerance))
    lengths, which = np.unique(axes.lengths, return_inverse=True)
    omegas = np.zeros(1) if axes.omega is None else axes.omega
    columns = [(gap, length, energy) for gap in axes.gap for length in lengths for energy in omegas]
    found = _collect(work, columns, axes.temperature, run)
    shape = (len(axes.gap), len(lengths), len(omegas), len(axes.temperature))
    # to (temperature, gap, wavevector, omega)
    spread = {name: np.moveaxis(values.reshape(shape), 3, 0)[:, :, which.ravel()] for name, values in found.items()}
    if axes.omega is None:
        spread = {name: values[..., 0] for name, values in spread.items()}
    question = Question(metal, axes, level, weight, vertex, dimension, axis, float(tolerance))
    return labelled(question, spread)


def _check_choices(level: str, weight: str, vertex: str, dimension: int, axis: str, tolerance: float) -> None:
    choices = {
        "level": (level, ("auto", *LEVELS, "one_loop")),
        "weight": (weight, ("thermal", "published")),
        "vertex": (vertex, ("corrected", "published")),
        "axis": (axis, ("easy_axis", "easy_plane")),
    }
    for name, (given, known) in choices.items():
        if given not in known:
            raise InputError(f"unknown {name} '{given}'", where=f"phonon_spin.{name}", fix=suggestion(given, known))
    if dimension not in (2, 3):
        raise InputError(f"the dimension is 2 or 3, got {dimension}", where="phonon_spin.dimension")
    if not 0 < tolerance < 1:
        raise InputError(f"the tolerance lies between 0 and 1, got {tolerance}", where="phonon_spin.tolerance")


def _check_level(level: str, dimension: int, axes: Axes) -> None:
    if dimension == 2 and level in ("second_order", "full"):
        raise InputError(
            f"level '{level}' exists in three dimensions only",
            where="phonon_spin.level",
            fix="use 'fermi_surface' or 'auto'",
        )
    if axes.omega is not None and np.any(axes.omega > 0) and level == "analytic":
        raise InputError(
            "the analytic level is static", where="phonon_spin.level", fix="use 'fermi_surface', 'full' or 'auto'"
        )


def _collect(
    work: PhononSpinWork, columns: list[tuple[float, float, float]], temperatures: Floats, run: ChunkMap
) -> dict[str, NDArray[np.generic]]:
    """Every array of the work as (columns, temperatures)."""
    limit = _CHEAP if work.level in ("analytic", "fermi_surface") or work.dimension == 2 else _DEAR
    rows = min(len(temperatures), limit)
    blocks = [temperatures[low : low + rows] for low in range(0, len(temperatures), rows)]
    per = max(1, limit // rows)
    groups = [columns[low : low + per] for low in range(0, len(columns), per)]
    chunks = [[Column(*column, block) for column in group] for group in groups for block in blocks]
    weights = [float(sum(len(column.temperatures) for column in chunk)) for chunk in chunks]
    pieces = list(run("phonon_spin", work, chunks, weights))
    names = pieces[0].keys()
    by_group = [pieces[low : low + len(blocks)] for low in range(0, len(pieces), len(blocks))]
    return {
        name: np.concatenate([np.concatenate([p[name] for p in group], axis=1) for group in by_group]) for name in names
    }
