"""Local balances and energy conservation of `ferron_hall_langevin`: exact terms, noise, theory, and restarts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from crosscurrent.jobs.execute import ProcessMap
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.driven_slab import DrivenSlab
from crosscurrent.numerics.langevin import State, inwards
from crosscurrent.numerics.profiles import HotBand, Sponge, realised
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.lattice_step_balances import BALANCES, TERMS, StepBalances
from crosscurrent.physics.lattice_units import BOLTZMANN
from crosscurrent.responses import ferron_hall_langevin_run
from crosscurrent.responses.ferron_hall import ferron_hall, ferron_hall_kernels
from crosscurrent.responses.ferron_hall_langevin import ferron_hall_langevin
from crosscurrent.responses.ferron_hall_langevin_balances import symmetric_parts
from crosscurrent.responses.ferron_hall_langevin_energy import EnergyConservation, energy_conservation
from crosscurrent.responses.ferron_hall_langevin_files import LangevinFiles
from crosscurrent.responses.ferron_hall_langevin_maps import Symmetry
from crosscurrent.responses.ferron_hall_langevin_run import Leg, RunLegs, Trajectories
from crosscurrent.responses.ferron_hall_langevin_sampling import Sampling
from crosscurrent.results.checkpoint import Checkpoint
from crosscurrent.results.schema import check_schema
from crosscurrent.units import InputError

GRID, HEAT, SPONGE = (8, 5, 2), HotBand(50.0, 1e-4, 0.25, 0.125), Sponge(layers=2)
TINY = {"grid": (4, 3, 2), "temperature": [50.0, 20.0, 5.0, 10.0], "damping": [3.0, 2.0, 3.0], "omega_B": 80.0}
BRIEF = Sampling(realizations=2, duration=0.2, settle=0.05, block=0.05)


@pytest.fixture(scope="module")
def linear() -> xr.Dataset:
    sampling = Sampling(realizations=2, duration=9.0, settle=3.0, block=0.5, seed=21)
    return ferron_hall_langevin(
        local_mode("batio3-b"), GRID, HEAT, SPONGE, 80.0, sampling, anharmonic=False, balances=True
    )


Exact = dict[str, dict[str, np.ndarray]]


@pytest.fixture(scope="module")
def exact() -> Exact:
    """By part and name."""
    slab: dict[str, Any] = {
        "slab": Slab(GRID),
        "temperature": realised(HEAT, GRID[0], "temperature", positive=False)[0],
    }
    slab["damping"] = realised(SPONGE, GRID[1], "damping", positive=True)[0]
    return {part: means_without_sampling(trajectories(omegas=(om,), **slab)) for part, om in (("_0", 0.0), ("", 80.0))}


def run(sampling: Sampling = BRIEF, **changes: Any) -> xr.Dataset:
    arguments = {"balances": True, "control_variate": False} | TINY | changes
    slab = [arguments.pop(name) for name in TINY]
    return ferron_hall_langevin(local_mode("batio3-b"), *slab, sampling, **arguments)


def same_numbers(first: xr.Dataset, second: xr.Dataset) -> None:
    xr.testing.assert_identical(first.drop_attrs(), second.drop_attrs())


def scatter(part: str) -> float:
    """Three standard deviations of a root mean square of z: of the 40 columns the rotation leaves half, the mirror
    without a field three in five of those; three quarters of them count as independent."""
    return float(3 / np.sqrt(2 * 0.75 * (12 if part == "_0" else 20)))


# ------------------------------------------------------------------------------------------------ the terms
@dataclass(frozen=True)
class OneNumber:
    """Noise that is 1 at one place, that of the number of the realization, and 0 elsewhere."""

    shape: tuple[int, ...]

    def draw(self, number: int, step: int, work: Any = None) -> np.ndarray:
        places = np.arange(np.prod(self.shape)) == number
        return inwards(places.reshape(self.shape).astype(float))


def means_without_sampling(run: Trajectories) -> dict[str, np.ndarray]:
    """The exact means of all terms in the steady state of a linear lattice at its step, by name, (Nx, Ny).

    A term is bilinear in the state at the beginning of a step and in its noise: its mean is the sum over the columns of
    the covariance, each taken through a step without noise, and over all numbers of the noise, each from rest.
    """
    size, slab = 3 * run.slab.cells, run.slab.shape
    langevin = replace(run.langevin, noise=OneNumber((*slab, 3)))
    cells = replace(run.cell_forces, engine=langevin)

    def step(u: np.ndarray, v: np.ndarray, places: range | list[int]) -> tuple[np.ndarray, np.ndarray]:
        u, v = (x.reshape(-1, 1, *slab, 3) for x in (u, v))
        begin = State(u, v, langevin.start(u, 0.0, tuple(places)).force, 0, tuple(places))
        sums = StepBalances(10, (), cells=cells).begin(begin)
        end = langevin.advance(begin, 1, sums)
        return np.concatenate([end.u.reshape(-1, size), end.v.reshape(-1, size)], axis=1).T, len(u) * sums.terms()[0]

    unit, rest, quiet = np.eye(2 * size), np.zeros((size, size)), [size] * 2 * size
    power = step(unit[:, :size], unit[:, size:], quiet)[0]
    noise, driven = step(rest, rest, range(size))
    covariance = noise @ noise.T
    for _ in range(16):
        covariance, power = covariance + power @ covariance @ power.T, power @ power
    assert float(np.abs(power).max()) < 1e-12
    values, vectors = np.linalg.eigh(0.5 * (covariance + covariance.T))
    columns = (vectors * np.sqrt(np.clip(values, 0, None))).T
    total = driven + step(columns[:, :size], columns[:, size:], quiet)[1]
    # what does not depend on the state is there once
    heat = -np.expm1(-2 * langevin.damping * run.step) / run.step * 1.5 * BOLTZMANN * run.temperature[:, None]
    total[..., TERMS.index("power_bath")] -= (3 * size - 1) * heat
    return dict(zip(TERMS, np.moveaxis(total, -1, 0), strict=True))


def test_exact_terms_without_any_sampling() -> None:
    """The balances close in the mean, nothing changes, and the terms go to those of `ferron_hall` as the square of the
    step."""
    heat, friction = np.array(TINY["temperature"]), np.array(TINY["damping"])
    known = ferron_hall(local_mode("batio3-b"), TINY["grid"], heat, friction, 80.0, currents=True)
    off: dict[str, list[float]] = {}
    for h in (0.002, 0.001):
        slab = {"slab": Slab((4, 3, 2)), "temperature": heat, "damping": friction, "omegas": (80.0,)}
        means = means_without_sampling(trajectories(h, **slab))
        for balance, (names, change) in BALANCES.items():
            scale = max(float(np.abs(means[name]).max()) for name in names)
            assert np.abs(sum(means[name] for name in names)).max() < 1e-9 * scale, balance
            assert np.abs(means[change]).max() < 1e-9 * scale
        for name in TERMS:
            reference = {"energy_inflow": "power_short_range", "energy_step": ""}.get(name, name)
            if reference in known or name in ("energy_step", "power_on_site", "torque_magnetic"):
                expected = known[reference].values if reference in known else 0.0
                off.setdefault(name, []).append(float(np.abs(means[name] - expected).max()))
    assert {"power_bath", "power_dipole", "energy_inflow", "torque_damping", "torque_magnetic"} < set(off)
    for name, (coarse, fine) in off.items():
        scale = max(
            float(np.abs(known[key]).max()) for key in known if str(key).startswith(name[:5].replace("energ", "power"))
        )
        assert coarse < 0.03 * scale, name
        assert coarse < 1e-9 * scale or 3.6 < coarse / fine < 4.4, name


@pytest.mark.parametrize("part", ["_0", ""])
@pytest.mark.parametrize("name", ["power_short_range", "power_dipole", "power_bath", "energy_inflow", "torque_dipole"])
def test_linear_trajectories_have_the_exact_terms(linear: xr.Dataset, exact: Exact, name: str, part: str) -> None:
    """Within errors of the size that they say."""
    found, error = (linear[name + end].values for end in (part, f"{part}_error"))
    there = error > 1e-10 * error.max()
    z = (found - exact[part][name])[there] / error[there]
    assert abs(float(np.sqrt((z**2).mean())) - 1) < scatter(part)


def test_balances_leave_over_noise_alone(linear: xr.Dataset) -> None:
    for balance in ("S29", "S38"):
        for i, part in enumerate(("_0", "")):
            score = float(linear.balance_rms_z.sel(balance=balance).isel(part=i))
            assert abs(score - 1) < scatter(part), (balance, part)
    assert float(linear.balance_step_error.sel(part=["zero_field", "field"]).max()) < 0.05
    for balance, (names, change) in BALANCES.items():
        if balance != "energy":
            total = sum(linear[name] for name in names) - linear[change]
            np.testing.assert_allclose(total, linear[f"{balance}_residual"], atol=1e-15)
            for name in names:
                off = linear[f"{balance}_residual"] - linear[name]
                z = float(np.sqrt(((off / linear[f"{balance}_residual_error"]) ** 2).mean()))
                assert z > 2 or name in ("power_on_site", "torque_damping", "torque_magnetic"), name


def test_the_terms_of_s31_leave_over_what_s29_does(linear: xr.Dataset) -> None:
    names, change = BALANCES["energy"]
    for part in ("_0", "", "_odd"):
        total = sum(linear[name + part] for name in names) - linear[change + part]
        np.testing.assert_allclose(total, linear[f"power_residual{part}"], atol=1e-15)


def test_what_changes_does_so_between_the_first_and_the_last_state(linear: xr.Dataset) -> None:
    """An on-site power is the change of the energy in the well, and no more than that in a long run."""
    assert float(np.abs(linear.power_on_site).max()) < 0.1 * float(np.abs(linear.power_dipole).max())
    assert float(np.abs(linear.torque_magnetic).max()) < float(np.abs(linear.torque_dipole).max())
    np.testing.assert_array_equal(linear.torque_magnetic_0, 0)


def test_symmetric_parts() -> None:
    """As the maps have them, of a power like the kinetic energy and a torque like L_z."""
    rng, size = np.random.default_rng(0), len(TERMS)
    rows = {name: rng.normal(size=(2, 3, 6, 5, size)) for name in ("still", "turned", "reversed")}
    power, torque = TERMS.index("power_dipole"), TERMS.index("torque_dipole")
    for symmetry in (
        Symmetry(True, True, True, False),
        Symmetry(True, False, False, False),
        Symmetry(False, *[False] * 3),
    ):
        maps = {name: np.zeros((2, 3, 6, 5, 18)) for name in rows}
        for name, row in rows.items():
            maps[name][..., 0], maps[name][..., 7] = row[..., power], row[..., torque]
        expected, found = symmetry.parts(maps), symmetric_parts(rows, symmetry)
        assert set(found) == set(expected)
        for part, row in found.items():
            np.testing.assert_allclose(row[..., power], expected[part][..., 0], atol=1e-15)
            np.testing.assert_allclose(row[..., torque], expected[part][..., 7], atol=1e-15)


# ------------------------------------------------------------------------------------------------ runs
def test_nothing_else_changes() -> None:
    watched, plain = (run(balances=b, control_variate=True) for b in (True, False))
    check_schema(watched)
    with ProcessMap(2) as workers:
        same_numbers(run(control_variate=True, run=workers), watched)
    assert not [name for name in plain if str(name).startswith(("power_", "torque_", "energy_", "balance_"))]
    same_numbers(watched[list(plain)].drop_vars("balance", errors="ignore"), plain)
    assert set(watched.attrs["equations"].splitlines()) > set(plain.attrs["equations"].splitlines())


def test_an_interrupted_run_goes_on_with_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ferron_hall_langevin_run, "Checkpoint", lambda path, mark: Checkpoint(path, mark, 0.0))
    expected = run(files=LangevinFiles(checkpoint=tmp_path / "whole"))
    writings, plain = [0], Checkpoint.keep

    def stopped(self: Checkpoint, arrays: Any, *, at_once: bool = False) -> None:
        plain(self, arrays, at_once=at_once)
        writings[0] += 1
        if writings[0] in (1, 3, 8):
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "keep", stopped)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            run(files=LangevinFiles(checkpoint=tmp_path / "cut"))
    same_numbers(run(files=LangevinFiles(checkpoint=tmp_path / "cut")), expected)
    longer = replace(BRIEF, duration=0.4)
    same_numbers(run(longer, files=LangevinFiles(checkpoint=tmp_path / "cut")), run(longer))


def test_a_checkpoint_without_them_is_refused(tmp_path: Path) -> None:
    run(balances=False, files=LangevinFiles(checkpoint=tmp_path))
    with pytest.raises(InputError, match="this state belongs to another job"):
        run(files=LangevinFiles(checkpoint=tmp_path))


def test_a_gpu_keeps_no_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    from crosscurrent.responses import ferron_hall_langevin_sampling as module

    monkeypatch.setattr(module, "_has_gpu", lambda: True)
    with pytest.raises(InputError, match="summed on the CPU only"):
        run(device="gpu")


# ------------------------------------------------------------------------------------------------ the step
def trajectories(step: float = 0.0025, **changes: Any) -> Trajectories:
    options: dict[str, Any] = {
        "record": local_mode("batio3-b"),
        "slab": Slab((6, 5, 3)),
        "temperature": np.full(6, 30.0),
        "damping": np.full(5, 4.0),
        "omegas": (0.0,),
        "anharmonic": False,
        "twin": False,
        "step": step,
        "settle": round(1.5 / step),
        "block": 20,
        "seed": 5,
        "precision": "double",
        "route": "fastest",
        "device": "cpu",
    }
    return Trajectories(**(options | changes))


def fluctuations(run: Trajectories, frequency: float, numbers: int = 6) -> float:
    """Mean of the relative fluctuation of independent realizations."""
    end, found = RunLegs(run)(Leg(0, tuple(range(numbers)), 1)), []
    for n in range(numbers):
        one = {**end, **{name: end[name][n : n + 1] for name in ("u", "v", "force")}}
        kept = energy_conservation(run, one, frequency, 10**9)
        assert kept is not None and kept.duration == pytest.approx(0.5, rel=0.05)
        assert abs(kept.drift) < 4 * kept.drift_error
        found.append(kept.fluctuation)
    return float(np.mean(found))


@pytest.fixture(scope="module")
def problem() -> DrivenSlab:
    return ferron_hall_kernels(local_mode("batio3-b"), (6, 5, 3), np.full(5, 4.0), 0.0).problem


def test_the_energy_fluctuates_as_harmonic_modes_have_it(problem: DrivenSlab) -> None:
    """(h omega)^2/(4 sqrt(n)) with the fourth powers of all frequencies, and of second order in the step."""
    squares = [np.linalg.eigvalsh(problem.stiffness.matrix(x, z)) for x in range(6) for z in (-1, 0, 1)]
    square = np.concatenate(squares)
    assert len(square) == 270
    found = {h: fluctuations(trajectories(h), float(np.sqrt(square.max()))) for h in (0.005, 0.0025)}
    for h, value in found.items():
        # the shadow energy is of higher order by a part (h omega)^2/4 at most
        theory = h**2 * float(np.sqrt((square**2).mean())) / (4 * np.sqrt(270))
        assert value == pytest.approx(theory, rel=0.15), h
    assert found[0.005] / found[0.0025] == pytest.approx(4.0, rel=0.2)


def test_energy_errors_are_of_second_order_in_a_field() -> None:
    """Of the anharmonic lattice; `test_lattice_dynamics` has it without a field."""
    changes: dict[str, Any] = {"omegas": (80.0,), "anharmonic": True}
    coarse, fine = (fluctuations(trajectories(h, **changes), 140.0) for h in (0.0025, 0.00125))
    assert coarse / fine == pytest.approx(4.0, rel=0.2)


def test_a_result_says_whether_its_step_is_short_enough() -> None:
    numbers = {}
    for step in (0.0025, 0.0125):
        ds = run(replace(BRIEF, step=step, duration=0.25, block=0.125), balances=False)
        numbers[step] = ds.attrs["energy_fluctuation_relative"] / ds.attrs["energy_fluctuation_bound_relative"]
        assert ("the step is too long" in ds.attrs["warnings"]) == (step > 0.01)
        assert ds.attrs["energy_conservation_ps"] < 0.2
    assert numbers[0.0025] < 0.3 and numbers[0.0125] > 1
    assert "energy_fluctuation_relative" not in run(temperature=[0.0] * 4, balances=False).attrs


def test_looking_at_the_energy_is_cheap() -> None:
    """A hundredth of the steps of all copies together, up to half a ps, and three periods of the fastest mode."""
    run, frequency = trajectories(omegas=(0.0, 80.0), settle=20), 140.0
    end = RunLegs(run)(Leg(0, (0,), 1))
    for steps, longest in ((10**9, 0.5), (20_000, 0.25), (100, 3 * 2 * np.pi / frequency)):
        kept = energy_conservation(run, end, frequency, steps)
        assert kept is not None and kept.duration == pytest.approx(longest, abs=5 * run.step)


def test_a_drift_is_warned_of() -> None:
    kept = EnergyConservation(1e-4, 1e-3, 0.2, 0.01, 0.17 / 4, 0.5)
    assert kept.warnings() == (
        "without baths the energy drifts by 2.0e-01 of the kinetic energy a ps, which warms the lattice by 4.2% "
        "against its baths: take a shorter step, or double precision",
    )
    assert replace(kept, heating=0.0).warnings() == ()


def test_baths_that_do_not_fit_show_as_a_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    """An energy that grows at a known rate: its slope, and its significance."""
    from crosscurrent.responses import ferron_hall_langevin_energy as module

    rng = np.random.default_rng(2)

    def grown(run: Any, end: Any, stride: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
        time = run.step * stride * np.arange(samples)
        return 5.0 + 0.3 * time[None] + 1e-3 * rng.normal(size=(1, samples)), np.full((1, samples), 2.0)

    monkeypatch.setattr(module, "_energies", grown)
    kept = energy_conservation(trajectories(), {}, 140.0, 10**9)
    assert kept is not None and kept.drift == pytest.approx(0.15, abs=4 * kept.drift_error)
    assert kept.drift_error < 2e-3 and kept.heating == pytest.approx(0.15 / 8, rel=0.1)


@pytest.mark.parametrize(("error", "heating"), [(0.1, 0.0), (0.03, (0.15 - 3 * 0.03) / 8)])
def test_a_drift_that_its_error_explains_heats_nothing(
    monkeypatch: pytest.MonkeyPatch, error: float, heating: float
) -> None:
    """A line with scatter about it that is orthogonal to any line, so that slope and error are exact."""
    from crosscurrent.responses import ferron_hall_langevin_energy as module

    def drifting(run: Any, end: Any, stride: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
        time = run.step * stride * (np.arange(samples) - (samples - 1) / 2)
        line = np.stack([np.ones(samples), time], axis=1)
        noise = np.random.default_rng(7).normal(size=samples)
        rest = noise - line @ np.linalg.lstsq(line, noise, rcond=None)[0]
        rest *= error * np.sqrt((samples - 2) * float((time**2).sum()) / float((rest**2).sum()))
        return 2.0 * (0.15 * time + rest)[None] + 7.0, np.full((1, samples), 2.0)

    monkeypatch.setattr(module, "_energies", drifting)
    kept = energy_conservation(trajectories(), {}, 140.0, 10**9)
    assert kept is not None and kept.drift == pytest.approx(0.15) and kept.drift_error == pytest.approx(error)
    assert kept.heating == pytest.approx(heating, abs=1e-12)
