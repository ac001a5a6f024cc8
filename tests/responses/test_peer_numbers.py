"""Conventional spin Hall and anomalous Hall conductivity of bcc Fe as WannierBerri 26.10 gives them.

It differentiates about the centre of the right-hand function (phases exp(i b.tau) on the overlaps), we about the
origin as postw90 does; both are right to order b^2. Here its stencil is written out and put through our images,
our model and our responses: then every digit must agree, Qiao's spin velocity included.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from crosscurrent.models.bloch import AXES, Operator
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.models.wannier90 import gauge, read_chk, read_eig, read_mmn, read_spn, realspace
from crosscurrent.models.wannier90.kmesh import stencil
from crosscurrent.numerics.zone import UniformMesh
from crosscurrent.responses.anomalous_hall import anomalous_hall
from crosscurrent.responses.spin_hall import spin_hall

#: Ties of Wigner-Seitz images within 1e-3 angstrom, 10^3 points, eta = 0, T = 0.
FERMI = [12.5, 12.6279, 12.7]
HALL = [-13627.0903657, 69.3263137, 314.1594336]
SPIN_HALL = {"qiao": (42.7520772, -42.7477158), "simple": (25.5944544, -25.5890130)}


@pytest.fixture(scope="module")
def iron(shared_data: Path) -> TightBinding:
    folder = shared_data / "wannier" / "fe"
    chk, energies = read_chk(folder / "Fe.chk"), read_eig(folder / "Fe.eig")
    mmn, pauli = read_mmn(folder / "Fe.mmn"), read_spn(folder / "Fe.spn")
    tau, mesh = chk.centres, stencil(chk, mmn)
    wb = mesh.weight[:, :, None] * mesh.b
    phase = np.exp(1j * mesh.b @ tau.T)
    n = np.arange(chk.n_states)
    position = 1j * np.einsum("kbi,kbmn,kbn->kimn", wb, gauge.overlaps(chk, mmn), phase)
    position[:, :, n, n] += tau.T
    spin, spin_h = gauge.spin(chk, pauli), gauge.spin_hamiltonian(chk, pauli, energies)
    values = {"hamiltonian": gauge.hamiltonian(chk, energies), "position": position, "spin": spin}
    extra = {"spin_hamiltonian": spin_h}
    for name, onsite, factor in (
        ("spin_position", spin, np.ones_like(energies)),
        ("spin_hamiltonian_position", spin_h, energies),
    ):
        s = 0.5 * pauli * factor[:, None, None, :]
        moved = [
            gauge.rotate(chk.gauge, s @ mmn.matrices[:, None, b], chk.gauge[mmn.neighbour[:, b]]) for b in range(12)
        ]
        derivative = 1j * np.einsum("kbi,bklmn,kbn->klimn", wb, np.array(moved), phase)
        extra[name] = derivative + onsite[:, :, None] * tau.T[:, None, :]
    images = realspace.minimal_images(chk.lattice, chk.grid, tau, 1e-3)
    placed = {
        name: realspace.expand(realspace.transform(value, chk.kpoints, chk.grid, "Fe"), images)
        for name, value in (values | extra).items()
    }
    vectors, placed = realspace.close_inversion(images.vectors, placed)
    hermitian = {name: realspace.hermitian_part(placed[name])[0] for name in values}
    return TightBinding(
        lattice=chk.lattice,
        vectors=vectors,
        hamiltonian=hermitian["hamiltonian"],
        positions=tau,
        spin=Operator(AXES, "hbar", vectors, hermitian["spin"]),
        position_blocks=hermitian["position"],
        extra_blocks={name: placed[name] for name in extra},
    )


def test_anomalous_hall_conductivity(iron: TightBinding) -> None:
    found = anomalous_hall(iron, FERMI, method=UniformMesh(shape=(10, 10, 10))).conductivity
    np.testing.assert_allclose(found.sel(current="x", field="y"), HALL, rtol=1e-7)


@pytest.mark.parametrize("velocity", SPIN_HALL)
def test_conventional_spin_hall_conductivity(iron: TightBinding, velocity: str) -> None:
    found = spin_hall(
        iron,
        FERMI[1:2],
        method=UniformMesh(shape=(10, 10, 10)),
        definitions=["conventional"],
        velocity=velocity,  # type: ignore[arg-type]
        unit="(hbar/e) S/cm",
    ).conventional.sel(spin="z")
    xy, yx = (float(found.sel(current=a, field=b)[0]) for a, b in ("xy", "yx"))
    np.testing.assert_allclose((xy, yx), SPIN_HALL[velocity], rtol=1e-7)
