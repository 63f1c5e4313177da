"""The report: one page that holds everything it needs, for any browser, screen, reader and printer."""

from clients.render.report.page import report_page

__all__ = ["report_page"]
