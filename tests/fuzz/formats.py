"""What is fuzzed: valid files of every format, and for each the reader that a damaged one is given to.

A reader may refuse with an InputError. What it accepts has to be sound: numbers finite, shapes in agreement, and where
the format knows its own content (pieces and states of runs) the very bits that were written.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from reference.rigid_ion import Perovskite
from reference.wannier_run import make_run, write_run

Read = Callable[[Path], None]


@dataclass(frozen=True)
class Case:
    """name: of the file that is damaged. text: whether it is one. data: sound. read: the damaged file to what is asked
    of it; raises AssertionError for an answer that cannot be right."""

    name: str
    data: bytes
    read: Read
    text: bool = True


def sound(*arrays: Any) -> None:
    """Raises AssertionError for what is not finite."""
    for array in arrays:
        values = np.asarray(array)
        assert values.dtype.kind in "fciub" and np.isfinite(values).all(), "an answer that is not finite"


# ------------------------------------------------------------------------------------------------ Wannier90
_COMPANIONS: dict[str, tuple[str, ...]] = {
    "chk": ("eig",),
    "chk_fmt": ("eig",),
    "eig": ("chk",),
    "mmn": ("chk", "eig"),
    "spn": ("chk", "eig"),
    "spn_fmt": ("chk", "eig"),
    "shu": ("chk", "eig", "mmn", "siu"),
    "siu_fmt": ("chk", "eig", "mmn", "shu"),
    "hr": ("win", "centres"),
    "tb": (),
    "wsvec": ("hr", "win"),
    "centres": ("hr", "win"),
    "win": ("hr", "centres"),
}


def wannier90(folder: Path) -> list[Case]:
    from crosscurrent.models.wannier90 import load_wannier90
    from crosscurrent.models.wannier90.recognise import recognise
    from crosscurrent.units import InputError

    paths = write_run(make_run(seed=7, grid=(2, 2, 1), n=2, extra=2), folder)

    def reader(kind: str) -> Read:
        others = {other.removesuffix("_fmt"): paths[other] for other in _COMPANIONS[kind]}

        def read(path: Path) -> None:
            plain = path.with_name("plain")
            plain.write_bytes(path.read_bytes())
            with contextlib.suppress(InputError):
                recognise(plain)
            model = load_wannier90(**others, **{kind.removesuffix("_fmt"): path})
            found = model.matrices(np.array([[0.1, 0.2, 0.3], [0.0, 0.0, 0.0]]))
            sound(found.h, found.dh, model.positions, model.lattice)

        return read

    binary = ("chk", "spn", "shu", "siu")
    return [Case(paths[k].name, paths[k].read_bytes(), reader(k), k not in binary) for k in _COMPANIONS]


# ------------------------------------------------------------------------------------------------ phonopy
def phonopy(folder: Path) -> list[Case]:
    from crosscurrent.models.phonopy_crystal import load_phonopy
    from crosscurrent.models.polar_structure import read_structure

    toy, cubic = Perovskite(shape=(2, 1, 1)), Perovskite(shape=(1, 1, 1))
    plain = folder / "plain.yaml"
    plain.write_text(toy.yaml(constants="none", nac=False))
    alike = folder / "cubic.yaml"
    alike.write_text(cubic.yaml(constants="none", nac=False))
    whole = folder / "whole.yaml"
    whole.write_text(toy.yaml(constants="compact", nac=False))

    def crystal(path: Path, **files: Path) -> None:
        found = load_phonopy(path, **files)
        sound(found.constants, found.masses, found.positions, found.lattice)
        sound(*(a for a in (found.born, found.dielectric) if a is not None))

    def structure(path: Path) -> None:
        found = read_structure(path)
        sound(found.lattice, found.positions)
        assert len(found.positions) == len(found.symbols)

    constants = toy.force_constants_file(folder / "FORCE_CONSTANTS.sound", compact=True).read_bytes()
    sets = cubic.force_sets_file(folder / "FORCE_SETS.sound").read_bytes()
    born = toy.born_file(folder / "BORN.sound").read_bytes()
    poscar = (
        b"BaTiO3\n1.0\n4 0 0\n0 4 0\n0 0 4.1\nBa Ti O\n1 1 3\nDirect\n0 0 0\n.5 .5 .52\n.5 .5 0\n.5 0 .5\n0 .5 .5\n"
    )
    return [
        Case("compact.yaml", toy.yaml(constants="compact").encode(), crystal),
        Case("forces.yaml", cubic.yaml(constants="forces").encode(), crystal),
        Case("FORCE_CONSTANTS", constants, lambda path: crystal(plain, force_constants=path)),
        Case("FORCE_SETS", sets, lambda path: crystal(alike, force_sets=path)),
        Case("BORN", born, lambda path: crystal(whole, born=path)),
        Case("POSCAR", poscar, structure),
        Case("polar.yaml", toy.yaml(constants="none").encode(), structure),
    ]


# ------------------------------------------------------------------------------------------------ jobs
_ZONE = '[zone]\nmethod = "uniform"\nmesh = [4, 4]\n'
_AFM = f'[model]\nmaterial = "rashba-antiferromagnet"\n{_ZONE}'
_METAL = '[model]\nmetal = "model-metal"\n'
_POLAR = '[model]\nlocal_mode = "batio3-b"\n'
JOBS = (
    '[model]\nmaterial = "bi2se3"\ncutoff = { kind = "sphere", radius = "0.5 1/angstrom" }\n[spin_hall]\n'
    'mu = { start = -0.2, stop = 0.5, num = 4 }\ncomponents = ["zxy"]\nunit = "(hbar/2e) S/m"\n'
    '[zone]\nmethod = "polar"\nradial = 10\nangular = 4\npolar = 5\n',
    '[model]\nmaterial = "haldane"\n[anomalous_hall]\nmu = [0.0, "10 meV"]\ntemperature = "30 K"\n' + _ZONE,
    _AFM + '[spin_generation]\nfilling = 2\nomega = ["1 THz", "17 THz"]\nprojections = ["A", "B"]\ncomplete = true\n'
    'field = ["100 kV/cm", 0]\nthickness = "5 angstrom"\n',
    _AFM + '[spin_pulse]\nfilling = 2\ntimes = { start = "-200 fs", stop = 0.4, num = 21 }\nwaveform = { amplitude = '
    '[1e6, "1 kV/cm"], frequency = "10 THz", duration = "100 fs", phase = [0, 1.5], centre = 0.1 }\n',
    _AFM + "[edelstein]\nmu = [1.0, 1.1]\ntemperature = 3000\nrelaxation_time = 10\n",
    _METAL + '[phonon_spin]\ntemperature = { start = "0.5 K", stop = 8, num = 3, spacing = "log" }\n'
    'gap = ["0 meV", "0.5 meV"]\nq = [[0.001, 0, 0]]\nq_unit = "k_F"\n',
    _METAL + '[crossover_map]\ntemperature = { start = 0.5, stop = 20.0, num = 4 }\ngap = [0.0, 1e-3]\n',
    _POLAR + '[ferron_hall]\ngrid = [5, 4, 3]\ntemperature = { hot = "50 K", cold = "0 K", width = 0.25 }\n'
    'damping = { bulk = 2, edge = 5, layers = 1 }\nomega_B = "80 rad/ps"\n',
    _POLAR + '[ferron_hall_langevin]\ngrid = [4, 3, 2]\ntemperature = [50, 20, 5, 10]\ndamping = [3, 2, 3]\n'
    'omega_B = "80 rad/ps"\nrealizations = 2\nsettle = "50 fs"\nblock = "50 fs"\nduration = "0.2 ps"\n'
    'trajectory = { file = "t.nc", every = "50 fs" }\nfinal_state = "end.npz"\n',
    '[model]\neffective_hamiltonian = "batio3-2010"\n[hysteresis]\ngrid = [2, 2, 2]\ntemperature = "100 K"\n'
    'field = "300 kV/cm"\nperiod = "0.5 ps"\nsamples = 8\nsettle = "20 fs"\nrealizations = 2\n',
)  # fmt: skip
_PARAMETERS = b"kappa2 = 8.534\nj = [-2.08403, -1.12904, 0.68946, -0.61134, 0.0, 0.27690, 0.0]\ncharge = 10.33\n" + (
    b'dielectric = 6.86915\nlattice_constant = 3.98597\nname = "mine"\nmass = 38.24\nalpha = 110.4\ngamma = -163.1\n'
)
_GROUP = b"lattice = [[4.3, 0, 0], [-2.15, 3.75, 0], [0, 0, 40]]\npositions = [[0, 0, 0.33], [0, 0, 0.67]]\n" + (
    b'species = ["Mn", "Mn"]\nmoments = [5, -5]\ndim = 2\n'
)


def toml(folder: Path) -> list[Case]:
    from crosscurrent.jobs.build import prepare
    from crosscurrent.jobs.convert import effective_hamiltonian
    from crosscurrent.jobs.limits import check_limits
    from crosscurrent.jobs.parse import job_hash, job_to_toml, load_job, parse_job
    from crosscurrent.jobs.symmetry import group_of, load_symmetry

    def job(path: Path) -> None:
        found = load_job(path)
        assert parse_job(job_to_toml(found)) == found, "a job that is another one when it is written and read"
        job_hash(found)
        check_limits(prepare(found))  # what `crosscurrent check` does

    def parameters(path: Path) -> None:
        found = effective_hamiltonian(str(path))
        sound(found.kappa2, found.charge, found.dielectric, found.lattice_constant)

    def group(path: Path) -> None:
        assert group_of(load_symmetry(path), 2) is not None

    cases = [Case(f"job-{n}.toml", text.encode(), job) for n, text in enumerate(JOBS)]
    return [*cases, Case("parameters.toml", _PARAMETERS, parameters), Case("group.toml", _GROUP, group)]


# ------------------------------------------------------------------------------------------------ unfinished runs
def checkpoint(folder: Path) -> list[Case]:
    from crosscurrent.jobs.lock import Lock
    from crosscurrent.jobs.model import build_model
    from crosscurrent.jobs.schema import TightBindingFile
    from crosscurrent.jobs.store import Store
    from crosscurrent.results.checkpoint import read_checkpoint, write_checkpoint
    from crosscurrent.units import InputError

    rng = np.random.default_rng(3)
    arrays = {"value": rng.normal(size=(3, 4)), "count": np.array(7), "z": rng.normal(size=5) + 1j}
    state = {"u": rng.normal(size=(1, 2, 3)), "step": np.array(12), "label": np.array("slab")}
    store = Store(folder / "out.nc.parts", "k" * 32)
    with store:
        store.write(folder / "piece.npz", "p" * 32, arrays)
    write_checkpoint(folder / "state.npz", state, "f" * 32)

    def same(found: Any, wanted: dict[str, Any]) -> None:
        assert set(found) == set(wanted), "arrays of other names"
        for name, value in wanted.items():
            assert found[name].dtype == np.asarray(value).dtype, "another type"
            np.testing.assert_array_equal(found[name], value)

    def piece(path: Path) -> None:
        found = store.read(path, "p" * 32)
        if found is None:
            raise InputError("computed again")
        same(found, arrays)

    def kept(path: Path) -> None:
        found = read_checkpoint(path, "f" * 32)
        assert found is not None
        same(found, state)

    def owner(path: Path) -> None:
        parts = path.with_name("owned.parts")
        parts.mkdir(exist_ok=True)
        (parts / "owner.json").write_bytes(path.read_bytes())
        with Store(parts, "k" * 32):
            pass

    def lock(path: Path) -> None:
        held = path.with_name("held")
        held.unlink(missing_ok=True)
        path.rename(held)
        mine = Lock(held)
        mine.take(path.parent)
        mine.release()

    def tight_binding(path: Path) -> None:
        model = build_model(TightBindingFile(file=str(path)))
        sound(model.matrices(np.array([[0.1, 0.2, 0.3]])).h)

    model = {"lattice": np.eye(3) * 3.0, "vectors": np.array([[0, 0, 0], [1, 0, 0], [-1, 0, 0]])}
    model |= {"hamiltonian": np.array([np.eye(2), 0.1 * np.eye(2), 0.1 * np.eye(2)]), "positions": np.zeros((2, 3))}
    np.savez(folder / "model.npz", **model)
    np.savez_compressed(folder / "packed.npz", **model)
    held = json.dumps({"pid": 2**22 + 5, "host": socket.gethostname(), "started": "1"}).encode()
    return [
        Case("piece.npz", (folder / "piece.npz").read_bytes(), piece, text=False),
        Case("state.npz", (folder / "state.npz").read_bytes(), kept, text=False),
        Case("owner.json", json.dumps({"run_key": "k" * 32}).encode(), owner),
        Case("lock", held, lock),
        Case("model.npz", (folder / "model.npz").read_bytes(), tight_binding, text=False),
        Case("packed.npz", (folder / "packed.npz").read_bytes(), tight_binding, text=False),
    ]


# ------------------------------------------------------------------------------------------------ results
def netcdf(folder: Path) -> list[Case]:
    import xarray as xr

    from crosscurrent.jobs.parse import parse_job
    from crosscurrent.jobs.run import run_job
    from crosscurrent.results import explain, load, save, to_dat
    from crosscurrent.results.files import holds_result_of

    def read(path: Path) -> None:
        holds_result_of(path, "0" * 32)
        ds = load(path)
        assert isinstance(ds, xr.Dataset)
        explain(ds)
        if ds.nbytes < 100_000:
            to_dat(ds, path.with_suffix(".dat"))

    small = JOBS[1].replace("[4, 4]", "[3, 3]")
    run_job(parse_job(small), folder / "hall.nc")
    ds = load(folder / "hall.nc")
    complex_one = ds.assign(chi=("mu", np.array([1 + 2j, 3 - 1j]), {"units": "eV", "long_name": "a response"}))
    save(complex_one, folder / "complex.nc")
    import h5netcdf

    with h5netcdf.File(folder / "frames.nc", "w") as file:
        file.dimensions = {"time": None, "x": 3}
        file.create_variable("time", ("time",), float, chunks=(16,))
        file.create_variable("u", ("time", "x"), float, chunks=(1, 3))
        file.resize_dimension("time", 4)
        file.variables["time"][:] = np.arange(4.0)
        file.variables["u"][:] = np.ones((4, 3))
    return [Case(n, (folder / n).read_bytes(), read, text=False) for n in ("hall.nc", "complex.nc", "frames.nc")]


# ------------------------------------------------------------------------------------------------ records
def local_mode(folder: Path) -> list[Case]:
    from crosscurrent.models.local_mode_file import load_local_mode, to_json
    from crosscurrent.models.local_mode_file import local_mode as record

    def read(path: Path) -> None:
        found = load_local_mode(path)
        sound(found.charge, found.mass, found.angular, found.eps_inf, found.volume, found.eta, found.polarization)
        assert json.loads(to_json(found))["schema"]

    whole = record("batio3-b")
    least = replace(whole, blocks={(0, 0, 0): np.zeros((3, 3))}, source="a test")
    return [Case("a.json", to_json(least).encode(), read), Case("b.json", to_json(whole).encode(), read)]


# ------------------------------------------------------------------------------------------------ tables
def tables(folder: Path) -> list[Case]:
    from crosscurrent.models.field_file import read_field
    from crosscurrent.models.profile_file import read_profile
    from crosscurrent.models.switching_path import read_switching_path
    from crosscurrent.models.waveform_file import read_waveform

    times = np.linspace(-1, 1, 24)
    pulse = "".join(f"{t:.4f}, {1e5 * math.exp(-20 * t * t):.6e}, 0\n" for t in times)
    path = "".join(f"{u:.2f}, {-0.02 * u * u * (2 - u * u):.5f}\n" for u in np.linspace(-1, 1, 11))
    grid = "".join(f"{x}, {y}, {x - y}, 1e3\n" for x in range(4) for y in range(3))
    np.savez(folder / "field.npz", field=np.ones((4, 5, 3)), spacing=np.array([10.0, 20.0]))

    def field(path: Path) -> None:
        values, spacing = read_field(path)
        assert values.dtype.kind in "fciu" and spacing.ndim == 1
        if path.suffix == ".csv":
            sound(values, spacing)

    def waveform(path: Path) -> None:
        found = read_waveform(path)
        sound(found(np.linspace(-1, 1, 5)))

    def switching(path: Path) -> None:
        found = read_switching_path(path)
        sound(found.barrier, found.minimum)

    return [
        Case("heat.txt", b"# measured\ntemperature (K)\n" + b"".join(b"%d.5\n" % n for n in range(12)),
             lambda path: sound(read_profile(path, "temperature"))),
        Case("damping.txt", b"damping (1/ps)\n3\n2\n1e0\n2\n3\n", lambda path: sound(read_profile(path, "damping"))),
        Case("pulse.csv", f"time (ps), E_x (V/m), E_y (kV/cm)\n{pulse}".encode(), waveform),
        Case("path.csv", f"u (angstrom), energy (eV)\n{path}".encode(), switching),
        Case("field.csv", f"x (nm), y (angstrom), E_x (V/m), E_z (kV/cm)\n{grid}".encode(), field),
        Case("field.npz", (folder / "field.npz").read_bytes(), field, text=False),
    ]  # fmt: skip


FORMATS: dict[str, Callable[[Path], list[Case]]] = {
    "wannier90": wannier90,
    "phonopy": phonopy,
    "toml": toml,
    "checkpoint": checkpoint,
    "netcdf": netcdf,
    "local_mode": local_mode,
    "tables": tables,
}


def cases(name: str) -> tuple[Path, list[Case]]:
    """(a new folder that holds what the readers need beside the damaged file, the cases)."""
    folder = Path(tempfile.mkdtemp(prefix=f"crosscurrent-fuzz-{name}-"))
    return folder, (FORMATS | {"faulty": faulty})[name](folder)


class _Muttering:
    """Python can only print the error of a finaliser; a user would see it."""

    def __del__(self) -> None:
        raise ZeroDivisionError("of a finaliser")


def faulty(folder: Path) -> list[Case]:
    """A reader with a fault of the kind that an environment variable names, on its second file."""
    from crosscurrent.units import InputError

    calls: list[Path] = []

    def read(path: Path) -> None:
        calls.append(path)
        fault = os.environ["CROSSCURRENT_FUZZ_FAULT"] if len(calls) == 2 else ""
        if fault == "raises":
            raise ZeroDivisionError("of a reader")
        while fault == "spins":
            pass
        if fault == "eats":
            bytearray(1 << 40)
        if fault == "dies":
            os.kill(os.getpid(), signal.SIGSEGV)
        if fault == "mutters":
            _Muttering()
        raise InputError("refused")

    return [Case("a.txt", b"1 2 3", read)]
