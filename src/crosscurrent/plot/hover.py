"""A drawn figure as vector graphics, with the numbers under it: what a page needs to show values under the pointer."""

from __future__ import annotations

import io
import re
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

#: More points than this cannot be told apart on a screen.
_POINTS = 2000


def vector_graphics(figure: Figure) -> str:
    """The figure as SVG. Letters are outlines, so that it looks the same where no font is installed; the same bytes
    every time."""
    text = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "crosscurrent", "svg.fonttype": "path"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def numbers_under(figure: Figure) -> list[dict[str, Any]]:
    """One entry for each pair of axes of a figure that has been drawn.

    box: left, top, width and height as fractions of the figure. x, y: label, limits and scale. lines: label and points.
    maps: edges of the cells along x and y, and a value for each, rows along y. Axes without either are left out.
    """
    found = [_axes(ax) for ax in figure.axes if ax.get_visible()]
    return [entry for entry in found if entry["lines"] or entry["maps"]]


def _axes(ax: Axes) -> dict[str, Any]:
    box = ax.get_position()
    lines = [
        {"label": _plain(str(line.get_label())), **_points(line.get_xdata(), line.get_ydata())}
        for line in ax.get_lines()
        # reference lines at zero and the like have no name, or one that begins with an underscore
        if not str(line.get_label()).startswith("_") and np.size(line.get_xdata()) > 1
    ]
    maps = [_mesh(item) for item in ax.collections if isinstance(item, QuadMesh)]
    maps += [_image(item) for item in ax.get_images()]
    return {
        "box": [round(float(v), 5) for v in (box.x0, 1 - box.y1, box.width, box.height)],
        "title": _plain(ax.get_title() or ax.get_title(loc="left")),
        "x": {"label": _plain(ax.get_xlabel()), "limits": _rounded(ax.get_xlim()), "scale": ax.get_xscale()},
        "y": {"label": _plain(ax.get_ylabel()), "limits": _rounded(ax.get_ylim()), "scale": ax.get_yscale()},
        "lines": lines,
        "maps": [item for item in maps if item],
    }


def _points(x: Any, y: Any) -> dict[str, list[float]]:
    x, y = (np.asarray(v, dtype=float).ravel() for v in (x, y))
    keep = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    keep = keep[:: max(1, -(-len(keep) // _POINTS))]
    return {"x": _rounded(x[keep]), "y": _rounded(y[keep])}


def _mesh(mesh: QuadMesh) -> dict[str, Any]:
    """Cells of a rectangular mesh; one with bent lines has no edges to look a value up by."""
    corners = np.asarray(mesh.get_coordinates(), dtype=float)
    x, y = corners[0, :, 0], corners[:, 0, 1]
    straight = np.allclose(corners[..., 0], x) and np.allclose(corners[..., 1], y[:, None])
    values: Any = np.ma.asarray(mesh.get_array())
    if not straight or values.size != (len(x) - 1) * (len(y) - 1):
        return {}
    return {"x": _rounded(x), "y": _rounded(y), "values": _grid(values.reshape(len(y) - 1, len(x) - 1))}


def _image(image: AxesImage) -> dict[str, Any]:
    values: Any = np.ma.asarray(image.get_array())
    if values.ndim != 2:
        return {}
    left, right, bottom, top = image.get_extent()
    rows = values if image.origin == "lower" else values[::-1]
    x, y = np.linspace(left, right, values.shape[1] + 1), np.linspace(bottom, top, values.shape[0] + 1)
    return {"x": _rounded(x), "y": _rounded(y), "values": _grid(rows)}


def _grid(values: Any) -> list[list[float | None]]:
    filled: Any = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
    return [[float(f"{v:.5g}") if np.isfinite(v) else None for v in row] for row in filled]


def _rounded(values: Any) -> list[float]:
    array: NDArray[np.float64] = np.asarray(values, dtype=float)
    return [float(f"{v:.7g}") for v in array]


def _plain(label: str) -> str:
    """A label without the commands of TeX: enough for a line of text under the pointer."""
    text = re.sub(r"\\(mathrm|mathbf|mathit|text|rm|langle|rangle|left|right)\b\s*", "", label)
    for command, sign in (
        (r"\hbar", "ħ"),
        (r"\AA", "Å"),
        (r"\mathring", ""),
        (r"\Delta", "Δ"),
        (r"\Omega", "Ω"),
        (r"\omega", "ω"),
        (r"\sigma", "σ"),
        (r"\Upsilon", "Υ"),
        (r"\chi", "χ"),
        (r"\kappa", "κ"),
        (r"\mu", "µ"),
        (r"\pi", "π"),
        (r"\theta", "θ"),
        (r"\pm", "±"),
        (r"\cdot", "·"),
        (r"\ ", " "),
        (r"\,", " "),
    ):
        text = text.replace(command, sign)
    return re.sub(r"[$\\{}]", "", text).strip()
