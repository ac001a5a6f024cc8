"""Figures of spin that a field makes: the drawn data are those of the result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import LineCollection, PolyCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

from crosscurrent import plot, results
from crosscurrent.plot import style
from crosscurrent.results import Quantity
from crosscurrent.units import InputError

NOTES: dict[str, Any] = {
    "quantity": "spin generation",
    "index_order": "",
    "convention": "",
    "equations": {},
    "model": "toy",
    "model_source": "",
    "domain": "whole Brillouin zone",
    "method": "uniform mesh 4 x 4",
    "status": "converged",
}
OMEGA = np.linspace(0.004, 0.04, 7)
PARTS = ("total", "A", "B")


def labels(name: str, values: Any) -> Quantity:
    return Quantity((name,), list(values), "", name)


def generation(mu: Any = (0.0,), omega: np.ndarray = OMEGA, field: bool = False) -> xr.Dataset:
    """Staggered Upsilon1, antisymmetric in xy; Upsilon0 along the field; and what a field along x makes."""
    mu = np.asarray(mu, dtype=float)
    share = np.array([0.0, 1.0, -1.0])
    tensor = np.zeros((3, 2))
    tensor[0, 1], tensor[1, 0] = -3.0, 3.0
    shape = (1 + mu)[:, None] / (1 - (omega / 0.05) ** 2)
    upsilon1 = shape[:, :, None, None, None] * tensor[:, :, None] * share
    upsilon0 = (1 + mu)[:, None, None, None] * np.eye(3, 2)[:, :, None] * np.ones(3)
    dims = ("mu", "omega", "spin", "field", "projection")
    variables = {
        "upsilon0": Quantity(("mu", *dims[2:]), upsilon0, "hbar/(V m)", "static", 0.1 * np.abs(upsilon0)),
        "upsilon1": Quantity(dims, upsilon1, "hbar s/(V m)", "first", 0.1 * np.abs(upsilon1)),
    }
    if field:
        density = omega[:, None, None] * upsilon1[:, :, :, 0]
        at = ("mu", "omega", "spin", "projection")
        variables["spin_density_1"] = Quantity(at, density, "mu_B/nm^2", "sine part", 0.2 * np.abs(density))
        variables["spin_density"] = Quantity(at, density * 1j, "mu_B/nm^2", "amplitude", np.abs(density))
    coords = {
        "mu": Quantity(("mu",), mu, "eV", "chemical potential"),
        "omega": Quantity(("omega",), omega, "eV", "photon energy"),
        "frequency": Quantity(("omega",), 250 * omega, "THz", "frequency"),
        "spin": labels("spin", "xyz"),
        "field": labels("field", "xy"),
        "projection": labels("projection", PARTS),
    }
    return results.dataset(variables, coords, **NOTES)


def in_momentum(n: tuple[int, int] = (4, 6), domain: str = "whole Brillouin zone") -> xr.Dataset:
    b = np.array([[1.0, 0.2], [0.0, 2.0]])
    reduced = np.stack(np.meshgrid(*(np.arange(m) / m for m in n), indexing="ij"), axis=-1)
    k = reduced @ b
    values = np.random.default_rng(1).normal(size=(*n, 2, 3, 2, 3))
    values[..., 0] = 0.0
    dims = ("k1", "k2")
    coords = {f"k{x}": Quantity(dims, k[..., i], "1/angstrom", f"k_{x}") for i, x in enumerate("xy")}
    coords |= {
        "omega": Quantity(("omega",), [0.004, 0.02], "eV", "photon energy"),
        "frequency": Quantity(("omega",), [1.0, 5.0], "THz", "frequency"),
        "spin": labels("spin", "xyz"),
        "field": labels("field", "xy"),
        "projection": labels("projection", PARTS),
    }
    variable = Quantity((*dims, "omega", "spin", "field", "projection"), values, "hbar angstrom s/V", "first")
    return results.dataset({"upsilon1": variable}, coords, **(NOTES | {"domain": domain}))


def mechanisms() -> xr.Dataset:
    names = ["edelstein", "upsilon0", "upsilon1"]
    variables = {
        "uniform": Quantity(("mechanism",), [0.0, 2.0, 1e-20], "hbar/(V m)", "uniform", [0.0, 0.1, 0.0]),
        "staggered": Quantity(("mechanism",), [5.0, 0.0, 3.0], "hbar/(V m)", "staggered", [0.5, 0.0, 0.1]),
    }
    coords = {"mechanism": labels("mechanism", names), "kind": Quantity(("mechanism",), ["staggered"] * 3, "", "kind")}
    return results.dataset(variables, coords, **NOTES)


@pytest.fixture(autouse=True)
def no_session_is_touched() -> Iterator[None]:
    yield
    assert plt.get_fignums() == []


def lines_of(figure: Figure, panel: int = 0) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    drawn = [line for line in figure.axes[panel].get_lines() if not str(line.get_label()).startswith("_")]
    return {str(line.get_label()): (np.asarray(line.get_xdata()), np.asarray(line.get_ydata())) for line in drawn}


def mesh_of(figure: Figure) -> QuadMesh:
    (mesh,) = (c for c in figure.axes[0].collections if isinstance(c, QuadMesh))
    return mesh


# ------------------------------------------------------------------------------------------------ curves
def test_each_projection_is_a_curve_over_the_frequency() -> None:
    ds = generation()
    figure = plot.draw(ds, variables=["upsilon1"], components=["yx"])
    drawn = lines_of(figure)
    assert list(drawn) == list(PARTS)
    for name in PARTS:
        np.testing.assert_allclose(drawn[name][0], 250 * OMEGA, rtol=1e-14)
        np.testing.assert_array_equal(drawn[name][1], ds["upsilon1"].sel(spin="y", field="x", projection=name)[0])
    ax = figure.axes[0]
    assert ax.get_xlabel() == r"$\omega/2\pi$ (THz)"
    assert ax.get_ylabel() == r"$\Upsilon^{(1)}_{yx}$ [$\hbar\,\mathrm{s}/(\mathrm{V}\,\mathrm{m})$]"
    assert figure.get_suptitle() == "spin generation\n$E_F$ = 0 eV"
    figure.draw_without_rendering()  # the formulas are ones that can be set


def test_errors_are_bands() -> None:
    figure = plot.draw(generation(), variables=["upsilon1"], components=["yx"])
    bands = [c for c in figure.axes[0].collections if isinstance(c, PolyCollection)]
    assert len(bands) == 3
    y = lines_of(figure)["A"][1]
    top = bands[1].get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(1.1 * y.max())


def test_largest_components_of_every_tensor_without_a_wish() -> None:
    figure = plot.draw(generation())
    shown = [ax.get_ylabel().split(" ")[0] for ax in figure.axes if ax.get_visible()]
    assert shown == [
        r"$\Upsilon^{(0)}_{xx}$",
        r"$\Upsilon^{(0)}_{yy}$",
        r"$\Upsilon^{(1)}_{xy}$",
        r"$\Upsilon^{(1)}_{yx}$",
    ]
    # Upsilon0 has no frequency: the same everywhere
    np.testing.assert_array_equal(lines_of(figure)["total"][1], np.ones(len(OMEGA)))


def test_spin_densities_come_first_when_there_is_a_field() -> None:
    ds = generation(field=True)
    figure = plot.draw(ds)
    assert [ax.get_ylabel() for ax in figure.axes if ax.get_visible()] == [r"$S^{(1)}_{y}$ ($\mu_B/\mathrm{nm}^2$)"]
    np.testing.assert_array_equal(lines_of(figure)["B"][1], ds["spin_density_1"].sel(spin="y", projection="B")[0])
    complex_one = lines_of(plot.draw(ds, variables=["spin_density"], components=["y"]))
    np.testing.assert_array_equal(
        complex_one["A (imaginary)"][1], ds["spin_density_1"].sel(spin="y", projection="A")[0]
    )


def test_logarithmic_axes_show_magnitudes_and_leave_out_rounding() -> None:
    ds = generation()
    ds["upsilon1"].loc[{"projection": "total"}] = 1e-14
    figure = plot.draw(ds, variables=["upsilon1"], components=["yx"], log=True)
    ax, drawn = figure.axes[0], lines_of(figure)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert set(drawn) == {"A", "B"}
    np.testing.assert_array_equal(drawn["B"][1], -ds["upsilon1"].sel(spin="y", field="x", projection="B")[0])
    assert 0 < ax.get_ylim()[0] < drawn["A"][1].min()


def test_over_the_chemical_potential_at_one_frequency() -> None:
    mu = np.linspace(-0.1, 0.1, 5)
    ds = generation(mu, OMEGA[:1])
    figure = plot.draw(ds, variables=["upsilon1"], components=["yx"])
    np.testing.assert_array_equal(lines_of(figure)["A"][0], mu)
    assert figure.get_suptitle() == "spin generation\n$\\omega/2\\pi$ = 1 THz"


def test_single_point_is_a_mark_for_each_projection() -> None:
    ds = generation(omega=OMEGA[:1])
    ax = plot.draw(ds, variables=["upsilon1"], components=["yx"]).axes[0]
    assert [t.get_text() for t in ax.get_xticklabels()] == list(PARTS)
    (container,) = ax.containers
    np.testing.assert_array_equal(container.lines[0].get_ydata(), ds["upsilon1"].sel(spin="y", field="x")[0, 0])


def test_units_are_converted() -> None:
    ds = generation()
    figure = plot.draw(ds, variables=["upsilon1"], components=["yx"], unit="J s^2/(V m)")
    found = lines_of(figure)["A"][1]
    expected = ds["upsilon1"].sel(spin="y", field="x", projection="A")[0] * 1.054571817e-34
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"components": ["xz"]}, "no component 'xz'"),
        ({"variables": ["upsilon3"]}, "no variable 'upsilon3'"),
        ({"unit": "furlong"}, "can be given in 'furlong'"),
    ],
)
def test_wrong_names_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        plot.draw(generation(), **options)


# ------------------------------------------------------------------------------------------------ momentum
def test_map_has_gamma_in_its_middle() -> None:
    ds = in_momentum()
    mesh = mesh_of(plot.draw(ds, variables=["upsilon1"], components=["yx"], projection="A"))
    values = ds["upsilon1"].sel(spin="y", field="x", projection="A").isel(omega=0).values
    np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(4, 6), np.roll(values, (2, 3), (0, 1)))
    corners = np.asarray(mesh.get_coordinates())
    middles = 0.25 * (corners[1:, 1:] + corners[1:, :-1] + corners[:-1, 1:] + corners[:-1, :-1])
    reduced = middles @ np.linalg.inv(np.array([[1.0, 0.2], [0.0, 2.0]]))
    np.testing.assert_allclose(reduced[:, 0, 0], [-0.5, -0.25, 0.0, 0.25], atol=1e-12)
    np.testing.assert_allclose(reduced[0, :, 1], np.arange(-3, 3) / 6, atol=1e-12)
    assert mesh.norm(0.0) == pytest.approx(0.5)
    assert mesh.norm.vmax == pytest.approx(np.abs(values).max())  # no hot spot is cut off


def test_map_of_a_cutoff_stays_where_it_is() -> None:
    ds = in_momentum(domain="box cutoff, |k_i| <= (1, 1) 1/angstrom")
    mesh = mesh_of(plot.draw(ds, components=["yx"], projection="B"))
    values = ds["upsilon1"].sel(spin="y", field="x", projection="B").isel(omega=0).values
    np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(4, 6), values)


def test_map_shows_a_projection_where_the_total_vanishes() -> None:
    figure = plot.draw(in_momentum())
    title = figure.get_suptitle()
    assert title.splitlines()[1] in (r"$\omega/2\pi$ = 1 THz, A", r"$\omega/2\pi$ = 1 THz, B")
    assert r"\mathrm{\AA}" in figure.axes[1].get_ylabel()
    figure.draw_without_rendering()


def test_map_needs_a_mesh() -> None:
    with pytest.raises(InputError, match="not on a mesh"):
        plot.draw(in_momentum().isel(k2=0))
    with pytest.raises(InputError, match="no projection 'C'"):
        plot.draw(in_momentum(), projection="C")


# ------------------------------------------------------------------------------------------------ mechanisms
def test_bars_of_mechanisms() -> None:
    ax = plot.draw(mechanisms()).axes[0]
    heights = np.array([[bar.get_height() for bar in bars] for bars in ax.containers if hasattr(bars, "patches")])
    np.testing.assert_array_equal(heights, [[np.nan, 2.0, np.nan], [5.0, np.nan, 3.0]])
    assert ax.get_yscale() == "log"
    assert [t.get_text() for t in ax.get_xticklabels()] == [
        "Edelstein\nstaggered",
        "$\\Upsilon^{(0)}$\nstaggered",
        "$\\Upsilon^{(1)}$\nstaggered",
    ]


# ------------------------------------------------------------------------------------------------ several results
def test_compare_over_another_name_of_the_axis() -> None:
    ds = generation()
    select: dict[str, object] = {"mu": 0.0, "spin": "y", "field": "x", "projection": "B"}
    figure = plot.compare([(ds, "upsilon1", select, "B")], x="frequency", absolute=True)
    x, y = lines_of(figure)["B"]
    np.testing.assert_allclose(x, 250 * OMEGA, rtol=1e-14)
    np.testing.assert_array_equal(y, np.abs(ds["upsilon1"].sel(spin="y", field="x", projection="B")[0]))
    assert figure.axes[0].get_ylabel().startswith(r"$\Upsilon^{(1)}_{yx}$")
    assert plot.compare([(ds, "upsilon1", select, "")], log=True).axes[0].get_xscale() == "log"


def test_compare_draws_what_does_not_depend_on_the_axis() -> None:
    ds = generation()
    select: dict[str, object] = {"mu": 0.0, "spin": "x", "field": "x", "projection": "A"}
    x, y = lines_of(plot.compare([(ds, "upsilon0", select, "A")], x="frequency", absolute=True))["A"]
    np.testing.assert_allclose(x, 250 * OMEGA, rtol=1e-14)
    np.testing.assert_array_equal(y, np.ones(7))


def test_foot_names_every_model_once() -> None:
    one = generation()
    other = one.assign_attrs({**one.attrs, "model": "another"})
    select: dict[str, object] = {"mu": 0.0, "spin": "y", "field": "x", "projection": "B"}
    figure = plot.compare([(ds, "upsilon1", select, str(i)) for i, ds in enumerate((one, one, other))], x="omega")
    foot = figure.get_supxlabel()
    assert [line.split(" · ")[0] for line in foot.splitlines()] == ["toy", "another"]


def test_selection_by_frequency() -> None:
    ds = generation((0.0, 0.1))
    select: dict[str, object] = {"frequency": 250 * OMEGA[3], "spin": "y", "field": "x", "projection": "A"}
    y = lines_of(plot.compare([(ds, "upsilon1", select, "A")]))["A"][1]
    np.testing.assert_array_equal(y, ds["upsilon1"].sel(spin="y", field="x", projection="A").isel(omega=3))


def test_panels_of_maps() -> None:
    ds = in_momentum()
    select: dict[str, object] = {"frequency": 5.0, "spin": "y", "field": "x", "projection": "A"}
    figure = plot.panels("map", [(ds, "upsilon1", select, "(a)"), (ds, "upsilon1", {**select, "spin": "x"}, "(b)")])
    values = ds["upsilon1"].sel(spin="y", field="x", projection="A").isel(omega=1).values
    np.testing.assert_array_equal(
        np.asarray(mesh_of(figure).get_array()).reshape(4, 6), np.roll(values, (2, 3), (0, 1))
    )
    assert [ax.get_title() for ax in figure.axes[:2]] == ["(a)", "(b)"]


def test_panels_of_bands() -> None:
    k = np.linspace(0, 2, 9)
    energy = np.stack([-np.cos(k), np.cos(k) + 3], axis=1)
    spin = np.stack([np.zeros_like(energy), np.zeros_like(energy), energy], axis=-1)
    variables = {
        "energy": Quantity(("k", "band"), energy, "eV", "energy"),
        "spin_expectation": Quantity(("k", "band", "spin"), spin, "hbar", "spin"),
    }
    coords = {
        "distance": Quantity(("k",), k, "1/angstrom", "distance"),
        "band": Quantity(("band",), [0, 1], "", "band"),
        "spin": labels("spin", "xyz"),
    }
    ds = results.dataset(variables, coords, **NOTES)
    plain = plot.panels("bands", [(ds, "energy", {}, "")])
    assert len(plain.axes) == 1
    coloured = plot.panels("bands", [(ds, "spin_expectation", {"spin": "z"}, "")])
    (lines,) = (c for c in coloured.axes[0].collections if isinstance(c, LineCollection))
    np.testing.assert_allclose(np.asarray(lines.get_array()).reshape(2, 8), 0.5 * (energy[1:] + energy[:-1]).T)
    with pytest.raises(InputError, match="no bands along a path"):
        plot.panels("bands", [(generation(), "energy", {}, "")])


def test_direction_of_the_spin_for_every_field() -> None:
    ds = generation()
    select: dict[str, object] = {"mu": 0.0, "frequency": 1.0, "projection": "A"}
    figure = plot.panels("direction", [(ds, "upsilon1", select, "A")])
    field, spin = (c for c in figure.axes[0].get_children() if isinstance(c, Quiver))
    np.testing.assert_allclose(np.hypot(field.U, field.V), 1.0)
    # antisymmetric: the spin is the field turned by a right angle, counterclockwise for a positive yx
    np.testing.assert_allclose(spin.U, -field.V, atol=1e-12)
    np.testing.assert_allclose(spin.V, field.U, atol=1e-12)
    with pytest.raises(InputError, match="no tensor of spin and field"):
        plot.panels("direction", [(generation(field=True), "spin_density_1", {}, "")])


@pytest.mark.parametrize(
    ("units", "label"),
    [
        ("hbar s^2/(V m^2)", r"$\hbar\,\mathrm{s}^2/(\mathrm{V}\,\mathrm{m}^2)$"),
        ("J s/(V m)", r"$\mathrm{J}\,\mathrm{s}/(\mathrm{V}\,\mathrm{m})$"),
        ("mu_B/nm^3", r"$\mu_B/\mathrm{nm}^3$"),
        ("THz", "THz"),
        ("S/cm", "S/cm"),
    ],
)
def test_units_on_paper(units: str, label: str) -> None:
    assert style.unit_label(units) == label
