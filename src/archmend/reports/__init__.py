"""A run's files -> one HTML page that needs no network."""

from archmend.reports.page import REPORT, render, write_report
from archmend.reports.record import RunRecord

__all__ = ["REPORT", "RunRecord", "render", "write_report"]
