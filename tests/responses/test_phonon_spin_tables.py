"""Tables 1 and 2 of Kim and Chung, made from nu_ij with exact polynomials, against the print and against numbers."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from crosscurrent.models.paraelectric_metal import model_metal
from crosscurrent.responses.phonon_spin import phonon_spin
from crosscurrent.units import ANGSTROM_M

#: A polynomial in q_x, q_y, q_z with integer coefficients: sorted letters -> coefficient.
Polynomial = Counter[str]
LETTERS = "xyz"
Q = [Polynomial({letter: 1}) for letter in LETTERS]


def times(a: Polynomial, b: Polynomial) -> Polynomial:
    out = Polynomial()
    for (m, c), (n, d) in itertools.product(a.items(), b.items()):
        out["".join(sorted(m + n))] += c * d
    return clean(out)


def plus(a: Polynomial, b: Polynomial, sign: int = 1) -> Polynomial:
    out = Polynomial(a)
    for monomial, c in b.items():
        out[monomial] += sign * c
    return clean(out)


def clean(a: Polynomial) -> Polynomial:
    return Polynomial({monomial: c for monomial, c in a.items() if c})


def cross(i: int, a: int) -> tuple[int, int]:
    """e_i x e_a = sign e_b: (sign, b), sign 0 for none."""
    if i == a:
        return 0, 0
    return (1 if (a - i) % 3 == 1 else -1), 3 - i - a


def nu(i: int, j: int, a: int) -> Polynomial:
    """q.(e_i x e_a) q_j, Eq. (18)."""
    sign, b = cross(i, a)
    return times(Polynomial({LETTERS[b]: sign}), Q[j]) if sign else Polynomial()


def entry(current: str, field: str, spin: str) -> tuple[Polynomial, Polynomial]:
    """Coefficients of chi and of i kappa in Eq. (17)."""
    i, j, a = (LETTERS.index(c) for c in (current, field, spin))
    return plus(nu(i, j, a), nu(j, i, a)), plus(nu(j, i, a), nu(i, j, a), -1)


#: (i, alpha) -> chi part, as printed in Table 1
TABLE_1 = {
    "yx": {"xy": -2},
    "zx": {"yz": 2},
    "xy": {"xz": 2},
    "zy": {"xz": -2},
    "xz": {"xy": -2},
    "yz": {"xy": 2},
}
#: (i, j, alpha) -> (chi part, i kappa part), as printed in Table 2
TABLE_2 = {
    "xyx": ({"xz": -1}, {"xz": -1}),
    "yzx": ({"yy": 1, "zz": -1}, {"yy": 1, "zz": 1}),
    "zxx": ({"xy": 1}, {"xy": -1}),
    "xyy": ({"yz": 1}, {"yz": -1}),
    "yzy": ({"xy": -1}, {"xy": -1}),
    "zxy": ({"zz": 1, "xx": -1}, {"zz": 1, "xx": 1}),
    "xyz": ({"xx": 1, "yy": -1}, {"xx": 1, "yy": 1}),
    "yzz": ({"xz": 1}, {"xz": -1}),
    "zxz": ({"yz": -1}, {"yz": -1}),
}


def printed(current: str, field: str, spin: str) -> tuple[Polynomial, Polynomial]:
    """What the tables say of a component; those they leave out vanish or follow from Eq. (22)."""
    if current == field:
        return Polynomial(TABLE_1.get(current + spin, {})), Polynomial()
    if current + field + spin in TABLE_2:
        chi, kappa = TABLE_2[current + field + spin]
        return Polynomial(chi), Polynomial(kappa)
    chi, kappa = TABLE_2[field + current + spin]
    return Polynomial(chi), Polynomial({monomial: -c for monomial, c in kappa.items()})


def test_26_entries_are_as_printed_and_the_first_row_of_table_1_is_not():
    different = [
        "".join(labels) for labels in itertools.product(LETTERS, repeat=3) if entry(*labels) != printed(*labels)
    ]
    assert different == ["yyx"]
    assert entry("y", "y", "x") == (Polynomial({"yz": -2}), Polynomial())


def value(polynomial: Polynomial, q: np.ndarray) -> float:
    numbers = dict(zip(LETTERS, q, strict=True))
    return sum(c * np.prod([numbers[letter] for letter in monomial]) for monomial, c in polynomial.items())


@pytest.mark.parametrize("q", [(0.003, -0.007, 0.002), (0.0, 0.004, 0.001)])
def test_tables_are_the_numbers_of_the_response(q):
    metal = model_metal()
    ds = phonon_spin(metal, 1.0, 1e-3, q, q_unit="k_F", level="analytic", weight="published", vertex="published")
    chi, kappa = ds["chi"].item(), ds["kappa"].item()
    vector = np.array(q) * metal.fermi_wave_vector
    assert vector == pytest.approx(np.array([ds[f"q_{a}"].item() for a in LETTERS]) / ANGSTROM_M)
    size = chi * float(vector @ vector)
    for current, field, spin in itertools.product(LETTERS, repeat=3):
        real, imaginary = entry(current, field, spin)
        found = ds["conductivity"].sel(current=current, field=field, spin=spin).item()
        assert abs(found - chi * value(real, vector) - 1j * kappa * value(imaginary, vector)) < 1e-13 * size
