"""Text or tree -> checked program, or a SpaceError with all that is wrong.

In comes a Source, out comes a Program: every shape and cost proved and put on the candidates, no
cycle, nothing unreachable. What is only suspicious leaves with it, as warnings.
"""
