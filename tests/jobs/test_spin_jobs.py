"""Jobs of spin that a field makes: every table in words and numbers, and what is refused before the run."""

from __future__ import annotations

import re
import typing
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import xarray as xr

from crosscurrent import jobs
from crosscurrent.jobs import schema
from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.calls import QUESTIONS
from crosscurrent.jobs.limits import check_limits
from crosscurrent.jobs.parse import job_hash, load_job, parse_job
from crosscurrent.jobs.plan import plan
from crosscurrent.jobs.quantities import parse_quantity
from crosscurrent.jobs.starter import starter_job
from crosscurrent.models.materials.registry import catalogue, material
from crosscurrent.numerics.waveforms import GaussianPulse
from crosscurrent.numerics.zone import PolarGrid, UniformMesh
from crosscurrent.responses.edelstein import edelstein
from crosscurrent.responses.spin_generation import spin_generation
from crosscurrent.responses.spin_generation_map import spin_generation_map
from crosscurrent.responses.spin_mechanisms import spin_mechanisms
from crosscurrent.responses.spin_pulse import spin_pulse
from crosscurrent.units import ELEMENTARY_CHARGE_C, HBAR_J_S, InputError

REPOSITORY = Path(__file__).resolve().parents[2]
MESH = UniformMesh((8, 8))
H = 2 * np.pi * HBAR_J_S / ELEMENTARY_CHARGE_C * 1e12  # eV/THz, by another way than the package

HEAD = '[model]\nmaterial = "rashba-antiferromagnet"\n[zone]\nmethod = "uniform"\nmesh = [8, 8]\n'
TABLES = {
    "spin_generation": """
filling = 2
omega = ["1 THz", "17 THz"]
projections = ["A", "B"]
complete = true
field = ["100 kV/cm", 0]
thickness = "5 angstrom"
kubo = true
""",
    "spin_generation_map": """
filling = 2
omega = { start = "1 THz", stop = "17 THz", num = 3 }
projections = { mine = [1, 1, 0, 0] }
""",
    "spin_pulse": """
filling = 2
waveform = { amplitude = [1e6, "1 kV/cm"], frequency = "10 THz", duration = "100 fs", phase = [0, 1.5], centre = 0.1 }
projections = "all"
times = { start = "-200 fs", stop = 0.4, num = 21 }
""",
    "edelstein": """
mu = [1.0, 1.1]
temperature = 3000
relaxation_time = "0.1 ps"
projections = ["A"]
field = [0, 1e6]
""",
    "spin_mechanisms": """
filling = 2
mu_doped = 1.0
omega = "5 THz"
temperature = 3000
relaxation_time = 100
sublattices = ["A", ["B"]]
""",
}


def text(response: str, old: str = "", new: str = "") -> str:
    table = TABLES[response]
    assert old in table
    return f"{HEAD}[{response}]{table.replace(old, new, 1)}"


def called() -> dict[str, Any]:
    """The same questions in Python."""
    model = material("rashba-antiferromagnet")
    return {
        "spin_generation": lambda: spin_generation(
            model,
            omega=[H, 17 * H],
            method=MESH,
            filling=2,
            projections=["A", "B"],
            field=[1e7, 0],
            thickness=5.0,
            kubo=True,
        ),
        "spin_generation_map": lambda: spin_generation_map(
            model, None, np.linspace(H, 17 * H, 3), MESH, filling=2, projections={"mine": np.array([1.0, 1, 0, 0])}
        ),
        "spin_pulse": lambda: spin_pulse(
            model,
            None,
            GaussianPulse([1e6, 1e5], 10.0, 0.1, [0.0, 1.5], 0.1),
            method=MESH,
            filling=2,
            projections=["A", "B"],
            times=np.linspace(-0.2, 0.4, 21),
        ),
        "edelstein": lambda: edelstein(
            model,
            [1.0, 1.1],
            method=MESH,
            temperature=3000.0,
            relaxation_time=100.0,
            projections=["A"],
            field=[0, 1e6],
        ),
        "spin_mechanisms": lambda: spin_mechanisms(
            model,
            filling=2,
            mu_doped=1.0,
            omega=5 * H,
            method=MESH,
            temperature=3000.0,
            relaxation_time=100.0,
            sublattices=("A", ["B"]),
        ),
    }


# ------------------------------------------------------------------------------------------------ words
@pytest.mark.parametrize("response", TABLES)
def test_every_table_survives_the_round_trip(response: str) -> None:
    job = parse_job(text(response))
    assert job.response == response
    assert parse_job(job.to_toml()) == job
    assert job_hash(parse_job(job.to_toml())) == job_hash(job)


def test_every_response_has_a_way_to_its_call() -> None:
    assert set(QUESTIONS) == set(schema.RESPONSES)
    tables = {field.name: field.type for field in msgspec.structs.fields(schema.Job)}
    for name, question in QUESTIONS.items():
        assert question.table in typing.get_args(tables[name])


@pytest.mark.parametrize(
    ("raw", "dimension", "value"),
    [
        ("17 THz", "energy", 17 * H),
        ("300 GHz", "energy", 0.3 * H),
        ("0.5 ps", "time", 0.5),
        ("500 fs", "time", 0.5),
        ("2 GHz", "frequency", 0.002),
        ("1 kV/cm", "electric field", 1e5),
        ("1 MV/cm", "electric field", 1e8),
        ("1 V/angstrom", "electric field", 1e10),
        ("1 V/Å", "electric field", 1e10),
    ],
)
def test_new_quantities(raw: str, dimension: str, value: float) -> None:
    assert parse_quantity(raw, dimension) == pytest.approx(value, rel=1e-9)


def test_a_key_may_have_a_unit_of_its_own() -> None:
    """Relaxation times are plain numbers in fs, pulses in ps."""
    for raw in ("100", '"100 fs"', '"0.1 ps"'):
        job = parse_job(text("edelstein", '"0.1 ps"', raw))
        assert job.edelstein is not None
        assert job.edelstein.relaxation_time == pytest.approx(100.0, rel=1e-15)


def test_temperature_is_not_a_frequency() -> None:
    with pytest.raises(InputError, match="'THz' is not a temperature"):
        parse_job(text("edelstein", "3000", '"1 THz"'))


#: (response, what is replaced, by what, the key's path, words)
REFUSED = [
    ("spin_generation", "omega", "omga", "spin_generation.omga", "did you mean 'omega'"),
    ("spin_generation", '"17 THz"', '"17 ps"', "spin_generation.omega[1]", "'ps' is not an energy"),
    ("spin_generation", '"100 kV/cm"', '"100 kV"', "spin_generation.field[0]", "did you mean 'kV/cm'"),
    ("spin_generation", '["A", "B"]', "[1]", "spin_generation.projections[0]", "expected a text, got 1"),
    ("spin_generation", "kubo = true", "kubo = 1", "spin_generation.kubo", "expected true or false"),
    ("spin_generation", "kubo = true", 'tensors = ["upsilon3"]', "spin_generation.tensors[0]", "did you mean 'upsilon"),
    (
        "spin_generation_map",
        "[1, 1, 0, 0]",
        "[1, true]",
        "spin_generation_map.projections.mine[1]",
        "expected a number",
    ),
    ("spin_pulse", "duration", "duratoin", "spin_pulse.waveform.duratoin", "did you mean 'duration'"),
    ("spin_pulse", '"100 fs"', '"100 THz"', "spin_pulse.waveform.duration", "'THz' is not a time"),
    ("spin_pulse", '"100 fs"', "0", "spin_pulse.waveform.duration", "must be above 0"),
    ("spin_pulse", ', duration = "100 fs"', "", "spin_pulse.waveform.duration", "this key is required"),
    ("spin_pulse", "filling = 2", 'route = "neumann"', "spin_pulse.route", "did you mean 'von_neumann'"),
    ("edelstein", 'relaxation_time = "0.1 ps"', "", "edelstein.relaxation_time", "this key is required"),
    ("spin_mechanisms", '["B"]', "3", "spin_mechanisms.sublattices[1]", "expected a text, got 3"),
    ("spin_mechanisms", ', ["B"]', "", "spin_mechanisms.sublattices", "expected 2 entries, got 1"),
]


@pytest.mark.parametrize(("response", "old", "new", "path", "words"), REFUSED)
def test_bad_key_is_named_in_one_line(response: str, old: str, new: str, path: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_job(text(response, old, new), source="job.toml")
    assert str(caught.value).startswith(f"job.toml: {path}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_table_of_another_response_would_be_ignored() -> None:
    with pytest.raises(InputError, match=r"\[edelstein\]: the response is 'spin_generation'"):
        parse_job('response = "spin_generation"\n' + text("spin_generation") + "[edelstein]" + TABLES["edelstein"])


# ------------------------------------------------------------------------------------------------ numbers
@pytest.mark.parametrize("response", TABLES)
def test_job_and_python_give_the_same_numbers(response: str) -> None:
    said = jobs.run_job(parse_job(text(response)))
    expected: xr.Dataset = called()[response]()
    assert set(said.data_vars) == set(expected.data_vars)
    for name in expected.data_vars:
        np.testing.assert_allclose(said[name].values, expected[name].values, rtol=1e-12, atol=0, err_msg=str(name))


def test_terahertz_is_h_nu() -> None:
    result = jobs.run_job(parse_job(text("spin_generation")))
    np.testing.assert_allclose(result["frequency"], [1, 17], rtol=1e-12)
    assert result["frequency"].attrs["units"] == "THz"


def test_projections_by_name_by_weights_and_all() -> None:
    wanted = ('["A", "B"]', '"all"', "{ A = [1, 1, 0, 0], B = [0, 0, 1, 1] }")
    found = [jobs.run_job(parse_job(text("spin_generation", '["A", "B"]', w)))["upsilon1"] for w in wanted]
    for other in found[1:]:
        xr.testing.assert_identical(found[0], other)
    assert list(found[0]["projection"].values) == ["total", "A", "B"]


def test_components_are_spin_and_field() -> None:
    job = text("spin_generation", "kubo = true", 'components = ["yx"]')
    found = jobs.run_job(parse_job(job))
    whole = jobs.run_job(parse_job(text("spin_generation", "kubo = true", "")))
    assert dict(found["upsilon1"].sizes) == {"filling": 1, "omega": 2, "spin": 1, "field": 1, "projection": 3}
    xr.testing.assert_equal(found["upsilon1"], whole["upsilon1"].sel(spin=["y"], field=["x"]))
    assert list(found["spin_density_1"]["spin"].values) == ["y"]
    with pytest.raises(InputError, match=r"component 'xyz' needs 2 letters\. The order is spin, field"):
        jobs.run_job(parse_job(text("spin_generation", "kubo = true", 'components = ["xyz"]')))


def test_mu_from_the_reference_of_the_model() -> None:
    job = """
[model]
material = "hole-gas-gaas"
[edelstein]
mu = [0.01, 0.02]
mu_from = "reference"
temperature = 30
relaxation_time = 100
[zone]
method = "polar"
radial = 12
angular = 4
"""
    found = jobs.run_job(parse_job(job))
    np.testing.assert_array_equal(found["mu_from_reference"], [0.01, 0.02])
    model: Any = material("hole-gas-gaas")
    levels = np.array([0.01, 0.02]) + model.reference_energy
    expected = edelstein(model, levels, method=PolarGrid(12, 4), temperature=30.0, relaxation_time=100.0)
    np.testing.assert_array_equal(found["edelstein"], expected["edelstein"])


def test_map_of_one_band_at_points() -> None:
    job = text("spin_generation_map", "filling = 2", "band = 1\npoints = [[0.1, 0.2], [0.3, 0.0]]")
    found = jobs.run_job(parse_job(job))
    model = material("rashba-antiferromagnet")
    k = np.array([[0.1, 0.2], [0.3, 0.0]]) @ model.reciprocal
    weights = {"mine": np.array([1.0, 1, 0, 0])}
    expected = spin_generation_map(model, None, np.linspace(H, 17 * H, 3), k, band=1, projections=weights)
    np.testing.assert_allclose(found["upsilon1"], expected["upsilon1"], rtol=1e-12)


def test_the_whole_plane_as_a_cutoff() -> None:
    job = """
[model]
material = "helical-dirac"
cutoff = { kind = "plane", scale = "0.4 1/nm" }
[spin_generation]
filling = 1
[zone]
method = "polar"
radial = 12
angular = 4
"""
    prepared = prepare(parse_job(job))
    assert "scale 0.04" in prepared.model.domain.description
    assert parse_job(prepared.job.to_toml()) == prepared.job


# ------------------------------------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    ("response", "old", "new", "words"),
    [
        ("spin_generation", '"B"]', '"C"]', "has no projector 'C'"),
        ("spin_generation", '["A", "B"]', '"A"', "the projections do not sum to one"),
        ("spin_generation", '["A", "B"]', "{ A = [1, 2] }", "needs 4 finite weights"),
        ("spin_generation", "filling = 2", "filling = 2\nmu = 0", "give either mu or filling"),
        ("spin_generation", "filling = 2", 'filling = 2\nspin = "orbital"', "no spin operator 'orbital'"),
        ("spin_generation_map", "filling = 2", "band = 1\nmu = 0", "give either mu or band"),
        (
            "spin_generation_map",
            "filling = 2",
            "mu = 0\npoints = [[0]]",
            "spin_generation_map.points[0]: the model has 2",
        ),
        ("spin_generation_map", "filling = 2", 'mu_from = "reference"\nmu = 0', "has no reference energy"),
        ("spin_pulse", "1e6,", "1e6, 0, 0, ", "amplitude"),
    ],
)
def test_what_does_not_fit_the_model_is_found_before_the_run(response: str, old: str, new: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        prepare(parse_job(text(response, old, new)))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('components = ["zz"]', "spin_generation.components: component 'zz' asks for field 'z'"),
        ('components = ["y"]', "needs 2 letters"),
        ('per = "volume"', "no volume"),
        ("field = [1e7]", "2 finite components"),
        ('tensors = ["upsilon1"]\nomega = "200 THz"', "not below the smallest direct gap"),
    ],
)
def test_check_refuses_what_a_run_would(line: str, words: str) -> None:
    omega = "" if "omega" in line else 'omega = "5 THz"\n'
    job = parse_job(f"{HEAD}[spin_generation]\nfilling = 2\n{omega}{line}\n")
    with pytest.raises(InputError, match=words):
        check_limits(prepare(job))
    accepted = parse_job(f'{HEAD}[spin_generation]\nfilling = 2\nomega = "5 THz"\ncomponents = ["zy"]\n')
    check_limits(prepare(accepted))


def test_one_chemical_potential_where_one_is_needed() -> None:
    words = text("spin_pulse", "filling = 2", "")
    assert prepare(parse_job(words)).arguments["mu"] == 0.0  # the one that the material suggests
    other = '"massive-dirac"\ncutoff = { kind = "disk", radius = 1 }'
    with pytest.raises(InputError, match=r"spin_pulse\.mu: one chemical potential is needed, got 2"):
        prepare(parse_job(words.replace('"rashba-antiferromagnet"', other).replace('projections = "all"', "")))


def test_required_tables() -> None:
    for response, key in (("edelstein", "temperature"), ("spin_pulse", "waveform"), ("bands", "path")):
        words = f"{response}: this table is required. Add [{response}] with {key}"
        with pytest.raises(InputError, match=re.escape(words)):
            prepare(parse_job(f'response = "{response}"\n{HEAD}'))
    with pytest.raises(InputError, match="zone: this table is required"):
        prepare(parse_job('[model]\nmaterial = "qwz"\n[spin_generation]\nfilling = 1'))


# ------------------------------------------------------------------------------------------------ pulses from a file
def test_waveform_file_counts_from_the_job_and_into_its_hash(tmp_path: Path) -> None:
    t = np.linspace(-0.5, 0.5, 201)
    rows = "\n".join(f"{x:.6f},{1e6 * np.exp(-((x / 0.1) ** 2)):.8g},0" for x in t)
    (tmp_path / "pulse.csv").write_text("time (ps),E_x (V/m),E_y (V/m)\n" + rows + "\n")
    table = TABLES["spin_pulse"]
    start, stop = table.index("{ amplitude"), table.index("}") + 1
    words = text("spin_pulse", table[start:stop], '{ csv = "pulse.csv" }')
    (tmp_path / "job.toml").write_text(words)
    job = load_job(tmp_path / "job.toml")
    assert job.spin_pulse is not None
    assert job.spin_pulse.waveform == schema.SampledWaveform(csv=str(tmp_path / "pulse.csv"))
    assert parse_job(job.to_toml()) == job
    found = jobs.run_job(job)
    assert float(np.abs(found["electric_field"].sel(field="x")).max()) == pytest.approx(1e6, rel=1e-2)
    before = job_hash(job)
    (tmp_path / "pulse.csv").write_text("time (ps),E_x (V/m),E_y (V/m)\n" + rows + "\n ")
    assert job_hash(job) != before
    (tmp_path / "pulse.csv").unlink()
    with pytest.raises(InputError, match=r"spin_pulse\.waveform\.csv: cannot read"):
        job_hash(job)


# ------------------------------------------------------------------------------------------------ symmetry
GROUP = '[symmetry]\ngroup = "4/mmm1\'"\n'
STRUCTURE = """
[symmetry]
lattice = [[5.656854249492381, 0, 0], [0, 5.656854249492381, 0], [0, 0, 20]]
positions = [[0, 0, 0.5], [0.5, 0.5, 0.5]]
species = ["Mn", "Mn"]
moments = [3, -3]
dim = 2
sites = { A = 0, B = 1 }
"""


def test_symmetry_stands_in_the_result() -> None:
    result = jobs.run_job(parse_job(text("spin_generation") + '[symmetry]\ngroup = "1"\n'))
    assert result.attrs["symmetry_group"].startswith("1 ")
    assert result["upsilon1"].attrs["symmetry_forbidden"] == 0.0
    whole = jobs.run_job(parse_job(text("spin_generation").replace("[8, 8]", "[64, 64]") + GROUP))
    # the model lacks the mirror z -> -z that this group has: Rashba coupling
    assert whole["upsilon1"].attrs["symmetry_forbidden"] > 1e-3
    assert "symmetry: " in whole.attrs["warnings"]


def test_symmetry_from_a_structure() -> None:
    job = parse_job(text("spin_generation") + STRUCTURE)
    assert parse_job(job.to_toml()) == job
    result = jobs.run_job(job)
    assert "structure of 2 atoms" in result.attrs["symmetry_group"]
    assert "site 0" in result["upsilon1"].attrs["symmetry_form"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (GROUP.replace("4/mmm1'", "4/mmmm"), "4/mmmm"),
        (GROUP + "sites = { C = 0 }\n", "symmetry.sites: no projection 'C'"),
        (GROUP + "sites = { A = 0 }\n", "site"),
        (GROUP + 'species = ["Mn"]\n', "symmetry.species: the group has a name already"),
        ('[symmetry]\naxis = "x"\n', "symmetry.axis: this belongs to a group by name"),
        ("[symmetry]\n", "symmetry.group: give the name of a group, or a structure"),
        (STRUCTURE.replace('species = ["Mn", "Mn"]', ""), "symmetry.species: give the name of a group, or a structure"),
        (STRUCTURE.replace("[3, -3]", "[3]"), "moments"),
        (STRUCTURE.replace('["Mn", "Mn"]', '["Mn"]'), "species"),
        (STRUCTURE.replace("B = 1", "B = 2"), "site"),
    ],
)
def test_bad_symmetry_costs_no_run(table: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        prepare(parse_job(text("spin_generation") + table))
    assert words in str(caught.value)


@pytest.mark.parametrize("response", ["spin_generation_map", "spin_pulse", "spin_mechanisms"])
def test_symmetry_of_a_result_without_a_tensor(response: str) -> None:
    with pytest.raises(InputError, match=f"symmetry: a result of '{response}' holds no tensor to check"):
        prepare(parse_job(text(response) + GROUP))


def test_moments_along_z_and_in_any_direction_mix() -> None:
    mixed = prepare(parse_job(text("spin_generation") + STRUCTURE.replace("[3, -3]", "[3, [0, 0, -3]]")))
    plain = prepare(parse_job(text("spin_generation") + STRUCTURE))
    names = [p.compute.args[-1].keywords["group"].name for p in (mixed, plain)]  # type: ignore[attr-defined]
    assert names[0] == names[1]


# ------------------------------------------------------------------------------------------------ plan and hashes
def test_cost_grows_with_frequencies_and_projections() -> None:
    few = plan(prepare(parse_job(text("spin_generation"))))
    many = text("spin_generation", '["1 THz", "17 THz"]', '{ start = "1 THz", stop = "17 THz", num = 2000 }')
    more = plan(prepare(parse_job(many)))
    assert few.seconds is not None
    assert more.seconds is not None
    assert more.k_points == few.k_points
    assert more.seconds > 3 * few.seconds
    assert more.memory.process > few.memory.process


@pytest.mark.parametrize("response", ["spin_pulse", "edelstein", "spin_mechanisms"])
def test_plan_without_an_estimate_still_counts_points(response: str) -> None:
    assert plan(prepare(parse_job(text(response)))).k_points >= 64


@pytest.mark.parametrize("key", ["mnbi2te4", "helical-dirac", "bi2se3"])
def test_first_job_of_spin_generation(key: str) -> None:
    job = starter_job(catalogue()[key], "spin_generation")
    assert parse_job(job.to_toml()) == job
    assert prepare(job).job.response == "spin_generation"
    with pytest.raises(InputError, match="no first job for 'bands'"):
        starter_job(catalogue()[key], "bands")


def test_jobs_of_before_keep_their_hashes() -> None:
    """A new optional table or key must not make an old result that of another job."""
    folder = REPOSITORY / "src/crosscurrent/data/jobs"
    assert job_hash(load_job(folder / "bi2se3.toml")) == "766a0f420e382b36fa234eb57194d196"
    # its range of mu has moved with the gap of the model
    now = (folder / "bismuth.toml").read_text()
    before = now.replace("start = -4.67, stop = -2.87", "start = -4.6, stop = -2.8")
    assert before != now
    assert job_hash(parse_job(before)) == "e59c13bdaebfd2ef63e491ef615bc94c"


def test_jobs_in_the_documentation_are_sound() -> None:
    shown, metal = re.findall(r"^```toml\n(.*?)^```", (REPOSITORY / "docs/jobs.md").read_text(), flags=re.M | re.S)
    job = parse_job(shown)
    prepared = prepare(msgspec.structs.replace(job, zone=schema.Uniform(mesh=(6, 6))))
    assert job.symmetry is not None
    assert prepared.arguments["field"] == (1e7, 0.0)
    assert len(prepare(parse_job(metal)).arguments["q"]) == 51
