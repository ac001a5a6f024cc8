"""Gaussian noise that is a function of (seed, realization, step): no state to keep, any batch, any restart.

The numpy numbers come from the counter-based generator Philox (Salmon, Moraes, Dror and Shaw, SC11) and Box and
Muller's transform, Ann. Math. Stat. 29, 610 (1958), in single precision: 24 bits are far below what any average sees,
it is several times faster than drawing doubles, and runs in single and double precision have the same noise. The tail
ends at 6.8 standard deviations. With jax.numpy the numbers are those of jax.random: others, of the same statistics.
"""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.workspace import Workspace
from crosscurrent.units import InputError

_WORD = 2**64
#: Pairs of numbers made together, so that they stay in the cache.
_PAIRS = 8192


@dataclass(frozen=True)
class StepNoise:
    """Standard normal numbers for one box of cells a step, drawn in one fixed order.

    seed: 0 to 2^64 - 1. shape: of the numbers of one realization. mirror: axis of shape that is reversed, and the slice
    of its first axis that changes sign, for a run that is the mirror image of another; None for none.

    Raises InputError for a seed out of range.
    """

    seed: int
    shape: tuple[int, ...]
    mirror: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.seed < _WORD:
            raise InputError(f"the seed {self.seed} is not in 0 ... 2^64 - 1", where="seed")

    def draw(self, realization: int, step: int, work: Workspace | None = None) -> NDArray[np.float32]:
        """The numbers of one realization at one step, (*shape,) float32. work: where their array is kept."""
        numbers = gaussians(self.seed, realization, step, math.prod(self.shape), work)
        return np.asarray(self._mirrored(numbers))

    def draw_jax(self, realizations: Any, step: Any, dtype: Any) -> Any:
        """The numbers of several realizations, (R, *shape), of jax; realizations: (R,) and step: integers of jax."""
        jax = importlib.import_module("jax")
        key = jax.random.key(self.seed % 2**63)

        def one(realization: Any) -> Any:
            own = jax.random.fold_in(jax.random.fold_in(key, realization), step)
            return self._mirrored(jax.random.normal(own, (math.prod(self.shape),), dtype))

        return jax.vmap(one)(realizations)

    def _mirrored(self, numbers: Any) -> Any:
        field = numbers.reshape(self.shape)
        if self.mirror is None:
            return field
        axis, component = self.mirror
        signs = np.ones((self.shape[0],) + (1,) * (len(self.shape) - 1), dtype=np.float32)
        signs[component] = -1.0
        return field[(slice(None),) * axis + (slice(None, None, -1),)] * signs


def gaussians(seed: int, realization: int, step: int, count: int, work: Workspace | None = None) -> NDArray[np.float32]:
    """`count` standard normal numbers, a function of the three integers alone."""
    blocks = -(-count // (2 * _PAIRS))
    generator = np.random.Philox(key=np.array([seed, realization], dtype=np.uint64), counter=[0, step, 0, 0])
    out = (work or Workspace()).array("noise", (blocks, 2, _PAIRS), np.dtype(np.float32))
    for radius, other in out:
        words = generator.random_raw(_PAIRS).view(np.uint32)
        # of both words of a pair; (k + 1/2)/2^32 is never zero, so its logarithm is finite
        radius[...] = words[:_PAIRS]
        radius += np.float32(0.5)
        radius *= np.float32(2.0**-32)
        np.log(radius, out=radius)
        radius *= np.float32(-2.0)
        np.sqrt(radius, out=radius)
        angle = words[_PAIRS:].view(np.int32).astype(np.float32)
        angle *= np.float32(np.pi / 2**31)
        np.sin(angle, out=other)
        other *= radius
        radius *= np.cos(angle, out=angle)
    return out.reshape(-1)[:count]
