"""Architectures drawn and varied: in come a space and a source of randomness, out come picks.

Among the valid ones each has the same probability, whatever rules and ties there are.
"""
