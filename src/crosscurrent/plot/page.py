"""A result as one web page that needs nothing else: figures to zoom into, numbers, and where they come from."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from crosscurrent.plot.hover import numbers_under, vector_graphics
from crosscurrent.results import citation, equations_of, estimates, warnings_of
from crosscurrent.results.schema import COMMON_ATTRIBUTES, ERROR_SUFFIX, package_version

#: Rows of a table of values; the file has all of them.
_ROWS = 200
_SKIPPED = COMMON_ATTRIBUTES | {"job", "job_title"}
#: Nothing is ever fetched: the page says so to the browser too.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def report_page(ds: xr.Dataset, figures: Sequence[Figure], *, name: str = "") -> str:
    """The page, as text: figures, tables, units, conventions, warnings, provenance and what to cite.

    figures: drawn of the result. name: of the file that it came from.
    """
    title = str(ds.attrs.get("job_title") or ds.attrs.get("quantity") or name or "result")
    body = [
        f"<h1>{_text(title)}</h1>",
        f'<p class="quiet">{_text(ds.attrs.get("quantity", ""))}</p>',
        *_warnings(ds),
        *(part for figure in figures for part in _figure(figure)),
        *_variables(ds),
        *_values(ds),
        *_meaning(ds),
        *_provenance(ds, name),
        *_cite(ds),
    ]
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            # an empty icon, so that no browser asks a server for one
            '<link rel="icon" href="data:,">',
            f"<title>{_text(title)}</title>\n<style>\n{_asset('page.css')}</style>\n</head>\n<body>",
            *body,
            f"<script>\n{_asset('page.js')}</script>\n</body>\n</html>\n",
        ]
    )


def _asset(name: str) -> str:
    return resources.files("crosscurrent.plot").joinpath(name).read_text(encoding="utf-8")


def _text(value: object) -> str:
    return html.escape(str(value))


def _figure(figure: Figure) -> Iterator[str]:
    graphics = vector_graphics(figure)
    width, height = figure.get_size_inches()
    encoded = base64.b64encode(graphics.encode()).decode()
    # labels are words of a file: a "<" could end the script element, or begin another
    data = json.dumps(numbers_under(figure), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    yield "<section><h2>Figure</h2>"
    yield f'<div class="figure" data-ratio="{height / width:.5f}">'
    yield f'<img alt="figure of the result" src="data:image/svg+xml;base64,{encoded}" draggable="false">'
    yield '<span class="cross"></span></div>'
    yield '<div class="bar"><button title="closer">+</button><button title="farther">&minus;</button>'
    yield '<button title="all of it">whole</button><span class="value"></span></div>'
    yield f'<script type="application/json">{data}</script></section>'


def _warnings(ds: xr.Dataset) -> Iterator[str]:
    if found := warnings_of(ds):
        yield '<div class="warnings"><strong>Read this before you use the numbers</strong><ul>'
        yield from (f"<li>{_text(line)}</li>" for line in found)
        yield "</ul></div>"


def _variables(ds: xr.Dataset) -> Iterator[str]:
    rows = []
    for name in estimates(ds):
        variable = ds[name]
        shape = " × ".join(f"{n} {dim}" for dim, n in variable.sizes.items()) or "one number"
        rows.append(
            (
                name,
                variable.attrs.get("long_name", ""),
                variable.attrs.get("units") or "no unit",
                shape,
                *_largest(ds, name),
            )
        )
    yield "<h2>What it holds</h2>"
    yield from _table(("variable", "what it is", "unit", "size", "largest magnitude", "at", "error there"), rows)


def _largest(ds: xr.Dataset, name: str) -> tuple[str, str, str]:
    """The largest magnitude of a variable, where it is, and its error there."""
    values = ds[name].values
    if values.dtype.kind not in "fciu" or not np.isfinite(values).any():
        return "", "", ""
    spot = np.unravel_index(int(np.nanargmax(np.abs(values))), values.shape) if values.ndim else ()
    error = ds[name + ERROR_SUFFIX].values[spot] if name + ERROR_SUFFIX in ds else None
    return _number(values[spot]), _place(ds, name, spot), "" if error is None else f"{float(np.abs(error)):.2g}"


def _place(ds: xr.Dataset, name: str, spot: Sequence[Any]) -> str:
    cells = []
    for dim, i in zip(ds[name].dims, spot, strict=True):
        at = ds[dim].values[i] if dim in ds.coords else i
        unit = ds[dim].attrs.get("units", "") if dim in ds.coords else ""
        cells.append(f"{dim} = {at if isinstance(at, str) else f'{at:g}'}{f' {unit}' if unit else ''}")
    return ", ".join(cells)


def _values(ds: xr.Dataset) -> Iterator[str]:
    for name in estimates(ds):
        variable = ds[name]
        if variable.dtype.kind not in "fciu" or not variable.size:
            continue
        rows = list(_rows(ds, name))
        cut = f", the first {_ROWS} that are not zero" if len(rows) > _ROWS else ""
        unit = variable.attrs.get("units") or "no unit"
        yield f"<details><summary>Values of {_text(name)} ({_text(unit)}{cut})</summary>"
        head = (*(str(d) for d in variable.dims), "value", *(("error",) if name + ERROR_SUFFIX in ds else ()))
        yield from _table(head, rows[:_ROWS])
        yield "</details>"


def _rows(ds: xr.Dataset, name: str) -> Iterator[tuple[str, ...]]:
    """One more row than the table shows, so that it is seen that there are more."""
    values = ds[name].values
    errors = ds[name + ERROR_SUFFIX].values if name + ERROR_SUFFIX in ds else None
    negligible = 1e-12 * float(np.nanmax(np.abs(values), initial=0.0))
    spots = np.argwhere(np.abs(values) > negligible)[: _ROWS + 1] if values.ndim else [()]
    for found in spots:
        spot = tuple(int(i) for i in found)
        where = [
            _cell(ds[dim].values[i] if dim in ds.coords else i) for dim, i in zip(ds[name].dims, spot, strict=True)
        ]
        tail = () if errors is None else (f"{float(np.abs(errors[spot])):.2g}",)
        yield (*where, _number(values[spot]), *tail)


def _cell(value: Any) -> str:
    return str(value) if isinstance(value, (str, int)) or np.asarray(value).dtype.kind in "iuUO" else f"{value:.7g}"


def _number(value: Any) -> str:
    if np.iscomplexobj(value):
        return f"{value.real:.6g} {'-' if value.imag < 0 else '+'} {abs(value.imag):.6g}i"
    return f"{value:.6g}"


def _meaning(ds: xr.Dataset) -> Iterator[str]:
    attrs = ds.attrs
    yield "<h2>What it means</h2>"
    shown = (("Index order", "index_order"), ("Convention", "convention"))
    yield from _list((label, attrs.get(key, "")) for label, key in shown)
    axes = ((name, _axis(ds[name])) for name in ds.coords)
    yield "<h2>Axes</h2>"
    yield from _list((str(name), text) for name, text in axes)
    if equations := equations_of(ds):
        yield "<h2>Equations</h2>"
        yield from _list(equations.items())


def _axis(coord: xr.DataArray) -> str:
    text, unit = str(coord.attrs.get("long_name", "")), str(coord.attrs.get("units", ""))
    if coord.dtype.kind in "UO" or coord.size <= 4:
        span = ", ".join(_cell(v) for v in coord.values.ravel())
    else:
        span = f"{coord.size} values from {float(coord.min()):g} to {float(coord.max()):g}"
    return f"{text}: {span} {unit}".strip()


def _provenance(ds: xr.Dataset, name: str) -> Iterator[str]:
    attrs = ds.attrs
    commit = f", commit {attrs['source_commit']}" if attrs.get("source_commit") else ""
    yield "<h2>Where it comes from</h2>"
    fields = [
        ("Model", attrs.get("model", "")),
        ("Source of the model", attrs.get("model_source", "")),
        ("Region", attrs.get("domain", "")),
        ("Method", attrs.get("method", "")),
        ("Status", attrs.get("status", "")),
        ("Computed by", f"crosscurrent {attrs.get('crosscurrent_version', '?')}{commit}"),
        ("Page made by", f"crosscurrent {package_version()}"),
        ("File", name),
    ]
    yield from _list(fields)
    rest = [(str(k), v) for k, v in attrs.items() if k not in _SKIPPED and str(v)]
    if rest:
        yield "<details><summary>Settings</summary>"
        yield from _list(rest)
        yield "</details>"
    if job := str(attrs.get("job", "")):
        yield f"<details open><summary>The job</summary><pre>{_text(job.strip())}</pre></details>"


def _cite(ds: xr.Dataset) -> Iterator[str]:
    yield f"<h2>What to cite</h2><pre>{_text(citation(ds).strip())}</pre>"


def _list(items: Iterable[tuple[str, object]]) -> Iterator[str]:
    yield "<dl>"
    yield from (f"<dt>{_text(label)}</dt><dd>{_text(value)}</dd>" for label, value in items if str(value))
    yield "</dl>"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield (
        '<div class="wide"><table><thead><tr>' + "".join(f"<th>{_text(h)}</th>" for h in head) + "</tr></thead><tbody>"
    )
    yield from ("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    yield "</tbody></table></div>"
