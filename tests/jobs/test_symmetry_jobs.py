"""Jobs with irreducible meshes and symmetrized models: the same answer, resumed runs, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crosscurrent.jobs.build import prepare
from crosscurrent.jobs.parse import job_hash, job_to_toml, parse_job
from crosscurrent.jobs.run import run_job
from crosscurrent.numerics.chunks import Partial, Work
from crosscurrent.units import InputError

FILM = """
response = "spin_generation"
model = { material = "mnbi2te4" }
spin_generation = { filling = 4, omega = "1 THz", projections = "all" }
[zone]
method = "uniform"
mesh = [12, 12]
"""
LAYER = """
response = "anomalous_hall"
anomalous_hall = { mu = 0.0, temperature = 300 }
[model]
kind = "tight_binding"
file = "random.npz"
dim = 2
[model.symmetrize]
positions = [[0.333333, 0.666667, 0], [0.666667, 0.333333, 0]]
species = ["C", "C"]
moments = [1, 1]
projections = ["C: pz"]
limit = "100 eV"
[zone]
method = "uniform"
mesh = [9, 9]
irreducible = true
"""


def test_the_key_makes_another_job_with_the_same_answer() -> None:
    whole, reduced = parse_job(FILM), parse_job(FILM + "irreducible = true\n")
    assert job_hash(whole) != job_hash(reduced) and parse_job(job_to_toml(reduced)) == reduced
    assert parse_job(FILM + "irreducible = false\n") == whole and "irreducible" not in job_to_toml(whole)
    one, other = run_job(whole), run_job(reduced)
    assert other.attrs["evaluations"] < 0.3 * one.attrs["evaluations"]
    for name in ("upsilon0", "upsilon1", "upsilon2"):
        largest = float(np.abs(one[name]).max())
        np.testing.assert_allclose(other[name], one[name], rtol=0, atol=1e-12 * largest)
        np.testing.assert_allclose(other[f"{name}_error"], one[f"{name}_error"], rtol=0, atol=1e-11 * largest)


def test_a_run_that_was_stopped_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    job = parse_job(FILM + "irreducible = true\n")

    class Stop(Exception):
        pass

    class Watch:
        count = 0

        def begin(self, stage: str, total: float, found: float) -> None:
            return

        def advance(self, stage: str, weight: float) -> None:
            self.count += 1
            if self.count == 1:
                raise Stop

        def end(self, stage: str) -> None:
            return

    out = tmp_path / "out.nc"
    with pytest.raises(Stop):
        run_job(job, out, progress=Watch())
    resumed, fresh = run_job(job, out), run_job(job)
    for name in ("upsilon0", "upsilon1", "upsilon1_error"):
        assert resumed[name].values.tobytes() == fresh[name].values.tobytes()


def test_pieces_of_an_irreducible_mesh_go_through_the_map() -> None:
    seen: list[str] = []

    def watch(
        stage: str, work: Work, chunks: Sequence[Any], weights: Sequence[float] | None = None
    ) -> Iterator[Partial]:
        seen.append(stage)
        for chunk in chunks:
            yield work(chunk)

    prepare(parse_job(FILM + "irreducible = true\n")).compute(watch)
    # the names tell the group and the points, so that pieces of another cannot be taken for these
    assert seen[0] == "mesh-24-19" and seen[1].startswith("coarse-mesh-3-24-")


def _random_layer(folder: Path) -> None:
    """Two sites of a honeycomb, one orbital with spin each, random hoppings to the nearest cells."""
    rng = np.random.default_rng(2)
    lattice = np.array([[2.46, 0, 0], [-1.23, 2.46 * np.sqrt(0.75), 0], [0, 0, 15.0]])
    vectors = np.array(list(product((-1, 0, 1), (-1, 0, 1), (0,))))
    h = rng.normal(size=(9, 4, 4)) + 1j * rng.normal(size=(9, 4, 4))
    sites = np.repeat([[1 / 3, 2 / 3, 0], [2 / 3, 1 / 3, 0]], 2, axis=0) @ lattice
    hermitian = h + h[::-1].conj().swapaxes(1, 2)
    np.savez(folder / "random.npz", lattice=lattice, vectors=vectors, hamiltonian=hermitian, positions=sites)


def test_a_symmetrized_model_out_of_a_job(tmp_path: Path) -> None:
    _random_layer(tmp_path)
    job = parse_job(LAYER, folder=tmp_path)
    assert parse_job(job_to_toml(job)) == job
    result = run_job(job)
    assert "symmetrized with the 24 operations of 6/mm'm'; residual before: hamiltonian" in result.attrs["warnings"]
    assert "this sum has the 24 operations of 6/mm'm'" in result.attrs["irreducible"]
    assert abs(result.conductivity.sel(current="x", field="y").item()) > 1e-3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('projections = ["C: pz"]\n', ""), "model.symmetrize.projections: this key is required"),
        (('limit = "100 eV"\n', ""), "differ by up to"),
        (('["C: pz"]', '["C: pz"]\nspin = "none"'), "name 2 functions with spin 'None', the model has 4"),
        (("moments = [1, 1]", "moments = [1, 1]\nsymprecs = 1"), "unknown key .did you mean 'symprec'"),
    ],
)
def test_refusals(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    _random_layer(tmp_path)
    with pytest.raises(InputError, match=message):
        prepare(parse_job(LAYER.replace(*change), folder=tmp_path))
