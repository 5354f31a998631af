"""Studies: many compressions that differ in a teacher, a setting, a generator or a seed, compared.

In comes a TOML file, out come a line of records a cell and one table; cells run in parallel and
survive being killed.
"""

PLACES = ("local", "slurm", "slurm-here", "ray")
"""Where cells are done: processes of this machine, jobs of Slurm or, to try these, the same as
submitit's processes here, and tasks of Ray."""
