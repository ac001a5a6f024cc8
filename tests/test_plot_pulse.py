"""The figure of a pulse: what is drawn is what the result holds."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from crosscurrent.plot import draw
from crosscurrent.plot.pulse import pulse_figure
from crosscurrent.units import InputError

TIME = np.linspace(-0.3, 0.3, 21)
PARTS = ["total", "layer 1", "layer 2"]


def result(mechanisms: bool = True, cancel: bool = True) -> xr.Dataset:
    """Spin y of two layers, opposite (so that the total vanishes) or alike."""
    weights = np.array([0.0, 1.0, -1.0]) if cancel else np.array([2.0, 1.0, 1.0])
    shape = np.zeros((21, 3, 3))
    shape[:, 1] = np.exp(-(TIME**2) / 0.01)[:, None] * weights
    shape[:, 0] = 1e-3 * shape[:, 1]
    about = {"units": "mu_B/nm^3", "long_name": "spin density"}
    names = {"spin_density": 1.0, "spin_density_error": 0.1}
    if mechanisms:
        names |= {"spin_density_0": 0.5, "spin_density_1": 0.3, "spin_density_2": 0.2}
    variables = {name: (("time", "spin", "projection"), factor * shape, about) for name, factor in names.items()}
    field = np.stack([np.cos(20 * TIME), 0 * TIME], axis=1)
    variables["electric_field"] = (("time", "field"), field, {"units": "V/m", "long_name": "electric field"})
    coords = {
        "time": ("time", TIME, {"units": "ps", "long_name": "time"}),
        "spin": list("xyz"),
        "field": list("xy"),
        "projection": PARTS,
    }
    return xr.Dataset(variables, coords, {"quantity": "spin of a pulse", "model": "M"})


def lines(ax: object) -> dict[str, np.ndarray]:
    return {str(line.get_label()): line.get_ydata() for line in ax.get_lines()}  # type: ignore[attr-defined]


def test_what_is_drawn() -> None:
    ds = result()
    figure = draw(ds)
    above, middle, below = figure.axes
    np.testing.assert_array_equal(lines(above)["$E_x$"], ds.electric_field[:, 0])
    assert "$E_y$" not in lines(above), "a component that is zero"
    for part in PARTS:
        np.testing.assert_array_equal(lines(middle)[part], ds.spin_density.sel(spin="y", projection=part))
    # the total vanishes, so the mechanisms are those of a layer
    drawn = lines(below)
    np.testing.assert_array_equal(drawn["sum"], ds.spin_density.sel(spin="y", projection="layer 1"))
    for number, label in enumerate((r"$\Upsilon_0\,E$", r"$\Upsilon_1\,\dot E$", r"$\Upsilon_2\,\ddot E$")):
        np.testing.assert_array_equal(drawn[label], ds[f"spin_density_{number}"].sel(spin="y", projection="layer 1"))
    assert below.get_ylabel() == r"$S_{y}$ of layer 1 ($\mu_B/\mathrm{nm}^3$)"
    assert below.get_xlabel() == "time (ps)"
    heights = [band.get_datalim(middle.transData).height for band in middle.collections]
    np.testing.assert_allclose(heights, [0, 1.1, 1.1], atol=1e-2)


def test_choices() -> None:
    ds = result(cancel=False)
    assert pulse_figure(ds).axes[2].get_ylabel().startswith("$S_{y}$ (")
    figure = pulse_figure(ds, spin="x", projection="layer 2", title="mine")
    np.testing.assert_array_equal(lines(figure.axes[2])["sum"], ds.spin_density.sel(spin="x", projection="layer 2"))
    assert figure.get_suptitle() == "mine"
    assert len(pulse_figure(result(mechanisms=False)).axes) == 2


@pytest.mark.parametrize(
    ("options", "message"), [({"spin": "w"}, "no spin 'w'"), ({"projection": "layer 3"}, "no projection 'layer 3'")]
)
def test_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        pulse_figure(result(), **options)
    with pytest.raises(InputError, match="no pulse"):
        pulse_figure(result().drop_vars("electric_field"))
