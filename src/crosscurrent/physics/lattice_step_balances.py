"""The local balances S29, S31 and S38 along a trajectory, in the form in which steps of finite length close them.

Bustamante Lopez, Brehm and Juraschek, "Ferron Hall effect" (2026), supplement. A step takes (u, w) of its beginning,
with w the velocity after the half kick that opens it, to (u', w'): a drift by h/2, bath and rotation w -> b, a drift by
h/2, a kick b -> w' = b + h c M^-1 F(u'). With K and L those of w, exactly and whatever the length of the step:

    K' - K = h F(u').v' + [K(b) - K(w)],      v' = w' - (h/2) c M^-1 F(u')
    L' - L = h c u'.Lambda M^-1 F(u') + m.Lambda (b - w),      m = u + (h/2) w

Given the beginning of the step the bath gives on average [1 - exp(-2 gamma h)] [(3/2) k_B T - K(w)], and the torque of
bath and rotation is m.Lambda (d R - 1) w with d = exp(-gamma h) and the rotation R. These stand for the bath, so that
what a balance leaves over is the work or torque of the noise less its mean: white, with mean zero. What is looked at
begins and ends half-way through a kick, with half of its work and torque at either end; K is there the mean of before
and after the kick.

S31 also counts the energy of the well and of the short range. A step does not take from it just what its kicks do: the
difference, of second order in h, is a term of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.langevin import Langevin, State, inwards
from crosscurrent.numerics.langevin_sums import Sums
from crosscurrent.numerics.lattice_convolution import lattice_convolution
from crosscurrent.numerics.workspace import Workspace
from crosscurrent.physics.lattice_energy import Couplings, neighbour
from crosscurrent.physics.lattice_kernel import Blocks
from crosscurrent.physics.lattice_units import ACCELERATION, HBAR
from crosscurrent.physics.on_site import OnSite

Floats = NDArray[np.float64]

#: What `StepBalances.terms` gives, on the last axis. Powers eV/ps, S29 and S31; torques on L_z hbar/ps, S38.
TERMS = (
    "power_on_site",
    "power_short_range",
    "power_dipole",
    "power_bath",
    "power_change",
    "energy_inflow",
    "energy_step",
    "energy_change",
    "torque_on_site",
    "torque_short_range",
    "torque_dipole",
    "torque_magnetic",
    "torque_damping",
    "torque_change",
)
#: The terms of each balance, and the rate of change that they should sum to.
BALANCES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "power": (("power_on_site", "power_short_range", "power_dipole", "power_bath"), "power_change"),
    "energy": (("energy_inflow", "power_dipole", "power_bath", "energy_step"), "energy_change"),
    "torque": (
        ("torque_on_site", "torque_short_range", "torque_dipole", "torque_magnetic", "torque_damping"),
        "torque_change",
    ),
}


@dataclass(frozen=True, eq=False)
class CellForces:
    """The forces on the cells of a dynamics, apart, and what is bilinear in them.

    engine: the dynamics. couplings, blocks: those that it was made from. site: of the copies that are looked at, the
    first `copies` of the engine. mass: M, amu. spin: Lambda^(z), amu. thermal: k_B T of the baths, (Nx,) eV.
    """

    engine: Langevin
    couplings: Couplings
    blocks: Blocks
    site: OnSite
    copies: int
    mass: Floats
    spin: Floats
    thermal: Floats

    @cached_property
    def _dipole(self) -> Any:
        precision = "single" if self.engine.dtype == np.float32 else "double"
        return lattice_convolution(self.couplings.slab, -self.couplings.dipole, precision)

    @cached_property
    def _counter(self) -> NDArray[Any]:
        """c(y), (3, 3, 1, 1, Ny)."""
        return np.moveaxis(self.couplings.counter, 0, -1)[:, :, None, None].astype(self.engine.dtype)

    @cached_property
    def work(self) -> Workspace:
        return Workspace()

    def apart(self, u: NDArray[Any], force: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """On-site, short-range and dipole force of fields (3, Nz, Nx, Ny) whose whole force is given."""
        on_site, dipole = np.empty_like(u), self._dipole(u, np, self.work).copy()
        for a, part in enumerate(self.site.force_components(u[0], u[1], u[2])):
            on_site[a] = part
            for b in range(3):
                if self._counter[a, b].any():
                    dipole[a] += self._counter[a, b] * u[b]
        return {"on_site": on_site, "short_range": force - on_site - dipole, "dipole": dipole}

    @cached_property
    def lever(self) -> Floats:
        """c Lambda^(z) M^-1/hbar: a torque on L_z is u.lever.F, hbar/ps."""
        return self.spin @ np.linalg.inv(self.mass) * (ACCELERATION / HBAR)

    def kinetic(self, w: NDArray[Any]) -> Floats:
        """Sum over z of w.M.w/2, (Nx, Ny) eV."""
        return _bilinear(self.mass / (2 * ACCELERATION), w, w)

    def angular(self, u: NDArray[Any], w: NDArray[Any]) -> Floats:
        """Sum over z of L_z, (Nx, Ny) hbar."""
        return _bilinear(self.spin / HBAR, u, w)

    def turned(self, copy: int, u: NDArray[Any], w: NDArray[Any]) -> Floats:
        """Sum over z of m.Lambda^(z) R w, with m half a drift after u: (Nx, Ny) hbar."""
        matrix = self.spin @ self.engine.turns[copy] / HBAR
        even = 0.25 * self.engine.step * (matrix + matrix.T)
        return _bilinear(matrix, u, w) + _bilinear(np.where(np.abs(even) > 1e-15 * np.abs(matrix).max(), even, 0), w, w)

    def stored(self, u: NDArray[Any], parts: Mapping[str, NDArray[Any]]) -> dict[str, Floats]:
        """Sums over z of the on-site energy and of the short-range one, each bond shared by its ends, and of what the
        cells lend their bonds: -(1/4) sum_R [u_{i+R}.K(R).u_{i+R} - u_i.K(R).u_i]. (Nx, Ny) eV each."""
        field = np.moveaxis(u, 0, -1).astype(float)
        own = np.einsum("azxy,bzxy->xyab", u, u, optimize=True).reshape(*u.shape[2:], 1, 9).astype(float)
        lent = np.zeros(u.shape[2:])
        for vector, block in self.blocks.items():
            moved, inside = neighbour(own, vector, self.couplings.slab)
            lent -= 0.25 * (np.where(inside[:, None, None], moved - own, 0.0) @ block.ravel())[..., 0]
        short_range = lent - 0.5 * _dot(u, parts["short_range"])
        return {"on_site": self.site.energy(field).sum(axis=0), "short_range": short_range, "lent": lent}


@dataclass
class _Trace:
    """One field on its way: the sums over its steps, and where it stood at the first and the last of them."""

    first: dict[str, Floats]
    u: NDArray[Any]
    w: NDArray[Any]
    parts: dict[str, NDArray[Any]]
    sums: dict[str, Floats] = field(default_factory=dict)
    steps: int = 0
    planes: int = 0
    next: NDArray[Any] = field(default_factory=lambda: np.zeros(0))


@dataclass
class StepBalances(Sums):
    """`Sums` that also keep the terms of the balances, at every step, of the first copies of a dynamics on numpy.

    begin(state) comes first.
    """

    cells: CellForces | None = None
    traces: dict[tuple[int, ...], _Trace] = field(default_factory=dict)

    def begin(self, state: State) -> StepBalances:
        """From where the first step starts."""
        assert self.cells is not None
        for index in range(len(state.u)):
            for copy in range(self.cells.copies):
                u, w, force = (inwards(x[index, copy]) for x in (state.u, state.v, state.force))
                parts = self.cells.apart(u, force)
                trace = _Trace(_edge(self.cells, copy, u, w, parts), u, w, parts)
                trace.next = np.empty((3, *u.shape), u.dtype)
                self.traces[index, copy] = trace
        return self

    def add(self, at: tuple[int, ...], u: Any, v: Any, f: Any, sampled: bool) -> None:
        super().add(at, u, v, f, sampled)
        trace = self.traces.get(at)
        if trace is None or self.cells is None:
            return
        # the planes come in order; what they hold is stepped on as soon as they are given back
        here = slice(trace.planes, trace.planes + len(u[0]))
        for kept, given in zip(trace.next, (u, v, f), strict=True):
            for a in range(3):
                kept[a, here] = given[a]
        trace.planes = here.stop
        if trace.planes == trace.next.shape[2]:
            trace.planes = 0
            _take(self.cells, at[1], trace)

    def terms(self) -> Floats:
        """Means over the steps, z and the realizations: (copies, Nx, Ny, terms), in the order of `TERMS`."""
        assert self.cells is not None
        found: list[list[Floats]] = [[] for _ in range(self.cells.copies)]
        for (_, copy), trace in self.traces.items():
            found[copy].append(_terms(self.cells, copy, trace))
        return np.array([np.mean(each, axis=0) for each in found])


def _edge(
    cells: CellForces, copy: int, u: NDArray[Any], w: NDArray[Any], parts: Mapping[str, NDArray[Any]]
) -> dict[str, Floats]:
    """Of the first or the last state."""
    return _forms(cells, copy, u, w, sum(parts.values()), parts) | cells.stored(u, parts)


def _forms(
    cells: CellForces, copy: int, u: NDArray[Any], w: NDArray[Any], force: Any, parts: Mapping[str, NDArray[Any]]
) -> dict[str, Floats]:
    """Of one state, summed over z; powers with the velocity half-way through the kick."""
    velocity = w - np.stack(cells.engine.kick_of(force, 0.5))
    return {
        "power": _dot(force, velocity),
        "power_on_site": _dot(parts["on_site"], velocity),
        "power_dipole": _dot(parts["dipole"], velocity),
        "torque": _bilinear(cells.lever, u, force),
        "torque_on_site": _bilinear(cells.lever, u, parts["on_site"]),
        "torque_dipole": _bilinear(cells.lever, u, parts["dipole"]),
        "kinetic": cells.kinetic(w),
        "angular": cells.angular(u, w),
        "turned": cells.turned(copy, u, w),
    }


def _take(cells: CellForces, copy: int, trace: _Trace) -> None:
    """One step."""
    u, w, force = trace.next
    parts = cells.apart(u, force)
    more = _forms(cells, copy, u, w, force, parts)
    # what the bonds bring in a step is half of this, but for what the cells lend them
    more["exchange"] = _dot(u, trace.parts["short_range"]) - _dot(trace.u, parts["short_range"])
    for name, value in more.items():
        trace.sums[name] = trace.sums[name] + value if name in trace.sums else value.astype(float)
    trace.parts, trace.steps = parts, trace.steps + 1
    trace.u[...], trace.w[...] = u, w


def _terms(cells: CellForces, copy: int, trace: _Trace) -> Floats:
    """Means over the steps and over z, (Nx, Ny, terms)."""
    first, last = trace.first, _edge(cells, copy, trace.u, trace.w, trace.parts)
    layers, h = trace.u.shape[1], cells.engine.step
    mean = {name: total / (trace.steps * layers) for name, total in trace.sums.items()}
    rate = {name: (last[name] - first[name]) / (trace.steps * layers * h) for name in first}
    # sums over the ends of the steps, made into sums over their beginnings
    before = {name: mean[name] - h * rate[name] for name in ("kinetic", "angular", "turned")}
    decay = np.exp(-cells.engine.damping * h)
    # half a kick at either end
    kicks = {name: mean[name] - h / 2 * rate[name] for name in mean if name.startswith(("power", "torque"))}
    out = {name: kicks[name] for name in TERMS if name in kicks}
    stored = rate["on_site"] + rate["short_range"]
    out["power_short_range"] = kicks["power"] - kicks["power_on_site"] - kicks["power_dipole"]
    out["power_bath"] = (1 - decay**2) / h * (1.5 * cells.thermal[:, None] - before["kinetic"])
    out["power_change"] = rate["kinetic"] - h / 2 * rate["power"]
    out["energy_inflow"] = mean["exchange"] / (2 * h) + rate["lent"]
    out["energy_step"] = stored + out["power_on_site"] + out["power_short_range"] - out["energy_inflow"]
    out["energy_change"] = out["power_change"] + stored
    out["torque_short_range"] = kicks["torque"] - kicks["torque_on_site"] - kicks["torque_dipole"]
    # d R - 1 = (1 + d)/2 (R - 1) - (1 - d)/2 (R + 1)
    out["torque_magnetic"] = (1 + decay) / (2 * h) * (before["turned"] - before["angular"])
    out["torque_damping"] = -(1 - decay) / (2 * h) * (before["turned"] + before["angular"])
    out["torque_change"] = rate["angular"] - h / 2 * rate["torque"]
    return np.stack([out[name] for name in TERMS], axis=-1)


def _dot(left: NDArray[Any], right: NDArray[Any]) -> Floats:
    """Sum over components and z, (Nx, Ny)."""
    return np.asarray(np.einsum("azxy,azxy->xy", left, right))


def _bilinear(matrix: Floats, left: NDArray[Any], right: NDArray[Any]) -> Floats:
    """Sum over z of left.matrix.right, (Nx, Ny)."""
    total = np.zeros(left.shape[2:])
    for a, b in zip(*np.nonzero(matrix), strict=True):
        total += matrix[a, b] * np.einsum("zxy,zxy->xy", left[a], right[b])
    return total
