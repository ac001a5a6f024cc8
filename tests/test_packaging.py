"""What a user gets who installs the wheel or the sdist, and that every version is pinned."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import crosscurrent

MEGABYTE = 1_000_000
PIN = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*==[0-9][0-9a-z.]*")


@pytest.fixture(scope="module")
def project(repository: Path) -> dict:
    return tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def build(kind: str, source: Path, target: Path) -> Path:
    command = [sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = target.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return built


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", repository, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", repository, tmp_path_factory.mktemp("sdist"))


def contents(wheel: Path) -> set[str]:
    return {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}


def test_wheel_is_small_and_holds_code_and_data(wheel: Path, repository: Path) -> None:
    assert wheel.stat().st_size < 3 * MEGABYTE
    names = contents(wheel)
    source = repository / "src"
    in_tree = {
        str(path.relative_to(source))
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert in_tree <= names
    assert "crosscurrent/py.typed" in names
    assert any(name.startswith("crosscurrent/data/jobs/") for name in names)
    assert any(name.startswith("crosscurrent/papers/liu2023-fig1/") for name in names)
    metadata = f"crosscurrent-{crosscurrent.__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {"crosscurrent", metadata}


def test_sdist_is_small_and_makes_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    assert sdist.stat().st_size < 3 * MEGABYTE
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    for name in ("LICENSE", "Makefile", "constraints.txt", "tests/conftest.py", "docs/conf.py", "CITATION.cff"):
        assert (unpacked / name).is_file(), name
    assert contents(build("wheel", unpacked, tmp_path / "again")) == contents(wheel)


@pytest.mark.parametrize("arguments", [["--help"], ["models"], ["reproduce", "--list"]], ids=" ".join)
def test_wheel_runs_outside_the_checkout(wheel: Path, tmp_path: Path, arguments: list[str]) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    code = "import crosscurrent, sys; assert sys.argv.pop(1) in crosscurrent.__file__; "
    code += "from crosscurrent.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, str(site), *arguments],
        cwd=tmp_path,
        env={"PYTHONPATH": str(site), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "MPLCONFIGDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_versions_agree(project: dict, repository: Path) -> None:
    assert project["version"] == crosscurrent.__version__
    citation = (repository / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {crosscurrent.__version__}\n" in citation
    assert f"## {crosscurrent.__version__}" in (repository / "CHANGELOG.md").read_text(encoding="utf-8")


def test_constraints_hold_names_and_versions_only(repository: Path) -> None:
    lines = (repository / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert lines == sorted(lines)
    assert not [line for line in lines if not PIN.fullmatch(line)]


def test_every_dependency_is_pinned_within_its_range(project: dict, repository: Path) -> None:
    lines = (repository / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}
    wanted = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    for requirement in map(Requirement, wanted):
        version = pins.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not in constraints.txt"
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement} excludes {version}"
