"""The well around its minimum is the well: force, energy and curvature at random displacements, to rounding."""

from __future__ import annotations

import numpy as np
import pytest

from crosscurrent.physics.expanded_well import expanded_well
from crosscurrent.physics.well import Well, quartic_well

WELLS = [
    quartic_well(0.038, 0.0716, 40.0),
    quartic_well(0.038, 0.0716, 40.0, (0.0, 0.0, 1.0)),
    Well(-30.0, 4000.0, 2e5, 12.0, (0.6, 0.0, 0.8)),
]


@pytest.mark.parametrize("well", WELLS)
def test_same_as_the_well(well: Well) -> None:
    moved = np.random.default_rng(1).normal(size=(5, 4, 3)) * 0.05
    expanded, here = expanded_well(well), well.ordered + moved
    np.testing.assert_allclose(expanded.force(moved), well.force(here), rtol=0, atol=1e-12)
    np.testing.assert_allclose(expanded.energy(moved), well.energy(here) + well.barrier, rtol=0, atol=1e-14)
    np.testing.assert_allclose(expanded.hessian(np.zeros(3)), well.stiffness, rtol=1e-12)
    h = 1e-6
    numerical = [(expanded.force(moved - h * e) - expanded.force(moved + h * e)) / (2 * h) for e in np.eye(3)]
    np.testing.assert_allclose(expanded.hessian(moved), np.stack(numerical, axis=-1), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("well", WELLS)
def test_an_isotropic_part_can_be_taken_out(well: Well) -> None:
    moved = np.random.default_rng(2).normal(size=(6, 3)) * 0.05
    whole = expanded_well(well)
    rest = whole.without(well.kappa)
    np.testing.assert_allclose(rest.force(moved) - well.kappa * moved, whole.force(moved), rtol=0, atol=1e-12)
    zero = [part for part, n in zip(rest.force_components(*moved.T), well.axis, strict=True) if not n]
    assert all(isinstance(part, float) and part == 0 for part in zero)


def test_single_precision_resolves_what_the_plain_force_loses() -> None:
    well = WELLS[0]
    small = np.full((1, 3), 1e-6)
    exact = expanded_well(well).force(small)
    single = expanded_well(well).force(small.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, exact, rtol=1e-6)
    lost = well.force((well.ordered + small).astype(np.float32))
    assert abs(float(lost[0, 0] / exact[0, 0]) - 1) > 1e-4
