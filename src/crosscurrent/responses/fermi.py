"""Sums over k and bands weighted with occupations, for all chemical potentials at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from crosscurrent.numerics.batches import Batch
from crosscurrent.physics import bloch


def fermi_sums(
    weights_by_band: NDArray[np.float64], energies: Any, batch: Batch, mu: NDArray[np.float64], temperature: float
) -> NDArray[np.float64]:
    """sum over k and m of w_k f_m(mu) X_m for every label and rule.

    weights_by_band: X, (nk, n, C). energies: (nk, n). mu: ascending (n_mu,). Returns (n_labels, n_rules, n_mu, C), to
    be completed by `running` when the temperature is zero.
    """
    if temperature > 0.0:
        return _smooth_sums(weights_by_band, energies, batch, mu, temperature)
    return _step_sums(weights_by_band, energies, batch, mu)


def _step_sums(x: NDArray[np.float64], energies: Any, batch: Batch, mu: NDArray[np.float64]) -> NDArray[np.float64]:
    """T = 0: each band goes to the first mu that fills it; `running` then adds it to all the later ones."""
    nk, n, n_components = x.shape
    first = np.searchsorted(mu, energies, side="left").ravel()
    filled = np.flatnonzero(first < len(mu))
    label = np.repeat(batch.labels, n)[filled]
    n_rules = len(batch.weights)
    rule_rows = (label[None, :] * n_rules + np.arange(n_rules)[:, None]) * len(mu) + first[filled]
    weight = np.repeat(batch.weights, n, axis=1)[:, filled]
    columns = np.broadcast_to(filled, weight.shape)
    shape = (batch.n_labels * n_rules * len(mu), nk * n)
    scatter = csr_array((weight.ravel(), (rule_rows.ravel(), columns.ravel())), shape=shape)
    return np.asarray(scatter @ x.reshape(nk * n, n_components)).reshape(batch.n_labels, n_rules, len(mu), n_components)


def running(sums: dict[str, NDArray[Any]], names: Iterable[str], temperature: float) -> dict[str, NDArray[Any]]:
    """Complete `fermi_sums` for the named quantities: a running sum over mu at T = 0, nothing otherwise."""
    if temperature > 0.0:
        return sums
    return {**sums, **{name: np.cumsum(sums[name], axis=2) for name in names if name in sums}}


def _smooth_sums(
    x: NDArray[np.float64], energies: Any, batch: Batch, mu: NDArray[np.float64], temperature: float
) -> NDArray[np.float64]:
    _, n, n_components = x.shape
    f = bloch.occupations(energies, mu, temperature)
    out = np.zeros((batch.n_labels, len(batch.weights), len(mu), n_components))
    for label in np.unique(batch.labels):
        chosen = np.flatnonzero(batch.labels == label)
        bands = x[chosen].reshape(len(chosen) * n, n_components)
        for rule, w in enumerate(batch.weights[:, chosen]):
            weighted = (f[:, chosen] * w[None, :, None]).reshape(len(mu), -1)
            out[label, rule] = weighted @ bands
    return out
