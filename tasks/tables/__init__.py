"""Figures from tables: CSV, XLSX and Parquet, in the long and the wide form."""

from tasks.tables.mapping import TableMapping, find_mapping, read_mapping
from tasks.tables.reader import is_table, read_table
from tasks.tables.templates import template

__all__ = ["TableMapping", "find_mapping", "is_table", "read_mapping", "read_table", "template"]
