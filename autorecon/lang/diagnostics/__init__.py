"""What is wrong with a program, and how it is told.

In come a code, a message and a place in a text; out comes one SpaceError with everything found, and
its diagnostics as text, JSON or annotations. Knows no syntax and no operations.
"""
