"""The anomalous Hall conductivity: sign, both parts, scans, and symmetry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from crosscurrent.models.materials.dirac import massive_dirac
from crosscurrent.models.materials.haldane import haldane
from crosscurrent.models.materials.kane_mele import kane_mele
from crosscurrent.models.materials.qwz import qwz
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.numerics.domains import Disk
from crosscurrent.numerics.zone import Adaptive, PolarGrid, UniformMesh
from crosscurrent.responses.anomalous_hall import anomalous_hall
from crosscurrent.units import InputError
from reference import torus_models
from reference.bridge import package_model


def xy(data: Any) -> np.ndarray:
    return data["conductivity"].sel(current="x", field="y").values


def dirac_plane(mass: float, fermi: float, v: float = 3.33, cutoff: float = 0.6) -> tuple[float, float]:
    """Half a quantum in the gap, cut off at L, and mass / 2 e_F in the band; Sinitsyn et al., PRB 75, 045315."""
    edge = np.hypot(v * cutoff, mass)
    return -0.5 * (np.sign(mass) - mass / edge), -0.5 * (mass / fermi - mass / edge)


@pytest.mark.parametrize("mass", [0.05, -0.05])
def test_massive_dirac_electron(mass: float) -> None:
    model = massive_dirac(velocity=3.33, mass=mass, cutoff=Disk(0.6))
    data = anomalous_hall(model, [0.0, 0.12], method=PolarGrid(400, 6))
    expected = dirac_plane(mass, 0.12)
    np.testing.assert_allclose(xy(data), expected, atol=5e-3)
    error = data["conductivity_error"].sel(current="x", field="y").values
    assert np.all(np.abs(xy(data) - expected) <= error + 1e-9)
    assert abs(expected[0] - expected[1]) > 0.1


def test_massive_dirac_electron_adaptively() -> None:
    model = massive_dirac(velocity=3.33, mass=0.05, cutoff=Disk(0.6))
    data = anomalous_hall(model, [0.0], method=Adaptive(rtol=1e-4))
    error = data["conductivity_error"].sel(current="x", field="y").values
    assert abs(xy(data)[0] - dirac_plane(0.05, 0.12)[0]) <= error[0] < 1e-3


@pytest.mark.xfail(
    strict=True, reason="a step of an isotropic model between the points of every cell: error 5 x too small"
)
def test_adaptive_error_at_an_isotropic_fermi_step() -> None:
    """Known limit: the few first cells all have the step at the same place between their points, and look smooth."""
    model = massive_dirac(velocity=3.33, mass=0.05, cutoff=Disk(0.6))
    data = anomalous_hall(model, [0.0, 0.12], method=Adaptive(rtol=1e-4))
    error = data["conductivity_error"].sel(current="x", field="y").values
    assert abs(xy(data)[1] - dirac_plane(0.05, 0.12)[1]) <= error[1]


def test_sign_by_the_curvature_of_random_points() -> None:
    """sigma_xy = -(e^2/hbar) int Omega, with Omega_0 = -2 Im v^x_01 v^y_10 / gap^2 at points of no mesh."""
    model = package_model(torus_models.qwz(1.0))
    k = np.random.default_rng(0).random((4000, 2)) * 2 * np.pi
    e, u = np.linalg.eigh(model.matrices(k).h)
    v = u.conj().swapaxes(1, 2)[:, None] @ model.matrices(k).dh @ u[:, None]
    omega = -2 * (v[:, 0, 0, 1] * v[:, 1, 1, 0]).imag / (e[:, 1] - e[:, 0]) ** 2
    estimate = -2 * np.pi * omega.mean()
    sigma = float(xy(anomalous_hall(model, 0.0, method=UniformMesh((40, 40))))[0])
    assert abs(sigma) == pytest.approx(1, abs=1e-6)
    assert estimate == pytest.approx(sigma, abs=0.2)


@pytest.mark.parametrize("model", [kane_mele(lambda_r=0.2), haldane(phi=0.0, mass=0.3)], ids=["kane-mele", "haldane"])
def test_zero_by_time_reversal(model: TightBinding) -> None:
    data = anomalous_hall(model, [-1.0, 0.0, 0.8], method=UniformMesh((12, 12)), temperature=200.0)
    np.testing.assert_allclose(data["conductivity"], 0, atol=1e-12)


def test_scan_and_order() -> None:
    model = qwz()
    levels = [1.2, -1.4, 0.0, 30.0, -30.0]
    scan = anomalous_hall(model, levels, method=UniformMesh((12, 12)))
    np.testing.assert_array_equal(scan["mu"], levels)
    for index, mu in enumerate(levels):
        np.testing.assert_allclose(
            xy(scan)[index], xy(anomalous_hall(model, mu, method=UniformMesh((12, 12))))[0], atol=1e-13
        )
    np.testing.assert_allclose(xy(scan)[3:], 0, atol=1e-13)
    values = scan["conductivity"].values
    np.testing.assert_array_equal(values, -values.swapaxes(1, 2))


def test_particle_and_hole_sides_of_qwz() -> None:
    """sigma_y K maps the bands onto each other, so the curvature of the two cancels and the scan is even in mu."""
    scan = anomalous_hall(qwz(), [-1.3, 1.3], method=UniformMesh((20, 20)))
    np.testing.assert_allclose(xy(scan)[0], xy(scan)[1], atol=1e-12)
    assert abs(xy(scan)[0]) > 1e-4


def test_what_a_result_says() -> None:
    data = anomalous_hall(qwz(), 0.0, method=UniformMesh((6, 6)))
    assert data["conductivity"].dims == ("mu", "current", "field")
    assert data["conductivity"].attrs["units"] == "e^2/h"
    assert "within" not in data, "a complete model has nothing outside"
    assert "conductivity_error" in data


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mu": np.nan}, "finite energies"),
        ({"mu": [0.0, 0.0]}, "same chemical potential appears twice"),
        ({"temperature": -1.0}, "temperature must not be negative"),
        ({"grouping": "band"}, "unknown grouping 'band'"),
        ({"unit": "S/cm"}, "three-dimensional unit and the model is two-dimensional.*thickness"),
        ({"unit": "e2/h"}, r"unknown unit 'e2/h'.*Did you mean 'e\^2/h'"),
        ({"thickness": -2.0}, "a thickness is a positive length"),
        ({"degeneracy": 0.0}, "degeneracy must be positive"),
    ],
)
def test_bad_settings(options: dict[str, Any], message: str) -> None:
    settings = {"mu": 0.0, "method": UniformMesh((4, 4)), **options}
    with pytest.raises(InputError, match=message):
        anomalous_hall(qwz(), **settings)


def test_a_sharp_fermi_surface_warns_of_adaptive_rules() -> None:
    model = massive_dirac(cutoff=Disk(0.5))
    method = Adaptive(rtol=1e-2)
    middle, inside = 0.0, float(np.linalg.eigvalsh(model.matrices(np.array([[0.1, 0.0]])).h)[0, 1])
    text = "Fermi surface can pass between"
    assert text not in anomalous_hall(model, middle, method=method).attrs["warnings"]
    assert text in anomalous_hall(model, inside, method=method).attrs["warnings"]
    assert text not in anomalous_hall(model, inside, method=method, temperature=300.0).attrs["warnings"]
    assert text not in anomalous_hall(model, inside, method=PolarGrid(40, 8)).attrs["warnings"]
