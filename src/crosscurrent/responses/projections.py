"""Parts of a model, layers or sites or orbitals, on which a spin is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import BlochModel
from crosscurrent.responses.eigenframe import ALL, Eigenframe
from crosscurrent.responses.gaps import suggestion
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

#: Name of the whole, which always comes first.
TOTAL = "total"


@dataclass(frozen=True)
class Projections:
    """names: labels of the dimension `projection`, "total" first. weights: (P, n), one row a part, without the
    total."""

    names: tuple[str, ...]
    weights: Floats

    def elements(self, eigen: Eigenframe, rows: slice = ALL, columns: slice = ALL) -> Any:
        """s_mn of the whole and of every part, (nk, 1 + P, L, M, N); a part is half the anticommutator with its
        weights."""
        whole = eigen.operator(rows, columns)
        if not len(self.weights):
            return whole[:, None]
        bra, ket = np.conj(np.swapaxes(eigen.states[..., rows], -1, -2)), eigen.states[..., columns]
        spin_bra = np.conj(np.swapaxes(eigen.half_operator[..., rows], -1, -2))
        spin_ket = eigen.half_operator[..., columns]
        parts = [
            0.5 * (np.matmul((bra * w)[:, None], spin_ket) + np.matmul(spin_bra * w, ket[:, None]))
            for w in self.weights
        ]
        return np.stack([whole, *parts], axis=1)


def projections_of(
    model: BlochModel, wanted: Sequence[str] | Mapping[str, Floats] | str = (), complete: bool = False
) -> Projections:
    """The parts that are asked for.

    wanted: names of the model's projectors, "all" of them, or name -> weights (n,). complete: they have to sum to one
    on every basis state. Raises InputError for an unknown name, weights of the wrong length, and an incomplete set.
    """
    if isinstance(wanted, str):
        wanted = tuple(model.projectors) if wanted == "all" else (wanted,)
    if isinstance(wanted, Mapping):
        found = {name: _real_weights(name, w) for name, w in wanted.items()}
    else:
        found = {}
        for name in wanted:
            if name not in model.projectors:
                raise InputError(
                    f"model '{model.name}' has no projector '{name}'",
                    where="projections",
                    fix=suggestion(name, model.projectors),
                )
            found[name] = np.asarray(model.projectors[name], dtype=float)
        if len(found) != len(wanted):
            raise InputError("the same projection appears twice", where="projections")
    for name, weights in found.items():
        if weights.shape != (model.n_states,) or not np.isfinite(weights).all():
            raise InputError(
                f"projection '{name}' needs {model.n_states} finite weights, one a basis state",
                where="projections",
                fix="give one number for each state of the model",
            )
    if TOTAL in found:
        raise InputError(f"'{TOTAL}' is the name of the whole", where="projections", fix="choose another name")
    if complete:
        _require_complete(model, found)
    return Projections((TOTAL, *found), np.array(list(found.values())).reshape(len(found), model.n_states))


def _real_weights(name: str, weights: Floats) -> Floats:
    given = np.asarray(weights)
    if given.dtype.kind not in "biuf":
        raise InputError(f"the weights of projection '{name}' are not real numbers", where="projections")
    return given.astype(float)


def _require_complete(model: BlochModel, found: Mapping[str, Floats]) -> None:
    total = np.sum(list(found.values()), axis=0) if found else np.zeros(model.n_states)
    off = np.abs(total - 1.0)
    if off.max() > 1e-9:
        worst = int(np.argmax(off))
        raise InputError(
            f"the projections do not sum to one: on state {worst} they sum to {total[worst]:.6g}",
            where="projections",
            fix="name all parts, or do not ask for a complete set",
        )
