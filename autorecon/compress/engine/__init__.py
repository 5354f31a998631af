"""The loop that all methods share: images are made, a student learns from them, and it is scored.

In come a teacher, a CompressConfig and, where the method wants one, a generator; out comes what a
report needs of the student, and at any epoch a state to go on from.
"""
