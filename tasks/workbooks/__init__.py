"""Workbooks for analysts: tables as sheets with real dates, numbers, units and notes."""

from tasks.workbooks.workbook import Sheet, write_workbook, write_workbook_bytes

__all__ = ["Sheet", "write_workbook", "write_workbook_bytes"]
