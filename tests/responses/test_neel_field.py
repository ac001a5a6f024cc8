"""The Neel field: the number of Feng et al., both sublattices, errors, and bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import constants

from crosscurrent.models.materials.mnbi2te4 import LAYER_DISTANCE, mnbi2te4
from crosscurrent.numerics.zone import UniformMesh
from crosscurrent.physics.neel_field import exchange_field, staggered
from crosscurrent.responses.edelstein import edelstein
from crosscurrent.responses.neel_field import neel_field
from crosscurrent.responses.spin_generation import spin_generation
from crosscurrent.results import explain, load, save
from crosscurrent.results.schema import check_schema
from crosscurrent.units import InputError

BILAYER: dict[str, Any] = {
    "method": UniformMesh((24, 24)),
    "projections": ("A", "B"),
    "field": (1e7, 0.0),
    "thickness": LAYER_DISTANCE,
}


def test_number_of_the_paper() -> None:
    """J_ex = 1 eV, M_s = 20.7 and S = 2e-3 mu_B/nm^3 give 1.67 T."""
    assert exchange_field(2e-3, 1.0, 20.7) == pytest.approx(1.67, abs=5e-3)
    joule_per_tesla = constants.physical_constants["Bohr magneton"][0]
    assert exchange_field(2e-3, 1.0, 20.7) == pytest.approx(constants.e / joule_per_tesla * 2e-3 / 20.7)


def test_staggered_part() -> None:
    assert staggered(2.0, -2.0) == 2.0
    assert staggered(1.5, 1.5) == 0.0


def test_bilayer() -> None:
    density = spin_generation(mnbi2te4(), 0.0, [0.03, 0.07], **BILAYER)
    found = neel_field(density, 1.0, 20.7, sublattices=("A", "B"))
    check_schema(found)
    field = found["neel_field_1"]
    assert field.dims == ("mu", "omega", "spin", "sublattice")
    assert list(found["sublattice"].values) == ["A", "B", "staggered"]
    s = density["spin_density_1"]
    expected = 1.0 / constants.physical_constants["Bohr magneton in eV/T"][0] * s / 20.7
    np.testing.assert_allclose(field.sel(sublattice="A"), expected.sel(projection="A"))
    # PT: opposite on the two layers, so the staggered part is that of A
    y = field.isel(mu=0, omega=1).sel(spin="y")
    assert abs(float(y.sel(sublattice="staggered"))) > 0.1
    assert float(y.sel(sublattice="staggered")) == pytest.approx(float(y.sel(sublattice="A")))
    # and alike for the static term, where it vanishes
    static = found["neel_field_0"].isel(mu=0).sel(spin="x")
    assert abs(float(static.sel(sublattice="staggered"))) < 1e-9 * abs(float(static.sel(sublattice="A")))
    errors = found["neel_field_1_error"].isel(mu=0, omega=1).sel(spin="y")
    half = 0.5 * float(errors.sel(sublattice="A") + errors.sel(sublattice="B"))
    assert float(errors.sel(sublattice="staggered")) == pytest.approx(half)
    assert np.iscomplexobj(found["neel_field"])
    assert not np.iscomplexobj(found["neel_field_error"])


def test_result_explains_itself(tmp_path: Any) -> None:
    density = edelstein(mnbi2te4(), 0.1, temperature=300.0, relaxation_time=10.0, **BILAYER)
    found = neel_field(density, -0.5, 20.7, sublattices=("B", "A"))
    assert set(found.data_vars) == {
        "neel_field_edelstein",
        "neel_field_edelstein_error",
        "neel_field_0",
        "neel_field_0_error",
    }
    assert (found["neel_field_edelstein_error"] >= 0).all()
    save(found, tmp_path / "n.nc")
    text = explain(load(tmp_path / "n.nc"))
    assert "exchange_eV = -0.5" in text
    assert "Zelezny" in text
    xr.testing.assert_allclose(
        found["neel_field_edelstein"].sel(sublattice="A", drop=True),
        -0.5
        * neel_field(density, 1.0, 20.7, sublattices=("A", "B"))["neel_field_edelstein"].sel(sublattice="A", drop=True),
    )


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"sublattices": ("A", "C")}, "sublattices"),
        ({"sublattices": ("A", "A")}, "sublattices"),
        ({"sublattices": "AB"}, "sublattices"),
        ({"exchange": 0.0}, "exchange"),
        ({"exchange": float("inf")}, "exchange"),
        ({"saturation_magnetization": -20.7}, "saturation_magnetization"),
    ],
)
def test_bad_input(change: dict[str, Any], where: str) -> None:
    density = spin_generation(mnbi2te4(), 0.0, **BILAYER)
    options = {"exchange": 1.0, "saturation_magnetization": 20.7, "sublattices": ("A", "B")} | change
    with pytest.raises(InputError) as caught:
        neel_field(density, **options)
    assert caught.value.where == where


def test_density_per_area_or_none() -> None:
    flat = spin_generation(mnbi2te4(), 0.0, **BILAYER | {"thickness": None})
    with pytest.raises(InputError, match="thickness"):
        neel_field(flat, 1.0, 20.7, sublattices=("A", "B"))
    with pytest.raises(InputError, match="field"):
        neel_field(spin_generation(mnbi2te4(), 0.0, method=UniformMesh((6, 6))), 1.0, 20.7, sublattices=("A", "B"))
