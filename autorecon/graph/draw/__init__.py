"""Drawings of spaces: in comes a Space, out comes DOT text, or a file that graphviz made of it."""
