"""Maps of a slab by their name: which parts, errors and partners stand where, in what unit, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh

from crosscurrent import cli
from crosscurrent.models.local_mode_file import local_mode
from crosscurrent.plot import draw, named_maps_figure
from crosscurrent.responses.ferron_hall_langevin import ferron_hall_langevin
from crosscurrent.responses.ferron_hall_langevin_sampling import Sampling
from crosscurrent.responses.ferron_hall_scan import ferron_hall_scan
from crosscurrent.results import save
from crosscurrent.units import InputError

PROFILES = ([50.0, 20.0, 5.0, 10.0], [3.0, 2.0, 3.0], 80.0)
PARTS = ("_0", "", "_odd")


@pytest.fixture(scope="module")
def found() -> xr.Dataset:
    sampling = Sampling(realizations=2, duration=0.4, settle=0.1, block=0.05)
    return ferron_hall_langevin(local_mode("batio3-b"), (4, 3, 2), *PROFILES, sampling, balances=True)


@pytest.fixture(scope="module")
def exact() -> xr.Dataset:
    return ferron_hall_scan(local_mode("batio3-b"), (4, 3, 2), *PROFILES, currents=True)


def maps(axes: list[Axes]) -> list[QuadMesh]:
    return [mesh for ax in axes for mesh in ax.collections if isinstance(mesh, QuadMesh) and ax.get_xlabel()]


def values(mesh: QuadMesh) -> np.ndarray:
    return np.asarray(mesh.get_array()).reshape(3, 4).T


def test_balances_have_a_figure(found: xr.Dataset) -> None:
    """The term beside its error, in every part, and not the figure that is drawn without a name."""
    figure = draw(found, variables=("power_dipole",))
    panels = figure.axes[:6]
    wanted = [f"power_dipole{part}{kind}" for part in PARTS for kind in ("", "_error")]
    for mesh, name in zip(maps(panels), wanted, strict=True):
        np.testing.assert_array_equal(values(mesh), found[name])
    titles = [f"{part}{kind}" for part in ("no field", "in the field", "odd in the field") for kind in ("", ", error")]
    assert [ax.get_title() for ax in panels] == titles
    assert figure.axes[6].get_ylabel() == "power dipole (eV/ps)"


def test_the_noise_free_map_shares_the_scale(found: xr.Dataset) -> None:
    figure = draw(found, variables=("angular_momentum_odd",), components=("y", "z"))
    value, error, exact = maps(figure.axes[3:6])
    for mesh, kind in ((value, ""), (error, "_error"), (exact, "_noise_free")):
        np.testing.assert_array_equal(values(mesh), found[f"angular_momentum_odd{kind}"].sel(component="z"))
    assert value.get_clim() == exact.get_clim() and value.get_cmap().name == exact.get_cmap().name
    size = max(
        float(np.abs(found[f"angular_momentum_odd{kind}"].sel(component="z")).max()) for kind in ("", "_noise_free")
    )
    assert value.get_clim() == pytest.approx((-size, size))
    assert error.get_clim() != value.get_clim()
    # a symmetry forbids the other component, and its error is zero with it
    assert len(maps(figure.axes[:3])) == 2 and figure.axes[0].get_title() == "odd in the field, error 0"


def test_a_polarization_is_drawn_from_that_at_rest(found: xr.Dataset) -> None:
    rest = found.attrs["polarization_at_rest_C_per_m2"]
    shown = [values(mesh) for mesh in maps(draw(found, variables=("polarization",)).axes[:9])]
    for row, part in enumerate(PARTS):
        shift = 0.0 if part == "_odd" else rest
        np.testing.assert_array_equal(shown[3 * row], found[f"polarization{part}"] - shift)
        np.testing.assert_array_equal(shown[3 * row + 1], found[f"polarization{part}_error"])
        np.testing.assert_array_equal(shown[3 * row + 2], found[f"polarization{part}_noise_free"] - shift)
    (beyond, _) = maps(draw(found, variables=("polarization_0_difference",)).axes[:2])
    np.testing.assert_array_equal(values(beyond), found.polarization_0_difference)


def test_an_error_that_is_one_number_is_a_word(exact: xr.Dataset) -> None:
    panels = draw(exact, variables=("kinetic_energy",)).axes[:3]
    for ax, mesh, part in zip(panels, maps(panels), PARTS, strict=True):
        np.testing.assert_array_equal(values(mesh), exact[f"kinetic_energy{part}"])
        assert f", error {float(exact[f'kinetic_energy{part}_error'][0, 0]):.1g}" in ax.get_title()
    flow = maps(draw(exact, variables=("energy_current_odd",), components=("y",)).axes[:1])
    np.testing.assert_array_equal(values(flow[0]), exact.energy_current_odd.sel(direction="y"))


def test_errors_that_are_not_known(found: xr.Dataset) -> None:
    blank = found.assign(power_dipole_0_error=np.nan * found.power_dipole_0_error)
    panels = named_maps_figure(blank, ["power_dipole"]).axes[:6]
    assert [text.get_text() for text in panels[1].texts] == ["not known"] and len(maps(panels)) == 5


def test_refusals(found: xr.Dataset, exact: xr.Dataset) -> None:
    for ds, name, component, message in (
        (found, "power_dipol", (), "no variable 'power_dipol'. Choose from kinetic_energy, .*power_dipole, "),
        (found, "slope", (), "'slope' is no map over x and y"),
        (found, "temperature", (), "'temperature' is no map over x and y"),
        (found, "power_dipole", ("z",), "'power_dipole_0' has no component 'z'. Leave the component out"),
        (exact, "displacement_covariance_odd", ("z",), "no component 'z'. Give one letter of each of xyz and xyz"),
        (exact, "energy_current", ("z",), "no component 'z'. Give one letter of each of xy"),
    ):
        with pytest.raises(InputError, match=message):
            draw(ds, variables=(name,), components=component)
    fields = ferron_hall_scan(local_mode("batio3-b"), (4, 3, 2), *PROFILES[:2], [80.0, 20.0])
    with pytest.raises(InputError, match="the result has 2 maps along omega_B"):
        draw(fields, variables=("kinetic_energy",))
    (still,) = maps(draw(fields, variables=("kinetic_energy_0",)).axes[:1])
    np.testing.assert_array_equal(values(still), fields.kinetic_energy_0)


def test_from_the_command_line(found: xr.Dataset, tmp_path: Path) -> None:
    save(found, tmp_path / "r.nc")
    named, plain = (tmp_path / name for name in ("named.png", "plain.png"))
    for target, more in ((named, ["-v", "power_dipole"]), (plain, [])):
        done = CliRunner().invoke(cli.app, ["plot", str(tmp_path / "r.nc"), "-o", str(target), *more])
        assert done.exit_code == 0, done.output
    assert named.read_bytes() != plain.read_bytes()
