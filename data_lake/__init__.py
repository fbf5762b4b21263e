"""How tables are kept: layout, append, as-of reads, documents by hash. Code, never run output."""
