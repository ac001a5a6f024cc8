"""Irreducible meshes against the whole ones, for every response that sums over k, values and errors alike."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from crosscurrent.models.bloch import BlochModel, Operator
from crosscurrent.models.materials.bismuth import FERMI_ENERGY, bismuth_wannier
from crosscurrent.models.materials.registry import material
from crosscurrent.models.symmetrize import symmetrize
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.models.wannier90 import load_wannier90
from crosscurrent.numerics.domains import Disk
from crosscurrent.numerics.waveforms import GaussianPulse
from crosscurrent.numerics.zone import UniformMesh
from crosscurrent.responses.anomalous_hall import AnomalousHallIntegrand, anomalous_hall
from crosscurrent.responses.band_geometry import band_geometry
from crosscurrent.responses.edelstein import edelstein
from crosscurrent.responses.estimate import estimate
from crosscurrent.responses.spin_generation import spin_generation
from crosscurrent.responses.spin_generation_map import spin_generation_map
from crosscurrent.responses.spin_hall import spin_hall
from crosscurrent.responses.spin_mechanisms import spin_mechanisms
from crosscurrent.responses.spin_pulse import spin_pulse
from crosscurrent.responses.zone_symmetry import zone_symmetry
from crosscurrent.results import estimates
from crosscurrent.results.schema import ERROR_SUFFIX
from crosscurrent.units import InputError

Response = Callable[..., xr.Dataset]


def both(
    response: Response, model: BlochModel, shape: tuple[int, ...], *args: Any, shifted: bool = False, **options: Any
) -> tuple[xr.Dataset, xr.Dataset]:
    whole, reduced = (
        response(model, *args, method=UniformMesh(shape, shifted, irreducible), **options)
        for irreducible in (False, True)
    )
    return whole, reduced


def assert_same(whole: xr.Dataset, reduced: xr.Dataset, value: float = 1e-12, error: float = 1e-11) -> None:
    """Relative to the largest component among all definitions or terms of one unit: what one of them loses to
    cancellation, it loses in the whole mesh too. Errors are differences of sums, and round like these.
    """
    assert reduced.attrs["evaluations"] < 0.6 * whole.attrs["evaluations"]
    assert "operations" in reduced.attrs["irreducible"] and "irreducible" not in whole.attrs
    for name in estimates(whole):
        alike = [n for n in estimates(whole) if whole[n].attrs["units"] == whole[name].attrs["units"]]
        largest = max(np.nanmax(np.abs(whole[n].values)) for n in alike)
        np.testing.assert_allclose(reduced[name].values, whole[name].values, rtol=0, atol=value * largest, err_msg=name)
        if name + ERROR_SUFFIX in whole:
            apart = np.abs(reduced[name + ERROR_SUFFIX].values - whole[name + ERROR_SUFFIX].values)
            assert np.nanmax(apart) <= error * largest, name


@cache
def film() -> BlochModel:
    """Two septuple layers: time reversal only together with inversion, and two layers that it exchanges."""
    return material("mnbi2te4")


@cache
def bismuth() -> TightBinding:
    return bismuth_wannier(symmetrized=True)


@cache
def iron(folder: Path) -> TightBinding:
    fe = folder / "wannier" / "fe"
    model = load_wannier90(chk=fe / "Fe.chk", eig=fe / "Fe.eig", mmn=fe / "Fe.mmn", spn=fe / "Fe.spn")
    told: dict[str, Any] = {"positions": [[0, 0, 0]], "species": ["Fe"], "projections": ["Fe: sp3d2;dxy;dxz;dyz"]}
    return symmetrize(model, **told, moments=[2.2]).model


# ------------------------------------------------------------------------------------------------ MnBi2Te4
@pytest.mark.parametrize("shape", [(24, 24), (15, 15)])
def test_spin_hall_of_mnbi2te4_in_every_definition(shape: tuple[int, ...]) -> None:
    whole, reduced = both(spin_hall, film(), shape, [0.0, 0.2, 0.027], temperature=30)
    assert_same(whole, reduced)
    assert len(estimates(whole)) >= 7 and reduced.attrs["evaluations"] < 0.2 * whole.attrs["evaluations"]


def test_spin_hall_of_a_layer_has_fewer_operations() -> None:
    whole, reduced = both(spin_hall, film(), (18, 18), [0.027], projector="layer 1", definitions=["conventional"])
    assert_same(whole, reduced)
    other = both(spin_hall, film(), (18, 18), [0.027], definitions=["conventional"])[1]
    assert reduced.attrs["evaluations"] >= other.attrs["evaluations"]


def test_optical_spin_hall_keeps_both_parts() -> None:
    whole, reduced = both(
        spin_hall, film(), (18, 18), [0.027], definitions=["conventional"], omega=[0.0, 0.3], eta=0.01
    )
    assert np.abs(whole["conventional"].values.imag).max() > 0
    assert_same(whole, reduced)


def test_spin_hall_of_a_filling_and_of_the_crystal() -> None:
    whole, reduced = both(spin_hall, material("mnbi2te4-bulk"), (10, 10, 6), filling=4, unit="e/angstrom")
    assert_same(whole, reduced)


def test_anomalous_hall_of_an_odd_film() -> None:
    """Three layers have a moment: time reversal is in no operation that matters for the sign."""
    whole, reduced = both(anomalous_hall, material("mnbi2te4", layers=3), (24, 24), [0.027, 0.1])
    assert np.abs(whole["conductivity"].values).max() > 0.1
    assert_same(whole, reduced)
    assert "6/mm'm'" in reduced.attrs["irreducible"]


def test_the_charge_limit_beside_the_spin_current() -> None:
    """One pass, two parities: under time reversal the one stays and the other turns round."""
    wanted = ["conventional", "anomalous_hall"]
    whole, reduced = both(spin_hall, material("mnbi2te4", layers=3), (18, 18), [0.027], definitions=wanted)
    assert np.abs(whole["anomalous_hall"].values).max() > 0.1
    assert_same(whole, reduced, error=1e-10)
    assert "24 operations of 6/mm'm'" in reduced.attrs["irreducible"]


@pytest.mark.parametrize("shifted", [False, True])
def test_spin_generation_resolved_by_layer(shifted: bool) -> None:
    """An operation that exchanges the layers carries one projection into the other."""
    options: dict[str, Any] = {"filling": 4, "omega": [0.004, 0.01], "projections": "all", "shifted": shifted}
    whole, reduced = both(spin_generation, film(), (16, 16), **options)
    assert_same(whole, reduced)
    layers = whole["upsilon1"].sel(projection=["layer 1", "layer 2"]).values
    assert np.abs(layers[..., 0] - layers[..., 1]).max() > 0.1 * np.abs(layers).max()
    if not shifted:
        assert "24 operations" in reduced.attrs["irreducible"]
    else:
        # a mesh that is shifted along two axes at 60 degrees keeps a part of the group
        assert "of them carry the mesh into itself" in reduced.attrs["irreducible"]


def test_the_susceptibility_mixes_parities_and_is_left_to_rotations() -> None:
    whole, reduced = both(
        spin_generation, film(), (18, 18), filling=4, omega=[0.01], kubo=True, eta=0.003, projections="all"
    )
    assert_same(whole, reduced)
    assert "12 operations of 622" in reduced.attrs["irreducible"]


def test_edelstein_and_the_mechanisms() -> None:
    options: dict[str, Any] = {"temperature": 600, "relaxation_time": 10.0}
    assert_same(*both(edelstein, film(), (24, 24), [0.3], projections="all", **options))
    whole, reduced = both(
        spin_mechanisms, film(), (24, 24), filling=4, mu_doped=0.1, omega=0.004, sublattices=("A", "B"), **options
    )
    for name in ("uniform_tensor", "staggered_tensor"):
        largest = np.abs(whole[name].values).max()
        np.testing.assert_allclose(reduced[name], whole[name], rtol=0, atol=1e-12 * largest)
    assert (whole["kind"] == reduced["kind"]).all()
    # the staggered spin is counted with the other sign by half of them
    assert "24 operations" in reduced.attrs["irreducible"]


def test_the_spin_of_a_pulse() -> None:
    pulse = GaussianPulse(amplitude=(1e6, 0.0), frequency=1.0, duration=1.0)
    options: dict[str, Any] = {"filling": 4, "times": [-0.5, 0.0, 0.7]}
    assert_same(*both(spin_pulse, film(), (18, 18), None, pulse, **options))
    with pytest.raises(InputError, match="this has no irreducible mesh"):
        spin_pulse(film(), None, pulse, method=UniformMesh((6, 6), irreducible=True), route="von_neumann", **options)


@pytest.mark.parametrize("options", [{"filling": 4}, {"temperature": 300.0, "eta": 0.01}])
def test_maps_are_unfolded(options: dict[str, Any]) -> None:
    mu = None if "filling" in options else 0.1
    whole, reduced = (
        spin_generation_map(film(), mu, [0.004], UniformMesh((12, 12), irreducible=i), projections="all", **options)
        for i in (False, True)
    )
    for name in ("upsilon0", "upsilon1", "upsilon2", "kx"):
        largest = np.abs(whole[name].values).max()
        np.testing.assert_allclose(reduced[name], whole[name], rtol=0, atol=1e-12 * largest)
    assert "19 of 144 points" in reduced.attrs["irreducible"]


# ------------------------------------------------------------------------------------------------ bismuth
@pytest.mark.parametrize("name", ["bismuth", "bismuth-slater-koster"])
def test_bismuth(name: str) -> None:
    model, filling = (bismuth(), 12) if name == "bismuth" else (material(name), 20)
    whole, reduced = both(spin_generation, model, (12, 12), filling=filling, omega=[0.04], tensors=["upsilon1"])
    assert_same(whole, reduced)
    # time reversal with inversion leaves k and Upsilon1 alone, whether the model has it or not
    assert "16 operations of mmm1'" in reduced.attrs["irreducible"]
    whole, reduced = both(spin_hall, model, (12, 12), filling=filling, degeneracy=0.01)
    assert_same(whole, reduced, error=1e-10)


def test_bismuth_with_the_position_matrix_and_a_fermi_surface() -> None:
    options: dict[str, Any] = {"temperature": 300, "relaxation_time": 10.0, "projections": "all"}
    whole, reduced = both(edelstein, bismuth(), (12, 12), [FERMI_ENERGY + 0.8], **options)
    # the intrinsic term is nothing but rounding: time reversal forbids it
    assert_same(whole[["edelstein", "edelstein_error"]].assign_attrs(whole.attrs), reduced)


def test_a_model_that_nearly_has_its_symmetry_says_so() -> None:
    integrand = AnomalousHallIntegrand(bismuth_wannier(), np.zeros(1), 0.0, 1e-4, True)
    with pytest.raises(InputError, match=r"Symmetrize the model: its energies have symmetry to 3\.\de-07 eV"):
        zone_symmetry(integrand.model, integrand)


# ------------------------------------------------------------------------------------------------ iron
@pytest.mark.parametrize("shape", [(8, 8, 8), (7, 7, 7)])
def test_iron(shared_data: Path, shape: tuple[int, ...]) -> None:
    """Levels within 20 meV are one group: closer ones would multiply rounding, in the whole mesh as well."""
    model = iron(shared_data)
    options: dict[str, Any] = {"degeneracy": 0.02, "temperature": 300}
    assert_same(*both(anomalous_hall, model, shape, [12.6279], **options), error=1e-10)
    whole, reduced = both(spin_hall, model, shape, [12.6279], **options)
    assert_same(whole, reduced, error=1e-10)
    assert "32 operations of 4/mmm1'" in reduced.attrs["irreducible"]


def test_iron_with_the_current_of_qiao(shared_data: Path) -> None:
    options: dict[str, Any] = {"degeneracy": 0.02, "definitions": ["conventional"], "velocity": "qiao"}
    assert_same(*both(spin_hall, iron(shared_data), (6, 6, 6), [12.6279], **options), error=1e-10)


def test_iron_as_wannier90_left_it(shared_data: Path) -> None:
    fe = shared_data / "wannier" / "fe"
    model = load_wannier90(chk=fe / "Fe.chk", eig=fe / "Fe.eig", mmn=fe / "Fe.mmn", spn=fe / "Fe.spn")
    with pytest.raises(InputError, match="Symmetrize the model"):
        anomalous_hall(model, 12.6279, method=UniformMesh((4, 4, 4), irreducible=True))


# ------------------------------------------------------------------------------------------------ what is refused
def test_refusals() -> None:
    mesh = UniformMesh((6, 6), irreducible=True)
    with pytest.raises(InputError, match="has no lattice"):
        anomalous_hall(material("massive-dirac", cutoff=Disk(0.5)), 0.0, method=mesh)
    with pytest.raises(InputError, match="no irreducible mesh"):
        band_geometry(film(), mesh)
    with pytest.raises(InputError, match="no symmetry of its own"):
        spin_generation_map(film(), None, None, mesh, band=0)
    with pytest.raises(InputError, match="carries the mesh into itself"):
        # C3 and its mirrors need equal numbers of points, and there is nothing else here
        anomalous_hall(_trigonal(), 0.0, method=UniformMesh((6, 8), irreducible=True))
    unknown = Operator.constant(np.array([np.diag([1.0, -1.0] * 4)], dtype=complex), ("valley",))
    with pytest.raises(InputError, match="how the operator 'valley' turns"):
        spin_hall(film(), 0.0, method=mesh, spin=unknown)


def _trigonal() -> TightBinding:
    """Two orbitals of a triangular lattice with complex hoppings along the three directions: C3 and no more."""
    t, s = np.array([[1.0, 0.3j], [0.2, 0.5]]), np.array([[0.2 + 0.7j, 0.1], [0.4, -0.3j]])
    turns = np.diag([1.0, np.exp(2j * np.pi / 3)])
    blocks, vectors = [], []
    for base, star in ((t, [(1, 0), (-1, 1), (0, -1)]), (s, [(2, 1), (-3, 2), (1, -3)])):
        for n, vector in enumerate(star):
            w = np.linalg.matrix_power(turns, n)
            for v, b in (
                (vector, w @ base @ w.conj().T),
                (tuple(-x for x in vector), (w @ base @ w.conj().T).conj().T),
            ):
                vectors.append((*v, 0))
                blocks.append(b)
    lattice = np.array([[1.0, 0, 0], [0.5, np.sqrt(0.75), 0], [0, 0, 1]])
    return TightBinding(
        lattice=lattice,
        vectors=np.array(vectors),
        hamiltonian=np.array(blocks),
        positions=np.zeros((2, 3)),
        dim=2,
    )


def test_a_single_rotation_axis_is_found_and_used() -> None:
    whole, reduced = both(anomalous_hall, _trigonal(), (9, 9), [0.0], temperature=500)
    assert_same(whole, reduced)
    assert "operations of -6 " in reduced.attrs["irreducible"]


def test_the_estimate_counts_the_points() -> None:
    whole, reduced = (
        estimate(film(), UniformMesh((24, 24), irreducible=i), definitions=("conventional",)) for i in (False, True)
    )
    assert reduced.k_points < 0.2 * whole.k_points and reduced.seconds < whole.seconds
