"""A program as a networkx DAG, and a DAG that a user built or changed as a program.

In comes a Program and out a MultiDiGraph whose edges carry their typed candidates; or in comes any
DiGraph, and out come lines of a `.space` text, each with the node or edge that it says.
"""
