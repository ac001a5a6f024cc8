"""Langevin dynamics on jax.numpy: the same formulas, the same numbers without noise, the same statistics with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.langevin import Langevin
from crosscurrent.numerics.langevin_sums import Sums
from crosscurrent.numerics.slab import Slab
from crosscurrent.numerics.step_noise import StepNoise
from crosscurrent.physics.lattice_dynamics import lattice_dynamics
from crosscurrent.physics.lattice_langevin import bath_strength
from crosscurrent.physics.on_site import WellOnSite, linearised
from crosscurrent.units import InputError

jax = pytest.importorskip("jax")
GRID = (6, 5, 3)


@pytest.fixture(scope="module", autouse=True)
def double_precision() -> None:
    jax.config.update("jax_enable_x64", True)


@pytest.fixture(scope="module")
def record() -> LocalMode:
    return local_mode("batio3-b")


def dynamics(record: LocalMode, device: str, **changes: Any) -> Langevin:
    well = WellOnSite(record.well)
    options: dict[str, Any] = {
        "temperature": [50.0, 40.0, 10.0, 1.0, 5.0, 20.0],
        "damping": [5.0, 2.75, 2.0, 2.75, 5.0],
        "omega": 80.0,
        "step": 0.0025,
        "seed": 4,
    }
    sites = [well, linearised(well, record.well.ordered)]
    return lattice_dynamics(record.couplings(Slab(GRID)), sites, record.mass, device=device, **(options | changes))


@pytest.mark.parametrize("route", ["fourier", "trigonometric"])
def test_the_same_trajectory_without_noise(record: LocalMode, route: str) -> None:
    u = np.random.default_rng(0).normal(size=(2, 2, *GRID, 3)) * 0.02 + record.well.ordered
    found = []
    for device in ("numpy", "cpu"):
        engine = dynamics(record, device, temperature=0.0, route=route).with_push([0.0, 0.01, -0.02])
        sums = Sums(4, ("vv", "uf"))
        state = engine.advance(engine.start(u, realizations=(0, 1)), 21, sums)
        means = [sums.mean(name) for name in ("u", "vv", "uf")]
        found.append([state.u, state.v, state.force, *means, np.array([sums.steps, sums.samples])])
    for plain, other in zip(*found, strict=True):
        assert np.abs(other - plain).max() < 1e-12 * np.abs(plain).max()


def test_noise_has_the_statistics_of_the_bath(record: LocalMode) -> None:
    engine = dynamics(record, "cpu", temperature=30.0, damping=8.0, step=0.004)
    state = engine.advance(engine.start(record.well.ordered, realizations=tuple(range(8))), 200)
    sums = Sums(5, ("vv",))
    engine.advance(state, 600, sums)
    ratio = sums.mean("vv").mean(axis=(0, 2)) * record.mass[0, 0] / float(bath_strength(30.0))
    diagonal = np.einsum("cyaa->cya", ratio)
    assert np.abs(diagonal - 1).max() < 4 * np.sqrt(2 / (8 * 18 * 15))
    assert np.abs(diagonal.mean() - 1) < 0.015


def test_a_batch_can_be_cut(record: LocalMode) -> None:
    engine = dynamics(record, "cpu")
    start = engine.start(record.well.ordered, realizations=(3, 8))
    whole = engine.advance(start, 12)
    cut = engine.advance(engine.advance(start, 6), 6)
    assert np.array_equal(whole.u, cut.u) and np.array_equal(whole.v, cut.v)
    alone = engine.advance(engine.start(record.well.ordered, realizations=(8,)), 12)
    # the same noise; the compiler may round a batch of another size in another way
    assert np.abs(alone.u[0] - whole.u[1]).max() < 1e-13
    assert np.abs(whole.u[0] - whole.u[1]).max() > 1e-4


def test_draws_are_normal_and_mirrored() -> None:
    steps = jax.numpy.arange(2)
    draw = np.asarray(StepNoise(1, (3, 4, 50, 80)).draw_jax(steps, 7, np.dtype(np.float64)))
    mirrored = np.asarray(StepNoise(1, (3, 4, 50, 80), (3, 1)).draw_jax(steps, 7, np.dtype(np.float64)))
    n = draw.size
    assert abs(draw.mean()) < 4 / np.sqrt(n) and abs((draw**2).mean() - 1) < 4 * np.sqrt(2 / n)
    assert abs((draw[0] * draw[1]).mean()) < 4 / np.sqrt(n / 2)
    assert np.array_equal(mirrored[:, 1], -draw[:, 1, ..., ::-1])


def test_single_precision(record: LocalMode) -> None:
    engine = dynamics(record, "cpu", temperature=0.0, precision="single")
    double = dynamics(record, "cpu", temperature=0.0)
    start = record.well.ordered * [1.3, 1.0, 1.0]
    single, exact = (e.advance(e.start(start), 100) for e in (engine, double))
    assert single.u.dtype == np.float32
    assert 0 < np.abs(single.u - exact.u).max() < 1e-5 * np.abs(exact.u).max()


def test_a_device_that_is_not_there_is_refused(record: LocalMode) -> None:
    if any(device.platform == "gpu" for device in jax.devices()):
        pytest.skip("there is one")
    with pytest.raises(InputError, match="numpy"):
        dynamics(record, "gpu")
