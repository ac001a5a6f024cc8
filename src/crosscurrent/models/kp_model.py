"""What k.p models have in common: no lattice, a stated cutoff, constant operators."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np

from crosscurrent.models.bloch import AXES, BlochModel, Complexes, Floats, Operator
from crosscurrent.numerics.domains import Cutoff
from crosscurrent.units import InputError


class KPModel(BlochModel):
    """What every k.p model has besides its Hamiltonian.

    operators: named operators, at least "spin" when the model has one. reference_energy: the energy (eV) from which
    the material's literature counts the Fermi energy, e.g. a band bottom, or None; mu itself is always absolute.
    notes: what a result must tell about how the model was made.
    """

    operators: Mapping[str, Operator]
    reference_energy: float | None
    notes: tuple[str, ...]

    def __init__(
        self,
        *,
        dim: int,
        n_states: int,
        cutoff: Cutoff | None,
        spin: Operator | Complexes | None,
        operators: Mapping[str, Operator] | None,
        projectors: Mapping[str, Floats] | None,
        reference_energy: float | None,
        name: str,
        source: str,
        notes: Sequence[str],
    ) -> None:
        self.name, self.source, self.dim, self.n_states, self.lattice = name, source, dim, n_states, None
        self.domain = checked_cutoff(cutoff, dim, name)
        self.spin = spin if isinstance(spin, Operator) or spin is None else Operator.constant(spin, AXES)
        self.operators = {**({} if self.spin is None else {"spin": self.spin}), **(operators or {})}
        self.projectors = {key: np.asarray(value, dtype=float) for key, value in (projectors or {}).items()}
        self.reference_energy, self.notes = reference_energy, tuple(notes)
        for key, operator in self.operators.items():
            if operator.n_states != n_states:
                raise InputError(
                    f"operator '{key}' acts on {operator.n_states} states, the Hamiltonian on {n_states}",
                    where=f"model '{name}'",
                )
        for key, weights in self.projectors.items():
            if weights.shape != (n_states,):
                raise InputError(
                    f"projector '{key}' has shape {weights.shape}, expected ({n_states},)", where=f"model '{name}'"
                )

    def with_cutoff(self, cutoff: Cutoff) -> Self:
        """The same model with another cutoff; raises InputError when its dimension does not fit."""
        other = copy.copy(self)
        other.domain = checked_cutoff(cutoff, self.dim, self.name)
        return other

    def _operator_at(self, operator: Operator | None) -> Complexes | None:
        if operator is None:
            return None
        if not operator.is_constant:
            raise InputError(
                f"model '{self.name}' has no lattice, so its operators must be constant matrices",
                where="spin operator",
                fix="give an operator with Operator.constant",
            )
        return operator.blocks


def checked_cutoff(cutoff: Cutoff | None, dim: int, name: str) -> Cutoff:
    """The cutoff of a model. Raises InputError without one, and for one of other dimensions than the model's."""
    kinds = {2: "Disk, Box or Plane", 3: "Sphere, Cylinder or Box"}
    if dim not in kinds:
        raise InputError(f"a k.p model is two- or three-dimensional, got dim = {dim}", where=f"model '{name}'")
    if cutoff is None:
        raise InputError(
            f"k.p without a cutoff in {dim}D: filled bands would be summed to infinite k",
            where=f"model '{name}'",
            fix=f"give cutoff = {kinds[dim]}, in 1/angstrom, and repeat with a larger one",
        )
    if cutoff.dim != dim:
        raise InputError(
            f"the cutoff ({cutoff.description}) has {cutoff.dim} dimensions, the model {dim}",
            where=f"model '{name}'",
            fix=f"use {kinds[dim]}",
        )
    return cutoff
