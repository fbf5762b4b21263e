"""What a table must keep to, one idea per module: named rules as polars expressions."""
