"""Kinds of figures and checks in reference.toml: maps, bands, directions, magnitudes, attributes and labels."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure as Drawn

from crosscurrent import plot
from crosscurrent.cli.reproduce import _draw
from crosscurrent.jobs.reference import Check, Figure, Line, load_reference
from crosscurrent.jobs.reproduce import evaluate, found_of, quantity_of, reference_of, reproduce
from crosscurrent.units import InputError

HEAD = '[model]\nmaterial = "rashba-antiferromagnet"\n[zone]\nmethod = "uniform"\nmesh = [8, 8]\n'
JOBS = {
    "tensor": '[spin_generation]\nfilling = 2\nomega = ["1 THz", "5 THz"]\nprojections = ["A", "B"]\nfield = [1e7, 0]\n'
    '[symmetry]\ngroup = "4mm1\'"\n',
    "map": '[spin_generation_map]\nfilling = 2\nomega = "5 THz"\n',
    "bands": '[bands]\npath = [{ label = "G", k = [0, 0] }, { label = "X", k = [0.5, 0] }]\npoints = 11\n',
    "table": '[spin_mechanisms]\nfilling = 2\nmu_doped = 1.0\nomega = "5 THz"\ntemperature = 3000\n'
    'relaxation_time = 100\nsublattices = ["A", "B"]\n',
}
REFERENCE = """
title = "Every kind"
paper = "Somebody (2000)"

[[check]]
name = "gap"
job = "tensor"
attribute = "direct_gap_eV"
value = 0.4686
atol = 1e-3
source = "search"

[[check]]
name = "form"
job = "tensor"
variable = "upsilon1"
attribute = "symmetry_forbidden"
value = 1e-9
relation = "below"
source = "symmetry"

[[check]]
name = "amplitude"
job = "tensor"
variable = "spin_density"
select = { filling = 2, frequency = 5.0, spin = "y", projection = "total" }
value = 0.0
relation = "above"
absolute = true
source = "a sign"

[[check]]
name = "mechanism"
job = "table"
variable = "kind"
select = { mechanism = "upsilon2" }
value = "KIND"
source = "Table I"

[[figure]]
file = "curves.png"
x = "frequency"
absolute = true
log = true
ylim = [1e-12, 1.0]
[[figure.line]]
job = "tensor"
variable = "spin_density_1"
select = { filling = 2, spin = "y", projection = "total" }

[[figure]]
file = "map.png"
kind = "map"
[[figure.line]]
job = "map"
variable = "upsilon1"
select = { spin = "y", field = "x", projection = "total" }

[[figure]]
file = "bands.png"
kind = "bands"
ylim = [-2.0, 2.0]
[[figure.line]]
job = "bands"
variable = "energy"

[[figure]]
file = "direction.png"
kind = "direction"
[[figure.line]]
job = "tensor"
variable = "upsilon1"
select = { frequency = 5.0, projection = "A" }

[[figure]]
file = "mechanisms.png"
kind = "mechanisms"
[[figure.line]]
job = "table"
variable = "uniform"
"""


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("papers") / "every-kind"
    folder.mkdir()
    for name, table in JOBS.items():
        head = HEAD if name != "bands" else HEAD.split("[zone]")[0]
        (folder / f"{name}.toml").write_text(head + table)
    (folder / "reference.toml").write_text(REFERENCE)
    return folder


def test_every_kind_of_figure_and_check(paper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, Drawn] = {}
    monkeypatch.setattr(plot, "save_figure", lambda figure, path: drawn.update({path.name: figure}))
    report = reproduce(paper, tmp_path / "out", draw=_draw)
    by_name = {o.check.name: o for o in report.outcomes}
    assert by_name["gap"].passed
    assert by_name["gap"].found == report.results["tensor"].attrs["direct_gap_eV"]
    assert by_name["form"].passed
    assert by_name["amplitude"].passed
    amplitude = report.results["tensor"]["spin_density"].sel(filling=2, spin="y", projection="total")[1]
    assert by_name["amplitude"].found == pytest.approx(abs(complex(amplitude)))
    assert not by_name["mechanism"].passed
    assert by_name["mechanism"].found == str(report.results["table"]["kind"].sel(mechanism="upsilon2").item())
    assert "| KIND |" in report.markdown()
    assert "tensor: direct_gap_eV" in quantity_of(Check(job="tensor", attribute="direct_gap_eV", value=1.0, source=""))
    assert set(drawn) == {f"{kind}.png" for kind in ("curves", "map", "bands", "direction", "mechanisms")}
    curves = drawn["curves.png"].axes[0]
    assert (curves.get_xscale(), curves.get_yscale(), curves.get_ylim()) == ("log", "log", (1e-12, 1.0))
    np.testing.assert_allclose(curves.get_lines()[0].get_xdata(), [1, 5])
    assert (np.asarray(curves.get_lines()[0].get_ydata()) > 0).all()
    assert drawn["bands.png"].axes[0].get_ylim() == (-2.0, 2.0)


def result() -> dict[str, xr.Dataset]:
    values = {"a": ("x", [1.0 + 1.0j, -2.0]), "b": ("x", [3.0, -4.0])}
    ds = xr.Dataset(values, {"x": [0.0, 1.0], "kind": ("x", ["up", "down"])}, {"gap": 0.5, "model": "toy"})
    ds["b"].attrs["share"] = 0.25
    return {"r": ds}


def check(**keys: object) -> Check:
    return Check(**({"job": "r", "source": "", "value": 0.0} | keys))  # type: ignore[arg-type]


def test_magnitude_of_real_and_complex_numbers() -> None:
    assert evaluate(check(variable="b", select={"x": 1.0}, absolute=True), result()).found == 4.0
    assert evaluate(check(variable="b", select={"x": 1.0}), result()).found == -4.0
    assert evaluate(check(variable="a", select={"x": 0.0}, absolute=True), result()).found == pytest.approx(
        math.sqrt(2)
    )
    with pytest.raises(InputError, match=r"'a' is complex\. Add absolute = true"):
        evaluate(check(variable="a", select={"x": 0.0}), result())
    assert evaluate(check(variable="a", select={"x": 0.0}, part="imag"), result()).found == 1.0
    assert evaluate(check(variable="a", select={"x": 1.0}, part="real"), result()).found == -2.0


def test_attributes_of_the_result_and_of_a_variable() -> None:
    assert evaluate(check(attribute="gap"), result()).found == 0.5
    assert evaluate(check(variable="b", attribute="share"), result()).found == 0.25
    for wrong, words in (
        ({"attribute": "gpa"}, "no number 'gpa' among the attributes. There are gap"),
        ({"attribute": "model"}, "no number 'model'"),
        ({"attribute": "share", "variable": "c"}, "no variable 'c'"),
    ):
        with pytest.raises(InputError, match=words):
            evaluate(check(**wrong), result())


def test_labels_are_compared_as_they_stand() -> None:
    good = evaluate(check(variable="kind", select={"x": 1.0}, value="down"), result())
    assert good.passed
    assert (found_of(good), reference_of(good.check)) == ("down", "down")
    assert not evaluate(check(variable="kind", select={"x": 0.0}, value="down"), result()).passed


def test_a_number_needs_a_name(paper: Path, tmp_path: Path) -> None:
    (tmp_path / "tensor.toml").write_text((paper / "tensor.toml").read_text())
    text = 'title = ""\npaper = ""\n[[check]]\njob = "tensor"\nvalue = 1\nsource = ""\n'
    (tmp_path / "reference.toml").write_text(text)
    with pytest.raises(InputError, match="a number of 'tensor' needs a variable or an attribute"):
        load_reference(tmp_path)
    (tmp_path / "reference.toml").write_text(text.replace("value = 1", 'value = 1\nvariable = "a"\nkind = "map"'))
    with pytest.raises(InputError, match=r"check\[0\]\.kind: unknown key"):
        load_reference(tmp_path)


def test_defaults_of_a_figure_are_those_of_before() -> None:
    figure = Figure(file="a.png", line=(Line(job="r", variable="b"),))
    assert (figure.kind, figure.x, figure.absolute, figure.log) == ("curves", None, False, False)
