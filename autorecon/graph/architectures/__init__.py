"""One architecture of a space: its picks, its number, its id, and what of it is live.

In come a program and one option a decision, out come the whole number or the id that stands for
them and back, one form for all that give the same generator, and the rules that it breaks.
"""
