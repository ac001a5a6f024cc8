"""What every test shares: one BLAS thread, the same random examples each time, and the test data when it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# Before numpy is loaded: a matrix of a few rows loses time to threads, and xdist already uses every core.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
from hypothesis import HealthCheck, settings
from threadpoolctl import threadpool_info, threadpool_limits

REPOSITORY = Path(__file__).resolve().parents[1]

settings.register_profile(
    "crosscurrent",
    derandomize=True,  # a failure on one machine is a failure on all
    deadline=None,
    database=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("crosscurrent")


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread() -> Iterator[None]:
    """Pins the BLAS of this process to one thread, and fails if it does not obey: timings and bits depend on it."""
    import numpy  # noqa: F401  (loads the BLAS that is to be limited)

    with threadpool_limits(limits=1, user_api="blas"):
        busy = [pool for pool in threadpool_info() if pool["user_api"] == "blas" and pool["num_threads"] != 1]
        assert not busy, f"BLAS runs more than one thread: {busy}"
        yield


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout that the tests run in."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Files of other codes (Wannier90, phonopy) that are not ours to ship; the test is skipped without them.

    They are looked for in the folder named by CROSSCURRENT_TEST_DATA, or in shared/data beside the checkout.
    """
    named = os.environ.get("CROSSCURRENT_TEST_DATA")
    if named:
        folder = Path(named).expanduser()
        if not folder.is_dir():
            pytest.fail(f"CROSSCURRENT_TEST_DATA names {folder}, which is not a folder")
        return folder
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no test data: set CROSSCURRENT_TEST_DATA to the folder that holds wannier/ and phonopy/")
    return folder
