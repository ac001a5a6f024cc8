"""Models of other Python packages -> TightBinding: PythTB (1.x and 2.x) and TBmodels.

The objects are read by their attributes; neither package is imported. Both packages leave the unit of length open;
here lattice vectors are taken in angstrom and energies in eV.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import Complexes, Floats, Operator
from crosscurrent.models.spin_matrices import SpinOrdering, ordered_spin
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.units import InputError

_Vector = tuple[int, int, int]


def from_pythtb(model: Any, *, name: str = "PythTB model", source: str = "") -> TightBinding:
    """A PythTB `tb_model` (1.x) or `TBModel` (2.x), periodic in two or three directions.

    With nspin = 2 the states are (orbital, spin) with spin fastest, and the model gets the spin operator. Finite
    directions of a slab go into the third lattice vector.

    Raises InputError for an object that is not such a model, and for one periodic in 0 or 1 directions.
    """
    where = f"model '{name}'"
    lattice, orbitals, periodic = _pythtb_geometry(model, where)
    spins = int(_attribute(model, ("_nspin", "nspin"), where))
    dim, n_orbitals = len(periodic), len(orbitals)
    if dim not in (2, 3):
        raise InputError(f"the model is periodic in {dim} directions; 2 or 3 are supported", where=where)
    order = [*periodic, *(i for i in range(len(lattice)) if i not in periodic)]
    cell = np.eye(3)
    cell[: len(order), : len(order)] = lattice[order]
    blocks: dict[_Vector, Complexes] = {}
    size = n_orbitals * spins
    for amplitude, i, j, r in _pythtb_hoppings(model, where):
        at = slice(i * spins, (i + 1) * spins), slice(j * spins, (j + 1) * spins)
        matrix = np.zeros((size, size), dtype=complex)
        matrix[at] = amplitude
        vector = _vector([r[axis] for axis in periodic])
        _add(blocks, vector, matrix)
        _add(blocks, _opposite(vector), matrix.conj().T)
    onsite = np.asarray(_attribute(model, ("_site_energies", "site_energies"), where), dtype=complex)
    home = np.zeros((size, size), dtype=complex)
    for i, energy in enumerate(onsite):
        home[i * spins : (i + 1) * spins, i * spins : (i + 1) * spins] = energy
    _add(blocks, (0, 0, 0), home)
    vectors, hamiltonian = _stacked(blocks)
    positions = np.zeros((n_orbitals, 3))
    positions[:, : len(order)] = orbitals @ lattice
    return TightBinding(
        lattice=cell,
        vectors=vectors,
        hamiltonian=hamiltonian,
        positions=np.repeat(positions, spins, axis=0),
        dim=dim,
        spin=Operator.constant(ordered_spin(size, "interlaced", where)) if spins == 2 else None,
        name=name,
        source=source,
        notes=("from a PythTB object, lengths taken as angstrom, energies as eV",),
    )


def from_tbmodels(
    model: Any,
    *,
    spin_order: SpinOrdering | None = None,
    lattice: Floats | None = None,
    name: str = "TBmodels model",
    source: str = "",
) -> TightBinding:
    """A TBmodels `Model` of dimension 2 or 3.

    spin_order: how its states carry spin, "block" (all up, then all down) or "interlaced" (up, down, up, down, ...);
    None for a model without spin, since TBmodels does not say. lattice: (dim, dim) angstrom, when the model has none.

    Raises InputError for an object that is not such a model, without a unit cell, or with an odd number of states and
    a spin order.
    """
    where = f"model '{name}'"
    hop = _attribute(model, ("hop",), where)
    size, dim = int(_attribute(model, ("size",), where)), int(_attribute(model, ("dim",), where))
    if not isinstance(hop, Mapping) or dim not in (2, 3):
        raise InputError(f"not a TBmodels model of dimension 2 or 3 (dim = {dim})", where=where)
    given = getattr(model, "uc", None) if lattice is None else lattice
    if given is None:
        raise InputError("the model has no unit cell", where=where, fix="pass lattice = rows in angstrom")
    uc = np.asarray(given, dtype=float)
    if uc.shape != (dim, dim):
        raise InputError(f"the unit cell has shape {uc.shape}, expected ({dim}, {dim})", where=where)
    blocks: dict[_Vector, Complexes] = {}
    for r, matrix in hop.items():
        # TBmodels keeps one of each pair R, -R and half of R = 0; H(k) is the sum plus its adjoint
        block = np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix, dtype=complex)
        _add(blocks, _vector(r), block)
        _add(blocks, _opposite(_vector(r)), block.conj().T)
    _add(blocks, (0, 0, 0), np.zeros((size, size), dtype=complex))
    vectors, hamiltonian = _stacked(blocks)
    reduced = getattr(model, "pos", None)
    positions = np.zeros((size, 3))
    if reduced is not None:
        positions[:, :dim] = np.asarray(reduced, dtype=float) @ uc
    cell = np.eye(3)
    cell[:dim, :dim] = uc
    return TightBinding(
        lattice=cell,
        vectors=vectors,
        hamiltonian=hamiltonian,
        positions=positions,
        dim=dim,
        spin=None if spin_order is None else Operator.constant(ordered_spin(size, spin_order, where)),
        name=name,
        source=source,
        notes=("from a TBmodels object, lengths taken as angstrom, energies as eV",),
    )


def _pythtb_geometry(model: Any, where: str) -> tuple[Floats, Floats, list[int]]:
    """Lattice rows, reduced orbital positions, periodic directions."""
    # 1.x keeps them on the model, 2.x on a Lattice object
    holder = getattr(model, "_lattice", None) or getattr(model, "lattice", None) or model
    lattice = np.asarray(_attribute(holder, ("_lat", "lat_vecs"), where), dtype=float)
    orbitals = np.asarray(_attribute(holder, ("_orb", "orb_vecs"), where), dtype=float)
    periodic = [int(i) for i in _attribute(holder, ("_per", "periodic_dirs"), where)]
    return lattice, orbitals, periodic


def _pythtb_hoppings(model: Any, where: str) -> Iterable[tuple[Any, int, int, Any]]:
    for hopping in _attribute(model, ("_hoppings", "hoppings"), where):
        if isinstance(hopping, Mapping):
            keys = ("amplitude", "from_orbital", "to_orbital", "lattice_vector")
            amplitude, i, j = (hopping[key] for key in keys[:3])
            r = hopping.get(keys[3], (0, 0, 0))
        else:
            amplitude, i, j, r = hopping
        yield amplitude, int(i), int(j), r


def _attribute(holder: Any, names: tuple[str, ...], where: str) -> Any:
    for key in names:
        if getattr(holder, key, None) is not None:
            return getattr(holder, key)
    raise InputError(
        f"a {type(holder).__name__} object has no attribute {' or '.join(names)}",
        where=where,
        fix="give the model object of PythTB or TBmodels itself, or build a TightBinding from arrays",
    )


def _vector(r: Iterable[Any]) -> _Vector:
    x, y, z = ([int(i) for i in r] + [0])[:3]
    return x, y, z


def _opposite(r: _Vector) -> _Vector:
    return -r[0], -r[1], -r[2]


def _add(blocks: dict[_Vector, Complexes], r: _Vector, block: Complexes) -> None:
    blocks[r] = blocks[r] + block if r in blocks else block


def _stacked(blocks: Mapping[_Vector, Complexes]) -> tuple[NDArray[np.int64], Complexes]:
    return np.array(list(blocks), dtype=np.int64), np.array(list(blocks.values()))
