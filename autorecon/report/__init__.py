"""report.html: what a run found, in one page that needs nothing else. Without torch.

In comes a run's folder, read by the schemas of `records`, out comes a page that loads nothing; the
same files give the same bytes. Studies become tables as text, CSV, LaTeX and HTML.
"""

from __future__ import annotations

from autorecon.report.errors import ReportError
from autorecon.report.page import write_report

__all__ = ["ReportError", "write_report"]
