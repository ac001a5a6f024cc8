"""Force constants of cubic BaTiO3 from nothing but Debian packages: `python3 run.py --workdir DIR`.

Every stage keeps its folder in DIR and is skipped when it has finished with the same input before.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

import numpy as np
from check import POINTS, compare, soft_displacement
from ddb import HARTREE
from harmonic import load, phonopy_yaml

HERE = Path(__file__).parent
PACKAGES = "sudo apt-get install abinit abinit-data openmpi-bin"
#: Where the relaxation starts, bohr.
START = 7.449
#: One wave vector of each star of the 2 x 2 x 2 grid, the zone centre apart.
WAVES = {"x": "0.5 0.0 0.0", "m": "0.5 0.5 0.0", "r": "0.5 0.5 0.5"}
#: Displacements of Ti along the soft mode at which the energy is asked for, angstrom.
AMPLITUDES = (0.0, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.10)


@dataclass(frozen=True)
class Settings:
    """Cutoff in Ha; the k mesh is mesh x mesh x mesh, shifted; the folder of the pseudopotentials."""

    ecut: float = 38
    mesh: int = 4
    pseudopotentials: str = "/usr/share/abinit/psp/Pseudodojo_nc_sr_04_pw_standard_psp8"


class Workdir:
    """A folder of calculations, each in a folder of its own, none done twice."""

    def __init__(self, folder: Path, processes: int) -> None:
        self.folder = folder
        self.processes = processes
        folder.mkdir(parents=True, exist_ok=True)

    def once(self, name: str, inputs: str, action: Callable[[Path], None]) -> Path:
        """Does action in the folder of that name, unless it was finished from the same inputs before."""
        folder, digest = self.folder / name, hashlib.sha256(inputs.encode()).hexdigest()[:16]
        stamp = folder / "finished.json"
        if stamp.exists():
            done = json.loads(stamp.read_text())
            if done["inputs"] == digest:
                print(f"{name:16} finished before, in {done['seconds']:.0f} s", flush=True)
                return folder
            stamp.unlink()
        folder.mkdir(parents=True, exist_ok=True)
        start = time.monotonic()
        action(folder)
        seconds = round(time.monotonic() - start, 1)
        stamp.write_text(json.dumps({"inputs": digest, "seconds": seconds, "processes": self.processes}))
        print(f"{name:16} {seconds:.0f} s", flush=True)
        return folder

    def abinit(self, name: str, text: str) -> Path:
        """abinit on an input, in a folder of its own; returns the folder."""

        def action(folder: Path) -> None:
            for left in folder.glob(f"{name}o_*"):
                left.unlink()
            (folder / f"{name}.abi").write_text(text)
            self.program("abinit", [f"{name}.abi"], folder, f"{name}.log")

        return self.once(name, text, action)

    def program(self, name: str, arguments: list[str], folder: Path, output: str, standard_input: str = "") -> None:
        """Runs a program in the folder, its output into a file there. Ends the script with the reason if it fails."""
        path = shutil.which(name)
        if path is None:
            sys.exit(f"{name} is not installed. On Debian and Ubuntu: {PACKAGES}")
        command = [path, *arguments]
        if name == "abinit" and self.processes > 1:
            command = ["mpirun", "-np", str(self.processes), *command]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        with (folder / output).open("wb") as stream:
            done = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                stdout=stream,
                stderr=subprocess.STDOUT,
                input=standard_input.encode(),
            )
        if done.returncode:
            sys.exit(f"{name} failed (status {done.returncode}): see {folder / output}")


# ---- inputs ----


def template(name: str, **values: object) -> str:
    return Template((HERE / "templates" / f"{name}.abi").read_text()).substitute(values)


def common(settings: Settings, acell: float) -> str:
    return template("common", acell=f"{acell:.10f}", **asdict(settings))


def reference(positions: np.ndarray | None = None) -> str:
    """The line of reduced positions; of the cubic crystal without an argument."""
    cubic = np.array([[0, 0, 0], [1, 1, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]]) / 2
    rows = cubic if positions is None else positions
    return "xred " + "  ".join(" ".join(f"{x:.10f}" for x in row) for row in rows) + "\n"


# ---- stages, in the order of the run ----


def relax(work: Workdir, settings: Settings) -> None:
    """The lattice constant."""
    work.abinit("relax", common(settings, START) + reference() + template("relax"))
    print(f"  lattice constant {relaxed(work):.10f} bohr")


def ground(work: Workdir, settings: Settings) -> None:
    """Wave functions of the cubic crystal."""
    work.abinit("ground", common(settings, relaxed(work)) + reference() + template("ground"))


def gamma(work: Workdir, settings: Settings) -> None:
    """Displacements and electric field at the zone centre."""
    work.abinit("gamma", common(settings, relaxed(work)) + reference() + template("gamma"))


def waves(work: Workdir, settings: Settings) -> None:
    """Displacements at X, M and R, each in a folder of its own."""
    for name, q in WAVES.items():
        work.abinit(name, common(settings, relaxed(work)) + reference() + template("phonon", q=q))


def convert(work: Workdir, settings: Settings) -> None:
    """Force constants of the supercell, in phonopy's format."""
    files = databases(work)
    crystal = load(files)
    (work.folder / "phonopy_params.yaml").write_text(phonopy_yaml(crystal))
    print(f"  lattice constant {crystal.header.lattice[0, 0]:.6f} angstrom, eps_inf {crystal.dielectric[0, 0]:.4f}")
    for name, value in asdict(crystal.residuals).items():
        print(f"  residual of {name}: {value:.2e}")


def check(work: Workdir, settings: Settings) -> None:
    """The frequencies of anaddb, on the wave vectors of the grid and between them."""
    files = databases(work)
    points = "\n".join(" ".join(map(str, q)) + " 1" for q in POINTS)
    text = template("anaddb", n_points=len(POINTS), points=points)
    merge = "\n".join(["merged_DDB", "cubic BaTiO3", str(len(files)), *map(str, files)]) + "\n"
    names = "\n".join(["anaddb.abi", "anaddb.out", "merged_DDB", "none", "none", "none", "none"]) + "\n"

    def action(folder: Path) -> None:
        (folder / "merged_DDB").unlink(missing_ok=True)
        (folder / "anaddb.abi").write_text(text)
        work.program("mrgddb", [], folder, "mrgddb.log", merge)
        work.program("anaddb", [], folder, "anaddb.log", names)

    folder = work.once("anaddb", text + "".join(file.read_text() for file in files), action)
    compare(load(files), folder / "anaddb.out")


def well(work: Workdir, settings: Settings) -> None:
    """Energies along the soft mode in the cubic cell."""
    crystal, acell = load(databases(work)), relaxed(work)
    energies = []
    for amplitude in AMPLITUDES:
        moved = crystal.header.positions + soft_displacement(crystal, amplitude) / crystal.header.lattice[0, 0]
        name = f"well_{1000 * amplitude:03.0f}"
        text = common(settings, acell) + reference(moved) + template("energy")
        log = (work.abinit(name, text) / f"{name}.log").read_text()
        energies.append(float(re.findall(r"etotal\d* +(-\d\.\d+E[+-]\d+)", log)[-1]))
    rows = ["u (angstrom), energy (eV)"]
    rows += [f"{u:.3f}, {(e - energies[0]) * HARTREE:.6f}" for u, e in zip(AMPLITUDES, energies, strict=True)]
    (work.folder / "well.csv").write_text("\n".join(rows) + "\n")
    print("  " + "\n  ".join(rows))


def result(work: Workdir, settings: Settings) -> None:
    """The small files, in DIR/result."""
    target = work.folder / "result"
    target.mkdir(exist_ok=True)
    for file in databases(work):
        shutil.copy(file, target / f"{file.parent.name}_DDB")
    for name in ("phonopy_params.yaml", "well.csv"):
        if (work.folder / name).exists():
            shutil.copy(work.folder / name, target)
    print(f"  {sum(x.stat().st_size for x in target.iterdir()) / 1e3:.0f} kB in {target}")


STAGES = (relax, ground, gamma, waves, convert, check, well, result)


def databases(work: Workdir) -> list[Path]:
    files = [work.folder / "gamma" / "gammao_DS2_DDB", *(work.folder / name / f"{name}o_DDB" for name in WAVES)]
    missing = [str(file) for file in files if not file.exists()]
    if missing:
        sys.exit(f"no {missing[0]}: run the stages gamma and waves first")
    return [file.resolve() for file in files]


def relaxed(work: Workdir) -> float:
    """The lattice constant that the relaxation ended with, bohr."""
    log = work.folder / "relax" / "relax.log"
    if not log.exists():
        sys.exit(f"no {log}: run the stage relax first")
    return float(re.findall(r"acell +(\d\.\d+E[+-]\d+)", log.read_text())[-1])


def main() -> None:
    names = [stage.__name__ for stage in STAGES]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workdir", type=Path, required=True, help="folder of the calculations (about 1 GB)")
    parser.add_argument(
        "--stage", choices=names, action="append", help=f"only this one (may be repeated); otherwise {', '.join(names)}"
    )
    parser.add_argument("--processes", type=int, default=1, help="processes of abinit, started by mpirun")
    for field, value in asdict(Settings()).items():
        parser.add_argument("--" + field, type=type(value), default=value, help=f"default {value}")
    given = vars(parser.parse_args())
    work = Workdir(given.pop("workdir"), given.pop("processes"))
    wanted = given.pop("stage") or names
    settings = Settings(**given)
    for stage in STAGES:
        if stage.__name__ in wanted:
            stage(work, settings)


if __name__ == "__main__":
    main()
