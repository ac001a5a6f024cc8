"""Sums over k and bands weighted with occupations, for all chemical potentials at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    n_rules, n_mu = len(batch.weights), len(mu)
    # the last bin collects bands that no mu fills
    bins = batch.labels[:, None] * (n_mu + 1) + np.searchsorted(mu, energies.ravel()).reshape(nk, n)
    flat = (bins.reshape(-1, 1) * n_components + np.arange(n_components)).ravel()
    out = np.empty((batch.n_labels, n_rules, n_mu, n_components))
    size = batch.n_labels * (n_mu + 1) * n_components
    for rule, weight in enumerate(batch.weights):
        binned = np.bincount(flat, weights=(x * weight[:, None, None]).ravel(), minlength=size)
        out[:, rule] = binned.reshape(batch.n_labels, n_mu + 1, n_components)[:, :n_mu]
    return out


def running(sums: dict[str, NDArray[Any]], names: Iterable[str], temperature: float) -> dict[str, NDArray[Any]]:
    """Complete `fermi_sums` for the named quantities: a running sum over mu at T = 0, nothing otherwise."""
    if temperature > 0.0:
        return sums
    return {**sums, **{name: np.cumsum(sums[name], axis=2) for name in names if name in sums}}


def _smooth_sums(
    x: NDArray[np.float64], energies: Any, batch: Batch, mu: NDArray[np.float64], temperature: float
) -> NDArray[np.float64]:
    return weighted_sums(bloch.occupations(energies, mu, temperature), x, batch)


def weighted_sums(weights: NDArray[np.float64], values: NDArray[np.float64], batch: Batch) -> NDArray[np.float64]:
    """sum over k and bands of w_k f X: weights f (n_mu, nk, M), values X (nk, M, C) to (n_labels, n_rules, n_mu, C)."""
    n_mu, _, n_bands = weights.shape
    out = np.zeros((batch.n_labels, len(batch.weights), n_mu, values.shape[-1]))
    for label in np.unique(batch.labels):
        chosen = np.flatnonzero(batch.labels == label)
        bands = values[chosen].reshape(len(chosen) * n_bands, values.shape[-1])
        for rule, w in enumerate(batch.weights[:, chosen]):
            out[label, rule] = (weights[:, chosen] * w[None, :, None]).reshape(n_mu, -1) @ bands
    return out


def label_sums(values: NDArray[np.float64], batch: Batch) -> NDArray[np.float64]:
    """sum_k w_k x_k for every label and rule: values (nk, C) to (n_labels, n_rules, C)."""
    out = np.zeros((batch.n_labels, len(batch.weights), values.shape[1]))
    for label in np.unique(batch.labels):
        chosen = np.flatnonzero(batch.labels == label)
        out[label] = batch.weights[:, chosen] @ values[chosen]
    return out
