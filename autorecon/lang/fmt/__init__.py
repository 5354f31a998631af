"""The formatter: one layout for every program, proved on each run to change nothing else."""

from autorecon.lang.fmt.printer import FormatError, format_source

__all__ = ["FormatError", "format_source"]
