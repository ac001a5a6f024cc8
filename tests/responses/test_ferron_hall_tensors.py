"""A mode whose charge, mass and angular momentum are tensors, end to end against the Lyapunov equation of the slab."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray
from scipy import constants
from scipy.linalg import solve_continuous_lyapunov

from crosscurrent.models.local_mode import LocalMode
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.slab import Slab
from crosscurrent.responses.ferron_hall import ferron_hall

Floats = NDArray[np.float64]

GRID = (3, 4, 2)
HEAT = np.array([50.0, 5.0, 20.0])
DAMPING = np.array([5.0, 2.0, 2.0, 5.0])
OMEGA = 60.0

# eV/(amu angstrom^2) in 1/ps^2, eV/K, amu angstrom^2/ps, e/angstrom^2 in C/m^2
C = constants.e / constants.atomic_mass * 1e-4
K_B = constants.k / constants.e
HBAR = constants.hbar / (constants.atomic_mass * 1e-8)
CHARGE = constants.e * 1e20


def diagonal() -> LocalMode:
    """Anisotropic along the axes: the mirrors stay."""
    b = local_mode("batio3-b")
    scale = np.diag([1.0, 1.15, 0.9])
    return replace(
        b, mass=b.mass * np.diag([1.0, 1.3, 0.75]), charge=b.charge @ scale, angular=b.angular * 0.8, name="diagonal"
    )


def full() -> LocalMode:
    """Off-diagonal tensors: no mirror is left, so the field is reversed and run.

    The charge keeps y -> -y, without which a slab polarized along x is no equilibrium.
    """
    b = local_mode("batio3-b")
    mass = b.mass @ np.array([[1.0, 0.2, 0.1], [0.2, 1.3, -0.15], [0.1, -0.15, 0.8]])
    charge = b.charge @ np.array([[1.0, 0.0, 0.03], [0.0, 0.95, 0.0], [-0.02, 0.0, 1.05]])
    angular = np.array([[[0, 3, -20], [-3, 0, 80], [20, -80, 0]]] * 3, dtype=float)
    angular[2] = [[0, 90, 7], [-90, 0, -4], [-7, 4, 0]]
    return replace(b, mass=(mass + mass.T) / 2, charge=charge, angular=angular, name="full")


def brute_force(record: LocalMode, omega: float) -> dict[str, Floats]:
    """Means over z of the steady state, from matrices of the whole slab."""
    ties = record.couplings(Slab(GRID))
    n = int(np.prod(GRID))
    stiffness = np.zeros((3 * n, 3 * n))
    for column in range(3 * n):
        u = np.zeros((*GRID, 3))
        u.reshape(-1)[column] = 1.0
        stiffness[:, column] = (u @ record.well.stiffness.T - ties.force(u)).reshape(-1)
    values, vectors = np.linalg.eigh(record.mass)
    root = vectors @ np.diag(np.sqrt(values)) @ vectors.T
    turn = omega * root @ np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 0]]) @ root
    cells, inverse = np.eye(n), np.linalg.inv(record.mass)
    gamma = np.broadcast_to(DAMPING[:, None], GRID).reshape(-1)
    heat = np.broadcast_to(HEAT[:, None, None], GRID).reshape(-1)
    drift = np.block(
        [
            [np.zeros_like(stiffness), np.eye(3 * n)],
            [
                -C * np.kron(cells, inverse) @ stiffness,
                np.kron(cells, inverse @ turn) - np.kron(np.diag(gamma), np.eye(3)),
            ],
        ]
    )
    noise = np.zeros_like(drift)
    noise[3 * n :, 3 * n :] = np.kron(np.diag(2 * gamma * K_B * heat * C), inverse)
    state = solve_continuous_lyapunov(drift, -noise).reshape(2, n, 3, 2, n, 3)
    each = np.arange(n)
    uu, uv, vv = (state[a, each, :, b, each] for a, b in ((0, 0), (0, 1), (1, 1)))
    axis = np.asarray(record.well.axis)
    push = -0.5 * record.well.cubic * np.einsum("a,nab,b->n", axis, uu, axis)[:, None] * axis
    shift = np.linalg.solve(stiffness, push.reshape(-1)).reshape(n, 3)
    local = {
        "displacement_covariance": uu,
        "kinetic_energy": np.einsum("nab,ab->n", vv, record.mass) / (2 * C),
        "angular_momentum": np.einsum("nab,kab->nk", uv, record.angular) / HBAR,
        "polarization": (record.polarization + shift @ record.charge.T / record.volume * CHARGE) @ axis,
    }
    return {name: np.asarray(v).reshape(*GRID, *v.shape[1:]).mean(axis=2) for name, v in local.items()}


@pytest.mark.parametrize("record", [diagonal(), full()], ids=lambda record: record.name)
def test_tensor_charge_and_mass_against_lyapunov(record: LocalMode) -> None:
    found = ferron_hall(record, GRID, HEAT, DAMPING, OMEGA)
    still, plus, minus = (brute_force(record, omega) for omega in (0.0, OMEGA, -OMEGA))
    for name, expected in plus.items():
        size = float(np.abs(expected).max())
        np.testing.assert_allclose(found[name], expected, rtol=0, atol=1e-9 * size)
        np.testing.assert_allclose(found[f"{name}_0"], still[name], rtol=0, atol=1e-9 * size)
        odd = 0.5 * (expected - minus[name])
        np.testing.assert_allclose(found[f"{name}_odd"], odd, rtol=0, atol=1e-9 * size)
        assert float(np.abs(odd).max()) > 1e-6 * size


def test_the_tensors_matter() -> None:
    """The answer is another one than that of the isotropic mean, so the comparison above can fail."""
    record = full()
    plain = replace(record, mass=np.eye(3) * np.trace(record.mass) / 3, charge=np.eye(3) * np.trace(record.charge) / 3)
    one, other = (ferron_hall(r, GRID, HEAT, DAMPING, OMEGA) for r in (record, plain))
    for name in ("kinetic_energy", "polarization_odd", "angular_momentum"):
        assert not np.allclose(one[name], other[name], rtol=1e-2)
    # the magnetic torque of S41 vanishes for an isotropic mass only
    turned = [_magnetic(r) for r in (record, plain)]
    assert turned[0] > 1e-4 > 1e-10 > turned[1]


def _magnetic(record: LocalMode) -> float:
    found: xr.Dataset = ferron_hall(record, GRID, HEAT, DAMPING, OMEGA, currents=True)
    assert found.attrs["angular_imbalance_field"] < 1e-10
    assert found.attrs["energy_imbalance_field"] < 1e-10
    return float(np.abs(found.torque_magnetic).max())
