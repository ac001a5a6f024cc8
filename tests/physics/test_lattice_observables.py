"""Observables of local modes: the numbers of the BaTiO3 record, means against samples, the mean shift."""

from __future__ import annotations

import numpy as np
import pytest

from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.slab import Slab
from crosscurrent.physics import lattice_observables as observables
from crosscurrent.physics.lattice_langevin import equivalent_field, gyration, inverse_root, stiffness
from crosscurrent.physics.well import Well


def test_numbers_of_barium_titanate() -> None:
    record = local_mode("batio3-b")
    one = np.array([1.0, 0.0, 0.0])
    assert observables.polarization(one, record.charge, record.volume)[0] == pytest.approx(5.00351, abs=5e-6)
    # L_z = 94.7144 (u_x v_y - u_y v_x)/6.35078 hbar
    u, v = np.array([0.3, -0.2, 0.5]), np.array([0.7, 1.1, -0.4])
    expected = 94.7144 * (u[0] * v[1] - u[1] * v[0]) / 6.35078
    assert observables.angular_momentum(u, v, record.angular)[2] == pytest.approx(expected, rel=1e-6)
    assert observables.kinetic_energy(v, record.mass) == pytest.approx(0.5 * 103.5941 * (v @ v) / 9648.5332, rel=1e-6)
    s55 = observables.local_shift_polarization(np.array(1.0), record.well, record.charge, record.volume)
    s58 = observables.harmonic_shift_polarization(np.array(1.0), record.well, record.charge, record.volume)
    assert s55 == pytest.approx(-104.84, abs=0.01)
    assert s58 == pytest.approx(-3.4948, abs=1e-4)
    # 80 rad/ps is about four million tesla of bare Lorentz force
    assert equivalent_field(80.0, 19.76637, 103.5941) == pytest.approx(4.35e6, rel=2e-3)


def test_means_are_means_of_samples() -> None:
    rng = np.random.default_rng(0)
    record = local_mode("batio3-b")
    tilt = np.eye(3) + 0.1 * rng.normal(size=(3, 3))
    mass, angular = tilt @ tilt.T, record.angular
    u, v = rng.normal(size=(2, 50, 3))
    vv, uv = v.T @ v / 50, u.T @ v / 50
    assert observables.mean_kinetic_energy(vv, mass) == pytest.approx(observables.kinetic_energy(v, mass).mean())
    mean = observables.angular_momentum(u, v, angular).mean(axis=0)
    np.testing.assert_allclose(observables.mean_angular_momentum(uv, angular), mean)
    axis = np.array([0.6, 0.0, 0.8])
    along = 0.5 * (axis @ mass @ axis) * ((v @ axis) ** 2).mean() / 9648.5332
    assert observables.longitudinal_kinetic_energy(vv, mass, axis) == pytest.approx(along, rel=1e-8)


def test_mean_shift_balances_the_force() -> None:
    """S52: the force of the whole stiffness on the shift is (a/2) <du^2> along the axis, in every cell."""
    record, slab = local_mode("batio3-b"), Slab((5, 4, 3))
    ties = record.couplings(slab)
    variance = np.random.default_rng(1).uniform(0, 1e-5, size=(5, 4))
    dynamical = stiffness(ties, record.well.stiffness, record.mass)
    shift = observables.mean_shift(variance, record.well, dynamical, inverse_root(record.mass))
    u = np.broadcast_to(shift[:, :, None, :], (*slab.shape, 3)).copy()
    force = ties.force(u) - u @ record.well.stiffness
    np.testing.assert_allclose(force[..., 0], record.well.cubic / 2 * variance[:, :, None] * np.ones(3), rtol=1e-10)
    np.testing.assert_allclose(force[..., 1:], 0, atol=1e-13)


def test_mean_shift_of_separate_wells_is_s53() -> None:
    """Without couplings every well shifts for itself."""
    record = local_mode("batio3-b").with_kernel({(0, 0, 0): np.zeros((3, 3))})
    slab = Slab((4, 3, 2))
    ties = record.couplings(slab)
    free = type(ties)(slab, 0 * ties.kernel, 0 * ties.dipole, 0 * ties.surface, 0 * ties.counter)
    well: Well = record.well
    variance = np.random.default_rng(2).uniform(0, 1e-5, size=(4, 3))
    shift = observables.mean_shift(
        variance, well, stiffness(free, well.stiffness, record.mass), inverse_root(record.mass)
    )
    np.testing.assert_allclose(shift[..., 0], -well.cubic / (2 * well.curvature) * variance, rtol=1e-12)


def test_gyration_turns_x_to_y() -> None:
    """v' = Omega z x v: a positive rate turns the velocity from x to y."""
    np.testing.assert_array_equal(gyration(2.0) @ [1.0, 0.0, 0.0], [0.0, 2.0, 0.0])
    direction = np.array([2.0, -1.0, 2.0]) / 3
    v = np.array([0.3, 0.1, -0.7])
    np.testing.assert_allclose(gyration(5.0, direction) @ v, 5.0 * np.cross(direction, v))
