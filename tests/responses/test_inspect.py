"""`inspect`: what it finds in files whose content is known, and what it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from crosscurrent.jobs.parse import parse_job
from crosscurrent.models.wannier90.recognise import recognise
from crosscurrent.responses.inspect import inspect
from crosscurrent.units import InputError
from reference.wannier_run import make_run, write_run


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_run(make_run(seed=2, grid=(3, 3, 1), extra=2), tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def wannier(shared_data: Path) -> Path:
    return shared_data / "wannier"


def test_kinds_by_name_and_by_content(paths: dict[str, Path], tmp_path: Path) -> None:
    for kind, path in paths.items():
        plain = kind.removesuffix("_fmt")
        assert recognise(path) == plain
        if plain in ("shu", "siu"):
            continue  # the two differ in nothing but the name
        unnamed = tmp_path / f"file_{kind}"
        shutil.copy(path, unnamed)
        assert recognise(unnamed) == plain


def test_dimensions_and_routes(paths: dict[str, Path]) -> None:
    found = inspect(*(paths[k] for k in ("spn", "chk", "mmn", "eig")))
    assert found.counts["Wannier functions"] == 4 and found.counts["bands"] == 6 and found.counts["k-points"] == 9
    assert found.mesh == (3, 3, 1)
    assert found.spin_matrices is not None and found.spin_matrices["interlaced"] < 1e-9
    assert found.ordering == "interlaced"
    assert found.spreads is not None and found.spreads[0] == 1.25
    assert 'spn = "' in found.job and "spin_ordering" not in found.job


def test_companions_of_a_single_file_are_found(paths: dict[str, Path], tmp_path: Path) -> None:
    for kind in ("chk", "eig", "mmn"):
        shutil.copy(paths[kind], tmp_path / paths[kind].name)
    found = inspect(tmp_path / "x.chk")
    assert [kind for kind, _ in found.files] == ["chk", "eig", "mmn"]
    assert any("x.eig" in note for note in found.notes)


def test_files_that_make_no_model_tell_their_dimensions(paths: dict[str, Path]) -> None:
    found = inspect(paths["mmn"], paths["spn"])
    assert found.counts == {"k-points": 9, "neighbours": 6, "bands": 6}
    assert found.job == "" and any("no model" in note for note in found.notes)


def test_everything_at_once_takes_the_checkpoint(paths: dict[str, Path]) -> None:
    kinds = ("tb", "hr", "wsvec", "centres", "win", "chk", "eig", "mmn", "spn", "shu", "siu")
    found = inspect(*(paths[k] for k in kinds))
    assert any("not used: x_tb.dat, x_hr.dat, x_wsvec.dat, x_centres.xyz" in note for note in found.notes)


def test_suggested_job_is_a_job(paths: dict[str, Path]) -> None:
    for kinds in (("chk", "eig", "mmn", "spn"), ("tb",), ("hr", "win", "centres")):
        job = parse_job(inspect(*(paths[k] for k in kinds)).job)
        assert job.response == "spin_hall" and job.model.dim == 2  # type: ignore[union-attr]
        assert job.spin_hall is not None and job.zone is not None


def test_report_reads_well(paths: dict[str, Path]) -> None:
    text = str(inspect(*(paths[k] for k in ("chk", "eig", "mmn", "spn"))))
    for part in (
        "4 Wannier functions",
        "3x3x1 k-mesh",
        "time reversal, residual",
        "spin ordering: interlaced",
        "[model]",
    ):
        assert part in text
    assert (
        max(
            len(line) for line in text.split("\n") if not line.lstrip().startswith(("chk", "eig", "mmn", "spn", "note"))
        )
        < 130
    )


def test_no_lattice_is_no_error(paths: dict[str, Path], tmp_path: Path) -> None:
    lonely = tmp_path / "y_hr.dat"
    shutil.copy(paths["hr"], lonely)
    found = inspect(lonely)
    assert found.reach is None and found.centres is None and any("no lattice known" in n for n in found.notes)
    assert inspect(lonely, lattice=np.diag([3.0, 3.7, 4.1])).reach is not None


def test_refusals(paths: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        inspect()
    with pytest.raises(InputError, match="no such file"):
        inspect(tmp_path / "absent.chk")
    with pytest.raises(InputError, match="second chk"):
        inspect(paths["chk"], paths["chk_fmt"])
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear reader,\nthis is no Wannier file.\nYours\n")
    with pytest.raises(InputError, match="not recognised"):
        inspect(letter)


def test_bismuth(wannier: Path) -> None:
    """An early run: interlaced, time reversal to 1e-6 eV, no inversion, a gap above 12 bands around -3.71 eV."""
    for name in ("bi.chk", "bi_tb.dat.gz"):
        found = inspect(wannier / "bi" / name)
        assert found.ordering == "interlaced"
        assert found.time_reversal is not None
        assert 1e-7 < found.time_reversal["interlaced"] < 2e-6 and found.time_reversal["block"] > 1
        assert found.inversion is not None and found.inversion > 0.03
        assert found.gaps[0].filled == 12 and found.gaps[0].below < -3.71 < found.gaps[0].above
        assert found.mesh == (6, 6, 1)
        assert "dim = 2" in found.job


def test_platinum_is_block_ordered_and_iron_magnetic(wannier: Path) -> None:
    pt = inspect(wannier / "pt" / "Pt_hr.dat.gz", lattice=1.96195 * (1 - np.eye(3)))
    assert pt.ordering == "block" and pt.inversion is not None and pt.inversion < 0.1
    assert 'spin_ordering = "block"' in pt.job
    fe = inspect(wannier / "fe" / "Fe.chk")
    assert (
        fe.ordering == "interlaced"
        and fe.time_reversal is not None
        and min(fe.time_reversal["block"], fe.time_reversal["interlaced"]) > 1
    )
    assert fe.inversion is not None and fe.inversion < 1e-4
