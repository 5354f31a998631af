"""The graph of a checked space: the DAG, its counts and costs, drawings, derivation. Without torch."""

from autorecon.graph.derive import derive_choices, genotype
from autorecon.graph.space import Space, load, loads

__all__ = ["Space", "derive_choices", "genotype", "load", "loads"]
