"""Taking a document in: read, check, record."""
