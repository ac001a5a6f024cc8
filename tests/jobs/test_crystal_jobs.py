"""Jobs with a phonopy crystal, coefficients of a slab, and tables of scans: round trips, files, refusals, cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from crosscurrent.cli.app import app
from crosscurrent.jobs import load_job, run_job
from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.limits import check_limits
from crosscurrent.jobs.parse import job_hash, job_to_toml, parse_job
from crosscurrent.jobs.plan import plan
from crosscurrent.models.local_mode_file import local_mode, save_local_mode
from crosscurrent.models.phonopy_crystal import load_phonopy
from crosscurrent.models.phonopy_data import phonopy_file
from crosscurrent.numerics.profiles import HotBand, Sponge
from crosscurrent.responses.ferron_coefficients import ferron_coefficients
from crosscurrent.responses.ferron_hall_scan import ferron_hall_scan
from crosscurrent.responses.phonon_dispersion import phonon_dispersion
from crosscurrent.units import InputError

DISPERSION = '[model]\nphonopy = "batio3-cubic"\n[phonon_dispersion]\n'
SLAB = '[model]\nlocal_mode = "batio3-b"\n'
SCAN = (
    SLAB
    + "[ferron_hall]\ngrid = [6, 5, 2]\ntemperature = { hot = 50, cold = 0, width = 0.3, smoothing = 0.2 }\n"
    + "damping = { layers = 2 }\nomega_B = 80\n[ferron_hall.scan]\n"
)


def test_a_dispersion_is_what_the_function_gives() -> None:
    crystal = load_phonopy(phonopy_file("batio3-cubic"))
    found = run_job(parse_job(DISPERSION + "points = 20\nnac = false\n"))
    expected = phonon_dispersion(crystal, nac=False, points=20)
    np.testing.assert_array_equal(found.frequency, expected.frequency)
    assert "ALAMODE" in found.attrs["model_source"]
    corners = 'path = [{ label = "G", k = [0, 0, 0] }, { label = "X", k = [0, 0, 0.5] }]\n'
    asked = parse_job(DISPERSION + corners)
    assert parse_job(job_to_toml(asked)) == asked
    assert run_job(asked).attrs["corner_labels"] == "G\nX"


def test_files_of_a_crystal_count_from_the_job(tmp_path: Path) -> None:
    text = phonopy_file("batio3-cubic").read_text(encoding="utf-8")
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "job.toml").write_text(DISPERSION.replace("batio3-cubic", "own.yaml"), encoding="utf-8")
    job = load_job(tmp_path / "job.toml")
    assert run_job(job).attrs["highest_frequency_THz"] == pytest.approx(22.067, abs=1e-3)
    before = job_hash(job)
    (tmp_path / "own.yaml").write_text(text.replace("137.327000", "137.300000"), encoding="utf-8")
    assert job_hash(job) != before


def test_coefficients() -> None:
    text = SLAB + "[ferron_coefficients]\ngrid = [6, 5, 2]\nwaves = 2\ndamping = { layers = 2 }\n"
    found = run_job(parse_job(text))
    expected = ferron_coefficients(local_mode("batio3-b"), (6, 5, 2), Sponge(layers=2), waves=2)
    np.testing.assert_array_equal(found.polarization_odd, expected.polarization_odd)
    assert plan(prepare(parse_job(text))).k_points == 36
    with pytest.raises(InputError, match=r"ferron_coefficients\.waves: 9 waves"):
        check_limits(prepare(parse_job(text.replace("waves = 2", "waves = 9"))))


def test_a_profile_file_of_coefficients(tmp_path: Path) -> None:
    (tmp_path / "d.txt").write_text("damping (1/ps)\n5\n3\n2\n3\n5\n", encoding="utf-8")
    text = SLAB + '[ferron_coefficients]\ngrid = [6, 5, 2]\nwaves = 1\ndamping = { file = "d.txt" }\n'
    (tmp_path / "job.toml").write_text(text, encoding="utf-8")
    np.testing.assert_allclose(prepare(load_job(tmp_path / "job.toml")).arguments["damping"], [5, 3, 2, 3, 5])


def test_scan_table(tmp_path: Path) -> None:
    save_local_mode(local_mode("batio3-a"), tmp_path / "own.json")
    text = SCAN + 'hot = ["10 K", 50]\nrecord = ["own.json"]\n'
    (tmp_path / "job.toml").write_text(text, encoding="utf-8")
    job = load_job(tmp_path / "job.toml")
    found = run_job(job)
    band = HotBand(50.0, 0.0, 0.3, 0.2)
    records = [local_mode("batio3-b"), local_mode("batio3-a")]
    expected = ferron_hall_scan(records[0], (6, 5, 2), band, Sponge(layers=2), 80.0, hot=[10.0, 50.0], records=records)
    np.testing.assert_array_equal(found.polarization_odd, expected.polarization_odd)
    assert parse_job(job_to_toml(job)) == job
    before = job_hash(job)
    save_local_mode(local_mode("batio3-a-double"), tmp_path / "own.json")
    assert job_hash(job) != before


def test_what_a_scan_costs() -> None:
    one, hot, more, sizes = (
        plan(prepare(parse_job(SCAN + words)))
        for words in ("", "hot = [1, 2, 3]\n", 'record = ["batio3-a"]\n', "grid = [[6, 5, 2], [12, 5, 2]]\n")
    )
    assert hot.k_points == one.k_points and more.k_points == 2 * one.k_points and sizes.k_points == 3 * one.k_points


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SCAN + "hot = [10, 10]\n", "ferron_hall.scan.hot: the list of temperatures"),
        (SCAN + 'record = ["batio3-b"]\n', "ferron_hall.scan.record: .* two have one name"),
        (SCAN + 'record = ["batio3-z"]\n', r"ferron_hall.scan.record\[0\]: unknown record 'batio3-z'"),
        (SCAN + "grid = [[6, 5]]\n", r"ferron_hall.scan.grid\[0\]: expected 3 entries"),
        (SCAN + "hot = []\n", "ferron_hall.scan.hot: this list is empty"),
        (SLAB + "[phonon_dispersion]\n", "asked of the crystal of a phonopy calculation"),
        (DISPERSION.replace("phonon_dispersion", "ferron_hall") + "grid = [2, 2, 2]\n", "this key is required"),
        (DISPERSION + 'path = "G-Q"\n', "phonon_dispersion.path: 'Q' is no corner"),
        (DISPERSION.replace("batio3-cubic", "missing.yaml"), "missing.yaml"),
    ],
)
def test_refusals_name_the_key(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        prepared = prepare(parse_job(text))
        check_limits(prepared)
        run_job(parse_job(text))
    assert "\n" not in str(caught.value)


def test_on_the_command_line(tmp_path: Path) -> None:
    job, out = tmp_path / "job.toml", tmp_path / "out.nc"
    job.write_text(DISPERSION + "points = 12\n", encoding="utf-8")
    for arguments, words in (
        (["models"], "Crystals, for phonon_dispersion and convert phonopy"),
        (["models", "batio3-cubic"], "MIT license"),
        (["models", "batio3-cubic", "--job"], 'phonopy = "batio3-cubic"'),
        (["check", str(job)], "a sound phonon_dispersion job for BaTiO3"),
        (["run", str(job), "--dry-run"], "BaTiO3, 5 atoms, 40 in the supercell, with Born charges"),
        (["run", str(job), "-o", str(out), "--quiet"], "phonon dispersion"),
        (["plot", str(out), "-o", str(tmp_path / "out.png")], "out.png"),
        (
            ["convert", "phonopy", "batio3-cubic", "--barrier", "0.03", "--u0", "0.07", "-o", str(tmp_path / "r.json")],
            "-5.967",
        ),
    ):
        found = CliRunner().invoke(app, arguments)
        assert found.exit_code == 0, found.output
        assert words in found.output
