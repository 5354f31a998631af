"""The formatter: one layout for every program, proved on each run to change nothing else.

In comes a Source that can be parsed, out comes its text in columns, with every comment.
"""

from autorecon.lang.fmt.printer import FormatError, format_source

__all__ = ["FormatError", "format_source"]
