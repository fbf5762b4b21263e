"""Ingesting a document: read, check, record."""
