"""Input files of pw.x and wannier90.x from the templates, and the numbers of their output files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from string import Template

import numpy as np
from structure import Structure

TEMPLATES = Path(__file__).parent / "templates"
N_ELECTRONS = 20
#: States below the p bands: the 6s shells of four atoms.
N_S_STATES = 8
#: Namelists of a relaxation; upscale: the density need not get ever more accurate on the way.
IONS = "&ions\n  upscale = 10\n/\n"
MOTION = {"relax": IONS, "vc-relax": IONS + "&cell\n  cell_dofree = 'xy', press_conv_thr = 0.5\n/\n"}


@dataclass(frozen=True)
class Output:
    """What pw.x printed last. Energies: eV, the total energy in Ry, forces (4, 3) in Ry/bohr, stress (3, 3) in kbar."""

    total_energy: float
    forces: np.ndarray
    stress: np.ndarray
    kpoints: np.ndarray
    bands: np.ndarray
    cell: np.ndarray | None
    atoms: np.ndarray | None


def rows(values: np.ndarray, label: str = "", digits: int = 10) -> str:
    """One line for each row of (n, m)."""
    return "\n".join(label + " ".join(f"{x:.{digits}f}" for x in row) for row in values)


def full_mesh(n1: int, n2: int) -> np.ndarray:
    """(n1 n2, 3) in units of the reciprocal vectors, in the order that wannier90.x expects."""
    return np.array([(i / n1, j / n2, 0.0) for i in range(n1) for j in range(n2)])


def pw_input(
    calculation: str,
    structure: Structure,
    ecut: float,
    points: tuple[int, int] | np.ndarray,
    bands: int,
    threshold: float = 1e-9,
    every_point: bool = False,
    after: str = "",
) -> str:
    """points: a mesh (n1, n2) that pw.x reduces by symmetry, or (n, 3). every_point: keep k and -k both."""
    if isinstance(points, tuple):
        listed = f"automatic\n{points[0]} {points[1]} 1 0 0 0"
    else:
        listed = f"crystal\n{len(points)}\n" + rows(np.column_stack([points, np.full(len(points), 1 / len(points))]))
    text = Template((TEMPLATES / "pw.in").read_text()).substitute(
        calculation=calculation,
        ecut=f"{ecut:g}",
        bands=bands,
        system="  nosym = .true., noinv = .true." if every_point else "",
        threshold=f"{threshold:.0e}",
        control="  forc_conv_thr = 6e-4, etot_conv_thr = 1e-5\n" if calculation in MOTION else "",
        motion=MOTION.get(calculation, ""),
        cell=rows(structure.cell),
        atoms=rows(structure.atoms, "Bi "),
        points=listed,
    )
    return f"! density: {after}\n{text}" if after else text


def win_input(structure: Structure, grid: tuple[int, int], bands: int, frozen: float, outer: float) -> str:
    """The input of wannier90.x; frozen, outer: upper ends of the two energy windows, eV."""
    return Template((TEMPLATES / "wannier90.win").read_text()).substitute(
        num_bands=bands - N_S_STATES,
        excluded=N_S_STATES,
        frozen=f"{frozen:.4f}",
        outer=f"{outer:.4f}",
        cell=rows(structure.cell),
        atoms=rows(structure.atoms, "Bi "),
        grid=f"{grid[0]} {grid[1]} 1",
        points=rows(full_mesh(*grid)),
    )


def read_output(path: Path) -> Output:
    """Reads a finished output of pw.x; raises ValueError where the run broke off."""
    text = path.read_text()
    if "JOB DONE" not in text:
        raise ValueError(f"{path}: pw.x did not finish; its last lines are\n" + "\n".join(text.splitlines()[-8:]))
    energies = re.findall(r"^!\s+total energy\s+=\s+(\S+) Ry", text, re.M)
    head = text.rfind("Forces acting on atoms")
    force = re.findall(r"atom +\d+ type +1 +force = +(\S+) +(\S+) +(\S+)", text[head:])[:4] if head >= 0 else []
    stress = re.findall(r"\(kbar\) +P=.*\n" + r"(?: +\S+){3}((?: +\S+){3})\n" * 3, text)
    cells = re.findall(r"CELL_PARAMETERS \(angstrom\)\n(.*)\n(.*)\n(.*)\n", text)
    atoms = re.findall(r"ATOMIC_POSITIONS \(angstrom\)\nBi (.*)\nBi (.*)\nBi (.*)\nBi (.*)\n", text)
    listed = re.search(r"cryst\. coord\.\n((?:\s+k\(.*\n)+)", text)
    k = re.findall(r"= \(\s*(\S+)\s+(\S+)\s+(\S+)\), wk", listed[1]) if listed else []
    return Output(
        total_energy=float(energies[-1]) if energies else float("nan"),
        forces=np.array(force, float),
        stress=np.array([row.split() for row in stress[-1]], float) if stress else np.empty((0, 3)),
        kpoints=np.array(k, float),
        bands=_bands(text),
        cell=np.array([row.split() for row in cells[-1]], float) if cells else None,
        atoms=np.array([row.split()[:3] for row in atoms[-1]], float) if atoms else None,
    )


def _bands(text: str) -> np.ndarray:
    """(n_k, n_bands) of the last list of bands."""
    last = max(text.rfind("End of self-consistent"), text.rfind("End of band structure"))
    blocks = re.findall(r" k =.*bands \(ev\):\s*\n\n((?:[ \t]+-?\d.*\n)+)", text[max(last, 0) :])
    return np.array([re.findall(r"-?\d+\.\d{4}", block) for block in blocks], float)
