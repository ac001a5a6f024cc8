"""Which components of each mechanism are zero, and the labelled table of `spin_mechanisms`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.models.bloch import AXES
from crosscurrent.numerics.zone import ZoneSums
from crosscurrent.physics.spin_generation import TENSORS
from crosscurrent.responses import labelled
from crosscurrent.responses import spin_generation_labels as labels
from crosscurrent.responses.edelstein import EQUATIONS as STATIC_EQUATIONS
from crosscurrent.responses.spin_mechanisms_integrand import SpinMechanismsIntegrand
from crosscurrent.results import Quantity, dataset

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MECHANISMS = ("edelstein", "edelstein_doped", *TENSORS)
EQUATIONS = {**STATIC_EQUATIONS, **{key: labels.EQUATIONS[key] for key in ("feng-7", "feng-8")}}
CONVENTION = labelled.CONVENTION + (
    "; every mechanism is quoted as spin per field amplitude for E cos(omega t): the amplitude of cos(omega t) for "
    "upsilon0 (Upsilon0) and upsilon2 (-omega^2 Upsilon2), of sin(omega t) for upsilon1 (-omega Upsilon1), all of full "
    "bands; the Edelstein effect is that of a static field"
)
#: A component is zero below this part of what it would be if nothing cancelled: that much can be rounding.
ROUNDING = 1e-10
#: Below this part of its value in the doped model, the Edelstein effect of the insulator is thermal excitation.
THERMAL = 1e-6
#: A component within an error larger than this part of the integral of its magnitude is neither zero nor not. For the
#: Edelstein effect of the insulator that integral is the one of the doped model.
DOUBT = 0.05

_PARTS = {"uniform": "both sublattices together", "staggered": "first sublattice minus second"}


@dataclass(frozen=True)
class Components:
    """values, errors: (mechanism, parts, L, dim), the uniform part first. scale: (mechanism,), the integral of
    the magnitude. zero, doubtful: which components are zero, and which of these only because their errors are large.
    """

    values: Floats
    errors: Floats
    scale: Floats
    zero: Flags
    doubtful: Flags

    @classmethod
    def of(cls, sums: ZoneSums, integrand: SpinMechanismsIntegrand, level: float, factor: float) -> Components:
        kernel = integrand.kernel
        # "uniform" and "staggered" follow the total, which is the uniform part when there are no sublattices
        parts = slice(0, 1) if len(kernel.projections.names) == 1 else slice(1, 3)
        at = int(np.searchsorted(integrand.mu, level))
        surface = sums.sums["edelstein"]
        arrays = [surface[:, at], surface[:, 1 - at], *(sums.sums[name] for name in TENSORS)]
        estimates = [sums.estimate((factor, array[:, parts])) for array in arrays]
        value, error = np.array([e.value for e in estimates]), np.array([e.error for e in estimates])
        scale = value[..., -1].max(axis=1)
        ceiling = factor * sums.sums["ceiling"][0]
        floor = ROUNDING * np.concatenate([ceiling[[at, 1 - at]], ceiling[2:]])
        floor[0] = max(floor[0], THERMAL * scale[1])
        scale[0] = max(scale[0], scale[1])
        shape = (*value.shape[:2], *kernel.static_shape[1:])
        values, errors = value[..., :-1].reshape(shape), error[..., :-1].reshape(shape)
        small = np.abs(values) <= floor[:, None, None, None]
        within = np.abs(values) <= errors
        doubtful = within & ~small & (errors > DOUBT * scale[:, None, None, None])
        return cls(values, errors, scale, small | within, doubtful)

    def kind(self, mechanism: int) -> str:
        """uniform, staggered, both, none or unresolved."""
        parts = range(self.values.shape[1])
        present = [not self.zero[mechanism, p].all() for p in parts]
        if any(self.doubtful[mechanism, p].any() and not present[p] for p in parts):
            return "unresolved"
        return (
            "both" if sum(present) == 2 else next((n for n, yes in zip(_PARTS, present, strict=False) if yes), "none")
        )

    def largest(self, part: int) -> tuple[Floats, Floats, list[tuple[int, int] | None]]:
        """Magnitude and error of the largest component of one part, and where it is unless all are zero."""
        flat = np.abs(self.values[:, part]).reshape(len(self.values), -1)
        at = flat.argmax(axis=-1)[:, None]
        errors = self.errors[:, part].reshape(flat.shape)
        dim = self.values.shape[-1]
        nothing = np.all(self.zero[:, part], axis=(1, 2)).tolist()
        where = [None if none else divmod(int(i), dim) for i, none in zip(at[:, 0], nothing, strict=True)]
        return np.take_along_axis(flat, at, 1)[:, 0], np.take_along_axis(errors, at, 1)[:, 0], where

    def warnings(self) -> list[str]:
        """What was too inaccurate to tell, and thermal carriers in the insulator."""
        out = [
            f"{name}: errors up to {error / whole:.1e} of the integral of the magnitude leave it open which components "
            "are zero: use more points"
            for name, doubtful, error, whole in zip(
                MECHANISMS,
                np.any(self.doubtful, axis=(1, 2, 3)).tolist(),
                self.errors.max(axis=(1, 2, 3)),
                self.scale,
                strict=True,
            )
            if doubtful
        ]
        if not self.zero[0].all():
            out.append(
                "the temperature excites carriers across the gap: the Edelstein effect of the insulator is theirs"
            )
        return out


def labelled_mechanisms(
    found: Components,
    integrand: SpinMechanismsIntegrand,
    unit: str,
    levels: tuple[float, float],
    warnings: list[str],
    **provenance: str | int | float,
) -> xr.Dataset:
    """Name and annotate what `spin_mechanisms` has found. levels: mu of the insulator and of the doped model."""
    kernel = integrand.kernel
    kinds = [found.kind(i) for i in range(len(MECHANISMS))]
    variables, coords = _parts(found, kernel.operator.labels, unit)
    coords |= {
        "mechanism": Quantity(("mechanism",), np.array(MECHANISMS), "", "mechanism"),
        "kind": Quantity(("mechanism",), np.array(kinds), "", "what is not zero"),
        "chemical_potential": Quantity(
            ("mechanism",), np.array([*levels, *[levels[0]] * len(TENSORS)]), "eV", "chemical potential"
        ),
        "spin": Quantity(("spin",), np.array(kernel.operator.labels), "", "direction of the spin"),
        "field": Quantity(("field",), np.array(AXES[: kernel.model.dim]), "", "direction of the electric field"),
    }
    words = dict(zip(MECHANISMS, kinds, strict=True))
    effective = [
        name for name, kind in words.items() if kind not in ("none", "unresolved") and name != "edelstein_doped"
    ]
    notes: dict[str, str | int | float] = {
        "summary": "; ".join(f"{name}: {kind}" for name, kind in words.items()),
        "effective_in_insulator": ", ".join(effective) or "none",
        "temperature_K": integrand.temperature,
        "omega_eV": float(kernel.z[0].real),
        "degeneracy_eV": integrand.tolerance,
    }
    return dataset(
        variables,
        coords,
        quantity="mechanisms of spin generation",
        index_order="spin i, field j: S_i over E_j",
        convention=CONVENTION,
        equations=EQUATIONS,
        warnings=[*warnings, *found.warnings()],
        **notes,  # type: ignore[arg-type]
        **provenance,  # type: ignore[arg-type]
    )


def _parts(found: Components, spins: tuple[str, ...], unit: str) -> tuple[dict[str, Quantity], dict[str, Quantity]]:
    """Variables of the uniform and the staggered part, and which component is the largest."""
    n_parts, dim = found.values.shape[1], found.values.shape[-1]
    everything_zero = found.zero.all(axis=(1, 2, 3))
    larger = np.where(everything_zero, np.inf, np.abs(found.values).max(axis=(1, 2, 3)))
    keys = tuple(EQUATIONS)
    variables: dict[str, Quantity] = {}
    coords: dict[str, Quantity] = {}
    for p, (part, words) in enumerate(list(_PARTS.items())[:n_parts]):
        size, error, where = found.largest(p)
        letters = ["" if at is None else spins[at[0]] + AXES[:dim][at[1]] for at in where]
        variables[part] = Quantity(("mechanism",), size, unit, f"largest component, {words}", error, keys)
        variables[f"{part}_relative"] = Quantity(
            ("mechanism",), size / larger, "", f"the same over the larger of uniform and staggered, {words}"
        )
        variables[f"{part}_tensor"] = Quantity(
            ("mechanism", "spin", "field"),
            found.values[:, p],
            unit,
            f"spin per field amplitude, {words}",
            found.errors[:, p],
            keys,
        )
        coords[f"{part}_component"] = Quantity(
            ("mechanism",), np.array(letters), "", "largest component, spin and field"
        )
    return variables, coords
