"""Bands, Berry curvature, orbital moment and spin of every band, k by k."""

from __future__ import annotations

import numpy as np
import pytest

from crosscurrent.models.materials.bi2se3 import bi2se3
from crosscurrent.models.materials.dirac import massive_dirac
from crosscurrent.models.materials.haldane import haldane
from crosscurrent.models.materials.kane_mele import kane_mele
from crosscurrent.models.materials.qwz import qwz
from crosscurrent.numerics.domains import Box, Disk, Sphere
from crosscurrent.numerics.zone import PolarGrid, UniformMesh
from crosscurrent.responses.anomalous_hall import anomalous_hall
from crosscurrent.responses.band_geometry import band_geometry, bands
from crosscurrent.units import HBAR2_OVER_2M0, InputError
from reference import torus_models
from reference.bridge import package_model


def test_dirac_electron() -> None:
    """Xiao, Chang and Niu, RMP 82, 1959: Omega = -+ v^2 m / 2 e^3 for the upper and lower band; one moment for both."""
    v, mass = 3.33, 0.05
    model = massive_dirac(velocity=v, mass=mass, cutoff=Disk(1.0))
    k = np.random.default_rng(0).normal(size=(20, 2)) * 0.05
    data = band_geometry(model, k)
    energy = np.hypot(v * np.linalg.norm(k, axis=1), mass)
    omega = v**2 * mass / (2 * energy**3)
    np.testing.assert_allclose(data["energy"], np.stack([-energy, energy], axis=1), atol=1e-13)
    np.testing.assert_allclose(data["berry_curvature"].values[..., 0], np.stack([omega, -omega], axis=1), rtol=1e-9)
    # mu_B = e hbar / 2 m0: both bands have the same moment
    moment = -omega * energy / HBAR2_OVER_2M0
    np.testing.assert_allclose(data["orbital_moment"].values[..., 0], np.stack([moment, moment], axis=1), rtol=1e-9)


@pytest.mark.parametrize(("t2", "phi", "mass"), [(0.1, np.pi / 2, 0.0), (0.15, 0.9, 0.2)])
def test_orbital_moment_of_haldane(t2: float, phi: float, mass: float) -> None:
    """For two bands m = (e/2 hbar)(e_1 - e_0) times the curvature of the lower one, taken from a plaquette.

    The moment is the same in both bands, the curvature opposite; the plaquette knows no velocity matrix.
    """
    model = haldane(t2=t2, phi=phi, mass=mass)
    k = np.array([[0.3, 0.7], [2.0, -0.5], [4.0, 0.2]])
    data = band_geometry(model, k)
    side = 2e-3
    tau = model.positions[:, :2]

    def lower(at: np.ndarray) -> np.ndarray:
        return np.exp(-1j * at @ tau.T) * np.linalg.eigh(model.matrices(at).h)[1][:, :, 0]

    corners = [lower(k + side * np.array(c)) for c in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))]
    links = [np.einsum("ka,ka->k", corners[i].conj(), corners[(i + 1) % 4]) for i in range(4)]
    omega = -np.angle(np.prod(links, axis=0)) / side**2
    np.testing.assert_allclose(data["berry_curvature"].values[:, 0, 0], omega, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(data["berry_curvature"].values[:, 1, 0], -omega, rtol=1e-4, atol=1e-6)
    gap = (data["energy"].values[:, 1] - data["energy"].values[:, 0]) / 2
    moment = -gap * omega / HBAR2_OVER_2M0
    for band in (0, 1):
        np.testing.assert_allclose(data["orbital_moment"].values[:, band, 0], moment, rtol=1e-4, atol=1e-6)


def test_orbital_moment_is_the_self_rotation() -> None:
    """m = -i (e/2 hbar) <d u| x (H - e) |d u>, with the derivative of the state taken by differences."""
    model = package_model(torus_models.random_torus(4, lattice=torus_models.SKEW))
    k = np.array([[0.4, -1.1], [2.0, 0.3]])
    data = band_geometry(model, k)
    step = 1e-4
    for index, at in enumerate(k):
        h = model.matrices(at[None]).h[0]
        e, u = np.linalg.eigh(h)
        for band in range(4):
            d = []
            for axis in range(2):
                shift = step * np.eye(2)[axis]
                near = [np.linalg.eigh(model.matrices((at + s * shift)[None]).h[0])[1][:, band] for s in (1, -1)]
                near = [x * np.exp(-1j * np.angle(u[:, band].conj() @ x)) for x in near]
                d.append((near[0] - near[1]) / (2 * step))
            rotation = d[0].conj() @ (h - e[band] * np.eye(4)) @ d[1]
            moment = (-0.5j * (rotation - rotation.conj())).real / HBAR2_OVER_2M0
            assert data["orbital_moment"].values[index, band, 0] == pytest.approx(moment, rel=1e-5, abs=1e-7)


def test_mesh_average_of_the_curvature_is_the_hall_conductivity() -> None:
    model, mesh = qwz(), UniformMesh((24, 20))
    data = band_geometry(model, mesh)
    assert data["energy"].dims == ("k1", "k2", "band")
    area = float(np.linalg.det(model.reciprocal))
    chern = data["berry_curvature"].isel(band=0, axis=0).mean() * area / (2 * np.pi)
    sigma = anomalous_hall(model, 0.0, method=mesh)["conductivity"].sel(current="x", field="y")
    assert -float(chern) == pytest.approx(float(sigma.item()), abs=1e-12)


def test_degenerate_bands_carry_group_averages() -> None:
    """Kramers pairs at Gamma: no spin and no curvature, whatever basis eigh picked."""
    model = kane_mele(lambda_r=0.3)
    data = band_geometry(model, np.array([[0.0, 0.0]]))
    np.testing.assert_allclose(data["spin_expectation"], 0, atol=1e-10)
    np.testing.assert_allclose(data["berry_curvature"], 0, atol=1e-10)
    general = band_geometry(model, np.array([[0.5, 0.3]]))
    assert np.abs(general["spin_expectation"]).max() > 1e-2


def test_spin_of_the_chosen_operator() -> None:
    model = bi2se3(cutoff=Sphere(0.5), magnetization=(0.0, 0.0, 0.05))
    k = np.array([[0.02, 0.03, 0.01]])
    own, other = band_geometry(model, k), band_geometry(model, k, spin="physical_spin")
    assert own["spin_expectation"].dims == ("k", "band", "spin")
    _, u = np.linalg.eigh(model.matrices(k).h[0])
    for data, name in ((own, "spin"), (other, "physical_spin")):
        expected = np.einsum("am,lab,bm->ml", u.conj(), model.operators[name].blocks[0], u).real
        np.testing.assert_allclose(data["spin_expectation"].values[0], expected, atol=1e-12)


def test_box_mesh_and_points() -> None:
    model = massive_dirac(cutoff=Box((0.2, 0.3)))
    mesh = band_geometry(model, UniformMesh((4, 3)))
    assert mesh["energy"].shape == (4, 3, 2)
    k = np.stack([mesh["kx"].values.ravel(), mesh["ky"].values.ravel()], axis=1)
    np.testing.assert_allclose(mesh["kx"].values[:, 0], [-0.15, -0.05, 0.05, 0.15])
    np.testing.assert_array_equal(band_geometry(model, k)["energy"].values.reshape(4, 3, 2), mesh["energy"].values)


def test_path() -> None:
    model = haldane()
    corners = [("G", [0.0, 0.0]), ("K", [4 * np.pi / 3, 0.0]), ("M", [np.pi, np.pi / np.sqrt(3)])]
    data = bands(model, corners, points=40)
    at = data.attrs["corner_distances"]
    assert data.attrs["corner_labels"].split("\n") == ["G", "K", "M"]
    np.testing.assert_allclose(at, [0, 4 * np.pi / 3, 4 * np.pi / 3 + np.hypot(np.pi / 3, np.pi / np.sqrt(3))])
    assert np.all(np.diff(data["distance"]) > 0)
    # the corners themselves are on the path
    for label_at, (_, k) in zip(at, corners, strict=True):
        index = int(np.abs(data["distance"].values - label_at).argmin())
        assert data["distance"].values[index] == pytest.approx(label_at)
        np.testing.assert_allclose([data["kx"].values[index], data["ky"].values[index]], k, atol=1e-12)
    energies = np.linalg.eigvalsh(model.matrices(np.stack([data["kx"], data["ky"]], axis=1)).h)
    np.testing.assert_allclose(data["energy"], energies, atol=1e-13)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (PolarGrid(4, 4), "needs a uniform mesh"),
        (UniformMesh((4, 4, 4)), "the mesh needs 2 numbers, got 3"),
        (np.zeros((3, 3)), r"points of shape \(nk, 2\)"),
        (np.full((3, 2), np.nan), "needs a uniform mesh"),
    ],
)
def test_bad_points(where: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        band_geometry(qwz(), where)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ([("G", [0.0, 0.0])], "at least two corners of 2 components"),
        ([("G", [0.0, 0.0, 0.0]), ("X", [1.0, 0.0, 0.0])], "at least two corners of 2 components"),
        ([("G", [0.0, 0.0]), ("G", [0.0, 0.0])], "same point"),
    ],
)
def test_bad_paths(path: list, message: str) -> None:
    with pytest.raises(InputError, match=message):
        bands(qwz(), path)
