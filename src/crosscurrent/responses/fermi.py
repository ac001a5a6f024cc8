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
