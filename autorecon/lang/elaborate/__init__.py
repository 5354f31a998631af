"""Syntax tree -> flat nodes and edges: blocks unrolled, names and expressions resolved.

In comes a File with the values of its parameters, out comes an Elaboration: nodes, edges, choices,
rules, and the faults so far. Whether they fit together is asked in `check`.
"""
