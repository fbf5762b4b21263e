"""What a table must keep to, one idea a module: named rules as polars expressions."""
