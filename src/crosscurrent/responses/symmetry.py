"""Results against symmetry: the form that a group allows, and how large the part is that it forbids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.physics.magnetic_groups import MagneticGroup, point_group
from crosscurrent.physics.symmetry import AXES, TENSORS, AllowedForm, allowed_form
from crosscurrent.responses.spin_hall import DEFINITIONS
from crosscurrent.results.schema import ERROR_SUFFIX, estimates
from crosscurrent.units import (
    HALL_UNITS_2D,
    HALL_UNITS_3D,
    HBAR_EV_S,
    SPIN_HALL_UNITS_2D,
    SPIN_HALL_UNITS_3D,
    InputError,
)

Floats = NDArray[np.float64]

#: What `describe` prints when nothing is chosen.
DESCRIBED = ("upsilon0", "upsilon1", "upsilon2", "edelstein", "spin_hall", "anomalous_hall")
#: Variables of results that have a rule, and which.
_RULES: dict[str, str] = {
    **{name: name for name in TENSORS},
    **dict.fromkeys(DEFINITIONS, "spin_hall"),
    **dict.fromkeys(("conductivity", "within", "outside"), "anomalous_hall"),
}
#: A forbidden part below this, relative to the tensor, is rounding whatever the error estimate says.
_ROUNDING = 1e-10
#: A forbidden part within its error, but above this part of the tensor, leaves it open whether there is the symmetry.
_OPEN = 0.1
#: Time derivatives of the field that each goes with; they compare by powers of the direct gap over hbar.
_DERIVATIVES = {"upsilon0": 0, "edelstein": 0, "chi": 0, "upsilon1": 1, "upsilon2": 2}
#: Dimensions of maps, which symmetry turns into each other instead of leaving each alone.
_MAPS = {"k", "k1", "k2", "k3"}


@dataclass(frozen=True)
class _Part:
    """A tensor and its form. values: (rows, *form.shape), errors: the same or None."""

    form: AllowedForm
    values: NDArray[Any]
    errors: Floats | None

    def forbidden(self) -> tuple[Floats, Floats]:
        """Modulus of the forbidden part and a bound of its error, (rows, *form.shape)."""
        found = np.abs(self.form.forbidden(self.values))
        if self.errors is None:
            return found, np.zeros_like(found)
        errors = self.errors.reshape(len(found), -1)
        known = np.isfinite(errors).all(axis=1, keepdims=True)
        outside = np.abs(np.eye(errors.shape[1]) - self.form.projector)
        bound = np.where(known, np.where(known, errors, 0.0) @ outside, np.inf)
        return found, bound.reshape(found.shape)


def check_symmetry(
    result: xr.Dataset, group: MagneticGroup | str, *, sites: Mapping[str, int] | None = None
) -> xr.Dataset:
    """The result with its tensors compared with what the group allows.

    result: of `spin_hall`, `anomalous_hall`, `spin_generation` or `edelstein`, made without a projector unless the
    group is that of the site. group: of the model in the model's own axes, a `MagneticGroup` or the name of a point
    group (z its main axis). sites: for a group with sites, name of a projection -> its site; these projections are
    checked together, so that one layer is compared with the other.

    Returns a copy. New attributes of the dataset: symmetry_group; symmetry, a line for each variable. Of each tensor:
    symmetry_form (text); symmetry_forbidden_value and symmetry_forbidden_error, the largest forbidden component, in the
    units of the variable (of those that exceed their error, the one that does so most); symmetry_forbidden, that over
    the largest component of the tensor. A warning is added for each variable where a forbidden component exceeds its
    error, or is a tenth of the tensor and more but within an error that leaves the question open. Raises InputError for
    an unknown group, sites that do not fit, and a result that holds no tensor with a rule.
    """
    chosen = group if isinstance(group, MagneticGroup) else point_group(group)
    _check_sites(result, chosen, sites or {})
    out = result.copy()
    lines, warnings = [], str(result.attrs.get("warnings", "")).splitlines()
    for name in estimates(result):
        parts = list(_parts(result, name, chosen, sites or {}))
        if not parts:
            continue
        reference = _reference(result, name)
        found = max((_worst(part, reference) for part in parts), key=lambda finding: (finding.exceeds, finding.value))
        relative = found.value / reference if reference > 0 else 0.0
        out[name].attrs |= {
            "symmetry_form": "\n".join(part.form.text() for part in parts),
            "symmetry_forbidden": relative,
            "symmetry_forbidden_value": found.value,
            "symmetry_forbidden_error": found.error,
        }
        size = f"{found.value:.3g} +- {found.error:.2g} {result[name].attrs.get('units', '')}".rstrip()
        forms = "; ".join(part.form.compact for part in parts)
        lines.append(f"{name}: forbidden part {size}, {relative:.1e} of the largest component; form {forms}")
        if found.exceeds:
            warnings.append(
                f"symmetry: {name} has a part of {size} ({relative:.1e} of the largest component) that "
                f"{chosen.name} forbids, at {found.where}: the model does not have this symmetry, or the mesh breaks it"
            )
        elif found.value > _OPEN * max(reference, _natural(result, name)):
            warnings.append(
                f"symmetry: {name} has a part of {size} ({relative:.1e} of the largest component) that "
                f"{chosen.name} forbids, within its error: too inaccurate to tell, use more points"
            )
    if not lines:
        raise InputError(
            "this result holds no tensor, summed over k, that has a symmetry rule",
            where="symmetry",
            fix="there are rules for " + ", ".join(_RULES),
        )
    title = f"{chosen.name} ({chosen.source})" if chosen.source else chosen.name
    return out.assign_attrs(symmetry_group=title, symmetry="\n".join(lines), warnings="\n".join(warnings))


def describe(
    group: MagneticGroup | str,
    tensors: Sequence[str] = DESCRIBED,
    dim: int = 3,
    *,
    sites: Sequence[int] | None = None,
) -> str:
    """The allowed forms in letters, ready to print; tensors with the same form stand together.

    group, tensors (keys of physics.symmetry.TENSORS), dim and sites as for `allowed_form`.
    """
    chosen = group if isinstance(group, MagneticGroup) else point_group(group)
    source = f", {chosen.source}" if chosen.source else ""
    lines = [f"magnetic point group {chosen.name} ({len(chosen)} operations{source})"]
    if sites is not None:
        lines += [f"site {site}: {chosen.site(site).name}" for site in sites]
    blocks: dict[str, list[str]] = {}
    for tensor in tensors:
        form = allowed_form(chosen, tensor, sites=sites, dim=dim)
        blocks.setdefault("forbidden" if form.is_zero else form.text(), []).append(tensor)
    for text, names in blocks.items():
        lines += ["", *(f"{name}: {TENSORS[name].title}" for name in names)]
        lines += ["  " + line for line in text.splitlines()]
    return "\n".join(lines)


@dataclass(frozen=True)
class _Finding:
    """A forbidden component, (exceeds its error, value) first so that findings sort by weight."""

    exceeds: bool
    value: float
    error: float
    where: str


def _worst(part: _Part, reference: float) -> _Finding:
    """The forbidden component that exceeds its error most or, when none does, the largest."""
    found, error = part.forbidden()
    if not found.size:
        return _Finding(False, 0.0, 0.0, "")
    excess = found - error - _ROUNDING * reference
    exceeds = bool(excess.max() > 0)
    at = np.unravel_index(int(np.argmax(excess if exceeds else found)), found.shape)
    labels = (f"{d} {axis[n]}" for d, axis, n in zip(part.form.dims, part.form.axes, at[1:], strict=True))
    return _Finding(exceeds, float(found[at]), float(error[at]), ", ".join(labels))


def _check_sites(result: xr.Dataset, group: MagneticGroup, sites: Mapping[str, int]) -> None:
    names = [str(name) for name in result["projection"].values] if "projection" in result.coords else []
    for name, site in sites.items():
        if name not in names:
            raise InputError(
                f"the result has no projection '{name}'",
                where="sites",
                fix="choose from " + ", ".join(names) if names else "compute it with projections",
            )
        group.site(site)
    if len(set(sites.values())) < len(sites):
        raise InputError("two projections on one site", where="sites", fix="check them one after the other")


def _parts(result: xr.Dataset, name: str, group: MagneticGroup, sites: Mapping[str, int]) -> Iterator[_Part]:
    """The variable as tensors with rows in front: the total, and the projections on sites all together."""
    variable = result[name]
    rule = TENSORS.get(_RULES.get(name, ""))
    if rule is None or not set(rule.dims) <= set(variable.dims) or _MAPS & set(variable.dims):
        return
    labels = {dim: [str(label) for label in result[dim].values] for dim in rule.dims}
    if any(label not in AXES for axis in labels.values() for label in axis):
        return  # a spin or charge without direction
    error = result.get(name + ERROR_SUFFIX)
    tensor = _RULES[name]
    if "projection" not in variable.dims:
        yield _part(allowed_form(group, tensor).cut(**labels), variable, error, rule.dims)
        return
    if "total" in result["projection"].values:
        total = None if error is None else error.sel(projection="total")
        yield _part(allowed_form(group, tensor).cut(**labels), variable.sel(projection="total"), total, rule.dims)
    if sites:
        form = allowed_form(group, tensor, sites=list(sites.values())).cut(**labels)
        resolved = None if error is None else error.sel(projection=list(sites))
        yield _part(form, variable.sel(projection=list(sites)), resolved, ("projection", *rule.dims))


def _part(form: AllowedForm, variable: Any, error: Any, dims: tuple[str, ...]) -> _Part:
    values = variable.transpose(..., *dims).values.reshape(-1, *form.shape)
    # where a response is not defined (no gap) it is NaN, and there is nothing to check
    rows = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    errors = None if error is None else error.transpose(..., *dims).values.reshape(-1, *form.shape)[rows]
    return _Part(form, values[rows], errors)


def _reference(result: xr.Dataset, name: str) -> float:
    """What a forbidden component is compared with: the largest component of the variable, in any projection.

    In a tensor that is zero to rounding that would be noise over noise. It gives way to the other spins of the result,
    made alike by powers of the direct gap, or to a conductance quantum.
    """
    own, natural = _largest(result[name]), _natural(result, name)
    return own if own > _ROUNDING * natural else natural


def _natural(result: xr.Dataset, name: str) -> float:
    """What a tensor of this kind would be without symmetry, by the size of the others."""
    natural = _quantum(str(result[name].attrs.get("units", "")))
    gap = float(result.attrs.get("direct_gap_eV", 0.0))
    for other in _DERIVATIVES.keys() & set(map(str, result.data_vars)) if name in _DERIVATIVES else ():
        power = _DERIVATIVES[other] - _DERIVATIVES[name]
        if power == 0 or (np.isfinite(gap) and gap > 0):
            natural = max(natural, (gap / HBAR_EV_S) ** power * _largest(result[other]))
    return natural


def _largest(variable: xr.DataArray) -> float:
    values = np.abs(variable.values)
    return float(values[np.isfinite(values)].max(initial=0.0))


def _quantum(unit: str) -> float:
    """e^2/h, or e/2 pi for a spin current; in three dimensions over 10 angstrom. 0 for other units."""
    for table, length in (
        (HALL_UNITS_2D, 1.0),
        (SPIN_HALL_UNITS_2D, 1.0),
        (HALL_UNITS_3D, 10.0),
        (SPIN_HALL_UNITS_3D, 10.0),
    ):
        if unit in table:
            return table[unit] / (2 * np.pi * length)
    return 0.0
