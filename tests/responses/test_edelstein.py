"""`edelstein` as a whole: the Rashba gas in closed form, agreement with `spin_generation`, parts, units, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import integrate
from scipy.special import expit

from crosscurrent.models.bloch import Operator
from crosscurrent.models.kp import CallableKP
from crosscurrent.models.materials.kane_mele import kane_mele
from crosscurrent.models.materials.rashba import ALPHA, MASS, rashba_gas
from crosscurrent.models.materials.rashba_antiferromagnet import rashba_antiferromagnet
from crosscurrent.numerics.domains import Disk, Sphere
from crosscurrent.numerics.zone import Adaptive, PolarGrid, UniformMesh
from crosscurrent.responses.edelstein import edelstein
from crosscurrent.responses.spin_generation import spin_generation
from crosscurrent.results import load, save
from crosscurrent.results.schema import check_schema, warnings_of
from crosscurrent.units import BOLTZMANN_EV_PER_K, HBAR2_OVER_2M0, HBAR_EV_S, InputError
from reference import fermi_sea, torus_models
from reference.bridge import package_model

MESH = UniformMesh((24, 24))
OPTIONS: dict[str, Any] = {"method": MESH, "temperature": 600.0, "relaxation_time": 10.0}


def rashba_closed_form(mu: float, kelvin: float, femtoseconds: float) -> float:
    """S_y/E_x in hbar/(V m): -(e tau/4 pi hbar) int_0^q f0(hbar^2 (k^2 - q^2)/2m) dk with q = m alpha/hbar^2.

    The two circles have opposite spin and differ in radius by 2q at any mu; with both filled this is Edelstein's
    -e tau alpha m/(4 pi hbar^3), in hbar.
    """
    slope = HBAR2_OVER_2M0 / MASS
    q = ALPHA / (2 * slope)
    kt = BOLTZMANN_EV_PER_K * kelvin
    inside = integrate.quad(lambda k: expit((mu - slope * (k * k - q * q)) / kt), 0, q)[0]
    return -femtoseconds * 1e-15 / HBAR_EV_S * inside / (4 * np.pi) * 1e10


@pytest.mark.parametrize(("mu", "kelvin"), [(0.02, 40.0), (0.002, 40.0), (-0.002, 15.0)])
def test_rashba_gas(mu: float, kelvin: float) -> None:
    grid = PolarGrid(1200, 8)
    data = edelstein(rashba_gas(), mu, method=grid, temperature=kelvin, relaxation_time=250.0, degeneracy=1e-8)
    found = data["edelstein"].isel(mu=0, projection=0)
    expected = rashba_closed_form(mu, kelvin, 250.0)
    assert np.abs(data["edelstein_error"]).max() < 1e-5 * abs(expected)
    assert float(found.sel(spin="y", field="x")) == pytest.approx(expected, rel=1e-9)
    assert float(found.sel(spin="x", field="y")) == pytest.approx(-expected, rel=1e-9)
    assert expected < 0
    others = found.copy()
    others.loc[{"spin": "y", "field": "x"}] = 0.0
    others.loc[{"spin": "x", "field": "y"}] = 0.0
    assert np.abs(others).max() < 1e-9 * abs(expected)
    # time reversal forbids the intrinsic static term
    assert np.abs(data["upsilon0"]).max() < 1e-9 * abs(expected)


def test_edelsteins_number() -> None:
    """Both circles filled: -e tau alpha m/(4 pi hbar^3), times hbar."""
    q = ALPHA * MASS / (2 * HBAR2_OVER_2M0)
    plain = -250e-15 / HBAR_EV_S * q / (4 * np.pi) * 1e10
    assert rashba_closed_form(0.02, 4.0, 250.0) == pytest.approx(plain, rel=1e-9)


def test_the_width_of_groups_counts_where_kt_reaches_the_crossing() -> None:
    """Inside it, pairs of states count with their trace, as levels closer than hbar/tau do: an area of k."""
    off = []
    for width in (1e-4, 3e-5):
        data = edelstein(
            rashba_gas(), -0.002, method=PolarGrid(1200, 8), temperature=15.0, relaxation_time=1.0, degeneracy=width
        )
        found = float(data["edelstein"].isel(mu=0, projection=0).sel(spin="y", field="x"))
        off.append(found / rashba_closed_form(-0.002, 15.0, 1.0) - 1)
    assert off[0] == pytest.approx(-0.017, abs=1e-3)
    assert off[0] / off[1] == pytest.approx((1e-4 / 3e-5) ** 2, rel=0.2)


def test_an_adaptive_sum_is_honest() -> None:
    method = Adaptive(rtol=1e-4, max_evaluations=200_000)
    data = edelstein(rashba_gas(), 0.02, method=method, temperature=100.0, relaxation_time=250.0)
    yx = {"spin": "y", "field": "x"}
    value, error = (float(data[name].isel(mu=0, projection=0).sel(yx)) for name in ("edelstein", "edelstein_error"))
    assert abs(value - rashba_closed_form(0.02, 100.0, 250.0)) <= error < 1e-2 * abs(value)


def test_displaced_sea_on_the_same_mesh() -> None:
    """The whole chain, units included, against occupations moved by e tau E/hbar."""
    torus = torus_models.random_torus(11, levels=(-0.6, 0.7), lattice=torus_models.SKEW)
    data = edelstein(package_model(torus), 0.5, field=(1.0, 0.0), **OPTIONS)
    # e tau E/hbar of 1 V/m, enlarged to a step that differences resolve
    displacement, enlarged = 10e-15 * 1.0 / HBAR_EV_S * 1e-10, 1e4
    shift = np.array([displacement * enlarged, 0.0])
    k, kt = torus.mesh(24), BOLTZMANN_EV_PER_K * 600.0
    args = (torus.h, torus.spin, k, 1 / (len(k) * torus.area))
    ahead, behind = (fermi_sea.spin_of_displaced_sea(*args, sign * shift, 0.5, kt) for sign in (1, -1))
    per_angstrom2 = (ahead - behind) / 2 / enlarged
    found = data["spin_density_edelstein"].sel(spin="x").item()
    # g = 2 and 100 square angstrom in a square nanometre; bridge.package_model multiplies the spin by 1, 2, -1
    assert found == pytest.approx(200 * per_angstrom2, rel=1e-4)
    assert data["spin_density_edelstein"].sel(spin="y").item() == pytest.approx(2 * found)
    assert data["edelstein"].sel(spin="x", field="x").item() == pytest.approx(per_angstrom2 * 1e20, rel=1e-4)


@pytest.mark.parametrize("kelvin", [20.0, 600.0])
@pytest.mark.parametrize("mu", [[0.0], [1.6, -2.3, 0.0]])
def test_upsilon0_is_that_of_spin_generation(mu: list[float], kelvin: float) -> None:
    """With bands that are full at every mu (cold, in the gap) and without."""
    model = rashba_antiferromagnet()
    data = edelstein(model, mu, projections="all", complete=True, **OPTIONS | {"temperature": kelvin})
    other = spin_generation(model, mu, method=MESH, temperature=kelvin, projections="all")
    for name in ("upsilon0", "upsilon0_error"):
        np.testing.assert_allclose(data[name], other[name], rtol=1e-9, atol=1e-12 * np.abs(other["upsilon0"]).max())
    assert np.abs(other["upsilon0"].sel(projection="A")).max() > 1e-3


def test_levels_in_any_order_and_one_by_one() -> None:
    model = kane_mele()
    together = edelstein(model, [1.5, -1.2, 0.3], **OPTIONS)
    for mu in (1.5, -1.2, 0.3):
        alone = edelstein(model, mu, **OPTIONS)
        xr.testing.assert_allclose(together["edelstein"].sel(mu=[mu]), alone["edelstein"], rtol=1e-9, atol=1e-3)
    assert np.abs(together["edelstein"].sel(mu=1.5)).max() > 1e5


def test_parts_add_up() -> None:
    data = edelstein(kane_mele(), 1.5, projections=("A", "B"), complete=True, **OPTIONS)["edelstein"]
    total = data.sel(projection="total")
    parts = data.sel(projection="A") + data.sel(projection="B")
    np.testing.assert_allclose(parts, total, atol=1e-9 * float(np.abs(total).max()))
    assert float(np.abs(data.sel(projection="A") - data.sel(projection="B")).max()) > 1e-3 * float(np.abs(total).max())


def test_insulator_has_none() -> None:
    cold = OPTIONS | {"temperature": 20.0}
    data = edelstein(kane_mele(), [0.0], **cold)
    assert np.abs(data["edelstein"]).max() < 1e-6 * np.abs(edelstein(kane_mele(), [1.5], **OPTIONS)["edelstein"]).max()
    assert "no band crosses mu = 0 eV" in " ".join(warnings_of(data))


def test_proportional_to_the_relaxation_time_and_in_si() -> None:
    model = kane_mele()
    one = edelstein(model, 1.5, **OPTIONS)
    other = edelstein(model, 1.5, **OPTIONS | {"relaxation_time": 30.0}, unit="SI", thickness=5.0)
    factor = 3 * 1.054571817e-34 / 5e-10
    np.testing.assert_allclose(other["edelstein"], factor * one["edelstein"], rtol=1e-8, atol=1e-27)
    assert np.abs(other["edelstein"]).max() > 1e-17
    assert one["edelstein"].attrs["units"] == "hbar/(V m)"
    assert other["edelstein"].attrs["units"] == "J s/(V m^2)"
    assert other.attrs["thickness_angstrom"] == 5.0
    assert other.attrs["relaxation_time_fs"] == 30.0


def test_three_dimensions() -> None:
    """H = hbar^2 k^2/2m + b k.sigma: a hedgehog, whose spin follows the field (a scalar tensor)."""
    slope, b, mu, kelvin = 5.0, 0.3, 0.05, 60.0
    pauli = np.array(torus_models.PAULI)

    def h(k: np.ndarray) -> np.ndarray:
        return np.einsum("ki,ki->k", k, k)[:, None, None] * slope * np.eye(2) + b * np.einsum("ki,iab->kab", k, pauli)

    model = CallableKP(h, dim=3, cutoff=Sphere(0.25), spin=Operator.constant(pauli / 2))
    data = edelstein(model, mu, method=PolarGrid(160, 5, 4), temperature=kelvin, relaxation_time=10.0, degeneracy=1e-7)
    kt = BOLTZMANN_EV_PER_K * kelvin

    def disc(sign: float) -> float:
        return integrate.quad(
            lambda k: 2 * k * expit((mu - slope * k * k - sign * b * k) / kt), 0, 0.25, points=[0.07, 0.13]
        )[0]

    # (1/3)(1/2) int k^2 v f0' dk/(2 pi^2) of either band, by parts; the larger sphere has its spin along -k
    expected = (disc(-1) - disc(1)) / (12 * np.pi**2) * 10e-15 / HBAR_EV_S * 1e20
    found = data["edelstein"].isel(mu=0, projection=0).values
    np.testing.assert_allclose(found, expected * np.eye(3), atol=1e-5 * expected)
    assert data["edelstein"].attrs["units"] == "hbar/(V m^2)"


def test_coarse_points_are_reported() -> None:
    text = " ".join(warnings_of(edelstein(kane_mele(), 1.5, **OPTIONS | {"temperature": 50.0})))
    assert "kT: use more points" in text
    cold = " ".join(warnings_of(edelstein(kane_mele(), 1.5, **OPTIONS | {"temperature": 0.01})))
    assert "no point lies within a few kT" in cold
    fine = edelstein(kane_mele(), 1.5, method=UniformMesh((96, 96)), temperature=1200.0, relaxation_time=10.0)
    assert not [w for w in warnings_of(fine) if "mu =" in w]
    polar = edelstein(rashba_gas(cutoff=Disk(0.1)), 0.02, method=PolarGrid(60, 6), temperature=4.0, relaxation_time=1.0)
    assert "kT: use more points" in " ".join(warnings_of(polar))


def test_result_explains_itself(tmp_path: Any) -> None:
    data = edelstein(kane_mele(), 1.5, field=(0.0, 1e5, 0.0), thickness=3.0, **OPTIONS)
    check_schema(data)
    save(data, tmp_path / "e.nc")
    back = load(tmp_path / "e.nc")
    assert back["spin_density_edelstein"].attrs["units"] == "mu_B/nm^3"
    assert back["spin_density_0"].dims == ("mu", "spin", "projection")
    assert back.attrs["field_V_per_m"] == "0, 100000"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"temperature": 0.0}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"relaxation_time": 0.0}, "relaxation_time"),
        ({"relaxation_time": -3.0}, "relaxation_time"),
        ({"projections": ("C",)}, "projections"),
        ({"projections": ("A",), "complete": True}, "projections"),
        ({"per": "volume"}, "thickness"),
        ({"thickness": -1.0}, "thickness"),
        ({"unit": "S/cm"}, "unit"),
        ({"field": (0.0, 0.0, 1.0)}, "field"),
        ({"degeneracy": 0.0}, "degeneracy"),
    ],
)
def test_bad_input(change: dict[str, Any], where: str) -> None:
    with pytest.raises(InputError) as caught:
        edelstein(kane_mele(), 1.5, **OPTIONS | change)
    assert caught.value.where == where
