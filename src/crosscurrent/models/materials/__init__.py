"""Built-in materials: parameters and their source, nothing else."""

from crosscurrent.models.materials.registry import Material, Parameter, catalogue, material

__all__ = ["Material", "Parameter", "catalogue", "material"]
