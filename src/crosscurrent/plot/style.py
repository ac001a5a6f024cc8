"""How things look and what they are called on paper: colours, labels, units."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import xarray as xr
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser
from matplotlib.text import Text

#: Okabe and Ito's colours, told apart with every kind of colour vision; black is kept for references.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A6A00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

#: variable -> (name in a legend, colour, dash). Whole definitions are solid, parts of them dashed.
DEFINITIONS: dict[str, tuple[str, str, str]] = {
    "conventional": ("conventional", COLOURS[0], "-"),
    "liu2023": ("Liu 2023, as published", COLOURS[1], "-"),
    "liu2023_corrected": ("Liu 2023, corrected", COLOURS[2], "-"),
    "shi2006": ("Shi 2006", COLOURS[3], "-"),
    "topological": ("topological part", COLOURS[4], "--"),
    "torque_dipole_1": ("torque dipole 1", COLOURS[5], "--"),
    "torque_dipole_2": ("torque dipole 2", COLOURS[6], ":"),
    "anomalous_hall": ("anomalous Hall", COLOURS[7], "-"),
    "conductivity": ("anomalous Hall", COLOURS[0], "-"),
}

_UNITS = {
    "(hbar/e) S/cm": r"$(\hbar/e)\ \mathrm{S/cm}$",
    "(hbar/e) S/m": r"$(\hbar/e)\ \mathrm{S/m}$",
    "(hbar/2e) S/m": r"$(\hbar/2e)\ \mathrm{S/m}$",
    "(hbar/e) S": r"$(\hbar/e)\ \mathrm{S}$",
    "e/angstrom": r"$e/\mathrm{\AA}$",
    "e": r"$e$",
    "e^2/h": r"$e^2/h$",
    "hbar": r"$\hbar$",
    "mu_B": r"$\mu_B$",
    "1/angstrom": r"$\mathrm{\AA}^{-1}$",
    "angstrom": r"$\mathrm{\AA}$",
    "angstrom^2": r"$\mathrm{\AA}^2$",
}
_AXES = {
    "mu": r"$E_F$",
    "mu_from_reference": r"$E_F - E_0$",
    "omega": r"$\hbar\omega$",
    "frequency": r"$\omega/2\pi$",
    "filling": "occupied bands",
}


def new_figure(width: float = 6.0, height: float = 4.2) -> Figure:
    """An empty figure that belongs to nobody's session."""
    return Figure(figsize=(width, height), layout="constrained")


def corner(label: str) -> str:
    """A corner of the zone as it is printed."""
    return r"$\Gamma$" if label.lower() in ("g", "gamma") else label


def prepare(ax: Axes) -> Axes:
    """Clean axes in the house style."""
    ax.set_prop_cycle(cycler(color=list(COLOURS)))
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.tick_params(direction="in", labelsize=9)
    ax.grid(alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def unit_label(units: str) -> str:
    """A unit as it is set in a formula."""
    if units in _UNITS:
        return _UNITS[units]
    if match := re.fullmatch(r"e/\((\d) pi\)", units):
        return rf"$e/{match[1]}\pi$"
    # what is more than a plain word is set as a formula
    return _formula(units) if re.search(r"hbar|mu_B|angstrom| s/|\^", units) else units


def _formula(units: str) -> str:
    """'hbar s/(V m^2)' as a formula: words upright, hbar and mu_B as symbols."""
    symbols = {"hbar": r"\hbar", "mu_B": r"\mu_B", "angstrom": r"\mathrm{\AA}"}

    def word(match: re.Match[str]) -> str:
        return symbols.get(match[0], rf"\mathrm{{{match[0]}}}")

    return "$" + re.sub(r"[A-Za-z_]+", word, units).replace(" ", r"\,") + "$"


def with_unit(name: str, units: str) -> str:
    """'E_F (eV)'; square brackets where the unit has round ones; none for a pure number."""
    if not units:
        return name
    return f"{name} [{unit_label(units)}]" if "(" in units else f"{name} ({unit_label(units)})"


def axis_label(coord: xr.DataArray) -> str:
    """Label of an axis from a coordinate: its symbol, or its name in words."""
    name = str(coord.name)
    return with_unit(_AXES.get(name, str(coord.attrs.get("long_name", name))), str(coord.attrs.get("units", "")))


def point(coord: xr.DataArray, value: float) -> str:
    """'E_F = 0.1 eV'."""
    name = str(coord.name)
    text = f"{_AXES.get(name, str(coord.attrs.get('long_name', name)))} = {value:g}"
    return f"{text} {unit_label(str(coord.attrs.get('units', '')))}".strip()


#: variable -> (symbol, its upper index) of spin that a field makes.
_SPIN = {
    "upsilon0": (r"\Upsilon", "(0)"),
    "upsilon1": (r"\Upsilon", "(1)"),
    "upsilon2": (r"\Upsilon", "(2)"),
    "edelstein": (r"\chi", r"\mathrm{Edelstein}"),
    "chi": (r"\chi", ""),
    "spin_density": ("S", ""),
    "spin_density_0": ("S", "(0)"),
    "spin_density_1": ("S", "(1)"),
    "spin_density_2": ("S", "(2)"),
    "spin_density_edelstein": ("S", r"\mathrm{Edelstein}"),
}


def spin_label(variable: str, labels: dict[str, str]) -> str:
    """('upsilon1', {'spin': 'y', 'field': 'x'}) -> Upsilon^(1)_yx."""
    symbol, upper = _SPIN.get(variable, (rf"\mathrm{{{variable.replace('_', ' ')}}}", ""))
    return rf"${symbol}^{{{upper}}}_{{{''.join(labels.get(d, '') for d in ('spin', 'field'))}}}$"


def symbol(variable: str, labels: dict[str, str]) -> str:
    """The symbol of a component: of a conductivity, or of spin that a field makes."""
    return spin_label(variable, labels) if variable in _SPIN else component_label(labels)


def component_label(labels: dict[str, str]) -> str:
    """{'current': 'z', 'field': 'x', 'spin': 'y'} -> sigma^y_zx, as in the literature."""
    lower = "".join(labels.get(d, "") for d in ("current", "field"))
    upper = labels.get("spin", "")
    return rf"$\sigma^{{{upper}}}_{{{lower}}}$" if upper else rf"$\sigma_{{{lower}}}$"


def definition(name: str, index: int = 0) -> tuple[str, str, str]:
    """(legend, colour, dash) of a variable."""
    return DEFINITIONS.get(name, (name.replace("_", " "), COLOURS[index % len(COLOURS)], "-"))


def headline(ds: xr.Dataset, title: str | None = None) -> str:
    """The title that is asked for; without one that of the job, or else what the result is."""
    return title if title is not None else str(ds.attrs.get("job_title") or ds.attrs.get("quantity", ""))


def note(figure: Figure, *results: xr.Dataset) -> None:
    """A line at the foot for every model: what was summed where. A number without its cutoff means little.

    The last that is done to a figure: words of a result that are no formula are then shown as they are.
    """
    lines: dict[str, str] = {}
    for ds in results:
        attrs: dict[Any, Any] = ds.attrs
        parts = [str(attrs.get(key, "")) for key in ("model", "domain", "method")]
        lines.setdefault(parts[0], " · ".join(part for part in parts if part))
    width = int(18 * figure.get_figwidth())
    if text := "\n".join(textwrap.fill(line, width) for line in lines.values() if line):
        figure.supxlabel(text, fontsize=7, color="0.4", x=0.01, ha="left")
    _without_false_formulas(figure)


def _without_false_formulas(figure: Figure) -> None:
    """A title may hold LaTeX that matplotlib does not know, or a $ that begins no formula: drawing it would fail."""
    parser = MathTextParser("path")
    for text in figure.findobj(Text):
        words = text.get_text() if isinstance(text, Text) else ""
        if "$" in words:
            try:
                for line in words.splitlines():
                    parser.parse(line)
            except ValueError:
                text.set_parse_math(False)
