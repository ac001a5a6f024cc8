"""Linear-response coefficients against runs with a weak gradient in a weak field, and S37 in equilibrium."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.profiles import Sponge
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.lattice_currents import angular_bond_currents
from crosscurrent.physics.lattice_units import BOLTZMANN
from crosscurrent.responses.ferron_coefficients import ferron_coefficients
from crosscurrent.responses.ferron_hall import ferron_hall, ferron_hall_kernels
from crosscurrent.responses.ferron_hall_bonds import equilibrium_bond
from crosscurrent.results.schema import check_schema
from crosscurrent.units import InputError

GRID, SPONGE = (12, 6, 2), Sponge(layers=2)
B = local_mode("batio3-b")
NAMES = {"angular_momentum": "angular_momentum_0", "kinetic_energy_odd": "", "polarization_odd": ""}


@pytest.fixture(scope="module")
def found() -> xr.Dataset:
    return ferron_coefficients(B, GRID, SPONGE, 0.1, waves=3)


def _run(amplitude: float, omega: float, waves: int) -> tuple[xr.Dataset, np.ndarray]:
    """A run with a wave of the temperature, and the slope of that wave, K/nm."""
    angle = 2 * np.pi * waves * np.arange(GRID[0]) / GRID[0]
    ds = ferron_hall(B, GRID, 30.0 + amplitude * np.cos(angle), SPONGE, omega)
    return ds, -amplitude * np.sin(angle) * 2 * np.pi * waves / (GRID[0] * B.lattice_constant / 10)


@pytest.mark.parametrize("waves", [1, 3])
def test_weak_gradients_in_weak_fields(found: xr.Dataset, waves: int) -> None:
    """Where the slope is largest the cosine vanishes: what is there, over slope and field, is the coefficient."""
    for amplitude, omega in ((0.3, 0.05), (20.0, 0.4)):
        ds, slope = _run(amplitude, omega, waves)
        at = int(np.argmax(slope))
        assert slope[at] == pytest.approx(np.abs(slope).max())
        for name in NAMES:
            values = ds["angular_momentum_0"].sel(component="z") if name == "angular_momentum" else ds[name]
            scale = slope[at] * (1.0 if name == "angular_momentum" else omega)
            expected = found[name].sel(wave=waves)
            # the field is small, but not zero: its next order is a thousandth at most
            tolerance = 1e-8 if name == "angular_momentum" else 2e-3
            np.testing.assert_allclose(
                values[at] / scale, expected, rtol=0, atol=tolerance * float(np.abs(expected).max())
            )


def test_the_limit_of_no_field(found: xr.Dataset) -> None:
    """The extrapolation is right to the next order, and the reported error covers it."""
    finer = ferron_coefficients(B, GRID, SPONGE, 0.02, waves=3)
    for name in ("kinetic_energy_odd", "polarization_odd"):
        off = np.abs(found[name] - finer[name])
        assert (off <= found[f"{name}_error"] + finer[f"{name}_error"]).all()
        # what was taken off is known to a few percent
        assert float(off.max()) < 0.05 * float(found[f"{name}_error"].max())
        assert float(found[f"{name}_error"].max()) < 1e-3 * float(np.abs(found[name]).max())
    # at 80 rad/ps the linear regime has been left long ago
    ds, slope = _run(10.0, 80.0, 1)
    at = int(np.argmax(slope))
    assert abs(float(ds.kinetic_energy_odd[at, 0]) / (slope[at] * 80)) < 0.3 * abs(
        float(found.kinetic_energy_odd[0, 0])
    )


def test_symmetry_units_and_labels(found: xr.Dataset) -> None:
    check_schema(found)
    for name in NAMES:
        np.testing.assert_allclose(found[name], -found[name][:, ::-1], atol=1e-9 * float(np.abs(found[name]).max()))
    assert found.polarization_odd.attrs["units"] == "C nm ps/(m^2 K rad)"
    np.testing.assert_allclose(found.k, 2 * np.pi * np.arange(1, 4) / (12 * 0.3985236), rtol=1e-9)
    assert found.attrs["edge_angular_momentum_hbar_nm_per_K"] == float(found.angular_momentum[0, 0])


@pytest.mark.parametrize(
    ("asked", "words"),
    [({"omega_B": 0.0}, "omega_B is 0"), ({"waves": 6}, "6 waves of the temperature along 12 cells")],
)
def test_refusals(asked: dict[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        ferron_coefficients(B, GRID, SPONGE, **asked)  # type: ignore[arg-type]


def test_s37_in_equilibrium_is_a_source() -> None:
    """One bond, from the dense inverse of the stiffness of the whole slab: the same number both ways."""
    grid = (4, 5, 3)
    solved = ferron_hall_kernels(B, grid, SPONGE, 80.0)
    bond = equilibrium_bond(B, solved.problem)
    slab, n = Slab(grid), 3 * int(np.prod(grid))
    ties = B.couplings(slab)
    stiffness = np.zeros((n, n))
    for column in range(n):
        u = np.zeros((*grid, 3))
        u.reshape(-1)[column] = 1.0
        stiffness[:, column] = (u @ B.well.stiffness - ties.force(u)).reshape(-1)
    values, vectors = np.linalg.eigh(BOLTZMANN * np.linalg.inv(stiffness))
    samples = (vectors * np.sqrt(values)).T.reshape(n, *grid, 3)
    bonds = angular_bond_currents(samples, B.blocks, slab, B.mass, B.angular)
    forward, backward = bonds[1, 1, 0].sum(axis=0)[0, 2, 0, 2], bonds[-1, -1, 0].sum(axis=0)[1, 3, 0, 2]
    assert bond["S37_equilibrium_forward_hbar_per_ps_K"] == pytest.approx(forward, rel=1e-9)
    assert bond["S37_equilibrium_backward_hbar_per_ps_K"] == pytest.approx(backward, rel=1e-9)
    # an antisymmetric current would have the opposite sign
    assert backward / forward == pytest.approx(1.0, abs=0.05)
    bare = B.with_kernel({(0, 0, 0): np.zeros((3, 3))})
    assert equilibrium_bond(bare, solved.problem) == {}


def test_terms_that_vanish(found: xr.Dataset) -> None:
    """S27 and S41 in a steady state, beside the terms that do not."""
    ds = ferron_hall(B, (5, 4, 2), [50.0, 20.0, 3.0, 1.0, 10.0], SPONGE, 80.0, currents=True)
    assert float(np.abs(ds.power_on_site).max()) < 1e-12 < 1e-4 < float(np.abs(ds.power_short_range).max())
    assert float(np.abs(ds.torque_magnetic).max()) < 1e-11 < 1e-3 < float(np.abs(ds.torque_damping).max())
    total = sum(ds[f"power_{name}"] for name in ("on_site", "short_range", "dipole", "bath"))
    np.testing.assert_allclose(total, 0, atol=1e-12)
    assert "S37_equilibrium_forward_hbar_per_ps_K" in ds.attrs
