"""What a zone integral will cost: points, seconds and bytes, from a short trial on the model itself."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crosscurrent.models.bloch import BlochModel
from crosscurrent.numerics.batches import Batch
from crosscurrent.numerics.mapping import to_k
from crosscurrent.numerics.zone import Adaptive, Method, PolarGrid, UniformMesh
from crosscurrent.responses.anomalous_hall import AnomalousHallIntegrand
from crosscurrent.responses.eigenframe import DEFAULT_DEGENERACY
from crosscurrent.responses.spin_hall import base_quantities
from crosscurrent.responses.spin_hall_integrand import SpinHallIntegrand


@dataclass(frozen=True)
class Cost:
    """k_points: evaluations (the most allowed, when adaptive). seconds: one process. bytes: peak of one process."""

    k_points: int
    seconds: float
    bytes: float


#: Interpreter, libraries and the model's own arrays, before any batch.
_BASE_BYTES = 180e6


def estimate(model: BlochModel, method: Method, *, definitions: Sequence[str] | None = None, n_mu: int = 101) -> Cost:
    """Time a couple of batches and scale up. definitions: as in `spin_hall`, or ("anomalous_hall",)."""
    integrand = _trial_integrand(model, definitions, n_mu)
    points = integrand.points_per_batch
    seconds = min(_seconds(model, integrand, points) for _ in range(2)) / points
    evaluations = _evaluations(method)
    labels = 8 if isinstance(method, UniformMesh) else 1
    components = 40 if definitions != ("anomalous_hall",) else 3
    per_piece = 8.0 * labels * n_mu * components
    batch = 16.0 * model.n_states**2 * 40 * points
    return Cost(evaluations, seconds * evaluations, _BASE_BYTES + batch + 4 * per_piece)


def _evaluations(method: Method) -> int:
    if isinstance(method, Adaptive):
        return method.max_evaluations
    n = math.prod(method.shape)
    if isinstance(method, PolarGrid):
        # the error estimate takes one third and two thirds of the points again in each direction
        return n * (1 + len(method.shape))
    # and for a mesh one of a third of the points along each axis
    return round(n * (1 + 3.0 ** -len(method.shape)))


def _trial_integrand(
    model: BlochModel, definitions: Sequence[str] | None, n_mu: int
) -> AnomalousHallIntegrand | SpinHallIntegrand:
    middle = float(np.median(np.linalg.eigvalsh(model.matrices(np.zeros((1, model.dim))).h)))
    mu = middle + np.linspace(-0.5, 0.5, n_mu)
    if (definitions is not None and tuple(definitions) == ("anomalous_hall",)) or model.spin is None:
        external = getattr(model, "position_blocks", None) is not None
        return AnomalousHallIntegrand(model, mu, 0.0, DEFAULT_DEGENERACY, external)
    wanted = base_quantities(definitions)
    return SpinHallIntegrand(model, model.spin, mu, 0.0, DEFAULT_DEGENERACY, 0.0, None, "simple", wanted)


def _seconds(model: BlochModel, integrand: AnomalousHallIntegrand | SpinHallIntegrand, points: int) -> float:
    u = np.random.default_rng(0).random((points, model.dim))
    k = to_k(model.domain, u)[0]
    batch = Batch(np.zeros(points, dtype=np.int64), 1, np.ones((1, points)), k=k)
    start = time.perf_counter()
    integrand(batch)
    return time.perf_counter() - start
