"""Bond currents and local balances: closed on any trajectory, and on exact covariances of a driven slab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.linalg import solve_continuous_lyapunov

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics import lattice_currents as currents
from crosscurrent.physics.lattice_energy import short_range_force
from crosscurrent.physics.lattice_langevin import bath_strength, gyration
from crosscurrent.physics.lattice_observables import angular_momentum, kinetic_energy
from crosscurrent.physics.lattice_units import ACCELERATION, BOLTZMANN
from crosscurrent.responses.ferron_hall import ferron_hall

SLAB = Slab((4, 3, 2))
HEAT, DAMPING, OMEGA = np.array([50.0, 20.0, 1.0, 10.0]), np.array([5.0, 2.0, 4.0]), 30.0


@pytest.fixture(scope="module")
def record() -> LocalMode:
    return local_mode("batio3-b")


@dataclass(frozen=True)
class Exact:
    """Columns whose products sum to the covariance of the linear steady state, (n, Nx, Ny, Nz, 3), and their forces."""

    u: np.ndarray
    v: np.ndarray
    forces: currents.Forces


@pytest.fixture(scope="module")
def exact(record: LocalMode) -> Exact:
    """By brute force in real space: the whole drift matrix and a Lyapunov solver."""
    ties, n = record.couplings(SLAB), SLAB.cells * 3
    unit = np.eye(n).reshape(n, *SLAB.shape, 3)
    well = record.well.stiffness
    stiffness = (unit @ well - ties.force(unit)).reshape(n, n) * ACCELERATION / record.mass[0, 0]
    layer = np.broadcast_to(np.arange(3)[:, None, None], (*SLAB.shape, 3)).reshape(-1)
    column = np.broadcast_to(np.arange(4)[:, None, None, None], (*SLAB.shape, 3)).reshape(-1)
    gamma, theta = DAMPING[layer], bath_strength(HEAT)[column] / record.mass[0, 0]
    turn = np.kron(np.eye(SLAB.cells), gyration(OMEGA))
    zero = np.zeros((n, n))
    drift = np.block([[zero, -np.eye(n)], [stiffness, np.diag(gamma) - turn]])
    noise = np.block([[zero, zero], [zero, np.diag(2 * gamma * theta)]])
    covariance = solve_continuous_lyapunov(drift, noise)
    values, vectors = np.linalg.eigh(0.5 * (covariance + covariance.T))
    columns = (vectors * np.sqrt(np.clip(values, 0, None))).T
    u, v = (columns[:, i * n : (i + 1) * n].reshape(-1, *SLAB.shape, 3) for i in range(2))
    forces = currents.Forces(-u @ well, short_range_force(u, record.blocks, SLAB), ties.dipole_force(u))
    return Exact(u, v, forces)


def test_kinetic_balance(record: LocalMode, exact: Exact) -> None:
    """S29, and S27: the on-site power vanishes by itself."""
    # the bath is not bilinear: its share of each column is what remains of the sum
    terms = currents.kinetic_balance(exact.v, exact.forces, record.mass, DAMPING, BOLTZMANN * HEAT)
    means = {name: term.sum(axis=0) for name, term in terms.items() if name != "bath"}
    bath = terms["bath"][0]
    np.testing.assert_allclose(sum(means.values()) + bath, 0, atol=1e-10 * np.abs(bath).max())
    assert np.abs(means["on_site"]).max() < 1e-10 * np.abs(bath).max()
    assert np.abs(means["dipole"]).max() > 0.01 * np.abs(bath).max()


def test_energy_balance(record: LocalMode, exact: Exact) -> None:
    """S31: what the bond currents carry away comes from the dipoles and the bath."""
    terms = currents.energy_balance(
        exact.u, exact.v, exact.forces, record.blocks, SLAB, record.mass, DAMPING, BOLTZMANN * HEAT
    )
    bath = terms["bath"][0]
    rest = sum(term.sum(axis=0) for name, term in terms.items() if name != "bath") + bath
    np.testing.assert_allclose(rest, 0, atol=1e-10 * np.abs(bath).max())
    assert np.abs(terms["currents"].sum(axis=0)).max() > 0.01 * np.abs(bath).max()


def test_angular_balance(record: LocalMode, exact: Exact) -> None:
    """S38, and S41: with isotropic mass the magnetic torque vanishes by itself."""
    args = (exact.u, exact.v, exact.forces, gyration(OMEGA), record.mass, record.angular, DAMPING)
    means = {name: term.sum(axis=0) for name, term in currents.angular_balance(*args).items()}
    scale = np.abs(means["short_range"]).max()
    np.testing.assert_allclose(sum(means.values()), 0, atol=1e-10 * scale)
    assert np.abs(means["magnetic"]).max() < 1e-10 * scale
    bonds = currents.angular_bond_currents(exact.u, record.blocks, SLAB, record.mass, record.angular)
    outflow = sum(bond.sum(axis=0) for bond in bonds.values())
    np.testing.assert_allclose(outflow, -means["short_range"], atol=1e-12 * scale)


def test_energy_current_is_antisymmetric_and_the_angular_one_is_not(record: LocalMode, exact: Exact) -> None:
    """The remark on S37: it is a torque, whose symmetric part is a source."""
    energy = currents.energy_bond_currents(exact.u, exact.v, record.blocks, SLAB)
    carried, source = currents.split_bonds({r: j.sum(axis=0)[..., None] for r, j in energy.items()}, SLAB)
    largest = max(np.abs(j).max() for j in carried.values())
    assert largest > 0 and max(np.abs(j).max() for j in source.values()) < 1e-12 * largest
    bonds = currents.angular_bond_currents(exact.u, record.blocks, SLAB, record.mass, record.angular)
    carried, source = currents.split_bonds({r: j.sum(axis=0) for r, j in bonds.items()}, SLAB)
    assert max(np.abs(j).max() for j in source.values()) > 0.1 * max(np.abs(j).max() for j in carried.values())


def test_balances_hold_along_any_trajectory(record: LocalMode) -> None:
    """d epsilon/dt and dL/dt by finite differences of the anharmonic motion without bath, against S31 and S38."""
    rng = np.random.default_rng(3)
    u, v = 0.05 * rng.normal(size=(*SLAB.shape, 3)), rng.normal(size=(*SLAB.shape, 3))
    ties, turn, step = record.couplings(SLAB), gyration(OMEGA), 1e-6

    def forces(u: np.ndarray) -> currents.Forces:
        return currents.Forces(record.well.force(u), short_range_force(u, record.blocks, SLAB), ties.dipole_force(u))

    def moved(h: float) -> tuple[np.ndarray, np.ndarray]:
        """A Taylor step of second order in u and first in v."""
        now = forces(u)
        a = (now.on_site + now.short_range + now.dipole) * ACCELERATION / record.mass[0, 0] + v @ turn.T
        return u + h * v + 0.5 * h**2 * a, v + h * a

    def rate(of: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
        return (of(*moved(step)) - of(*moved(-step))) / (2 * step)

    still = np.zeros(3)
    balance = currents.energy_balance(u, v, forces(u), record.blocks, SLAB, record.mass, still, np.zeros(4))
    energy = rate(lambda u, v: currents.local_energy(u, v, record.well, record.blocks, SLAB, record.mass))
    np.testing.assert_allclose(sum(balance.values()), energy, atol=1e-5 * np.abs(energy).max())
    torque = currents.angular_balance(u, v, forces(u), turn, record.mass, record.angular, still)
    spin = rate(lambda u, v: angular_momentum(u, v, record.angular))
    np.testing.assert_allclose(sum(torque.values()), spin, atol=1e-5 * np.abs(spin).max())
    kinetic = currents.kinetic_balance(v, forces(u), record.mass, still, np.zeros(4))
    heat = rate(lambda u, v: kinetic_energy(v, record.mass))
    np.testing.assert_allclose(sum(kinetic.values()), heat, atol=1e-5 * np.abs(heat).max())


def test_maps_of_the_response_are_these_means(record: LocalMode, exact: Exact) -> None:
    """Kinetic energy, angular momentum, currents and torques of `ferron_hall` against bonds one by one."""
    found = ferron_hall(record, SLAB, HEAT, DAMPING, OMEGA, currents=True)
    energy = currents.energy_bond_currents(exact.u, exact.v, record.blocks, SLAB)
    spin = currents.angular_bond_currents(exact.u, record.blocks, SLAB, record.mass, record.angular)
    torques = currents.angular_balance(
        exact.u, exact.v, exact.forces, gyration(OMEGA), record.mass, record.angular, DAMPING
    )

    def flow(bonds: currents.Bonds, axis: int) -> np.ndarray:
        return 0.5 * sum(vector[axis] * bond.sum(axis=0).mean(axis=2) for vector, bond in bonds.items())

    pairs = {
        "kinetic_energy": kinetic_energy(exact.v, record.mass).sum(axis=0).mean(axis=2),
        "angular_momentum": angular_momentum(exact.u, exact.v, record.angular).sum(axis=0).mean(axis=2),
        "energy_current": np.stack([flow(energy, axis) for axis in (0, 1)], axis=-1),
        "angular_current": np.stack([flow(spin, axis)[..., 2] for axis in (0, 1)], axis=-1),
        **{f"torque_{name}": term.sum(axis=0).mean(axis=2)[..., 2] for name, term in torques.items()},
    }
    scale = max(np.abs(pairs[f"torque_{name}"]).max() for name in torques)
    for name, expected in pairs.items():
        size = scale if name.startswith("torque") else np.abs(expected).max()
        np.testing.assert_allclose(found[name], expected, rtol=0, atol=1e-10 * size, err_msg=name)
