"""The matrices on the k-mesh that a checkpoint and its companions determine, once they are seen to belong together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosscurrent.models.wannier90 import gauge
from crosscurrent.models.wannier90.chk import Checkpoint, read_chk
from crosscurrent.models.wannier90.kmesh import stencil
from crosscurrent.models.wannier90.listings import read_eig
from crosscurrent.models.wannier90.overlaps import Overlaps, read_mmn, read_spn, read_sxu
from crosscurrent.units import InputError

Complexes = NDArray[np.complex128]
PathLike = str | Path

#: Overlaps of the checkpoint and those rotated from the .mmn agree to the digits of the text file.
_SAME_RUN = 1e-4
#: |s M_b - M_b s| against |s M_b| in the Wannier space: below 0.1 in real runs, above 1 where k-points were exchanged.
_SAME_STATES = 0.7


@dataclass(frozen=True)
class MeshMatrices:
    """values: matrices (nk, ..., n, n) in the Wannier gauge, by the names that the model will carry."""

    checkpoint: Checkpoint
    values: dict[str, Complexes]
    notes: tuple[str, ...]


def mesh_matrices(
    chk: PathLike,
    eig: PathLike,
    *,
    mmn: PathLike | None = None,
    spn: PathLike | None = None,
    shu: PathLike | None = None,
    siu: PathLike | None = None,
    translation_invariant_centres: bool = False,
) -> MeshMatrices:
    """Reads what is given and checks the counts against the checkpoint. Raises InputError when they disagree."""
    c = read_chk(chk)
    energies = read_eig(eig)
    _same_counts(c, str(eig), bands=energies.shape[1], kpoints=energies.shape[0])
    values, notes = {"hamiltonian": gauge.hamiltonian(c, energies)}, []
    pauli = None
    if spn is not None:
        pauli = read_spn(spn)
        _same_counts(c, str(spn), bands=pauli.shape[-1], kpoints=len(pauli))
        values["spin"] = gauge.spin(c, pauli)
        notes.append(f"spin operator from {Path(spn).name} through the Wannier gauge")
    if mmn is None:
        notes.append(
            "no .mmn: the Wannier functions are taken as points, Berry curvature without their position matrix"
        )
        return MeshMatrices(c, values, tuple(notes))
    m = read_mmn(mmn)
    bands, neighbours = m.matrices.shape[-1], m.matrices.shape[1]
    _same_counts(c, str(mmn), bands=bands, kpoints=len(m.matrices), neighbours=neighbours)
    mesh = stencil(c, m)
    rotated = gauge.overlaps(c, m)
    _same_overlaps(c, m, rotated)
    values["position"] = gauge.position(rotated, mesh, translation_invariant_centres)
    form = "made" if translation_invariant_centres else "not made"
    notes.append(f"position matrix by finite differences, centres {form} translation invariant")
    if pauli is not None:
        _same_states(c, m, pauli, str(spn))
        k_blocks, l_blocks = gauge.spin_derivatives(c, m, mesh, pauli, energies)
        values["spin_position"], values["spin_hamiltonian_position"] = k_blocks, l_blocks
        values["spin_hamiltonian"] = gauge.spin_hamiltonian(c, pauli, energies)
    for key, path in (("ryoo_spin_position", siu), ("ryoo_spin_hamiltonian_position", shu)):
        if path is not None:
            matrices = read_sxu(path)
            n_k, nntot, _, n_bands, _ = matrices.shape
            _same_counts(c, str(path), bands=n_bands, kpoints=n_k, neighbours=nntot)
            values[key] = gauge.exact_derivatives(c, mesh, matrices)
    return MeshMatrices(c, values, tuple(notes))


def _same_counts(c: Checkpoint, path: str, *, bands: int, kpoints: int, neighbours: int | None = None) -> None:
    mine = {"bands": c.n_bands, "k-points": c.n_k, "neighbours": c.n_neighbours}
    theirs = {"bands": bands, "k-points": kpoints, "neighbours": neighbours}
    wrong = [
        f"{theirs[key]} {key} where the .chk has {mine[key]}" for key in mine if theirs[key] not in (None, mine[key])
    ]
    if wrong:
        raise InputError(
            f"holds {', '.join(wrong)}", where=path, fix=f"take it from the run (and band window) that wrote {c.path}"
        )


def _same_overlaps(c: Checkpoint, mmn: Overlaps, rotated: Complexes) -> None:
    """The checkpoint keeps its overlaps, so an .mmn of another run shows."""
    residual = np.abs(rotated - c.overlaps).max(axis=(2, 3))
    if residual.max() > _SAME_RUN:
        # the lists of neighbours may be ordered differently: compare each with every one of its k-point
        every = np.abs(rotated[:, :, None] - c.overlaps[:, None]).max(axis=(3, 4))
        residual = every.min(axis=2)
    if residual.max() > _SAME_RUN:
        raise InputError(
            f"its overlaps are not those from which {c.path} was made (they differ by {residual.max():.1e})",
            where=mmn.path,
            fix="take .mmn and .chk from the same run",
        )


def _same_states(c: Checkpoint, mmn: Overlaps, pauli: Complexes, path: str) -> None:
    """Spin does not act on exp(-ib.r), so s(k) M_b = M_b s(k+b) up to states outside the Wannier space.

    Exchanged k-points or bands, complex conjugation, or a .spn of another run break this at once.
    """
    away = mmn.neighbour[:, 0]
    m = mmn.matrices[:, None, 0]
    left = gauge.rotate(c.gauge, pauli @ m, c.gauge[away])
    right = gauge.rotate(c.gauge, m @ pauli[away], c.gauge[away])
    scale = np.linalg.norm(left.reshape(c.n_k, -1), axis=1)
    residual = np.linalg.norm((left - right).reshape(c.n_k, -1), axis=1)
    worst = int(np.argmax(residual - _SAME_STATES * scale))
    if residual[worst] > _SAME_STATES * scale[worst]:
        raise InputError(
            f"its spin matrices do not belong to the states of {mmn.path} (k-point {worst + 1})",
            where=path,
            fix="take .spn and .mmn from the same run, with k-points and bands in the same order",
        )
