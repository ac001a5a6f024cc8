"""What `inspect` found: the record, its plain-text rendering, and the job it suggests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.spin_matrices import SpinOrdering

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Gap:
    """Energies (eV) between which no band lies at the k-points looked at; filled: bands below."""

    filled: int
    below: float
    above: float


@dataclass(frozen=True)
class Inspection:
    """What was found. Energies in eV, lengths in angstrom; None or empty where the files do not tell.

    files: (kind, path). counts: e.g. {"Wannier functions": 24, "lattice vectors": 49, "bands": 32, "k-points": 36}.
    hermiticity: largest |H(R) - H(-R)^dagger| of the file. time_reversal: residual in each spin ordering, and
    "spinless" for T = K. spin_matrices: largest difference between the spin operator of the .spn at R = 0 and that of
    each ordering (hbar). ordering: the spin ordering that these tell, or None. inversion: residual, see the
    module `inspect`.
    reach: largest |R|. decay: (|R|, largest |H(R)| from there on). bands: lowest and highest energy. gaps: widest
    first. centres: (n, 3). spreads: (n,) angstrom^2. job: TOML text of a suggested job.
    """

    files: tuple[tuple[str, str], ...]
    counts: Mapping[str, int]
    lattice: Floats | None = None
    mesh: tuple[int, int, int] | None = None
    hermiticity: float | None = None
    time_reversal: Mapping[str, float] | None = None
    spin_matrices: Mapping[str, float] | None = None
    ordering: SpinOrdering | None = None
    inversion: float | None = None
    reach: float | None = None
    decay: tuple[tuple[float, float], ...] = ()
    bands: tuple[float, float] | None = None
    gaps: tuple[Gap, ...] = ()
    centres: Floats | None = None
    spreads: Floats | None = None
    notes: tuple[str, ...] = ()
    job: str = ""

    def __str__(self) -> str:
        return "\n".join(_render(self))


def suggested_job(
    given: Mapping[str, str],
    lattice: ArrayLike | None,
    ordering: SpinOrdering | None,
    cell: Floats,
    mesh: tuple[int, int, int] | None,
    bands: tuple[float, float],
    gaps: tuple[Gap, ...],
    tie_tolerance: float,
) -> str:
    flat = mesh is not None and mesh[2] == 1 and float(np.abs(cell[:2, 2]).max()) < 1e-6
    lines = ["[model]", 'kind = "wannier90"']
    lines += [f"{kind} = {json.dumps(path)}" for kind, path in given.items()]
    if lattice is not None and "tb" not in given:
        lines.append(f"lattice = {np.asarray(lattice, dtype=float).tolist()}")
    if "spn" not in given:
        lines.append(
            f'spin_ordering = "{ordering}"' if ordering else '# spin_ordering = "block" or "interlaced": not told'
        )
    lines += [f"tie_tolerance = {tie_tolerance:g}", f"dim = {2 if flat else 3}"]
    start, stop = bands
    if gaps:
        start, stop = gaps[0].below - 1.0, gaps[0].above + 1.0
    lines += ["", "[spin_hall]", f"mu = {{ start = {start:.2f}, stop = {stop:.2f}, num = 101 }}"]
    lines += ["", "[zone]", 'method = "uniform"', f"mesh = {[60, 60] if flat else [24, 24, 24]}", ""]
    return "\n".join(lines)


def _render(i: Inspection) -> list[str]:
    out = [f"{kind:<8} {path}" for kind, path in i.files] + [""]
    out += [f"{number:>8} {name}" for name, number in i.counts.items()]
    if i.mesh:
        out.append(f"{'x'.join(map(str, i.mesh)):>8} k-mesh")
    if i.lattice is not None:
        out += ["lattice (angstrom)"] + ["  " + "  ".join(f"{x:10.5f}" for x in row) for row in i.lattice]
    if i.hermiticity is not None:
        out.append(f"Hermiticity of H(R): residual {i.hermiticity:.1e} eV")
    if i.time_reversal:
        out.append("time reversal, residual: " + ", ".join(f"{k} {v:.1e} eV" for k, v in i.time_reversal.items()))
    if i.spin_matrices:
        out.append(
            "spin matrices against each ordering: " + ", ".join(f"{k} {v:.2f} hbar" for k, v in i.spin_matrices.items())
        )
    if i.time_reversal:
        out.append(f"spin ordering: {i.ordering or 'not told (magnetic, spinless, or functions in another order)'}")
        told = "not told by the bands" if i.inversion is None else f"residual {i.inversion:.1e} eV (through the bands)"
        out.append(f"inversion: {told}")
    if i.bands:
        out.append(f"bands from {i.bands[0]:.3f} to {i.bands[1]:.3f} eV")
    out += [f"gap above {g.filled} bands: {g.below:.3f} to {g.above:.3f} eV (coarse mesh)" for g in i.gaps]
    if i.reach is not None:
        out.append(f"largest |R| {i.reach:.2f} angstrom; largest |H| at and beyond a distance:")
        out += [f"  {distance:7.2f} angstrom  {size:.2e} eV" for distance, size in i.decay]
    if i.centres is not None:
        out.append("Wannier centres (angstrom)" + ("  and spreads (angstrom^2)" if i.spreads is not None else ""))
        for n, tau in enumerate(i.centres):
            spread = f"  {i.spreads[n]:9.4f}" if i.spreads is not None else ""
            out.append(f"  {n:4d} " + " ".join(f"{x:10.5f}" for x in np.round(tau, 5) + 0.0) + spread)
    out += [f"note: {note}" for note in i.notes]
    if i.job:
        out += ["", "suggested job:", ""] + ["  " + line if line else "" for line in i.job.split("\n")]
    return out
