"""Langevin dynamics of a lattice: its one-step map against exact covariances, symmetries, energies, and bits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import solve_discrete_lyapunov

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.models.local_mode_stability import check_stability
from crosscurrent.numerics.langevin import Langevin, State
from crosscurrent.numerics.langevin_sums import Sums
from crosscurrent.numerics.slab import Slab
from crosscurrent.numerics.steady_state import steady_state
from crosscurrent.physics.lattice_dynamics import field_force, lattice_dynamics, velocity_turn
from crosscurrent.physics.lattice_langevin import bath_strength, driven_slab, gyration, inverse_root
from crosscurrent.physics.lattice_time_step import check_step, energy
from crosscurrent.physics.lattice_units import ACCELERATION
from crosscurrent.physics.on_site import AnisotropicOnSite, LinearOnSite, WellOnSite, linearised
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
GRID = (6, 5, 3)
TEMPERATURE = [50.0, 40.0, 10.0, 1.0, 5.0, 20.0]
DAMPING = [5.0, 2.75, 2.0, 2.75, 5.0]
#: Not diagonal, as no cubic crystal has it.
MASS = np.array([[110.0, 12.0, -5.0], [12.0, 90.0, 8.0], [-5.0, 8.0, 130.0]])


@pytest.fixture(scope="module")
def record() -> LocalMode:
    return local_mode("batio3-b")


def dynamics(record: LocalMode, shape: tuple[int, int, int] = GRID, **changes: Any) -> Langevin:
    kinds: Any = changes.pop("sites", None) or [WellOnSite(record.well)]
    mass = changes.pop("mass", record.mass)
    options: dict[str, Any] = {"temperature": TEMPERATURE, "damping": DAMPING, "omega": 80.0, "step": 0.0025, "seed": 4}
    return lattice_dynamics(record.couplings(Slab(shape)), kinds, mass, **(options | changes))


def displaced(record: LocalMode, shape: tuple[int, ...], seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=shape) * 0.02 + record.well.ordered


@dataclass(frozen=True)
class UnitNoise:
    """One number of the noise is 1, all others 0: the columns of the noise in a step."""

    size: int

    def draw(self, realization: int, step: int, work: object = None) -> Floats:
        out = np.zeros(3 * self.size)
        out[realization] = 1.0
        return out.reshape(3, 3, 6, 5)


def one_step(engine: Langevin, size: int) -> tuple[Floats, Floats]:
    """The map of one step on (u, v), and the columns of its noise, in the engine's own order of components."""
    cold = engine.with_bath(np.zeros(GRID[:2]))
    basis = np.eye(6 * size).reshape(6 * size, 2, 1, *GRID, 3)
    zero = np.zeros((6 * size, 1, *GRID, 3))
    state = State(basis[:, 0], basis[:, 1], zero, 0, tuple(range(6 * size)))
    after = cold.advance(state, 1)
    columns = np.concatenate([after.u.reshape(6 * size, -1), after.v.reshape(6 * size, -1)], axis=1)
    noisy = replace(engine, noise=UnitNoise(size))
    still = State(zero[: 3 * size], zero[: 3 * size], zero[: 3 * size], 0, tuple(range(3 * size)))
    noise = noisy.advance(still, 1)
    kicks = np.concatenate([noise.u.reshape(3 * size, -1), noise.v.reshape(3 * size, -1)], axis=1)
    return columns.T, kicks.T


@pytest.mark.parametrize("mass", [None, MASS], ids=["scalar mass", "tensor mass"])
@pytest.mark.parametrize("route", ["fourier", "trigonometric"])
def test_the_covariance_of_the_map_is_that_of_the_exact_solver(
    record: LocalMode, mass: Floats | None, route: str
) -> None:
    weight, size, h = record.mass if mass is None else mass, 90, 0.005
    linear = LinearOnSite((0.0,) * 3, (0.0,) * 3, tuple(map(tuple, record.well.stiffness.tolist())))
    engine = dynamics(record, sites=[linear], mass=weight, step=h, route=route)
    step, noise = one_step(engine, size)
    found = solve_discrete_lyapunov(step, noise @ noise.T).reshape((2, *GRID, 3) * 2)
    problem = driven_slab(
        record.couplings(Slab(GRID)), record.well.stiffness, weight, np.array(DAMPING), gyration(80.0), step=h
    )
    exact = steady_state(problem).covariance(bath_strength(TEMPERATURE))
    # mean over z of the blocks of each cell, then from displacements to mass-weighted ones
    local = np.einsum("pxyzaqxyzb->xypaqb", found) / 3
    root = np.linalg.inv(inverse_root(weight))
    local = np.einsum("ca,xypaqb,db->xypcqd", root, local, root).reshape(6, 5, 6, 6)
    assert np.abs(local - exact).max() < 1e-10 * np.abs(exact).max()
    for kind in (slice(0, 3), slice(3, 6)):
        off = np.abs(local[..., kind, kind] - exact[..., kind, kind]).max()
        assert off < 1e-10 * np.abs(exact[..., kind, kind]).max()


def test_equipartition_is_exact_at_any_step(record: LocalMode) -> None:
    # a uniform bath: <v v> = theta/M and <u v> = -h theta/2M at a step of 0.7 over the highest frequency
    linear = LinearOnSite((0.0,) * 3, (0.0,) * 3, tuple(map(tuple, record.well.stiffness.tolist())))
    h, size = 0.005, 90
    step, noise = one_step(dynamics(record, sites=[linear], temperature=30.0, step=h, mass=MASS), size)
    found = solve_discrete_lyapunov(step, noise @ noise.T)
    expected = float(bath_strength(30.0)) * np.kron(np.eye(size), np.linalg.inv(MASS))
    assert np.abs(found[270:, 270:] - expected).max() < 1e-11 * np.abs(expected).max()
    assert np.abs(found[:270, 270:] + h / 2 * expected).max() < 1e-9 * np.abs(expected).max()


def test_one_site_is_stepped_as_written() -> None:
    # B A O R A B by hand, one cell without neighbours, with the noise that the engine drew
    record = local_mode("batio3-b")
    engine = dynamics(record, (1, 1, 1), temperature=40.0, damping=3.0)
    couplings, site = record.couplings(Slab((1, 1, 1))), WellOnSite(record.well)
    u, v = record.well.ordered + [0.01, -0.02, 0.005], np.array([0.3, -0.1, 0.2])
    state = engine.start(u, v)
    h, gamma, mass = 0.0025, 3.0, record.mass[0, 0]
    decay = np.exp(-gamma * h)
    spread = np.sqrt(float(bath_strength(40.0)) / mass * (1 - decay**2))
    turn = np.exp(1j * 80.0 * h)

    def force(u: Floats) -> Floats:
        return site.force(u) + couplings.force(u.reshape(1, 1, 1, 3)).reshape(3)

    for step in range(5):
        xi = engine.noise.draw(0, step).reshape(3)
        v = v + h / 2 * ACCELERATION / mass * force(u)
        u = u + h / 2 * v
        plane = turn * (v[0] + 1j * v[1])
        v = decay * np.array([plane.real, plane.imag, v[2]]) + spread * xi
        u = u + h / 2 * v
        v = v + h / 2 * ACCELERATION / mass * force(u)
        state = engine.advance(state, 1)
        np.testing.assert_allclose(state.u.reshape(3), u, rtol=1e-13)
        np.testing.assert_allclose(engine.full_step_velocity(state).reshape(3), v, rtol=1e-12)


def test_forces_are_those_of_the_lattice(record: LocalMode) -> None:
    couplings, well = record.couplings(Slab(GRID)), WellOnSite(record.well)
    cubic = AnisotropicOnSite(8.5, 110.0, -163.0, k1=20.0, k2=-11.0, k3=7.0)
    u = displaced(record, (1, 3, *GRID, 3))
    for sites in ([well, linearised(well, record.well.ordered), cubic], [cubic, well, linearised(cubic, [0.05, 0, 0])]):
        engine = dynamics(record, sites=sites).with_push([0.1, -0.2, 0.3])
        expected = [couplings.force(u[:, c]) + site.force(u[:, c]) for c, site in enumerate(sites)]
        expected = np.stack(expected, axis=1) + [0.1, -0.2, 0.3]
        assert np.abs(engine.start(u).force - expected).max() < 1e-13 * np.abs(expected).max()


def test_what_is_taken_out_of_a_site_is_harmonic(record: LocalMode) -> None:
    u = displaced(record, (4, 3))
    well = WellOnSite(record.well)
    for site in (well, AnisotropicOnSite(8.5, 110.0, -163.0), linearised(well, record.well.ordered)):
        np.testing.assert_allclose(site.without(2.5).force(u), site.force(u) + 2.5 * u, atol=1e-12)


@pytest.mark.parametrize(("route", "bound"), [("trigonometric", 0.0), ("fourier", 1e-13)])
def test_the_trajectory_in_the_mirror(record: LocalMode, route: str, bound: float) -> None:
    # folding about the middle treats both sides alike, bit by bit; fast transforms round differently
    plain = dynamics(record, omega=80.0, route=route)
    other = dynamics(record, omega=-80.0, route=route, mirrored=True)
    signs = np.array([1.0, -1.0, 1.0])
    u, v = displaced(record, (1, 1, *GRID, 3)), np.random.default_rng(1).normal(size=(1, 1, *GRID, 3))
    first = plain.advance(plain.start(u, v), 200)
    second = other.advance(other.start(u[:, :, :, ::-1] * signs, v[:, :, :, ::-1] * signs), 200)
    for a, b in ((first.u, second.u), (first.v, second.v)):
        assert np.abs(b[:, :, :, ::-1] * signs - a).max() <= bound * np.abs(a).max()


def test_a_rotation_conserves_kinetic_energy() -> None:
    for mass in (103.6 * np.eye(3), MASS):
        turn = velocity_turn(0.37, mass)
        np.testing.assert_allclose(turn.T @ mass @ turn, mass, atol=1e-12)
    assert velocity_turn(0.1, np.eye(3))[1, 0] > 0  # from x to y


def test_energy_is_conserved_to_second_order(record: LocalMode) -> None:
    # 6 x 5 x 3 cells at 50 K, baths switched off, rms over 0.6 ps over the mean kinetic energy, 8 trajectories
    numbers = tuple(range(8))
    couplings, site = record.couplings(Slab(GRID)), WellOnSite(record.well)
    warm = dynamics(record, temperature=50.0, damping=2.0, omega=0.0, seed=3)
    state = warm.advance(warm.start(record.well.ordered, realizations=numbers), 600)
    u, v = state.u, warm.full_step_velocity(state)
    found = []
    for h in (0.005, 0.0025, 0.00125):
        engine = dynamics(record, temperature=0.0, damping=0.0, omega=0.0, step=h)
        state, total, kinetic = engine.start(u, v, numbers), [], []
        for _ in range(60):
            state = engine.advance(state, round(0.01 / h))
            velocity = engine.full_step_velocity(state)
            total.append(energy(couplings, site, record.mass, state.u[:, 0], velocity[:, 0]))
            kinetic.append(0.5 * record.mass[0, 0] / ACCELERATION * (velocity**2).sum(axis=(1, 2, 3, 4, 5)))
        found.append(np.mean(np.std(total, axis=0) / np.mean(kinetic, axis=0)))
    assert found == pytest.approx([3.0e-3, 5.8e-4, 1.5e-4], rel=0.2)
    assert np.log2(found[0] / found[2]) / 2 == pytest.approx(2.0, abs=0.1)


def test_bits_do_not_depend_on_the_batch_or_on_how_it_is_cut(record: LocalMode) -> None:
    engine = dynamics(record, (9, 6, 4), damping=2.0, temperature=30.0, sites=[WellOnSite(record.well)] * 2)
    numbers = (7, 0, 3)
    whole = engine.advance(engine.start(record.well.ordered, realizations=numbers), 30)
    many = engine.advance(engine.start(record.well.ordered, realizations=tuple(range(16))), 30)
    for i, number in enumerate(numbers):
        alone = engine.start(record.well.ordered, realizations=(number,))
        for steps in (1, 12, 17):
            # another engine, and every step looked at
            alone = dynamics(
                record, (9, 6, 4), damping=2.0, temperature=30.0, sites=[WellOnSite(record.well)] * 2
            ).advance(alone, steps, Sums(1))
        for name in ("u", "v", "force"):
            assert np.array_equal(getattr(alone, name)[0], getattr(whole, name)[i])
            assert np.array_equal(getattr(many, name)[number], getattr(whole, name)[i])
    assert np.array_equal(whole.u[:, 0], whole.u[:, 1])


def test_sums_are_means_over_the_states(record: LocalMode) -> None:
    engine = dynamics(record)
    state = engine.start(record.well.ordered, realizations=(0, 5))
    sums = Sums(4, ("vv", "uf", "uv"))
    state = engine.advance(state, 7, sums)
    cut = engine.advance(state, 5, sums)
    # one by one
    again, states = engine.start(record.well.ordered, realizations=(0, 5)), []
    for _ in range(12):
        again = engine.advance(again, 1)
        states.append(again)
    assert np.array_equal(again.u, cut.u) and (sums.steps, sums.samples) == (12, 3)
    np.testing.assert_allclose(sums.mean("u"), np.mean([s.u.mean(axis=4) for s in states], axis=0), rtol=1e-12)
    fields = {"u": "u", "v": "v", "f": "force"}
    for name in ("vv", "uf", "uv"):
        pairs = [(getattr(s, fields[name[0]]), getattr(s, fields[name[1]])) for s in states[3::4]]
        expected = np.mean([np.einsum("rcxyza,rcxyzb->rcxyab", a, b) / 3 for a, b in pairs], axis=0)
        np.testing.assert_allclose(sums.mean(name), expected, rtol=1e-10, atol=1e-12 * np.abs(expected).max())
    sums.reset()
    assert sums.steps == 0 and not sums.totals["vv"].any()


def test_single_precision_stays_near(record: LocalMode) -> None:
    options: dict[str, Any] = {"temperature": 30.0, "damping": 2.0, "sites": [WellOnSite(record.well)]}
    sums = {}
    for precision in ("double", "single"):
        engine = dynamics(record, precision=precision, **options)
        state = engine.advance(engine.start(record.well.ordered), 200)
        sums[precision] = Sums(2)
        state = engine.advance(state, 400, sums[precision])
        assert state.u.dtype == (np.float64 if precision == "double" else np.float32)
    # the same noise, so that only rounding tells them apart
    for name in ("u", "vv", "uu"):
        double, single = (sums[p].mean(name) for p in ("double", "single"))
        assert single.dtype == np.float64
        assert 0 < np.abs(double - single).max() < 2e-5 * np.abs(double).max()


def test_thermal_velocities_of_each_site(record: LocalMode) -> None:
    # seeded, uniform 30 K in the anharmonic lattice: M <v v>/k_B T is 1 in every layer and component
    engine = dynamics(record, temperature=30.0, damping=8.0, omega=80.0, step=0.004)
    state = engine.advance(engine.start(record.well.ordered, realizations=tuple(range(8))), 200)
    sums = Sums(5, ("vv",))
    engine.advance(state, 600, sums)
    ratio = sums.mean("vv").mean(axis=(0, 1, 2)) * record.mass[0, 0] / float(bath_strength(30.0))
    # 8 x 6 x 3 sites, and some 15 independent times in 2.4 ps
    assert np.abs(np.einsum("yaa->ya", ratio) - 1).max() < 4 * np.sqrt(2 / (8 * 18 * 15))
    assert np.abs(np.einsum("yaa->ya", ratio).mean() - 1) < 0.015


def test_a_field_is_a_force(record: LocalMode) -> None:
    tensor = np.array([[1.0, 0.2, 0.0], [0.0, 2.0, 0.0], [0.0, 0.5, 3.0]])
    # work Z_ab E_a du_b: polarization first
    np.testing.assert_allclose(field_force(tensor, [0.0, 0.1, 0.2]), [0.0, 0.3, 0.6])


def test_a_step_that_is_too_long_is_refused_with_the_limit(record: LocalMode) -> None:
    couplings = record.couplings(Slab(GRID))
    matrix = np.stack([couplings.force(u) for u in np.eye(270).reshape(270, *GRID, 3)]).reshape(270, 270)
    matrix = np.kron(np.eye(90), record.well.stiffness) - matrix
    exact = 2 / np.sqrt(np.linalg.eigvalsh(matrix)[-1] * ACCELERATION / record.mass[0, 0])
    assert 2 / check_stability(record, Slab(GRID), couplings).frequency == pytest.approx(exact, rel=1e-9)
    check_step(0.99 * exact, 2 / exact)
    for step in (1.01 * exact, 0.0, -0.001, np.nan):
        with pytest.raises(InputError, match=f"below {exact:.3g} ps"):
            check_step(step, 2 / exact)
    # and it is the limit: just above it the lattice flies apart, just below it does not
    linear = [LinearOnSite((0.0,) * 3, (0.0,) * 3, tuple(map(tuple, record.well.stiffness.tolist())))]
    for factor, bound in ((0.99, True), (1.02, False)):
        engine = dynamics(record, sites=linear, temperature=1.0, damping=0.0, omega=0.0, step=factor * exact)
        far = np.abs(engine.advance(engine.start(displaced(record, GRID + (3,))), 600).u).max()
        assert (far < 10) == bound


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"step": 0.0}, "time step"),
        ({"precision": "half"}, "precision"),
        ({"route": "wavelets"}, "route"),
        ({"omega": [1.0, 2.0]}, "Omega_B"),
        ({"temperature": -1.0}, "temperature"),
        ({"damping": [1.0, 1.0, -1.0, 1.0, 1.0]}, "damping"),
    ],
)
def test_bad_input(record: LocalMode, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        dynamics(record, **changes)
