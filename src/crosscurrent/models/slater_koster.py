"""Slater-Koster models: atoms with s and p orbitals, two-centre integrals and spin-orbit coupling -> TightBinding.

Slater and Koster, Phys. Rev. 94, 1498 (1954). The orbitals are orthogonal, and there are no d orbitals. The position
operator is diagonal: the dipole between s and p of one atom is left out, an approximation and the usual one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import Complexes, Floats, Operator
from crosscurrent.models.radial_laws import ExactShells, ExponentialShells, PowerLaw, RadialLaw, Stepped, TwoCentre
from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.physics.two_centre import p_spin_orbit, two_centre_block
from crosscurrent.units import InputError

__all__ = ["Atom", "ExactShells", "ExponentialShells", "PowerLaw", "Stepped", "TwoCentre", "slater_koster"]

#: Below this distance (angstrom) two atoms are taken for a mistake in the structure.
_TOO_NEAR = 0.3
#: Lengths are rounded to this (angstrom), so that bonds that are equal but for the last digit hop the same.
_STEP = 1e-9


@dataclass(frozen=True)
class Atom:
    """One atom of the cell.

    position: Cartesian, angstrom. s, p: on-site energies in eV, None when the atom has no such orbitals in the model.
    spin_orbit: lambda in (lambda/3) L.sigma, eV, the splitting of p_3/2 and p_1/2 in the free atom. It is related to
    the coupling xi in xi L.S (S = sigma/2) by lambda = 3 xi / 2.
    """

    position: tuple[float, float, float]
    s: float | None = None
    p: float | None = None
    spin_orbit: float = 0.0
    species: str = "X"

    def __post_init__(self) -> None:
        numbers = [*self.position, *(e for e in (self.s, self.p) if e is not None), self.spin_orbit]
        if len(self.position) != 3 or not np.isfinite(numbers).all():
            raise InputError("an atom needs three finite coordinates and finite energies", where=f"atom {self.species}")
        if self.s is None and self.p is None:
            raise InputError("an atom has neither s nor p orbitals", where=f"atom {self.species}", fix="give s or p")

    @property
    def orbitals(self) -> tuple[int, ...]:
        """Which of s, p_x, p_y, p_z (0 to 3) are in the basis."""
        return (*((0,) if self.s is not None else ()), *((1, 2, 3) if self.p is not None else ()))

    def onsite(self) -> Complexes:
        """On-site matrix in the basis (orbital, spin), spin fastest, eV."""
        full = np.zeros((8, 8), dtype=complex)
        full[:2, :2] = (self.s or 0.0) * np.eye(2)
        full[2:, 2:] = (self.p or 0.0) * np.eye(6) + p_spin_orbit(self.spin_orbit, PAULI)
        kept = _with_spin(self.orbitals)
        return full[np.ix_(kept, kept)]


def slater_koster(
    *,
    lattice: Floats | Sequence[Sequence[float]],
    atoms: Sequence[Atom],
    hoppings: RadialLaw | Mapping[tuple[str, str], RadialLaw],
    dim: int = 3,
    name: str = "Slater-Koster",
    source: str = "",
    notes: Sequence[str] = (),
) -> TightBinding:
    """The tight-binding model of a crystal from its structure and its two-centre integrals.

    lattice: (3, 3) rows in angstrom, or (2, 2) with dim = 2. hoppings: one law for all pairs, or a law for each pair
    of species; (A, B) serves B, A too, with sp and ps exchanged, and a pair that is not listed does not hop.

    States: atom by atom, in each s, p_x, p_y, p_z as far as present, spin up and down fastest. The spin operator is
    sigma/2. Projectors: "atom 1", "atom 2", ..., "s" and "p" where present, and each species when there are several.

    Raises InputError for atoms that coincide, a law without a finite positive reach, or species that do not exist.
    """
    cell = np.asarray(lattice, dtype=float)
    where = f"model '{name}'"
    if cell.shape not in ((3, 3), (dim, dim)) or not np.isfinite(cell).all():
        raise InputError(
            f"the lattice has shape {cell.shape}", where=where, fix=f"give ({dim}, {dim}) or (3, 3) rows in angstrom"
        )
    laws = _laws(atoms, hoppings, where)
    starts = np.cumsum([0, *(2 * len(atom.orbitals) for atom in atoms)])
    size = int(starts[-1])
    home = np.zeros((size, size), dtype=complex)
    for i, atom in enumerate(atoms):
        home[starts[i] : starts[i + 1], starts[i] : starts[i + 1]] = atom.onsite()
    blocks: dict[tuple[int, ...], Complexes] = {(0, 0, 0): home}
    for i, j, vector, bond in _bonds(cell, atoms, laws, dim, where):
        hopping = _hopping(atoms[i], atoms[j], bond, laws)
        if hopping.any():
            block = blocks.setdefault(vector, np.zeros((size, size), dtype=complex))
            block[starts[i] : starts[i + 1], starts[j] : starts[j + 1]] = hopping
    return TightBinding(
        lattice=cell,
        vectors=np.array(list(blocks), dtype=np.int64),
        hamiltonian=np.array(list(blocks.values())),
        positions=np.repeat([atom.position for atom in atoms], np.diff(starts), axis=0),
        dim=dim,
        spin=Operator.constant(np.asarray(np.kron(np.eye(size // 2), PAULI / 2), dtype=complex)),
        projectors=_projectors(atoms, np.diff(starts)),
        name=name,
        source=source,
        notes=("two-centre approximation, orthogonal orbitals, position operator diagonal", *notes),
    )


_Laws = Mapping[tuple[str, str], RadialLaw]


def _laws(
    atoms: Sequence[Atom], hoppings: RadialLaw | Mapping[tuple[str, str], RadialLaw], where: str
) -> dict[tuple[str, str], RadialLaw]:
    """A law for every ordered pair that hops; (B, A) falls back on (A, B)."""
    species = sorted({atom.species for atom in atoms})
    if not species:
        raise InputError("there are no atoms", where=where)
    given: dict[tuple[str, str], RadialLaw]
    if isinstance(hoppings, Mapping):
        given = dict(hoppings)
    else:
        given = {(one, other): hoppings for one in species for other in species}
    for pair, law in given.items():
        if len(pair) != 2 or not set(pair) <= set(species):
            raise InputError(f"hoppings for {pair}, but the atoms are {species}", where=where)
        if isinstance(hoppings, Mapping) and pair[0] != pair[1] and pair[::-1] in given:
            raise InputError(f"hoppings for {pair} are given twice, also as {pair[::-1]}", where=where)
        if not (np.isfinite(law.reach) and law.reach > 0):
            raise InputError(f"the law for {pair} has reach {law.reach}, a positive length is needed", where=where)
    return given


def _bonds(
    cell: Floats, atoms: Sequence[Atom], laws: _Laws, dim: int, where: str
) -> list[tuple[int, int, tuple[int, ...], Floats]]:
    """(left, right, lattice vector of the right atom, vector from left to right in angstrom) of all that can hop."""
    periodic = np.zeros((dim, 3))
    periodic[:, : cell.shape[1]] = cell[:dim]
    sites = np.array([atom.position for atom in atoms], dtype=float)
    longest = max((law.reach for law in laws.values()), default=0.0)
    spread = longest + float(np.linalg.norm(sites[:, None] - sites, axis=-1).max())
    # |n_i| <= |R| |b_i| / 2 pi, and the rows of the pseudo-inverse are b_i / 2 pi
    bounds = np.floor(spread * np.linalg.norm(np.linalg.pinv(periodic), axis=0) + 1e-9).astype(int)
    vectors = np.array(list(product(*(range(-b, b + 1) for b in bounds))), dtype=np.int64).reshape(-1, dim)
    vectors = np.concatenate([vectors, np.zeros((len(vectors), 3 - dim), dtype=np.int64)], axis=1)
    bonds = (vectors[:, :dim] @ periodic)[:, None, None] + sites[None, None] - sites[None, :, None]
    distances = np.linalg.norm(bonds, axis=-1)
    home = int(np.flatnonzero(~vectors.any(axis=1))[0])
    distances[home, np.arange(len(sites)), np.arange(len(sites))] = np.inf
    if distances.min() < _TOO_NEAR:
        _, i, j = np.unravel_index(distances.argmin(), distances.shape)
        raise InputError(
            f"atoms {i + 1} and {j + 1} are {distances.min():.3f} angstrom apart",
            where=where,
            fix="positions are Cartesian, in angstrom; list each atom of the cell once",
        )
    found = np.argwhere(distances <= longest + _STEP)
    return [(int(i), int(j), tuple(vectors[r].tolist()), bonds[r, i, j]) for r, i, j in found]


def _hopping(left: Atom, right: Atom, bond: Floats, laws: _Laws) -> Complexes:
    """<left|H|right> in the basis (orbital, spin); zero when the pair does not hop at this distance."""
    length = float(np.linalg.norm(bond))
    # half a step less than rounded is never longer than the bond: a reach of exactly its length includes it
    distance = (round(length / _STEP) - 0.5) * _STEP
    pair = left.species, right.species
    law, flipped = laws.get(pair), False
    if law is None:
        law, flipped = laws.get(pair[::-1]), True
    integrals = law(distance) if law is not None and distance <= law.reach else TwoCentre()
    if pair[::-1] in laws and not flipped and integrals.ps != integrals.sp:
        raise InputError(
            f"ps = {integrals.ps:g} differs from sp = {integrals.sp:g} for the pair {pair}",
            where="two-centre integrals",
            fix="leave ps out for atoms of one element, and give two elements one law under their own pair",
        )
    v = integrals.reversed() if flipped else integrals
    full = two_centre_block(bond / length, v.ss, v.sp, float(v.ps or 0.0), v.pp_sigma, v.pp_pi)
    return np.asarray(np.kron(full[np.ix_(left.orbitals, right.orbitals)], np.eye(2)), dtype=complex)


def _with_spin(orbitals: Sequence[int]) -> list[int]:
    return [2 * orbital + spin for orbital in orbitals for spin in (0, 1)]


def _projectors(atoms: Sequence[Atom], sizes: NDArray[np.int64]) -> dict[str, Floats]:
    orbital = np.concatenate([np.repeat(atom.orbitals, 2) for atom in atoms])
    site = np.repeat(np.arange(len(atoms)), sizes)
    species = np.array([atom.species for atom in atoms])[site]
    found = {f"atom {i + 1}": site == i for i in range(len(atoms))}
    found |= {"s": orbital == 0, "p": orbital > 0}
    names = list(dict.fromkeys(atom.species for atom in atoms))
    if len(names) > 1:
        found |= {one: species == one for one in names}
    return {key: mask.astype(float) for key, mask in found.items() if mask.any()}
