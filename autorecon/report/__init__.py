"""report.html: what a run found, in one page that needs nothing else. Without torch."""

from __future__ import annotations

from autorecon.report.errors import ReportError
from autorecon.report.page import write_report

__all__ = ["ReportError", "write_report"]
