"""Kill runs at random moments and go on: `python tests/fuzz/kill.py --kills 50`.

A run of each kind of job is killed with SIGKILL, started again, killed again, until one comes to its end; its result
has to have the very bits of a run that nobody has killed. The moments are spread over the time that a run takes, from
its first line to its last. Exit status 1 when a bit differs, or when a run ends in an error.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402

JOBS = {
    "spin_hall": """
[model]
material = "bi2se3"
cutoff = { kind = "sphere", radius = "0.5 1/angstrom" }
[spin_hall]
mu = { start = -0.2, stop = 0.5, num = 11 }
[zone]
method = "polar"
radial = 120
angular = 8
polar = 60
""",
    "spin_generation": """
[model]
material = "mnbi2te4"
parameters = { layers = 2 }
[spin_generation]
filling = 4
omega = { start = "0 THz", stop = "20 THz", num = 41 }
projections = ["layer 1", "layer 2"]
[zone]
method = "adaptive"
rtol = 1e-3
max_evaluations = 60_000
""",
    "phonon_spin": """
[model]
metal = "model-metal"
[phonon_spin]
temperature = { start = "0.3 K", stop = "30 K", num = 400, spacing = "log" }
gap = { start = "0 meV", stop = "1 meV", num = 60 }
q = [[0.001, 0, 0], [0.002, 0, 0], [0, 0.001, 0], [0.01, 0.02, 0]]
q_unit = "k_F"
""",
    "ferron_hall": """
[model]
local_mode = "batio3-b"
[ferron_hall]
grid = [31, 21, 13]
temperature = { hot = "50 K", cold = "0 K", width = 0.25, smoothing = 0.12 }
damping = { bulk = 2, edge = 5, layers = 3 }
omega_B = "80 rad/ps"
[ferron_hall.scan]
hot = ["10 K", "30 K", "50 K", "70 K"]
""",
    "ferron_hall_langevin": """
[model]
local_mode = "batio3-b"
[ferron_hall_langevin]
grid = [6, 5, 4]
temperature = [50, 30, 20, 5, 5, 10]
damping = [3, 2, 2, 2, 3]
omega_B = "80 rad/ps"
realizations = 3
settle = "0.2 ps"
block = "0.1 ps"
duration = "2 ps"
trajectory = { file = "frames.nc", every = "50 fs" }
final_state = "end.npz"
""",
}


@dataclass
class Tally:
    """kills: while it was at work. ends: results that were compared. pieces: that a killed run had left behind, summed
    over the kills. wrong: what was not as it should be."""

    kind: str
    kills: int = 0
    ends: int = 0
    pieces: int = 0
    kept: int = 0
    wrong: tuple[str, ...] = ()


def kill_runs(kind: str, kills: int, *, seed: int = 0, workers: int = 1) -> Tally:
    """Kill runs of one kind of job so many times."""
    rng = random.Random(f"{seed}/{kind}")
    tally, folder = Tally(kind), Path(tempfile.mkdtemp(prefix="crosscurrent-kill-"))
    whole = folder / "whole"
    begun = time.monotonic()
    _finish(_start(kind, whole, workers))
    length = time.monotonic() - begun
    wanted = bits(whole)
    rounds = 0
    while tally.kills < kills:
        here = folder / f"round-{rounds}"
        rounds += 1
        while True:
            child = _start(kind, here, workers)
            if tally.kills < kills and _killed(child, rng.uniform(0, length)):
                tally.kills += 1
                left = len(list(here.glob("out.nc.parts/*/*.npz")))
                tally.pieces += left
                tally.kept += left > 0
                continue
            if not _finish(child):
                said = (here / "log.txt").read_text()[-300:] if (here / "log.txt").exists() else ""
                tally.wrong += (f"round {rounds}: the run did not end well: {said}",)
            break
        if not tally.wrong:
            tally.ends += 1
            tally.wrong += differences(wanted, bits(here))
            stray = [p.name for p in here.iterdir() if p.name.endswith(".parts")]
            tally.wrong += tuple(f"round {rounds}: {name} is left behind" for name in stray)
        if tally.wrong:
            break
    shutil.rmtree(folder, ignore_errors=True)
    return tally


def _start(kind: str, folder: Path, workers: int) -> int:
    """The command `run` in a child of this warm process, so that its time is that of the work."""
    folder.mkdir(exist_ok=True)
    (folder / "job.toml").write_text(JOBS[kind])
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.chdir(folder)
        from crosscurrent.cli import main

        sys.stdout = sys.stderr = (folder / "log.txt").open("a")
        main(["run", "job.toml", "-o", "out.nc", "--quiet", "--workers", str(workers)], standalone_mode=False)
        status = 0
    except SystemExit as error:
        status = int(error.code or 0)
    finally:
        os._exit(status)


def _killed(child: int, after: float) -> bool:
    """Whether it was still at work then, and is no more."""
    deadline = time.monotonic() + after
    while time.monotonic() < deadline:
        if _ended(child):
            return False
        time.sleep(0.001)
    if _ended(child):
        return False
    os.kill(child, signal.SIGKILL)
    # one that was just leaving has a status of its own, which `_finish` is to find still
    end = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    if end is None or end.si_code != os.CLD_KILLED:
        return False
    os.waitpid(child, 0)
    return True


def _ended(child: int) -> bool:
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _finish(child: int) -> bool:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def bits(folder: Path) -> dict[str, bytes]:
    """All that a run has written, name by name: the arrays of its results and states, and what the results say."""
    import xarray as xr

    out: dict[str, bytes] = {}
    for path in sorted(folder.glob("*.nc")):
        with xr.open_dataset(path, engine="h5netcdf", decode_times=False, decode_timedelta=False) as ds:
            for name, variable in ds.variables.items():
                values = np.ascontiguousarray(variable.values)
                text = repr(values.tolist()).encode() if values.dtype.hasobject else values.tobytes()
                out[f"{path.name}: {name}"] = f"{values.dtype}{values.shape}{dict(variable.attrs)}".encode() + text
            out[f"{path.name}: attributes"] = repr(sorted(ds.attrs.items())).encode()
    for path in sorted(folder.glob("*.npz")):
        with np.load(path, allow_pickle=False) as archive:
            out |= {f"{path.name}: {name}": archive[name].tobytes() for name in archive.files}
    return out


def differences(wanted: dict[str, bytes], found: dict[str, bytes]) -> tuple[str, ...]:
    return tuple(f"{name} differs" for name in sorted({*wanted, *found}) if wanted.get(name) != found.get(name))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="over all kinds of job")
    parser.add_argument("--kind", choices=[*JOBS, "all"], default="all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    import crosscurrent.cli.run
    import crosscurrent.jobs.run  # noqa: F401  (warm before the first fork)
    from crosscurrent.jobs.parse import code_key

    code_key()  # kept by the children: a checkout that is edited meanwhile is not another code to them
    kinds = list(JOBS) if given.kind == "all" else [given.kind]
    bad = 0
    for at, kind in enumerate(kinds):
        share = given.kills // len(kinds) + (at < given.kills % len(kinds))
        tally = kill_runs(kind, share, seed=given.seed, workers=given.workers)
        bad += len(tally.wrong)
        sys.stdout.write(
            f"{kind}: {tally.kills} kills, {tally.kept} of them with finished work on disk ({tally.pieces} files), "
            f"{tally.ends} results with the same bits, {len(tally.wrong)} faults\n"
        )
        for what in tally.wrong:
            sys.stdout.write(f"  {what}\n")
        sys.stdout.flush()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
