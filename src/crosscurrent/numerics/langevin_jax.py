"""The steps of `langevin` on jax.numpy: the same formulas, the whole batch at once, in one compiled loop.

A compiled loop is kept for each number of steps and choice of sums; baths and uniform forces are its arguments, so that
a protocol may change them without compiling again.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.langevin_sums import Sums, product_sums
from crosscurrent.units import InputError

if TYPE_CHECKING:
    from crosscurrent.numerics.langevin import Langevin

DEVICES = ("cpu", "gpu")


def check_device(device: str) -> None:
    """Raises InputError where jax is missing, has no such device, or is not set to the double precision of the sums."""
    try:
        jax = importlib.import_module("jax")
    except ImportError as error:
        raise InputError(
            "jax is not installed", where="device", fix='pip install "crosscurrent[gpu]", or choose device = "numpy"'
        ) from error
    if device not in DEVICES:
        raise InputError(f"unknown device '{device}'", where="device", fix="choose from numpy, " + ", ".join(DEVICES))
    try:
        jax.devices(device)
    except RuntimeError as error:
        raise InputError(
            f"there is no {device} that jax can use",
            where="device",
            fix='choose device = "numpy" to run on the processor instead',
        ) from error
    if not jax.config.jax_enable_x64:
        raise InputError(
            "jax is set to single precision only, and sums over steps need double",
            where="device",
            fix='jax.config.update("jax_enable_x64", True) before the first array is made',
        )


def run(
    engine: Langevin,
    u: NDArray[Any],
    v: NDArray[Any],
    force: NDArray[Any],
    realizations: tuple[int, ...],
    first: int,
    steps: int,
    sums: Sums | None,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Fields (R, C, 3, Nz, Nx, Ny) after the steps first + 1 ... first + steps. sums: where to add what they pass."""
    jax = importlib.import_module("jax")
    home = jax.devices(engine.device)[0]
    every, products = (sums.every, sums.products) if sums is not None else (0, None)
    key = steps, every, products
    if key not in engine.compiled:
        engine.compiled[key] = _compiled(engine, steps, every, products)
    baths = [(bath.turn, bath.noise) for bath in engine.baths]
    push = engine.push.astype(engine.dtype)
    arguments = jax.device_put((u, v, force, np.asarray(realizations), np.int64(first), baths, push), home)
    # graphics cards would round the factors of a product in single precision to 10 bits
    with jax.default_device(home), jax.default_matmul_precision("highest"):
        fields, totals = engine.compiled[key](*arguments)
    if sums is not None:
        for name, total in totals.items():
            sums.totals[name] += np.asarray(total)
    done = [np.asarray(part) for part in fields]
    return done[0], done[1], done[2]


def _compiled(engine: Langevin, steps: int, every: int, products: tuple[str, ...] | None) -> Any:
    """A function of fields, numbers of the realizations, first step, baths and uniform forces."""
    jax, xp = importlib.import_module("jax"), importlib.import_module("jax.numpy")

    def one_step(u: Any, v: Any, xi: Any, baths: Any, push: Any) -> tuple[Any, Any, Any]:
        moved, turned = [], []
        for copy, bath in enumerate(_planes(baths)):
            moves, velocity = engine.drift(bath, _components(v[:, copy]), _components(xi))
            moved.append(u[:, copy] + xp.stack(moves, axis=1))
            turned.append(xp.stack(velocity, axis=1))
        u, v = xp.stack(moved, axis=1), xp.stack(turned, axis=1)
        coupled = engine.convolution(u, xp)
        forces, kicks = [], []
        for copy in range(engine.copies):
            parts = engine.force(copy, _components(u[:, copy]), _components(coupled[:, copy]), push[copy])
            forces.append(xp.stack(parts, axis=1))
            kicks.append(xp.stack(engine.kick_of(parts), axis=1))
        return u, v + xp.stack(kicks, axis=1), xp.stack(forces, axis=1)

    def summed(totals: Any, fields: tuple[Any, Any, Any], step: Any) -> Any:
        if products is None:
            return totals
        u, v, force = fields
        totals = {**totals, "u": totals["u"] + u.sum(axis=-3)}
        if products:
            named = {name: xp.moveaxis(f, 2, 0) for name, f in (("u", u), ("v", v), ("f", force))}

            def with_products(sofar: Any) -> Any:
                more = product_sums(named, products, xp)
                return {name: sofar[name] + more[name] if name in more else sofar[name] for name in sofar}

            totals = jax.lax.cond(step % every == 0, with_products, lambda sofar: sofar, totals)
        return totals

    def loop(u: Any, v: Any, force: Any, realizations: Any, first: Any, baths: Any, push: Any) -> Any:
        def body(carry: Any, step: Any) -> Any:
            u, v, _, totals = carry
            xi = engine.noise.draw_jax(realizations, step, engine.dtype)
            fields = one_step(u, v, xi, baths, push)
            return (*fields, summed(totals, fields, step + 1)), None

        shape = (*u.shape[:2], *u.shape[-2:])
        totals = {name: xp.zeros((*shape[:2], 3, 3, *shape[2:])) for name in products or ()}
        if products is not None:
            totals["u"] = xp.zeros((*shape[:2], 3, *shape[2:]))
        carry, _ = jax.lax.scan(body, (u, v, force, totals), first + xp.arange(steps))
        return carry[:3], carry[3]

    return jax.jit(loop)


def _components(field: Any) -> tuple[Any, Any, Any]:
    """The three components of (R, 3, Nz, Nx, Ny)."""
    return field[:, 0], field[:, 1], field[:, 2]


def _planes(baths: Any) -> list[Any]:
    from crosscurrent.numerics.langevin import Bath

    return [Bath(turn, noise) for turn, noise in baths]
