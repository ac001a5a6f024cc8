"""What a zone integral will cost: points and seconds, from a short trial on the model itself."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crosscurrent.models.bloch import BlochModel
from crosscurrent.numerics.batches import Batch
from crosscurrent.numerics.mapping import to_k
from crosscurrent.numerics.zone import Adaptive, Method, PolarGrid, UniformMesh
from crosscurrent.responses.anomalous_hall import AnomalousHallIntegrand
from crosscurrent.responses.eigenframe import DEFAULT_DEGENERACY
from crosscurrent.responses.gaps import spin_operator
from crosscurrent.responses.irreducible import irreducible_points
from crosscurrent.responses.projections import projections_of
from crosscurrent.responses.spin_generation import checked_frequencies, chosen_tensors
from crosscurrent.responses.spin_generation_integrand import SpinGenerationIntegrand, SpinGenerationKernel
from crosscurrent.responses.spin_hall import base_quantities
from crosscurrent.responses.spin_hall_integrand import SpinHallIntegrand

Floats = NDArray[np.float64]
Trial = AnomalousHallIntegrand | SpinHallIntegrand | SpinGenerationIntegrand


@dataclass(frozen=True)
class Cost:
    """k_points: evaluations (the most allowed, when adaptive). seconds: one process."""

    k_points: int
    seconds: float


def estimate(model: BlochModel, method: Method, *, definitions: Sequence[str] | None = None, n_mu: int = 101) -> Cost:
    """Time a couple of batches and scale up. definitions: as in `spin_hall`, or ("anomalous_hall",)."""
    integrand = _trial_integrand(model, definitions, n_mu)
    return _cost(model, method, integrand)


def estimate_spin_generation(
    model: BlochModel,
    method: Method,
    *,
    omega: ArrayLike | None = None,
    projections: Sequence[str] | Mapping[str, Floats] | str = (),
    tensors: Sequence[str] | None = None,
    kubo: bool = False,
    eta: float = 0.0,
    n_mu: int = 1,
) -> Cost:
    """The same for `spin_generation`, whose arguments these are: frequencies and projections cost time."""
    energies = checked_frequencies(omega)
    kernel = SpinGenerationKernel(
        model,
        spin_operator(model, None),
        projections_of(model, projections),
        energies + 1j * eta if eta else energies,
        chosen_tensors(tensors, omega, kubo),
    )
    integrand = SpinGenerationIntegrand(kernel, _levels(model, n_mu), 0.0, DEFAULT_DEGENERACY)
    return _cost(model, method, integrand)


def _cost(model: BlochModel, method: Method, integrand: Trial) -> Cost:
    points = integrand.points_per_batch
    seconds = min(_seconds(model, integrand, points) for _ in range(2)) / points
    evaluations = _evaluations(method, model, integrand)
    return Cost(evaluations, seconds * evaluations)


def _levels(model: BlochModel, n_mu: int) -> Floats:
    """Chemical potentials around the middle of the levels at the centre of momentum space."""
    middle = float(np.median(np.linalg.eigvalsh(model.matrices(np.zeros((1, model.dim))).h)))
    return middle + np.linspace(-0.5, 0.5, n_mu) if n_mu > 1 else np.array([middle])


def _evaluations(method: Method, model: BlochModel, integrand: Trial) -> int:
    if isinstance(method, Adaptive):
        return method.max_evaluations
    n = math.prod(method.shape)
    if isinstance(method, UniformMesh) and method.irreducible:
        n = irreducible_points(method, model, integrand)
    if isinstance(method, PolarGrid):
        # the error estimate takes one third and two thirds of the points again in each direction
        return n * (1 + len(method.shape))
    # and for a mesh one of a third of the points along each axis
    return round(n * (1 + 3.0 ** -len(method.shape)))


def _trial_integrand(model: BlochModel, definitions: Sequence[str] | None, n_mu: int) -> Trial:
    mu = _levels(model, n_mu)
    if (definitions is not None and tuple(definitions) == ("anomalous_hall",)) or model.spin is None:
        external = getattr(model, "position_blocks", None) is not None
        return AnomalousHallIntegrand(model, mu, 0.0, DEFAULT_DEGENERACY, external)
    wanted = base_quantities(definitions)
    return SpinHallIntegrand(model, model.spin, mu, 0.0, DEFAULT_DEGENERACY, 0.0, None, "simple", wanted)


def _seconds(model: BlochModel, integrand: Trial, points: int) -> float:
    u = np.random.default_rng(0).random((points, model.dim))
    k = to_k(model.domain, u)[0]
    batch = Batch(np.zeros(points, dtype=np.int64), 1, np.ones((1, points)), k=k)
    start = time.perf_counter()
    integrand(batch)
    return time.perf_counter() - start
