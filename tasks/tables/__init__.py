"""Figures from tables: CSV, XLSX and Parquet, in the long and the wide form."""

from tasks.tables.reader import read_table

__all__ = ["read_table"]
