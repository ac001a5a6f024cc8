"""What an integral will cost: the number of points exactly, the rest by order of magnitude."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from crosscurrent.models.materials.bi2se3 import bi2se3
from crosscurrent.models.materials.haldane import haldane
from crosscurrent.models.materials.kane_mele import kane_mele
from crosscurrent.numerics.domains import Sphere
from crosscurrent.numerics.zone import Adaptive, PolarGrid, UniformMesh
from crosscurrent.responses.estimate import estimate, estimate_spin_generation
from crosscurrent.responses.spin_generation import spin_generation
from crosscurrent.responses.spin_hall import spin_hall


@pytest.mark.parametrize(
    ("model", "method"),
    [
        (kane_mele(), UniformMesh((30, 30))),
        (bi2se3(cutoff=Sphere(0.3)), PolarGrid(12, 9, 6)),
    ],
)
def test_points_are_those_that_a_run_evaluates(model: Any, method: Any) -> None:
    cost = estimate(model, method, definitions=["conventional"], n_mu=1)
    run = spin_hall(model, 0.0, method=method, definitions=["conventional"])
    assert cost.k_points == pytest.approx(run.attrs["evaluations"], rel=0.2)


def test_adaptive_is_bounded_by_its_budget() -> None:
    assert estimate(kane_mele(), Adaptive(max_evaluations=12345), n_mu=1).k_points == 12345


def test_time_grows_with_the_work() -> None:
    small = estimate(kane_mele(), UniformMesh((10, 10)), n_mu=1)
    large = estimate(kane_mele(), UniformMesh((1000, 1000)), n_mu=1)
    assert large.seconds > 100 * small.seconds


def test_time_is_right_within_a_factor() -> None:
    """Generous: the machine may be busy in one of the two."""
    model, mesh = kane_mele(), UniformMesh((100, 100))
    cost = estimate(model, mesh, n_mu=1)
    start = time.perf_counter()
    spin_hall(model, 0.0, method=mesh)
    assert 1 / 30 < cost.seconds / (time.perf_counter() - start) < 30


def test_model_without_spin_and_hall_only() -> None:
    assert estimate(haldane(), UniformMesh((10, 10))).seconds > 0
    cost = estimate(kane_mele(), UniformMesh((10, 10)), definitions=("anomalous_hall",))
    assert np.isfinite(cost.seconds)


def test_spin_generation_counts_its_points_and_frequencies() -> None:
    model, mesh = kane_mele(), UniformMesh((30, 30))
    omega = np.linspace(0.01, 0.1, 3)
    few = estimate_spin_generation(model, mesh, omega=omega)
    run = spin_generation(model, omega=omega, method=mesh, filling=2)
    assert few.k_points == pytest.approx(run.attrs["evaluations"], rel=0.2)
    more = estimate_spin_generation(model, mesh, omega=np.linspace(0.01, 0.1, 3000), kubo=True, eta=0.01, n_mu=5)
    assert more.seconds > 5 * few.seconds
    assert estimate_spin_generation(model, mesh).seconds > 0
