"""A puckered monolayer of bismuth from first principles, with its spin matrices.

The data are our own: a Quantum ESPRESSO and Wannier90 run, shipped as the real-space matrices of the 6 x 6 mesh,
rounded to 1e-8 eV, 1e-7 angstrom and 1e-7 hbar.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.bloch import AXES, Operator
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.models.wannier90 import realspace
from crosscurrent.models.wannier90.from_checkpoint import mesh_matrices

Complexes = NDArray[np.complex128]

SOURCE = (
    "first-principles run of the crosscurrent authors: Quantum ESPRESSO 6.7 and Wannier90 3.1, norm-conserving fully "
    "relativistic PBE, 25 Ry, 6 x 6 k-points, 24 spinor p functions disentangled from 32 bands. Demonstration quality: "
    "the relaxation was stopped at a force of 0.006 Ry/bohr"
)
#: Middle of the gap of 0.23 eV (PBE), eV.
FERMI_ENERGY = -3.71

_GRID: realspace.Grid = (6, 6, 1)
_TIE_TOLERANCE = 1e-5
#: Step to which each matrix is rounded: eV, angstrom, hbar.
_STEPS = {"hamiltonian": 1e-8, "position": 1e-7, "spin": 1e-7}


def bismuth_wannier() -> TightBinding:
    """Monolayer Bi, 24 Wannier functions (interlaced spin), two-dimensional, energies in absolute eV.

    The insulating gap lies around `FERMI_ENERGY`; time reversal holds to 1e-6 eV; inversion is broken (spin splitting
    30-110 meV). Spin and position matrices are those of the run, not those of an ordering.
    """
    with (files("crosscurrent.models.materials") / "data" / "bismuth.npz").open("rb") as stream:
        packed = dict(np.load(stream, allow_pickle=False))
    images = realspace.minimal_images(packed["lattice"], _GRID, packed["centres"], _TIE_TOLERANCE)
    values = {
        key: realspace.expand(_unpack(packed[key], len(packed["centres"]), step), images)
        for key, step in _STEPS.items()
    }
    vectors, values = realspace.close_inversion(*realspace.project_layers(images.vectors, values))
    hamiltonian, position, spin = (realspace.hermitian_part(values[key])[0] for key in _STEPS)
    return TightBinding(
        lattice=packed["lattice"],
        vectors=vectors,
        hamiltonian=hamiltonian[:, 0],
        positions=packed["centres"],
        dim=2,
        spin=Operator(AXES, "hbar", vectors, spin),
        position_blocks=position,
        name="bismuth",
        source=SOURCE,
        notes=(
            f"nearest images of each pair, ties within {_TIE_TOLERANCE:g} angstrom",
            "position matrix by finite differences, centres made translation invariant",
        ),
    )


def pack_bismuth(folder: Path, target: Path) -> None:
    """Writes the shipped data from bi.chk, bi.eig, bi.mmn.gz and bi.spn.gz of the run (for maintainers)."""
    mesh = mesh_matrices(
        folder / "bi.chk",
        folder / "bi.eig",
        mmn=folder / "bi.mmn.gz",
        spn=folder / "bi.spn.gz",
        translation_invariant_centres=True,
    )
    c = mesh.checkpoint
    arrays: dict[str, NDArray[np.generic]] = {"lattice": c.lattice, "centres": c.centres}
    for key, step in _STEPS.items():
        on_mesh = mesh.values[key].reshape(c.n_k, -1, c.n_states, c.n_states)
        arrays[key] = _pack(realspace.transform(on_mesh, c.kpoints, c.grid, c.path), step)
    np.savez_compressed(target, allow_pickle=False, **arrays)


def _half() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The classes of R that are stored, and for each class its partner -R: X(-R) = X(R)^dagger gives the rest."""
    r = np.stack(np.unravel_index(np.arange(int(np.prod(_GRID))), _GRID), axis=-1).astype(np.int64)
    partner = realspace.classes_of(-r, _GRID)
    return np.flatnonzero(np.arange(len(r)) <= partner), partner


def _pack(values: Complexes, step: float) -> NDArray[np.uint8]:
    """Whole multiples of step, real and imaginary parts, one byte of all numbers after the other (packs best)."""
    whole = np.rint(np.ascontiguousarray(values[_half()[0]]).view(np.float64) / step).astype("<i4")
    return np.ascontiguousarray(whole.reshape(-1, 1).view(np.uint8).T)


def _unpack(planes: NDArray[np.uint8], n: int, step: float) -> Complexes:
    """(N, L, n, n) for every class of R."""
    kept, partner = _half()
    whole = np.ascontiguousarray(planes.T).view("<i4").ravel().astype(np.float64) * step
    values = whole.view(np.complex128).reshape(len(kept), -1, n, n)
    full = np.empty((len(partner), *values.shape[1:]), dtype=complex)
    full[partner[kept]] = values.conj().swapaxes(-1, -2)
    full[kept] = values
    return full
