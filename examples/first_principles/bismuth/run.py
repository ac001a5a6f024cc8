"""Wannier model of monolayer bismuth from nothing but Debian packages: `python3 run.py --workdir DIR`.

Every stage keeps its folder in DIR and is skipped when it has finished with the same input before.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from check import compare, test_points
from espresso import N_ELECTRONS, N_S_STATES, Output, full_mesh, pw_input, read_output, win_input
from structure import Structure

HERE = Path(__file__).parent
PSEUDOPOTENTIAL = "Bi.rel-pbe-nc-d.UPF"
#: Where the relaxation starts: close to its end, to save time.
START = Structure(a=4.568, b=4.873, y=0.1945, z_outer=1.6963, z_inner=1.346)
#: Structure of the convergence tests: not relaxed, so that there are forces and a stress to compare.
STRAINED = Structure(a=4.53, b=4.85, y=0.192, z_outer=1.761, z_inner=1.276)
#: (cutoff in Ry, n of the n x n mesh): one of the two is varied at a time.
CONVERGENCE = ((25, 4), (30, 4), (40, 4), (25, 8), (25, 12))
BANDS_HEADER = "k1 k2 in units of the reciprocal vectors, then the bands of pw.x in eV"
PACKAGES = "sudo apt-get install quantum-espresso wannier90"


@dataclass(frozen=True)
class Settings:
    """Cutoff in Ry and n of the n x n meshes; windows in eV, the frozen one above the lowest empty state."""

    ecut: float = 30
    mesh_cell: int = 6
    mesh_scf: int = 8
    mesh_wannier: int = 8
    bands: int = 36
    frozen: float = 0.9
    outer: float = 5.0


class Workdir:
    """A folder of calculations, each in a folder of its own, none done twice."""

    def __init__(self, folder: Path, processes: int) -> None:
        self.folder = folder
        self.processes = processes
        folder.mkdir(parents=True, exist_ok=True)

    def once(self, name: str, inputs: str, action: Callable[[Path], None]) -> Path:
        """Does action in the folder of that name, unless it was finished from the same inputs before."""
        folder, digest = self.folder / name, fingerprint(inputs)
        stamp = folder / "finished.json"
        if stamp.exists():
            done = json.loads(stamp.read_text())
            if done["inputs"] == digest:
                print(f"{name:24} finished before, in {done['seconds']:.0f} s", flush=True)
                return folder
            stamp.unlink()
        folder.mkdir(parents=True, exist_ok=True)
        start = time.monotonic()
        action(folder)
        seconds = time.monotonic() - start
        stamp.write_text(json.dumps({"inputs": digest, "seconds": round(seconds, 1), "processes": self.processes}))
        print(f"{name:24} {seconds:.0f} s", flush=True)
        return folder

    def program(self, name: str, arguments: list[str], folder: Path, output: str, parallel: bool = True) -> None:
        """Runs a program in the folder, its output into a file there. Ends the script with the reason if it fails."""
        path = shutil.which(name)
        if path is None:
            sys.exit(f"{name} is not installed. On Debian and Ubuntu: {PACKAGES}")
        command = [path, *arguments]
        if parallel and self.processes > 1:
            command = ["mpirun", "-np", str(self.processes), *command]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        with (folder / output).open("wb") as stream:
            done = subprocess.run(command, cwd=folder, env=environment, stdout=stream, stderr=subprocess.STDOUT)
        if done.returncode:
            sys.exit(f"{name} failed (status {done.returncode}): see {folder / output}")

    def pw(self, name: str, text: str, density_of: str = "") -> Output:
        """pw.x on an input, from the charge density of another calculation where one is named."""

        def action(folder: Path) -> None:
            shutil.rmtree(folder / "tmp", ignore_errors=True)
            if density_of:
                source, target = (x / "tmp" / "bi.save" for x in (self.folder / density_of, folder))
                target.mkdir(parents=True)
                for file in (*source.glob("charge-density*"), source / "data-file-schema.xml"):
                    shutil.copy(file, target)
            (folder / "pw.in").write_text(text)
            pools = ["-nk", str(self.processes)] if self.processes > 1 else []
            self.program("pw.x", [*pools, "-in", "pw.in"], folder, "pw.out")
            read_output(folder / "pw.out")  # raises if it broke off

        return read_output(self.once(name, text, action) / "pw.out")


def fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# ---- stages, in the order of the run ----


def pseudopotential(work: Workdir, settings: Settings) -> None:
    """Norm-conserving, fully relativistic, PBE, five valence electrons."""
    text = (HERE / "Bi.ld1.in").read_text()

    def action(folder: Path) -> None:
        (folder / "ld1.in").write_text(text)
        work.program("ld1.x", ["-in", "ld1.in"], folder, "ld1.out", parallel=False)
        shutil.copy(folder / PSEUDOPOTENTIAL, work.folder / PSEUDOPOTENTIAL)

    work.once("pseudopotential", text, action)


def convergence(work: Workdir, settings: Settings) -> None:
    """Cutoff and k mesh at a structure that is not relaxed; the k-points compared belong to every mesh used."""
    print("  Ry  mesh  E (Ry)        largest F (Ry/bohr)  stress xx, yy (kbar)  gap, splitting v, c at (1/4,0) (eV)")
    for ecut, n in CONVERGENCE:
        out = work.pw(f"convergence_{ecut}_{n}", pw_input("scf", STRAINED, ecut, (n, n), N_ELECTRONS + 4))
        e = out.bands[np.abs(np.abs(out.kpoints) - [0.25, 0, 0]).sum(axis=1).argmin()]
        gap, valence, conduction = e[20] - e[19], e[19] - e[18], e[21] - e[20]
        print(
            f"  {ecut:3}  {n:3}   {out.total_energy:.6f}  {np.abs(out.forces).max():.5f}   "
            f"{out.stress[0, 0]:.2f} {out.stress[1, 1]:.2f}   {gap:.4f} {valence:.4f} {conduction:.4f}"
        )


def cell(work: Workdir, settings: Settings) -> None:
    """In-plane lattice constants, on a coarser mesh. Shows only: the run takes the lattice constants of START."""
    mesh = (settings.mesh_cell,) * 2
    out = work.pw("cell", pw_input("vc-relax", START, settings.ecut, mesh, N_ELECTRONS, threshold=1e-8))
    print(f"  {relaxed(out, START.cell)}")


def relax(work: Workdir, settings: Settings) -> None:
    """The atoms, in the cell of START, on the mesh of the final run; and the density."""
    mesh = (settings.mesh_scf,) * 2
    out = work.pw("relax", pw_input("relax", START, settings.ecut, mesh, N_ELECTRONS))
    structure = relaxed(out, START.cell)
    (work.folder / "relax" / "structure.json").write_text(json.dumps(asdict(structure), indent=1))
    left, stress = np.abs(out.forces).max(), np.diag(out.stress)[:2]
    print(f"  largest force {left:.1e} Ry/bohr, in-plane stress {stress} kbar\n  {structure}")


def nscf(work: Workdir, settings: Settings) -> Output:
    """Bands on the whole mesh of the Wannier functions."""
    mesh = full_mesh(settings.mesh_wannier, settings.mesh_wannier)
    return bands_at(work, settings, "nscf", mesh, settings.bands, every_point=True)


def wannier(work: Workdir, settings: Settings) -> None:
    """Overlaps and spin matrices of the bands, then p functions disentangled from them."""
    empty = nscf(work, settings).bands[:, N_ELECTRONS].min()
    grid = (settings.mesh_wannier,) * 2
    windows = (empty + settings.frozen, empty + settings.outer)
    win = win_input(relaxed_structure(work), grid, settings.bands, *windows)
    request = (HERE / "templates" / "pw2wannier90.in").read_text()
    same_bands = fingerprint((work.folder / "nscf" / "pw.in").read_text())

    def overlaps(folder: Path) -> None:
        (folder / "bi.win").write_text(win)
        work.program("wannier90.x", ["-pp", "bi"], folder, "neighbours.out", parallel=False)
        (folder / "pw2wannier90.in").write_text(request)
        shutil.rmtree(folder / "tmp", ignore_errors=True)
        (folder / "tmp").symlink_to(work.folder.resolve() / "nscf" / "tmp")
        work.program("pw2wannier90.x", ["-in", "pw2wannier90.in"], folder, "pw2wannier90.out", parallel=False)

    def functions(folder: Path) -> None:
        for kind in ("amn", "mmn", "eig", "spn"):
            shutil.copy(work.folder / "overlaps" / f"bi.{kind}", folder)
        (folder / "bi.win").write_text(win)
        work.program("wannier90.x", ["bi"], folder, "wannier90.out", parallel=False)

    work.once("overlaps", request + same_bands, overlaps)
    work.once("wannier", win + same_bands, functions)


def check(work: Workdir, settings: Settings) -> None:
    """The interpolated bands against pw.x, on a path and at points that belong to no mesh."""
    points = test_points()
    out = bands_at(work, settings, "bands", points, N_S_STATES + 24)
    report = compare(work.folder / "wannier", points, out.bands)
    (work.folder / "check.json").write_text(json.dumps(report, indent=1))
    for name, value in report.items():
        print(f"  {name}: {value}")


def result(work: Workdir, settings: Settings) -> None:
    """The small files, compressed, in DIR/result. The gauge is in u.mat and u_dis.mat: bi.chk holds overlaps too."""
    target = work.folder / "result"
    target.mkdir(exist_ok=True)
    for name in ("bi_tb.dat", "bi_wsvec.dat", "bi_u.mat", "bi_u_dis.mat", "bi.eig", "bi.spn"):
        with (target / f"{name}.gz").open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as stream:
            stream.write((work.folder / "wannier" / name).read_bytes())
    shutil.copy(work.folder / "wannier" / "bi.win", target)
    shutil.copy(work.folder / "relax" / "structure.json", target)
    points, bands = test_points(), read_output(work.folder / "bands" / "pw.out").bands
    digits = ["%.10f"] * 2 + ["%.4f"] * bands.shape[1]
    np.savetxt(target / "bands.txt", np.hstack([points[:, :2], bands]), digits, header=BANDS_HEADER)
    print(f"  {sum(x.stat().st_size for x in target.iterdir()) / 1e6:.1f} MB in {target}")


STAGES = (pseudopotential, convergence, cell, relax, nscf, wannier, check, result)
#: Not part of a plain run: they say how good its settings are.
TESTS = (convergence, cell)


def bands_at(
    work: Workdir, settings: Settings, name: str, points: np.ndarray, bands: int, every_point: bool = False
) -> Output:
    """Bands at points (n, 3) from the density that the stage relax has left."""
    after = fingerprint((work.folder / "relax" / "pw.in").read_text())
    structure = relaxed_structure(work)
    text = pw_input("bands", structure, settings.ecut, points, bands, 1e-8, every_point, after)
    return work.pw(name, text, density_of="relax")


def relaxed(out: Output, cell: np.ndarray) -> Structure:
    """The last structure of a relaxation; cell (3, 3) where it was kept."""
    assert out.atoms is not None
    return Structure.symmetrised(cell if out.cell is None else out.cell, out.atoms, START.c)


def relaxed_structure(work: Workdir) -> Structure:
    file = work.folder / "relax" / "structure.json"
    if not file.exists():
        sys.exit(f"no {file}: run the stage relax first")
    return Structure(**json.loads(file.read_text()))


def main() -> None:
    names = [stage.__name__ for stage in STAGES]
    plain = [stage.__name__ for stage in STAGES if stage not in TESTS]
    parser = argparse.ArgumentParser(description=__doc__, epilog=f"A plain run: {', '.join(plain)}.")
    parser.add_argument("--workdir", type=Path, required=True, help="folder of the calculations (about 2 GB)")
    parser.add_argument(
        "--stage", choices=names, action="append", help=f"only this one (may be repeated); otherwise {', '.join(plain)}"
    )
    parser.add_argument("--processes", type=int, default=1, help="processes of pw.x, started by mpirun")
    for field, value in asdict(Settings()).items():
        kind = type(value)
        parser.add_argument("--" + field.replace("_", "-"), type=kind, default=value, help=f"default {value}")
    given = vars(parser.parse_args())
    work = Workdir(given.pop("workdir"), given.pop("processes"))
    wanted = given.pop("stage") or plain
    settings = Settings(**given)
    for stage in STAGES:
        if stage.__name__ in wanted:
            stage(work, settings)


if __name__ == "__main__":
    main()
