"""Wannier90 files to a tight-binding model: the one public entry of this package."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.bloch import AXES, Operator
from crosscurrent.models.spin_matrices import SpinOrdering, ordered_spin
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.models.wannier90 import realspace
from crosscurrent.models.wannier90.files import Integers
from crosscurrent.models.wannier90.from_checkpoint import mesh_matrices
from crosscurrent.models.wannier90.from_hoppings import Parts, from_hoppings, image_note
from crosscurrent.models.wannier90.hoppings import read_hr, read_tb
from crosscurrent.models.wannier90.listings import Win, read_win
from crosscurrent.units import InputError

Complexes = NDArray[np.complex128]
PathLike = str | Path

#: <0a|r|Rb> from finite differences is Hermitian only to the error of the mesh; a larger residual (angstrom) is noted.
_POSITION_NOTE = 1e-3


def load_wannier90(
    *,
    tb: PathLike | None = None,
    hr: PathLike | None = None,
    wsvec: PathLike | None = None,
    centres: PathLike | None = None,
    lattice: ArrayLike | None = None,
    win: PathLike | None = None,
    chk: PathLike | None = None,
    eig: PathLike | None = None,
    mmn: PathLike | None = None,
    spn: PathLike | None = None,
    shu: PathLike | None = None,
    siu: PathLike | None = None,
    spin_ordering: SpinOrdering | None = None,
    wigner_seitz: bool = True,
    tie_tolerance: float = 1e-5,
    translation_invariant_centres: bool = False,
    hermiticity_tolerance: float = 1e-6,
    dim: int = 3,
    name: str | None = None,
) -> TightBinding:
    """A tight-binding model from Wannier90 files; any of them may be gzipped.

    Give one of: `tb`; or `hr` with `lattice` (3, 3) rows in angstrom or `win`, and `centres`; or `chk` with `eig`.
    Beside `tb` or `hr`, `wsvec` places every matrix element on the images that Wannier90 chose. Beside `chk`, `mmn`
    adds the position matrix <0a|r|Rb> (and with it the full Berry curvature), `spn` the spin operator; `mmn` and
    `spn` together the blocks of Qiao's spin current, `shu` and `siu` with `mmn` those of Ryoo's.

    spin_ordering: "block" (all spin-up functions first) or "interlaced" (up, down, up, down), where no `spn` is given;
    None leaves the model without a spin operator. wigner_seitz: True places each pair of functions on its nearest
    images (as Wannier90 with use_ws_distance = .true.), False keeps one Wigner-Seitz cell for all pairs.
    tie_tolerance: images whose distances differ by less, in angstrom, share the matrix element.
    translation_invariant_centres: diagonal of the position matrix from the phases of the overlaps, as `_tb.dat` has
    it, instead of their linear form. hermiticity_tolerance: largest |H(R) - H(-R)^dagger| in eV that is accepted.
    dim: 2 for a layer in the xy plane with one k-point across it.

    The model carries `extra_blocks` on its own vectors, in the Wannier gauge with phases exp(ik.R):
    "spin_position" (nR, 3 spin, 3 direction, n, n) hbar angstrom, K_ab = <u_a|s_l|i d_i u_b>; "spin_hamiltonian"
    (nR, 3, n, n) hbar eV, <u_a|s_l H|u_b>; "spin_hamiltonian_position" (nR, 3, 3, n, n) hbar eV angstrom,
    L_ab = <u_a|s_l H|i d_i u_b> (Qiao et al., PRB 98, 214402 (2018)); the first and the last again with the prefix
    "ryoo_" when `shu` and `siu` are given (Ryoo et al., PRB 99, 235113 (2019)). Spin is in units of hbar (sigma/2).

    Raises InputError, with the file, for missing, truncated, foreign or contradicting files (counts, overlaps and spin
    matrices are compared), a non-Hermitian H(R), an
    odd number of functions with a spin ordering, and arguments that do not go together.
    """
    _check_request(locals())
    cell = read_win(win) if win is not None else None
    if chk is not None:
        parts = _from_chk(chk, eig, mmn, spn, shu, siu, wigner_seitz, tie_tolerance, translation_invariant_centres)
        _agree_with_win(parts, cell, str(chk))
    else:
        hoppings = read_tb(tb) if tb is not None else read_hr(str(hr))
        parts = from_hoppings(hoppings, wsvec, centres, lattice, cell, wigner_seitz, tie_tolerance, dim)
    main = str(tb or hr or chk)
    _reduce(parts, dim, hermiticity_tolerance, main)
    values = parts.values
    spin = _spin(values.pop("spin", None), parts.vectors, spin_ordering, len(parts.centres), main, parts.notes)
    used = [str(f) for f in (tb, hr, wsvec, centres, win, chk, eig, mmn, spn, shu, siu) if f is not None]
    return TightBinding(
        lattice=parts.lattice,
        vectors=parts.vectors,
        hamiltonian=values.pop("hamiltonian"),
        positions=parts.centres,
        dim=dim,
        spin=spin,
        position_blocks=values.pop("position", None),
        extra_blocks=values,
        name=name or seed_name(main),
        source="Wannier90 files: " + ", ".join(Path(f).name for f in used),
        notes=tuple(parts.notes),
    )


def seed_name(path: PathLike) -> str:
    """The seed of a Wannier90 file name: bi for bi_tb.dat.gz."""
    return re.sub(r"(_tb\.dat|_hr\.dat|\.chk(\.fmt)?)?(\.gz)?$", "", Path(path).name) or "wannier90"


def _check_request(given: dict[str, object]) -> None:
    """Which arguments go together."""
    mains = [m for m in ("tb", "hr", "chk") if given[m] is not None]
    if len(mains) != 1:
        raise InputError(
            f"give one of tb, hr and chk, got {' and '.join(mains) or 'none'}", where="wannier90", fix="name one file"
        )
    needs = {"eig": "chk", "mmn": "chk", "spn": "chk", "shu": "mmn", "siu": "mmn", "centres": "hr"}
    for part, main in needs.items():
        if given[part] is not None and given[main] is None:
            raise InputError(
                f"{part} is of use only with {main}", where=str(given[part]), fix=f"give {main} or drop it"
            )
    if given["chk"] is not None and given["eig"] is None:
        raise InputError("chk holds no energies", where=str(given["chk"]), fix="give the eig file of the same run too")
    if given["wsvec"] is not None and (given["chk"] is not None or not given["wigner_seitz"]):
        raise InputError(
            "wsvec needs tb or hr, and wigner_seitz = true", where=str(given["wsvec"]), fix="drop one of the two"
        )
    if (given["shu"] is None) != (given["siu"] is None):
        raise InputError("shu and siu are of use only together", where="wannier90", fix="give both")
    if given["spin_ordering"] not in (None, "block", "interlaced"):
        raise InputError(
            f"spin_ordering is 'block' or 'interlaced', got {given['spin_ordering']!r}", where="spin_ordering"
        )
    if given["spn"] is not None and given["spin_ordering"] is not None:
        raise InputError("spin comes from spn or from spin_ordering", where="spin_ordering", fix="drop one of the two")
    for key in ("tie_tolerance", "hermiticity_tolerance"):
        value = given[key]
        if not (isinstance(value, int | float) and np.isfinite(value) and value > 0):
            raise InputError(f"{key} must be positive, got {value}", where=key)
    if given["dim"] not in (2, 3):
        raise InputError(f"dim must be 2 or 3, got {given['dim']}", where="dim")


def _from_chk(
    chk: PathLike,
    eig: PathLike | None,
    mmn: PathLike | None,
    spn: PathLike | None,
    shu: PathLike | None,
    siu: PathLike | None,
    wigner_seitz: bool,
    tie_tolerance: float,
    invariant: bool,
) -> Parts:
    assert eig is not None
    mesh = mesh_matrices(chk, eig, mmn=mmn, spn=spn, shu=shu, siu=siu, translation_invariant_centres=invariant)
    c = mesh.checkpoint
    images = realspace.minimal_images(
        c.lattice, c.grid, c.centres if wigner_seitz else np.zeros_like(c.centres), tie_tolerance
    )
    values = {
        key: realspace.expand(realspace.transform(value, c.kpoints, c.grid, c.path), images)
        for key, value in mesh.values.items()
    }
    parts = Parts(c.lattice, c.centres, images.vectors, values, c.grid, list(mesh.notes))
    parts.notes.append(image_note(wigner_seitz, tie_tolerance, images))
    return parts


def _agree_with_win(parts: Parts, win: Win | None, chk: str) -> None:
    if win is None:
        return
    lattice = win.lattice is not None and np.abs(win.lattice - parts.lattice).max() > 1e-4
    if lattice or (win.grid is not None and win.grid != parts.grid):
        raise InputError(f"its lattice or mesh differs from that of {chk}", where=win.path, fix="use one run's files")


def _reduce(parts: Parts, dim: int, tolerance: float, where: str) -> None:
    """Two dimensions, R -> -R, and Hermiticity."""
    vectors, values = parts.vectors, parts.values
    if dim == 2:
        if parts.grid is not None and parts.grid[2] != 1:
            raise InputError(
                f"dim = 2 needs one k-point along the third axis, the mesh is {parts.grid}",
                where=where,
                fix="use dim = 3",
            )
        vectors, values = realspace.project_layers(vectors, values)
    vectors, values = realspace.close_inversion(vectors, values)
    values["hamiltonian"], residual = realspace.hermitian_part(values["hamiltonian"])
    # text files carry six decimals: a last digit that rounds differently is at the tolerance, not beyond it
    if residual > tolerance * (1 + 1e-6):
        raise InputError(
            f"H(R) is not Hermitian: |H(R) - H(-R)^dagger| reaches {residual:.2e} eV (tolerance {tolerance:.0e})",
            where=where,
            fix="check that the file is complete, or raise hermiticity_tolerance knowingly",
        )
    if "position" in values:
        values["position"], residual = realspace.hermitian_part(values["position"])
        if residual > _POSITION_NOTE:
            parts.notes.append(f"the position matrix was made Hermitian (residual {residual:.1e} angstrom)")
    if "spin" in values:
        values["spin"], _ = realspace.hermitian_part(values["spin"])
    parts.vectors, parts.values = vectors, values


def _spin(
    blocks: Complexes | None,
    vectors: Integers,
    ordering: SpinOrdering | None,
    n: int,
    where: str,
    notes: list[str],
) -> Operator | None:
    if blocks is not None:
        return Operator(AXES, "hbar", vectors, blocks)
    if ordering is None:
        return None
    notes.append(f"spin operator from the ordering '{ordering}' of the Wannier functions, not from matrix elements")
    return Operator.constant(ordered_spin(n, ordering, where))
