"""A puckered monolayer of bismuth from first principles, with its spin matrices.

The data are our own: a Quantum ESPRESSO and Wannier90 run, shipped as the real-space matrices of its k-mesh, rounded to
1e-8 eV, 1e-7 angstrom and 1e-7 hbar. examples/first_principles/bismuth makes them anew.

The polar (armchair) axis is y and the zigzag axis x: an in-plane field makes S_z when it lies along x (Upsilon(1)_zx).
`bismuth-slater-koster` has its polar axis along x, as in the paper; there it is Upsilon(1)_zy.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import AXES, Operator
from crosscurrent.models.materials.registry import Material, Parameter
from crosscurrent.models.symmetrize import symmetrize
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.models.wannier90 import realspace
from crosscurrent.models.wannier90.from_checkpoint import mesh_matrices

Complexes = NDArray[np.complex128]

SOURCE = (
    "first-principles run of the crosscurrent authors: Quantum ESPRESSO 6.7 and Wannier90 3.1, norm-conserving fully "
    "relativistic PBE, 30 Ry, 8 x 8 k-points, 24 spinor p functions disentangled from 28 bands; atoms relaxed to "
    "4e-4 Ry/bohr, a = 4.568, b = 4.873 (polar axis), buckling 0.350 angstrom; bands within 9 meV of the calculation "
    "between its k-points"
)
#: Middle of the gap of 0.197 eV (PBE), eV above the vacuum. The smallest direct gap, 0.203 eV, is between Gamma and X.
FERMI_ENERGY = -3.77

#: Atoms in the order of the run, each with six functions: outer of the upper and of the lower sheet, then inner of the
#: lower and of the upper sheet.
N_ATOMS, N_FUNCTIONS = 4, 6

#: Atoms of the run, fractions of the lattice; examples/first_principles/bismuth says where they come from.
POSITIONS = (
    (0.0, 0.1945 / 4.873, 1.6963 / 16),
    (0.5, 0.5 + 0.1945 / 4.873, -1.6963 / 16),
    (0.0, -0.1945 / 4.873, -1.346 / 16),
    (0.5, 0.5 - 0.1945 / 4.873, 1.346 / 16),
)

_TIE_TOLERANCE = 1e-5
#: Step to which each matrix is rounded: eV, angstrom, hbar.
_STEPS = {"hamiltonian": 1e-8, "position": 1e-7, "spin": 1e-7}


def bismuth_wannier(*, symmetrized: bool = False) -> TightBinding:
    """Monolayer Bi, 24 Wannier functions (interlaced spin), two-dimensional, energies in absolute eV.

    x is the short axis, y the polar axis, z the normal; point group C2v. The insulating gap lies around `FERMI_ENERGY`.
    Time reversal and both mirrors hold to 1e-6 in the Hamiltonian and the spin, the mirrors to 0.03 angstrom in the
    position matrix (finite differences). Spin and position matrices are those of the run, not those of an ordering.
    Projectors "atom 1" to "atom 4": 1 and 2 are the outer atoms (upper and lower sheet), 3 and 4 the inner ones (lower
    and upper), as in `bismuth-slater-koster`.

    symmetrized: average all matrices over the operations of the structure, which then hold to rounding; what they were
    off by before stands in the notes.
    """
    with (files("crosscurrent.models.materials") / "data" / "bismuth.npz").open("rb") as stream:
        packed = dict(np.load(stream, allow_pickle=False))
    n, grid = len(packed["centres"]), _grid(packed["grid"])
    images = realspace.minimal_images(packed["lattice"], grid, packed["centres"], _TIE_TOLERANCE)
    values = {key: realspace.expand(_unpack(packed[key], n, grid, step), images) for key, step in _STEPS.items()}
    vectors, values = realspace.close_inversion(*realspace.project_layers(images.vectors, values))
    hamiltonian, position, spin = (realspace.hermitian_part(values[key])[0] for key in _STEPS)
    model = TightBinding(
        lattice=packed["lattice"],
        vectors=vectors,
        hamiltonian=hamiltonian[:, 0],
        positions=packed["centres"],
        dim=2,
        spin=Operator(AXES, "hbar", vectors, spin),
        position_blocks=position,
        projectors=_atoms(),
        name="bismuth",
        source=SOURCE,
        notes=(
            f"nearest images of each pair, ties within {_TIE_TOLERANCE:g} angstrom",
            "position matrix by finite differences, centres made translation invariant",
        ),
    )
    if not symmetrized:
        return model
    return symmetrize(model, positions=POSITIONS, species=["Bi"] * N_ATOMS, projections=["Bi: p"]).model


def pack_bismuth(folder: Path, target: Path) -> None:
    """Writes the shipped data from bi.chk, bi.eig, bi.mmn and bi.spn of the run (for maintainers)."""
    mesh = mesh_matrices(
        folder / "bi.chk",
        folder / "bi.eig",
        mmn=folder / "bi.mmn",
        spn=folder / "bi.spn",
        translation_invariant_centres=True,
    )
    c = mesh.checkpoint
    arrays: dict[str, NDArray[np.generic]] = {"lattice": c.lattice, "centres": c.centres, "grid": np.array(c.grid)}
    for key, step in _STEPS.items():
        on_mesh = mesh.values[key].reshape(c.n_k, -1, c.n_states, c.n_states)
        arrays[key] = _pack(realspace.transform(on_mesh, c.kpoints, c.grid, c.path), c.grid, step)
    np.savez_compressed(target, **arrays)  # type: ignore[arg-type]  # names of arrays, none of them an option


def _atoms() -> dict[str, NDArray[np.float64]]:
    owner = np.repeat(np.arange(N_ATOMS), N_FUNCTIONS)
    return {f"atom {i + 1}": (owner == i).astype(float) for i in range(N_ATOMS)}


def _grid(stored: NDArray[np.int64]) -> realspace.Grid:
    n1, n2, n3 = (int(n) for n in stored)
    return n1, n2, n3


def _half(grid: realspace.Grid) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The classes of R that are stored, and for each class its partner -R: X(-R) = X(R)^dagger gives the rest."""
    r = np.stack(np.unravel_index(np.arange(int(np.prod(grid))), grid), axis=-1).astype(np.int64)
    partner = realspace.classes_of(-r, grid)
    return np.flatnonzero(np.arange(len(r)) <= partner), partner


def _pack(values: Complexes, grid: realspace.Grid, step: float) -> NDArray[np.uint8]:
    """Whole multiples of step, real and imaginary parts, one byte of all numbers after the other (packs best)."""
    whole = np.rint(np.ascontiguousarray(values[_half(grid)[0]]).view(np.float64) / step).astype("<i4")
    return np.ascontiguousarray(whole.reshape(-1, 1).view(np.uint8).T)


def _unpack(planes: NDArray[np.uint8], n: int, grid: realspace.Grid, step: float) -> Complexes:
    """(N, L, n, n) for every class of R."""
    kept, partner = _half(grid)
    whole = np.ascontiguousarray(planes.T).view("<i4").ravel().astype(np.float64) * step
    values = whole.view(np.complex128).reshape(len(kept), -1, n, n)
    full = np.empty((len(partner), *values.shape[1:]), dtype=complex)
    full[partner[kept]] = values.conj().swapaxes(-1, -2)
    full[kept] = values
    return full


MATERIALS = (
    Material(
        key="bismuth",
        title="Bismuth monolayer, first-principles Wannier functions (24 spinor p functions)",
        source=SOURCE,
        make=bismuth_wannier,
        dim=2,
        suggested_mu=(FERMI_ENERGY,),
        parameters={"symmetrized": Parameter(False, "", "average over the operations of the structure")},
    ),
)
