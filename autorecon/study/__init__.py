"""Studies: many compressions that differ in a teacher, a setting, a generator or a seed, compared.

In comes a TOML file, out come a line of records a cell and one table; cells run in parallel and
survive being killed.
"""
