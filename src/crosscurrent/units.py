"""Physical constants, unit conversions and the one error class for bad input.

Internal units, everywhere: energy eV, length angstrom, wave vector 1/angstrom, spin operators in units of hbar
(so a spin-1/2 matrix is sigma/2), temperature K, charge e > 0 (the electron carries -e).
"""

from __future__ import annotations

from scipy import constants as _c

HBAR_J_S: float = _c.hbar
ELEMENTARY_CHARGE_C: float = _c.e
BOLTZMANN_EV_PER_K: float = _c.k / _c.e
#: hbar^2 / (2 m0) in eV angstrom^2
HBAR2_OVER_2M0: float = _c.hbar**2 / (2 * _c.m_e) / _c.e * 1e20
#: hbar / e in V s = eV s / e
HBAR_EV_S: float = _c.hbar / _c.e
#: e^2 / hbar in siemens, 2.434135e-4 S
E2_OVER_HBAR_S: float = _c.e**2 / _c.hbar
BOHR_MAGNETON_EV_PER_T: float = _c.physical_constants["Bohr magneton in eV/T"][0]
ANGSTROM_M: float = 1e-10
#: Atomic units of length and energy
BOHR_ANGSTROM: float = _c.physical_constants["Bohr radius"][0] * 1e10
HARTREE_EV: float = _c.physical_constants["Hartree energy in eV"][0]


class InputError(ValueError):
    """Something the user gave is wrong: what, where, and how to fix it.

    The CLI prints it as one line and exits with status 2; it never becomes a traceback there.

    what: what is wrong. where: the file, line or key. fix: what to do about it.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        self.what, self.where, self.fix = what, where, fix
        text = f"{where}: {what}" if where else what
        super().__init__(f"{text}. {fix[:1].upper()}{fix[1:]}." if fix else f"{text}.")

    def __reduce__(self) -> tuple[object, ...]:
        # keyword-only arguments would be lost when a worker process sends the error back
        return (_rebuild_input_error, (self.what, self.where, self.fix))


def _rebuild_input_error(what: str, where: str, fix: str) -> InputError:
    return InputError(what, where=where, fix=fix)


class MissingExtraError(InputError):
    """An optional package is not installed; says which extra brings it."""

    def __init__(self, package: str, extra: str) -> None:
        self.package, self.extra = package, extra
        super().__init__(
            f"this needs the package '{package}', which is not installed",
            fix=f"install it with: pip install 'crosscurrent[{extra}]'",
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (MissingExtraError, (self.package, self.extra))


#: Multiply J_i/E_j = e * x (x = sum f X / hbar, spin in units of hbar, x in 1/angstrom) by this to get the unit.
SPIN_HALL_UNITS_3D: dict[str, float] = {
    "(hbar/e) S/cm": E2_OVER_HBAR_S / ANGSTROM_M / 100.0,
    "(hbar/e) S/m": E2_OVER_HBAR_S / ANGSTROM_M,
    "(hbar/2e) S/m": 2.0 * E2_OVER_HBAR_S / ANGSTROM_M,
    "e/angstrom": 1.0,
}
#: The same in two dimensions, where x is a pure number and J_i/E_j a charge.
SPIN_HALL_UNITS_2D: dict[str, float] = {
    "e": 1.0,
    "e/(2 pi)": 2 * _c.pi,
    "e/(4 pi)": 4 * _c.pi,
    "e/(8 pi)": 8 * _c.pi,
    "(hbar/e) S": E2_OVER_HBAR_S,
}
#: sigma_ij = (e^2/hbar) * x
HALL_UNITS_3D: dict[str, float] = {
    "S/cm": E2_OVER_HBAR_S / ANGSTROM_M / 100.0,
    "S/m": E2_OVER_HBAR_S / ANGSTROM_M,
}
HALL_UNITS_2D: dict[str, float] = {"e^2/h": 2 * _c.pi, "S": E2_OVER_HBAR_S}

G_FACTOR_SPIN: float = 2.0
#: h in eV/THz: the photon energy h nu of one terahertz
PLANCK_EV_PER_THZ: float = _c.h / _c.e * 1e12


def spin_generation_unit(order: int, dim: int, system: str = "hbar") -> tuple[float, str]:
    """(factor, name) of the unit of Upsilon_order counted per length^dim.

    The factor takes a number in hbar (hbar/eV)^order angstrom^(1 - dim)/V to the unit. system: "hbar", or "SI" with the
    spin in J s.
    """
    factor = HBAR_EV_S**order / ANGSTROM_M ** (dim - 1)
    length = " m" if dim == 2 else " m^2"
    if system == "SI":
        return factor * HBAR_J_S, f"J s{('', '^2', '^3')[order]}/(V{length})"
    return factor, f"hbar{('', ' s', ' s^2')[order]}/(V{length})"


def spin_density_unit(dim: int) -> tuple[float, str]:
    """(factor, name): from hbar/angstrom^dim to g s/hbar in Bohr magnetons per nm^dim, with g = 2 and the spin's
    sign."""
    return G_FACTOR_SPIN * 10.0**dim, f"mu_B/nm^{dim}"
