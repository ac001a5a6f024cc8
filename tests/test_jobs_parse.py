"""Job files: what is accepted, what is refused and in which words, and the way back to TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscurrent.jobs import schema
from crosscurrent.jobs.fields import Range, TemperatureRange, TimeRange
from crosscurrent.jobs.metal_questions import WaveVectorRange
from crosscurrent.jobs.parse import job_hash, job_to_toml, load_job, parse_job, run_key, validated
from crosscurrent.jobs.quantities import UNITS, parse_quantity
from crosscurrent.jobs.validate import convert
from crosscurrent.units import BOLTZMANN_EV_PER_K, InputError

GOOD = """
response = "spin_hall"
title = "a \\"quoted\\" title"

[model]
material = "bi2se3"
parameters = { magnetization = [0.0, 0.001, 0.0] }
cutoff = { kind = "sphere", radius = "5 1/nm" }

[spin_hall]
mu = { start = -0.5, stop = "500 meV", num = 11 }
temperature = 300
definitions = ["conventional", "liu2023"]
components = ["zxy"]

[zone]
method = "polar"
radial = 100
angular = 20
polar = 20
"""


# ------------------------------------------------------------------------------------------------ quantities
@pytest.mark.parametrize(
    ("raw", "dimension", "value"),
    [
        (0.1, "energy", 0.1),
        (1, "energy", 1.0),
        ("10 meV", "energy", 0.01),
        ("-2.5e-1eV", "energy", -0.25),
        ("1 Ry", "energy", 13.605693),
        ("300 K", "temperature", 300.0),
        ("5 mK", "temperature", 0.005),
        # kT = 25.852 meV at 300 K: the physicist's room temperature
        ("25.852 meV", "temperature", 300.0),
        ("0.5 1/angstrom", "wave vector", 0.5),
        ("5 1/nm", "wave vector", 0.5),
        ("0.5 1/Å", "wave vector", 0.5),
        ("1 1/bohr", "wave vector", 1 / 0.529177),
        ("25 nm", "length", 250.0),
    ],
)
def test_quantities(raw: object, dimension: str, value: float) -> None:
    assert parse_quantity(raw, dimension) == pytest.approx(value, rel=2e-5)


def test_temperature_as_energy_uses_boltzmann() -> None:
    assert parse_quantity("1 eV", "temperature") * BOLTZMANN_EV_PER_K == pytest.approx(1.0, rel=1e-14)


@pytest.mark.parametrize(
    ("raw", "dimension", "words"),
    [
        ("10 K", "energy", "'K' is not an energy"),
        ("1 eV", "length", "'eV' is not a length"),
        ("1 angstrom", "wave vector", "'angstrom' is not a wave vector"),
        ("10 mev", "energy", "did you mean 'meV'"),
        ("10", "energy", "has no unit"),
        ("ten meV", "energy", "not a number with a unit"),
        ("1e999 eV", "energy", "finite"),
        (float("nan"), "energy", "finite"),
        (float("inf"), "temperature", "finite"),
        (True, "energy", "expected an energy, got true"),
        ([1.0], "energy", "expected an energy, got a list"),
    ],
)
def test_quantities_refused(raw: object, dimension: str, words: str) -> None:
    with pytest.raises(InputError, match="key: ") as caught:
        parse_quantity(raw, dimension, "key")
    assert words in str(caught.value)


@given(st.floats(-1e6, 1e6), st.sampled_from([(d, u) for d, table in UNITS.items() for u in table]))
def test_every_unit_is_a_factor(number: float, unit: tuple[str, str]) -> None:
    dimension, name = unit
    assert parse_quantity(f"{number!r} {name}", dimension) == pytest.approx(number * UNITS[dimension][name], rel=1e-14)


# ------------------------------------------------------------------------------------------------ reading
def test_good_job() -> None:
    job = parse_job(GOOD)
    assert job.title == 'a "quoted" title'
    assert isinstance(job.model, schema.Material)
    assert job.model.cutoff == schema.SphereCutoff(radius=0.5)
    assert job.spin_hall is not None
    assert job.spin_hall.mu == schema.Range(start=-0.5, stop=0.5, num=11)
    assert job.zone == schema.Polar(radial=100, angular=20, polar=20)


def test_file_and_python_say_the_same_with_the_same_names() -> None:
    said = schema.Job(
        response="spin_hall",
        title='a "quoted" title',
        model=schema.Material(
            material="bi2se3",
            parameters={"magnetization": [0.0, 0.001, 0.0]},
            cutoff=schema.SphereCutoff(radius=0.5),
        ),
        spin_hall=schema.SpinHall(
            mu=schema.Range(start=-0.5, stop=0.5, num=11),
            temperature=300.0,
            definitions=("conventional", "liu2023"),
            components=("zxy",),
        ),
        zone=schema.Polar(radial=100, angular=20, polar=20),
    )
    assert said == parse_job(GOOD)
    assert parse_job(said.to_toml()) == said
    assert job_hash(said) == job_hash(parse_job(GOOD))


def test_the_one_response_table_tells_the_response() -> None:
    assert parse_job(GOOD.replace('response = "spin_hall"', "")).response == "spin_hall"


#: (what is replaced, by what, the key's path, words of the message)
REFUSED = [
    ("radial =", "radail =", "zone.radail", "did you mean 'radial'"),
    ("temperature", "temprature", "spin_hall.temprature", "did you mean 'temperature'"),
    ("[zone]", "[zones]", "zones", "did you mean 'zone'"),
    ("material =", "materail =", "model.materail", "did you mean 'material'"),
    ("start =", "begin =", "spin_hall.mu.begin", "valid keys here: start, stop, num"),
    ('"polar"', '"polr"', "zone.method", "did you mean 'polar'"),
    ('method = "polar"', "", "zone.method", "required. Choose one of uniform, polar, adaptive"),
    ('kind = "sphere", ', "", "model.cutoff.kind", "required. Choose one of box, disk, sphere, cylinder"),
    ('"conventional"', '"convetional"', "spin_hall.definitions[0]", "did you mean 'conventional'"),
    ('response = "spin_hall"', 'response = "spin_hal"', "response", "did you mean 'spin_hall'"),
    ("radial = 100", "", "zone.radial", "required"),
    ("radial = 100", "radial = 0", "zone.radial", "must be 1 or more, got 0"),
    ("radial = 100", "radial = 1.5", "zone.radial", "expected a whole number, got 1.5"),
    ("radial = 100", "radial = true", "zone.radial", "expected a whole number, got true"),
    ("radial = 100", 'radial = "100"', "zone.radial", "expected a whole number, got '100'"),
    ("num = 11", "num = 9223372036854775807", "spin_hall.mu.num", "must be 1000000 or less, got 9223372036854775807"),
    ("radial = 100", "radial = 1000001", "zone.radial", "must be 1000000 or less"),
    ('method = "polar"', 'method = ["polar"]', "zone.method", "a list is not known"),
    ("300", "-1", "spin_hall.temperature", "must be 0 or more, got -1"),
    ("300", '"-10 meV"', "spin_hall.temperature", "must be 0 or more, got '-10 meV'"),
    ("300", "nan", "spin_hall.temperature", "not a finite number"),
    ("300", '"3 nm"', "spin_hall.temperature", "'nm' is not a temperature"),
    ('"500 meV"', '"500 K"', "spin_hall.mu.stop", "'K' is not an energy"),
    ('"5 1/nm"', '"-5 1/nm"', "model.cutoff.radius", "must be above 0"),
    ('"5 1/nm"', '"5 nm"', "model.cutoff.radius", "'nm' is not a wave vector"),
    ('["zxy"]', '"zxy"', "spin_hall.components", "expected a list, got 'zxy'"),
    ('["zxy"]', "[1]", "spin_hall.components[0]", "expected a text, got 1"),
    ('["zxy"]', "[]", "spin_hall.components", "this list is empty"),
    ('material = "bi2se3"', "material = 3", "model.material", "expected a text, got 3"),
    ("{ start = -0.5, stop =", "{ stop =", "spin_hall.mu.start", "required"),
    ('{ kind = "sphere", radius = "5 1/nm" }', "0.5", "model.cutoff", "expected a table, got 0.5"),
    ("[spin_hall]\n", "[anomalous_hall]\nmu = 0\n[spin_hall]\n", "[anomalous_hall]", "would be ignored"),
]


@pytest.mark.parametrize(("old", "new", "path", "words"), REFUSED)
def test_bad_key_is_named_in_one_line(old: str, new: str, path: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError) as caught:
        parse_job(GOOD.replace(old, new, 1), source="job.toml")
    text = str(caught.value)
    assert text.startswith(f"job.toml: {path}: "), text
    assert words.lower() in text.lower(), text
    assert "\n" not in text


@pytest.mark.parametrize("table", [Range, TimeRange, TemperatureRange, WaveVectorRange])
def test_ranges_fit_into_a_memory(table: type[Any]) -> None:
    ends = {"start": 1.0, "stop": 2.0}
    assert convert({**ends, "num": 1_000_000}, table).num == 1_000_000
    with pytest.raises(InputError, match=r"^num: must be 1000000 or less, got 1000001"):
        convert({**ends, "num": 1_000_001}, table)


def test_every_refusal_starts_from_a_good_job() -> None:
    """Otherwise the cases above could pass for the wrong reason."""
    parse_job(GOOD, source="job.toml")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"a = = 1", "not valid TOML"), (b"\xff\xfe\x00", "not a text in UTF-8"), (None, "cannot read the job")],
)
def test_unreadable_file(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "job.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        load_job(path)
    assert str(path) in str(caught.value)


def test_byte_order_mark_is_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "job.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_job(path) == parse_job(GOOD)


def test_structs_built_in_python_are_checked_too() -> None:
    bad = schema.Job(
        response="spin_hall",
        model=schema.Material(material="bi2se3"),
        spin_hall=schema.SpinHall(mu=0.0, temperature=-3.0),
    )
    with pytest.raises(InputError, match=r"^spin_hall\.temperature: must be 0 or more"):
        validated(bad)


def test_model_files_count_from_the_folder_of_the_job(tmp_path: Path) -> None:
    path = tmp_path / "job.toml"
    path.write_text('response = "spin_hall"\n[model]\nkind = "wannier90"\ntb = "x_tb.dat"\nspn = "/abs/x.spn"\n')
    model = load_job(path).model
    assert isinstance(model, schema.Wannier90)
    assert model.tb == str(tmp_path / "x_tb.dat")
    assert model.spn == "/abs/x.spn"


# ------------------------------------------------------------------------------------------------ writing
SCALARS = st.one_of(
    st.booleans(), st.integers(-(2**40), 2**40), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@given(parameters=st.dictionaries(st.text(max_size=6), VALUES, max_size=4), title=st.text(max_size=12))
def test_toml_round_trip(parameters: dict[str, Any], title: str) -> None:
    """Whatever a text or a nested table holds: quotes, control characters, empty keys, other alphabets."""
    job = schema.Job(
        response="spin_hall", title=title, model=schema.Material(material="qwz", parameters=parameters), zone=None
    )
    text = job_to_toml(job)
    assert tomllib.loads(text)["model"].get("parameters", {}) == parameters
    assert parse_job(text) == job


def test_every_table_survives_the_round_trip() -> None:
    models: list[schema.Model] = [
        schema.Wannier90(chk="a.chk", eig="a.eig", tie_tolerance=1e-4, dim=2, wigner_seitz=False),
        schema.Wannier90(hr="a_hr.dat", lattice=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))),
        schema.TightBindingFile(file="a.npz", source="us"),
        schema.Material(material="x", cutoff=schema.BoxCutoff(half_widths=(0.1, 0.2, 0.3))),
        schema.Material(material="x", cutoff=schema.CylinderCutoff(radius=0.1, half_height=0.2)),
        schema.Material(material="x", cutoff=schema.DiskCutoff(radius=0.1)),
    ]
    tables: list[dict[str, Any]] = [
        {"response": "bands", "bands": schema.Bands(path=(schema.PathPoint(label="G", k=(0.0, 0.0)),), points=5)},
        {"response": "band_geometry", "band_geometry": schema.BandGeometry(points=((0.0, 0.5),))},
        {"response": "anomalous_hall", "anomalous_hall": schema.AnomalousHall(mu=(0.0, 0.1), components=("xy",))},
        {"response": "spin_hall", "zone": schema.AdaptiveZone(rtol=1e-3, max_evaluations=100, base=2)},
        {"response": "spin_hall", "zone": schema.Uniform(mesh=(4, 4, 4)), "spin_hall": schema.SpinHall(omega=1.0)},
    ]
    for model in models:
        for table in tables:
            job = schema.Job(model=model, **table)
            assert parse_job(job.to_toml()) == job


# ------------------------------------------------------------------------------------------------ hashes
def test_hash_knows_the_question_and_not_its_title() -> None:
    job = parse_job(GOOD)
    assert job_hash(parse_job("# a comment\n" + GOOD)) == job_hash(job)
    assert job_hash(msgspec.structs.replace(job, title="another")) == job_hash(job)
    assert job_hash(parse_job(GOOD.replace("num = 11", "num = 12"))) != job_hash(job)
    assert run_key(job) != job_hash(job)
    assert run_key(job) == run_key(parse_job(GOOD))


def test_hash_knows_the_contents_of_the_files_and_not_their_place(tmp_path: Path) -> None:
    text = 'response = "spin_hall"\n[model]\nkind = "wannier90"\ntb = "x_tb.dat"\n'
    hashes = []
    for folder, content in (("a", "one"), ("b", "one"), ("c", "two")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x_tb.dat").write_text(content)
        (tmp_path / folder / "job.toml").write_text(text)
        hashes.append(job_hash(load_job(tmp_path / folder / "job.toml")))
    assert hashes[0] == hashes[1] != hashes[2]
    (tmp_path / "a" / "x_tb.dat").unlink()
    with pytest.raises(InputError, match=r"model\.tb: cannot read"):
        job_hash(load_job(tmp_path / "a" / "job.toml"))
