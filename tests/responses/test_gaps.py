"""Settings that do not fit the model: each is refused in one line that says what, where and what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from crosscurrent.models.bloch import Operator
from crosscurrent.models.materials.bi2se3 import bi2se3
from crosscurrent.models.materials.haldane import haldane
from crosscurrent.models.materials.kane_mele import kane_mele
from crosscurrent.models.materials.qwz import qwz
from crosscurrent.numerics.domains import Sphere
from crosscurrent.numerics.zone import PolarGrid, UniformMesh
from crosscurrent.responses import gaps
from crosscurrent.responses.spin_hall import spin_hall
from crosscurrent.units import InputError

MESH = UniformMesh((6, 6))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"definitions": ["liu2032"]}, "spin_hall.definitions: unknown definition 'liu2032'. Did you mean 'liu2023'"),
        ({"definitions": ["conventionl"]}, "Did you mean 'conventional'"),
        ({"definitions": []}, "no definition asked for"),
        ({"mu": 1.5, "definitions": ["shi2006"]}, "'shi2006' is defined for insulators.*move mu into the gap"),
        ({"mu": 50.0, "definitions": ["shi2006"]}, "'shi2006' is defined for insulators"),
        ({"spin": "physical_spn"}, "no operator 'physical_spn'"),
        ({"spin": "spn"}, "no operator 'spn'.*Did you mean 'spin'"),
        ({"spin": np.eye(2)[None]}, "acts on 2 states, the model has 4"),
        ({"spin": np.triu(np.ones((1, 4, 4)))}, "not Hermitian"),
        ({"spin": np.full((1, 4, 4), np.nan)}, "NaN or infinity"),
        ({"spin": np.eye(4)}, "one square matrix for each"),
        ({"projector": "C"}, "no projector 'C'.*[Cc]hoose from A, B"),
        ({"projector": np.ones(3)}, r"projector has shape \(3, 3\), the model 4 states"),
        ({"unit": "S/cm"}, "unknown unit 'S/cm'"),
        ({"unit": "e/(4pi)"}, r"Did you mean 'e/\(4 pi\)'"),
        ({"unit": "(hbar/e) S/cm"}, "give the thickness in angstrom|Give the thickness in angstrom"),
        ({"thickness": 0.0}, "thickness is a positive length"),
        ({"temperature": -10.0}, "temperature must not be negative, got -10"),
        ({"temperature": np.nan}, "temperature must not be negative"),
        ({"eta": -0.1}, "eta must not be negative"),
        ({"grouping": "none"}, "unknown grouping 'none'"),
        ({"degeneracy": -1e-3}, "degeneracy must be positive"),
        ({"velocity": "exact"}, "unknown velocity 'exact'"),
        ({"velocity": "qiao"}, "does not carry the matrices of velocity 'qiao'.*chk, .eig, .mmn and .spn"),
        ({"velocity": "ryoo"}, "does not carry the matrices of velocity 'ryoo'.*sHu and .sIu"),
        ({"omega": 0.1, "definitions": ["liu2023"]}, "only the conventional current is defined at finite frequency"),
        ({"mu": None}, "no chemical potential given"),
        ({"mu": []}, "one or more finite energies"),
        ({"mu": [[0.0]]}, "one or more finite energies"),
        ({"mu": [0.0, np.inf]}, "one or more finite energies"),
        ({"mu": [0.1, 0.1]}, "same chemical potential appears twice"),
        ({"filling": 2}, "either mu or filling, not both"),
        ({"mu": None, "filling": 4}, "between 1 and 3, got 4"),
        ({"mu": None, "filling": 0}, "between 1 and 3, got 0"),
        ({"mu": None, "filling": 2, "temperature": 300.0}, "a filling has no temperature"),
        ({"mu": None, "filling": 1}, "bands 0 and 1 come within .* no gap at this filling"),
        ({"method": UniformMesh((6, 6, 6))}, "the mesh has 3 directions, the model 2"),
        ({"method": PolarGrid(6, 6)}, "a polar grid does not fit a whole Brillouin zone"),
    ],
)
def test_refused(options: dict[str, Any], message: str) -> None:
    settings = {"mu": 0.0, "method": MESH, **options}
    mu = settings.pop("mu")
    with pytest.raises(InputError, match=message):
        spin_hall(kane_mele(), mu, **settings)


def test_model_without_spin() -> None:
    with pytest.raises(InputError, match=r"model 'Haldane' has no spin operator.*spin_ordering"):
        spin_hall(haldane(), 0.0, method=MESH)


def test_kp_model_needs_a_cutoff() -> None:
    with pytest.raises(InputError, match="cutoff"):
        bi2se3()
    with pytest.raises(InputError, match="the mesh has 2 directions, the model 3"):
        spin_hall(bi2se3(cutoff=Sphere(0.3)), 0.1, method=PolarGrid(6, 6))


def test_nan_hidden_in_a_model_is_found() -> None:
    model = qwz()
    model.hamiltonian[0, 0, 0] = np.nan  # after the checks of the constructor
    with pytest.raises(InputError, match="NaN or infinite at some k point"):
        spin_hall(model, 0.0, method=MESH, definitions=["conventional"])


def test_the_first_look_sees_the_gap_and_the_pass_over_the_zone_decides() -> None:
    """A level that leaves the gap at one point of the mesh only: the coarse sample may miss it, the result must not."""
    model = kane_mele()
    energies = np.linalg.eigvalsh(model.grid_matrices(_whole(MESH)).h)
    inside = float(energies[:, 1].max()) - 1e-9
    data = spin_hall(model, [0.0, inside], method=MESH, definitions=["shi2006"])["shi2006"]
    assert np.isfinite(data.isel(mu=0)).all()
    assert np.isnan(data.isel(mu=1)).all()


def _whole(mesh: UniformMesh) -> Any:
    from crosscurrent.numerics.batches import GridRows

    return GridRows(mesh.shape, range(mesh.shape[0]))


def test_candidates_and_samples() -> None:
    model = kane_mele()
    assert gaps.candidate_fillings(model, np.array([0.0])) == (2,)
    assert gaps.candidate_fillings(model, np.array([50.0, -50.0, 1.5])) == ()
    assert len(gaps.sample_points(model, 8)) == 128
    round_model = bi2se3(cutoff=Sphere(0.4))
    assert np.all(np.linalg.norm(gaps.sample_points(round_model, 5), axis=1) <= 0.4)


def test_projecting_is_half_an_anticommutator() -> None:
    operator = Operator.constant(np.array([[[0, 1], [1, 0]]], dtype=complex), labels=("x",))
    p = np.array([1.0, 0.0])
    np.testing.assert_allclose(operator.projected(p).blocks[0, 0], [[0, 0.5], [0.5, 0]])
    assert gaps.projected(qwz(), operator, None) is operator
