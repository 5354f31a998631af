"""What differs between two checked spaces, as values, as text and as a drawing.

In come two Spaces, out comes a Difference: nodes and edges paired by what they are, with all that
changed. `groups` tells changes that are alike once.
"""
