"""Protocols on lattices of polar modes, against formulas and second routes: loops, ramps, walls, paths."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import constants

from crosscurrent.models.effective_hamiltonian import batio3_2010
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.models.polar_lattice import polar_lattice
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics.lattice_energy import short_range_energy
from crosscurrent.physics.lattice_units import BOLTZMANN
from crosscurrent.physics.periodic_couplings import mode_frequencies, uniform_stiffness
from crosscurrent.responses.lattice_protocols import box_of
from crosscurrent.responses.lattice_protocols_loop import _Loop, hysteresis_loop
from crosscurrent.responses.lattice_protocols_path import switching_path
from crosscurrent.responses.lattice_protocols_ramp import heating_ramp, susceptibility
from crosscurrent.responses.lattice_protocols_wall import domain_wall
from crosscurrent.results.schema import check_schema, equations_of, warnings_of
from crosscurrent.units import InputError

A = batio3_2010()
B = local_mode("batio3-b")


# ------------------------------------------------------------------------------------------------ switching paths
def test_straight_path_has_the_barrier_of_the_record() -> None:
    for found in (switching_path(B), switching_path(B, (3, 4, 2), surfaces=True), switching_path(B, (2, 2, 2))):
        assert float(found.barrier_straight) == pytest.approx(B.well.barrier, rel=1e-9)
        assert float(found.barrier_of_model) == B.well.barrier
        # a quartic well gives way at 2/(3 sqrt 3) |a2| u_0
        slope = 2 / (3 * np.sqrt(3)) * abs(B.well.a2) * B.well.minimum
        assert float(found.homogeneous_coercive_field) == pytest.approx(slope / B.charge[0, 0] * 1e10, rel=1e-6)


def test_rotation_of_batio3_goes_over_the_saddle_between_two_corners() -> None:
    """The lowest points of the polynomial along [111] and [011], found from their roots."""
    found = switching_path(A, points=61)
    stiffness = float(uniform_stiffness(polar_lattice(A).couplings(Slab((2, 2, 2), open_y=False)))[0, 0])
    uniform = A.on_site.with_stiffness(stiffness)

    def lowest(direction: list[int]) -> float:
        a, b, c, d = uniform.along(direction)
        s = np.roots([4 * d, 3 * c, 2 * b, a])
        s = s[(abs(s.imag) < 1e-12) & (s.real > 0)].real
        return float(np.polyval([d, c, b, a, 0], s).min())

    assert float(found.barrier_rotation) == pytest.approx(lowest([0, 1, 1]) - lowest([1, 1, 1]), rel=1e-6)
    assert float(found.barrier_straight) == pytest.approx(-lowest([1, 1, 1]), rel=1e-8)
    assert float(found.angle[-1]) == pytest.approx(3 * np.degrees(np.arccos(1 / 3)))
    np.testing.assert_allclose(found.displacement_rotation[-1], -found.displacement_rotation[0], atol=1e-8)
    energies = found.energy_rotation.values
    np.testing.assert_allclose(energies, energies[::-1], atol=1e-9)
    # the energies once more, from the forces in an actual box
    ties = polar_lattice(A).couplings(Slab((2, 2, 2), open_y=False))
    for u, energy in zip(found.displacement_rotation.values[::15], energies[::15], strict=True):
        field = np.ascontiguousarray(np.broadcast_to(u, (2, 2, 2, 3)))
        direct = float((A.on_site.energy(field) + ties.energy(field)).mean())
        assert direct + polar_lattice(A).barrier == pytest.approx(energy, abs=1e-9)


# ------------------------------------------------------------------------------------------------ domain walls
@pytest.fixture(scope="module")
def wall() -> xr.Dataset:
    return domain_wall(B, (3, 16, 2), normal="y")


def test_wall_energy_is_that_of_its_bonds(wall: xr.Dataset) -> None:
    """The energy of the profile in the result, pair by pair, with the dipoles and the wells of the record."""
    slab = Slab((3, 16, 2), open_y=False)
    u = np.broadcast_to((wall.polarization.values / B.polarization_per_displacement[0, 0])[:, None, :], (3, 16, 2, 3))
    u = np.ascontiguousarray(u)
    ties = B.couplings(slab)
    energy = short_range_energy(u, B.blocks, slab) + ties.dipole_energy(u) + B.well.energy(u) + B.well.barrier
    area = 2 * 3 * 2 * B.lattice_constant**2
    assert float(wall.wall_energy) == pytest.approx(float(energy.sum()) / area * 16.0217663, rel=1e-6)
    assert float(wall.wall_energy_error) < 1e-8 * float(wall.wall_energy)


def test_one_wall_in_a_slab_is_one_of_two_in_a_box(wall: xr.Dataset) -> None:
    slab = domain_wall(B, (3, 16, 2), normal="y", surfaces=True)
    assert (wall.attrs["walls"], slab.attrs["walls"]) == (2, 1)
    assert float(slab.wall_energy) == pytest.approx(float(wall.wall_energy), rel=1e-5)
    assert float(slab.wall_width) == pytest.approx(float(wall.wall_width), rel=2e-3)
    half = wall.polarization.values[:8, 0]
    np.testing.assert_allclose(half, -half[::-1], atol=1e-6)


def test_wall_is_a_minimum_below_the_sharp_one() -> None:
    found = domain_wall(A, (12, 2, 2))
    p = found.polarization.values
    # P across the wall reverses, P along the normal stays
    assert (p[:, 0] > 0).all() and p[0, 1] > 0 > p[6, 1]
    np.testing.assert_allclose(p[:, 1], p[:, 2], atol=1e-5)
    lattice, slab = polar_lattice(A), Slab((12, 2, 2), open_y=False)
    ties = lattice.couplings(slab)

    def energy(u: Any) -> float:
        return float((A.on_site.energy(u) + ties.energy(u)).sum()) + lattice.barrier * slab.cells

    u = np.broadcast_to((p / lattice.polarization_per_displacement[0, 0])[:, None, None, :], (12, 2, 2, 3)).copy()
    sharp = np.where(u * lattice.ordered > 0, lattice.ordered, -lattice.ordered)
    area = 2 * 4 * lattice.lattice_constant**2 / 16.0217663
    assert float(found.wall_energy) == pytest.approx(energy(u) / area, rel=1e-5)
    assert energy(u) < energy(sharp)
    assert 0.004 < float(found.wall_energy) < 0.009


def test_wall_in_a_bath() -> None:
    found = domain_wall(
        B, (8, 8, 2), normal="y", temperature=30.0, settle=0.5, average=1.0, realizations=2, step=0.0025
    )
    p, thermal = found.polarization.values[:, 0], found.polarization_thermal.values[:, 0]
    assert np.sign(p).tolist() == np.sign(thermal).tolist()
    # anharmonicity makes the mean polarization of a domain smaller
    assert 0.9 < abs(thermal[0] / p[0]) < 1.0
    assert float(found.wall_width_thermal) == pytest.approx(float(found.wall_width), rel=0.3)
    assert float(found.wall_width_thermal_error) > 0
    assert any("wander" in line for line in warnings_of(found))


# ------------------------------------------------------------------------------------------------ equilibrium
def test_equipartition_with_anisotropic_wells_and_couplings() -> None:
    """<v M v> = 3 k_B T and <u dV/du> = 3 k_B T, with the whole energy V of the lattice."""
    box, _ = box_of(A, (3, 3, 3), False, step=0.0025, damping=4.0, seed=1, precision="double")
    lattice = box.dynamics(120.0)
    state = lattice.advance(lattice.start(box.lattice.ordered, realizations=range(4)), 600)
    heat, virial = [], []
    for _ in range(60):
        state = lattice.advance(state, 24)
        heat.append(box.kinetic_temperature(state))
        virial.append(-(state.u * state.force).sum(axis=-1).mean(axis=(1, 2, 3, 4)) / (3 * BOLTZMANN))
    for values in (np.array(heat), np.array(virial)):
        each = values.mean(axis=0)
        # the scatter over so short a run is 2 to 3 %
        assert each.mean() == pytest.approx(120, rel=0.08)


def test_susceptibility_at_low_temperature_is_the_inverse_stiffness() -> None:
    """At 2 K the lattice is harmonic: chi = (Z^2/(eps0 Omega)) [V'' + K(0)]^-1, within its error."""
    found = heating_ramp(
        A, (2, 2, 2), temperatures=[2.0], settle=2.0, average=16.0, sample=0.06, realizations=4, step=0.006, damping=4.0
    )
    lattice = polar_lattice(A)
    stiffness = lattice.on_site.hessian(lattice.ordered)
    stiffness = stiffness + uniform_stiffness(lattice.couplings(Slab((1, 1, 1), open_y=False)))
    scale = A.charge**2 * constants.e / (constants.epsilon_0 * lattice.volume * 1e-10)
    expected = scale * np.linalg.inv(stiffness)
    trace, error = (np.trace(found[name].values[0]) for name in ("susceptibility", "susceptibility_error"))
    assert error < 0.35 * trace
    assert abs(trace - np.trace(expected)) < 4 * error
    assert trace == pytest.approx(np.trace(expected), rel=0.35)
    # the coupling between components has the sign of the stiffness
    assert found.susceptibility.values[0, 0, 1] * expected[0, 1] > 0
    np.testing.assert_allclose(found.dielectric_constant - found.susceptibility, A.dielectric * np.eye(3)[None])
    np.testing.assert_allclose(found.polarization[0], lattice.polarization, rtol=0.02)


def test_susceptibility_of_a_known_covariance() -> None:
    """One free mode k: <u^2> = k_B T/k and P = Z u/Omega give chi = Z^2/(eps0 Omega k), whatever T."""
    volume, stiffness, charge = 63.3, 2.0, 10.0
    for kelvin in (10.0, 300.0):
        p = charge * constants.e * np.sqrt(constants.k * kelvin / (stiffness * constants.e * 1e20)) / (volume * 1e-30)
        chi = susceptibility(p**2 * np.eye(3)[None], np.array([kelvin]), volume)[0, 0, 0]
        expected = charge**2 * constants.e / (constants.epsilon_0 * volume * 1e-30 * stiffness * 1e20)
        assert chi == pytest.approx(expected, rel=1e-9)


def test_a_ramp_melts_the_polarization() -> None:
    found = heating_ramp(A, (3, 3, 3), temperatures=[40.0, 500.0], settle=1.0, average=2.0, realizations=2, step=0.004)
    assert float(found.polarization_sorted[0, 2]) > 0.15
    assert float(found.polarization_sorted[1, 0]) < 0.12
    assert found.temperature.values.tolist() == [40.0, 500.0]
    assert (found.displacement_length > 0.05).all()
    assert any("20 samples" in line for line in warnings_of(found))


# ------------------------------------------------------------------------------------------------ hysteresis
@pytest.fixture(scope="module")
def cold_loop() -> xr.Dataset:
    return hysteresis_loop(
        B,
        (1, 1, 1),
        temperature=0.0,
        field=6e8,
        period=16.0,
        samples=96,
        realizations=2,
        settle=0.1,
        damping=8.0,
        step=0.005,
    )


def test_without_noise_a_loop_is_odd_in_the_field(cold_loop: xr.Dataset) -> None:
    """P(-E) on the way down is -P(E) on the way up, to the rest of the ringing."""
    p = cold_loop.polarization.values[:, 0]
    np.testing.assert_allclose(p[:48], -p[48:], atol=1e-6)
    assert float(cold_loop.switched) == 1
    assert abs(float(cold_loop.bias_field)) < 1e-4 * float(cold_loop.coercive_field)


def test_without_noise_one_cell_switches_where_the_uniform_state_gives_way(cold_loop: xr.Dataset) -> None:
    """The coercive field lies above that of the path by the lag of a few steps of the field; the area is at most that
    of the rectangle of saturated polarization."""
    intrinsic = float(switching_path(B).homogeneous_coercive_field)
    step = float(np.abs(np.diff(cold_loop.field)).max())
    assert intrinsic < float(cold_loop.coercive_field) < intrinsic + 3 * step
    rest = float(B.polarization[0])
    assert float(cold_loop.remanence) == pytest.approx(rest, rel=1e-3)
    assert 3.5 * intrinsic * rest < float(cold_loop.loop_area) < 4.6 * (intrinsic + 3 * step) * rest


def test_a_loop_at_finite_temperature() -> None:
    found = hysteresis_loop(
        A, (3, 3, 3), temperature=60.0, field=8e7, period=6.0, samples=24, realizations=3, settle=0.5, step=0.006
    )
    assert found.attrs["field_direction"] == "z" and found.attrs["period_ps"] == pytest.approx(6.0, rel=0.05)
    assert found.attrs["asymmetry_in_errors"] < 5
    assert float(found.switched) == 1
    assert 0 < float(found.coercive_field) < float(switching_path(A).homogeneous_coercive_field)
    assert float(found.coercive_field_error) > 0
    assert 0.1 < float(found.remanence) < float(polar_lattice(A).polarization[2])
    # the work of the field heats the modes a little
    assert float(found.kinetic_temperature) == pytest.approx(60, rel=0.2)


def test_a_small_field_does_not_switch() -> None:
    found = hysteresis_loop(
        B,
        (1, 1, 1),
        temperature=0.0,
        field=1e7,
        period=2.0,
        samples=8,
        realizations=2,
        settle=0.1,
        direction="x",
        step=0.005,
    )
    assert float(found.switched) == 0 and np.isnan(float(found.coercive_field))
    assert any("0% of the cycles switched" in line for line in warnings_of(found))


def test_realizations_do_not_depend_on_how_they_are_cut() -> None:
    box, _ = box_of(A, (2, 2, 2), False, step=0.004, damping=2.0, seed=7, precision="double")
    loop = _Loop(box, 100.0, 1e7 * np.array([[0, 0, 1.0], [0, 0, -1.0]]), 5, 1, 3)
    both, first, second = (loop(cut)["polarization"] for cut in ((0, 1), (0,), (1,)))
    np.testing.assert_array_equal(both, np.concatenate([first, second]))
    assert np.abs(first - second).max() > 0
    assert loop.steps_in_all == 3 + 2 * 2 * 5


def test_single_precision_follows_double_for_a_while() -> None:
    boxes = [
        box_of(A, (3, 3, 3), False, step=0.002, damping=2.0, seed=7, precision=precision)[0]
        for precision in ("double", "single")
    ]
    exact, single = (_Loop(box, 50.0, 1e7 * np.eye(3)[[2]], 40, 1, 5)((0, 1))["polarization"] for box in boxes)
    np.testing.assert_allclose(single, exact, atol=2e-5 * np.abs(exact).max())
    assert np.abs(single - exact).max() > 0


def test_a_slab_of_an_effective_hamiltonian_runs_and_is_warned_of() -> None:
    """Polarization across surfaces meets a depolarizing field: it turns into the plane of the slab."""
    found = heating_ramp(
        A, (3, 6, 3), temperatures=[20.0], settle=3.0, average=1.0, realizations=2, step=0.004, surfaces=True
    )
    across, within = np.abs(found.polarization.values[0, 1]), np.abs(found.polarization.values[0, [0, 2]])
    assert across < 0.3 * within.min()
    assert any("not at rest in this slab" in line for line in warnings_of(found))
    assert "open along y" in found.attrs["domain"]


# ------------------------------------------------------------------------------------------------ results, refusals
def test_results_explain_themselves(wall: xr.Dataset, cold_loop: xr.Dataset) -> None:
    ramp = heating_ramp(A, (2, 2, 2), temperatures=[50.0], settle=0.1, average=0.5, realizations=2, step=0.004)
    for found in (wall, cold_loop, ramp, switching_path(A)):
        check_schema(found)
        assert found.attrs["model_source"] and found.attrs["method"] and equations_of(found)
        assert warnings_of(found)
    for found, names in ((cold_loop, ("polarization", "loop_area", "remanence")), (ramp, ("dielectric_constant",))):
        for name in names:
            assert found[f"{name}_error"].shape == found[name].shape
    assert any("strain is left out" in line for line in warnings_of(ramp))
    assert any("one axis" in line for line in warnings_of(wall))


LOOP = {"temperature": 50.0, "field": 1e7, "period": 1.0}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: hysteresis_loop(A, (4, 4, 4), **{**LOOP, "field": 0.0}), "amplitude of the field is 0"),
        (lambda: hysteresis_loop(A, (4, 4, 4), **LOOP, samples=30), "30 samples do not divide"),
        (lambda: hysteresis_loop(A, (4, 4, 4), **LOOP, cycles=0), "0 cycles"),
        (lambda: hysteresis_loop(A, (4, 4, 4), **LOOP, realizations=1), "no scatter to take an error from"),
        (lambda: hysteresis_loop(A, (4, 4, 4), **LOOP, step=0.05), "a step of 0.05 ps is not stable.*Stay below"),
        (lambda: hysteresis_loop(A, (4, 4, 4), **LOOP, step=-1.0), "step is -1"),
        (lambda: hysteresis_loop(A, (4, 4, 4), **LOOP, damping=0.0), "damping is 0"),
        (lambda: hysteresis_loop(A, (4, 4, 4), **{**LOOP, "temperature": -3.0}), "the temperature is -3 K"),
        (lambda: hysteresis_loop(A, (4, 4, 4), **{**LOOP, "period": 0.0}), "period is 0 ps"),
        (lambda: hysteresis_loop(A, (4, 4, 4), **{**LOOP, "period": 1e308}), r"take more than 1e\+12 steps of .* ps"),
        (lambda: hysteresis_loop(A, (4, 4, 4), **LOOP, direction="w"), "unknown direction 'w'"),
        (lambda: hysteresis_loop(A, (4, 4, 4), **LOOP, waveform="square"), "unknown waveform 'square'"),
        (lambda: hysteresis_loop(A, (4, 4, 4), **LOOP, precision="half"), "unknown precision 'half'"),
        (lambda: hysteresis_loop(B, (4, 4, 4), **LOOP, direction="y", surfaces=True), "a field along y meets"),
        (lambda: hysteresis_loop(A, (4, 0, 4), **LOOP), "three positive numbers of cells"),
        (lambda: heating_ramp(A, (4, 4, 4), temperatures=[50.0, 0.0]), "the temperature is 0 K"),
        (lambda: heating_ramp(A, (4, 4, 4), temperatures=[]), "temperatures have to be a list"),
        (lambda: heating_ramp(A, (4, 4, 4), temperatures=[5.0], average=0.1), "fewer than two samples"),
        (lambda: heating_ramp(A, (4, 4, 4), temperatures=[5.0], start="hot"), "unknown start 'hot'"),
        (lambda: heating_ramp(A, (4, 4, 4), temperatures=[5.0], field=[1.0]), "the field needs three numbers"),
        (lambda: heating_ramp(B, (4, 4, 4), temperatures=[5.0], field=[0, 1e6, 0], surfaces=True), "along y meets"),
        (lambda: domain_wall(B, (12, 4, 4), normal="x"), "polarization lies along x"),
        (lambda: domain_wall(A, (12, 4, 4), normal="z"), "unknown normal 'z'"),
        (lambda: domain_wall(A, (6, 4, 4)), "leave no room"),
        (lambda: domain_wall(A, (12, 4, 4), temperature=10.0, realizations=1), "no scatter"),
        (lambda: switching_path(A, points=2), "are no path"),
    ],
)
def test_refusals_are_one_clear_line(call: Any, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_the_longest_step_allows_for_large_displacements() -> None:
    """A step just below the limit of the harmonic lattice is refused: wells are stiffer further out."""
    lattice = polar_lattice(A)
    ties = lattice.couplings(Slab((4, 4, 4), open_y=False))
    _, highest, _ = mode_frequencies(ties, lattice.on_site.hessian(lattice.ordered), lattice.mass)
    limit = 2 / np.sqrt(highest)
    with pytest.raises(InputError, match="is not stable"):
        box_of(A, (4, 4, 4), False, **{**_BOX, "step": 0.98 * limit})
    box_of(A, (4, 4, 4), False, **{**_BOX, "step": 0.8 * limit})


def test_an_unstable_record_is_refused_in_a_slab_and_told_of_in_a_box() -> None:
    bad = B.with_kernel({at: -0.3 * block for at, block in B.blocks.items()})
    with pytest.raises(InputError, match="the ordered state is unstable"):
        hysteresis_loop(bad, (4, 4, 2), **LOOP, surfaces=True)
    _, warnings = box_of(bad, (4, 4, 2), False, step=0.001, damping=2.0, seed=0, precision="double")
    assert any("not stable in this box" in line for line in warnings)
    assert not any("not stable" in line for line in box_of(B, (4, 4, 2), False, **_BOX)[1])
    assert not any("not stable" in line for line in box_of(replace(A), (4, 4, 2), False, **_BOX)[1])


_BOX: dict[str, Any] = {"step": 0.001, "damping": 2.0, "seed": 0, "precision": "double"}
