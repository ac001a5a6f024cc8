"""A first job for everything that is built in, small enough to run at once."""

from __future__ import annotations

from collections.abc import Mapping

from crosscurrent.jobs import schema
from crosscurrent.models.materials.registry import Material
from crosscurrent.numerics.domains import Box, Cutoff, Cylinder, Disk, Plane, Sphere
from crosscurrent.units import PLANCK_EV_PER_THZ, InputError

_TITLES = {
    "spin_hall": "spin Hall conductivity",
    "anomalous_hall": "anomalous Hall conductivity",
    "spin_generation": "spin generation",
    "phonon_spin": "phonon-mediated spin conductivity",
    "crossover_map": "scaling of the phonon-mediated spin conductivity",
    "ferron_hall": "ferron Hall effect",
    "ferron_hall_langevin": "ferron Hall effect from trajectories",
    "ferron_coefficients": "coefficients of the ferron Hall effect",
    "hysteresis": "hysteresis loop",
    "heating": "heating from the ground state",
    "domain_wall": "domain wall",
    "switching_path": "switching path",
    "phonon_dispersion": "phonons",
}


def starter_job(material: Material, response: str = "spin_hall") -> schema.Job:
    """A first job for a built-in material: a cutoff to begin with, suggested chemical potentials and a modest mesh.

    response: "spin_hall", "anomalous_hall" or "spin_generation" (of the lower half of the bands in a field of 1e7 V/m
    at 1 THz). Raises InputError for another one.
    """
    cutoff: Cutoff | None = None
    if material.needs_cutoff:
        cutoff = material.default_cutoff or (Sphere(0.5) if material.dim == 3 else Disk(0.5))
    model = material.build(cutoff=cutoff)
    mu_from: schema.MuFrom = "reference" if getattr(model, "reference_energy", 0.0) else "zero"
    mu = tuple(sorted(material.suggested_mu)) or 0.0
    tables: dict[str, schema.Table] = {
        "spin_hall": schema.SpinHall(mu=mu, mu_from=mu_from),
        "anomalous_hall": schema.AnomalousHall(mu=mu, mu_from=mu_from),
        "spin_generation": schema.SpinGeneration(
            filling=max(model.n_states // 2, 1), omega=PLANCK_EV_PER_THZ, field=(1e7, *[0.0] * (material.dim - 1))
        ),
    }
    table = schema.Material(material=material.key, cutoff=_cutoff_table(cutoff))
    return _job(material.title, table, response, tables, _starter_zone(material, cutoff))


def starter_metal_job(metal: str, response: str = "phonon_spin") -> schema.Job:
    """A first job for a built-in metal.

    response: "phonon_spin", at a small q, or "crossover_map". Raises InputError for another one.
    """
    temperature = schema.TemperatureRange(start=0.5, stop=20.0, num=40, spacing="log")
    tables: dict[str, schema.Table] = {
        "phonon_spin": schema.PhononSpin(
            temperature=temperature, gap=(0.0, 5e-4, 1e-3), q=((1e-3, 0.0, 0.0),), q_unit="k_F"
        ),
        "crossover_map": schema.CrossoverMap(temperature=temperature, gap=schema.Range(start=0.0, stop=2e-3, num=41)),
    }
    return _job(metal, schema.Metal(metal=metal), response, tables)


def starter_lattice_job(record: str, response: str = "ferron_hall") -> schema.Job:
    """A first job for a lattice of polar modes: a small slab at 80 rad/ps, or a protocol. Raises InputError for another
    response."""
    profile = schema.HotBandTable(hot=50.0, cold=0.0, width=0.25, smoothing=0.12)
    # a sponge of the usual length would leave nothing of so small a slab
    sponge = schema.SpongeTable(layers=2)
    tables: dict[str, schema.Table] = {
        "ferron_hall": schema.FerronHall(grid=(41, 31, 9), temperature=profile, omega_B=80.0),
        "ferron_hall_langevin": schema.FerronHallLangevin(
            grid=(16, 9, 4), temperature=profile, damping=sponge, omega_B=80.0, realizations=2, duration=10.0
        ),
        "ferron_coefficients": schema.FerronCoefficients(grid=(41, 15, 9), damping=sponge),
        **_protocols(),
        # their well has one axis, about which the polarization does not turn: it takes a larger field to switch
        "hysteresis": schema.Hysteresis(grid=(8, 8, 8), temperature=100.0, field=4e8, period=20.0),
        # the records that come with the package are polar along x, and a neutral wall lies along that
        "domain_wall": schema.DomainWall(grid=(4, 24, 4), normal="y"),
    }
    return _job(record, schema.LocalModeRecord(local_mode=record), response, tables)


def starter_hamiltonian_job(name: str, response: str = "hysteresis") -> schema.Job:
    """A first job for an effective Hamiltonian: a small box. Raises InputError for a response that is no protocol."""
    return _job(name, schema.EffectiveHamiltonianModel(effective_hamiltonian=name), response, _protocols())


def _protocols() -> dict[str, schema.Table]:
    """Of any lattice of polar modes, in small boxes."""
    temperatures = schema.TemperatureRange(start=50.0, stop=300.0, num=4)
    return {
        "hysteresis": schema.Hysteresis(grid=(8, 8, 8), temperature=100.0, field=4e7, period=20.0),
        "heating": schema.Heating(grid=(8, 8, 8), temperatures=temperatures, settle=5.0, average=10.0),
        "domain_wall": schema.DomainWall(grid=(24, 4, 4)),
        "switching_path": schema.SwitchingPath(),
    }


def starter_crystal_job(name: str, response: str = "phonon_dispersion") -> schema.Job:
    """A first job for a crystal: its phonons along the standard path. Raises InputError for another response."""
    return _job(name, schema.PhonopyCrystal(phonopy=name), response, {"phonon_dispersion": schema.PhononDispersion()})


def _job(
    subject: str,
    model: schema.Model,
    response: str,
    tables: Mapping[str, schema.Table],
    zone: schema.Zone | None = None,
) -> schema.Job:
    """tables: of every response that there is a first job for. Raises InputError for another one."""
    if response not in tables:
        choices = ("one of " if len(tables) > 1 else "") + ", ".join(tables)
        raise InputError(f"no first job for '{response}'", where="--response", fix=f"choose {choices}")
    return schema.Job(
        response=response,  # type: ignore[arg-type]
        title=f"{subject}: {_TITLES[response]}",
        model=model,
        zone=zone,
        **{response: tables[response]},  # type: ignore[arg-type]
    )


def _starter_zone(material: Material, cutoff: Cutoff | None) -> schema.Zone:
    if cutoff is None or isinstance(cutoff, Box):
        return schema.Uniform(mesh=(100, 100) if material.dim == 2 else (24, 24, 24))
    return schema.Polar(radial=100, angular=24, polar=None if material.dim == 2 else 24)


def _cutoff_table(cutoff: Cutoff | None) -> schema.CutoffTable | None:
    match cutoff:
        case Box():
            return schema.BoxCutoff(half_widths=tuple(cutoff.half_widths))
        case Disk():
            return schema.DiskCutoff(radius=cutoff.radius)
        case Sphere():
            return schema.SphereCutoff(radius=cutoff.radius)
        case Cylinder():
            return schema.CylinderCutoff(radius=cutoff.radius, half_height=cutoff.half_height)
        case Plane():
            return schema.PlaneCutoff(scale=cutoff.scale)
        case _:
            return None
