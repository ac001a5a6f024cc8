"""The couplings of a box of cells as a linear map of its field, by the faster of two routes with the same answer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosscurrent.numerics.lattice_convolution_fourier import FourierConvolution
from crosscurrent.numerics.lattice_convolution_trigonometric import TrigonometricConvolution, has_mirrors
from crosscurrent.numerics.slab import Slab
from crosscurrent.units import InputError

ROUTES = ("fastest", "fourier", "trigonometric")

#: Time of a power of two in a fast transform over that of a number in a product of matrices: measured up to 64^3 cells,
#: where products are still faster, and continued to where they meet, at some 200^3.
_TRANSFORM = 26.0


def lattice_convolution(
    slab: Slab, kernel: NDArray[Any], precision: str = "double", route: str = "fastest"
) -> FourierConvolution | TrigonometricConvolution:
    """sum_j K(i - j) u_j for fields (..., 3, Nz, Nx, Ny).

    kernel: K(q) on slab.wave_vectors(), (Nx, length_y, Nz, 3, 3). precision: "double" or "single". route: "fourier" for
    any kernel, "trigonometric" for one with the mirrors of the axes, or "fastest", which depends on the sizes alone, so
    that a run that is continued takes the route it had.

    Raises InputError for an unknown route, and for "trigonometric" without the mirrors.
    """
    if route not in ROUTES:
        raise InputError(f"unknown route '{route}'", where="route", fix="choose from " + ", ".join(ROUTES))
    dtype = np.dtype(np.float32 if precision == "single" else np.float64)
    mirrors = has_mirrors(kernel)
    if route == "trigonometric" and not mirrors:
        raise InputError(
            "the couplings do not have the mirrors x -> -x, y -> -y, z -> -z that real transforms need",
            where="route",
            fix="choose fourier or fastest",
        )
    if route == "fourier" or not mirrors or (route == "fastest" and not products_are_faster(slab)):
        return FourierConvolution(slab, kernel, dtype)
    return TrigonometricConvolution(slab, kernel, dtype)


def products_are_faster(slab: Slab) -> bool:
    """Whether products of matrices should beat fast Fourier transforms, by the number of operations of both."""
    nx, ny, nz = slab.shape
    cells, padded = nx * ny * nz, nx * slab.length_y * nz
    products = cells * (nx + nz) + padded * ny
    transforms = cells * (math.log2(nx) + math.log2(nz)) + padded * math.log2(slab.length_y)
    return products < _TRANSFORM * transforms
