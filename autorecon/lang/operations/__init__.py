"""What the language knows of each operation: signature, shape rule, cost and traits.

In come arguments and the shapes at both ends of an edge, out come the shape that leaves, parameters
and multiply-accumulates. What an operation computes is said in `nn/builders.py`, and nowhere here.
"""
