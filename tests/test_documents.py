"""The documents say what is so: every key of a job has a meaning, the examples in the README run, no link is dead."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from crosscurrent.jobs import load_job, schema
from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.parse import parse_job
from crosscurrent.jobs.plan import plan

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = sorted(
    [
        *REPOSITORY.glob("*.md"),
        *(page for room in (".", "theory", "tutorials", "howto") for page in (REPOSITORY / "docs" / room).glob("*.md")),
    ]
)


def block(page: Path, language: str) -> str:
    return blocks(page, language)[0]


def blocks(page: Path, language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    assert found, f"{page.name} shows no {language}"
    return found


@pytest.fixture(scope="module")
def job_reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("job_reference", REPOSITORY / "docs/job_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_reference_has_every_table_and_key_of_a_job(job_reference: ModuleType) -> None:
    page = job_reference.page()
    listed = {table for _, tables in job_reference.SECTIONS for table in tables}
    tables = {
        value
        for value in vars(schema).values()
        if isinstance(value, type) and issubclass(value, schema.Table) and value is not schema.Table
    }
    assert listed == tables
    for table in tables:
        for field in msgspec.structs.fields(table):
            assert f"| `{field.name}` |" in page
    assert "None" not in page
    assert "<class" not in page


@pytest.mark.parametrize("name", ["bi2se3", "bismuth", "mnbi2te4", "phonon-spin", "ferron-hall"])
def test_embedded_job_is_sound(name: str) -> None:
    prepared = prepare(load_job(REPOSITORY / f"src/crosscurrent/data/jobs/{name}.toml"))
    assert plan(prepared).k_points > 0


def test_readme_job_is_the_embedded_one() -> None:
    shown = parse_job(block(REPOSITORY / "README.md", "toml"))
    embedded = load_job(REPOSITORY / "src/crosscurrent/data/jobs/bi2se3.toml")
    assert msgspec.structs.replace(embedded, title="") == shown


def test_readme_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    code = block(REPOSITORY / "README.md", "python")
    small = code.replace("radial=300, angular=8, polar=120", "radial=40, angular=8, polar=20").replace(", 71)", ", 8)")
    assert small != code
    exec(compile(small, "README.md", "exec"), {})
    conventional, published, corrected = map(float, capsys.readouterr().out.split())
    # in the gap, sphere of 0.5 / angstrom; the corrected value is exactly the negative of the published one
    assert conventional == pytest.approx(-5579.6, rel=2e-3)
    assert published == pytest.approx(1614.0, rel=2e-3)
    assert corrected == pytest.approx(-published, abs=1e-6)


def test_readme_spin_generation_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(blocks(REPOSITORY / "README.md", "python")[1], "README.md", "exec"), {})
    gap, *spin = map(float, re.findall(r"[-\d.]+(?:e[-+]\d+)?", capsys.readouterr().out))
    assert gap == pytest.approx(22.864, abs=1e-3)
    # the numbers of docs and papers: independent calculation, 480 x 480 points
    assert [abs(s) for s in spin] == pytest.approx([1.923e-4, 4.200e-4, 9.568e-4], rel=5e-3)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert source_of(page.parent / target).exists(), f"{page.name}: {target}"


def source_of(path: Path) -> Path:
    """The file of the checkout behind a link: pages of the gallery are made from the examples when the docs are
    built."""
    if path.resolve().parent != REPOSITORY / "docs" / "gallery":
        return path
    return REPOSITORY / "examples" / ("GALLERY_HEADER.rst" if path.stem == "index" else f"{path.stem}.py")
