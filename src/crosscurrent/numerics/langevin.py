"""Langevin dynamics of a lattice of vectors: BAOAB with an exact gyroscopic rotation.

v' = kick F(u) + turn v - gamma v + noise. A step of Leimkuhler and Matthews, J. Chem. Phys. 138, 174102 (2013), is half
a kick (B), half a drift (A), bath and rotation (R O, which commute), half a drift, half a kick: one force a step. A
state is kept between the two half kicks of ... A O A B(h/2) B(h/2) A ..., after the one that opens the next step: there
the velocities of a harmonic lattice have their exact distribution at any step length, and the two half kicks are one.
So the bits of a trajectory depend on neither the cadence of measurement nor the way it is cut into calls.

Fields are (R, C, Nx, Ny, Nz, 3) for the user: R realizations of the noise, C copies that share the noise of each.
Inside they are (R, C, 3, Nz, Nx, Ny): components apart, so that formulas run over contiguous planes. On numpy one
realization goes through all steps before the next one starts, plane by plane, so that it stays in the cache and the
size of the batch does not matter; on jax.numpy (`langevin_jax`) the whole batch takes each step together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.numerics.langevin_sums import Sums
from crosscurrent.numerics.step_noise import StepNoise
from crosscurrent.numerics.workspace import Workspace, keep_freed_memory
from crosscurrent.units import InputError

Floats = NDArray[np.float64]
#: For each component of a result, which components with which factors, numbers or (Nx, Ny), make it up.
Rows = tuple[dict[int, Any], ...]

#: Bytes of one component of a block of planes: fewer blocks are fewer calls, smaller ones stay in the cache.
_BLOCK = 280_000


class Convolution(Protocol):
    """sum_j K(i - j) u_j of fields (..., 3, Nz, Nx, Ny); `route` names how."""

    @property
    def route(self) -> str: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def __call__(self, u: Any, xp: Any = np, work: Workspace | None = None) -> Any: ...


class SiteForce(Protocol):
    """The force of an on-site potential, of three arrays and as three arrays, or 0.0 for a component that has none."""

    def force_components(self, ux: Any, uy: Any, uz: Any) -> tuple[Any, Any, Any]: ...


@dataclass(frozen=True, eq=False)
class State:
    """u, v, force: (R, C, Nx, Ny, Nz, 3). u and force at the end of a step, v after the half kick that opens the next
    one.

    step: steps since the start. realizations: the numbers, (R,), that stand for their noise.
    """

    u: NDArray[Any]
    v: NDArray[Any]
    force: NDArray[Any]
    step: int
    realizations: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Bath:
    """What one copy's bath and rotation do in a step: v -> turn v + noise xi."""

    turn: Rows
    noise: Rows


@dataclass(frozen=True, eq=False)
class Langevin:
    """A lattice in its baths.

    step: h. convolution: minus the couplings. local: (Ny, 3, 3), a further term local(y) u in the force. sites: on-site
    forces, one a copy. kick: (3, 3), acceleration a force. root: (3, 3), M^(-1/2), which shapes the noise. turns: (C,
    3, 3), what the rotation of one step does to v. damping: (Nx, Ny). theta: strength of the baths, (Nx, Ny) or (C, Nx,
    Ny). push: (C, 3), a uniform force. noise: the numbers. device: "numpy", or "cpu" or "gpu" of jax. compiled: for
    jax.

    Raises InputError for a damping or a bath below zero.
    """

    step: float
    shape: tuple[int, int, int]
    convolution: Convolution
    local: Floats
    sites: tuple[SiteForce, ...]
    kick: Floats
    root: Floats
    turns: Floats
    damping: Floats
    theta: Floats
    push: Floats
    noise: StepNoise
    device: str = "numpy"
    compiled: dict[Any, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for name in ("damping", "theta"):
            value = getattr(self, name)
            if not (np.isfinite(value).all() and value.min() >= 0):
                what = "damping" if name == "damping" else "temperature"
                raise InputError(f"a {what} of the baths is negative or not a number", where=what)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.convolution.dtype

    @property
    def copies(self) -> int:
        return len(self.sites)

    @property
    def route(self) -> str:
        """How the couplings are summed: "fourier" or "trigonometric"."""
        return self.convolution.route

    def with_bath(self, theta: ArrayLike) -> Langevin:
        """The same lattice in another bath; theta as in the class."""
        return replace(self, theta=np.asarray(theta, dtype=float))

    def with_push(self, push: ArrayLike) -> Langevin:
        """The same lattice under another uniform force, (3,) or (C, 3)."""
        return replace(self, push=np.broadcast_to(np.asarray(push, dtype=float), (self.copies, 3)))

    @cached_property
    def baths(self) -> list[Bath]:
        """One a copy."""
        nx, ny = self.shape[:2]
        gamma = np.broadcast_to(self.damping, (nx, ny))
        decay = np.exp(-gamma * self.step)
        spread = np.sqrt(-np.expm1(-2 * gamma * self.step) * np.broadcast_to(self.theta, (self.copies, nx, ny)))
        return [
            Bath(self._planes(turn, decay), self._planes(self.root, part))
            for turn, part in zip(self.turns, spread, strict=True)
        ]

    def _planes(self, matrix: Floats, factor: Floats) -> Rows:
        """factor(x, y) matrix, leaving out the zeros of the matrix."""
        return tuple(
            {b: np.ascontiguousarray(factor * value, self.dtype) for b, value in enumerate(row) if value}
            for row in matrix
        )

    def start(self, u: ArrayLike, v: ArrayLike = 0.0, realizations: Sequence[int] = (0,), step: int = 0) -> State:
        """A state from displacements and velocities at one time, which broadcast to (R, C, Nx, Ny, Nz, 3).

        Raises InputError for numbers that are not finite.
        """
        shape = (len(realizations), self.copies, *self.shape, 3)
        position, velocity = (inwards(np.broadcast_to(np.asarray(x, dtype=self.dtype), shape)) for x in (u, v))
        if not (np.isfinite(position).all() and np.isfinite(velocity).all()):
            raise InputError("displacements or velocities to begin with are not finite", where="start")
        force = np.empty_like(position)
        for at in np.ndindex(*shape[:2]):
            parts = self.force(at[1], position[at], self.convolution(position[at]), self.push[at[1]].tolist())
            force[at] = np.stack(parts)
            velocity[at] += np.stack(self.kick_of(parts, 0.5))
        return State(outwards(position), outwards(velocity), outwards(force), step, tuple(realizations))

    def full_step_velocity(self, state: State) -> NDArray[Any]:
        """v at the time of u, (R, C, Nx, Ny, Nz, 3): the one that conserves energy, colder than the bath by (h
        w/2)^2."""
        return np.asarray(state.v + np.stack(self.kick_of(np.moveaxis(state.force, -1, 0), -0.5), axis=-1))

    def advance(self, state: State, steps: int, sums: Sums | None = None) -> State:
        """The state `steps` later. sums: where to add what the steps pass through.

        Raises InputError for a trajectory that has grown without bound.
        """
        u, v, force = (inwards(x) for x in (state.u, state.v, state.force))
        if sums is not None:
            sums.prepare(u.shape)
        if self.device == "numpy":
            keep_freed_memory()
            # a trajectory that blows up is named below
            with np.errstate(over="ignore", invalid="ignore"):
                for index in range(len(u)):
                    self._run(index, (u[index], v[index], force[index]), state, steps, sums)
        else:
            from crosscurrent.numerics.langevin_jax import run

            u, v, force = run(self, u, v, force, state.realizations, state.step, steps, sums)
        _check_finite(v, state.step + steps)
        if sums is not None:
            sums.counted(state.step, state.step + steps)
        return State(outwards(u), outwards(v), outwards(force), state.step + steps, state.realizations)

    def _run(self, index: int, fields: tuple[Any, Any, Any], state: State, steps: int, sums: Sums | None) -> None:
        """All steps of one realization, in place; fields: u, v, force, (C, 3, Nz, Nx, Ny) each.

        The end of a step and the drift of the next one are one pass through memory.
        """
        number, last, work = state.realizations[index], state.step + steps, Workspace()
        copies = list(zip(*fields, strict=True))
        xi: Any = self.noise.draw(number, state.step, work) if steps else None
        for step in range(state.step, last):
            if step == state.step:
                for copy, (u, v, _) in enumerate(copies):
                    for z in self._blocks:
                        self._drift_block(copy, u[:, z], v[:, z], xi[:, z])
            xi = self.noise.draw(number, step + 1, work) if step + 1 < last else None
            for copy, (u, v, force) in enumerate(copies):
                coupled, push = self.convolution(u, np, work), self.push[copy].tolist()
                for z in self._blocks:
                    parts = self._kick_block(copy, u[:, z], v[:, z], coupled[:, z], push)
                    if sums is not None:
                        sums.add((index, copy), u[:, z], v[:, z], parts, sums.sampled(step + 1))
                    if xi is None:
                        force[:, z] = parts
                    else:
                        self._drift_block(copy, u[:, z], v[:, z], xi[:, z])

    def _drift_block(self, copy: int, u: Any, v: Any, xi: Any) -> None:
        moves, turned = self.drift(self.baths[copy], v, xi.astype(self.dtype, copy=False))
        for a in range(3):
            u[a] += moves[a]
            v[a] = turned[a]

    def _kick_block(self, copy: int, u: Any, v: Any, coupled: Any, push: list[float]) -> list[Any]:
        """The whole force."""
        parts = self.force(copy, u, coupled, push)
        for a, kick in enumerate(self.kick_of(parts)):
            v[a] += kick
        return parts

    @cached_property
    def _blocks(self) -> list[slice]:
        nx, ny, nz = self.shape
        planes = max(1, _BLOCK // (nx * ny * self.dtype.itemsize))
        return [slice(z, min(z + planes, nz)) for z in range(0, nz, planes)]

    def drift(self, bath: Bath, v: Any, xi: Any) -> tuple[list[Any], list[Any]]:
        """A R O A, everything before the new force: what u moves by, and the new v. xi: standard normal. Three
        components each."""
        turned = [_row(turn, v) + _row(noise, xi) for turn, noise in zip(bath.turn, bath.noise, strict=True)]
        return [0.5 * self.step * (v[a] + turned[a]) for a in range(3)], turned

    def force(self, copy: int, u: Any, coupled: Any, push: Any) -> list[Any]:
        """Couplings, local term, on-site force and uniform force of a copy, eV/angstrom, three components."""
        parts = []
        sites = self.sites[copy].force_components(u[0], u[1], u[2])
        for a, (site, local) in enumerate(zip(sites, self._local, strict=True)):
            total = coupled[a]
            for b, plane in local.items():
                total = total + plane * u[b]
            if not isinstance(site, float) or site:
                total = total + site
            if not isinstance(push[a], float) or push[a]:
                total = total + push[a]
            parts.append(total)
        return parts

    def kick_of(self, force: Any, steps: float = 1.0) -> list[Any]:
        """B: what v gains in the kick of one step, or of another number of them. Three components."""
        return [_row(row, force) for row in self._kicks(steps)]

    def _kicks(self, steps: float) -> Rows:
        matrix = steps * self.step * self.kick
        return tuple({b: float(value) for b, value in enumerate(row) if value} for row in matrix)

    @cached_property
    def _local(self) -> Rows:
        """The elements of the local term that are not zero in some layer, as planes (Nx, Ny)."""
        nx, ny = self.shape[:2]
        return tuple(
            {
                b: np.ascontiguousarray(np.broadcast_to(self.local[:, a, b], (nx, ny)), self.dtype)
                for b in range(3)
                if self.local[:, a, b].any()
            }
            for a in range(3)
        )


def _check_finite(v: NDArray[Any], step: int) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(v.sum(dtype=float))
    if not np.isfinite(total):
        raise InputError(
            f"a trajectory has grown without bound by step {step}",
            where="step",
            fix="take a shorter step, below a third of the longest stable one, or a lower temperature",
        )


def _row(row: dict[int, Any], parts: Any) -> Any:
    """sum_b factor_b part_b."""
    terms = [factor * parts[b] for b, factor in row.items()]
    return sum(terms[1:], terms[0])


def inwards(fields: NDArray[Any]) -> NDArray[Any]:
    """(..., Nx, Ny, Nz, 3) to (..., 3, Nz, Nx, Ny), a copy."""
    return np.moveaxis(fields, (-1, -2), (-4, -3)).copy(order="C")


def outwards(fields: NDArray[Any]) -> NDArray[Any]:
    """(..., 3, Nz, Nx, Ny) to (..., Nx, Ny, Nz, 3), a copy."""
    return np.moveaxis(fields, (-4, -3), (-1, -2)).copy(order="C")
