"""`convert`: records from a phonopy calculation and an effective Hamiltonian; nothing half-written."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crosscurrent.cli.app import app
from crosscurrent.models.local_mode_file import load_local_mode, local_mode

OWN = """
kappa2 = 8.53400622
j = [-2.08403, -1.12904, 0.68946, -0.61134, 0.0, 0.27690, 0.0]
charge = 10.33
dielectric = 6.86915
lattice_constant = 3.98597
"""


def invoke(*words: object) -> Result:
    return CliRunner().invoke(app, ["convert", *map(str, words)])


def test_published_effective_hamiltonian(tmp_path: Path) -> None:
    done = invoke("effective-hamiltonian", "batio3-2010", "-o", tmp_path / "a.json")
    assert done.exit_code == 0, done.output
    assert "lowest stiffness around the ordered state: 0.1000" in done.output
    record, known = load_local_mode(tmp_path / "a.json"), local_mode("batio3-a")
    assert abs(record.blocks[0, 0, 0] - known.blocks[0, 0, 0]).max() < 1e-4
    (tmp_path / "own.toml").write_text(OWN)
    again = invoke("effective-hamiltonian", tmp_path / "own.toml", "--name", "mine", "-o", tmp_path / "b.json")
    assert again.exit_code == 0, again.output
    other = load_local_mode(tmp_path / "b.json")
    assert other.name == "mine"
    assert abs(other.blocks[1, 0, 0] - record.blocks[1, 0, 0]).max() == 0


def test_phonopy(shared_data: Path, tmp_path: Path) -> None:
    """Cubic BaTiO3 (ALAMODE, MIT)."""
    source = shared_data / "phonopy" / "BaTiO3_cubic_2x2x2_phonopy_params.yaml"
    well = ("--barrier", 0.03843446, "--u0", 0.07158677)
    done = invoke("phonopy", source, *well, "-o", tmp_path / "b.json")
    assert done.exit_code == 0, done.output
    assert "-5.967" in done.output and "LO-TO splittings" in done.output
    assert load_local_mode(tmp_path / "b.json").mass[0, 0] == pytest.approx(103.52, abs=0.01)
    refused = invoke("phonopy", source, "--barrier", 0.03, "-o", tmp_path / "c.json")
    assert refused.exit_code == 2 and "the well is not determined" in refused.output
    assert [path.name for path in tmp_path.iterdir()] == ["b.json"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OWN.replace("kappa2", "kappa3"), "unknown key .did you mean 'kappa2'"),
        (OWN.replace(", 0.0]", "]"), "j"),
        (OWN.replace("10.33", "-1.0"), "charge = -1 where"),
        ("kappa2 = ", "not valid TOML"),
    ],
)
def test_bad_parameters(text: str, words: str, tmp_path: Path) -> None:
    import re

    (tmp_path / "own.toml").write_text(text)
    done = invoke("effective-hamiltonian", tmp_path / "own.toml", "-o", tmp_path / "a.json")
    assert done.exit_code == 2
    assert re.search(words.replace(" where", ""), done.output), done.output
    assert not (tmp_path / "a.json").exists()


def test_nothing_is_overwritten_or_half_written(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    target.write_text("mine")
    done = invoke("effective-hamiltonian", "batio3-2010", "-o", target)
    assert done.exit_code == 2 and "this file exists" in done.output and target.read_text() == "mine"
    assert invoke("effective-hamiltonian", "batio3-2010", "--force", "-o", target).exit_code == 0
    lost = invoke("effective-hamiltonian", "batio3-2010", "-o", tmp_path / "no" / "a.json")
    assert lost.exit_code == 2 and "cannot write" in lost.output
    unknown = invoke("effective-hamiltonian", "batio3-2011", "-o", tmp_path / "b.json")
    assert unknown.exit_code == 2 and "known: batio3-2010" in unknown.output.lower()
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_models_lists_the_records() -> None:
    listed = CliRunner().invoke(app, ["models"]).output
    assert "batio3-b " in listed and "batio3-a-double" in listed
    details = CliRunner().invoke(app, ["models", "batio3-b"]).output
    assert "22.917 THz" in details and "source:" in details
    assert 'local_mode = "batio3-b"' in CliRunner().invoke(app, ["models", "batio3-b", "--job"]).output
