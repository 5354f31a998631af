"""The graph of a checked space: the DAG, counts and costs, drawings, derivation. No torch."""

from autorecon.graph.space import Space, genotype, load, loads
from autorecon.graph.valid.derive import derive_choices

__all__ = ["Space", "derive_choices", "genotype", "load", "loads"]
