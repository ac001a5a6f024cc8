"""Dirac electrons on the whole plane, and the helical kind of Feng et al., Eq. (11)."""

from __future__ import annotations

import numpy as np
import pytest

from crosscurrent.models.kp import CallableKP
from crosscurrent.models.materials.dirac import HELICAL_VELOCITY, helical_dirac, massive_dirac
from crosscurrent.models.materials.registry import entry
from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.numerics.domains import Disk, Plane
from crosscurrent.numerics.zone import Adaptive, PolarGrid
from crosscurrent.responses.anomalous_hall import anomalous_hall
from crosscurrent.units import InputError

SX, SY, SZ = PAULI


def xy(data: object, name: str = "conductivity") -> float:
    return float(data[name].sel(current="x", field="y").values[0])  # type: ignore[index]


@pytest.mark.parametrize("mass", [0.05, -0.05])
@pytest.mark.parametrize("scale", [0.01, 0.05])
def test_half_a_quantum_without_a_cutoff(mass: float, scale: float) -> None:
    model = massive_dirac(mass=mass, cutoff=Plane(scale))
    data = anomalous_hall(model, 0.0, method=PolarGrid(80, 8))
    assert xy(data) == pytest.approx(-0.5 * np.sign(mass), abs=1e-10)
    assert abs(xy(data) + 0.5 * np.sign(mass)) <= xy(data, "conductivity_error") + 1e-13


def test_half_a_quantum_adaptively() -> None:
    data = anomalous_hall(massive_dirac(cutoff=Plane(0.02)), 0.0, method=Adaptive(rtol=1e-6))
    assert abs(xy(data) + 0.5) <= xy(data, "conductivity_error") < 1e-5


def test_only_a_cutoff_is_warned_of() -> None:
    def warned(cutoff: Disk | Plane) -> str:
        return str(anomalous_hall(massive_dirac(cutoff=cutoff), 0.0, method=PolarGrid(20, 6)).attrs["warnings"])

    assert "1/cutoff is an artefact" in warned(Disk(0.6))
    assert "cutoff" not in warned(Plane(0.02))


def test_helical_dirac_is_equation_11() -> None:
    """sigma . (k x z) = sigma_x k_y - sigma_y k_x."""
    model = helical_dirac(velocity=2.0, mass=0.1)
    k = np.random.default_rng(0).uniform(-0.3, 0.3, size=(5, 2))
    out_of_plane = np.array([0.0, 0.0, 1.0])
    crossed = np.cross(np.column_stack([k, np.zeros(5)]), out_of_plane)
    expected = 2.0 * np.einsum("ki,iab->kab", crossed, PAULI) + 0.1 * SZ
    np.testing.assert_allclose(model.matrices(k).h, expected, atol=1e-15)


def test_helical_dirac_has_the_published_velocity_and_spin() -> None:
    assert pytest.approx(3.2911, abs=1e-4) == HELICAL_VELOCITY  # 5e5 m/s times 6.5821e-16 eV s
    assert helical_dirac().spin is not None
    np.testing.assert_array_equal(helical_dirac().spin.blocks[0], PAULI / 2)
    np.testing.assert_array_equal(helical_dirac(spin_factor=1.0).spin.blocks[0], PAULI)


def test_helical_dirac_lives_on_the_plane() -> None:
    assert helical_dirac(velocity=2.0, mass=-0.1).domain == Plane(0.05)
    assert isinstance(helical_dirac(mass=0.0).domain, Plane)
    assert isinstance(entry("helical-dirac").default_cutoff, Plane)
    assert isinstance(entry("helical-dirac").build().domain, Plane)
    assert helical_dirac(cutoff=Disk(0.4)).domain == Disk(0.4)
    with pytest.raises(InputError, match="velocity that is not zero"):
        helical_dirac(velocity=0.0)


def test_helical_dirac_sum_of_upsilon_0() -> None:
    """int d^2k Y0_xx = -e/(8 pi hbar v) for spin sigma/2: S0/E of Feng et al., Eq. (13), with c = 1/2 and their e = -e.

    The matrix elements are taken here by hand, to test model and domain together."""
    model = helical_dirac()
    radial, weight = np.polynomial.legendre.leggauss(60)
    u, weight = (radial + 1) / 2, weight / 2
    scale = model.domain.scale  # type: ignore[union-attr]
    r, jacobian = scale * u / (1 - u), scale / (1 - u) ** 2
    angles = 2 * np.pi * np.arange(12) / 12
    total = np.zeros((3, 2))
    for angle in angles:
        k = r[:, None] * np.array([np.cos(angle), np.sin(angle)])
        at = model.matrices(k, model.spin)
        energy, states = np.linalg.eigh(at.h)
        low, high = states[:, :, 0], states[:, :, 1]
        s = np.einsum("ka,iab,kb->ki", low.conj(), model.spin.blocks[0], high)
        v = np.einsum("ka,kjab,kb->kj", low.conj(), at.dh, high)
        p = s[:, :, None] * v.conj()[:, None, :]
        y0 = -2 * p.imag / (energy[:, 1] - energy[:, 0])[:, None, None] ** 2
        total += np.einsum("k,kij->ij", weight * jacobian * r, y0) * (2 * np.pi / 12) / (2 * np.pi) ** 2
    exact = -1 / (8 * np.pi * HELICAL_VELOCITY)
    np.testing.assert_allclose(total, [[exact, 0], [0, exact], [0, 0]], atol=1e-13)


def _dirac_function(k: np.ndarray) -> np.ndarray:
    return k[:, 0, None, None] * SX + k[:, 1, None, None] * SY + 0.1 * SZ


def test_a_function_of_k_may_live_on_the_plane_too() -> None:
    model = CallableKP(_dirac_function, dim=2, cutoff=Plane(0.1), spin=PAULI / 2)
    assert model.step == pytest.approx(1e-3)
    data = anomalous_hall(model, 0.0, method=PolarGrid(40, 6))
    assert xy(data) == pytest.approx(-0.5, abs=1e-6)
