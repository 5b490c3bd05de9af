"""Rules: what changes a state. Flows (dx/dt), maps (x⁺), and the rules made from an energy."""

from thalweg.core.declared import declared_domain, declared_energy, declared_names
from thalweg.dynamics.declared import resolve_domain
from thalweg.dynamics.descent import GradientStep, SteepestDescent
from thalweg.dynamics.functions import as_flow, as_map
from thalweg.dynamics.rules import Flow, Map, Rule

__all__ = [
    "Flow",
    "GradientStep",
    "Map",
    "Rule",
    "SteepestDescent",
    "as_flow",
    "as_map",
    "declared_domain",
    "declared_energy",
    "declared_names",
    "resolve_domain",
]
