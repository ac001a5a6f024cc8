"""The catalogue of built-in materials: what there is, where its parameters come from, how to build it.

Nothing heavy is imported before `catalogue` is called.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crosscurrent.models.bloch import BlochModel
from crosscurrent.numerics.domains import Cutoff
from crosscurrent.units import InputError

#: Modules of this package; each holds MATERIALS, a tuple of Material.
_MODULES = (
    "bi2se3",
    "hole_gas",
    "dirac",
    "rashba",
    "qwz",
    "haldane",
    "kane_mele",
    "bismuth_slater_koster",
    "mnbi2te4",
    "rashba_antiferromagnet",
    "bismuth",
)


@dataclass(frozen=True)
class Parameter:
    """One argument of a builder. unit: "" for a number without unit. meaning: one line."""

    default: Any
    unit: str
    meaning: str


@dataclass(frozen=True)
class Material:
    """A built-in model.

    make: builder taking the `parameters` (and `cutoff` when `needs_cutoff`) as keyword arguments. default_cutoff:
    what a missing cutoff is replaced by, for models whose answers do not depend on it once it holds the Fermi sea;
    None where they do and the user has to choose. suggested_mu: chemical potentials worth a first look, eV, counted
    from `reference_energy` of the model when it has one.
    """

    key: str
    title: str
    source: str
    make: Callable[..., BlochModel]
    dim: int
    needs_cutoff: bool = False
    default_cutoff: Cutoff | None = None
    suggested_mu: tuple[float, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def build(self, *, cutoff: Cutoff | None = None, **parameters: Any) -> BlochModel:
        """The model; raises InputError for an unknown parameter, or a cutoff where none belongs or one is missing."""
        for name in parameters:
            if name not in self.parameters:
                near = difflib.get_close_matches(name, list(self.parameters), n=1)
                raise InputError(
                    f"'{self.key}' has no parameter '{name}'",
                    where="material",
                    fix=f"did you mean '{near[0]}'" if near else f"it has {', '.join(self.parameters) or 'none'}",
                )
        if not self.needs_cutoff:
            if cutoff is not None:
                raise InputError(f"'{self.key}' is periodic and takes no cutoff", where="material", fix="remove it")
            return self.make(**parameters)
        return self.make(cutoff=cutoff, **parameters)


def catalogue() -> dict[str, Material]:
    """All built-in materials by key, in a fixed order."""
    found: dict[str, Material] = {}
    for name in _MODULES:
        module = importlib.import_module(f"crosscurrent.models.materials.{name}")
        for one in module.MATERIALS:
            found[one.key] = one
    return found


def material(key: str, *, cutoff: Cutoff | None = None, **parameters: Any) -> BlochModel:
    """The built-in model of that name.

    cutoff: where k ends, for a k.p model. parameters: those of its catalogue entry.
    Raises InputError for an unknown material or parameter, with the nearest name, and for a missing cutoff.
    """
    return entry(key).build(cutoff=cutoff, **parameters)


def entry(key: str) -> Material:
    """One entry of the catalogue; raises InputError with the nearest name when there is none."""
    known = catalogue()
    if key in known:
        return known[key]
    near = difflib.get_close_matches(key.lower(), list(known), n=1, cutoff=0.4)
    raise InputError(
        f"unknown material '{key}'",
        where="material",
        fix=f"did you mean '{near[0]}'" if near else "known: " + ", ".join(known),
    )
