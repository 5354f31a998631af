"""Whole jobs: what a run is configured by, needs, does and brings.

In come a recipe, a file and options, out comes a run's folder: configuration, stages that can be
interrupted, results, images and the trained generator.
"""
