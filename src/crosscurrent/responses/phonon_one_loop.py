"""Everything of order g^2: the static spin conductivity with what Kim and Chung keep and what they drop."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.paraelectric_metal import ParaelectricMetal
from crosscurrent.numerics.chunks import ChunkMap, joined, serial
from crosscurrent.physics.phonon_spin import tensor
from crosscurrent.physics.phonon_spin.one_loop import COEFFICIENTS, DIAGRAMS, SECTORS, one_loop
from crosscurrent.responses import phonon_spin_labels as labels
from crosscurrent.responses.phonon_spin_question import Question, checked_axes
from crosscurrent.responses.phonon_spin_work import Column, PhononSpinWork
from crosscurrent.results import Quantity, dataset
from crosscurrent.units import BOLTZMANN_EV_PER_K, InputError

Floats = NDArray[np.float64]

EQUATIONS = {
    "one-loop": "order g^2 of the static spin correlation function, to order q^2: s eps_ijl + a nu_ij + b nu_ji + "
    "d q_l eps_ijn q_n"
}
#: A soft cutoff of the phonon momentum is a guess to a factor of two.
_GUESS = math.log(2.0)


@dataclass(frozen=True)
class OneLoopWork:
    """metal, cutoff (k_F) and order: of `physics.phonon_spin.one_loop`."""

    metal: ParaelectricMetal
    cutoff: float
    order: int

    def __call__(self, points: list[tuple[float, float]]) -> dict[str, NDArray[Any]]:
        """points: (temperature in K, gap in eV) each. Arrays (points, ...) in C m, `uniform` in C/m."""
        metal = self.metal
        thermal = BOLTZMANN_EV_PER_K * np.array([temperature for temperature, _ in points])
        y = np.array([gap for _, gap in points]) / thermal
        t = thermal / (2.0 * metal.fermi_energy)
        found = one_loop(metal.damping, metal.velocity_ratio, t, y, cutoff=self.cutoff, order=self.order)
        unit = metal.prefactor()
        uniform_unit = unit * metal.fermi_wave_vector**2
        return {
            "parts": unit * found.parts,
            "parts_error": unit * found.parts_error,
            "uniform": uniform_unit * found.uniform,
            "uniform_error": uniform_unit * found.uniform_error,
            "log_slope": unit * found.log_slope,
        }


def one_loop_conductivity(
    metal: ParaelectricMetal,
    temperature: ArrayLike,
    gap: ArrayLike,
    q: ArrayLike,
    *,
    q_unit: str = "1/angstrom",
    cutoff: float = 10.0,
    order: int = 6,
    tolerance: float = 1e-2,
    run: ChunkMap = serial,
) -> xr.Dataset:
    """The complete static answer of order g^2 in three dimensions, to order q^2, with the part that `phonon_spin`
    keeps.

    temperature: K. gap: E_g, eV. q: (n, 3) or one vector, in `q_unit`, "1/angstrom" or "k_F"; zero is allowed. cutoff:
    of the phonon momentum, k_F; a depends on its logarithm. order: 4 to 12, of the rules. About a second a point.

    Returns `conductivity` (temperature, gap, wavevector, current, field, spin), C/m; `coefficients` a, b, d
    (temperature, gap, diagram, sector, coefficient), C m, where (vertex, ra) is the model of `phonon_spin`; `uniform` s
    (temperature, gap, sector), C/m, its sum `uniform_total` and, to compare, `quadratic`, the largest of |a|, |b|, |d|
    times q^2 (temperature, gap, wavevector); `chi` = (a + b)/2 and `chi_kept`, C m; `missing`, what the kept part lacks
    over the kept part. Errors hold the numerical one, a factor of two in the cutoff, and for the conductivity the q
    dependence of the kept part. Raises InputError as `phonon_spin`.
    """
    axes = checked_axes(metal, temperature, gap, q, q_unit, 3, None)
    question = Question(metal, axes, "one_loop", "thermal", "corrected", 3, "easy_axis", tolerance)
    points = [(float(t), float(g)) for t in axes.temperature for g in axes.gap]
    work = OneLoopWork(metal, cutoff, order)
    over_points = joined(run("one_loop", work, [[point] for point in points], [1.0] * len(points)))
    shape = (len(axes.temperature), len(axes.gap))
    found = {name: values.reshape(*shape, *values.shape[1:]) for name, values in over_points.items()}
    curved = _q_dependence(question)
    variables = _variables(question, found, curved)
    coords = labels.coordinates(question) | {
        name: Quantity((name,), np.array(values), "", name)
        for name, values in (("diagram", DIAGRAMS), ("sector", SECTORS), ("coefficient", COEFFICIENTS))
    }
    equations = labels.EQUATIONS | EQUATIONS
    used = {key for item in variables.values() for key in item.equations}
    return dataset(
        variables,
        coords,
        quantity="spin conductivity of order g^2",
        index_order="current i, field j, spin l: sigma^l_ij = J_i of spin l over E_j",
        convention=labels.CONVENTION,
        equations={key: text for key, text in equations.items() if key in used},
        model=f"{metal.name}, 3D",
        model_source=metal.source,
        domain=f"electrons of all momenta, phonons below a soft cutoff of {cutoff:g} k_F",
        method=f"Matsubara sums of order {order}",
        status="static, to order q^2",
        warnings=_warnings(question, found, curved, cutoff),
        cutoff_kF=cutoff,
        **labels.settings(question),
    )


def _q_dependence(question: Question) -> Floats:
    """Relative error of the order q^2, from the part that is kept, (temperature, gap, wavevector)."""
    axes = question.axes
    work = PhononSpinWork(question.metal, "fermi_surface", "thermal", "corrected", 3, question.tolerance)
    lengths, which = np.unique(axes.lengths, return_inverse=True)
    columns = [[Column(gap, length, 0.0, axes.temperature) for length in lengths] for gap in axes.gap]
    rows = np.stack([[work.q_dependence(column) for column in row] for row in columns])
    return np.asarray(np.moveaxis(rows, 2, 0)[:, :, which.ravel()])


def _variables(question: Question, found: dict[str, NDArray[Any]], curved: Floats) -> dict[str, Quantity]:
    dims, key = ("temperature", "gap"), ("one-loop",)
    parts, errors = found["parts"], found["parts_error"]
    total, total_error = parts.sum(axis=(-3, -2)), errors.sum(axis=(-3, -2))
    cutoff_error = np.abs(found["log_slope"]) * _GUESS
    total_error = total_error + cutoff_error[..., None] * np.array([1.0, 0.0, 0.0])
    kept, kept_error = parts[..., 0, 0, 0], errors[..., 0, 0, 0]
    chi, chi_error = 0.5 * (total[..., 0] + total[..., 1]), 0.5 * (total_error[..., 0] + total_error[..., 1])
    uniform, uniform_error = found["uniform"].sum(axis=-1), found["uniform_error"].sum(axis=-1)
    sigma, sigma_error = _tensor(question, total, total_error, uniform, uniform_error, curved)
    with np.errstate(divide="ignore", invalid="ignore"):
        missing = total / kept[..., None] - np.array([1.0, 1.0, 0.0])
    point = (*dims, "wavevector")
    size, size_error = _quadratic(question, total, total_error)
    return {
        "conductivity": Quantity(
            (*point, "current", "field", "spin"), sigma, "C/m", "spin conductivity of order g^2", sigma_error, key
        ),
        "chi": Quantity(dims, chi, "C m", "mean of a and b, all of order g^2", chi_error, key),
        "chi_kept": Quantity(dims, kept, "C m", "the part that is kept in the RA model", kept_error, ("kim-15",)),
        "missing": Quantity(
            (*dims, "coefficient"), missing, "", "what the RA model lacks of a, b and d, over its chi", None, key
        ),
        "coefficients": Quantity(
            (*dims, "diagram", "sector", "coefficient"), parts, "C m", "a, b, d part by part", errors, key
        ),
        "uniform": Quantity(
            (*dims, "sector"), found["uniform"], "C/m", "s, at q = 0, part by part", found["uniform_error"], key
        ),
        "uniform_total": Quantity(dims, uniform, "C/m", "s, which a uniform field sees", uniform_error, key),
        "quadratic": Quantity(
            point, size, "C/m", "largest of a, b, d in magnitude, times q^2; compare with s", size_error, key
        ),
        "cutoff_slope": Quantity(dims, found["log_slope"], "C m", "change of a per unit of ln(cutoff)", None, key),
        **labels.regime(question),
    }


def _quadratic(question: Question, total: Floats, error: Floats) -> tuple[Floats, Floats]:
    """Largest of |a|, |b|, |d| times q^2 and its error, (temperature, gap, wavevector)."""
    square = (question.axes.lengths * question.metal.fermi_wave_vector) ** 2
    which = np.argmax(np.abs(total), axis=-1)[..., None]
    size, its_error = (np.take_along_axis(values, which, axis=-1) for values in (np.abs(total), error))
    return size * square, its_error * square


def _tensor(
    question: Question, total: Floats, error: Floats, uniform: Floats, uniform_error: Floats, curved: Floats
) -> tuple[Floats, Floats]:
    """(value, error), (temperature, gap, wavevector, current, field, spin)."""
    q = question.axes.q * question.metal.fermi_wave_vector
    # spin, current, field to current, field, spin
    first = np.moveaxis(tensor.nu(q), 1, 3)
    eps = tensor.LEVI_CIVITA
    axial = np.einsum("nl,ijm,nm->nijl", q, eps, q)
    forms = np.stack([first, np.swapaxes(first, 1, 2), axial])
    quadratic = np.einsum("tgc,cnijl->tgnijl", total, forms)
    bound = np.einsum("tgc,cnijl->tgnijl", error, np.abs(forms)) + curved[..., None, None, None] * np.abs(quadratic)
    lift = (..., None, None, None, None)
    return quadratic + uniform[lift] * eps, bound + uniform_error[lift] * np.abs(eps)


def _warnings(question: Question, found: dict[str, NDArray[Any]], curved: Floats, cutoff: float) -> list[str]:
    out = [
        "free phonons and a constant width: disorder vertex corrections and all orders beyond g^2 are left out",
        f"the coefficient a depends on the momentum cutoff of the phonons, here {cutoff:g} k_F; its error takes the "
        "cutoff as known to a factor of two",
    ]
    if np.any(curved > 0.1):
        out.append(f"q l is not small: the order q^2 of the kept part is wrong by up to {curved.max():.2g}")
    kept = found["parts"][..., 0, 0, 0]
    quadratic, _ = _quadratic(question, found["parts"].sum(axis=(-3, -2)), np.zeros((*kept.shape, 3)))
    uniform = np.abs(found["uniform"].sum(axis=-1))[..., None]
    smaller = quadratic < uniform
    if np.any(smaller):
        out.append(
            f"at {np.count_nonzero(smaller)} of {smaller.size} points the spin Hall effect of a uniform field, s up to "
            f"{uniform.max():.3g} C/m, is larger than all terms of order q^2, which reach {quadratic.max():.3g} C/m"
        )
    drops = np.abs(found["parts"].sum(axis=(-3, -2))[..., :2] - kept[..., None]).max(axis=-1)
    vertex = found["parts"][..., 0, :, :2].sum(axis=-2).mean(axis=-1)
    bad, worse = np.abs(vertex - kept) > np.abs(kept), drops > np.abs(kept)
    if np.any(worse):
        out.append(
            f"at {np.count_nonzero(worse)} of {worse.size} points what the RA model drops is larger than what it keeps "
            f"in a or b, in the mean of the vertex diagram alone at {np.count_nonzero(bad)}"
        )
    return out


def checked_level(weight: str, vertex: str, dimension: int, omega: ArrayLike | None) -> None:
    """What the complete answer exists for. Raises InputError for anything else."""
    if (weight, vertex, dimension) != ("thermal", "corrected", 3) or omega is not None:
        raise InputError(
            "level 'one_loop' is static, in three dimensions, with the thermal weight and the corrected vertex",
            where="phonon_spin.level",
            fix="leave out weight, vertex, dimension and omega",
        )
