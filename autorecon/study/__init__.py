"""Studies: many compressions that differ in a teacher, a setting, a generator or a seed, compared.

A study is a TOML file; its cells run in parallel, survive being killed, and end in one table.
"""
