"""Jobs of metals with soft phonons: words, numbers, what is refused before the run, and what it will cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import constants

from crosscurrent import jobs
from crosscurrent.jobs import schema
from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.limits import check_limits, first_stage
from crosscurrent.jobs.metal import build_metal, details
from crosscurrent.jobs.parse import job_hash, parse_job
from crosscurrent.jobs.plan import plan
from crosscurrent.jobs.quantities import parse_quantity
from crosscurrent.jobs.starter import starter_metal_job
from crosscurrent.models.paraelectric_metal import METALS, model_metal, strontium_titanate
from crosscurrent.responses.phonon_spin import phonon_spin
from crosscurrent.responses.phonon_spin_currents import spin_hall_angle, wave_currents
from crosscurrent.responses.phonon_spin_fields import field_currents
from crosscurrent.responses.phonon_spin_map import crossover_map
from crosscurrent.responses.phonon_spin_vertex import polarization_map
from crosscurrent.units import InputError

METAL = '[model]\nmetal = "model-metal"\n'
TABLES = {
    "phonon_spin": METAL
    + """[phonon_spin]
temperature = { start = "0.5 K", stop = 8, num = 3, spacing = "log" }
gap = ["0 meV", "0.5 meV"]
q = [[0.001, 0, 0], [0, 0.002, 0.001]]
q_unit = "k_F"
level = "fermi_surface"
weight = "published"
vertex = "published"
field = ["1 kV/cm", 0, 2e5]
spin = "y"
""",
    "phonon_currents": METAL
    + """[phonon_currents]
temperature = "2 K"
gap = "0.2 meV"
electric_field = { wavelength = "640 nm", field = ["1 MV/m", 0, 0], points = 16 }
tolerance = 0.02
""",
    "crossover_map": METAL
    + """[crossover_map]
temperature = [1, 2, 4]
gap = { start = 0, stop = "1 meV", num = 3 }
q = [0.001, 0, 0]
q_unit = "k_F"
weight = "published"
""",
    "polarization_map": """[polarization_map]
axis = [0, 0, 1]
vector = [1, 0, 1]
n_theta = 19
n_phi = 37
""",
}


def text(response: str, old: str = "", new: str = "") -> str:
    assert old in TABLES[response]
    return TABLES[response].replace(old, new, 1)


def called() -> dict[str, Any]:
    """The same questions in Python."""
    metal = model_metal()
    wave = np.sin(2 * np.pi * np.arange(16) / 16)[:, None] * np.array([1e6, 0.0, 0.0])
    return {
        "phonon_spin": lambda: phonon_spin(
            metal,
            [0.5, 2.0, 8.0],
            [0.0, 5e-4],
            [[1e-3, 0, 0], [0, 2e-3, 1e-3]],
            q_unit="k_F",
            level="fermi_surface",
            weight="published",
            vertex="published",
        ),
        "phonon_currents": lambda: field_currents(metal, 2.0, 2e-4, wave, 400.0, tolerance=0.02),
        "crossover_map": lambda: crossover_map(
            metal, [1, 2, 4], [0, 5e-4, 1e-3], [1e-3, 0, 0], q_unit="k_F", weight="published"
        ),
        "polarization_map": lambda: polarization_map([0, 0, 1], [1, 0, 1], n_theta=19, n_phi=37),
    }


# ------------------------------------------------------------------------------------------------ words
@pytest.mark.parametrize("response", TABLES)
def test_every_table_survives_the_round_trip(response: str) -> None:
    job = parse_job(text(response))
    assert job.response == response
    assert parse_job(job.to_toml()) == job
    assert job_hash(parse_job(job.to_toml())) == job_hash(job)


@pytest.mark.parametrize(
    ("raw", "dimension", "value"),
    [
        ("1 km/s", "velocity", 1e3),
        ("24 amu", "mass", 24 * constants.atomic_mass),
        ("24 u", "mass", 24 * constants.atomic_mass),
        ("1.2 m_e", "mass", 1.2 * constants.m_e),
        ("4e19 1/cm^3", "density", 4e25),
        ("30 meV angstrom^1.5", "coupling", 0.03),
        ("30 meV Å^(3/2)", "coupling", 0.03),
        ("1 eV nm^1.5", "coupling", 10**1.5),
        ("50 meV angstrom", "coupling in a plane", 0.05),
    ],
)
def test_new_quantities(raw: str, dimension: str, value: float) -> None:
    assert parse_quantity(raw, dimension) == pytest.approx(value, rel=1e-12)


#: (response, what is replaced, by what, words)
REFUSED = [
    ("phonon_spin", '"0.5 K"', '"0.5"', "phonon_spin.temperature.start: '0.5' has no unit"),
    ("phonon_spin", '"0 meV"', '"0 K"', "phonon_spin.gap[0]: 'K' is not an energy"),
    ("phonon_spin", "num = 3", "num = 0", "phonon_spin.temperature.num: must be 1 or more"),
    ("phonon_spin", "spacing", "spacng", "did you mean 'spacing'"),
    ("phonon_spin", '"fermi_surface"', '"fermi_surfce"', "phonon_spin.level: 'fermi_surfce' is not known (did you"),
    ("phonon_spin", '"k_F"', '"kF"', "phonon_spin.q_unit: 'kF' is not known"),
    (
        "phonon_spin",
        "model-metal",
        "model-mtal",
        "model.metal: unknown metal 'model-mtal' (did you mean 'model-metal'?)",
    ),
    ("phonon_spin", METAL, '[model]\nkind = "metal"\n', "model.relaxation_time: this key is required"),
    ("phonon_spin", METAL, "", "model: this key is required"),
    ("phonon_spin", METAL, '[model]\nmaterial = "bi2se3"\n', "'phonon_spin' is asked of a metal with soft phonons"),
    ("phonon_spin", METAL, METAL + 'phonon_mass = "24"\n', "model.phonon_mass: '24' has no unit"),
    ("phonon_spin", METAL, METAL + 'coupling = "30 meV"\n', "model.coupling: 'meV' is not a coupling"),
    ("phonon_spin", METAL, METAL + "density = -1\n", "model.density: must be above 0"),
    ("phonon_spin", METAL, METAL + 'coupling_2d = "1 eV angstrom"\n', "model.coupling_2d: this is the coupling of a"),
    ("phonon_spin", METAL, METAL + "fermi_energy = 3\nfermi_velocity = 1e6\neffective_mass = 2\n", "contradicts"),
    ("phonon_spin", METAL, METAL + '[zone]\nmethod = "uniform"\nmesh = [3, 3, 3]\n', "zone: 'phonon_spin' sums over"),
    ("phonon_spin", METAL, METAL + '[symmetry]\ngroup = "1"\n', "symmetry: a result of 'phonon_spin' holds no tensor"),
    ("phonon_spin", '"0.5 K"', "0", 'equal ratios need two positive temperatures. Use spacing = "linear"'),
    ("phonon_spin", '"0.5 K", stop = 8, num = 3, spacing = "log"', "0, stop = 8, num = 3", "temperature must be pos"),
    ("phonon_spin", '"0.5 K"', '"-0.5 K"', "must be 0 or more"),
    ("phonon_spin", '["0 meV"', '["-1 meV"', "phonon_spin.gap: the phonon gap must not be negative"),
    ("phonon_spin", "[0.001, 0, 0]", "[2.001, 0, 0]", "phonon_spin.q: |q| is 2 k_F, but"),
    ("phonon_spin", "[0.001, 0, 0]", "[0.001, 0]", "phonon_spin.q[0]: q has 2 components, the metal 3 dimensions"),
    ("phonon_spin", '["1 kV/cm", 0, 2e5]', "[0, 0, 0]", "phonon_spin.field: the field is zero"),
    ("phonon_spin", '["1 kV/cm", 0, 2e5]', "[1, 0]", "phonon_spin.field: the field has 2 components"),
    ("phonon_spin", '"fermi_surface"', '"one_loop"', "phonon_spin.field: this level gives no currents"),
    ("phonon_spin", 'level = "fermi_surface"', "dimension = 2", "model.coupling_2d: a metal in a plane needs"),
    ("phonon_currents", "0.02", "2", "phonon_currents.tolerance: the tolerance lies between 0 and 1"),
    ("phonon_currents", "640 nm", "0.5 angstrom", "phonon_currents.field: the field has waves of"),
    ("phonon_currents", '"2 K"', "[2, 3]", "phonon_currents.temperature: expected a temperature, got a list"),
    ("phonon_currents", "points = 16", "points = 4", "points: must be 8 or more"),
    ("crossover_map", "[1, 2, 4]", "[1, 2]", "crossover_map.temperature: the map needs three or more"),
    ("crossover_map", "[1, 2, 4]", "[0, 1, 2]", "crossover_map.temperature: the temperature must be positive"),
    ("polarization_map", "[polar", METAL + "[polar", "'polarization_map' needs no model"),
    ("polarization_map", "[1, 0, 1]", "[0, 0, 0]", "polarization_map.vector: vector must be a vector"),
]


@pytest.mark.parametrize(("response", "old", "new", "words"), REFUSED)
def test_bad_question_is_refused_before_the_run(response: str, old: str, new: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        check_limits(prepare(parse_job(text(response, old, new))))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_metal_answers_no_question_to_bands() -> None:
    with pytest.raises(InputError, match="model: 'spin_hall' is asked of electrons in a crystal"):
        prepare(parse_job(METAL + '[spin_hall]\nmu = 0\n[zone]\nmethod = "uniform"\nmesh = [4, 4, 4]\n'))


# ------------------------------------------------------------------------------------------------ metals
def metal(**keys: Any) -> schema.Metal:
    return schema.Metal(**keys)


def test_built_in_metals_and_their_changes() -> None:
    assert build_metal(metal(metal="srtio3")) == strontium_titanate()
    for name in METALS:
        assert any("fermi_energy" in line for line in details(name))
    doped = build_metal(metal(metal="srtio3", fermi_energy=0.020))
    assert doped.fermi_energy == pytest.approx(0.020)
    # the band stays, the level moves
    assert doped.mass == pytest.approx(strontium_titanate().mass)
    assert doped.density() == pytest.approx(strontium_titanate().density() * 2**1.5)
    heavy = build_metal(metal(metal="model-metal", effective_mass=2.0, relaxation_time=50.0))
    assert heavy.density() == pytest.approx(model_metal().density())
    assert heavy.relaxation_time == pytest.approx(5e-14)
    assert heavy.source.endswith("with other numbers")


def test_a_metal_of_ones_own() -> None:
    own = parse_job(
        '[model]\nkind = "metal"\ndensity = "4e19 1/cm^3"\neffective_mass = 4.265\nrelaxation_time = "10 ps"\n'
        'phonon_velocity = "1 km/s"\nphonon_mass = "24 amu"\ncoupling = "30 meV nm^1.5"\nname = "mine"\n'
        "[phonon_spin]\ntemperature = 1\ngap = 0\nq = { x = { start = 0, stop = 0.01, num = 3 }, y = 0.1 }\n"
    )
    prepared = prepare(own)
    found = prepared.model
    assert found == build_metal(own.model)  # type: ignore[arg-type]
    assert found.fermi_energy == pytest.approx(0.010, rel=1e-3)  # type: ignore[union-attr]
    assert found.coupling == pytest.approx(0.03 * 10**1.5)  # type: ignore[union-attr]
    assert prepared.described.startswith("mine, E_F = ")
    np.testing.assert_allclose(prepared.arguments["q"], [[0, 0.1, 0], [0.005, 0.1, 0], [0.01, 0.1, 0]])


def test_a_plane_has_its_own_coupling() -> None:
    job = parse_job(
        METAL.replace("\n[", "\n") + 'coupling_2d = "50 meV angstrom"\n'
        '[phonon_spin]\ntemperature = 1\ngap = "0.1 meV"\nq = { x = 0.001 }\nq_unit = "k_F"\ndimension = 2\n'
    )
    prepared = prepare(job)
    assert prepared.model.coupling == pytest.approx(0.05)  # type: ignore[union-attr]
    assert jobs.run_job(job)["chi"].attrs["units"] == "C m^2"


# ------------------------------------------------------------------------------------------------ numbers
@pytest.mark.parametrize("response", TABLES)
def test_job_and_python_give_the_same_numbers(response: str) -> None:
    said = jobs.run_job(parse_job(text(response)))
    expected: xr.Dataset = called()[response]()
    assert set(expected.data_vars) <= set(said.data_vars)
    for name in expected.data_vars:
        if expected[name].dtype.kind in "fc":
            np.testing.assert_allclose(said[name].values, expected[name].values, rtol=1e-12, err_msg=str(name))
    if response == "phonon_spin":
        currents = wave_currents(expected, [1e5, 0, 2e5])
        angle = spin_hall_angle(expected, [1e5, 0, 2e5], spin="y")
        np.testing.assert_allclose(said["spin_current"], currents["spin_current"], rtol=1e-12)
        np.testing.assert_allclose(said["spin_hall_angle"], angle["spin_hall_angle"], rtol=1e-12)
        assert "kim-34" in said.attrs["equations"]
        assert said.attrs["spin_of_the_angle"] == "y"


def test_a_field_from_a_file(tmp_path: Path) -> None:
    x = np.arange(16) * 400.0
    np.savez(tmp_path / "f.npz", field=np.sin(2 * np.pi * x / 6400)[:, None] * np.array([1e6, 0, 0]), spacing=400.0)
    words = '{ wavelength = "640 nm", field = ["1 MV/m", 0, 0], points = 16 }'
    from_file = parse_job(text("phonon_currents", words, '{ file = "f.npz" }'), folder=tmp_path)
    assert Path(from_file.phonon_currents.electric_field.file) == tmp_path / "f.npz"  # type: ignore[union-attr]
    said, expected = jobs.run_job(from_file), jobs.run_job(parse_job(text("phonon_currents")))
    np.testing.assert_allclose(
        said["spin_current"], expected["spin_current"], atol=1e-12 * float(expected.spin_current.max())
    )
    before = job_hash(from_file)
    np.savez(tmp_path / "f.npz", field=2 * np.sin(2 * np.pi * x / 6400)[:, None] * np.array([1e6, 0, 0]), spacing=400.0)
    assert job_hash(from_file) != before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda e, x: e + 0j, "the field is complex"),
        (lambda e, x: e * (1 + x[:, None] / 1e3), "the field is not periodic along x"),
        (lambda e, x: np.concatenate([e, e[:1]]), "repeats its first point"),
        (lambda e, x: e[:, :2], "3 finite components last"),
    ],
    ids=["complex", "open", "closed twice", "two components"],
)
def test_a_field_that_is_none(tmp_path: Path, change: Any, words: str) -> None:
    x = np.arange(16) * 400.0
    field = np.cos(2 * np.pi * x / 6400)[:, None] * np.array([1e6, 0, 0])
    np.savez(tmp_path / "f.npz", field=change(field, x), spacing=400.0)
    wave = '{ wavelength = "640 nm", field = ["1 MV/m", 0, 0], points = 16 }'
    job = parse_job(text("phonon_currents", wave, '{ file = "f.npz" }'), folder=tmp_path)
    with pytest.raises(InputError, match=words):
        check_limits(prepare(job))


def test_components_are_kept() -> None:
    said = jobs.run_job(parse_job(text("phonon_spin", "spin =", 'components = ["xyz"]\nspin =')))
    assert said["conductivity"].shape[-3:] == (1, 1, 1)


# ------------------------------------------------------------------------------------------------ cost, resuming
def test_plan_counts_points_and_computes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = prepare(parse_job(text("phonon_spin")))
    stage = first_stage(prepared)
    assert stage is not None
    assert sum(stage.weights) == 3 * 2 * 2
    cost = plan(prepared)
    assert cost.k_points == 12
    assert cost.seconds is not None
    assert cost.text().startswith("points: 12\n")
    assert plan(prepare(parse_job(text("polarization_map")))).seconds is None


def test_workers_and_resuming_keep_the_bits(tmp_path: Path) -> None:
    job = parse_job(text("phonon_spin", "num = 3", "num = 5"))
    one = jobs.run_job(job, tmp_path / "one.nc")
    two = jobs.run_job(job, tmp_path / "two.nc", workers=2)
    np.testing.assert_array_equal(one["conductivity"], two["conductivity"])
    again = jobs.run_job(job, tmp_path / "one.nc")
    np.testing.assert_array_equal(one["chi"], again["chi"])


@pytest.mark.parametrize("response", ["phonon_spin", "crossover_map"])
@pytest.mark.parametrize("name", METALS)
def test_first_job_of_a_metal(name: str, response: str) -> None:
    job = starter_metal_job(name, response)
    assert parse_job(job.to_toml()) == job
    check_limits(prepare(job))
    with pytest.raises(InputError, match="no first job for 'spin_hall'"):
        starter_metal_job(name, "spin_hall")
