"""What symmetry leaves of a response tensor: the allowed form, in letters, and what a computed tensor has outside it.

A tensor with q axial indices among its indices goes under the operation (R, theta), where R is orthogonal and theta = 1
with time reversal, into

    T'_ij.. = s^theta det(R)^q R_ia R_jb .. T_ab..

with s = +1 for a response that time reversal leaves alone and -1 for one that it turns round. The spin is axial, field
and current are polar. So Upsilon_1 and the Edelstein response become det(R) R Y R^T; Upsilon_0 and Upsilon_2 the same
times (-1)^theta; the intrinsic spin conductivity det(R) R R R, whatever theta; the anomalous Hall conductivity
(-1)^theta R sigma R^T, and it is antisymmetric. The susceptibility chi(omega) mixes even and odd parts, so only
operations without time reversal bind it.

The allowed tensors are the range of the mean of all operations, an orthogonal projector. For tensors that are resolved
by site an operation also carries each site to another: all sites together have one form, with letters in common.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt, prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.physics.magnetic_groups import MagneticGroup
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

AXES = ("x", "y", "z")
#: Columns of the projector smaller than this, relative to the largest that is left, are not pivots of a printed form.
_PIVOT = 0.2
_RANK = 1e-6
_ZERO = 1e-9


@dataclass(frozen=True)
class TensorRule:
    """How a response transforms.

    dims: names of the indices. axial: how many of them are axial vectors. reversal: +1 or -1 under time reversal, 0
    when the response has a part of each kind. antisymmetric: in its two indices.
    """

    dims: tuple[str, ...]
    axial: int
    reversal: int
    title: str
    antisymmetric: bool = False


_SPIN = ("spin", "field")
TENSORS: dict[str, TensorRule] = {
    "upsilon0": TensorRule(_SPIN, 1, -1, "Upsilon_0, spin by a constant field without scattering"),
    "upsilon1": TensorRule(_SPIN, 1, 1, "Upsilon_1, spin by the rate of change of the field"),
    "upsilon2": TensorRule(_SPIN, 1, -1, "Upsilon_2, spin by the second time derivative of the field"),
    "chi": TensorRule(_SPIN, 1, 0, "chi(omega), Upsilon_0 to Upsilon_2 together"),
    "edelstein": TensorRule(_SPIN, 1, 1, "Edelstein response of the Fermi surface"),
    "spin_hall": TensorRule(("current", "field", "spin"), 1, 1, "intrinsic spin conductivity"),
    "anomalous_hall": TensorRule(("current", "field"), 0, -1, "anomalous Hall conductivity", antisymmetric=True),
}


@dataclass(frozen=True, eq=False)
class AllowedForm:
    """The tensors that a group allows.

    tensor: key of TENSORS. dims: names of the indices, "site" in front for site-resolved tensors. axes: labels of each
    index. basis: (n_free, *shape), one tensor a letter: the allowed tensors are their real combinations.
    """

    tensor: str
    dims: tuple[str, ...]
    axes: tuple[tuple[str, ...], ...]
    basis: Floats

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(labels) for labels in self.axes)

    @property
    def n_free(self) -> int:
        return len(self.basis)

    @property
    def is_zero(self) -> bool:
        return self.n_free == 0

    @property
    def letters(self) -> NDArray[np.object_]:
        """Each component as text, "0", "a", "-b", "sqrt(3)*a/2", in the shape of the tensor."""
        names = [_letter(n) for n in range(self.n_free)]
        flat = self.basis.reshape(self.n_free, prod(self.shape))
        out = np.empty(flat.shape[1], dtype=object)
        out[:] = [_combination(column, names) for column in flat.T]
        return out.reshape(self.shape)

    @property
    def compact(self) -> str:
        """On one line: [[a, b, 0], [-b, a, 0], [0, 0, c]]."""
        return _nested(self.letters.tolist())

    def project(self, tensor: ArrayLike) -> NDArray[np.inexact]:
        """The allowed part of tensors (..., *shape), real or complex: the nearest allowed tensor."""
        values = np.asarray(tensor)
        lead = values.shape[: values.ndim - len(self.shape)]
        if values.shape[len(lead) :] != self.shape:
            raise InputError(
                f"a tensor of shape {values.shape[len(lead) :]} cannot have the form of {self.tensor} {self.shape}",
                where="symmetry",
            )
        return np.asarray((values.reshape(*lead, prod(self.shape)) @ self.projector).reshape(values.shape))

    def forbidden(self, tensor: ArrayLike) -> NDArray[np.inexact]:
        """What is left of tensors (..., *shape) outside the form."""
        return np.asarray(np.asarray(tensor) - self.project(tensor))

    @property
    def projector(self) -> Floats:
        """(N, N), symmetric; N the number of components."""
        flat = self.basis.reshape(self.n_free, prod(self.shape))
        if self.is_zero:
            return np.zeros((flat.shape[1],) * 2)
        return np.asarray(np.linalg.pinv(flat) @ flat)

    def cut(self, **kept: Sequence[str]) -> AllowedForm:
        """The form of the block with only the labels kept, by name of the index: cut(field=("x", "y"))."""
        basis, axes = self.basis, list(self.axes)
        for dim, labels in kept.items():
            n = self.dims.index(dim)
            unknown = [label for label in labels if label not in axes[n]]
            if unknown:
                raise InputError(
                    f"the index '{dim}' has no label '{unknown[0]}'", fix="choose from " + ", ".join(axes[n])
                )
            basis = np.take(basis, [axes[n].index(label) for label in labels], axis=n + 1)
            axes[n] = tuple(labels)
        shape = tuple(len(labels) for labels in axes)
        return AllowedForm(
            self.tensor, self.dims, tuple(axes), _row_space(basis.reshape(self.n_free, prod(shape)), shape)
        )

    def text(self) -> str:
        """Aligned matrices, one for each site and, for spin conductivities, each direction of the spin."""
        lead = [d for d in ("site", "spin") if d in self.dims and (d == "site" or "current" in self.dims)]
        order = [self.dims.index(d) for d in (*lead, *(d for d in self.dims if d not in lead))]
        letters, dims = self.letters.transpose(order), [self.dims[n] for n in order]
        axes = [self.axes[n] for n in order]
        lines = [f"rows {dims[-2]} {' '.join(axes[-2])}, columns {dims[-1]} {' '.join(axes[-1])}"]
        for index in np.ndindex(letters.shape[:-2]):
            label = ", ".join(f"{dims[n]} {axes[n][at]}" for n, at in enumerate(index))
            lines += [label + ":"] if label else []
            lines += _aligned(letters[index].tolist())
        return "\n".join(lines)


def allowed_form(group: MagneticGroup, tensor: str, *, sites: Sequence[int] | None = None, dim: int = 3) -> AllowedForm:
    """The form of a tensor (key of TENSORS) under a group.

    sites: for the response resolved by site, the sites wanted (of a group that moves sites, `structure_group`); their
    matrices have letters in common where an operation carries one site to another. dim: 2 keeps fields and currents in
    the plane x, y; the spin keeps its three directions. Raises InputError for an unknown tensor, site or dimension.
    """
    if tensor not in TENSORS:
        raise InputError(f"no symmetry rule for '{tensor}'", where="symmetry", fix="choose from " + ", ".join(TENSORS))
    if dim not in (2, 3):
        raise InputError(f"{dim} dimensions", where="symmetry.dim", fix="choose 2 or 3")
    rule = TENSORS[tensor]
    dims = rule.dims
    axes: tuple[tuple[str, ...], ...] = (AXES,) * len(dims)
    kept: dict[str, Sequence[str]] = {d: AXES[:2] for d in dims if dim == 2 and d in ("field", "current")}
    if sites is None:
        moved = np.zeros((len(group), 1), dtype=np.int64)
        basis = _invariants(group, rule, moved)[:, 0]
    else:
        orbit, moved = _orbit(group, sites)
        basis = _invariants(group, rule, moved)
        dims, axes = ("site", *dims), (tuple(_site_label(group, int(site)) for site in orbit), *axes)
        kept["site"] = [_site_label(group, site) for site in sites]
    form = AllowedForm(tensor, dims, axes, basis)
    return form.cut(**kept) if kept else form


def _orbit(group: MagneticGroup, sites: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All sites that the operations make of the given ones, and where each of these is carried, (n, n_orbit)."""
    for site in sites:
        group.site(site)  # refuses a site that is not there
    if not len(sites):
        raise InputError("no site asked for", where="sites", fix="leave sites out for the tensor of the whole crystal")
    assert group.permutation is not None
    orbit = np.unique(group.permutation[:, list(sites)])
    return orbit, np.searchsorted(orbit, group.permutation[:, orbit])


def _site_label(group: MagneticGroup, site: int) -> str:
    return f"{site} ({group.site_labels[site]})" if group.site_labels else str(site)


def _invariants(group: MagneticGroup, rule: TensorRule, moved: NDArray[np.int64]) -> Floats:
    """Basis of the tensors that all operations leave alone, (n_free, n_sites, 3, 3 ..); moved: (n, n_sites)."""
    # a response of mixed parity is bound by the operations without time reversal alone: the others count 0
    parity = np.where(group.time_reversal, float(rule.reversal), 1.0)
    signs = parity * np.rint(np.linalg.det(group.rotations)) ** rule.axial
    rank, n_sites = len(rule.dims), moved.shape[1]
    mean = np.zeros((n_sites, 3**rank, n_sites, 3**rank))
    for rotation, sign, to in zip(group.rotations, signs, moved, strict=True):
        mean[to, :, np.arange(n_sites), :] += _power(rotation, rank) * (sign / len(signs))
    shape = (n_sites, *(3,) * rank)
    rows: NDArray[Any] = mean.reshape(-1, *shape)
    if rule.antisymmetric:
        rows = (rows - np.swapaxes(rows, -1, -2)) / 2
    return _row_space(rows.reshape(len(rows), -1), shape)


def _power(rotation: Floats, rank: int) -> Floats:
    """R x R x .. as a matrix on flattened tensors, (3^rank, 3^rank)."""
    out: Floats = np.eye(1)
    for _ in range(rank):
        out = np.asarray(np.kron(out, rotation), dtype=float)
    return out


def _row_space(rows: Floats, shape: tuple[int, ...]) -> Floats:
    """Reduced row echelon form of the rows: each basis tensor has a 1 where the others have 0; (n_free, *shape)."""
    left = np.array(rows, dtype=float)
    basis: list[Floats] = []
    pivots: list[int] = []
    # rows of a projector or of a basis with ones in it: what is not of order one is rounding
    while (sizes := np.linalg.norm(left, axis=0)).max(initial=0.0) > _RANK:
        # a column that is only nearly zero (an axis turned by a hair) would be a pivot with huge coefficients
        pivot = int(np.argmax(sizes > _PIVOT * sizes.max()))
        row = left[np.argmax(np.abs(left[:, pivot]))]
        row = row / row[pivot]
        left = left - np.outer(left[:, pivot], row)
        basis = [b - b[pivot] * row for b in basis] + [row]
        pivots.append(pivot)
    order = np.argsort(pivots)
    out = np.array([basis[n] for n in order]).reshape(-1, *shape) if basis else np.zeros((0, *shape))
    return np.where(np.abs(out) < _ZERO, 0.0, out)


def _letter(n: int) -> str:
    return string.ascii_lowercase[n % 26] + (str(n // 26) if n >= 26 else "")


def _combination(coefficients: Floats, names: Sequence[str]) -> str:
    """0, a, -b/2, a - sqrt(3)*b/2."""
    text = ""
    for c, name in zip(coefficients, names, strict=True):
        if abs(c) > _ZERO:
            sign = ("-" if c < 0 else "") if not text else (" - " if c < 0 else " + ")
            text += sign + _term(abs(float(c)), name)
    return text or "0"


def _term(c: float, name: str) -> str:
    # squares of the coefficients that rotations of crystals bring are ratios of small whole numbers
    square = Fraction(c * c).limit_denominator(200)
    if abs(float(square) - c * c) > 1e-8 * max(1.0, c * c) or square.numerator > 2000:
        return f"{c:.6g}*{name}"
    inside = square.numerator * square.denominator  # c = sqrt(inside) / denominator
    factor = max(f for f in range(1, isqrt(inside) + 1) if inside % (f * f) == 0)
    root, front = inside // factor**2, Fraction(factor, square.denominator)
    head = "*".join(
        ([str(front.numerator)] if front.numerator != 1 else []) + ([f"sqrt({root})"] if root != 1 else []) + [name]
    )
    return head if front.denominator == 1 else f"{head}/{front.denominator}"


def _nested(item: object) -> str:
    return "[" + ", ".join(map(_nested, item)) + "]" if isinstance(item, list) else str(item)


def _aligned(rows: list[list[str]]) -> list[str]:
    signed = [[text if text.startswith("-") else " " + text for text in row] for row in rows]
    widths = [max(len(row[n]) for row in signed) for n in range(len(signed[0]))]
    return ["  [" + "  ".join(t.ljust(w) for t, w in zip(row, widths, strict=True)) + " ]" for row in signed]
