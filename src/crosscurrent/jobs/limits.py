"""What a run would refuse at its very start, for `check` to ask beforehand: frequencies that reach the gap."""

from __future__ import annotations

import numpy as np

from crosscurrent.jobs.build import Prepared
from crosscurrent.responses import gaps
from crosscurrent.responses.spin_generation import checked_frequencies, occupation, require_below_gap


def check_limits(prepared: Prepared) -> None:
    """Raises InputError for a frequency at or above the direct gap, and for a metal, as the response would."""
    given = prepared.arguments
    asks = prepared.job.response in ("spin_generation", "spin_generation_map") and given.get("omega") is not None
    if not asks or given.get("band") is not None:
        return
    model, filling, temperature = prepared.model, given.get("filling"), given.get("temperature", 0.0)
    if filling is None:
        levels = gaps.chemical_potentials(given["mu"])
    else:
        levels = gaps.checked_filling(model, None, filling, temperature)
    seen = occupation(model, np.sort(levels), temperature, filling)
    require_below_gap(seen, checked_frequencies(given["omega"]), given.get("eta", 0.0), temperature)
