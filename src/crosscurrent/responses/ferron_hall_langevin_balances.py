"""The local balances along the trajectories: maps of their terms with errors, and what each balance leaves over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.block_averages import Mean, mean_of
from crosscurrent.physics.lattice_step_balances import BALANCES as TERMS_OF
from crosscurrent.physics.lattice_step_balances import TERMS
from crosscurrent.responses.ferron_hall_langevin_maps import Symmetry
from crosscurrent.responses.ferron_hall_langevin_run import BALANCES, Arrays
from crosscurrent.results import Quantity
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

_WHEN = {"_0": "without a field", "": "in the field", "_odd": "odd in the field"}
#: S31 leaves over what S29 does: the two differ by terms that sum to zero in every step.
_LEAVING = ("power", "torque")
_EQUATION = {"power": "S29", "energy": "S31", "torque": "S38"}
_UNITS = {"power": "eV/ps", "energy": "eV/ps", "torque": "hbar/ps"}
_WORDS = {
    "power_on_site": "power of the well on a cell",
    "power_short_range": "power of the short range on a cell",
    "power_dipole": "power of the dipoles on a cell",
    "power_bath": "power of the bath on a cell",
    "power_change": "rate of change of the kinetic energy of a cell",
    "energy_inflow": "energy that flows into a cell along its bonds",
    "energy_step": "energy that the length of the step lends a cell",
    "energy_change": "rate of change of the energy of a cell",
    "torque_on_site": "torque of the well on L_z",
    "torque_short_range": "torque of the short range on L_z",
    "torque_dipole": "torque of the dipoles on L_z",
    "torque_magnetic": "torque of the magnetic field on L_z",
    "torque_damping": "torque of the damping on L_z",
    "torque_change": "rate of change of L_z",
}
EQUATIONS = {
    "S31": 'Bustamante Lopez, Brehm and Juraschek, "Ferron Hall effect" (2026), S31: balance of the energy of a cell '
    "with half of its short-range bonds; a step of finite length adds a term of second order",
}


def check_balances(device: str) -> None:
    """Raises InputError on a GPU, whose steps keep nothing of the terms."""
    if device == "gpu":
        raise InputError(
            "the local balances are summed on the CPU only",
            where="balances",
            fix='leave them out, or use device = "cpu"',
        )


def balance_variables(ends: Sequence[Arrays], fields: Sequence[str], symmetry: Symmetry) -> dict[str, Quantity]:
    """Maps of the terms and of what they leave over, by part; by balance and part: how large that is.

    ends: what the batches have left. fields: the names of the trajectories' fields. Empty where no terms were kept.
    """
    if BALANCES + "blocks" not in ends[0]:
        return {}
    blocks = np.array([end[BALANCES + "blocks"] for end in ends])
    parts = symmetric_parts({name: blocks[:, :, i] for i, name in enumerate(fields)}, symmetry)
    parts = {part: parts[part] for part in _WHEN if part in parts}
    out: dict[str, Quantity] = {}
    sizes, scores, steps = [], [], []
    for part, rows in parts.items():
        terms = {name: mean_of(rows[..., i]) for i, name in enumerate(TERMS)}
        left = {name: mean_of(_left_over(rows, name)) for name in _LEAVING}
        for name, mean in terms.items():
            out[f"{name}{part}"] = _map(name, f"{_WORDS[name]} {_WHEN[part]}", mean)
        for name, mean in left.items():
            words = f"what {_EQUATION[name]} leaves over {_WHEN[part]}, the noise of the bath but for its mean"
            out[f"{name}_residual{part}"] = _map(name, words, mean)
        scale = {name: max(_rms(terms[term].value) for term in TERMS_OF[name][0]) for name in TERMS_OF}
        sizes.append([_rms(left[name].value) / scale[name] for name in _LEAVING])
        scores.append([_rms(_ratio(left[name])) for name in _LEAVING])
        steps.append(_rms(terms["energy_step"].value) / scale["energy"])
    table = ("balance", "part")
    out["balance_residual"] = Quantity(
        table, np.array(sizes).T, "", "what a balance leaves over against its largest term, r.m.s. over the cells"
    )
    out["balance_rms_z"] = Quantity(
        table, np.array(scores).T, "", "what a balance leaves over in standard errors, r.m.s. over the cells"
    )
    out["balance_step_error"] = Quantity(
        ("part",),
        np.array(steps),
        "",
        "the term of the step in S31 against the largest one, r.m.s. over the cells",
    )
    return out


def balance_coordinates() -> dict[str, Quantity]:
    names = np.array([_EQUATION[name] for name in _LEAVING])
    return {"balance": Quantity(("balance",), names, "", "S29 of the kinetic energy, S38 of the angular momentum")}


def symmetric_parts(rows: Mapping[str, Floats], symmetry: Symmetry) -> dict[str, Floats]:
    """Terms by field, (..., Nx, Ny, terms) -> without a field ("_0"), in it ("") and odd in it ("_odd").

    Powers are scalars, and torques on L_z change sign in the mirror y -> -y only.
    """
    signs = np.array([-1.0 if name.startswith("torque") else 1.0 for name in TERMS])
    turn = symmetry.rotation
    mean = {name: 0.5 * (each + each[..., ::-1, ::-1, :]) if turn else each for name, each in rows.items()}
    turned, still, back = (mean.get(name) for name in ("turned", "still", "reversed"))
    assert turned is not None

    def mirrored(each: Floats) -> Floats:
        return np.asarray(each[..., ::-1, :] * signs)

    if symmetry.mirror_y:
        turned = turned if back is None else 0.5 * (turned + mirrored(back))
        back = mirrored(turned)
        still = None if still is None else 0.5 * (still + mirrored(still))
    assert back is not None
    out = {"": turned, "_odd": 0.5 * (turned - back)}
    return out if still is None else {"_0": still, **out}


def _left_over(rows: Floats, balance: str) -> Floats:
    """The terms of a balance less the rate of change that they should sum to."""
    terms, change = TERMS_OF[balance]
    total = sum((rows[..., TERMS.index(name)] for name in terms), np.zeros(rows.shape[:-1]))
    return np.asarray(total - rows[..., TERMS.index(change)])


def _map(name: str, words: str, mean: Mean) -> Quantity:
    balance = name.partition("_")[0]
    return Quantity(("x", "y"), mean.value, _UNITS[balance], words, mean.error, (_EQUATION[balance],))


def _ratio(mean: Mean) -> Floats:
    """The mean in standard errors; of no cell where a symmetry leaves nothing but rounding."""
    finite = np.isfinite(mean.error)
    known = finite & (mean.error > 1e-10 * np.max(mean.error, where=finite, initial=0.0))
    return np.asarray(mean.value[known] / mean.error[known])


def _rms(values: Floats) -> float:
    return float(np.sqrt((values**2).mean())) if values.size else float("nan")
