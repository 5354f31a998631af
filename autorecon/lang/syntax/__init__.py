"""Text -> syntax tree.

In comes a Source, out comes a File of statements, each with its place, or a SpaceError with every
fault of syntax. Tables are Lark's, made beforehand; what statements mean is not known here.
"""
