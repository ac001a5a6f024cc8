"""Scans of the ferron Hall effect over fields, temperatures, sizes and records: their single runs side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray

from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.numerics.profiles import HotBand, Ramp, Sponge, Uniform
from crosscurrent.responses import ferron_hall_scan as module
from crosscurrent.responses.ferron_hall import ferron_hall
from crosscurrent.responses.ferron_hall_scan import ferron_hall_scan
from crosscurrent.results import load, save
from crosscurrent.results.schema import check_schema
from crosscurrent.units import InputError

GRID, OTHER = (6, 5, 2), (7, 6, 2)
BAND, SPONGE = HotBand(50.0, 0.0, 0.3, 0.2), Sponge(layers=2)
B, A = local_mode("batio3-b"), local_mode("batio3-a")


@pytest.fixture(scope="module")
def scan() -> xr.Dataset:
    return ferron_hall_scan(B, GRID, BAND, SPONGE, [20.0, 80.0], hot=[10.0, 50.0], records=[B, A])


def test_every_combination_is_its_single_run(scan: xr.Dataset, tmp_path: Path) -> None:
    assert scan.polarization_odd.dims == ("record", "omega_B", "temperature_hot", "x", "y")
    # what needs no field has no axis of it, and the baths have none of the record
    assert scan.angular_momentum_0.dims == ("record", "temperature_hot", "x", "y", "component")
    assert scan.temperature.dims == ("temperature_hot", "x") and scan.damping.dims == ("y",)
    for record in (B, A):
        for omega, hot in ((20.0, 50.0), (80.0, 10.0)):
            single = ferron_hall(record, GRID, replace(BAND, hot=hot), SPONGE, omega)
            found = scan.sel(record=record.name, omega_B=omega, temperature_hot=hot)
            for name in (
                "kinetic_energy",
                "kinetic_energy_0",
                "polarization_odd",
                "polarization_odd_error",
                "temperature",
            ):
                np.testing.assert_array_equal(found[name], single[name])
            for name, key in (
                ("largest_polarization_odd", "largest_polarization_odd_C_per_m2"),
                ("largest_angular_momentum_0", "largest_angular_momentum_0_hbar"),
                ("edge_polarization_odd", "edge_polarization_odd_C_nm_ps_per_m2_K_rad"),
                ("steepest_gradient", "steepest_gradient_K_per_nm"),
            ):
                assert float(found[name]) == single.attrs[key] != 0
    check_schema(scan)
    assert scan.attrs["model"] == "BaTiO3 B; BaTiO3 A" and "omega_B_rad_per_ps" not in scan.attrs
    save(scan, tmp_path / "scan.nc")
    xr.testing.assert_equal(load(tmp_path / "scan.nc"), scan)


def test_temperatures_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One slab is solved, and the answer is linear in the hot temperature."""
    calls: list[Any] = []
    plain = module.ferron_hall_kernels
    monkeypatch.setattr(module, "ferron_hall_kernels", lambda *a, **k: calls.append(a) or plain(*a, **k))
    found = ferron_hall_scan(B, GRID, BAND, SPONGE, 80.0, hot=[10.0, 20.0, 40.0])
    assert len(calls) == 1
    assert "omega_B" not in found.dims
    sizes = found.largest_polarization_odd.values
    np.testing.assert_allclose(sizes / sizes[0], [1, 2, 4], rtol=1e-9)
    np.testing.assert_allclose(found.edge_polarization_odd, found.edge_polarization_odd[0], rtol=1e-9)


def test_corrections_follow_the_temperature() -> None:
    """Anharmonic corrections are found for each temperature; their size has the axes of the scan."""
    found = ferron_hall_scan(B, GRID, BAND, SPONGE, 80.0, hot=[5.0, 50.0], anharmonic="self-consistent")
    single = ferron_hall(B, GRID, BAND, SPONGE, 80.0, anharmonic="self-consistent")
    np.testing.assert_array_equal(found.polarization_odd[1], single.polarization_odd)
    share = found["anharmonic_share_of_kinetic_energy"]
    assert float(share[1]) == single.attrs["anharmonic_share_of_kinetic_energy"] > float(share[0]) > 0
    assert set(found.attrs["warnings"].splitlines()) >= set(single.attrs["warnings"].splitlines())


def test_sizes_keep_the_numbers_of_the_slab() -> None:
    found = ferron_hall_scan(B, GRID, BAND, SPONGE, 80.0, grids=[GRID, OTHER])
    assert found["size"].values.tolist() == ["6 x 5 x 2", "7 x 6 x 2"]
    assert not {"x", "y"} & set(found.dims)
    single = ferron_hall(B, OTHER, BAND, SPONGE, 80.0)
    assert float(found.largest_kinetic_energy_odd[1]) == single.attrs["largest_kinetic_energy_odd_eV"]
    assert "6 x 5 x 2" in found.attrs["domain"] and "7 x 6 x 2" in found.attrs["domain"]


def test_an_instability_later_in_the_scan_is_found_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("the work has begun")

    monkeypatch.setattr(module, "ferron_hall_kernels", never)
    bad = replace(B, blocks={at: -block for at, block in B.blocks.items()}, name="bad")
    with pytest.raises(InputError, match="unstable"):
        ferron_hall_scan(B, GRID, BAND, SPONGE, 80.0, records=[B, bad])
    values: NDArray[np.float64] = np.full(6, 3.0)
    with pytest.raises(InputError, match="temperature has 6 values, the grid 7"):
        ferron_hall_scan(B, GRID, values, SPONGE, 80.0, grids=[GRID, OTHER])


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"hot": [10.0, 10.0]}, "scan.hot: the list of temperatures is empty, or names one twice"),
        ({"hot": []}, "scan.hot: the list"),
        ({"hot": [10.0], "temperature": Uniform(3.0)}, "no hot temperature to scan"),
        ({"hot": [-1.0]}, "hot is -1"),
        ({"grids": [GRID, GRID]}, "scan.grid: the list of grids"),
        ({"records": [B, B]}, "scan.record: .* two have one name"),
        ({"omega_B": [1.0, 1.0]}, "a field is named twice"),
    ],
)
def test_refusals(asked: dict[str, Any], words: str) -> None:
    arguments = {"grid": GRID, "temperature": BAND, "damping": SPONGE, "omega_B": 80.0} | asked
    with pytest.raises(InputError, match=words):
        ferron_hall_scan(B, **arguments)


def test_a_ramp_has_a_hot_end() -> None:
    found = ferron_hall_scan(B, GRID, Ramp(50.0, 0.0), SPONGE, 80.0, hot=[20.0])
    assert float(found.temperature.max()) <= 20.0 and found.sizes["temperature_hot"] == 1
