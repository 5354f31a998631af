"""Sums over all architectures of a program, exact and without listing them.

In comes a Program, out come counts, costs, means and numberings, or None where the program is too
entangled. Tied decisions are taken case by case; rules and limits are counted along.
"""
