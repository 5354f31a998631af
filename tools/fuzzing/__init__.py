"""What the fuzzers of `tools/` are made of."""
