"""The graph of a checked space: the DAG, counts and costs, drawings, derivation. No torch.

In comes a Program of `lang`, out comes a Space, which answers everything that is asked of one: its
networkx DAG, exact counts and costs, samples, ids, drawings, differences and genotypes.
"""

from autorecon.graph.space import Space, genotype, load, loads
from autorecon.graph.valid.derive import derive_choices

__all__ = ["Space", "derive_choices", "genotype", "load", "loads"]
