"""PythTB and TBmodels objects: stand-ins with the attributes of the real ones, and the real ones when installed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from crosscurrent.models.adapters import from_pythtb, from_tbmodels
from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.units import InputError

TRICLINIC = np.array([[1.0, 0.0, 0.0], [0.2, 1.3, 0.3], [0.5, 0.9, 2.0]])
ORBITALS = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
AMPLITUDES = [(0.5 + 0.2j, 0, 1, (1, -1, 2)), (0.7, 0, 0, (1, 0, 0)), (0.3j, 1, 1, (0, 0, 1))]


def pythtb_1(**changed: Any) -> SimpleNamespace:
    """The attributes of a 1.x tb_model."""
    fields = {
        "_lat": TRICLINIC,
        "_orb": ORBITALS,
        "_per": [0, 1, 2],
        "_dim_k": 3,
        "_nspin": 1,
        "_site_energies": np.array([0.3, -0.2]),
        "_hoppings": [[a, i, j, np.array(r)] for a, i, j, r in AMPLITUDES],
    }
    return SimpleNamespace(**{**fields, **changed})


def pythtb_2(**changed: Any) -> SimpleNamespace:
    """Those of a 2.x TBModel: the geometry on a Lattice, the hoppings as dictionaries."""
    fields = {
        "lattice": SimpleNamespace(lat_vecs=TRICLINIC, orb_vecs=ORBITALS, periodic_dirs=[0, 1, 2]),
        "nspin": 1,
        "site_energies": np.array([0.3, -0.2]),
        "hoppings": [
            {"amplitude": a, "from_orbital": i, "to_orbital": j, "lattice_vector": list(r)} for a, i, j, r in AMPLITUDES
        ],
    }
    return SimpleNamespace(**{**fields, **changed})


def by_hand(reduced: np.ndarray, onsite: np.ndarray, amplitudes: list, n: int) -> np.ndarray:
    h = np.zeros((len(reduced), n, n), dtype=complex) + np.diag(onsite)
    for a, i, j, r in amplitudes:
        phase = np.exp(2j * np.pi * reduced @ np.array(r))
        h[:, i, j] += a * phase
        h[:, j, i] += np.conj(a * phase)
    return np.linalg.eigvalsh(h)


def bands(model: TightBinding, reduced: np.ndarray) -> np.ndarray:
    return np.linalg.eigvalsh(model.matrices(reduced @ model.reciprocal).h)


REDUCED = np.random.default_rng(0).random((12, 3))


@pytest.mark.parametrize("build", [pythtb_1, pythtb_2])
def test_pythtb_bands_and_positions(build: Any) -> None:
    model = from_pythtb(build(), source="a test")
    np.testing.assert_allclose(
        bands(model, REDUCED), by_hand(REDUCED, np.array([0.3, -0.2]), AMPLITUDES, 2), atol=1e-13
    )
    np.testing.assert_allclose(model.positions, ORBITALS @ TRICLINIC)
    assert model.dim == 3 and model.spin is None and model.source == "a test"


def test_pythtb_slab_takes_its_periodic_directions_in_order() -> None:
    lattice = np.array([[1.0, 0, 0], [0.2, -0.3, -3.0], [0.5, 0.9, 0]])
    model = from_pythtb(pythtb_1(_lat=lattice, _per=[2, 0], _dim_k=2))
    assert model.dim == 2
    np.testing.assert_allclose(model.lattice, [[0.5, 0.9], [1.0, 0.0]])
    np.testing.assert_allclose(model.positions, ORBITALS @ lattice)
    k = REDUCED[:, :2]
    in_plane = [(a, i, j, (r[2], r[0])) for a, i, j, r in AMPLITUDES]
    np.testing.assert_allclose(bands(model, k), by_hand(k, np.array([0.3, -0.2]), in_plane, 2), atol=1e-13)


def test_pythtb_with_spin_is_interlaced() -> None:
    """One orbital on a square lattice, with a Zeeman term and a spin-orbit hopping: bands known on paper."""
    hop = 0.4 * np.eye(2) + 0.1j * PAULI[1]
    model = from_pythtb(
        pythtb_1(
            _lat=np.eye(2),
            _orb=np.zeros((1, 2)),
            _per=[0, 1],
            _nspin=2,
            _site_energies=np.array([0.25 * PAULI[2]]),
            _hoppings=[[hop, 0, 0, np.array([1, 0])]],
        )
    )
    k = REDUCED[:, :2]
    x = 2 * np.pi * k[:, 0]
    # the hopping and its conjugate give 0.8 cos x and, with sigma_y, 2 Re(0.1 i e^{ix}) = -0.2 sin x
    split = np.hypot(0.25, 0.2 * np.sin(x))
    expected = 0.8 * np.cos(x)[:, None] + split[:, None] * np.array([-1, 1])
    np.testing.assert_allclose(bands(model, k), expected, atol=1e-13)
    assert model.spin is not None
    np.testing.assert_array_equal(model.spin.blocks[0], PAULI / 2)


def test_pythtb_spin_of_two_orbitals() -> None:
    model = from_pythtb(
        pythtb_1(
            _nspin=2,
            _site_energies=np.zeros((2, 2, 2)),
            _hoppings=[[0.5 * PAULI[0], 0, 1, np.array([0, 0, 0])]],
        )
    )
    assert model.spin is not None
    np.testing.assert_allclose(np.diag(model.spin.blocks[0, 2]).real, [0.5, -0.5, 0.5, -0.5])
    home = model.hamiltonian[(model.vectors == 0).all(axis=1)][0]
    assert home[0, 3] == home[3, 0] == 0.5  # orbital 0 up with orbital 1 down
    np.testing.assert_allclose(model.positions[0], model.positions[1])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (object(), "no attribute _lat or lat_vecs"),
        (pythtb_1(_per=[0]), "periodic in 1 directions"),
        (pythtb_1(_per=[0, 2], _dim_k=2), "in the xy plane"),
        (pythtb_1(_site_energies=np.array([0.3 + 1j, 0])), "not Hermitian"),
    ],
)
def test_what_is_no_usable_pythtb_model(model: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_pythtb(model)


def tbmodels_model(**changed: Any) -> SimpleNamespace:
    """The attributes of a TBmodels Model: one of each pair R, -R, and half of R = 0."""
    hop = {(0, 0, 0): np.diag([0.15, -0.1])}
    for a, i, j, r in AMPLITUDES:
        block = np.zeros((2, 2), dtype=complex)
        block[i, j] = a
        hop[r] = block
    fields = {"hop": hop, "size": 2, "dim": 3, "uc": TRICLINIC, "pos": ORBITALS, "occ": 1}
    return SimpleNamespace(**{**fields, **changed})


def test_tbmodels_bands_and_positions() -> None:
    model = from_tbmodels(tbmodels_model())
    np.testing.assert_allclose(
        bands(model, REDUCED), by_hand(REDUCED, np.array([0.3, -0.2]), AMPLITUDES, 2), atol=1e-13
    )
    np.testing.assert_allclose(model.positions, ORBITALS @ TRICLINIC)
    assert model.spin is None
    np.testing.assert_allclose(from_tbmodels(tbmodels_model(pos=None)).positions, 0)


def test_tbmodels_sparse_blocks_and_given_lattice() -> None:
    sparse = {r: SimpleNamespace(toarray=lambda block=block: block) for r, block in tbmodels_model().hop.items()}
    model = from_tbmodels(tbmodels_model(hop=sparse, uc=None), lattice=TRICLINIC)
    np.testing.assert_allclose(bands(model, REDUCED), bands(from_tbmodels(tbmodels_model()), REDUCED), atol=1e-14)


def test_tbmodels_spin_order() -> None:
    fields = {"hop": {(1, 0, 0): np.eye(4)}, "size": 4, "pos": None}
    block = from_tbmodels(tbmodels_model(**fields), spin_order="block")
    interlaced = from_tbmodels(tbmodels_model(**fields), spin_order="interlaced")
    np.testing.assert_allclose(np.diag(block.spin.blocks[0, 2]).real, [0.5, 0.5, -0.5, -0.5])
    np.testing.assert_allclose(np.diag(interlaced.spin.blocks[0, 2]).real, [0.5, -0.5, 0.5, -0.5])


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (object(), {}, "no attribute hop"),
        (tbmodels_model(dim=1), {}, "dimension 2 or 3"),
        (tbmodels_model(uc=None), {}, "no unit cell"),
        (tbmodels_model(uc=np.eye(2)), {}, "unit cell has shape"),
        (tbmodels_model(hop={(1, 0, 0): np.eye(3)}, size=3, pos=None), {"spin_order": "block"}, "pairs of spin"),
        (tbmodels_model(), {"spin_order": "mixed"}, "unknown spin order"),
    ],
)
def test_what_is_no_usable_tbmodels_model(model: Any, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_tbmodels(model, **options)


# ---- the real packages, when they are installed ----


def test_real_pythtb_model() -> None:
    pythtb = pytest.importorskip("pythtb")
    if not hasattr(pythtb, "tb_model"):
        pytest.skip("this PythTB has no tb_model class")
    theirs = pythtb.tb_model(2, 2, [[1, 0], [0.5, np.sqrt(3) / 2]], [[1 / 3, 1 / 3], [2 / 3, 2 / 3]], nspin=2)
    theirs.set_onsite([0.4, -0.4])
    theirs.set_hop([1.0, 0.1j, 0.0, 0.0], 0, 1, [0, 0])
    theirs.set_hop([1.0, 0.0, 0.2j, 0.0], 0, 1, [-1, 0])
    theirs.set_hop([0.0, 0.0, 0.0, 0.3j], 0, 0, [1, 0])
    ours = from_pythtb(theirs)
    expected = np.array([theirs.solve_one(k) for k in REDUCED[:, :2]])
    np.testing.assert_allclose(bands(ours, REDUCED[:, :2]), expected, atol=1e-12)


@pytest.mark.parametrize("sparse", [False, True])
def test_real_tbmodels_model(sparse: bool) -> None:
    tbmodels = pytest.importorskip("tbmodels")
    theirs = tbmodels.Model(
        on_site=[1, -1, 0.5],
        hop={(1, 0, 0): np.array([[0.1, 0.2, 0.3], [0.1j, 0.2, 0.4], [0.1, 0.5j, 0.2]]), (0, 1, 1): 0.3j * np.eye(3)},
        dim=3,
        size=3,
        uc=TRICLINIC,
        pos=np.array([[0.1, 0.2, 0.3], [0, 0, 0], [0.5, 0.5, 0.5]]),
        contains_cc=False,
        sparse=sparse,
    )
    expected = np.array([theirs.eigenval(k) for k in REDUCED])
    np.testing.assert_allclose(bands(from_tbmodels(theirs), REDUCED), expected, atol=1e-12)
