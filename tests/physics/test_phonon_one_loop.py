"""The complete one-loop answer: its tables, its integrals, its continuation to real frequencies, its Ward identity."""

import math

import numpy as np
import pytest
from scipy import constants, special

from crosscurrent.numerics.matsubara import fermi_edge_trapezoid, matsubara_nodes
from crosscurrent.physics.phonon_spin import loop_terms, one_loop
from crosscurrent.physics.phonon_spin.loop_moments import exchange, on_shell
from crosscurrent.physics.phonon_spin.loop_radial import Branch, PowerIntegrals
from crosscurrent.physics.phonon_spin.loop_uniform import uniform_fermi_surface, uniform_kernel
from crosscurrent.units import InputError

EPS = np.array([[[(i - j) * (j - k) * (k - i) / 2 for k in range(3)] for j in range(3)] for i in range(3)])
RNG = np.random.default_rng(4)


def paper(kelvin, gap_mev):
    """gamma, c, t, y of the metal of Kim-Chung: E_F = 3 eV, v_F = 1e6 m/s, tau = 1e-14 s, c = 1e4 m/s."""
    fermi, kt = 3.0 * constants.e, constants.k * kelvin
    return constants.hbar / (4e-14 * fermi), 0.01, kt / (2 * fermi), gap_mev * 1e-3 * constants.e / kt


def sheets(function, w):
    return one_loop._branches(function, {name: np.atleast_1d(value).astype(complex) for name, value in w.items()})


# ---- the tables: raw vectors, raw propagators, finite q ------------------------------------------------------------


def raw_tensors(p1, p2, q, energies):
    """Both diagrams of one pair of momenta without 2i, (2, spin, i, j); energies: of p1+, p1-, p2+, p2-."""
    k = p2 - p1
    across = np.eye(3) - np.einsum("...a,...b->...ab", k, k) / np.sum(k * k, axis=-1)[..., None, None]
    g = [
        1 / (z - (np.sum((p + sign * q / 2) ** 2, axis=-1) - 1) / 2)
        for z, p, sign in zip(energies, (p1, p1, p2, p2), (1, -1, 1, -1), strict=True)
    ]
    middle = (p1 + p2) / 2
    tilt = np.einsum("...ab,...b->...a", across, np.cross(q, middle))
    vertex = np.einsum("...a,...i,...j,...->...aij", tilt, p2, p1, g[0] * g[1] * g[2] * g[3])

    def tau(p):
        return np.einsum("...lm,lab,...b,jmc,sac->...sj", across, EPS, p, EPS, EPS, optimize=True)

    line = tau(middle + q / 2) * g[0][..., None, None] - tau(middle - q / 2) * g[1][..., None, None]
    current = np.einsum("...i,...sj,...->...sij", p2, line, g[2] * g[3])
    return np.stack([vertex, current])


def coefficients(tensor, n):
    """a, b, d of a tensor (..., spin, i, j) for q along n."""
    a = np.einsum("cis,...c,...j,...sij->...", EPS, n, n, tensor) / 2
    b = np.einsum("cjs,...c,...i,...sij->...", EPS, n, n, tensor) / 2
    d = np.einsum("...s,ijc,...c,...sij->...", n, EPS, n, tensor) / 2
    return np.stack([a, b, d])


def brute_force(k, energies, h):
    """q^2 coefficients (2, 3) of both diagrams at fixed |p2 - p1| = k: Gauss in the sum momentum, average over q."""
    x, wx = np.polynomial.legendre.leggauss(56)
    radius, weight = (1 + x) / (1 - x), 2 / (1 - x) ** 2 * wx
    mu, wmu = np.polynomial.legendre.leggauss(32)
    phi = np.arange(8) * math.pi / 4
    polar, wp = np.polynomial.legendre.leggauss(4)
    u, m, c, f = np.meshgrid(radius, mu, polar, phi, indexing="ij")
    total = weight[:, None, None, None] * wmu[:, None, None] * wp[:, None] / 16 * u**2 / (4 * math.pi**2)
    middle = u[..., None] * np.stack([np.sqrt(1 - m**2), 0 * m, m], axis=-1)
    n = np.stack([np.sqrt(1 - c**2) * np.cos(f), np.sqrt(1 - c**2) * np.sin(f), c], axis=-1)
    half = np.array([0, 0, k / 2])

    def at(q):
        tensor = raw_tensors(middle - half, middle + half, q * n, energies)
        return np.einsum("cdabef,abef->dc", coefficients(tensor, n), total)

    zero = at(0.0)
    coarse, fine = (((at(step) + at(-step)) / 2 - zero) / step**2 for step in (h, h / 2))
    return (4 * fine - coarse) / 3


@pytest.mark.parametrize("k", [0.4, 1.7])
def test_tables_against_vectors(k):
    """Both diagrams to second order in q, from vectors and finite differences."""
    damping, e1, e2 = 0.8, 0.1, -0.3
    energies = (e1 + 1j * damping, e1 - 1j * damping, e2 + 1j * damping, e2 - 1j * damping)
    functions = loop_terms.window_functions(damping)
    w1, w2 = ({"R": 1 + 2 * e + 2j * damping, "A": 1 + 2 * e - 2j * damping} for e in (e1, e2))
    expected = brute_force(k, energies, 0.05)
    for row, terms in zip(expected, (loop_terms.VERTEX_TERMS, loop_terms.CURRENT_TERMS), strict=True):
        found = sum(
            f * on_shell(sheets(functions[f1], w1), sheets(functions[f2], w2), np.array([k]), loop_terms.ANGULAR[name])
            for name, f1, f2, f in terms
        )[:, 0]
        np.testing.assert_allclose(found, row, atol=2e-6 * np.abs(row).max())


def test_spin_trace():
    """tr sigma_alpha V_l V_k of the coupling gives the tilt of the vertex diagram, and tau that of the current."""
    sigma = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
    p, q, k = RNG.normal(size=(3, 3))
    across = np.eye(3) - np.outer(k, k) / (k @ k)
    coupling = lambda v: np.einsum("lab,axy,b->lxy", EPS, sigma, v)  # noqa: E731
    current = np.einsum("jlm,mxy->ljxy", EPS, sigma)
    trace = np.einsum("sxy,lyz,mzx,lm->s", sigma, coupling(p + q / 2), coupling(p - q / 2), across)
    np.testing.assert_allclose(trace, 2j * across @ np.cross(q, p), atol=1e-12)
    first = np.einsum("sxy,lyz,mjzx,lm->sj", sigma, coupling(p), current, across)
    last = np.einsum("sxy,mjyz,lzx,lm->sj", sigma, current, coupling(p), across)
    tau = np.einsum("lm,lab,b,jmc,sac->sj", across, EPS, p, EPS, EPS)
    np.testing.assert_allclose(first, 2j * tau, atol=1e-12)
    np.testing.assert_allclose(last, -2j * tau, atol=1e-12)
    # the current of the spin current, density eps_ila phi_l, has no spin left for the trace: one sigma only
    assert np.abs(np.einsum("lxx->l", coupling(p))).max() < 1e-12


# ---- the integrals -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kappa", [0.03, 0.6, 4.0, 11.0, 40.0])
def test_exchange_is_the_integral_over_k(kappa):
    """Closed forms, small kappa, and the expansion for large kappa against the sum over k of the fixed-k integral."""
    one, two = [Branch(np.array([1 + 0.8j]), {4: 1.0, 3: 0.5j})], [Branch(np.array([0.9 - 1.4j]), {2: 1.0})]
    angulars = loop_terms.ANGULAR["vertex_1"]
    found = exchange(one, two, np.array([kappa]), 0.5, angulars)[:, 0]
    x, wx = np.polynomial.legendre.leggauss(16)
    edges = np.linspace(-9.0, 16.0, 51)
    log_k = (0.5 * (edges[1:] + edges[:-1])[:, None] + 0.25 * x).ravel()
    k, weight = np.exp(log_k), np.tile(0.25 * wx, 50)
    fixed = on_shell(
        [Branch(np.full(k.size, b.w[0]), b.powers) for b in one],
        [Branch(np.full(k.size, b.w[0]), b.powers) for b in two],
        k,
        angulars,
    )
    expected = fixed @ (weight * k**3 / (2 * math.pi**2 * 0.25 * (k**2 + kappa**2)))
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())
    cut = exchange(one, two, np.array([kappa]), 0.5, angulars, cutoff=3.0)[:, 0]
    cut_expected = fixed @ (weight * k**3 / (2 * math.pi**2 * 0.25) * 9 / (k**2 + kappa**2) / (k**2 + kappa**2 + 9))
    np.testing.assert_allclose(cut, cut_expected, atol=1e-6 * np.abs(cut_expected).max())


def test_expansion_meets_closed_form():
    """The two methods of exchange agree on both sides of where one takes over."""
    one = one_loop._branches(
        loop_terms.window_functions(0.01)["pair_1"], {"R": np.array([1 + 0.02j]), "A": np.array([1 - 0.02j])}
    )
    two = [Branch(np.array([1 + 0.1j]), {2: 1.0})]
    values = [
        exchange(one, two, np.array([kappa]), 1.0, loop_terms.ANGULAR["vertex_1"])[:, 0] for kappa in (10.0, 10.1)
    ]
    middle = 10.0 * abs(np.sqrt(1 + 0.1j))
    assert 10.0 < middle < 10.1
    # smooth across: the logarithmic slope is between those of a constant and of 1/kappa^2
    slope = (np.log(np.abs(values[1])) - np.log(np.abs(values[0]))) / math.log(1.01)
    assert np.all(slope[:2] > -2.0) and np.all(slope[:2] < 0.0)
    inside, outside = (
        exchange(one, two, np.array([middle * (1 + step)]), 1.0, loop_terms.ANGULAR["vertex_1"])[:, 0]
        for step in (-1e-9, 1e-9)
    )
    np.testing.assert_allclose(inside, outside, rtol=1e-7)


def test_power_integrals_with_negative_powers():
    """Finite parts: e^-r - e^-2r over r is log 2; a second difference over r^3 against quadrature."""
    table = [PowerIntegrals(np.array([x]), 0) for x in (1 + 0j, 2 + 0j, 3 + 0j, 4 + 0j)]
    one = np.array([[1.0 + 0j]])
    first = [t.of(one, -1)[0] for t in table]
    assert first[0] - first[1] == pytest.approx(math.log(2), rel=1e-13)
    third = [t.of(one, -3)[0].real for t in table]
    expected = sum(c * x**2 / 2 * -math.log(x) for c, x in zip((1, -3, 3, -1), (1, 2, 3, 4), strict=True))
    assert third[0] - 3 * third[1] + 3 * third[2] - third[3] == pytest.approx(expected, rel=1e-12)


# ---- the RA part ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kelvin", "gap", "ratio"), [(0.1, 0.0, 0.99917653), (1, 0.5, 0.81675631), (1, 1, 0.74379683), (10, 0, 0.4173492)]
)
def test_ra_part_is_the_known_answer(kelvin, gap, ratio):
    """Closed-form integral over electrons against reference values of the coefficient of q^2, thermal weight."""
    gamma, c, t, y = paper(kelvin, gap)
    n = np.arange(1, 400)
    phonons = math.pi**2 / 6 if y == 0 else y**2 / 2 * special.kn(2, n * y).sum()
    analytic = 4 / (15 * math.pi**4) * (2 * gamma) ** -4 * t**2 * c**-3 * phonons
    point = one_loop._Point(gamma, c, t, y * t, 10.0)
    a, b, d = one_loop._window_window(loop_terms.VERTEX_TERMS, point, 14)
    assert a / analytic == pytest.approx(ratio, rel=1e-7)
    assert b == pytest.approx(a, rel=1e-7)
    assert abs(d) < 1e-7 * a


def test_limits_of_the_complete_real_phonon_part():
    """a, b, d are 2, -2, -1 times chi for kl << 1 and 3/2, -1/2, -1/2 for kl >> 1; s is 5/3 and 5/2 times chi/l^2."""
    for (gamma, c, t), expected, uniform in (
        ((1e-3, 0.02, 1e-7), (2.0, -2.0, -1.0), 5 / 3),
        ((1e-4, 1e-3, 2e-5), (1.5, -0.5, -0.5), 5 / 2),
    ):
        point = one_loop._Point(gamma, c, t, 3 * t, 10.0)
        vertex, current, s = (one_loop._window_window(terms, point, 14) for terms in one_loop._TERMS)
        np.testing.assert_allclose((vertex + current) / vertex[0], expected, atol=0.03)
        assert s[0] / vertex[0] / (4 * gamma**2) == pytest.approx(uniform, rel=0.02)


@pytest.mark.parametrize(("kelvin", "gap"), [(0.1, 0.0), (1, 1), (10, 0)])
def test_uniform_field_against_the_boltzmann_equation(kelvin, gap):
    """s of the diagram against electrons bent by an SU(2) field strength; the ladder halves it for kl << 1."""
    gamma, c, t, y = paper(kelvin, gap)
    point = one_loop._Point(gamma, c, t, y * t, 10.0)
    diagram = one_loop._window_window(loop_terms.UNIFORM_TERMS, point, 14)[0]
    assert uniform_fermi_surface(gamma, c, t, y, ladder=False) == pytest.approx(diagram, rel=2e-4)
    assert 0.5 < uniform_fermi_surface(gamma, c, t, y, ladder=True) / diagram < 0.7
    np.testing.assert_allclose(uniform_kernel([0.0099, 0.0101], ladder=False), 4 / 3, rtol=1e-4)
    assert uniform_kernel(1e3, ladder=True) == pytest.approx(uniform_kernel(1e3, ladder=False), rel=2e-3)


# ---- conservation and continuation ---------------------------------------------------------------------------------


DENSITY = {
    "density_11": ("current_11", "pair_2", "pair"),
    "density_shift_1": ("current_shift", "pair_shift", "pair"),
    "density_12": ("current_12", "pair_1", "pair_1"),
    "density_22": ("current_22", "pair", "pair_2"),
    "density_shift_2": ("current_shift", "pair", "pair_shift"),
}


@pytest.mark.parametrize("kappa", [0.2, 3.0, 50.0])
def test_charge_is_conserved(kappa):
    """q.j of both diagrams is (omega + 2i Gamma in the window) times the response to a density, sector by sector.

    The density vertex has the polynomials of the current's a with the other sign: e_alpha.P_k[q x p] p2_i contracted.
    """
    damping = 0.07
    near, (value, slope) = loop_terms.window_functions(damping), loop_terms.sea_functions()
    w_near, w_far = {"R": 1.1 + 2j * damping, "A": 1.1 - 2j * damping}, {"S": 1 + 0.9j}

    def total(terms, left, right, w1, w2):
        out = 0.0
        for name, f1, f2, factor in terms:
            if f1 in left and f2 in right:
                pieces = sheets(left[f1], w1), sheets(right[f2], w2)
                out = out + factor * exchange(*pieces, np.array([kappa]), 0.5, loop_terms.ANGULAR[name], 20.0)[0, 0]
        return out

    current = loop_terms.VERTEX_TERMS + loop_terms.CURRENT_TERMS
    density = [(name, f1, f2, -1.0) for name, f1, f2 in DENSITY.values()]
    for left, right, w1, w2, factor in (
        (near, near, w_near, w_near, 2j * damping),
        (near, value, w_near, w_far, 2j * damping),
        (value, near, w_far, w_near, 0.0),
    ):
        expected = factor * total(density, left, right, w1, w2)
        size = abs(total(loop_terms.VERTEX_TERMS, left, right, w1, w2))
        assert abs(total(current, left, right, w1, w2) - expected) < 1e-9 * size
    # outside the window the current is -omega times a sum of derivatives, and q.j is omega times the density
    derivative = total(current, slope, value, w_far, w_far) + total(current, value, slope, w_far, w_far)
    assert derivative == pytest.approx(-total(density, value, value, w_far, w_far), rel=1e-9)


def extrapolate(x, values):
    """Thiele's continued fraction at x = 0."""
    column, c = list(values), [values[0]]
    for k in range(1, len(x)):
        column = [(x[i] - x[k - 1]) / (column[i] - c[-1]) if i >= k else column[i] for i in range(len(x))]
        c.append(column[k])
    out = 0.0
    for k in range(len(x) - 1, 0, -1):
        out = -x[k - 1] / (c[k] + out)
    return (c[0] + out).real


def test_continuation_of_a_window():
    """A Matsubara sum with one pair in the window, continued to omega = 0 by numbers, against the real-axis form.

    One momentum each and one phonon: electrons xi1, xi2, phonon omega, T = 1. The real-axis form has the real phonons
    (weights n_B + f) and the sum over the other pair's Matsubara energies; no principal value is left at omega = 0.
    """
    damping, xi1, xi2, omega = 6.0, 0.7, -1.1, 1.5
    g = lambda xi, z, side: 1 / (z - xi + 1j * damping * side)  # noqa: E731
    phonon = lambda z: 1 / (omega**2 - z**2)  # noqa: E731
    n, weight = matsubara_nodes(1e7, 12, 2)
    e = math.pi * (2 * n + 1)

    def response(steps):
        w = 2 * math.pi * steps
        window = -math.pi * (2 * np.arange(steps) + 1)
        out = 0.0
        for low in window:
            above = weight @ (g(xi2, 1j * (e + w), 1) * g(xi2, 1j * e, 1) * phonon(1j * (e - low)))
            below = weight @ (g(xi2, -1j * e, -1) * g(xi2, -1j * (e + w), -1) * phonon(1j * (-w - e - low)))
            inside = np.sum(g(xi2, 1j * (window + w), 1) * g(xi2, 1j * window, -1) * phonon(1j * (window - low)))
            out += g(xi1, 1j * (low + w), 1) * g(xi1, 1j * low, -1) * (above + below + inside)
        return out / w

    steps = np.arange(1, 15)
    found = extrapolate(2 * math.pi * steps, [response(int(k)) for k in steps])
    x, edge = fermi_edge_trapezoid(0.25)
    bose, fermi = 1 / math.expm1(omega), lambda z: 1 / (1 + np.exp(z))
    pair = lambda xi, z: g(xi, z, 1) * g(xi, z, -1)  # noqa: E731
    real = (bose + fermi(x + omega)) * pair(xi2, x + omega) + (1 + bose - fermi(x - omega)) * pair(xi2, x - omega)
    virtual = (weight * g(xi2, 1j * e, 1) ** 2) @ phonon(1j * e[:, None] - x)
    virtual += (weight * g(xi2, -1j * e, -1) ** 2) @ phonon(-1j * e[:, None] - x)
    expected = edge @ (pair(xi1, x) * (real / (2 * omega) + virtual)) / (2 * math.pi)
    assert found == pytest.approx(expected.real, rel=2e-3)
    assert abs(edge @ (pair(xi1, x) * virtual)) > 0.1 * abs(edge @ (pair(xi1, x) * real / (2 * omega)))


def _series(power_step, top=14):
    """Functions of a pair at z +- h on one side, as powers of G(z): GG' = G^2/(1 - h^2 G^2), and so on."""
    h = power_step

    def times(f, g):
        out = {}
        for n, a in f.items():
            for m, b in g.items():
                if n + m <= top:
                    out[n + m] = out.get(n + m, 0) + a * b
        return out

    pair = {2 * j + 2: h ** (2 * j) for j in range(top // 2)}
    difference = {n: -2 * h * c for n, c in pair.items()}
    out = {"pair": pair, "pair_1": times(pair, difference), "difference": difference}
    return {name: {("S", n): c for n, c in f.items()} for name, f in out.items()}


def _imaginary_frequency(terms, point, steps, order):
    """sigma at omega = 2 pi i T steps by the plain double sum over both energies, all nine sectors."""
    t, omega = point.temperature, 2 * math.pi * point.temperature * steps
    n, weight = matsubara_nodes(point.steps, order)
    far, reach = matsubara_nodes(point.steps * one_loop._FAR, order)
    e = math.pi * t * (2 * n + 1)
    sides = {1: (e, weight), 0: (-math.pi * t * (2 * np.arange(steps) + 1.0), np.ones(steps)), -1: (-omega - e, weight)}
    outside, near = _series(0.5j * omega), loop_terms.window_functions(point.damping + 0.5 * omega)

    def pair(energy, side):
        if side:
            return outside, {"S": 1 + 2j * (energy + 0.5 * omega + side * point.damping)}
        return near, {"R": 1 + 2j * (energy + omega + point.damping), "A": 1 + 2j * (energy - point.damping)}

    total = 0.0
    for side1, (e1, w1) in sides.items():
        for side2, (e2, w2) in sides.items():
            if side1 == side2 != 0:
                start = e1[0] + 2 * math.pi * t * side1 * far
                low, nu = np.meshgrid(start, 2 * math.pi * t * n * side1, indexing="ij")
                both = np.outer(reach, weight)
                grids = [(low, low + nu, both), (low + nu, low, both * (nu != 0))]
            else:
                grids = [(*np.meshgrid(e1, e2, indexing="ij"), np.outer(w1, w2))]
            for left, right, w in grids:
                left, right = left.ravel(), right.ravel()
                kappa = np.hypot(left - right, point.gap) / point.speed
                (f1, one), (f2, two) = pair(left, side1), pair(right, side2)
                for name, first, second, factor in terms:
                    value = exchange(
                        sheets(f1[first], one),
                        sheets(f2[second], two),
                        kappa,
                        point.speed,
                        loop_terms.ANGULAR[name][:1],
                        point.cutoff,
                    )
                    total += factor * (value @ w.ravel())[0]
    return (2j / omega * t**2 * total).real


@pytest.mark.parametrize(
    ("terms", "point", "tolerance"),
    [
        (loop_terms.UNIFORM_TERMS, one_loop._Point(0.15, 0.3, 0.002, 0.03, 3.0), 0.01),
        (loop_terms.VERTEX_TERMS, one_loop._Point(0.3, 0.1, 0.01, 0.02, 3.0), 0.01),
    ],
)
def test_sectors_add_up_to_the_matsubara_sum(terms, point, tolerance):
    """ra + mixed + sea against the sum at imaginary frequencies, extrapolated to omega = 0."""
    steps = np.arange(1, 8)
    values = [_imaginary_frequency(terms, point, int(k), 4) for k in steps]
    found = extrapolate(2 * math.pi * point.temperature * steps, values)
    sectors = [one_loop._window_window(terms, point, 14)[0], one_loop._mixed(terms, point, 6)[0]]
    sectors.append(one_loop._sea(terms, point, 5)[0])
    assert found == pytest.approx(sum(sectors), rel=tolerance)
    assert max(np.abs(sectors)) > 3 * tolerance * abs(sum(sectors))


# ---- the answer ----------------------------------------------------------------------------------------------------


def test_cutoff():
    """Of a, b, d only a goes on growing, with the known slope; the charge current is finite with both diagrams."""
    gamma, c, t, y = paper(1, 1)
    low, high = (one_loop._Point(gamma, c, t, y * t, cutoff) for cutoff in (400.0, 1600.0))
    parts = [[one_loop._mixed(terms, point, 4) for terms in one_loop._TERMS[:2]] for point in (low, high)]
    grown = np.array(parts[1]) - np.array(parts[0])
    slope = one_loop.one_loop(gamma, c, t, y, order=4, errors=False).log_slope
    assert grown[0, 0] == pytest.approx(slope * math.log(4), rel=0.01)
    assert grown[0, 1] == pytest.approx(slope * math.log(4), rel=0.01)
    assert abs(grown.sum(axis=0)[1]) < 0.01 * grown[0, 1]
    assert abs(grown.sum(axis=0)[2]) < 0.01 * grown[0, 1]


def test_virtual_phonons_make_no_uniform_current():
    """s of `mixed` and of `sea` both grow like log(cutoff)/(6 pi^4 c); their sum falls off like 1/cutoff."""
    gamma, c, t, y = paper(1, 1)
    points = [one_loop._Point(gamma, c, t, y * t, cutoff) for cutoff in (10.0, 100.0)]
    mixed, sea = (
        [part(loop_terms.UNIFORM_TERMS, point, 6)[0] for point in points] for part in (one_loop._mixed, one_loop._sea)
    )
    assert mixed[1] - mixed[0] == pytest.approx(math.log(10) / (6 * math.pi**4 * c), rel=0.05)
    assert abs(mixed[0] + sea[0]) < 0.06 * mixed[0]
    assert abs(mixed[1] + sea[1]) < 0.2 * abs(mixed[0] + sea[0])


def test_sizes_and_honest_errors():
    """At 1 K and E_g = 1 meV what RA leaves out is 1e4 to 1e5 times larger; errors cover a finer rule."""
    gamma, c, t, y = paper(1, 1)
    result = one_loop.one_loop(gamma, c, t, [y], order=5)
    finer = one_loop.one_loop(gamma, c, t, [y], order=7, errors=False)
    assert result.parts.shape == (1, 2, 3, 3) and result.uniform.shape == (1, 3)
    assert np.all(np.abs(result.parts - finer.parts) <= result.parts_error + 1e-12 * np.abs(result.parts).max())
    assert np.all(np.abs(result.uniform - finer.uniform) <= result.uniform_error)
    missing = result.missing()[0]
    assert 1e4 < missing[0] < 2e5 and -2e5 < missing[1] < -1e4
    np.testing.assert_allclose(result.complete[0], result.parts[0].sum(axis=(0, 1)))
    assert result.kept[0] == pytest.approx(7.65341288e-3, rel=1e-7)
    vertex = result.parts[0, 0]
    np.testing.assert_allclose(vertex[:, 0], vertex[:, 1], rtol=1e-6)
    # time reversal and charge conservation leave d and the current's a opposite
    np.testing.assert_allclose(result.parts[0, 1, :, 0], -result.parts[0, 1, :, 2], rtol=1e-6)


def test_no_phonons_left():
    """Far below the gap RA is zero, and what it misses is infinite in comparison; no warning."""
    gamma, c, t, _ = paper(1, 1)
    result = one_loop.one_loop(gamma, c, t, 2000.0, order=4, errors=False)
    assert result.kept == 0.0
    assert np.all(np.isinf(result.missing()))


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [((0.0, 0.01, 1e-5, 1.0), {}), ((0.01, 0.01, 1e-5, -1.0), {}), ((0.01, math.nan, 1e-5, 1.0), {}),
     ((0.01, 0.01, 1e-5, 1.0), {"cutoff": 1.0}), ((0.01, 0.01, 1e-5, 1.0), {"order": 2})],
)  # fmt: skip
def test_bad_input(arguments, keywords):
    with pytest.raises(InputError):
        one_loop.one_loop(*arguments, **keywords)


def test_trust_map():
    """Axes and numbers of the map are those of the points; warmer and softer is safer."""
    gamma, c, t, _ = paper(1, 1)
    found = one_loop.trust_map(gamma, c, [t, 30 * t], [2 * t])
    assert found.shape == (2, 1, 3)
    point = one_loop.one_loop(gamma, c, 30 * t, 2 / 30, order=4, errors=False)
    np.testing.assert_allclose(found[1, 0], point.missing(), rtol=1e-12)
    assert np.all(np.abs(found[1]) < np.abs(found[0]))
    vertex = np.abs(point.missing(("vertex",)))
    assert vertex[0] < 0.2 and vertex[2] < 1e-4
    with pytest.raises(InputError):
        one_loop.trust_map(gamma, c, [0.0], [t])
