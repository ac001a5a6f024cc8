"""Published and independently computed numbers, through `spin_hall` and `anomalous_hall` as a user calls them.

The values come from separate programs (band sums written on their own, graded grids around the nodal ring); nothing
here was taken from this package's output.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from crosscurrent.models.materials import hole_gas as holes
from crosscurrent.models.materials.bi2se3 import bi2se3, bi2se3_lattice
from crosscurrent.models.materials.bismuth import FERMI_ENERGY, bismuth_wannier
from crosscurrent.models.materials.haldane import haldane
from crosscurrent.models.materials.qwz import qwz
from crosscurrent.models.materials.rashba import rashba_gas
from crosscurrent.models.wannier90.load import load_wannier90
from crosscurrent.numerics.domains import Box, Disk, Sphere
from crosscurrent.numerics.zone import Adaptive, PolarGrid, UniformMesh
from crosscurrent.responses.anomalous_hall import anomalous_hall
from crosscurrent.responses.spin_hall import spin_hall
from crosscurrent.units import BOLTZMANN_EV_PER_K

UNIT = "(hbar/2e) S/m"
GAP = 0.1  # eV, a chemical potential in the gap of Bi2Se3
SPIN_FREE = ("conventional", "liu2023", "liu2023_corrected")


def component(data: xr.Dataset, name: str, current: str, field: str, spin: str) -> tuple[float, float]:
    """Value and error at the only chemical potential."""
    where = {"current": current, "field": field, "spin": spin}
    return tuple(float(data[key].sel(where).item()) for key in (name, name + "_error"))  # type: ignore[return-value]


# ---- Bi2Se3, the four-band model of Eq. (10) of Liu et al. ----

IN_THE_GAP = {
    0.3: {"conventional": -3944.18, "liu2023": 2591.27, "shi2006": 10701.15},
    0.5: {"conventional": -5579.56, "liu2023": 1614.01, "shi2006": 13405.13},
    1.0: {"conventional": -6905.92, "liu2023": 811.01, "shi2006": 15508.08},
    2.0: {"conventional": -7581.30, "liu2023": 405.48, "shi2006": 16565.94},
}


@pytest.mark.parametrize("cutoff", [0.3, 0.5, 1.0, pytest.param(2.0, marks=pytest.mark.slow)])
def test_bi2se3_in_the_gap(cutoff: float) -> None:
    """Covariant grouping. The published and the corrected number fall off as 1/cutoff: an artefact."""
    points = {0.3: 24, 0.5: 36, 1.0: 64, 2.0: 128}[cutoff]
    data = spin_hall(bi2se3(cutoff=Sphere(cutoff)), GAP, method=PolarGrid(points, 6, points), unit=UNIT)
    for name, expected in IN_THE_GAP[cutoff].items():
        value, error = component(data, name, "z", "x", "y")
        assert value == pytest.approx(expected, abs=0.02 + 2e-4 * abs(expected)), name
        assert abs(value - expected) <= error + 0.006, name
    published, _ = component(data, "liu2023", "z", "x", "y")
    corrected, _ = component(data, "liu2023_corrected", "z", "x", "y")
    assert corrected == pytest.approx(-published, rel=1e-9)
    assert component(data, "topological", "z", "x", "y")[0] == pytest.approx(0, abs=1e-7)
    for name in ("conventional", "liu2023", "liu2023_corrected", "topological", "torque_dipole_1", "shi2006"):
        assert component(data, name, "z", "x", "x")[0] == pytest.approx(0, abs=1e-7), "sigma_zx^x vanishes by symmetry"


@pytest.mark.parametrize(("cutoff", "expected"), [(0.3, 11965.57), (0.5, 13300.82), (1.0, 14185.32)])
def test_bi2se3_physical_spin_makes_the_definitions_coincide(cutoff: float, expected: float) -> None:
    points = {0.3: 24, 0.5: 32, 1.0: 48}[cutoff]
    model = bi2se3(cutoff=Sphere(cutoff))
    data = spin_hall(model, GAP, method=PolarGrid(points, 6, points), unit=UNIT, spin="physical_spin")
    for name in ("conventional", "liu2023", "liu2023_corrected", "topological", "shi2006"):
        assert component(data, name, "z", "x", "y")[0] == pytest.approx(expected, rel=2e-4), name
    for name in ("torque_dipole_1", "torque_dipole_2"):
        assert component(data, name, "z", "x", "y")[0] == pytest.approx(0, abs=1e-6), name


@pytest.mark.parametrize(
    ("magnetization", "expected", "tolerance"), [((0, 0, 1e-3), 1565.5, 3e-3), ((1e-3, 0, 0), 1701.0, 5e-3)]
)
def test_bi2se3_weak_magnetization_picks_a_basis(
    magnetization: tuple[float, float, float], expected: float, tolerance: float
) -> None:
    """Bands taken one by one: an integrable singularity on a nodal ring, which the adaptive cells find."""
    model = bi2se3(cutoff=Box((0.5, 0.5, 0.5)), magnetization=magnetization)
    method = Adaptive(rtol=5e-3, max_evaluations=300_000)
    data = spin_hall(model, GAP, method=method, grouping="bands", definitions=["liu2023"], unit=UNIT)
    value, error = component(data, "liu2023", "z", "x", "y")
    assert not data.attrs["status"].startswith("stopped")
    assert value == pytest.approx(expected, rel=tolerance)
    assert abs(value - expected) <= error < 0.05 * expected


@pytest.mark.slow
@pytest.mark.parametrize(("mu", "expected"), [(0.35, 1592.4), (0.45, 1889.7), (-0.1, 1074.7)])
def test_bi2se3_weak_magnetization_in_the_bands(mu: float, expected: float) -> None:
    model = bi2se3(cutoff=Box((0.5, 0.5, 0.5)), magnetization=(0, 0, 1e-3))
    method = Adaptive(rtol=5e-3, max_evaluations=2_000_000)
    data = spin_hall(model, mu, method=method, grouping="bands", definitions=["liu2023"], unit=UNIT)
    value, error = component(data, "liu2023", "z", "x", "y")
    assert value == pytest.approx(expected, rel=5e-3)
    assert abs(value - expected) <= error + 0.2


def test_bi2se3_conduction_part_does_not_know_the_cutoff() -> None:
    levels = [GAP, 0.3, 0.4]
    expected = np.array([650.83, 2703.98])
    parts = []
    for cutoff in (0.25, 0.35):
        model = bi2se3(cutoff=Sphere(cutoff))
        data = spin_hall(model, levels, method=PolarGrid(160, 4, 40), definitions=["liu2023"], unit=UNIT)
        value = data["liu2023"].sel(current="z", field="x", spin="y").values
        parts.append(value[1:] - value[0])
        np.testing.assert_allclose(parts[-1], expected, rtol=1.3e-2)
    np.testing.assert_allclose(parts[0], parts[1], rtol=1.5e-2)


@pytest.mark.slow
def test_bi2se3_on_a_lattice() -> None:
    """The mesh of 64^3 shifted by half a step, for which the independent program gives these digits."""
    mesh = UniformMesh((64, 64, 64), shifted=True)
    definitions = ["conventional", "liu2023", "shi2006"]
    data = spin_hall(bi2se3_lattice(), GAP, method=mesh, definitions=definitions, unit=UNIT)
    for name, expected in {"conventional": -5210.17, "liu2023": 0.77, "shi2006": 10953.19}.items():
        assert abs(component(data, name, "z", "x", "y")[0]) == pytest.approx(abs(expected), abs=0.05), name
    for magnetization, expected in (((0, 0, 1e-3), 1464.18), ((1e-3, 0, 0), 1591.11)):
        model = bi2se3_lattice(magnetization=magnetization)
        data = spin_hall(model, GAP, method=mesh, definitions=["liu2023"], grouping="bands", unit=UNIT)
        assert component(data, "liu2023", "z", "x", "y")[0] == pytest.approx(expected, abs=0.05)


def test_bi2se3_on_a_lattice_coarsely() -> None:
    """32^3 from Gamma: the converged numbers lie well within the error the mesh itself reports."""
    mesh = UniformMesh((32, 32, 32))
    data = spin_hall(bi2se3_lattice(), GAP, method=mesh, definitions=["conventional", "shi2006"], unit=UNIT)
    for name, expected in {"conventional": -5210.2, "shi2006": 10953.2}.items():
        value, error = component(data, name, "z", "x", "y")
        assert value == pytest.approx(expected, rel=0.02), name
        assert abs(value - expected) <= error < 6000, name


# ---- two dimensions ----


def test_rashba_gas_with_a_vanishing_zeeman_field() -> None:
    """+1 conventional and corrected, -1 published, in e/8 pi: the number per occupied pair of bands is universal."""
    model = rashba_gas(zeeman=(0, 0, 1e-4))
    data = spin_hall(
        model, 0.06, method=Adaptive(rtol=3e-3, max_evaluations=200_000), definitions=SPIN_FREE, unit="e/(8 pi)"
    )
    for name, expected in {"conventional": 1.0, "liu2023": -1.0, "liu2023_corrected": 1.0}.items():
        value, error = component(data, name, "y", "x", "z")
        assert value == pytest.approx(expected, abs=4e-3), name
        assert error < 0.03


HOLES = [
    ("GaAs", 1e6, (-0.3886, 0.3880, 0.4957)),
    ("Ge", 2e6, (-0.3156, 0.3569, 0.4436)),
    pytest.param("GaAs", 2e6, (-0.3594, 0.3799, 0.4871), marks=pytest.mark.slow),
    pytest.param("InAs", 1e6, (-0.3968, 0.3967, 0.5439), marks=pytest.mark.slow),
    pytest.param("InAs", 2e6, (-0.3949, 0.3959, 0.5377), marks=pytest.mark.slow),
    pytest.param("InSb", 1e6, (-0.3967, 0.3971, 0.5988), marks=pytest.mark.slow),
    pytest.param("Ge", 1e6, (-0.3644, 0.3824, 0.5096), marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("material", "field", "expected"), HOLES)
def test_hole_gas(material: str, field: float, expected: tuple[float, float, float]) -> None:
    """J_y^z / E_x in units of e with H_m = 1 meV."""
    model = holes.hole_gas(material, field=field, cutoff=Disk(0.08))
    mu = model.reference_energy + holes.FERMI_ENERGY[material]
    names = ("liu2023", "liu2023_corrected", "conventional")
    method = PolarGrid(12000, 24)
    data = spin_hall(model, mu, method=method, definitions=names, unit="e")
    found = [component(data, name, "y", "x", "z") for name in names]
    np.testing.assert_allclose([value for value, _ in found], expected, atol=2e-4)
    assert all(abs(value - e) <= error + 2e-4 for (value, error), e in zip(found, expected, strict=True))


@pytest.mark.parametrize(("make", "chern"), [(lambda: haldane(), 1), (lambda: haldane(mass=0.8), 0), (qwz, None)])
def test_chern_insulators(make: object, chern: int | None) -> None:
    """Quantised to 1e-10 at 200^2, in units of e^2/h; QWZ at mass -1 and +1 has opposite numbers."""
    mesh = UniformMesh((200, 200))
    if chern is not None:
        sigma = anomalous_hall(make(), 0.0, method=mesh)["conductivity"]  # type: ignore[operator]
        assert sigma.attrs["units"] == "e^2/h"
        assert float(sigma.sel(current="x", field="y").item()) == pytest.approx(chern, abs=1e-10)
        assert float(sigma.sel(current="y", field="x").item()) == pytest.approx(-chern, abs=1e-10)
        return
    one, other = (
        float(anomalous_hall(qwz(mass=m), 0.0, method=mesh)["conductivity"].sel(current="x", field="y").item())
        for m in (-1.0, 1.0)
    )
    assert abs(one) == pytest.approx(1, abs=1e-10)
    assert other == pytest.approx(-one, abs=1e-10)


def test_qwz_insulator_carries_no_conserved_spin() -> None:
    data = spin_hall(qwz(), 0.0, method=UniformMesh((60, 60)), definitions=["shi2006", "liu2023", "liu2023_corrected"])
    for name in ("shi2006", "liu2023", "liu2023_corrected"):
        np.testing.assert_allclose(data[name].values, 0, atol=1e-10)


# ---- first principles ----


def test_iron_anomalous_hall(shared_data: Path) -> None:
    folder = shared_data / "wannier" / "fe"
    files = {kind: folder / f"Fe.{kind}" for kind in ("chk", "eig", "mmn", "spn")}
    model = load_wannier90(**files, wigner_seitz=False)
    data = anomalous_hall(model, 12.6279, method=UniformMesh((10, 10, 10)), unit="S/cm")
    sigma = data["conductivity"].isel(mu=0)
    found = [float(sigma.sel(current=i, field=j)) for i, j in ("yz", "zx", "xy")]
    np.testing.assert_allclose(found, [0.0334, 0.0572, 1222.1510], rtol=0, atol=5e-5)
    # the two parts are reported, and neither is small
    parts = [float(data[name].isel(mu=0).sel(current="x", field="y")) for name in ("within", "outside")]
    assert sum(parts) == pytest.approx(found[2], abs=1e-9)


def test_platinum_spin_hall(shared_data: Path) -> None:
    cell = 1.96195 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    model = load_wannier90(hr=shared_data / "wannier" / "pt" / "Pt_hr.dat.gz", lattice=cell, spin_ordering="block")
    for kt, expected in ((0.0, 2302.5645), (0.05, 2208.0887)):
        data = spin_hall(
            model,
            11.3158,
            method=UniformMesh((21, 21, 21)),
            definitions=["conventional"],
            eta=0.05,
            temperature=kt / BOLTZMANN_EV_PER_K,
            unit="(hbar/e) S/cm",
            degeneracy=1e-9,
        )
        assert component(data, "conventional", "x", "y", "z")[0] == pytest.approx(expected, abs=6e-5)


def test_bismuth_has_no_anomalous_hall_effect() -> None:
    """Time reversal, which the first-principles data keep to 1e-6 eV."""
    levels = [FERMI_ENERGY - 0.4, FERMI_ENERGY, FERMI_ENERGY + 0.5]
    sigma = anomalous_hall(bismuth_wannier(), levels, method=UniformMesh((16, 16)))["conductivity"]
    np.testing.assert_allclose(sigma.values, 0, atol=2e-5)
    one_spin = spin_hall(bismuth_wannier(), FERMI_ENERGY, method=UniformMesh((8, 8)), definitions=["conventional"])
    assert np.abs(one_spin["conventional"].values).max() > 1e-2, "the zero above is not for want of curvature"
