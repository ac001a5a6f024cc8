"""Monolayer bismuth in the polar black-phosphorus structure: Slater-Koster with the integrals of Liu and Allen.

Axes: the polar (armchair) axis is x, the zigzag axis y, the normal z; the point group is C2v with its two-fold axis
along x, and time reversal holds. Of the tensor Upsilon(1)_ij (spin i, field j) only yz and zy may exist, so an in-plane
field makes S_z when it lies along y. The first-principles model `bismuth` has its polar axis along y, its zigzag axis
along x: there the component is Upsilon(1)_zx.

Y. Liu, R. E. Allen, Phys. Rev. B 52, 1566 (1995) gives the integrals for three shells of bulk bismuth. Here they depend
on distance: exponentials through the first two shells up to 4 angstrom; the third shell, V_pp sigma only, with
Harrison's 1/d^2 around 4.53 angstrom up to 5 angstrom. The structure is assumed, not relaxed. How the third shell
decays was chosen, out of many ways, to give the amplitudes of an earlier independent calculation with these integrals:
that this model agrees with those to 0.5 % is no test of the law.

Buckling lifts one atom of each zigzag bond, and moves charge to it: the outer atoms lie lower in energy by an on-site
term that the bulk integrals do not contain. It is taken proportional to the buckling, so the flat layer has
inversion, and its value at 0.4 angstrom, 0.193 eV, is fitted to the published gap of 0.280 eV. Without it the gap is
0.08 eV.
"""

from __future__ import annotations

import numpy as np

from crosscurrent.models.bloch import Floats
from crosscurrent.models.materials.registry import Material, Parameter
from crosscurrent.models.radial_laws import ExponentialShells, PowerLaw, Stepped, TwoCentre
from crosscurrent.models.slater_koster import Atom, slater_koster
from crosscurrent.models.tight_binding import TightBinding
from crosscurrent.units import InputError

SOURCE = (
    "integrals: Liu, Allen, Phys. Rev. B 52, 1566 (1995), doi:10.1103/PhysRevB.52.1566; structure assumed; on-site "
    "term fitted to the gap of 0.280 eV in Feng et al., Intrinsic Dynamic Generation of Spin Polarization by "
    "Time-Varying Electric Field, Fig. 2"
)
#: On-site energies and spin-orbit coupling of bismuth, eV.
E_S, E_P, SPIN_ORBIT = -10.906, -0.486, 1.5
#: Distance in angstrom -> integrals in eV.
SHELLS = {
    3.062: TwoCentre(ss=-0.608, sp=1.320, pp_sigma=1.854, pp_pi=-0.600),
    3.512: TwoCentre(ss=-0.384, sp=0.433, pp_sigma=1.396, pp_pi=-0.344),
}
THIRD_SHELL, THIRD_INTEGRALS = 4.53, TwoCentre(pp_sigma=0.156)
LAW = Stepped((ExponentialShells(SHELLS, reach=4.0), PowerLaw(THIRD_SHELL, THIRD_INTEGRALS, reach=5.0)))
#: Structure, angstrom.
POLAR, ZIGZAG, BOND_ZIGZAG, BOND_VERTICAL, BUCKLING = 4.75, 4.54, 3.05, 3.06, 0.4
#: Thickness of the layer that turns a density per area into one per volume, angstrom.
THICKNESS = 6.54
ONSITE = 0.193
#: Twenty electrons a cell.
FILLING = 20
#: Middle of the gap, eV.
FERMI_ENERGY = -0.11


def bismuth_slater_koster(
    *,
    buckling: float = BUCKLING,
    onsite: float = ONSITE,
    spin_orbit: float = SPIN_ORBIT,
    polar: float = POLAR,
    zigzag: float = ZIGZAG,
    bond_zigzag: float = BOND_ZIGZAG,
    bond_vertical: float = BOND_VERTICAL,
) -> TightBinding:
    """32 states (4 atoms, s and p, spin), 20 of them occupied; energies on Liu and Allen's scale.

    buckling: height difference of the two atoms of a zigzag bond, angstrom; its sign is the direction of the
    polarization. onsite: eV, lowers the outer and raises the inner atoms, at a buckling of 0.4 angstrom and in
    proportion to it. spin_orbit: lambda in (lambda/3) L.sigma, eV. The other parameters: see `structure`.
    """
    lattice, positions = structure(
        buckling=buckling, polar=polar, zigzag=zigzag, bond_zigzag=bond_zigzag, bond_vertical=bond_vertical
    )
    shift = onsite * buckling / BUCKLING * np.array([-1, -1, 1, 1])
    atoms = [
        Atom((float(r[0]), float(r[1]), float(r[2])), E_S + e, E_P + e, spin_orbit, "Bi")
        for r, e in zip(positions, shift.tolist(), strict=True)
    ]
    return slater_koster(
        lattice=lattice,
        atoms=atoms,
        hoppings=LAW,
        dim=2,
        name="bismuth, Slater-Koster",
        source=SOURCE,
        notes=(f"assumed structure; take a thickness of {THICKNESS} angstrom for densities per volume",),
    )


def structure(
    *,
    buckling: float = BUCKLING,
    polar: float = POLAR,
    zigzag: float = ZIGZAG,
    bond_zigzag: float = BOND_ZIGZAG,
    bond_vertical: float = BOND_VERTICAL,
) -> tuple[Floats, Floats]:
    """Lattice, rows (3, 3), and the four positions (4, 3), in angstrom.

    polar, zigzag: lattice constants along x and y. bond_zigzag: the bonds within the upper and the lower sheet.
    bond_vertical: the bonds between the sheets. Atoms 1 and 2 are the outer ones (upper and lower sheet), 3 and 4 the
    inner ones (lower and upper); 1-3 and 2-4 are vertical bonds, 1-4 and 2-3 zigzag bonds.

    Raises InputError when no such structure exists.
    """
    across2 = bond_zigzag**2 - (zigzag / 2) ** 2 - buckling**2
    across = np.sqrt(max(across2, 0.0))
    lean = polar / 2 - across
    height2 = bond_vertical**2 - lean**2
    if across2 <= 0 or height2 <= 0:
        raise InputError(
            f"no puckered layer has the bonds {bond_zigzag:g} and {bond_vertical:g} angstrom in a cell of {polar:g} x "
            f"{zigzag:g} angstrom with a buckling of {buckling:g}",
            where="material 'bismuth-slater-koster'",
            fix="lengthen the bonds or reduce the buckling",
        )
    outer, inner = (np.sqrt(height2) + buckling) / 2, (np.sqrt(height2) - buckling) / 2
    x, half = lean / 2, polar / 2
    positions = [[x, 0, outer], [x + half, zigzag / 2, -outer], [-x, 0, -inner], [half - x, zigzag / 2, inner]]
    return np.diag([polar, zigzag, 20.0]), np.array(positions)


MATERIALS = (
    Material(
        key="bismuth-slater-koster",
        title="Bismuth monolayer, polar puckered layer, Slater-Koster s and p with spin-orbit coupling",
        source=SOURCE,
        make=bismuth_slater_koster,
        dim=2,
        suggested_mu=(FERMI_ENERGY,),
        parameters={
            "buckling": Parameter(BUCKLING, "angstrom", "height difference of the atoms of a zigzag bond; odd"),
            "onsite": Parameter(ONSITE, "eV", "raises inner, lowers outer atoms, at a buckling of 0.4 angstrom"),
            "spin_orbit": Parameter(SPIN_ORBIT, "eV", "lambda in (lambda/3) L.sigma"),
            "polar": Parameter(POLAR, "angstrom", "lattice constant along the polar (armchair) axis x"),
            "zigzag": Parameter(ZIGZAG, "angstrom", "lattice constant along the zigzag axis y"),
            "bond_zigzag": Parameter(BOND_ZIGZAG, "angstrom", "bond length within a sheet"),
            "bond_vertical": Parameter(BOND_VERTICAL, "angstrom", "bond length between the sheets"),
        },
    ),
)
