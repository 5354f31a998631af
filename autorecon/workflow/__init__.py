"""Whole jobs: what a run is configured by, needs, does and brings."""
