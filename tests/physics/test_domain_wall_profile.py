"""Start and fit of domain walls: what reverses, where, and whether a fit finds what was put in, with honest errors."""

from __future__ import annotations

import numpy as np
import pytest

from crosscurrent.physics.domain_wall import fit_profile, reversed_state, two_domains, wall_profile


def test_across_a_neutral_wall_the_normal_component_stays() -> None:
    np.testing.assert_array_equal(reversed_state(np.array([1.0, 2.0, 3.0]), 0), [1, -2, -3])
    np.testing.assert_array_equal(reversed_state(np.array([1.0, 2.0, 3.0]), 1), [-1, 2, -3])


@pytest.mark.parametrize(("normal", "periodic", "walls"), [(0, True, 2), (1, True, 2), (1, False, 1)])
def test_two_domains(normal: int, periodic: bool, walls: int) -> None:
    u = two_domains(np.array([0.0, 0.0, 0.1]), (8, 12, 2), normal, periodic)
    along = np.moveaxis(u[..., 2], normal, 0)
    assert (along == along[:, :1, :1]).all()
    signs = np.sign(along[:, 0, 0])
    turns = (signs != np.roll(signs, 1)).sum() if periodic else (np.diff(signs) != 0).sum()
    assert turns == walls and signs.sum() == 0


@pytest.mark.parametrize(("periodic", "half_width"), [(False, 2.3), (True, 1.4), (True, 0.4), (False, 0.3)])
def test_a_fit_finds_what_was_put_in(periodic: bool, half_width: float) -> None:
    x = np.arange(24.0)
    apart = (11.7,) if periodic else ()
    fit = fit_profile(wall_profile(x, 24.0, -0.3, 5.8 if periodic else 11.2, half_width, *apart), periodic)
    assert fit.half_width == pytest.approx(half_width, rel=1e-6)
    assert fit.position == pytest.approx(5.8 if periodic else 11.2, abs=1e-6)
    assert fit.amplitude == pytest.approx(-0.3)


def test_images_keep_a_periodic_profile_periodic() -> None:
    ends = wall_profile(np.array([0.0, 24.0]), 24.0, 0.2, 5.0, 3.0, 12.0)
    assert ends[0] == pytest.approx(ends[1], abs=1e-6)


def test_the_error_of_a_fit_is_honest() -> None:
    """Over many noisy profiles the misses scatter as the errors say."""
    rng = np.random.default_rng(1)
    x = np.arange(30.0)
    clean = wall_profile(x, 30.0, 0.25, 14.3, 1.7)
    misses = []
    for _ in range(60):
        fit = fit_profile(clean + 0.01 * rng.normal(size=30), False)
        misses.append((fit.half_width - 1.7) / fit.half_width_error)
    assert 0.7 < np.std(misses) < 1.4


def test_no_wall_no_width() -> None:
    assert np.isnan(fit_profile(np.full(16, 0.3), True).half_width)
