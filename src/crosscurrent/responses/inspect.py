"""What is this model, is it sound, and which job suits it? Reads Wannier90 files and looks without being told.

Time reversal is tested in real space, T H(R) T^-1 = H(R) with T = i sigma_y K in each spin ordering, so that the
ordering of the file shows. Inversion permutes Wannier functions in a way that the files do not tell, so it is tested
through the bands: with time reversal, inversion makes every band of a spinor model at least twofold at every k, and
the residual is the largest splitting of consecutive pairs at generic k; without time reversal it makes E(k) = E(-k),
and the residual is the largest difference. Both are necessary conditions, and at generic k nothing but inversion (or
in two dimensions a twofold axis across the layer) meets them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.spin_matrices import SpinOrdering, ordered_spin
from crosscurrent.models.tight_binding import TightBinding, hermiticity_residual
from crosscurrent.models.wannier90 import (
    Hoppings,
    load_wannier90,
    read_chk,
    read_eig,
    read_hr,
    read_mmn,
    read_spn,
    read_sxu,
    read_tb,
    read_win,
)
from crosscurrent.models.wannier90.realspace import infer_grid
from crosscurrent.models.wannier90.recognise import companions, recognise
from crosscurrent.responses.inspection import Gap, Inspection, suggested_job
from crosscurrent.units import InputError

Floats = NDArray[np.float64]

_ORDERINGS: tuple[SpinOrdering, ...] = ("block", "interlaced")
#: An ordering is told by time reversal when it keeps it ten times better than the other ordering. A hundred times
#: better counts as time reversal symmetric: what is left is the Wannierisation (fcc Pt: 0.06 eV against 15 eV).
_TOLD = 0.1
_SYMMETRIC = 0.01
#: An ordering is told by the .spn when its on-site spin matrices are those of the ordering to this accuracy (hbar).
_SPIN_TOLD = 0.25
#: Largest |Im H(R)| in eV of a spinless, time-reversal symmetric model.
_REAL = 1e-3


def inspect(*files: str | Path, lattice: ArrayLike | None = None, tie_tolerance: float = 1e-5) -> Inspection:
    """Looks at Wannier90 files, in any order; a single chk, tb or hr brings the companions that stand beside it.

    lattice: (3, 3) rows in angstrom, for a `_hr.dat` without `.win`. Raises InputError for files that cannot be read,
    are of no known kind, contradict each other, or are given twice.
    """
    if not files:
        raise InputError("no file to inspect", where="inspect", fix="give seed_tb.dat, seed_hr.dat or seed.chk")
    kinds: dict[str, str] = {}
    for path in files:
        kind = recognise(path)
        if kind in kinds:
            raise InputError(
                f"a second {kind} file beside {kinds[kind]}", where=str(path), fix="inspect one seed at a time"
            )
        kinds[kind] = str(path)
    notes = []
    if len(files) == 1 and (beside := companions(next(iter(kinds)), files[0])):
        kinds |= beside
        notes.append("read beside it: " + ", ".join(Path(p).name for p in beside.values()))
    given, unused = _route(kinds)
    if unused:
        notes.append("not used: " + ", ".join(Path(kinds[k]).name for k in unused))
    if not given:
        return _counts_only(kinds, notes)
    return _inspect_model(kinds, given, lattice, tie_tolerance, notes)


def _route(kinds: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Which files make the model, and which are left over."""
    routes = {
        "chk": ("chk", "eig", "mmn", "spn", "shu", "siu", "win"),
        "tb": ("tb", "wsvec", "win"),
        "hr": ("hr", "wsvec", "centres", "win"),
    }
    for main, members in routes.items():
        if main in kinds and (main != "chk" or "eig" in kinds):
            used = {k: kinds[k] for k in members if k in kinds}
            return used, [k for k in kinds if k not in used]
    return {}, []


def _counts_only(kinds: Mapping[str, str], notes: list[str]) -> Inspection:
    """Files that do not make a model by themselves: their dimensions."""
    counts: dict[str, int] = {}
    mesh = lattice = centres = spreads = None
    for kind, path in kinds.items():
        if kind == "eig":
            counts["k-points"], counts["bands"] = read_eig(path).shape
        elif kind == "mmn":
            counts["k-points"], counts["neighbours"], counts["bands"], _ = read_mmn(path).matrices.shape
        elif kind == "spn":
            counts["k-points"], _, counts["bands"], _ = read_spn(path).shape
        elif kind in ("shu", "siu"):
            counts["k-points"], counts["neighbours"], _, counts["bands"], _ = read_sxu(path).shape
        elif kind == "win":
            win = read_win(path)
            mesh, lattice = win.grid, win.lattice
        elif kind == "chk":
            c = read_chk(path)
            counts |= {"Wannier functions": c.n_states, "bands": c.n_bands, "k-points": c.n_k}
            mesh, lattice, centres, spreads = c.grid, c.lattice, c.centres, c.spreads
    notes.append("no model: give seed_tb.dat, seed_hr.dat, or seed.chk together with seed.eig")
    return Inspection(tuple(kinds.items()), counts, lattice, mesh, centres=centres, spreads=spreads, notes=tuple(notes))


def _inspect_model(
    kinds: Mapping[str, str],
    given: dict[str, str],
    lattice: ArrayLike | None,
    tie_tolerance: float,
    notes: list[str],
) -> Inspection:
    options: dict[str, Any] = {"tie_tolerance": tie_tolerance}
    counts: dict[str, int] = {}
    mesh = spreads = hermiticity = None
    known_lattice = True
    if "chk" in given:
        c = read_chk(given["chk"])
        counts |= {"bands": c.n_bands, "k-points": c.n_k, "neighbours": c.n_neighbours}
        mesh, spreads = c.grid, c.spreads
    else:
        hoppings = read_tb(given["tb"]) if "tb" in given else read_hr(given["hr"])
        counts |= {"lattice vectors in the file": len(hoppings.vectors), "k-points": round(hoppings.weight_sum)}
        hermiticity = hermiticity_residual(hoppings.vectors, hoppings.hamiltonian)
        win = read_win(given["win"]) if "win" in given else None
        mesh = win.grid if win else _mesh_of(hoppings)
        known_lattice = hoppings.lattice is not None or lattice is not None or bool(win and win.lattice is not None)
        if not known_lattice:
            notes.append("no lattice known: give it, or the .win; distances and centres are left out")
            lattice, options["wigner_seitz"] = np.eye(3), "wsvec" in given
            given = {k: v for k, v in given.items() if k != "centres"}
        options |= {"lattice": lattice, "hermiticity_tolerance": 1e6}
    model = load_wannier90(**{**options, **given})
    counts = {"Wannier functions": model.n_states, "lattice vectors": len(model.vectors), **counts}
    reversal, agreement = _time_reversal(model), _spin_agreement(model)
    ordering = _told(reversal, agreement)
    bands, gaps = _bands(model, mesh)
    return Inspection(
        files=tuple(kinds.items()),
        counts=counts,
        lattice=model.cell if known_lattice else None,
        mesh=mesh,
        hermiticity=hermiticity,
        time_reversal=reversal,
        spin_matrices=agreement,
        ordering=ordering,
        inversion=_inversion(model, _kramers(reversal), reversal["spinless"] < _REAL),
        reach=float(np.linalg.norm(model.vectors @ model.cell, axis=1).max()) if known_lattice else None,
        decay=_decay(model) if known_lattice else (),
        bands=bands,
        gaps=gaps,
        centres=model.positions if known_lattice and ("hr" not in given or "centres" in given) else None,
        spreads=spreads,
        notes=(*notes, *model.notes),
        job=suggested_job(
            given, lattice if known_lattice else None, ordering, model.cell, mesh, bands, gaps, tie_tolerance
        ),
    )


def _mesh_of(hoppings: Hoppings) -> tuple[int, int, int] | None:
    try:
        return infer_grid(hoppings)
    except InputError:
        return None


def _time_reversal(model: TightBinding) -> dict[str, float]:
    """Largest |T H(R) T^-1 - H(R)| in eV for T = K and, for an even number of functions, T = i sigma_y K."""
    h = model.hamiltonian
    residuals = {"spinless": float(np.abs(h.imag).max() * 2)}
    if model.n_states % 2 == 0:
        for ordering in _ORDERINGS:
            # i sigma_y = 2 i s_y exchanges the members of each pair with a sign
            turn = 2j * ordered_spin(model.n_states, ordering)[1]
            residuals[ordering] = float(np.abs(turn @ h.conj() @ turn.conj().T - h).max())
    return residuals


def _spin_agreement(model: TightBinding) -> dict[str, float] | None:
    """Largest difference (hbar) between the on-site spin matrices of the .spn and those of each ordering."""
    if model.spin is None or model.spin.is_constant or model.n_states % 2:
        return None
    home = model.spin.blocks[np.flatnonzero(~model.spin.vectors.any(axis=1))[0]]
    return {o: float(np.abs(home - ordered_spin(model.n_states, o)).max()) for o in _ORDERINGS}


def _told(reversal: Mapping[str, float], spin: Mapping[str, float] | None) -> SpinOrdering | None:
    """The spin ordering that the spin matrices tell, or without them time reversal."""
    residuals = spin if spin else reversal
    if not all(o in residuals for o in _ORDERINGS):
        return None
    best: SpinOrdering = "block" if residuals["block"] < residuals["interlaced"] else "interlaced"
    other: SpinOrdering = "interlaced" if best == "block" else "block"
    if spin:
        return best if spin[best] < _SPIN_TOLD and spin[best] < 0.5 * spin[other] else None
    return best if reversal[best] < _TOLD * reversal[other] else None


def _kramers(reversal: Mapping[str, float]) -> bool:
    """Whether time reversal with T^2 = -1 holds in one of the orderings."""
    if not all(o in reversal for o in _ORDERINGS):
        return False
    low, high = sorted(reversal[o] for o in _ORDERINGS)
    return low < _SYMMETRIC * high


def _generic_points(dim: int) -> Floats:
    """Twelve reduced k-points on no symmetry element: multiples of the generalised golden ratio."""
    root = {2: 1.3247179572447460, 3: 1.2207440846057596}[dim]
    return np.asarray((np.arange(1, 13)[:, None] * root ** -np.arange(1.0, dim + 1)) % 1.0)


def _energies(model: TightBinding, reduced: Floats) -> Floats:
    h = model.matrices(reduced @ model.reciprocal).h
    return np.asarray(np.linalg.eigvalsh(h))


def _inversion(model: TightBinding, kramers: bool, real: bool) -> float | None:
    """Residual in eV; None when the bands of a spinless, time-reversal symmetric model cannot tell."""
    points = _generic_points(model.dim)
    e = _energies(model, points)
    if kramers:
        return float((e[:, 1::2] - e[:, ::2]).max())
    return None if real else float(np.abs(e - _energies(model, -points)).max())


def _decay(model: TightBinding) -> tuple[tuple[float, float], ...]:
    distance = np.linalg.norm(model.vectors @ model.cell, axis=1)
    largest = np.abs(model.hamiltonian).max(axis=(1, 2))
    marks = np.linspace(0.0, distance.max(), 7)[:-1]
    return tuple((float(m), float(largest[distance >= m - 1e-9].max())) for m in marks)


def _bands(model: TightBinding, mesh: tuple[int, int, int] | None) -> tuple[tuple[float, float], tuple[Gap, ...]]:
    """Band range, and gaps wider than 20 meV, on a coarse mesh of at most some hundred points."""
    side = {2: 12, 3: 6}[model.dim]
    axes = [np.arange(n) / n for n in ([side] * model.dim)]
    if mesh is not None:
        axes = [a if n > 1 else np.zeros(1) for a, n in zip(axes, mesh, strict=False)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, model.dim)
    e = _energies(model, np.concatenate([grid, _generic_points(model.dim)]) if mesh is None or 1 not in mesh else grid)
    top, bottom = e.max(axis=0), e.min(axis=0)
    gaps = [
        Gap(n, float(top[n - 1]), float(bottom[n])) for n in range(1, model.n_states) if bottom[n] - top[n - 1] > 0.02
    ]
    gaps.sort(key=lambda g: g.below - g.above)
    return (float(bottom[0]), float(top[-1])), tuple(gaps[:5])
