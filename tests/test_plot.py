"""Figures: the drawn data are the data of the result, with its errors, units and names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import LineCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from crosscurrent import plot, results
from crosscurrent.plot import style
from crosscurrent.plot.curves import components
from crosscurrent.units import InputError

NOTES: dict[str, Any] = {
    "quantity": "spin Hall conductivity",
    "index_order": "",
    "convention": "",
    "equations": {},
    "model": "toy",
    "model_source": "",
    "domain": "spherical cutoff, |k| <= 0.5 1/angstrom",
    "method": "mesh 4 x 4",
    "status": "converged",
}
MU = np.linspace(-0.5, 0.5, 21)


def labels(name: str, letters: str) -> results.Quantity:
    return results.Quantity((name,), list(letters), "", name)


def hall(mu: np.ndarray = MU, omega: np.ndarray | None = None) -> xr.Dataset:
    """Two definitions and a part, antisymmetric in (current, field), largest in zxy."""
    size = np.zeros((3, 3, 3))
    size[2, 0, 1], size[0, 2, 1], size[0, 1, 2], size[1, 0, 2] = 100.0, -100.0, 30.0, -30.0
    values = (np.exp(-(mu**2)) + mu)[:, None, None, None] * size
    dims: tuple[str, ...] = ("mu", "current", "field", "spin")
    coords = {
        "mu": results.Quantity(("mu",), mu, "eV", "chemical potential"),
        "current": labels("current", "xyz"),
        "field": labels("field", "xyz"),
        "spin": labels("spin", "xyz"),
    }
    if omega is not None:
        values = values[..., None] / (omega - 1.0 - 0.1j)
        dims = (*dims, "omega")
        coords["omega"] = results.Quantity(("omega",), omega, "eV", "photon energy")
    unit = "(hbar/e) S/cm"
    variables = {
        "conventional": results.Quantity(dims, values, unit, "conventional", np.abs(values) * 0.1),
        "liu2023": results.Quantity(dims, -0.5 * values, unit, "published", np.abs(values) * 0.05),
        "torque_dipole_1": results.Quantity(dims, 0.2 * values, unit, "torque dipole", None),
        "anomalous_hall": results.Quantity(
            dims[:3], values[:, :, :, 2].real.reshape(len(mu), 3, 3, -1)[..., 0], "S/cm", "AHC"
        ),
    }
    return results.dataset(variables, coords, **NOTES)


def bands(dim: int = 2) -> xr.Dataset:
    k = np.linspace(0, 2, 9)
    energy = np.stack([-np.cos(k), np.cos(k) + 3], axis=1)
    spin = np.zeros((9, 2, 3))
    spin[:, :, 2] = np.stack([np.sin(k) / 2, -np.sin(k) / 2], axis=1)
    ds = results.dataset(
        {
            "energy": results.Quantity(("k", "band"), energy, "eV", "band energy"),
            "spin_z": results.Quantity(("k", "band", "axis"), spin, "hbar", "spin"),
        },
        {
            "distance": results.Quantity(("k",), k, "1/angstrom", "distance"),
            "band": results.Quantity(("band",), [0, 1], "", "band"),
            "axis": labels("axis", "xyz"),
        },
        **NOTES,
    )
    return ds.assign_attrs(corner_labels="G\nX\nM", corner_distances=np.array([0.0, 1.0, 2.0]))


def geometry(dim: int) -> xr.Dataset:
    shape = (4, 6, 3)[:dim]
    names = ("k1", "k2", "k3")[:dim]
    axes = np.meshgrid(*(np.arange(n) / n for n in shape), indexing="ij")
    values = np.random.default_rng(3).normal(size=(*shape, 2, 3))
    coords = {f"k{x}": results.Quantity(names, a, "1/angstrom", f"k_{x}") for x, a in zip("xyz", axes, strict=False)}
    coords |= {"band": results.Quantity(("band",), [0, 1], "", "band"), "axis": labels("axis", "xyz")}
    variables = {
        "energy": results.Quantity((*names, "band"), values[..., 0] + 5, "eV", "energy"),
        "berry_curvature": results.Quantity((*names, "band", "axis"), values, "angstrom^2", "Berry curvature"),
    }
    return results.dataset(variables, coords, **NOTES)


@pytest.fixture(autouse=True)
def no_session_is_touched() -> Iterator[None]:
    """The library draws on figures of its own: pyplot must not know of any."""
    yield
    assert plt.get_fignums() == []


def lines_of(figure: Figure, panel: int = 0) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    drawn = [line for line in figure.axes[panel].get_lines() if not str(line.get_label()).startswith("_")]
    return {str(line.get_label()): (np.asarray(line.get_xdata()), np.asarray(line.get_ydata())) for line in drawn}


# ------------------------------------------------------------------------------------------------ conductivities
def test_every_definition_is_drawn_with_its_error() -> None:
    ds = hall()
    figure = plot.draw(ds, components=["zxy"])
    drawn = lines_of(figure)
    assert set(drawn) == {"conventional", "Liu 2023, as published", "torque dipole 1"}
    expected = ds["conventional"].sel(current="z", field="x", spin="y").values
    np.testing.assert_array_equal(drawn["conventional"][0], MU)
    np.testing.assert_array_equal(drawn["conventional"][1], expected)
    band = [c for c in figure.axes[0].collections if isinstance(c, PolyCollection)]
    assert len(band) == 2  # one for each definition that has an error
    corners = band[0].get_paths()[0].vertices
    for x, y in zip(MU, expected, strict=True):
        at = corners[np.isclose(corners[:, 0], x)][:, 1]
        assert at.max() == pytest.approx(y + 0.1 * abs(y))
        assert at.min() == pytest.approx(y - 0.1 * abs(y))


def test_axes_are_labelled_with_component_and_unit() -> None:
    ax = plot.draw(hall(), components=["zxy"]).axes[0]
    assert ax.get_xlabel() == r"$E_F$ (eV)"
    assert ax.get_ylabel() == r"$\sigma^{y}_{zx}$ [$(\hbar/e)\ \mathrm{S/cm}$]"
    figure = plot.draw(hall(), components=["zxy"], unit="(hbar/2e) S/m")
    assert r"(\hbar/2e)" in figure.axes[0].get_ylabel()
    found = lines_of(figure)["conventional"][1]
    np.testing.assert_allclose(found, 200 * hall()["conventional"].sel(current="z", field="x", spin="y"), rtol=1e-14)


def test_the_foot_says_where_and_how_it_was_summed() -> None:
    figure = plot.draw(hall())
    assert figure._supxlabel is not None  # type: ignore[attr-defined]
    text = figure._supxlabel.get_text()  # type: ignore[attr-defined]
    assert "spherical cutoff, |k| <= 0.5 1/angstrom" in text
    assert "toy" in text


def test_largest_components_are_chosen_and_partners_left_out() -> None:
    chosen = ["".join(c.values()) for c in components(hall(), ["conventional"])]
    assert chosen == ["zxy", "xyz"]
    figure = plot.draw(hall())
    assert [ax.get_ylabel()[:20] for ax in figure.axes if ax.get_visible()] == [
        r"$\sigma^{y}_{zx}$ [$",
        r"$\sigma^{z}_{xy}$ [$",
    ]


def test_chosen_variables_and_components() -> None:
    figure = plot.draw(hall(), variables=["liu2023"], components=["xyz", "yxz"])
    assert [list(lines_of(figure, i)) for i in (0, 1)] == [["Liu 2023, as published"]] * 2
    np.testing.assert_array_equal(
        lines_of(figure, 0)["Liu 2023, as published"][1], -lines_of(figure, 1)["Liu 2023, as published"][1]
    )


def test_anomalous_hall_alone() -> None:
    figure = plot.draw(hall()[["anomalous_hall"]], components=["xy"])
    assert figure.axes[0].get_ylabel() == r"$\sigma_{xy}$ (S/cm)"
    assert list(lines_of(figure)) == ["anomalous Hall"]


def test_frequency_axis_shows_both_parts() -> None:
    omega = np.linspace(0, 2, 15)
    ds = hall(np.array([0.1]), omega)
    figure = plot.draw(ds[["conventional", "conventional_error"]], components=["zxy"])
    drawn = lines_of(figure)
    values = ds["conventional"].sel(current="z", field="x", spin="y").values[0]
    assert figure.axes[0].get_xlabel() == r"$\hbar\omega$ (eV)"
    np.testing.assert_array_equal(drawn["conventional (real)"][1], values.real)
    np.testing.assert_array_equal(drawn["conventional (imaginary)"][1], values.imag)
    np.testing.assert_array_equal(drawn["conventional (real)"][0], omega)
    assert figure.get_suptitle() == "spin Hall conductivity, $E_F$ = 0.1 eV"


def test_single_point_is_a_mark_with_an_error_bar() -> None:
    ds = hall(np.array([0.0]))
    ax = plot.draw(ds, components=["zxy"]).axes[0]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["conventional", "Liu 2023, as published", "torque dipole 1"]
    points = [c.lines[0].get_ydata() for c in ax.containers]
    np.testing.assert_allclose(np.ravel(points).astype(float), [100.0, -50.0, 20.0])
    (bar,) = ax.containers[0].lines[2]
    np.testing.assert_allclose(bar.get_segments()[0][:, 1], [90.0, 110.0])


def test_energy_from_the_reference_is_the_axis_when_there_is_one() -> None:
    attrs = {"units": "eV", "long_name": "chemical potential from the reference energy of the model"}
    ds = hall().assign_coords(mu_from_reference=("mu", MU + 1.0, attrs))
    figure = plot.draw(ds, components=["zxy"])
    np.testing.assert_array_equal(lines_of(figure)["conventional"][0], MU + 1.0)
    assert figure.axes[0].get_xlabel() == "$E_F - E_0$ (eV)"


def test_values_between_gaps_are_visible() -> None:
    """shi2006 is NaN outside gaps: a lone point has no line, so it needs a mark."""
    ds = hall()
    values = np.full(MU.shape, np.nan)
    values[7] = 3.0
    ds["conventional"].values[:, 2, 0, 1] = values
    (line,) = (x for x in plot.draw(ds, components=["zxy"]).axes[0].get_lines() if x.get_label() == "conventional")
    assert line.get_marker() == "o"


def test_compare_draws_several_results() -> None:
    one, two = hall(), hall() * 2
    two = two.assign_attrs(one.attrs)
    for name in two.variables:
        two[name].attrs.update(one[name].attrs)
    select = {"current": "z", "field": "x", "spin": "y"}
    figure = plot.compare([(one, "conventional", select, "m || x"), (two, "liu2023", select, "m || y")], title="Fig. 1")
    drawn = lines_of(figure)
    np.testing.assert_array_equal(drawn["m || x"][1], one["conventional"].sel(**select))
    np.testing.assert_array_equal(drawn["m || y"][1], two["liu2023"].sel(**select))
    assert figure.axes[0].get_title() == "Fig. 1"
    with pytest.raises(InputError, match="axes left to draw over"):
        plot.compare([(one, "conventional", {"current": "z"}, "")])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"components": ["zx"]}, "no component 'zx'"),
        ({"components": ["zxw"]}, "no component 'zxw'"),
        ({"variables": ["lu2023"]}, "no variable 'lu2023'"),
        ({"unit": "furlong"}, "can be given in 'furlong'"),
    ],
)
def test_wrong_names_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        plot.draw(hall(), **options)


def test_result_with_nothing_to_draw() -> None:
    with pytest.raises(InputError, match="no conductivity, no spin and no bands"):
        plot.draw(xr.Dataset({"a": ("x", [1.0])}))


# ------------------------------------------------------------------------------------------------ momentum space
def test_bands_and_their_colour() -> None:
    ds = bands()
    figure = plot.draw(ds, variables=["spin_z"], components=["z"])
    ax = figure.axes[0]
    (lines,) = (c for c in ax.collections if isinstance(c, LineCollection))
    pieces = np.array(lines.get_segments()).reshape(2, 8, 2, 2)
    np.testing.assert_array_equal(pieces[:, :, 0, 0], np.broadcast_to(ds["distance"].values[:-1], (2, 8)))
    np.testing.assert_array_equal(pieces[:, :, 0, 1], ds["energy"].values[:-1].T)
    np.testing.assert_array_equal(pieces[:, :, 1, 1], ds["energy"].values[1:].T)
    spin = ds["spin_z"].sel(axis="z").values
    np.testing.assert_allclose(np.asarray(lines.get_array()).reshape(2, 8), (0.5 * (spin[1:] + spin[:-1])).T)
    figure.draw_without_rendering()
    assert len({tuple(c) for c in lines.get_colors()}) > 8  # the map, not one colour for all
    assert [t.get_text() for t in ax.get_xticklabels()] == [r"$\Gamma$", "X", "M"]
    np.testing.assert_array_equal(ax.get_xticks(), [0, 1, 2])
    assert figure.axes[1].get_ylabel() == r"spin z z ($\hbar$)"


def test_plain_bands_have_no_colour_bar() -> None:
    figure = plot.draw(bands()[["energy"]])
    assert len(figure.axes) == 1


@pytest.mark.parametrize("dim", [2, 3])
def test_map_draws_one_band_of_one_component(dim: int) -> None:
    ds = geometry(dim)
    figure = plot.draw(ds, band=1, components=["z"])
    (mesh,) = (c for c in figure.axes[0].collections if isinstance(c, QuadMesh))
    values = ds["berry_curvature"].sel(axis="z").isel(band=1).values
    expected = values if dim == 2 else values[:, :, 0]
    np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(4, 6), expected)
    assert mesh.norm(0.0) == pytest.approx(0.5)  # the middle of the map
    with pytest.raises(InputError, match="no band 2"):
        plot.draw(ds, band=2)
    with pytest.raises(InputError, match="no component 'w'"):
        plot.draw(ds, components=["w"])


def test_map_of_scattered_points_is_refused() -> None:
    ds = geometry(2).isel(k2=0)
    with pytest.raises(InputError, match="not on a mesh"):
        plot.draw(ds)


# ------------------------------------------------------------------------------------------------ files and style
@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_files(tmp_path: Path, suffix: str) -> None:
    plot.save_figure(plot.draw(hall(), components=["zxy"]), tmp_path / f"a.{suffix}")
    assert (tmp_path / f"a.{suffix}").stat().st_size > 1000


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    figure = plot.draw(hall(), components=["zxy"])
    with pytest.raises(InputError, match=r"'\.nc' file"):
        plot.save_figure(figure, tmp_path / "a.nc")
    with pytest.raises(InputError, match="cannot write"):
        plot.save_figure(figure, tmp_path / "no" / "a.png")


def test_definitions_have_colours_of_their_own() -> None:
    solid = [colour for _, colour, dash in style.DEFINITIONS.values() if dash == "-"]
    rgb = np.array([to_rgba(c)[:3] for c in style.COLOURS])
    apart = np.linalg.norm(rgb[:, None] - rgb[None], axis=-1) + np.eye(len(rgb)) * 9
    assert apart.min() > 0.25
    assert set(solid) <= set(style.COLOURS)


@pytest.mark.parametrize(
    ("units", "label"), [("e/(4 pi)", r"$e/4\pi$"), ("eV", "eV"), ("e^2/h", "$e^2/h$"), ("mu_B", r"$\mu_B$")]
)
def test_units_on_paper(units: str, label: str) -> None:
    assert style.unit_label(units) == label
