"""Sheets of an export that are no table of the lake: the month of each chain, and the sources."""
