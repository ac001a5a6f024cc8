"""Local balances of steps of finite length: closed with the noise that was drawn, and against forces pair by pair."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.langevin import Langevin, State, outwards
from crosscurrent.numerics.langevin_sums import Sums
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics import lattice_currents as currents
from crosscurrent.physics.lattice_dynamics import lattice_dynamics
from crosscurrent.physics.lattice_energy import short_range_energy, short_range_force
from crosscurrent.physics.lattice_langevin import bath_strength, gyration, inverse_root
from crosscurrent.physics.lattice_observables import angular_momentum, kinetic_energy
from crosscurrent.physics.lattice_step_balances import BALANCES, TERMS, CellForces, StepBalances
from crosscurrent.physics.lattice_units import BOLTZMANN
from crosscurrent.physics.on_site import WellOnSite

SLAB, STEP = Slab((6, 5, 3)), 0.0025
HEAT, DAMPING = np.array([50.0, 40.0, 10.0, 0.0, 5.0, 20.0]), np.array([5.0, 2.75, 2.0, 2.75, 5.0])
#: Not diagonal, as no cubic crystal has it.
MASS = np.array([[110.0, 12.0, -5.0], [12.0, 90.0, 8.0], [-5.0, 8.0, 130.0]])
OMEGAS = (0.0, 80.0)
PRODUCTS = ("vv", "uv")


@pytest.fixture(scope="module", params=["scalar mass", "tensor mass"])
def record(request: pytest.FixtureRequest) -> LocalMode:
    record = local_mode("batio3-b")
    return record if request.param == "scalar mass" else replace(record, mass=MASS)


def engine(record: LocalMode, **changes: Any) -> Langevin:
    options: dict[str, Any] = {"temperature": HEAT, "damping": DAMPING, "omega": OMEGAS, "step": STEP, "seed": 4}
    sites = [WellOnSite(record.well)] * len(OMEGAS)
    return lattice_dynamics(record.couplings(SLAB), sites, record.mass, **(options | changes))


def cells(record: LocalMode, langevin: Langevin, heat: np.ndarray = HEAT) -> CellForces:
    site, ties = WellOnSite(record.well), record.couplings(SLAB)
    return CellForces(langevin, ties, record.blocks, site, 2, record.mass, record.angular[2], BOLTZMANN * heat)


def warm(record: LocalMode, langevin: Langevin, numbers: tuple[int, ...] = (0, 3)) -> State:
    return langevin.advance(langevin.start(record.well.ordered, realizations=numbers), 400)


@dataclass(frozen=True)
class Followed:
    """The terms of some steps by name, (copies, Nx, Ny); the states at their ends, first and last included; the work of
    the noise less its mean and its torque, as rates (copies, Nx, Ny)."""

    terms: dict[str, np.ndarray]
    states: list[State]
    work: np.ndarray
    torque: np.ndarray


def means(field: np.ndarray) -> np.ndarray:
    """Over realizations and z; field: (R, C, Nx, Ny, Nz)."""
    return np.asarray(field.mean(axis=(0, 4)))


@pytest.fixture(scope="module")
def followed(record: LocalMode) -> Followed:
    """Seventy steps one by one with the numbers that the noise is made of, and the same in three pieces with their
    terms."""
    langevin, steps = engine(record), 70
    first = warm(record, langevin)
    sums = StepBalances(10, PRODUCTS, cells=cells(record, langevin)).begin(first)
    state = first
    for piece in (20, 1, steps - 21):
        state = langevin.advance(state, piece, sums)
    states, work, torque = [first], np.zeros((2, 6, 5)), np.zeros((2, 6, 5))
    decay = np.exp(-DAMPING * STEP)[:, None, None]
    spread = np.sqrt((1 - decay**2) * bath_strength(HEAT)[:, None, None, None])
    gain = (1 - decay[..., 0] ** 2) * (1.5 * BOLTZMANN * HEAT[:, None, None])
    for _ in range(steps):
        last = states[-1]
        xi = np.array([outwards(langevin.noise.draw(n, last.step).astype(float)) for n in last.realizations])
        drag = decay * np.einsum("cab,rcxyzb->rcxyza", langevin.turns, last.v)
        after = drag + (spread * (xi @ inverse_root(record.mass)))[:, None]
        before = kinetic_energy(last.v, record.mass)
        bath = kinetic_energy(after, record.mass) - before
        work += means(bath - gain + (1 - decay[..., 0] ** 2) * before) / (steps * STEP)
        middle = last.u + STEP / 2 * last.v
        torque += means(angular_momentum(middle, after - drag, record.angular)[..., 2]) / (steps * STEP)
        states.append(langevin.advance(last, 1))
    np.testing.assert_array_equal(states[-1].u, state.u)
    return Followed(dict(zip(TERMS, np.moveaxis(sums.terms(), -1, 0), strict=True)), states, work, torque)


def left_over(terms: dict[str, np.ndarray], balance: str, without: str = "") -> np.ndarray:
    names, change = BALANCES[balance]
    return np.asarray(sum(terms[name] for name in names if name != without) - terms[change])


@pytest.mark.parametrize("balance", ["power", "energy", "torque"])
def test_what_is_left_over_is_the_noise_that_was_drawn(followed: Followed, balance: str) -> None:
    """To rounding along a trajectory, and not without any one of the terms."""
    noise = followed.torque if balance == "torque" else followed.work
    names, change = BALANCES[balance]
    scale = float(np.abs(noise).max())
    assert np.abs(left_over(followed.terms, balance) + noise).max() < 1e-11 * scale
    for name in names:
        if np.abs(followed.terms[name]).max() > 0:
            assert np.abs(left_over(followed.terms, balance, name) + noise).max() > 1e-3 * scale, name
    assert np.abs(followed.terms[change]).max() > 1e-3 * scale


def test_forces_are_split_as_pairs_and_dipoles_have_it(record: LocalMode, followed: Followed) -> None:
    """Powers and torques of S29 and S38, with the forces bond by bond and the velocity at the time of the force; the
    first and the last state count half."""
    ties, langevin = record.couplings(SLAB), engine(record)
    found: dict[str, np.ndarray] = {}
    weights = [0.5, *[1.0] * (len(followed.states) - 2), 0.5]
    for weight, state in zip(weights, followed.states, strict=True):
        u, v = state.u, langevin.full_step_velocity(state)
        forces = currents.Forces(record.well.force(u), short_range_force(u, record.blocks, SLAB), ties.dipole_force(u))
        power = currents.kinetic_balance(v, forces, record.mass, DAMPING, BOLTZMANN * HEAT)
        torque = currents.angular_balance(u, v, forces, gyration(80.0), record.mass, record.angular, DAMPING)
        for name in ("on_site", "short_range", "dipole"):
            for kind, term in ((f"power_{name}", power[name]), (f"torque_{name}", torque[name][..., 2])):
                found[kind] = found.get(kind, 0.0) + weight * means(term) / sum(weights)
    for name, term in found.items():
        scale = max(np.abs(other).max() for key, other in found.items() if key[:5] == name[:5])
        assert np.abs(followed.terms[name] - term).max() < 1e-12 * scale, name


def test_energy_flows_along_the_bonds(record: LocalMode, followed: Followed) -> None:
    """S30 bond by bond, half-way through each step; and the energy of each cell, before S30, at both ends."""
    inflow, states = np.zeros((2, 6, 5)), followed.states
    for last, state in itertools.pairwise(states):
        moved, middle = (state.u - last.u) / STEP, 0.5 * (state.u + last.u)
        bonds = currents.energy_bond_currents(middle, moved, record.blocks, SLAB)
        inflow -= means(np.asarray(sum(bonds.values()))) / (len(states) - 1)
    assert np.abs(followed.terms["energy_inflow"] - inflow).max() < 1e-11 * np.abs(inflow).max()
    before = engine(record)
    ends = []
    for state in (states[0], states[-1]):
        # the mean over the kick: its square is all that the velocity half-way through it leaves out
        half = state.v - before.full_step_velocity(state)
        parts = [(state.u, v, record.well, record.blocks, SLAB, record.mass) for v in (state.v, state.v - 2 * half)]
        ends.append(0.5 * sum(means(currents.local_energy(*part)) for part in parts))
    change = (ends[1] - ends[0]) / (STEP * (len(states) - 1))
    assert np.abs(followed.terms["energy_change"] - change).max() < 1e-11 * np.abs(change).max()
    stored = [means(short_range_energy(s.u, record.blocks, SLAB)) for s in (states[0], states[-1])]
    assert np.abs(stored[1] - stored[0]).max() > 0.01 * np.abs(ends[1] - ends[0]).max()


def test_rotation_and_damping_are_told_apart(record: LocalMode, followed: Followed) -> None:
    still, turned = np.abs(followed.terms["torque_magnetic"]).max(axis=(1, 2))
    assert still < 1e-12 * turned
    quiet = engine(record, damping=0.0)
    first = warm(record, engine(record))
    sums = StepBalances(10, PRODUCTS, cells=cells(record, quiet)).begin(first)
    quiet.advance(first, 30, sums)
    terms = dict(zip(TERMS, np.moveaxis(sums.terms(), -1, 0), strict=True))
    assert not terms["torque_damping"].any() and not terms["power_bath"].any()
    # without a bath there is no noise to leave anything over
    for balance, (names, _) in BALANCES.items():
        scale = max(np.abs(terms[name]).max() for name in names)
        assert np.abs(left_over(terms, balance)).max() < 1e-11 * scale


def test_what_the_step_lends_is_of_second_order(record: LocalMode) -> None:
    """The same motion without baths in steps of h and h/2: a quarter of it is left, and little to begin with."""
    langevin = engine(record)
    start, lent = warm(record, langevin), []
    v = langevin.full_step_velocity(start)
    for h in (STEP, STEP / 2, STEP / 4):
        quiet = engine(record, damping=0.0, step=h)
        state = quiet.start(start.u, v, start.realizations)
        sums = StepBalances(10, (), cells=cells(record, quiet)).begin(state)
        quiet.advance(state, round(0.1 / h), sums)
        terms = sums.terms()
        lent.append(terms[..., TERMS.index("energy_step")])
    assert 3.6 < np.linalg.norm(lent[0]) / np.linalg.norm(lent[1]) < 4.4
    assert 3.8 < np.linalg.norm(lent[1]) / np.linalg.norm(lent[2]) < 4.2
    assert np.linalg.norm(lent[0]) < 0.1 * np.linalg.norm(terms[..., TERMS.index("energy_inflow")])


@pytest.mark.parametrize("precision", ["double", "single"])
def test_the_trajectory_does_not_know_that_it_is_watched(record: LocalMode, precision: str) -> None:
    langevin = engine(record, precision=precision)
    first = warm(record, langevin)
    plain, watched = Sums(4, PRODUCTS), StepBalances(4, PRODUCTS, cells=cells(record, langevin)).begin(first)
    ends = [langevin.advance(first, 24, sums) for sums in (plain, watched)]
    for name in ("u", "v", "force"):
        np.testing.assert_array_equal(getattr(ends[0], name), getattr(ends[1], name))
    for name in ("u", *PRODUCTS):
        np.testing.assert_array_equal(plain.mean(name), watched.mean(name))
    terms = watched.terms()
    assert terms.dtype == np.float64 and np.isfinite(terms).all()


def test_rounding_in_single_precision(record: LocalMode) -> None:
    """The terms of the same steps: of forces that nearly cancel, to some 1e-5 of the largest."""
    first, found = warm(record, engine(record)), {}
    for precision in ("double", "single"):
        langevin = engine(record, precision=precision)
        start = langevin.start(first.u, langevin.full_step_velocity(first), first.realizations, first.step)
        sums = StepBalances(4, (), cells=cells(record, langevin)).begin(start)
        langevin.advance(start, 24, sums)
        found[precision] = sums.terms()
    for letter in ("p", "e", "t"):
        own = [i for i, name in enumerate(TERMS) if name[0] == letter]
        off = np.abs(found["single"] - found["double"])[..., own].max()
        assert 0 < off < 1e-3 * np.abs(found["double"][..., own]).max()


def test_a_bath_that_is_warmer_than_it_says_shows() -> None:
    """Fluctuation and dissipation: what is left over has mean zero only at the temperature of the noise."""
    record = local_mode("batio3-b")
    langevin = engine(record, temperature=30.0, damping=5.0)
    first = warm(record, langevin)
    scores = []
    for kelvin in (30.0, 15.0):
        state, rates = first, []
        for _ in range(12):
            sums = StepBalances(10, (), cells=cells(record, langevin, np.full(6, kelvin))).begin(state)
            state = langevin.advance(state, 20, sums)
            rates.append(left_over(dict(zip(TERMS, np.moveaxis(sums.terms(), -1, 0), strict=True)), "power").mean())
        scores.append(np.mean(rates) / (np.std(rates, ddof=1) / np.sqrt(12)))
    assert abs(scores[0]) < 4 and scores[1] < -6
