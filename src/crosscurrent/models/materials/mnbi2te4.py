"""MnBi2Te4: septuple layers with moments along z that alternate from layer to layer, as a film and as a crystal.

Each layer carries the four states of C.-X. Liu et al., Phys. Rev. B 82, 045122 (2010), here p_z of Bi (tau_z = +1) and
of Te (tau_z = -1), each with spin up and down, so that sigma/2 is the electron spin. Near Gamma

    H = C_1 k_z^2 + C_2 k_par^2 + (M_0 + M_1 k_z^2 + M_2 k_par^2) tau_z + A_1 k_z tau_y
        + A_2 tau_x (k_y sigma_x - k_x sigma_y) + m sigma_z,   m = +exchange, -exchange, ... from layer to layer.

On the lattice k_z -> sin(k_z d)/d and k_z^2 -> 2 (1 - cos k_z d)/d^2, which makes C_1, M_1 and A_1 hoppings between
neighbouring layers. In the plane, over the three bonds delta of the triangular lattice, k -> 2/(3 a^2) sum delta sin
k.delta and k_par^2 -> 4/(3 a^2) sum (1 - cos k.delta). Coefficients: D. Zhang et al., PRL 122, 206401 (2019), not
compared with the printed table. The exchange is m sigma_z on both orbitals, which gives the gap of 94.6 meV of an
independent calculation; m tau_z sigma_z would give 61 meV. m = 30 meV has no printed source.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from crosscurrent.models.bloch import Complexes, Floats, Operator
from crosscurrent.models.materials.hoppings import Hopping, hermitian_blocks
from crosscurrent.models.materials.registry import Material, Parameter
from crosscurrent.models.spin_matrices import PAULI
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.units import InputError

SOURCE = (
    "coefficients of D. Zhang et al., Phys. Rev. Lett. 122, 206401 (2019), doi:10.1103/PhysRevLett.122.206401, in the "
    "form of C.-X. Liu et al., Phys. Rev. B 82, 045122 (2010), doi:10.1103/PhysRevB.82.045122"
)
LATTICE_CONSTANT, LAYER_DISTANCE = 4.334, 13.64  # angstrom
C1, C2 = 2.7232, 0.0  # eV angstrom^2
M0, M1, M2 = -0.1165, 11.9048, 9.4048  # eV, eV angstrom^2
A1, A2 = 2.7023, 3.1964  # eV angstrom
#: With this a1 the bilayer has the direct gap of 79 meV that first-principles calculations give it.
A1_GAP_79_MEV = 2.40467
EXCHANGE = 0.03  # eV

_NOTES = (
    "lattice form of a k.p model: faithful near Gamma only; the layers lie straight on top of one another and the "
    "hexagonal warping is left out",
)
_ONE = np.eye(2)


def _product(outer: ArrayLike, inner: ArrayLike) -> Complexes:
    return np.asarray(np.kron(np.asarray(outer), np.asarray(inner)), dtype=complex)


_TAU_X, _TAU_Y, _TAU_Z = (_product(tau, _ONE) for tau in PAULI)
_IDENTITY = _product(_ONE, _ONE)
_SIGMA = tuple(_product(_ONE, sigma) for sigma in PAULI)


def mnbi2te4(*, layers: int = 2, a1: float = A1, exchange: float = EXCHANGE) -> TightBinding:
    """A film. layers: septuple layers, 4 states each. a1: eV angstrom, coupling of Bi and Te along z. exchange: eV.

    Projectors: "layer 1" (the lowest), "layer 2", ... and "A", "B" (odd and even layers). An even number of layers has
    the symmetry PT, an odd number P. Raises InputError for fewer than one layer.
    """
    if int(layers) != layers or layers < 1:
        raise InputError(f"a film has a whole number of layers, at least 1, got {layers}", where="mnbi2te4 layers")
    return _stack(int(layers), a1, exchange, dim=2)


def mnbi2te4_bulk(*, a1: float = A1, exchange: float = EXCHANGE) -> TightBinding:
    """The antiferromagnetic crystal: the same layers, two in the cell. a1: eV angstrom. exchange: eV.

    Projectors: "layer 1", "layer 2", and "A", "B", which are the same."""
    return _stack(2, a1, exchange, dim=3)


def _stack(layers: int, a1: float, exchange: float, dim: int) -> TightBinding:
    cell = _cell(layers)
    onsite, in_plane, upwards = _layer(a1)
    signs = (-1.0) ** np.arange(layers)
    home = _product(np.eye(layers), onsite) + exchange * _product(np.diag(signs), _SIGMA[2])
    between = _product(np.eye(layers, k=1), upwards)
    hoppings: list[Hopping] = [((*r, 0), _product(np.eye(layers), block)) for r, block in in_plane.items()]
    if dim == 3:
        hoppings.append(((0, 0, 1), _product(np.eye(layers, k=1 - layers), upwards)))
    vectors, blocks = hermitian_blocks(home + between + between.conj().T, hoppings)
    heights = np.repeat(np.arange(layers) * LAYER_DISTANCE, 4)
    return TightBinding(
        lattice=cell,
        vectors=vectors,
        hamiltonian=blocks,
        positions=np.outer(heights, [0.0, 0.0, 1.0]),
        dim=dim,
        spin=Operator.constant(np.array([_product(np.eye(layers), s / 2) for s in _SIGMA])),
        projectors=_projectors(layers),
        name="MnBi2Te4, antiferromagnetic crystal" if dim == 3 else f"MnBi2Te4, {layers} septuple layers",
        source=SOURCE,
        notes=_NOTES,
    )


def _cell(layers: int) -> Floats:
    a = LATTICE_CONSTANT
    return np.array([[a, 0, 0], [a / 2, a * np.sqrt(3) / 2, 0], [0, 0, layers * LAYER_DISTANCE]])


def _layer(a1: float) -> tuple[Complexes, Mapping[tuple[int, int], Complexes], Complexes]:
    """On-site matrix, in-plane hoppings by lattice vector (each pair once), and the hopping to the layer above."""
    a, d = LATTICE_CONSTANT, LAYER_DISTANCE
    sx, sy, _ = _SIGMA
    along_z, along_plane = C1 * _IDENTITY + M1 * _TAU_Z, C2 * _IDENTITY + M2 * _TAU_Z
    onsite = M0 * _TAU_Z + 2 * along_z / d**2 + 4 * along_plane / a**2
    in_plane: dict[tuple[int, int], Complexes] = {}
    for r in ((1, 0), (0, 1), (-1, 1)):
        x, y, _ = np.array([*r, 0]) @ _cell(1) / a
        in_plane[r] = -2 * along_plane / (3 * a**2) - 1j * A2 / (3 * a) * _TAU_X @ (y * sx - x * sy)
    return onsite, in_plane, -along_z / d**2 - 0.5j * a1 / d * _TAU_Y


def _projectors(layers: int) -> dict[str, Floats]:
    each = {f"layer {i + 1}": np.repeat(row, 4) for i, row in enumerate(np.eye(layers))}
    odd = np.repeat(np.arange(layers) % 2 == 0, 4).astype(float)
    return {**each, "A": odd, "B": 1 - odd} if layers > 1 else {**each, "A": odd}


_PARAMETERS = {
    "a1": Parameter(A1, "eV angstrom", "coupling of Bi and Te along z; 2.40467 gives the bilayer a gap of 79 meV"),
    "exchange": Parameter(EXCHANGE, "eV", "exchange field, +exchange sigma_z in layer 1, alternating"),
}
MATERIALS = (
    Material(
        key="mnbi2te4",
        title="MnBi2Te4, antiferromagnetic film of septuple layers",
        source=SOURCE,
        make=mnbi2te4,
        dim=2,
        suggested_mu=(0.027,),
        parameters={"layers": Parameter(2, "", "number of septuple layers"), **_PARAMETERS},
    ),
    Material(
        key="mnbi2te4-bulk",
        title="MnBi2Te4, antiferromagnetic crystal",
        source=SOURCE,
        make=mnbi2te4_bulk,
        dim=3,
        suggested_mu=(0.018,),
        parameters=_PARAMETERS,
    ),
)
