"""Anharmonic corrections of the ferron Hall effect: whole-slab matrices, trajectories, equilibrium, and refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from crosscurrent.jobs import run_job
from crosscurrent.jobs.parse import parse_job
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.profiles import HotBand, Uniform
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.lattice_langevin import bath_strength, driven_slab, gyration, inverse_root
from crosscurrent.physics.lattice_observables import mean_angular_momentum, mean_kinetic_energy, mean_shift
from crosscurrent.physics.lattice_units import ACCELERATION, BOLTZMANN
from crosscurrent.responses.ferron_hall import ferron_hall, ferron_hall_kernels
from crosscurrent.responses.ferron_hall_scan import ferron_hall_scan
from crosscurrent.results import explain
from crosscurrent.results.schema import check_schema
from crosscurrent.units import InputError
from reference.one_loop import bubble, spring_change, whole_slab

RECORD = local_mode("batio3-b")
HEAT = np.array([50.0, 40.0, 10.0, 1.0, 5.0, 20.0])
DAMPING = [5.0, 2.75, 2.0, 2.75, 5.0]
#: Temperatures at which only the leading order is left.
COLD = 1e-3


def corrections(temperature: Any, omega: float, shape: tuple[int, int, int] = (6, 5, 3)) -> dict[str, np.ndarray]:
    """What the anharmonic terms add in a field, and the linear maps, at 1/1000 of the temperature, scaled back."""
    asked = (RECORD, shape, COLD * np.asarray(temperature), DAMPING[: shape[1]], omega)
    whole, linear = ferron_hall(*asked, anharmonic="self-consistent"), ferron_hall(*asked)
    at_rest = linear.attrs["polarization_at_rest_C_per_m2"]
    out = {}
    for name, pick in {
        "displacement_covariance": {"component": "x", "partner": "x"},
        "kinetic_energy": {},
        "angular_momentum": {"component": "z"},
        "polarization": {},
    }.items():
        there, plain = (ds[name].sel(pick).values for ds in (whole, linear))
        out[name] = (there - plain) / COLD**2
        out[f"{name}_linear"] = (plain - (at_rest if name == "polarization" else 0)) / COLD
    return out


def slope(change: np.ndarray, linear: np.ndarray) -> float:
    return float((change * linear).sum() / (linear * linear).sum())


@pytest.mark.parametrize("omega", [0.0, 80.0])
def test_against_matrices_of_the_whole_slab(omega: float) -> None:
    """The coefficient of T^2 in a steep gradient; within a few percent also of the bubble between all cells."""
    shape, damping = (4, 3, 3), np.array(DAMPING[:3])
    well, root = RECORD.well, inverse_root(RECORD.mass)
    along = root @ np.asarray(well.axis)
    problem = driven_slab(RECORD.couplings(Slab(shape)), well.stiffness, RECORD.mass, damping, gyration(omega))
    slab = whole_slab(problem, bath_strength(HEAT[:4]))
    variance = np.einsum("a,xyab,b->xy", along, slab.local(slab.covariance)[..., :3, :3], along)
    shift = mean_shift(variance, well, problem.stiffness, root)
    spring = well.cubic * shift[..., 0] + well.quartic / 2 * variance
    tadpole = spring_change(slab, along, ACCELERATION * spring)
    cubic = np.full((4, 3), well.cubic * ACCELERATION)
    found = corrections(HEAT[:4], omega, shape)
    for reach, allowed in ((1, 2e-3), (None, 0.1)):
        loop, third = bubble(slab, along, cubic, reach, 0.002, 5.0)
        change = slab.local(tadpole + loop)
        uu, uv, vv = (root @ change[..., a : a + 3, b : b + 3] @ root for a, b in ((0, 0), (0, 3), (3, 3)))
        kinetic, angular = mean_kinetic_energy(vv, RECORD.mass), mean_angular_momentum(uv, RECORD.angular)[..., 2]
        pairs = {"displacement_covariance": uu[..., 0, 0], "kinetic_energy": kinetic, "angular_momentum": angular}
        for name, expected in pairs.items():
            off = np.abs(found[name] - expected).max() / np.abs(expected).max()
            assert off < allowed * (2.5 if name == "kinetic_energy" and reach is None else 1), (name, reach, off)
        # Phi <du>_2 = -(a/2) (<du^2>_2 + <du>_1^2) - (b/6) (third cumulant + 3 <du^2>_1 <du>_1)
        third = third.reshape(4, 3, 3).mean(axis=1)
        force = well.cubic / 2 * (uu[..., 0, 0] + shift[..., 0] ** 2)
        force = force + well.quartic / 6 * (third + 3 * variance * shift[..., 0])
        second = mean_shift(force / (well.cubic / 2), well, problem.stiffness, root)[..., 0]
        moved = found["polarization"] / found["polarization_linear"] * shift[..., 0]
        assert np.abs(moved - second).max() < allowed * np.abs(second).max()
        # without the bubble nothing would agree
        assert np.abs(slab.local(loop)[..., 0, 0]).max() > 0.3 * np.abs(change[..., 0, 0]).max()


@pytest.mark.parametrize(
    ("omega", "measured"),
    [
        (0.0, {"displacement_covariance": (0.0186, 0.0002), "angular_momentum": (0.150, 0.005)}),
        (80.0, {"displacement_covariance": (0.0197, 0.0002), "angular_momentum": (-0.0923, 0.0011)}),
    ],
)
def test_against_trajectories(omega: float, measured: dict[str, tuple[float, float]]) -> None:
    """Slopes of the correction against the linear map at these temperatures, over all cells.

    Measured in BAOAB trajectories of the well expanded around the ordered state, u = u_0 + u_1 + u_2 by powers of the
    anharmonicity with one noise: 256 realizations of 170 ps. They know nothing of Wick's theorem or of modes. Without
    the bubble the slopes would be 0.0090, 0.096 and 0.0079, -0.032.
    """
    found = corrections(HEAT, omega)
    for name, (value, error) in measured.items():
        # three standard errors, and what the bubble lacks between cells that share no face
        assert slope(found[name], found[f"{name}_linear"]) == pytest.approx(value, abs=3 * error + 0.02 * abs(value))


def test_uniform_temperature() -> None:
    """Equilibrium: equipartition stays exact, nothing turns, and <du du> is that of a renormalised static stiffness."""
    shape = (4, 3, 3)
    found = corrections(np.full(4, 30.0), 80.0, shape)
    np.testing.assert_allclose(found["kinetic_energy"], 0, atol=1e-4 * 30 * BOLTZMANN)
    np.testing.assert_allclose(found["angular_momentum"], 0, atol=1e-6)
    problem = driven_slab(
        RECORD.couplings(Slab(shape)), RECORD.well.stiffness, RECORD.mass, np.array(DAMPING[:3]), gyration(0.0)
    )
    slab = whole_slab(problem, bath_strength(np.full(4, 30.0)))
    n, mass, well = slab.n, RECORD.mass[0, 0], RECORD.well
    covariance = slab.covariance[:n, :n] / mass
    thermal = 30 * BOLTZMANN
    s = np.arange(0, n, 3)
    along = covariance[np.ix_(s, s)]
    change = np.zeros((n, n))
    mean = np.linalg.solve(np.linalg.inv(covariance / thermal), np.eye(n)[:, s] @ (-well.cubic / 2 * np.diag(along)))
    near = slab.apart() <= 1
    change[np.ix_(s, s)] = np.diag(well.cubic * mean[s] + well.quartic / 2 * np.diag(along))
    change[np.ix_(s, s)] -= well.cubic**2 / (2 * thermal) * along**2 * near
    expected = -covariance @ change @ covariance / thermal
    local = np.diag(expected)[s].reshape(4, 3, 3).mean(axis=1)
    np.testing.assert_allclose(found["displacement_covariance"], local, rtol=1e-3)


def test_golden_numbers() -> None:
    """Of this code, on 4 x 3 x 2 cells at full temperature, layer by layer in the hottest column."""
    found = ferron_hall(RECORD, (4, 3, 2), HEAT[:4], DAMPING[:3], 80.0, anharmonic="self-consistent")
    for name, expected in {
        "polarization_0": [-5.811183e-5, -5.014937e-5, -5.244463e-5],
        "polarization_odd": [-5.794735e-6, 1.127000e-6, 6.090740e-6],
        "kinetic_energy_odd": [1.407377e-6, -1.319202e-6, -2.824986e-6],
        "angular_momentum_0": [-8.270661e-5, -1.007997e-6, 4.439604e-5],
    }.items():
        part = found[f"anharmonic_{name}"].isel(x=0)
        part = part.sel(component="z") if "component" in part.dims else part
        np.testing.assert_allclose(part, expected, rtol=0, atol=1e-5 * max(map(abs, expected)), err_msg=name)


@pytest.fixture(scope="module")
def corrected() -> xr.Dataset:
    return ferron_hall(RECORD, (6, 5, 3), HEAT, DAMPING, 80.0, anharmonic="self-consistent")


def test_size_is_shown(corrected: xr.Dataset) -> None:
    linear = ferron_hall(RECORD, (6, 5, 3), HEAT, DAMPING, 80.0)
    check_schema(corrected)
    for name in ("polarization_odd", "kinetic_energy", "angular_momentum_0"):
        part = corrected[f"anharmonic_{name}"]
        np.testing.assert_allclose(corrected[name] - part, linear[name], rtol=1e-12, atol=1e-18)
        size = 0.3582 if name == "polarization" else 0.0
        share = float(np.abs(part).max() / np.abs(linear[name] - size).max())
        assert corrected.attrs[f"anharmonic_share_of_{name}"] == pytest.approx(share)
    assert 0.01 < corrected.attrs["anharmonic_share_of_polarization_0"] < 0.03
    assert 0.1 < corrected.attrs["anharmonic_share_of_angular_momentum_0"] < 0.2
    # softer where it is hot: the shift of the mean wins over the quartic term
    assert float(corrected.stiffness_change_0.max()) < 0
    assert float(corrected.stiffness_change_0.isel(x=0).mean()) < float(corrected.stiffness_change_0.isel(x=3).mean())
    text = explain(corrected)
    assert "leading order" in text and "exact for the linearised lattice" not in text
    assert "anharmonic" not in " ".join(map(str, linear.data_vars))
    assert linear.attrs["anharmonic"] == "none" and "linearised" in linear.attrs["warnings"]


def test_reference_takes_the_mean_stiffness(corrected: xr.Dataset) -> None:
    """What the reference state has and what is added in first order are parts of one <V''>; the split is settled."""
    mean = corrected.attrs["anharmonic_mean_stiffness_zero_field_eV_per_angstrom2"]
    assert mean == pytest.approx(float(corrected.stiffness_change_0.mean()), abs=1e-5 * RECORD.well.curvature)
    assert 2 <= corrected.attrs["anharmonic_solutions_zero_field"] <= 5


def test_symmetry_of_the_field(corrected: xr.Dataset) -> None:
    """The mirror y -> -y still reverses the field, with damping that lacks it the reversed field is run."""
    back = ferron_hall(RECORD, (6, 5, 3), HEAT, DAMPING, -80.0, anharmonic="self-consistent")
    for name in ("polarization", "kinetic_energy"):
        np.testing.assert_allclose(back[name], corrected[name][:, ::-1], rtol=1e-9)
    np.testing.assert_allclose(back.polarization_odd, -corrected.polarization_odd, atol=1e-9)
    solved = ferron_hall_kernels(RECORD, (4, 3, 1), [5.0, 3.0, 2.0], 40.0, anharmonic="self-consistent")
    lopsided, reverse = solved.respond(HEAT[:4]), replace(solved, omega=-40.0, turned=solved.reversed).respond(HEAT[:4])
    odd = 0.5 * (lopsided.polarization - reverse.polarization)
    np.testing.assert_allclose(lopsided.polarization_odd, odd, rtol=0, atol=1e-12)


def test_profiles_fields_and_jobs(corrected: xr.Dataset) -> None:
    solved = ferron_hall_kernels(RECORD, (6, 5, 3), DAMPING, 80.0, anharmonic="self-consistent")
    # not linear in the temperature, and not quite quadratic either
    half = solved.respond(0.5 * HEAT)
    ratio = float(np.abs(corrected.anharmonic_polarization_0).max() / np.abs(half.anharmonic_polarization_0).max())
    assert ratio == pytest.approx(4.0, rel=0.05) and abs(ratio - 4) > 1e-3
    scan = ferron_hall_scan(RECORD, (2, 3, 1), HEAT[2:4], DAMPING[:3], [20.0, 80.0], anharmonic="self-consistent")
    one = ferron_hall(RECORD, (2, 3, 1), HEAT[2:4], DAMPING[:3], 80.0, anharmonic="self-consistent")
    np.testing.assert_array_equal(scan.polarization_odd.sel(omega_B=80.0), one.polarization_odd)
    text = """
[model]
local_mode = "batio3-b"

[ferron_hall]
grid = [2, 3, 1]
temperature = [10, 1]
damping = [5.0, 2.75, 2.0]
omega_B = 80
anharmonic = "self-consistent"
"""
    np.testing.assert_array_equal(run_job(parse_job(text)).polarization_odd, one.polarization_odd)


def test_no_heat() -> None:
    found = ferron_hall(RECORD, (2, 2, 1), Uniform(0.0), 2.0 * np.ones(2), 80.0, anharmonic="self-consistent")
    np.testing.assert_array_equal(found.kinetic_energy, 0)
    assert not any(key.startswith("anharmonic_share") for key in found.attrs)


def test_large_corrections_are_said_to_be() -> None:
    found = ferron_hall(RECORD, (4, 3, 2), 3 * HEAT[:4], DAMPING[:3], 80.0, anharmonic="self-consistent")
    assert "higher orders are not small" in found.attrs["warnings"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"temperature": HotBand(3000.0, 0.0, 0.4, 0.2)}, "ordered state does not|not settle"),
        ({"anharmonic": "bubble"}, "unknown anharmonic correction"),
        ({"step": 0.001}, "continuous time"),
        ({"currents": True}, "not for the currents"),
        ({"damping": [1e-4] * 3}, "memory of the anharmonic forces is too long"),
    ],
)
def test_refusals(changes: dict[str, Any], message: str) -> None:
    asked = {"temperature": HEAT[:4], "damping": DAMPING[:3], "omega_B": 80.0, "anharmonic": "self-consistent"}
    with pytest.raises(InputError, match=message):
        ferron_hall(RECORD, (4, 3, 2), **(asked | changes))


def test_tensor_mass_and_another_axis() -> None:
    """The same lattice turned by 90 degrees around y, polarized along z: the corrections of <du du> turn with it."""
    turned = replace(RECORD, well=replace(RECORD.well, axis=(0.0, 0.0, 1.0)))
    found = ferron_hall(turned, (4, 3, 4), Uniform(30.0), DAMPING[:3], 0.0, anharmonic="self-consistent")
    same = ferron_hall(RECORD, (4, 3, 4), Uniform(30.0), DAMPING[:3], 0.0, anharmonic="self-consistent")
    there = found.displacement_covariance_0.sel(component="z", partner="z")
    np.testing.assert_allclose(there, same.displacement_covariance_0.sel(component="x", partner="x"), rtol=1e-6)
