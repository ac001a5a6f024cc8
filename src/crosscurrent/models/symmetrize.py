"""A tight-binding model averaged over the operations of its structure, and how far it was from having them.

The matrices of a Wannier run have the symmetry of the crystal to the precision of the run: minimisation, the images of
each pair and finite differences of the overlaps break it. The mean of all images of a matrix has it to rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.bloch import AXES, Complexes, Floats, Operator
from crosscurrent.models.spin_matrices import SpinOrdering
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.models.wannier_representation import Operation, Representation, representation
from crosscurrent.physics.magnetic_groups import identify
from crosscurrent.units import InputError

Integers = NDArray[np.int64]

#: What each matrix is: the axes in front of its own, and its unit.
_KINDS: dict[str, tuple[tuple[str, ...], str]] = {
    "hamiltonian": ((), "eV"),
    "position": (("polar",), "angstrom"),
    "spin": (("axial",), "hbar"),
    "spin_position": (("axial", "polar"), "hbar angstrom"),
    "spin_hamiltonian": (("axial",), "hbar eV"),
    "spin_hamiltonian_position": (("axial", "polar"), "hbar eV angstrom"),
}


@dataclass(frozen=True, eq=False)
class Symmetrized:
    """model: the averaged one. group: its magnetic point group. n_operations: of the structure. residuals: the largest
    difference between a matrix element and its image before, by name: "hamiltonian" in eV, "position" in angstrom,
    "spin" in hbar."""

    model: TightBinding
    group: str
    n_operations: int
    residuals: Mapping[str, float]

    @property
    def description(self) -> str:
        before = ", ".join(f"{name} {value:.1e} {_KINDS[_plain(name)][1]}" for name, value in self.residuals.items())
        return f"symmetrized with the {self.n_operations} operations of {self.group}; residual before: {before}"


def symmetrize(
    model: TightBinding,
    *,
    positions: ArrayLike,
    species: Sequence[str],
    projections: Sequence[str],
    moments: ArrayLike | None = None,
    spin: SpinOrdering | None = "interlaced",
    symprec: float = 1e-4,
    moment_tolerance: float = 1e-3,
    limit: float = 0.1,
) -> Symmetrized:
    """Average H, the position matrix, the spin and what goes with them over the magnetic space group.

    model: its functions in the order of `projections`. positions: of the atoms, (n, 3), fractions of its lattice
    vectors. species: a name for each. projections: the lines of the Wannier90 run, "Bi: p". moments: mu_B, along z (n,)
    or (n, 3); none for a nonmagnetic crystal. spin: how it runs through the functions; None when they have none.
    symprec: angstrom. limit: eV, the largest difference between a matrix element and its image that is accepted.

    The lattice and the atoms are moved within symprec so that the operations are exact. Raises InputError when the
    arguments do not fit, and when H is farther from the symmetry than `limit`: the functions are then not these
    orbitals, or not in this order.
    """
    group = representation(
        cell=model.cell,
        centres=model.positions,
        dim=model.dim,
        positions=positions,
        species=species,
        projections=projections,
        moments=moments,
        spin=spin,
        symprec=symprec,
        moment_tolerance=moment_tolerance,
    )
    with_model, apart = _shared(model)
    given = {name: _about_sites(name, with_model, model.vectors, group.home) for name in with_model}
    vectors, found, residuals = _mean(model.vectors, given, group.operations)
    if residuals["hamiltonian"] > limit:
        raise InputError(
            f"H(R) and its images differ by up to {residuals['hamiltonian']:.2g} eV (limit {limit:g})",
            where="symmetrize.projections",
            fix="the functions are not these orbitals in this order, or the moments are others",
        )
    values = {name: _from_sites(name, found, vectors, group.exact) for name in found}
    for key, operator in apart.items():
        at, mean, off = _mean(operator.vectors, {"spin": operator.blocks}, group.operations)
        apart[key] = replace(operator, vectors=at, blocks=mean["spin"])
        residuals[f"spin ({key})" if key != "spin" else "spin"] = off["spin"]
    name = identify(group.structure.rotations, group.structure.time_reversal)
    out = Symmetrized(model, name, len(group.operations), residuals)
    return replace(out, model=_rebuilt(model, vectors, values, apart, group, out.description))


def _plain(name: str) -> str:
    return "spin" if name.startswith("spin (") else name.removeprefix("ryoo_")


def _shared(model: TightBinding) -> tuple[dict[str, Complexes], dict[str, Operator]]:
    """Matrices on the vectors of the model, (nR, ..., n, n), and the operators that have vectors of their own."""
    shared: dict[str, Complexes] = {"hamiltonian": model.hamiltonian}
    if model.position_blocks is not None:
        shared["position"] = model.position_blocks
    apart: dict[str, Operator] = {}
    for key, operator in model.operators.items():
        if operator.labels != AXES:
            raise InputError(f"it is not known how the operator '{key}' turns", where="symmetrize", fix="leave it out")
        if operator is model.spin and np.array_equal(operator.vectors, model.vectors):
            shared["spin"] = operator.blocks
        else:
            apart[key] = operator
    for key, blocks in model.extra_blocks.items():
        if _plain(key) not in _KINDS:
            raise InputError(f"it is not known how the matrices '{key}' turn", where="symmetrize", fix="leave them out")
        shared[key] = blocks
    return shared, apart


def _about_sites(
    name: str, values: Mapping[str, Complexes], vectors: Integers, sites: Floats, sign: int = -1
) -> Complexes:
    """Positions counted from the atoms: only then do they turn like a vector."""
    if name == "position":
        out = values[name].copy()
        home = int(np.flatnonzero(~vectors.any(axis=1))[0])
        index = np.arange(len(sites))
        out[home][:, index, index] += sign * sites.T
        return out
    if _plain(name).endswith("_position"):
        # <u_a|s i d u_b> holds the position of the right-hand function, from its own cell
        partner = values["spin" if _plain(name) == "spin_position" else name.removesuffix("_position")]
        return values[name] + sign * partner[:, :, None] * sites.T[:, None, :]
    return values[name]


def _from_sites(name: str, values: Mapping[str, Complexes], vectors: Integers, sites: Floats) -> Complexes:
    return _about_sites(name, values, vectors, sites, sign=1)


def _mean(
    vectors: Integers, values: Mapping[str, Complexes], operations: Sequence[Operation]
) -> tuple[Integers, dict[str, Complexes], dict[str, float]]:
    """Vectors that hold all images, the means there, and the largest difference of an image from what was given."""
    targets = [_targets(vectors, operation) for operation in operations]
    union = np.unique(np.concatenate([vectors, *(t.reshape(-1, 3) for t in targets)]), axis=0)
    low = union.min(axis=0)
    span = np.ptp(union, axis=0) + 1

    def at(wanted: Integers) -> Integers:
        def key(v: Integers) -> Integers:
            return np.asarray(((v - low) * [span[1] * span[2], span[2], 1]).sum(axis=-1))

        return np.searchsorted(key(union), key(wanted))

    means: dict[str, Complexes] = {}
    residuals: dict[str, float] = {}
    for name, blocks in values.items():
        given = np.zeros((len(union), *blocks.shape[1:]), dtype=complex)
        given[at(vectors)] = blocks
        total, worst = np.zeros_like(given), 0.0
        for operation, target in zip(operations, targets, strict=True):
            image = _image(blocks, _KINDS[_plain(name)][0], operation, at(target), len(union))
            worst = max(worst, float(np.abs(image - given).max(initial=0.0)))
            total += image
        means[name] = np.asarray(total / len(operations), dtype=np.complex128)
        residuals[name] = worst
    kept = np.any([np.abs(m).reshape(len(union), -1).max(axis=1) > 0 for m in means.values()], axis=0)
    kept |= ~union.any(axis=1)
    return union[kept], {name: m[kept] for name, m in means.items()}, residuals


def _targets(vectors: Integers, operation: Operation) -> Integers:
    """(nR, groups, groups, 3): the vector to which an element between two kinds of functions is carried.

    Functions that the operation shifts by the same lattice vector are one kind.
    """
    shifts = np.unique(operation.shifts, axis=0)
    moved = vectors @ operation.whole.T
    return np.asarray(moved[:, None, None] + shifts[None, None, :] - shifts[None, :, None])


def _image(blocks: Complexes, kinds: tuple[str, ...], operation: Operation, at: Integers, n_vectors: int) -> Complexes:
    """g X g^-1. blocks: (nR, ..., n, n). at: `_targets` as places in the list of n_vectors."""
    turned = np.conj(blocks) if operation.time_reversal else blocks
    turned = operation.matrix @ turned @ operation.matrix.conj().T
    rotation = operation.rotation
    axial = np.rint(np.linalg.det(rotation)) * (-1 if operation.time_reversal else 1) * rotation
    for axis, kind in enumerate(kinds):
        turned = np.moveaxis(np.tensordot(axial if kind == "axial" else rotation, turned, (1, axis + 1)), 0, axis + 1)
    out = np.zeros((n_vectors, *blocks.shape[1:]), dtype=complex)
    into, start = (np.moveaxis(m, (-2, -1), (1, 2)) for m in (out, turned))
    _, kind_of = np.unique(operation.shifts, axis=0, return_inverse=True)
    # the kind of the function that a function after the operation comes from
    before = kind_of.ravel()[np.argmax(np.abs(operation.matrix) > 1e-9, axis=1)]
    for a, b in np.ndindex(at.shape[1:]):
        rows, columns = np.flatnonzero(before == a)[:, None], np.flatnonzero(before == b)
        into[at[:, a, b][:, None, None], rows, columns] = start[:, rows, columns]
    return out


def _rebuilt(
    model: TightBinding,
    vectors: Integers,
    values: dict[str, Complexes],
    apart: Mapping[str, Operator],
    group: Representation,
    note: str,
) -> TightBinding:
    operators = dict(apart)
    spin = values.pop("spin", None)
    if spin is not None:
        assert model.spin is not None
        found = replace(model.spin, vectors=vectors, blocks=spin)
        operators |= {key: found for key, operator in model.operators.items() if operator is model.spin}
    key = next((key for key, operator in model.operators.items() if operator is model.spin), None)
    position = values.pop("position", None)
    if position is None:
        centres = group.exact + _centres(model.positions - group.home, group.operations)
    else:
        home = int(np.flatnonzero(~vectors.any(axis=1))[0])
        centres = np.real(np.diagonal(position[home], axis1=1, axis2=2)).T
    return TightBinding(
        lattice=group.lattice,
        vectors=vectors,
        hamiltonian=values.pop("hamiltonian"),
        positions=centres,
        dim=model.dim,
        spin=None if key is None else operators[key],
        operators=operators,
        position_blocks=position,
        extra_blocks=values,
        name=model.name,
        source=model.source,
        projectors=model.projectors,
        notes=(*model.notes, note),
    )


def _centres(offsets: Floats, operations: Sequence[Operation]) -> Floats:
    """Centres from their atoms, (n, 3), such that a position operator diagonal in the functions has the symmetry.

    Functions that an operation mixes then share their centre, which the mean alone reaches only step by step.
    """
    for _ in range(1000):
        images = [np.abs(g.matrix) ** 2 @ offsets @ g.rotation.T for g in operations]
        found = np.mean(images, axis=0)
        if np.abs(found - offsets).max() < 1e-15:
            break
        offsets = found
    return offsets
