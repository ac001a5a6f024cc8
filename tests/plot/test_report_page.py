"""The page of a result: everything is in it, nothing is fetched, and a real browser shows values under the pointer."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner
from matplotlib.figure import Figure

from crosscurrent.cli.app import app
from crosscurrent.plot import report_page
from crosscurrent.plot.hover import numbers_under, vector_graphics
from crosscurrent.results import Quantity, dataset, save

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
#: What the page is made to say in its title: the reading under one point of each figure, and what went wrong.
PROBE = """
<script>
const errors = [];
window.addEventListener("error", (e) => errors.push(e.message));
document.addEventListener("securitypolicyviolation", (e) => errors.push("refused: " + e.blockedURI));
window.addEventListener("load", () => setTimeout(() => {
  const frame = document.querySelector(".figure"), box = frame.getBoundingClientRect();
  const axes = JSON.parse(document.querySelector("script[type='application/json']").textContent);
  const readings = axes.map((item) => {
    const [x, y, w, h] = item.box;
    frame.dispatchEvent(new PointerEvent("pointermove", {
      clientX: box.left + box.width * (x + 0.3 * w), clientY: box.top + box.height * (y + 0.25 * h) }));
    return document.querySelector(".value").textContent;
  });
  const before = document.querySelector(".figure img").clientWidth;
  document.querySelector(".bar button").click();
  const zoomed = document.querySelector(".figure img").clientWidth / before;
  const wide = document.documentElement.scrollWidth > window.innerWidth + 1;
  document.title = JSON.stringify({ readings, zoomed, wide, errors });
}, 100));
</script>
"""


_AXES = ("current", "field", "spin")
_WORDS: dict[str, Any] = {
    "quantity": "a line",
    "index_order": "none",
    "convention": "electron charge -e",
    "equations": {"shi2006": "Shi et al., PRL 96, 076604 (2006)"},
    "model": "made up",
    "model_source": "Haldane, Phys. Rev. Lett. 61, 2015 (1988)",
    "domain": "a segment",
    "method": "by hand",
    "status": "done",
}


def _result() -> xr.Dataset:
    x = np.linspace(0.0, 1.0, 11)
    return dataset(
        {"answer": Quantity(("x",), 2 * x - 0.5, "eV", "the answer, <small> & all", error=0 * x + 0.01)},
        {"x": Quantity(("x",), x, "K", "temperature")},
        **_WORDS,
        warnings=["mind the </script><script>alert(1)</script>"],
    )


def _figure() -> Figure:
    x = np.linspace(0.0, 1.0, 11)
    figure = Figure(figsize=(8, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(x, 2 * x - 0.5, label=r"$E_F$ </script>")
    left.set(xlabel="T (K)", ylabel=r"$\mathrm{answer}$ (eV)", xlim=(0, 1), ylim=(-1, 2))
    right.pcolormesh([0, 1, 2], [0, 1, 2], np.array([[1.0, 2.0], [3.0, 4.0]]))
    right.set(xlabel="x", ylabel="y")
    return figure


def test_page_holds_everything_and_fetches_nothing() -> None:
    page = report_page(_result(), [_figure()], name="out.nc")
    for words in (
        "a line",
        "the answer, &lt;small&gt; &amp; all",
        "made up",
        "out.nc",
        "@article{Shi2006",
        "Haldane1988",
    ):
        assert words in page, words
    # every address that the browser could follow is inside the page
    targets = re.findall(r"""(?:\b(?:src|href)=|url\(|@import)\s*["']?([^"'\s>)]+)""", page)
    assert targets and all(target.startswith("data:") for target in targets), targets
    assert "alert(1)</script>" not in page
    assert "<td>1.5</td><td>0.01</td>" in page.replace("</td>\n<td>", "</td><td>")


def test_vector_graphics_are_the_same_bytes_every_time() -> None:
    assert vector_graphics(_figure()) == vector_graphics(_figure())


def test_numbers_under_the_figure_are_those_drawn() -> None:
    figure = _figure()
    vector_graphics(figure)
    line, mesh = numbers_under(figure)
    np.testing.assert_allclose(line["lines"][0]["y"], 2 * np.array(line["lines"][0]["x"]) - 0.5, atol=1e-6)
    assert line["y"]["label"] == "answer (eV)"
    assert mesh["maps"][0]["values"] == [[1.0, 2.0], [3.0, 4.0]]
    x, y, width, height = line["box"]
    assert 0 < x < x + width < mesh["box"][0] and 0 < y < y + height < 1


@pytest.mark.skipif(not BROWSER, reason="needs Chromium")
@pytest.mark.parametrize("width", [1200, 390])
def test_browser_reads_values_zooms_and_complains_of_nothing(tmp_path: Path, width: int) -> None:
    page = report_page(_result(), [_figure()], name="out.nc")
    # the policy of the page allows the scripts within it; the probe must be up before them to see their errors
    target = tmp_path / "report.html"
    target.write_text(page.replace("<body>", "<body>" + PROBE, 1), encoding="utf-8")
    done = subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width},900",
            "--virtual-time-budget=3000",
            "--enable-logging=stderr",
            "--dump-dom",
            target.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = json.loads(html.unescape(re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)[1]))  # type: ignore[index]
    assert found["errors"] == [] and not found["wide"]
    assert "CONSOLE" not in done.stderr
    assert found["zoomed"] == pytest.approx(1.5, rel=0.01)
    line, mesh = found["readings"]
    # the pointer stands at 0.3 of the width and 0.75 of the height: nearest on the line is (0.5, 0.5) by distance
    numbers = [float(v) for v in re.findall(r"= (-?[0-9.]+)", line)]
    assert "T (K)" in line and numbers[1] == pytest.approx(2 * numbers[0] - 0.5)
    # left column, upper row
    assert mesh.endswith(":  3")


def test_command_writes_the_page_and_the_citation(tmp_path: Path) -> None:
    source = tmp_path / "out.nc"
    axes = {name: Quantity((name,), [letter], "", name) for name, letter in zip(_AXES, "xyz", strict=True)}
    values = np.linspace(-1.0, 1.0, 5)[:, None, None, None]
    ds = dataset(
        {
            "conventional": Quantity(
                ("mu", *_AXES), values, "(hbar/e) S/cm", "conventional current", equations=("shi2006",)
            )
        },
        {"mu": Quantity(("mu",), np.linspace(0.0, 1.0, 5), "eV", "chemical potential"), **axes},
        **{**_WORDS, "equations": {"shi2006": "PRL 96, 076604"}},
    )
    save(ds, source)
    done = CliRunner().invoke(app, ["report", str(source)])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    cited = CliRunner().invoke(app, ["cite", str(source)])
    assert "@software{crosscurrent" in cited.output and "Shi2006" in cited.output


def test_report_of_a_missing_file_is_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(tmp_path / "none.nc")])
    assert done.exit_code == 2 and "Traceback" not in done.output
    assert not list(tmp_path.iterdir())
