"""Models averaged over the operations of their structure.

Random matrices on a structure have no symmetry. Averaged they have to have the group that spglib names, and the group
is then found by another route: from the anomalous Hall integrand at general points, which knows no orbitals.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from crosscurrent.models.bloch import Operator
from crosscurrent.models.materials.bismuth import bismuth_wannier
from crosscurrent.models.materials.registry import material
from crosscurrent.models.spin_matrices import ordered_spin
from crosscurrent.models.symmetrize import symmetrize
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.models.wannier90 import load_wannier90
from crosscurrent.physics.structure_group import structure_group
from crosscurrent.responses.anomalous_hall import AnomalousHallIntegrand
from crosscurrent.responses.spin_hall_integrand import SpinHallIntegrand
from crosscurrent.responses.zone_symmetry import zone_symmetry
from crosscurrent.units import InputError


@dataclass(frozen=True)
class Structure:
    """counts: orbitals of each site, in the order of the sites and so of the projections."""

    lattice: Any
    positions: Any
    species: tuple[str, ...]
    projections: tuple[str, ...]
    counts: tuple[int, ...]
    moments: Any = None
    dim: int = 3

    @property
    def told(self) -> dict[str, Any]:
        return {
            "positions": self.positions,
            "species": self.species,
            "projections": self.projections,
            "moments": self.moments,
        }


HEXAGONAL = [[4.0, 0, 0], [-2.0, 2 * np.sqrt(3), 0], [0, 0, 6.0]]
BCC = [[-2.0, 2, 2], [2, -2, 2], [2, 2, -2]]
STRUCTURES = {
    "wurtzite": Structure(
        HEXAGONAL,
        [[1 / 3, 2 / 3, 0], [2 / 3, 1 / 3, 0.5], [1 / 3, 2 / 3, 0.38], [2 / 3, 1 / 3, 0.88]],
        ("A", "A", "B", "B"),
        ("A: sp2", "B: p"),
        (3, 3, 3, 3),
    ),
    "hexagonal antiferromagnet": Structure(
        HEXAGONAL, [[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]], ("A", "A"), ("A: p",), (3, 3), [1.0, -1.0]
    ),
    "diamond": Structure(
        [[0, 2.0, 2], [2, 0, 2], [2, 2, 0]], [[0, 0, 0], [0.25, 0.25, 0.25]], ("A", "A"), ("A: p",), (3, 3)
    ),
    "ferromagnet along 111": Structure(BCC, [[0, 0, 0]], ("A",), ("A: d",), (5,), [[1, 1, 1]]),
    "ferromagnet along z": Structure(BCC, [[0, 0, 0]], ("A",), ("A: sp3d2; t2g",), (9,), [1.0]),
    "centred cell": Structure(
        np.diag([3.0, 3.0, 3.5]), [[0, 0, 0], [0.5, 0.5, 0.5]], ("A", "A"), ("A: s",), (1, 1), [1.0, 1.0]
    ),
    "honeycomb layer": Structure(
        HEXAGONAL, [[1 / 3, 2 / 3, 0.5], [2 / 3, 1 / 3, 0.5]], ("A", "A"), ("A: p",), (3, 3), None, 2
    ),
    "rutile antiferromagnet": Structure(
        np.diag([4.6, 4.6, 3.0]),
        [[0, 0, 0], [0.5, 0.5, 0.5], [0.3, 0.3, 0], [0.7, 0.7, 0], [0.2, 0.8, 0.5], [0.8, 0.2, 0.5]],
        ("M", "M", "O", "O", "O", "O"),
        ("M: dxz,dyz", "O: pz"),
        (2, 2, 1, 1, 1, 1),
        [1.0, -1.0, 0, 0, 0, 0],
    ),
}


def random_model(structure: Structure, spin: str | None = "interlaced", position: bool = True) -> TightBinding:
    """Random matrices on the nearest cells."""
    rng = np.random.default_rng(5)
    reach = range(-1, 2)
    vectors = np.array(list(product(reach, reach, reach if structure.dim == 3 else [0])))
    home, n = len(vectors) // 2, sum(structure.counts) * (2 if spin else 1)
    cell = np.array(structure.lattice, dtype=float)
    spatial = np.repeat(np.array(structure.positions) @ cell, structure.counts, axis=0)
    sites = spatial if spin is None else np.tile(spatial, (2, 1)) if spin == "block" else np.repeat(spatial, 2, axis=0)

    def hermitian(*extra: int) -> NDArray[np.complex128]:
        shape = (len(vectors), *extra, n, n)
        x = rng.normal(size=shape) + 1j * rng.normal(size=shape)
        x *= np.exp(-np.linalg.norm(vectors @ cell, axis=1) / 2).reshape(-1, *(1,) * (x.ndim - 1))
        return np.asarray(0.5 * (x + x[::-1].conj().swapaxes(-1, -2)))

    centres = sites + 0.1 * rng.normal(size=(n, 3))
    blocks = None
    if position:
        blocks = 0.2 * hermitian(3)
        index = np.arange(n)
        blocks[home][:, index, index] = centres.T
    return TightBinding(
        lattice=cell,
        vectors=vectors,
        hamiltonian=hermitian(),
        positions=centres,
        position_blocks=blocks,
        dim=structure.dim,
        spin=Operator.constant(ordered_spin(n, spin)) if spin else None,  # type: ignore[arg-type]
    )


def found_group(model: TightBinding) -> tuple[str, int, float]:
    integrand = AnomalousHallIntegrand(model, np.zeros(1), 0.0, 1e-4, model.position_blocks is not None)
    symmetry = zone_symmetry(model, integrand)
    return symmetry.group.point_name, len(symmetry), symmetry.deviation


@pytest.mark.parametrize(("spin", "position"), [("interlaced", True), ("block", False)])
@pytest.mark.parametrize("name", list(STRUCTURES))
def test_random_matrices_get_the_group_of_the_structure(name: str, spin: str, position: bool) -> None:
    structure = STRUCTURES[name]
    model = random_model(structure, spin, position)
    made = symmetrize(model, **structure.told, spin=spin, limit=1e9)  # type: ignore[arg-type]
    group = structure_group(
        structure.lattice, structure.positions, structure.species, structure.moments, dim=structure.dim
    )
    distinct = {
        (r.round(6).tobytes(), bool(t)) for r, t in zip(group.rotations + 0.0, group.time_reversal, strict=True)
    }
    name_found, count, deviation = found_group(made.model)
    assert (name_found, count) == (group.point_name, len(distinct)) and made.group == group.name
    assert deviation < 1e-10
    # the random matrices themselves have no symmetry whatever, and say so
    assert made.residuals["hamiltonian"] > 0.5
    with pytest.raises(InputError, match="no symmetry that spares a point"):
        found_group(model)
    # there is nothing left to do
    again = symmetrize(made.model, **structure.told, spin=spin)  # type: ignore[arg-type]
    assert max(again.residuals.values()) < 1e-12
    np.testing.assert_allclose(again.model.positions, made.model.positions, atol=1e-12)


def test_a_structure_of_a_few_digits_is_made_exact() -> None:
    """As files have it: thirds to four digits, and a lattice that is hexagonal to five."""
    structure = STRUCTURES["wurtzite"]
    rough = replace(
        structure,
        lattice=np.round(structure.lattice, 4),
        positions=np.round(structure.positions, 4) + [0.1234, 0, 0.2],
    )
    made = symmetrize(random_model(rough), **rough.told, symprec=2e-3, limit=1e9)
    name, count, deviation = found_group(made.model)
    assert (name, count) == ("6mm1'", 24) and deviation < 1e-10
    np.testing.assert_allclose(made.model.cell, rough.lattice, atol=1e-4)


def test_the_matrices_of_a_spin_current_turn_with_the_others() -> None:
    """Those of Qiao et al. hold positions too, of the function on the right, and here no atom is at the origin."""
    structure = STRUCTURES["rutile antiferromagnet"]
    structure = replace(structure, positions=np.array(structure.positions) + [0.1, 0.2, 0.3])
    plain = random_model(structure)
    rng, n = np.random.default_rng(1), plain.n_states
    shapes = {"spin_position": (3, 3), "spin_hamiltonian": (3,), "spin_hamiltonian_position": (3, 3)}
    extra = {
        name: 0.1 * (rng.normal(size=(27, *shape, n, n)) + 1j * rng.normal(size=(27, *shape, n, n)))
        for name, shape in shapes.items()
    }
    spin = np.zeros((27, 3, n, n), dtype=complex)
    assert plain.spin is not None
    spin[13] = plain.spin.blocks[0]
    model = TightBinding(
        lattice=plain.cell,
        vectors=plain.vectors,
        hamiltonian=plain.hamiltonian,
        positions=plain.positions,
        position_blocks=plain.position_blocks,
        spin=Operator(("x", "y", "z"), "hbar", plain.vectors, spin),
        extra_blocks=extra,
    )
    made = symmetrize(model, **structure.told, limit=1e9).model
    assert made.spin is not None
    integrand = SpinHallIntegrand(
        made, made.spin, np.zeros(1), 0.0, 1e-4, 0.0, None, "qiao", frozenset({"conventional"})
    )
    # the structure has 16 operations; a spin current cannot tell those of inversion and time reversal together
    symmetry = zone_symmetry(made, integrand)
    assert (symmetry.group.name, len(symmetry)) == ("4/mmm1'", 32) and symmetry.deviation < 1e-10


def test_the_matrices_of_a_spin_current_of_a_run(shared_data: Path) -> None:
    """The matrices with a position are off by spin one half times what the position is off by, 0.4 angstrom; counted
    from the wrong place they would be off by ten times that."""
    bi = shared_data / "wannier" / "bi"
    files = {"chk": bi / "bi.chk", "eig": bi / "bi.eig", "mmn": bi / "bi.mmn.gz", "spn": bi / "bi.spn.gz"}
    model = load_wannier90(**files, dim=2)  # type: ignore[arg-type]
    atoms = [model.positions[6 * n : 6 * n + 6].mean(axis=0) @ np.linalg.inv(model.cell) for n in range(4)]
    made = symmetrize(model, positions=atoms, species=["Bi"] * 4, projections=["Bi: p"], symprec=0.02)
    assert made.group == "mm21'" and made.residuals["hamiltonian"] < 1e-3
    assert made.residuals["position"] == pytest.approx(0.43, abs=0.01)
    assert made.residuals["spin_position"] == pytest.approx(0.5 * made.residuals["position"], rel=0.05)


def test_functions_without_spin() -> None:
    structure = STRUCTURES["diamond"]
    made = symmetrize(random_model(structure, None), **structure.told, spin=None, limit=1e9)
    assert found_group(made.model)[:2] == ("m-3m1'", 96)


def test_a_symmetric_model_is_left_as_it_is() -> None:
    """The Slater-Koster model of bismuth is built from directions of bonds, with no word of groups."""
    model = material("bismuth-slater-koster")
    assert isinstance(model, TightBinding)
    atoms = model.positions[::8] @ np.linalg.inv(model.cell)
    order = np.concatenate([8 * n + np.array([0, 1, 6, 7, 2, 3, 4, 5]) for n in range(4)])  # z first, as Wannier90
    turned = TightBinding(
        lattice=model.cell,
        vectors=model.vectors,
        hamiltonian=model.hamiltonian[:, order][:, :, order],
        positions=model.positions,
        dim=2,
        spin=model.spin,
    )
    # outer and inner atoms differ in their energies
    made = symmetrize(turned, positions=atoms, species=["A", "A", "B", "B"], projections=["A: s;p", "B: s;p"])
    assert made.group == "mm21'" and made.n_operations == 8
    assert max(made.residuals.values()) < 1e-9


def test_the_order_of_the_orbitals_matters() -> None:
    model = material("bismuth-slater-koster")
    assert isinstance(model, TightBinding)
    atoms = model.positions[::8] @ np.linalg.inv(model.cell)
    with pytest.raises(InputError, match=r"differ by up to .* eV"):
        symmetrize(model, positions=atoms, species=["A", "A", "B", "B"], projections=["A: s;p", "B: s;p"])


def test_bismuth_from_first_principles() -> None:
    """Time reversal and the mirrors hold in the shipped run to 1e-6 eV, in its position matrix to 0.03 angstrom."""
    before, after = bismuth_wannier(), bismuth_wannier(symmetrized=True)
    note = next(n for n in after.notes if n.startswith("symmetrized"))
    assert "8 operations of mm21'" in note and "position 2.5e-02 angstrom" in note
    assert found_group(after)[:2] == ("mm21'", 8)
    k = np.random.default_rng(0).normal(size=(5, 2))
    apart = np.linalg.eigvalsh(before.matrices(k).h) - np.linalg.eigvalsh(after.matrices(k).h)
    assert 0 < np.abs(apart).max() < 1e-6


def test_iron_from_wannier90(shared_data: Path) -> None:
    """16 operations of 4/mm'm' in sp3d2 hybrids and t2g: every matrix of the run, with those of Qiao's current."""
    fe = shared_data / "wannier" / "fe"
    model = load_wannier90(chk=fe / "Fe.chk", eig=fe / "Fe.eig", mmn=fe / "Fe.mmn", spn=fe / "Fe.spn")
    told: dict[str, Any] = {"positions": [[0, 0, 0]], "species": ["Fe"], "projections": ["Fe: sp3d2;dxy;dxz;dyz"]}
    made = symmetrize(model, **told, moments=[2.2])
    assert made.group == "4/mm'm'" and made.n_operations == 16
    assert 1e-6 < made.residuals["hamiltonian"] < 1e-5
    assert max(made.residuals.values()) < 5e-5
    assert found_group(made.model)[:2] == ("4/mm'm'", 16)
    # without its moment, or with it along x, iron would have another group: the spins tell
    for moments in (None, [[2.2, 0, 0]]):
        with pytest.raises(InputError, match="are not these orbitals in this order, or the moments are others"):
            symmetrize(model, **told, moments=moments)


def test_platinum_with_spins_in_blocks(shared_data: Path) -> None:
    model = load_wannier90(
        hr=shared_data / "wannier" / "pt" / "Pt_hr.dat.gz", lattice=1.96195 * (1 - np.eye(3)), spin_ordering="block"
    )
    told: dict[str, Any] = {"positions": [[0, 0, 0]], "species": ["Pt"], "projections": ["Pt: s", "Pt: p", "Pt: d"]}
    made = symmetrize(model, **told, spin="block")
    assert made.group == "m-3m1'" and made.residuals["hamiltonian"] == pytest.approx(0.057, abs=5e-4)
    with pytest.raises(InputError, match="differ by up to"):
        symmetrize(model, **told, spin="interlaced")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"projections": ["A: s"]}, "name 4 functions with spin 'interlaced', the model has 12"),
        ({"projections": ["A p"]}, "does not say which atom has which orbitals"),
        ({"projections": ["C: p"]}, "does not say which atom has which orbitals"),
        ({"projections": ["A: pz; px; dxy"]}, "carries one of these orbitals into others"),
        ({"limit": 1e-3}, "differ by up to"),
        ({"spin": None}, "functions with spin 'None'"),
    ],
)
def test_refusals(change: dict[str, Any], message: str) -> None:
    structure = STRUCTURES["diamond"]
    with pytest.raises(InputError, match=message):
        symmetrize(random_model(structure), **{**structure.told, "limit": 1e9, **change})


def test_functions_that_lie_elsewhere_are_refused() -> None:
    structure = STRUCTURES["rutile antiferromagnet"]
    moved = np.array(structure.positions) + [0.5, 0.5, 0]
    with pytest.raises(InputError, match=r"is 3\.\d\d angstrom from its atom"):
        symmetrize(random_model(structure), **{**structure.told, "positions": moved, "limit": 1e9})
