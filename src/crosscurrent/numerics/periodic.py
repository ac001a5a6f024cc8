"""Fields on a periodic grid: products of wave vectors that keep real fields real, and spectral derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def wave_vectors(shape: tuple[int, ...], spacing: ArrayLike) -> tuple[list[Floats], list[NDArray[np.bool_]]]:
    """For each axis its wave vectors in the order of the FFT, and which of them is the Nyquist one (even lengths
    only)."""
    steps = np.broadcast_to(np.asarray(spacing, dtype=float), (len(shape),))
    vectors = [2 * np.pi * np.fft.fftfreq(n, d) for n, d in zip(shape, steps, strict=True)]
    return vectors, [np.arange(n) == (n // 2 if n % 2 == 0 else -1) for n in shape]


def wave_vector_products(shape: tuple[int, ...], spacing: ArrayLike, dim: int = 3) -> Floats:
    """q_a q_b at every mode, (*shape, dim, dim); zero along the axes a, b >= len(shape) that the grid does not have.

    A Nyquist mode stands for q and -q alike, so a product with another axis averages to zero there; q_a^2 does not.
    """
    vectors, last = wave_vectors(shape, spacing)
    out = np.zeros((*shape, dim, dim))
    for a in range(len(shape)):
        for b in range(len(shape)):
            first = _along(vectors[a] if a == b else np.where(last[a], 0.0, vectors[a]), a, len(shape))
            second = _along(vectors[b] if a == b else np.where(last[b], 0.0, vectors[b]), b, len(shape))
            out[..., a, b] = first * second
    return out


def lengths(shape: tuple[int, ...], spacing: ArrayLike) -> Floats:
    """|q| at every mode, (*shape)."""
    vectors, _ = wave_vectors(shape, spacing)
    total = np.zeros(shape)
    for a, q in enumerate(vectors):
        total = total + _along(q**2, a, len(shape))
    return np.asarray(np.sqrt(total))


def derivative(values: ArrayLike, axis: int, spacing: float) -> Floats:
    """d/dx along one axis of a real periodic array, spectrally; the Nyquist mode has none."""
    array = np.asarray(values, dtype=float)
    n = array.shape[axis]
    (q,), (last,) = wave_vectors((n,), spacing)
    q = np.where(last, 0.0, q)
    slope = np.fft.fft(array, axis=axis) * 1j * _along(q, axis, array.ndim)
    return np.asarray(np.fft.ifft(slope, axis=axis).real)


def _along(values: NDArray[Any], axis: int, ndim: int) -> NDArray[Any]:
    return values.reshape([-1 if i == axis else 1 for i in range(ndim)])
