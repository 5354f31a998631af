"""What rules, limits and requirements leave of a space.

In comes an Architectures, out come its valid architectures' count, costs, ends and best one, or the
proof that there is none; `derive` makes of probabilities a genotype that is valid.
"""
