"""The report: one page that holds everything it needs, for any browser, screen, reader and printer."""

from clients.render.report.page import report_page, write_report

__all__ = ["report_page", "write_report"]
